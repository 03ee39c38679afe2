"""Every setting of MajorOps: its environment name, its default, what it may be.

Values come from the environment, or from a `.env` file beside this one (the environment wins).
A value that cannot be right stops the start with one line that names it.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent
ROLES = ("admin", "mim", "responder", "executive", "stakeholder")


class ConfigError(SystemExit):
    """A setting that cannot be right; its text names the setting and what would be right."""


def text(value: str) -> str:
    return value.strip()


def flag(value: str) -> bool:
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
    number = float(value) if value.replace(".", "", 1).isdigit() else -1
    if not 0 < number <= 24 * 31:
        raise ValueError("use a number of hours above 0 and at most 744")
    return number


def seconds(value: str) -> float:
    number = float(value) if value.replace(".", "", 1).isdigit() else -1
    if not 0 < number <= 120:
        raise ValueError("use a number of seconds above 0 and at most 120")
    return number


def small_number(value: str) -> int:
    if not value.strip().isdigit() or int(value) > 5:
        raise ValueError("use a number from 0 to 5")
    return int(value)


def days(value: str) -> int:
    if not value.strip().isdigit() or not 1 <= int(value) <= 3650:
        raise ValueError("use a number of days from 1 to 3650")
    return int(value)


def minutes_pair(value: str) -> tuple[int, int]:
    parts = [part.strip() for part in value.split(",")]
    if len(parts) != 2 or not all(part.isdigit() for part in parts) or not 0 < int(parts[0]) < int(parts[1]):
        raise ValueError("use two numbers of minutes, the smaller first, such as 30,60")
    return int(parts[0]), int(parts[1])


def web_address(value: str) -> str:
    parts = urlsplit(value.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("use an address that begins with http:// or https://")
    return value.strip().rstrip("/")


def host(value: str) -> str:
    name = value.strip().lower()
    if "/" in name or "." not in name or " " in name:
        raise ValueError("use a host name alone, such as new.example.org")
    return name


def colour(value: str) -> str:
    if not re.fullmatch("#[0-9a-fA-F]{6}", value.strip()):
        raise ValueError("use a colour such as #0057b8")
    return value.strip().lower()


def picture(value: str) -> str:
    path = Path(value.strip())
    if path.suffix not in (".svg", ".png", ".webp") or not path.is_file() or path.stat().st_size > 100_000:
        raise ValueError("use an existing .svg, .png or .webp file of at most 100 KB")
    return str(path.resolve())


def folder(value: str) -> str:
    path = Path(value.strip())
    if path.exists() and not path.is_dir():
        raise ValueError("use a folder")
    return str(path.resolve())


def secret(value: str) -> str:
    if len(value) < 32:
        raise ValueError("use at least 32 characters")
    return value


def database_url(value: str) -> str:
    url = value.strip()
    if url.startswith("postgres://"):
        url = "postgresql://" + url.removeprefix("postgres://")
    if url.startswith("postgresql://"):
        url = "postgresql+psycopg://" + url.removeprefix("postgresql://")
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("use sqlite:///path or postgresql://user:password@host/name")
    return url


def redis_url(value: str) -> str:
    parts = urlsplit(value.strip())
    if parts.scheme not in ("redis", "rediss") or not parts.hostname:
        raise ValueError("use an address that begins with redis:// or rediss://")
    return value.strip()


def smtp_url(value: str) -> str:
    parts = urlsplit(value.strip())
    try:
        is_right = parts.scheme in ("smtp", "smtps") and parts.hostname and parts.port != 0
    except ValueError:
        is_right = False
    if not is_right:
        raise ValueError("use smtp://user:password@host:port or smtps://…")
    return value.strip()


def mail_address(value: str) -> str:
    address = parseaddr(value)[1]
    if "@" not in address.strip("@") or not value.isprintable():
        raise ValueError("use an address such as MajorOps <majorops@example.org>")
    return value.strip()


def role_map(value: str) -> dict[str, str]:
    try:
        pairs = json.loads(value)
    except json.JSONDecodeError:
        raise ValueError('use JSON such as {"ops-admins": "admin", "on-call": "mim"}') from None
    if not isinstance(pairs, dict) or any(role not in ROLES for role in pairs.values()):
        raise ValueError(f"map group names to one of {', '.join(ROLES)}")
    return pairs


@dataclass(frozen=True)
class Setting:
    key: str  # in app.config
    default: str | None
    read: Callable[[str], object]
    comment: str

    @property
    def env(self) -> str:
        return f"MAJOROPS_{self.key}"


SETTINGS = (
    Setting(
        "DATABASE_URL", None, database_url, "where the record is kept; SQLite under instance/ when absent"
    ),
    Setting(
        "SECRET_KEY", None, secret, "signs sessions and forms; made and kept under instance/ when absent"
    ),
    Setting(
        "BASE_URL", None, web_address, "the address people use; with https:// cookies are Secure everywhere"
    ),
    Setting("INTAKE_HOST", None, host, "a host of its own for the intake form, such as new.example.org"),
    Setting(
        "REDIS_URL",
        None,
        redis_url,
        "carries changes between processes instead of PostgreSQL's LISTEN/NOTIFY, "
        "such as redis://localhost:6379/0",
    ),
    Setting(
        "SMTP_URL",
        None,
        smtp_url,
        "the mail server, such as smtp://user:password@mail.example.org:587 or smtps://…; "
        "TLS where it is offered, ?tls=always insists",
    ),
    Setting("MAIL_FROM", "MajorOps <majorops@localhost>", mail_address, "the sender of our mail"),
    Setting(
        "WEBHOOK_PRIVATE", "off", flag, "webhooks may go to private addresses, such as a chat server inside"
    ),
    Setting("WORKER", "on", flag, "the server delivers by itself; off where `flask work` runs beside it"),
    Setting("ORG_NAME", "MajorOps", text, "the organisation that the public page names"),
    Setting(
        "LOGO", None, picture, "a picture file (SVG, PNG, WebP, at most 100 KB) that the public page shows"
    ),
    Setting("ACCENT", None, colour, "the organisation's colour on the public page, such as #0057b8"),
    Setting("STATUS_HOST", None, host, "a host of its own for the public pages, such as status.example.org"),
    Setting("STATUS_PRIVATE", "off", flag, "on: the public pages ask for sign-in, with any role"),
    Setting("ROBOTS", "on", flag, "search engines may list the public pages"),
    Setting(
        "PUBLIC_DIR", None, folder, "keeps the public pages as files there, for any web server or bucket"
    ),
    Setting(
        "DURATION_STRICT", "30,60", minutes_pair, "minutes until a Critical or High duration turns amber, red"
    ),
    Setting("DURATION_OTHER", "60,120", minutes_pair, "the same for Medium and Low"),
    Setting(
        "AI_BASE_URL",
        None,
        web_address,
        "an OpenAI-compatible endpoint, such as http://localhost:11434/v1; "
        "OpenAI's own when only key and model are set",
    ),
    Setting("AI_API_KEY", None, text, "the key for it; absent where the endpoint wants none"),
    Setting(
        "AI_MODEL",
        None,
        text,
        "the model that drafts; without one the same texts come by rule, from the record",
    ),
    Setting(
        "AI_TIMEOUT",
        "10",
        seconds,
        "seconds until a draft has begun; it is done in three times that or replaced",
    ),
    Setting(
        "AI_RETRIES", "1", small_number, "how often a request that failed at once is tried again, from 0 to 5"
    ),
    Setting("AI_KEEP_DAYS", "90", days, "days until what the helpers saw and wrote is forgotten"),
    Setting("LOCAL_LOGIN", "on", flag, "sign-in with e-mail and password"),
    Setting("SESSION_IDLE_HOURS", "12", hours, "a session unused for so long ends"),
    Setting("SESSION_MAX_HOURS", "72", hours, "a session older than this ends, used or not"),
    Setting("OIDC_ISSUER", None, web_address, "the OpenID provider; switches single sign-on on"),
    Setting("OIDC_CLIENT_ID", None, text, "our name at the provider"),
    Setting("OIDC_CLIENT_SECRET", None, text, "our secret at the provider; absent for a public client"),
    Setting("OIDC_ROLE_CLAIM", "groups", text, "the claim that lists a person's groups"),
    Setting(
        "OIDC_ROLE_MAP",
        "{}",
        role_map,
        "JSON from group to role; who has no mapped group becomes stakeholder",
    ),
)


def load(environ: Mapping[str, str] | None = None, instance: Path = ROOT / "instance") -> dict[str, object]:
    """Read all settings.

    `environ`: names to raw values (default: `.env` overlaid with the process environment).
    `instance`: the folder for the embedded database and the kept secret key.
    Returns Flask configuration keys to values. Raises ConfigError for a value that cannot be right.
    """
    if environ is None:
        environ = {**{k: v for k, v in dotenv_values(ROOT / ".env").items() if v is not None}, **os.environ}
    values: dict[str, object] = {}
    for setting in SETTINGS:
        raw = environ.get(setting.env) or setting.default
        try:
            values[setting.key] = None if raw is None else setting.read(raw)
        except ValueError as error:
            raise ConfigError(f"{setting.env}: {error}") from None
    if values["OIDC_ISSUER"] and not values["OIDC_CLIENT_ID"]:
        raise ConfigError("MAJOROPS_OIDC_CLIENT_ID: needed because MAJOROPS_OIDC_ISSUER is set")
    if not values["OIDC_ISSUER"] and not values["LOCAL_LOGIN"]:
        raise ConfigError("MAJOROPS_LOCAL_LOGIN: off, and no MAJOROPS_OIDC_ISSUER: nobody could sign in")
    if (values["AI_BASE_URL"] or values["AI_API_KEY"]) and not values["AI_MODEL"]:
        raise ConfigError("MAJOROPS_AI_MODEL: needed because an endpoint or a key for drafts is set")
    if values["AI_MODEL"] and not (values["AI_BASE_URL"] or values["AI_API_KEY"]):
        raise ConfigError(
            "MAJOROPS_AI_MODEL: set MAJOROPS_AI_BASE_URL or MAJOROPS_AI_API_KEY too: there is nobody to ask"
        )
    if values["PUBLIC_DIR"] and values["STATUS_PRIVATE"]:
        raise ConfigError(
            "MAJOROPS_PUBLIC_DIR: not while MAJOROPS_STATUS_PRIVATE is on: anybody could read the files"
        )
    values["DATABASE_URL"] = values["DATABASE_URL"] or f"sqlite:///{instance / 'majorops.db'}"
    values["SECRET_KEY"] = values["SECRET_KEY"] or kept_secret(instance)
    return values


def kept_secret(instance: Path) -> str:
    """The secret key kept under `instance/`, made on the first start."""
    instance.mkdir(parents=True, exist_ok=True)
    path = instance / "secret_key"
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text()
