"""The operation behind every click-to-edit: one value, checked against what the person saw."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.errors import Conflict, Forbidden, Invalid, NotFound
from majorops.domain.events import EventKind
from majorops.domain.text import clean_text
from majorops.models import Incident, TimelineEvent
from majorops.operations import demand_open, operation, record
from majorops.operations.fields import FIELDS, Field

DISCARDED_AT_MOST = 10_000  # characters


@operation(needs=Permission.INCIDENT_COMMAND)
def edit_field(
    incident: Incident,
    name: str,
    typed: str,
    *,
    actor: Actor,
    now: datetime,
    was: str | None = None,
    override: str = "",
) -> bool:
    """Set one field of the registry to what was typed.

    `was`: the text the person saw; None skips the comparison. `override`: for a status whose gate is closed.
    Returns whether anything changed. Raises NotFound (no such field), Forbidden (the field asks for another
    permission), Invalid, Conflict (changed meanwhile: both texts are in it; or the incident is resolved),
    GateClosed.
    """
    field = FIELDS.get(name)
    if field is None:
        raise NotFound(f"There is no field {name}.")
    if refusal := actor.refusal(field.needs):
        raise Forbidden(refusal)
    if field.frozen_when_resolved:
        demand_open(incident)
    value = field.accept(typed)
    stored = field.read(incident)
    if was is not None and was != stored:
        if _same(field, typed, stored):
            return False
        by, at = last_edit(incident, name)
        raise Conflict(f"{field.label} was changed meanwhile.", theirs=stored, by=by, at=at)
    before = incident.version
    if field.write:
        field.write(incident, value, override=override, actor=actor, now=now)
    else:
        _write(incident, field, value, stored, actor=actor, now=now)
    return incident.version > before


@operation(needs=Permission.INCIDENT_COMMAND)
def edit_fields(
    incident: Incident,
    given: dict[str, tuple[str, str | None]],
    *,
    rename: dict[str, str],
    actor: Actor,
    now: datetime,
) -> None:
    """Set several fields or none: name → (typed, was), `was` as for `edit_field`.

    `rename`: how a form calls them in errors. Raises Invalid with every field that was not set, also for a
    conflict, and else as `edit_field`.
    """
    errors: dict[str, str] = {}
    for name, (typed, was) in given.items():
        try:
            edit_field(incident, name, typed, was=was, actor=actor, now=now)
        except Invalid as problem:
            errors |= {rename.get(key, key): sentence for key, sentence in problem.errors.items()}
        except Conflict as problem:
            theirs = f" It says now: {problem.theirs}" if problem.theirs is not None else ""
            errors[rename.get(name, name)] = f"{problem}{theirs}"
    if errors:
        raise Invalid(errors)


@operation(needs=Permission.INCIDENT_COMMAND)
def record_discarded_edit(incident: Incident, name: str, typed: str, *, actor: Actor, now: datetime) -> None:
    """Keep what one person typed where two edited one field and the other's text was taken.

    An internal entry; none where both texts read alike. Raises NotFound (no such field), Invalid.
    """
    if (field := FIELDS.get(name)) is None:
        raise NotFound(f"There is no field {name}.")
    shown = clean_text(typed)
    if len(shown) > DISCARDED_AT_MOST:
        raise Invalid({name: f"At most {DISCARDED_AT_MOST:,} characters; this has {len(shown):,}."})
    if not shown or field.show(shown) == field.show(field.read(incident)):
        return
    record(
        incident,
        EventKind.EDIT_DISCARDED,
        f"{field.label}: not taken, the other text stands",
        detail=field.show(shown),
        actor=actor,
        now=now,
    )


def _same(field: Field, typed: str, stored: str) -> bool:
    """Both people typed the same: no conflict, nothing to save."""
    try:
        return bool(field.parse(typed) == field.parse(stored))
    except ValueError:
        return False


def _write(incident: Incident, field: Field, value: Any, stored: str, *, actor: Actor, now: datetime) -> None:
    if missing := field.why_missing(incident):
        raise Invalid({field.name: missing})
    if refusal := field.check(incident, value, now) if field.check else "":
        raise Invalid({field.name: f"{field.label}: {refusal}"})
    field.set(incident, value)
    db.session.flush()
    new = field.read(incident)
    if new == stored:
        return
    shown = [field.show(text) or "(empty)" for text in (stored, new)]
    one_line = f"{field.label}: {shown[0]} › {shown[1]}"
    fits = "\n" not in one_line and len(one_line) <= 200
    record(
        incident,
        EventKind.FIELD_CHANGED,
        one_line if fits else f"{field.label} changed",
        detail="" if fits else f"{shown[0]} › {shown[1]}",
        field=field.name,
        actor=actor,
        now=now,
    )
    if field.then:
        field.then(incident, value, actor, now)


def last_edit(incident: Incident, name: str, after: int = 0) -> tuple[str | None, datetime | None]:
    """Who changed the field last, and when; None, None for nobody after entry `after`."""
    last = (
        select(TimelineEvent.actor_name, TimelineEvent.at)
        .where(TimelineEvent.seq > after)
        .filter_by(incident_id=incident.id, field=name)
        .order_by(TimelineEvent.seq.desc())
    )
    row = db.session.execute(last.limit(1)).first()
    return (row.actor_name, row.at) if row else (None, None)
