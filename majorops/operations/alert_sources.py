"""Operations on alert sources: who may send alerts here, and with which secret."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from functools import lru_cache

from flask import current_app
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import SourceKind
from majorops.domain.errors import Invalid
from majorops.domain.events import AuditKind
from majorops.domain.text import clean_line, clean_text
from majorops.integrations.mapping import read_mapping
from majorops.models import AlertSource, System
from majorops.operations import audit, operation
from majorops.signing import Sealer, keys_of

NAME_LONGEST, HEADER_LONGEST, MAPPING_LONGEST, SAMPLE_LONGEST = 50, 80, 4_000, 100_000
SECRET_SHORTEST, SECRET_LONGEST = 16, 128
EVERY_MOST = 7 * 24 * 60  # minutes
OLD_IS_TAKEN = timedelta(hours=1)  # after a rotation: so long the source may go on with the old secret
SEALED = "secret of an alert source"


@operation(needs=Permission.DATA_MANAGE)
def add_source(*, kind: SourceKind, actor: Actor, now: datetime, **typed: str) -> tuple[AlertSource, str]:
    """Let a monitoring system send alerts.

    `typed`: name, and what `_checked` takes beside it. Returns the row, and the secret, which nobody is shown
    again. Raises Invalid.
    """
    secret = new_secret()
    row = AlertSource(**_checked(None, **typed), kind=kind, secret=sealer().seal(secret), created_at=now)
    db.session.add(row)
    db.session.flush()
    audit(AuditKind.ALERT_SOURCE_ADDED, row.name, detail=kind.label, actor=actor, now=now)
    return row, secret


@operation(needs=Permission.DATA_MANAGE)
def save_source(row: AlertSource, *, is_active: bool, actor: Actor, now: datetime, **typed: str) -> None:
    """Change a source, all values or none; its kind stays. `typed`: as in `add_source`. Raises Invalid."""
    given = _checked(row, **typed) | {"is_active": is_active}
    changed = [column for column, value in given.items() if getattr(row, column) != value]
    if not changed:
        return
    for column in changed:
        setattr(row, column, given[column])
    audit(AuditKind.ALERT_SOURCE_CHANGED, row.name, detail=", ".join(changed), actor=actor, now=now)


@operation(needs=Permission.DATA_MANAGE)
def rotate_secret(row: AlertSource, *, actor: Actor, now: datetime) -> str:
    """Give a source another secret, which is returned this once; the old one is taken for an hour more."""
    secret = new_secret()
    row.old_secret, row.old_until = row.secret, now + OLD_IS_TAKEN
    row.secret = sealer().seal(secret)
    audit(AuditKind.ALERT_SOURCE_ROTATED, row.name, actor=actor, now=now)
    return secret


@operation(needs=Permission.DATA_MANAGE)
def take_secret(row: AlertSource, secret: str, *, actor: Actor, now: datetime) -> None:
    """Keep the secret that the monitoring system made itself, as PagerDuty does for its webhooks.

    The one before is taken for an hour more. Raises Invalid.
    """
    secret = secret.strip()
    if not (SECRET_SHORTEST <= len(secret) <= SECRET_LONGEST and secret.isascii() and secret.isprintable()):
        letters = f"{SECRET_SHORTEST} to {SECRET_LONGEST} letters and digits"
        raise Invalid({"secret": f"A secret has {letters}: copy it as the other side shows it."})
    row.old_secret, row.old_until = row.secret, now + OLD_IS_TAKEN
    row.secret = sealer().seal(secret)
    audit(AuditKind.ALERT_SOURCE_ROTATED, row.name, detail="given from outside", actor=actor, now=now)


def new_secret() -> str:
    """32 letters and digits, as PagerDuty's routing keys are: what sends there has room for it."""
    return secrets.token_hex(16)


def secrets_of(row: AlertSource, now: datetime) -> list[str]:
    """The secrets that are taken now, the newest first. Raises ValueError where no key of ours opens them."""
    sealed = [row.secret]
    if row.old_secret and row.old_until is not None and now < row.old_until:
        sealed.append(row.old_secret)
    return [_opened(one, tuple(keys_of(current_app.config))) for one in sealed]


@lru_cache(256)  # every delivery asks, and each opening derives keys anew
def _opened(sealed: str, keys: tuple[str, ...]) -> str:
    return Sealer(list(keys), SEALED).open(sealed)


def sealer() -> Sealer:
    """What the secrets of sources are sealed with at rest; signatures need them as they are."""
    return Sealer(keys_of(current_app.config), SEALED)


def _checked(
    twin_of: AlertSource | None,
    *,
    name: str,
    system: str = "",
    header: str = "",
    mapping: str = "",
    sample: str = "",
    every: str = "",
) -> dict[str, object]:
    """What is kept of what was typed. Raises Invalid.

    `system`: what its alerts are about where they do not say; `every`: minutes within which it speaks, empty
    for whenever; the others as `AlertSource` has them.
    """
    errors: dict[str, str] = {}
    name, system, header = clean_line(name), clean_line(system).lower(), clean_line(header)
    mapping, sample, every = clean_text(mapping), sample.strip(), clean_line(every)
    twin = db.session.scalar(select(AlertSource).filter_by(name=name))
    if not name or len(name) > NAME_LONGEST:
        errors["name"] = f"A name has 1 to {NAME_LONGEST} characters."
    elif twin is not None and twin is not twin_of:
        errors["name"] = f"There is a source {name} already."
    if system and db.session.scalar(select(System.id).filter_by(name=system)) is None:
        errors["system"] = f"There is no system {system[:80]}."
    if len(header) > HEADER_LONGEST or not all(_is_token(part) for part in header.split()):
        errors["header"] = "The name of a header, such as X-Grafana-Alerting-Signature."
    if not is_minutes(every, EVERY_MOST) and every:
        errors["every"] = f"Minutes, 1 to {EVERY_MOST:,}, or nothing where it speaks only of alerts."
    if sentence := _mapping_refusal(mapping):
        errors["mapping"] = sentence
    if len(sample) > SAMPLE_LONGEST:
        errors["sample"] = f"At most {SAMPLE_LONGEST:,} characters; this has {len(sample):,}."
    if errors:
        raise Invalid(errors)
    given: dict[str, object] = {"name": name, "system": system, "header": header, "mapping": mapping}
    return given | {"sample": sample.replace("\0", "\u2400"), "every": int(every) if every else None}


def _is_token(text: str) -> bool:
    return text.isascii() and all(letter.isalnum() or letter in "-_" for letter in text)


def is_minutes(typed: str, most: int) -> bool:
    """Whether a text is a whole number from 1 to `most`."""
    return typed.isascii() and typed.isdigit() and len(typed) < 10 and 1 <= int(typed) <= most


def _mapping_refusal(mapping: str) -> str:
    if len(mapping) > MAPPING_LONGEST:
        return f"At most {MAPPING_LONGEST:,} characters; this has {len(mapping):,}."
    try:
        read_mapping(mapping)
    except ValueError as problem:
        return str(problem)
    return ""
