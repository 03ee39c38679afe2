"""What the settings mean, in words: what works, and what does not while something is not set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Said:
    """`what`: a few settings under one name; `text`: their state; `is_well`: nothing is missing."""

    what: str
    text: str
    is_well: bool = True


def in_words(settings: Mapping[str, Any], states: Mapping[str, str], files_problem: str) -> list[Said]:
    """All settings, a sentence for those that belong together. No secret is in it.

    `states`: as Settings.states; `files_problem`: why the public files are not being written, if so.
    """
    return [
        *_mail(settings),
        *_address(settings),
        *_storage(settings, states),
        *_public(settings, files_problem),
        *_sign_in(settings),
        *_helpers(settings),
    ]


def _mail(settings: Mapping[str, Any]) -> Iterator[Said]:
    url, sender = settings["SMTP_URL"], settings["MAIL_FROM"]
    if not url:
        yield Said("Mail", "not configured: nobody can be told by mail", is_well=False)
    elif "@localhost" in sender:
        text = f"{urlsplit(url).hostname}; many servers refuse the sender {sender}: set MAJOROPS_MAIL_FROM"
        yield Said("Mail", text, is_well=False)
    else:
        yield Said("Mail", f"{urlsplit(url).hostname}, as {sender}")
    is_here = settings["WORKER"]
    yield Said("Delivery", "this server sends messages" if is_here else "off here: only flask work sends")


def _address(settings: Mapping[str, Any]) -> Iterator[Said]:
    base = settings["BASE_URL"]
    if not base:
        yield Said("Address", "not configured: messages carry no link to their incident", is_well=False)
    elif base.startswith("http:"):
        yield Said("Address", f"{base}: without https passwords can be read on their way", is_well=False)
    else:
        yield Said("Address", base)
    if host := settings["INTAKE_HOST"]:
        yield Said("Intake form", f"also at {host}")


def _storage(settings: Mapping[str, Any], states: Mapping[str, str]) -> Iterator[Said]:
    is_file = settings["DATABASE_URL"].startswith("sqlite")
    yield Said("Database", "SQLite, a file on this machine" if is_file else "PostgreSQL")
    own = "SQLite's file" if is_file else "PostgreSQL"
    yield Said("Between processes", f"changes travel by {'Redis' if settings['REDIS_URL'] else own}")
    yield _backups(settings)
    is_given = states.get("SECRET_KEY", "default") != "default"
    kept = "made here and kept under instance/: a second machine needs the same"
    yield Said("Secret key", "set" if is_given else kept)


def _backups(settings: Mapping[str, Any]) -> Said:
    if not settings["BACKUP_DIR"]:
        return Said("Backups", "not configured: this server makes none by itself", is_well=False)
    hours = f"{settings['BACKUP_HOURS']:g} h"
    how = "encrypted" if settings["BACKUP_PASSPHRASE"] else "not encrypted"
    return Said("Backups", f"every {hours} into {settings['BACKUP_DIR']}, {how}")


def _public(settings: Mapping[str, Any], files_problem: str) -> Iterator[Said]:
    if settings["STATUS_PRIVATE"]:
        yield Said("Public pages", "only for people who sign in")
    else:
        host = f" at {settings['STATUS_HOST']}" if settings["STATUS_HOST"] else ""
        yield Said("Public pages", f"for everybody{host}, as {settings['ORG_NAME']}")
    if files_problem:
        yield Said("Public files", f"not being written: {files_problem}", is_well=False)
    elif folder := settings["PUBLIC_DIR"]:
        yield Said("Public files", f"kept in {folder}, for when MajorOps does not answer")
    elif not settings["STATUS_PRIVATE"]:
        text = "not configured: the public pages go when MajorOps does not answer"
        yield Said("Public files", text, is_well=False)


def _sign_in(settings: Mapping[str, Any]) -> Iterator[Said]:
    ways = (
        ("with a password", settings["LOCAL_LOGIN"]),
        ("by single sign-on", settings["OIDC_ISSUER"]),
        ("through Cloudflare Access", settings["CF_ACCESS_TEAM"]),
        ("through a proxy that signs", settings["PROXY_JWT_HEADER"]),
    )
    yield Said("Sign-in", ", ".join(way for way, is_on in ways if is_on))
    by_group = "the groups of MAJOROPS_OIDC_ROLE_MAP decide"
    yield Said("Roles", by_group if settings["OIDC_ROLE_MAP"] else "given by hand")
    if settings["SCIM_TOKEN"]:
        yield Said("Directory", "keeps accounts and groups at /scim/v2")


def _helpers(settings: Mapping[str, Any]) -> Iterator[Said]:
    model = settings["AI_MODEL"]
    yield Said("Drafts", f"by {model}" if model else "by rule, from the record: no model is set")
