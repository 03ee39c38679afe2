"""Every setting of MajorOps: its environment name, its default, what it may be.

Values come from the environment, or from a `.env` file beside this one (the environment wins).
A value that cannot be right stops the start with one line that names it.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from difflib import get_close_matches
from email.utils import parseaddr
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated, Self, cast
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, PlainValidator, PrivateAttr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "MAJOROPS_"
ROOT = Path(__file__).resolve().parent
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SECRET_LENGTH = 32
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


def hold_seconds(value: str) -> int:
    """Whole seconds from 0 to 3600. Raises ValueError."""
    if not value.strip().isdigit() or int(value) > 3600:
        raise ValueError("use a number of seconds from 0 to 3600")
    return int(value)


def boxes(value: str) -> frozenset[int]:
    """Numbers of Boxes, comma-separated, such as `2,3`; `none` for none. Raises ValueError."""
    parts = [part.strip() for part in value.split(",")]
    if parts == ["none"]:
        return frozenset()
    if not all(part in ("0", "1", "2", "3") for part in parts):
        raise ValueError("use Boxes from 0 to 3 with commas, such as 2,3, or none")
    return frozenset(int(part) for part in parts)


def title_template(value: str) -> str:
    """One line of at most 120 characters; in braces there may be `{systems}` or `{title}`.

    Raises ValueError.
    """
    line = " ".join(value.split())
    bare = line.replace("{systems}", "").replace("{title}", "")
    if not line or len(line) > 120 or "{" in bare or "}" in bare:
        raise ValueError("use one line of at most 120 characters, such as Problems with {systems}")
    return line


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


def minutes_by_box(value: str) -> tuple[int, int, int, int]:
    """Four whole numbers of minutes from 1 to 120, for Box 0, 1, 2 and 3. Raises ValueError."""
    parts = [part.strip() for part in value.split(",")]
    if len(parts) != 4 or not all(part.isdigit() and 1 <= int(part) <= 120 for part in parts):
        raise ValueError("use four numbers of minutes from 1 to 120, for Box 0 to 3, such as 15,10,5,3")
    first, second, third, fourth = map(int, parts)
    return first, second, third, fourth


def web_address(value: str) -> str:
    """An http or https address, without a slash at the end. Raises ValueError."""
    parts = urlsplit(value.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("use an address that begins with http:// or https://")
    return value.strip().rstrip("/")


def host(value: str) -> str:
    """A host name with a dot, in lower case, without scheme, port or path. Raises ValueError."""
    name = value.strip().lower()
    if re.fullmatch(r"[^/\s]*:[0-9]*", name):
        raise ValueError("use a host name without a port, such as new.example.org: it holds at every port")
    if "." not in name or not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", name):
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
    """The full path of a folder for public files, which need not exist yet.

    Raises ValueError where a file is there, and for a folder that is somebody else's.
    """
    path = Path(value.strip())
    if path.exists() and not path.is_dir():
        raise ValueError("use a folder")
    if why := no_place_for_files(path):
        raise ValueError(why)
    return str(path.resolve())


def no_place_for_files(path: Path) -> str:
    """Why public files may not be kept in this folder, by its place alone; empty where they may."""
    here = path.resolve()
    homes = {Path("/root"), Path("/home")}
    with suppress(RuntimeError):  # an account without a home
        homes.add(Path.home().resolve())
    if here == Path(here.anchor) or here in homes:
        return f"{here} is no folder for public files: use an empty one of its own"
    if here == ROOT or here in ROOT.parents:
        return f"{here} holds MajorOps itself: use an empty folder of its own"
    return ""


def own_folder(value: str) -> str:
    """The full path of a folder, which need not exist yet. Raises ValueError where a file is there."""
    path = Path(value.strip())
    if path.exists() and not path.is_dir():
        raise ValueError("use a folder")
    return str(path.resolve())


def passphrase(value: str) -> str:
    """A text of at least 12 characters, as it is. Raises ValueError."""
    if len(value) < 12:
        raise ValueError("use at least 12 characters")
    return value


def how_many(value: str) -> int:
    """A whole number from 1 to 1000. Raises ValueError."""
    if not value.strip().isdigit() or not 1 <= int(value) <= 1000:
        raise ValueError("use a number from 1 to 1000")
    return int(value)


def secret(value: str) -> str:
    """A text of at least 32 characters, as it is. Raises ValueError."""
    if len(value) < SECRET_LENGTH:
        raise ValueError("use at least 32 characters")
    return value


def vapid_key(value: str) -> str:
    """A private key of the curve P-256: its 32 bytes in base64url. Raises ValueError."""
    plain = value.strip().rstrip("=")
    try:
        raw = base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != 32 or not 0 < int.from_bytes(raw) < P256_ORDER:
        raise ValueError("use the 43 characters of a private VAPID key, such as web-push makes")
    return plain


def secret_list(value: str) -> tuple[str, ...]:
    """Secrets with white space between them, each as `secret` wants it. Raises ValueError."""
    return tuple(secret(one) for one in value.split())


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


def posture_words(value: str) -> str:
    """`wartime`, `neutral` or `none`. Raises ValueError."""
    name = value.strip().lower()
    if name not in ("wartime", "neutral", "none"):
        raise ValueError("use wartime, neutral or none")
    return name


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
HoldSeconds = Annotated[int, PlainValidator(hold_seconds)]
Boxes = Annotated[frozenset[int], PlainValidator(boxes)]
TitleTemplate = Annotated[str, PlainValidator(title_template)]
Days = Annotated[int, PlainValidator(days)]
MinutesByBox = Annotated[tuple[int, int, int, int], PlainValidator(minutes_by_box)]
MinutesPair = Annotated[tuple[int, int], PlainValidator(minutes_pair)]
WebAddress = Annotated[str, PlainValidator(web_address)]
Host = Annotated[str, PlainValidator(host)]
Colour = Annotated[str, PlainValidator(colour)]
Picture = Annotated[str, PlainValidator(picture)]
Folder = Annotated[str, PlainValidator(folder)]
OwnFolder = Annotated[str, PlainValidator(own_folder)]
Passphrase = Annotated[str, PlainValidator(passphrase)]
HowMany = Annotated[int, PlainValidator(how_many)]
Secret = Annotated[str, PlainValidator(secret)]
VapidKey = Annotated[str, PlainValidator(vapid_key)]
Secrets = Annotated[tuple[str, ...], PlainValidator(secret_list)]
DatabaseUrl = Annotated[str, PlainValidator(database_url)]
RedisUrl = Annotated[str, PlainValidator(redis_url)]
SmtpUrl = Annotated[str, PlainValidator(smtp_url)]
MailAddress = Annotated[str, PlainValidator(mail_address)]
Scopes = Annotated[str, PlainValidator(scopes)]
PostureWords = Annotated[str, PlainValidator(posture_words)]
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
    SECRET_KEY_FALLBACKS: Secrets = Field(
        (), description="keys of before, with spaces between: still read, never signed with", repr=False
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
    SLACK_SIGNING_SECRET: Text | None = Field(
        None, description="the signing secret of your Slack app: `/major` is taken from it", repr=False
    )
    SLACK_BOT_TOKEN: Text | None = Field(
        None,
        description="its bot token, such as `xoxb-…`: who types, and one message an incident",
        repr=False,
    )
    SLACK_CHANNEL: Text | None = Field(
        None, description="the channel of that message, by its id, such as `C0123456789`"
    )
    MATTERMOST_URL: WebAddress | None = Field(
        None, description="your Mattermost server, such as `https://chat.example.org`"
    )
    MATTERMOST_BOT_TOKEN: Text | None = Field(
        None, description="the token of a bot there: who types, and one message an incident", repr=False
    )
    MATTERMOST_CHANNEL: Text | None = Field(
        None, description="the channel of that message, by its id, 26 letters and digits"
    )
    MATTERMOST_COMMAND_TOKEN: Text | None = Field(
        None, description="the token of its slash command: `/major` is taken from it", repr=False
    )
    VAPID_PRIVATE_KEY: VapidKey | None = Field(
        None,
        description="our key at the browsers' push services; follows from the secret key when absent",
        repr=False,
    )
    WORKER: Flag = Field(
        True, description="the server delivers by itself; off where `flask work` runs beside it"
    )
    ORG_NAME: Text = Field("MajorOps", description="the organisation that the public page names")
    LOGO: Picture | None = Field(
        None, description="a picture file (SVG, PNG, WebP, at most 100 KB) that the public page shows"
    )
    LOGO_DARK: Picture | None = Field(None, description="the same for dark grounds")
    FAVICON: Picture | None = Field(
        None, description="a picture for the tab; without one an SVG or square logo, else a sign of the state"
    )
    ACCENT: Colour | None = Field(
        None, description="the organisation's colour on the public page, such as #0057b8"
    )
    POSTURE_WORDS: PostureWords = Field(
        "wartime",
        description="what the public reads beside the name: wartime (WARTIME, PEACETIME), "
        "neutral (INCIDENT, NO INCIDENT) or none",
    )
    STATUS_HOST: Host | None = Field(
        None, description="a host of its own for the public pages, such as status.example.org"
    )
    STATUS_PRIVATE: Flag = Field(False, description="on: the public pages ask for sign-in, with any role")
    UPTIME_GOALS: Flag = Field(
        False, description="on: the public page names the goal of a system beside its uptime of a month"
    )
    ROBOTS: Flag = Field(True, description="search engines may list the public pages")
    PUBLIC_DIR: Folder | None = Field(
        None, description="keeps the public pages as files there, for any web server or bucket"
    )
    LOG_JSON: Flag = Field(
        False, description="on: logs are lines of JSON, one for each request, operation and delivery"
    )
    METRICS_LOCAL: Flag = Field(
        False, description="on: programs on this machine read /metrics without a token"
    )
    BACKUP_DIR: OwnFolder | None = Field(
        None, description="the worker keeps backups in this folder, of every row of the database"
    )
    BACKUP_HOURS: Hours = Field(24.0, description="hours between two of these backups")
    BACKUP_KEEP: HowMany = Field(14, description="how many of them are kept; older ones are deleted")
    BACKUP_PASSPHRASE: Passphrase | None = Field(
        None, description="backups are encrypted with it; at least 12 characters", repr=False
    )
    PUBLIC_BOXES: Boxes = Field(
        frozenset({2, 3}),
        description="Boxes whose incidents are public unless whoever opens one says otherwise; none for none",
    )
    PUBLIC_HOLD: HoldSeconds = Field(
        60, description="seconds that the first public word of an incident waits, to be undone; 0 for none"
    )
    PUBLIC_REVIEW: Flag = Field(
        False, description="on: the first public word waits until somebody has read it, however long"
    )
    PUBLIC_TITLE: TitleTemplate = Field(
        "Problems with {systems}",
        description="the public title that an incident begins with; {title} in it hands on the intake title",
    )
    DURATION_STRICT: MinutesPair = Field(
        (30, 60), description="minutes until a Critical or High duration turns amber, red"
    )
    DURATION_OTHER: MinutesPair = Field((60, 120), description="the same for Medium and Low")
    PAGE_MINUTES: MinutesByBox = Field(
        (15, 10, 5, 3), description="minutes that whoever is paged has to answer, at Box 0, 1, 2 and 3"
    )
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
    ADMIN_SECOND_FACTOR: Flag = Field(
        False,
        description="on: data management opens for admins with a password only with a passkey or "
        "an authenticator app",
    )
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

    _states: dict[str, str] = PrivateAttr(default_factory=dict)
    _unknown: tuple[tuple[str, str], ...] = PrivateAttr(())

    @property
    def states(self) -> dict[str, str]:
        """Setting → where its value comes from: SET, FROM_FILE or DEFAULT."""
        return self._states

    @property
    def unknown(self) -> tuple[tuple[str, str], ...]:
        """Names in the environment and in `.env` that are no setting, each with the nearest that is one."""
        return self._unknown

    @classmethod
    def settings_customise_sources(cls, settings_cls, init_settings, **_):
        """Only what `load` found: it reads `.env` and the environment itself, for the files of secrets."""
        return (init_settings,)

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
        self._agree_on_hosts()
        if (self.OIDC_CLIENT_ID or self.OIDC_CLIENT_SECRET) and not self.OIDC_ISSUER:
            raise ConfigError("MAJOROPS_OIDC_ISSUER: needed because MAJOROPS_OIDC_CLIENT_… is set")
        if (self.PROXY_JWT_ISSUER or self.PROXY_SIGN_OUT) and not self.PROXY_JWT_HEADER:
            raise ConfigError("MAJOROPS_PROXY_JWT_HEADER: needed because …_ISSUER or …_SIGN_OUT is set")
        if self.SESSION_IDLE_HOURS > self.SESSION_MAX_HOURS:
            raise ConfigError(
                "MAJOROPS_SESSION_IDLE_HOURS: not above MAJOROPS_SESSION_MAX_HOURS, "
                f"which is {self.SESSION_MAX_HOURS:g}"
            )
        self._agree_on_folders()
        return self

    def _agree_on_folders(self) -> None:
        if not self.PUBLIC_DIR:
            return
        if self.STATUS_PRIVATE:
            raise ConfigError(
                "MAJOROPS_PUBLIC_DIR: not while MAJOROPS_STATUS_PRIVATE is on: anybody could read the files"
            )
        if self.BACKUP_DIR and Path(self.BACKUP_DIR).is_relative_to(Path(self.PUBLIC_DIR).resolve()):
            raise ConfigError("MAJOROPS_BACKUP_DIR: not below MAJOROPS_PUBLIC_DIR: anybody could read it")

    def _agree_on_hosts(self) -> None:
        """Whether each host has one purpose. Raises ConfigError."""
        if self.STATUS_HOST and self.STATUS_HOST == self.INTAKE_HOST:
            raise ConfigError(
                "MAJOROPS_STATUS_HOST, MAJOROPS_INTAKE_HOST: use two hosts: each has pages of its own"
            )
        main = urlsplit(self.BASE_URL or "").hostname
        for name in ("STATUS_HOST", "INTAKE_HOST"):
            if main and getattr(self, name) == main:
                raise ConfigError(f"{PREFIX}{name}: use another host than MAJOROPS_BASE_URL, or leave it out")
        if self.STATUS_HOST and self.STATUS_PRIVATE:
            raise ConfigError(
                "MAJOROPS_STATUS_PRIVATE: not with MAJOROPS_STATUS_HOST: nobody can sign in on that host"
            )


SET, FROM_FILE, DEFAULT = "set", "from file", "default"
SECRETS = frozenset(name for name, setting in Settings.model_fields.items() if not setting.repr)
"""Settings that are never shown; each may also be the name of a file: MAJOROPS_<NAME>_FILE."""
SHOWN = 60  # characters of a value, in a list
OF_TESTS = f"{PREFIX}TESTS_"
FILE_BYTES = 65_536


def load(environ: Mapping[str, str] | None = None, instance: Path = ROOT / "instance") -> Settings:
    """Read all settings.

    `environ`: names to raw values, in place of `.env` and the process environment.
    `instance`: the folder for the embedded database and the kept secret key.
    Raises ConfigError for a value that cannot be right.
    """
    raw = environment() if environ is None else environ
    given, states = {}, {}
    for name in Settings.model_fields:
        given[name], states[name] = found(name, raw)
    try:
        settings = Settings(**given)  # type: ignore[arg-type]
    except ValidationError as problem:
        first = problem.errors()[0]
        name = str(first["loc"][0])
        end = "_FILE" if states[name] == FROM_FILE else ""
        raise ConfigError(f"{PREFIX}{name}{end}: {first['ctx']['error']}") from None
    settings._states, settings._unknown = states, unknown(raw)
    settings.DATABASE_URL = settings.DATABASE_URL or f"sqlite:///{instance / 'majorops.db'}"
    settings.SECRET_KEY = settings.SECRET_KEY or kept_secret(instance)
    return settings


def environment() -> dict[str, str]:
    """What `.env` and the process environment say; the environment wins, with an empty value too."""
    file = Settings.model_config["env_file"]
    kept = {name: value or "" for name, value in dotenv_values(cast(Path, file)).items()}
    return kept | dict(os.environ)


def found(name: str, raw: Mapping[str, str]) -> tuple[str, str]:
    """The raw value of a setting and where it comes from; empty and DEFAULT where nothing is said.

    Raises ConfigError for a secret that is given twice, or whose file cannot be read.
    """
    value, path = raw.get(PREFIX + name, ""), raw.get(f"{PREFIX}{name}_FILE", "").strip()
    if name not in SECRETS or not path:
        return value, SET if value else DEFAULT
    if value:
        raise ConfigError(f"{PREFIX}{name}, {PREFIX}{name}_FILE: set one of the two")
    return secret_in(path, f"{PREFIX}{name}_FILE"), FROM_FILE


def secret_in(path: str, setting: str) -> str:
    """The text of a file that holds a secret, without the line end. Raises ConfigError."""
    try:
        with open(path, "rb") as file:
            text = file.read(FILE_BYTES + 1).decode().rstrip("\r\n")
    except OSError as error:
        raise ConfigError(f"{setting}: {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{setting}: {path} is no text") from None
    if not text.strip() or len(text) > FILE_BYTES or "\n" in text:
        raise ConfigError(f"{setting}: {path} must hold one line, the secret alone")
    return text


def unknown(raw: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Names with our prefix, in any case, that are no setting, each with the nearest that is one."""
    known = [*Settings.model_fields, *(f"{name}_FILE" for name in SECRETS)]  # without what all begin with
    odd = sorted(
        name
        for name in raw
        if name.upper().startswith(PREFIX)
        and name.removeprefix(PREFIX) not in known
        and not name.startswith(OF_TESTS)
    )
    return tuple((name, nearest(name.upper().removeprefix(PREFIX), known)) for name in odd)


def nearest(bare: str, known: Iterable[str]) -> str:
    """The setting, with PREFIX, whose name is most like this one; empty where none is."""
    return "".join(PREFIX + name for name in get_close_matches(bare, list(known), 1))


def shown(name: str, value: object, state: str) -> str:
    """A setting's state and value in a few words: a secret's value never, what is not set as a dash."""
    if name in SECRETS:
        return state if value or state != DEFAULT else "not set"
    if value in (None, "", (), {}):
        text = "-"
    elif isinstance(value, bool):
        text = "on" if value else "off"
    elif isinstance(value, tuple):
        text = ",".join(map(str, value))
    else:
        text = json.dumps(value) if isinstance(value, dict) else str(value).removesuffix(".0")
    text = re.sub(r"//[^/@]*@", "//…@", text)  # a user and a password may stand in an address
    short = text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
    return f"{short} (default)" if state == DEFAULT else short


def folder_problem(path: Path) -> str:
    """Why nothing can be written into this folder, or why it cannot be made; empty where it can be."""
    there = next(one for one in (path, *path.parents) if one.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        return f"{there} cannot be written"
    if there == path:
        try:
            with TemporaryFile(dir=path):
                pass
        except OSError as error:
            return f"{path} cannot be written: {error.strerror}"
    return ""


def unknown_in_words(names: Iterable[tuple[str, str]]) -> list[str]:
    """One line for each name of `unknown`: what it is, and which setting was meant."""
    return [
        f"{name}: no setting has this name." + (f" Do you mean {meant}?" if meant else "")
        for name, meant in names
    ]


def kept_secret(instance: Path) -> str:
    """The secret key kept under `instance/`; made on the first start, for the server's account alone.

    Raises ConfigError where it can be neither read nor made.
    """
    path = instance / "secret_key"
    try:
        instance.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(file, "w") as made:
                made.write(secrets.token_urlsafe(48))
        kept = path.read_text()
    except OSError as error:
        raise ConfigError(
            f"MAJOROPS_SECRET_KEY: not set, and {path} cannot be kept: {error.strerror}"
        ) from None
    if len(kept) < SECRET_LENGTH:
        raise ConfigError(f"MAJOROPS_SECRET_KEY: not set, and {path} holds none: remove that file")
    return kept
