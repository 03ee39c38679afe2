"""Every setting of MajorOps: its environment name, its default, what it may be.

Values come from the environment, or from a `.env` file beside this one (the environment wins).
A value that cannot be right stops the start with one line that names it.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import Field, PlainValidator, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "MAJOROPS_"
ROOT = Path(__file__).resolve().parent
ROLES = ("admin", "mim", "responder", "executive", "stakeholder")


class ConfigError(SystemExit):
    """A setting that cannot be right; its text names the setting and what would be right."""


def text(value: str) -> str:
    """Any text, without the white space around it."""
    return value.strip()


def flag(value: str) -> bool:
    """on, true, yes or 1; off, false, no or 0, in any case. Raises ValueError with what would be right."""
    known = {
        "1": True,
        "on": True,
        "true": True,
        "yes": True,
        "0": False,
        "off": False,
        "false": False,
        "no": False,
    }
    try:
        return known[value.strip().lower()]
    except KeyError:
        raise ValueError("use on or off") from None


def hours(value: str) -> float:
    """Hours above 0 and at most 744 (31 days), with or without a fraction. Raises ValueError."""
    number = float(value) if value.replace(".", "", 1).isdigit() else -1
    if not 0 < number <= 24 * 31:
        raise ValueError("use a number of hours above 0 and at most 744")
    return number


def seconds(value: str) -> float:
    """Seconds above 0 and at most 120, with or without a fraction. Raises ValueError."""
    number = float(value) if value.replace(".", "", 1).isdigit() else -1
    if not 0 < number <= 120:
        raise ValueError("use a number of seconds above 0 and at most 120")
    return number


def small_number(value: str) -> int:
    """A whole number from 0 to 5. Raises ValueError."""
    if not value.strip().isdigit() or int(value) > 5:
        raise ValueError("use a number from 0 to 5")
    return int(value)


def days(value: str) -> int:
    """Whole days from 1 to 3650. Raises ValueError."""
    if not value.strip().isdigit() or not 1 <= int(value) <= 3650:
        raise ValueError("use a number of days from 1 to 3650")
    return int(value)


def minutes_pair(value: str) -> tuple[int, int]:
    """Two whole numbers of minutes, the smaller first: until amber, until red. Raises ValueError."""
    parts = [part.strip() for part in value.split(",")]
    if len(parts) != 2 or not all(part.isdigit() for part in parts) or not 0 < int(parts[0]) < int(parts[1]):
        raise ValueError("use two numbers of minutes, the smaller first, such as 30,60")
    return int(parts[0]), int(parts[1])


def web_address(value: str) -> str:
    """An http or https address, without a slash at the end. Raises ValueError."""
    parts = urlsplit(value.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("use an address that begins with http:// or https://")
    return value.strip().rstrip("/")


def host(value: str) -> str:
    """A host name with a dot, in lower case, without scheme or path. Raises ValueError."""
    name = value.strip().lower()
    if "/" in name or "." not in name or " " in name:
        raise ValueError("use a host name alone, such as new.example.org")
    return name


def colour(value: str) -> str:
    """`#0057b8`, in lower case. Raises ValueError."""
    if not re.fullmatch("#[0-9a-fA-F]{6}", value.strip()):
        raise ValueError("use a colour such as #0057b8")
    return value.strip().lower()


def picture(value: str) -> str:
    """The full path of an existing SVG, PNG or WebP file of at most 100,000 bytes. Raises ValueError."""
    path = Path(value.strip())
    if path.suffix not in (".svg", ".png", ".webp") or not path.is_file() or path.stat().st_size > 100_000:
        raise ValueError("use an existing .svg, .png or .webp file of at most 100 KB")
    return str(path.resolve())


def folder(value: str) -> str:
    """The full path of a folder, which need not exist yet. Raises ValueError where a file is there."""
    path = Path(value.strip())
    if path.exists() and not path.is_dir():
        raise ValueError("use a folder")
    return str(path.resolve())


def secret(value: str) -> str:
    """A text of at least 32 characters, as it is. Raises ValueError."""
    if len(value) < 32:
        raise ValueError("use at least 32 characters")
    return value


def database_url(value: str) -> str:
    """SQLAlchemy's address of a SQLite file or a PostgreSQL server, driver named. Raises ValueError."""
    url = value.strip()
    if url.startswith("postgres://"):
        url = "postgresql://" + url.removeprefix("postgres://")
    if url.startswith("postgresql://"):
        url = "postgresql+psycopg://" + url.removeprefix("postgresql://")
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("use sqlite:///path or postgresql://user:password@host/name")
    return url


def redis_url(value: str) -> str:
    """A redis or rediss address with a host. Raises ValueError."""
    parts = urlsplit(value.strip())
    if parts.scheme not in ("redis", "rediss") or not parts.hostname:
        raise ValueError("use an address that begins with redis:// or rediss://")
    return value.strip()


def smtp_url(value: str) -> str:
    """An smtp or smtps address with a host. Raises ValueError."""
    parts = urlsplit(value.strip())
    try:
        is_right = parts.scheme in ("smtp", "smtps") and parts.hostname and parts.port != 0
    except ValueError:
        is_right = False
    if not is_right:
        raise ValueError("use smtp://user:password@host:port or smtps://…")
    return value.strip()


def mail_address(value: str) -> str:
    """An e-mail address, with a name before it or without. Raises ValueError."""
    address = parseaddr(value)[1]
    if "@" not in address.strip("@") or not value.isprintable():
        raise ValueError("use an address such as MajorOps <majorops@example.org>")
    return value.strip()


def scopes(value: str) -> str:
    """Scopes of OpenID Connect, `openid` among them, with one space between. Raises ValueError."""
    names = value.split()
    if "openid" not in names:
        raise ValueError("use scopes with a space between, openid among them, such as openid profile email")
    return " ".join(names)


def unmapped(value: str) -> str:
    """`stakeholder` or `nobody`. Raises ValueError."""
    name = value.strip().lower()
    if name not in ("stakeholder", "nobody"):
        raise ValueError("use stakeholder or nobody")
    return name


def access_team(value: str) -> str:
    """The address of a team at Cloudflare Access, from its name, host or address. Raises ValueError."""
    name = value.strip().lower().rstrip("/")
    if "://" in name:
        return keys_address(name)
    if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*", name):
        raise ValueError("use the team's name, or its host such as example.cloudflareaccess.com")
    return f"https://{name if '.' in name else name + '.cloudflareaccess.com'}"


def keys_address(value: str) -> str:
    """An https address, on this machine http too: who can change keys can be anybody. Raises ValueError."""
    parts = urlsplit(value.strip())
    is_here = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not (is_here or (parts.scheme == "https" and parts.hostname)):
        raise ValueError("use an address that begins with https://")
    return value.strip().rstrip("/")


def names(value: str) -> tuple[str, ...]:
    """Texts with a comma between. Raises ValueError for none."""
    found = tuple(part.strip() for part in value.split(",") if part.strip())
    if not found:
        raise ValueError("use one text, or several with a comma between")
    return found


def header_name(value: str) -> str:
    """The name of a header. Raises ValueError."""
    if not re.fullmatch(r"[A-Za-z0-9-]{1,100}", value.strip()):
        raise ValueError("use the name of a header, such as x-goog-iap-jwt-assertion")
    return value.strip()


def way_out(value: str) -> str:
    """A path of ours, or an address. Raises ValueError."""
    is_path = value.strip().startswith("/") and not value.strip().startswith("//")
    return value.strip() if is_path else web_address(value)


def role_map(value: str) -> dict[str, str]:
    """Group → account role, from JSON. Raises ValueError for other JSON and for an unknown role."""
    try:
        pairs = json.loads(value)
    except json.JSONDecodeError:
        raise ValueError('use JSON such as {"ops-admins": "admin", "on-call": "mim"}') from None
    if not isinstance(pairs, dict) or any(role not in ROLES for role in pairs.values()):
        raise ValueError(f"map group names to one of {', '.join(ROLES)}")
    return pairs


# PlainValidator: pydantic's own checks would add errors that are not one of these sentences.
Text = Annotated[str, PlainValidator(text)]
Flag = Annotated[bool, PlainValidator(flag)]
Hours = Annotated[float, PlainValidator(hours)]
Seconds = Annotated[float, PlainValidator(seconds)]
SmallNumber = Annotated[int, PlainValidator(small_number)]
Days = Annotated[int, PlainValidator(days)]
MinutesPair = Annotated[tuple[int, int], PlainValidator(minutes_pair)]
WebAddress = Annotated[str, PlainValidator(web_address)]
Host = Annotated[str, PlainValidator(host)]
Colour = Annotated[str, PlainValidator(colour)]
Picture = Annotated[str, PlainValidator(picture)]
Folder = Annotated[str, PlainValidator(folder)]
Secret = Annotated[str, PlainValidator(secret)]
DatabaseUrl = Annotated[str, PlainValidator(database_url)]
RedisUrl = Annotated[str, PlainValidator(redis_url)]
SmtpUrl = Annotated[str, PlainValidator(smtp_url)]
MailAddress = Annotated[str, PlainValidator(mail_address)]
Scopes = Annotated[str, PlainValidator(scopes)]
Unmapped = Annotated[str, PlainValidator(unmapped)]
AccessTeam = Annotated[str, PlainValidator(access_team)]
KeysAddress = Annotated[str, PlainValidator(keys_address)]
Names = Annotated[tuple[str, ...], PlainValidator(names)]
HeaderName = Annotated[str, PlainValidator(header_name)]
WayOut = Annotated[str, PlainValidator(way_out)]
RoleMap = Annotated[dict[str, str], PlainValidator(role_map)]


class Settings(BaseSettings):
    """The settings, by the names that they have in app.config; in the environment each begins with PREFIX."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=ROOT / ".env",
        dotenv_filtering="only_existing",
        case_sensitive=True,
        enable_decoding=False,
        validate_default=False,
    )

    DATABASE_URL: DatabaseUrl = Field(
        "", description="where the record is kept; SQLite under instance/ when absent", repr=False
    )
    SECRET_KEY: Secret = Field(
        "", description="signs sessions and forms; made and kept under instance/ when absent", repr=False
    )
    BASE_URL: WebAddress | None = Field(
        None, description="the address people use; with https:// cookies are Secure everywhere"
    )
    INTAKE_HOST: Host | None = Field(
        None, description="a host of its own for the intake form, such as new.example.org"
    )
    REDIS_URL: RedisUrl | None = Field(
        None,
        description="carries changes between processes instead of PostgreSQL's LISTEN/NOTIFY, "
        "such as redis://localhost:6379/0",
        repr=False,
    )
    SMTP_URL: SmtpUrl | None = Field(
        None,
        description="the mail server, such as smtp://user:password@mail.example.org:587 or smtps://…; "
        "TLS where it is offered, ?tls=always insists",
        repr=False,
    )
    MAIL_FROM: MailAddress = Field("MajorOps <majorops@localhost>", description="the sender of our mail")
    WEBHOOK_PRIVATE: Flag = Field(
        False, description="webhooks may go to private addresses, such as a chat server inside"
    )
    WORKER: Flag = Field(
        True, description="the server delivers by itself; off where `flask work` runs beside it"
    )
    ORG_NAME: Text = Field("MajorOps", description="the organisation that the public page names")
    LOGO: Picture | None = Field(
        None, description="a picture file (SVG, PNG, WebP, at most 100 KB) that the public page shows"
    )
    ACCENT: Colour | None = Field(
        None, description="the organisation's colour on the public page, such as #0057b8"
    )
    STATUS_HOST: Host | None = Field(
        None, description="a host of its own for the public pages, such as status.example.org"
    )
    STATUS_PRIVATE: Flag = Field(False, description="on: the public pages ask for sign-in, with any role")
    ROBOTS: Flag = Field(True, description="search engines may list the public pages")
    PUBLIC_DIR: Folder | None = Field(
        None, description="keeps the public pages as files there, for any web server or bucket"
    )
    DURATION_STRICT: MinutesPair = Field(
        (30, 60), description="minutes until a Critical or High duration turns amber, red"
    )
    DURATION_OTHER: MinutesPair = Field((60, 120), description="the same for Medium and Low")
    AI_BASE_URL: WebAddress | None = Field(
        None,
        description="an OpenAI-compatible endpoint, such as http://localhost:11434/v1; "
        "OpenAI's own when only key and model are set",
    )
    AI_API_KEY: Text | None = Field(
        None, description="the key for it; absent where the endpoint wants none", repr=False
    )
    AI_MODEL: Text | None = Field(
        None, description="the model that drafts; without one the same texts come by rule, from the record"
    )
    AI_TIMEOUT: Seconds = Field(
        10.0, description="seconds until a draft has begun; it is done in three times that or replaced"
    )
    AI_RETRIES: SmallNumber = Field(
        1, description="how often a request that failed at once is tried again, from 0 to 5"
    )
    AI_KEEP_DAYS: Days = Field(90, description="days until what the helpers saw and wrote is forgotten")
    LOCAL_LOGIN: Flag = Field(True, description="sign-in with e-mail and password")
    SESSION_IDLE_HOURS: Hours = Field(12.0, description="a session unused for so long ends")
    SESSION_MAX_HOURS: Hours = Field(72.0, description="a session older than this ends, used or not")
    OIDC_ISSUER: WebAddress | None = Field(
        None, description="the OpenID provider; switches single sign-on on"
    )
    OIDC_CLIENT_ID: Text | None = Field(None, description="our name at the provider")
    OIDC_CLIENT_SECRET: Text | None = Field(
        None, description="our secret at the provider; absent for a public client", repr=False
    )
    OIDC_SCOPES: Scopes = Field("openid profile email", description="what we ask the OpenID provider for")
    OIDC_ROLE_CLAIM: Text = Field("groups", description="the claim that lists a person's groups")
    OIDC_ROLE_MAP: RoleMap = Field(
        {}, description="JSON from group to role; where it is set it alone decides, at every sign-in"
    )
    OIDC_UNMAPPED: Unmapped = Field(
        "stakeholder", description="who has no mapped group: stakeholder, or nobody, who is refused"
    )
    CF_ACCESS_TEAM: AccessTeam | None = Field(
        None, description="the team at Cloudflare Access, such as example.cloudflareaccess.com"
    )
    CF_ACCESS_AUD: Names = Field(
        (), description="the application's audience tag there; several with a comma between"
    )
    PROXY_JWT_HEADER: HeaderName | None = Field(
        None,
        description="the header in which another proxy signs who comes, such as x-goog-iap-jwt-assertion "
        "or x-amzn-oidc-data",
    )
    PROXY_JWT_KEYS: KeysAddress | None = Field(
        None,
        description="the address of that proxy's keys: a JWK set, or with {kid} in it one PEM for each key",
    )
    PROXY_JWT_AUDIENCE: Names = Field(
        (), description="for whom that proxy signs: aud, or at AWS the balancer's ARN (signer)"
    )
    PROXY_JWT_ISSUER: Text = Field("", description="its iss, checked where it is set")
    PROXY_SIGN_OUT: WayOut = Field(
        "", description="where its session ends, such as /?gcp-iap-mode=CLEAR_LOGIN_COOKIE"
    )
    SCIM_TOKEN: Secret | None = Field(
        None,
        description="the bearer token with which a directory keeps accounts and groups at /scim/v2; "
        "at least 32 characters",
        repr=False,
    )

    @model_validator(mode="before")
    @classmethod
    def leave_out_empty(cls, given: dict[str, str]) -> dict[str, str]:
        """Only now: an empty value in the environment hides the one in `.env`."""
        return {name: value for name, value in given.items() if value}

    @model_validator(mode="after")
    def agree(self) -> Self:
        """Whether they are right together. Raises ConfigError."""
        if self.OIDC_ISSUER and not self.OIDC_CLIENT_ID:
            raise ConfigError("MAJOROPS_OIDC_CLIENT_ID: needed because MAJOROPS_OIDC_ISSUER is set")
        is_behind_proxy = self.CF_ACCESS_TEAM or self.PROXY_JWT_HEADER
        if not self.OIDC_ISSUER and not self.LOCAL_LOGIN and not is_behind_proxy:
            raise ConfigError("MAJOROPS_LOCAL_LOGIN: off, and no MAJOROPS_OIDC_ISSUER: nobody could sign in")
        if self.OIDC_UNMAPPED == "nobody" and not self.OIDC_ROLE_MAP:
            raise ConfigError("MAJOROPS_OIDC_ROLE_MAP: needed because MAJOROPS_OIDC_UNMAPPED is nobody")
        if bool(self.CF_ACCESS_TEAM) != bool(self.CF_ACCESS_AUD):
            raise ConfigError("MAJOROPS_CF_ACCESS_TEAM, MAJOROPS_CF_ACCESS_AUD: set both, or none")
        if len({bool(self.PROXY_JWT_HEADER), bool(self.PROXY_JWT_KEYS), bool(self.PROXY_JWT_AUDIENCE)}) > 1:
            raise ConfigError("MAJOROPS_PROXY_JWT_HEADER, …_KEYS, …_AUDIENCE: set all three, or none")
        if self.CF_ACCESS_TEAM and self.PROXY_JWT_HEADER:
            raise ConfigError("MAJOROPS_PROXY_JWT_HEADER: not beside MAJOROPS_CF_ACCESS_TEAM")
        if (self.AI_BASE_URL or self.AI_API_KEY) and not self.AI_MODEL:
            raise ConfigError("MAJOROPS_AI_MODEL: needed because an endpoint or a key for drafts is set")
        if self.AI_MODEL and not (self.AI_BASE_URL or self.AI_API_KEY):
            raise ConfigError(
                "MAJOROPS_AI_MODEL: set MAJOROPS_AI_BASE_URL or MAJOROPS_AI_API_KEY too: "
                "there is nobody to ask"
            )
        if self.PUBLIC_DIR and self.STATUS_PRIVATE:
            raise ConfigError(
                "MAJOROPS_PUBLIC_DIR: not while MAJOROPS_STATUS_PRIVATE is on: anybody could read the files"
            )
        return self


def load(environ: Mapping[str, str] | None = None, instance: Path = ROOT / "instance") -> Settings:
    """Read all settings.

    `environ`: names to raw values, in place of `.env` and the process environment.
    `instance`: the folder for the embedded database and the kept secret key.
    Raises ConfigError for a value that cannot be right.
    """
    given: dict[str, Any] = {}
    if environ is not None:  # an empty value for what is absent, which hides the process environment
        given = {name: environ.get(PREFIX + name, "") for name in Settings.model_fields}
    try:
        settings = Settings(**given)
    except ValidationError as problem:
        first = problem.errors()[0]
        raise ConfigError(f"{PREFIX}{first['loc'][0]}: {first['ctx']['error']}") from None
    settings.DATABASE_URL = settings.DATABASE_URL or f"sqlite:///{instance / 'majorops.db'}"
    settings.SECRET_KEY = settings.SECRET_KEY or kept_secret(instance)
    return settings


def kept_secret(instance: Path) -> str:
    """The secret key kept under `instance/`; made on the first start, for the server's account alone."""
    instance.mkdir(parents=True, exist_ok=True)
    path = instance / "secret_key"
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text()
