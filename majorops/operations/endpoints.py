"""Operations on endpoints: where programs take events, what they get, and by what secret it is signed."""

from __future__ import annotations

from datetime import datetime

from flask import current_app
from sqlalchemy import func, insert, select, update

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.chat import chat_of
from majorops.domain.enums import ChannelKind, DeliveryState
from majorops.domain.errors import Conflict, Invalid
from majorops.domain.events import AuditKind
from majorops.domain.outgoing import ROTATES_FOR, TEST, kinds_problem, new_id, new_secret, parts
from majorops.domain.text import clean_line
from majorops.models import Endpoint, OutgoingEvent, System
from majorops.operations import audit, operation
from majorops.operations.delivery import check_address
from majorops.signing import Sealer, keys_of

LONGEST_NAME = 80
LONGEST_LIST = 1_000
MOST = 50
SEALED_FOR = "event endpoint"
OFF = "Not sent: the endpoint was switched off."


@operation(needs=Permission.DATA_MANAGE)
def add_endpoint(
    *,
    name: str,
    address: str,
    kinds: str = "",
    systems: str = "",
    is_internal: bool = False,
    is_full: bool = False,
    actor: Actor,
    now: datetime,
) -> tuple[Endpoint, str]:
    """An address where a program takes events (`models.outgoing.Endpoint`).

    `kinds`, `systems`: comma-separated, empty for all. Returns the row and its secret, which nobody is shown
    again. Raises Invalid.
    """
    given = _checked(name, address, kinds, systems, twin_of=None)
    if (db.session.scalar(select(func.count(Endpoint.id))) or 0) >= MOST:
        raise Invalid({"name": f"{MOST} endpoints are the most. Change one that is not used."})
    secret = new_secret()
    row = Endpoint(
        **given,
        is_internal=is_internal,
        is_full=is_full,
        secret=sealer().seal(secret),
        created_at=now,
        unreached_why="",
    )
    db.session.add(row)
    db.session.flush()
    audit(AuditKind.ENDPOINT_ADDED, row.name, detail=_words(row), actor=actor, now=now)
    return row, secret


@operation(needs=Permission.DATA_MANAGE)
def save_endpoint(
    row: Endpoint,
    *,
    name: str,
    address: str,
    kinds: str,
    systems: str,
    is_internal: bool,
    is_full: bool,
    is_active: bool,
    actor: Actor,
    now: datetime,
) -> None:
    """Change an endpoint. Switched off, what waits for it is not sent. Raises Invalid."""
    given = _checked(name, address, kinds, systems, twin_of=row)
    given |= {"is_internal": is_internal, "is_full": is_full, "is_active": is_active}
    changed = {key: value for key, value in given.items() if getattr(row, key) != value}
    if not changed:
        return
    for key, value in changed.items():
        setattr(row, key, value)
    if "address" in changed or changed.get("is_active"):
        row.ended_why, row.failures, row.rests_until = "", 0, None
        row.reached_at, row.unreached_at, row.unreached_why, row.told_at = None, None, "", None
    if not row.is_active:
        drop_waiting(row.id, now)
    audit(AuditKind.ENDPOINT_CHANGED, row.name, detail=_words(row), actor=actor, now=now)


def drop_waiting(number: int, now: datetime) -> None:
    """What waits for an endpoint is not sent; part of an operation that switched it off."""
    waits = update(OutgoingEvent).where(
        OutgoingEvent.endpoint_id == number, OutgoingEvent.settled_at.is_(None)
    )
    gone = {"state": DeliveryState.QUIET, "settled_at": now, "last_error": OFF}
    db.session.execute(waits.values(**gone), execution_options={"synchronize_session": False})


@operation(needs=Permission.DATA_MANAGE)
def rotate_secret(row: Endpoint, *, actor: Actor, now: datetime) -> str:
    """A new secret; for a day the old one signs beside it. Returns the new one, which is not shown again.

    Raises Conflict while another rotation lasts.
    """
    if secret_refusal := rotation_refusal(row, now):
        raise Conflict(secret_refusal)
    secret = new_secret()
    row.old_secret, row.old_until, row.secret = row.secret, now + ROTATES_FOR, sealer().seal(secret)
    audit(AuditKind.ENDPOINT_ROTATED, row.name, detail="A new secret", actor=actor, now=now)
    return secret


def rotation_refusal(row: Endpoint, now: datetime) -> str:
    """Why no new secret is made now; empty when one can be."""
    if row.old_until is None or row.old_until <= now:
        return ""
    return f"Two secrets sign until {row.old_until:%Y-%m-%d %H:%M} UTC. End the old one first."


@operation(needs=Permission.DATA_MANAGE)
def end_old_secret(row: Endpoint, *, actor: Actor, now: datetime) -> None:
    """The old secret signs no more. Raises Conflict where there is none."""
    if row.old_secret is None:
        raise Conflict("There is no old secret.")
    row.old_secret, row.old_until = None, None
    audit(AuditKind.ENDPOINT_ROTATED, row.name, detail="The old secret ended", actor=actor, now=now)


@operation(needs=Permission.DATA_MANAGE)
def begin_test(row: Endpoint, until: datetime, *, actor: Actor, now: datetime) -> int:
    """Make a test event, which whoever asked sends at once; the worker does it `until` they did not.

    Returns its number. Raises Conflict where the endpoint is switched off.
    """
    if not row.is_active:
        raise Conflict("The endpoint is switched off.")
    values = {"key": new_id(), "endpoint_id": row.id, "kind": TEST, "attempts": 0, "last_error": ""}
    values |= {"state": DeliveryState.PENDING, "next_at": until, "created_at": now}
    audit(AuditKind.ENDPOINT_TESTED, row.name, actor=actor, now=now)
    made = db.session.execute(insert(OutgoingEvent).values(**values).returning(OutgoingEvent.id))
    return made.scalar_one()


def secrets_of(row: Endpoint, now: datetime) -> list[str]:
    """The secrets that sign, the newest first. Raises ValueError where none of our keys opens them."""
    sealed = [row.secret]
    if row.old_secret and row.old_until and row.old_until > now:
        sealed.append(row.old_secret)
    return [sealer().open(one) for one in sealed]


def sealer() -> Sealer:
    """What the secrets are sealed with at rest."""
    return Sealer(keys_of(current_app.config), SEALED_FOR)


def _checked(
    name: str, address: str, kinds: str, systems: str, *, twin_of: Endpoint | None
) -> dict[str, object]:
    """What was typed, as it is kept. Raises Invalid at each field."""
    errors: dict[str, str] = {}
    name, chosen, named = clean_line(name), parts(clean_line(kinds)), parts(clean_line(systems).lower())
    if not name or len(name) > LONGEST_NAME:
        errors["name"] = f"Say what takes the events, in 1 to {LONGEST_NAME} characters."
    twin = select(Endpoint.id).filter_by(name=name)
    if db.session.scalar(twin.where(Endpoint.id != (twin_of.id if twin_of else 0))):
        errors["name"] = "Another endpoint has this name."
    try:
        address = check_address(ChannelKind.WEBHOOK, address)
    except Invalid as problem:
        errors |= problem.errors
    if chat_of(address):
        errors["address"] = "Slack and Teams take messages, not events. Add a channel, or subscribe it."
    if sentence := kinds_problem(chosen):
        errors["kinds"] = sentence
    known = set(db.session.scalars(select(System.name).where(System.name.in_(named)))) if named else set()
    if missing := [one for one in named if one not in known]:
        errors["systems"] = f"There is no system {missing[0][:80]}."
    for field, words in (("kinds", chosen), ("systems", named)):
        if len(", ".join(words)) > LONGEST_LIST:
            errors[field] = f"At most {LONGEST_LIST:,} characters. Leave it empty for all."
    if errors:
        raise Invalid(errors)
    return {"name": name, "address": address, "kinds": ", ".join(chosen), "systems": ", ".join(named)}


def _words(row: Endpoint) -> str:
    """What it gets, in one line."""
    what = "internal content" if row.is_internal else "what is public"
    size = "full" if row.is_full else "thin"
    words = [row.address, row.kinds or "every kind", row.systems or "every system", what, size]
    return "; ".join([*words, "on" if row.is_active else "off"])
