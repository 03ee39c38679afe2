"""Operations on the first public word of an incident: when it goes out, that it is undone, by whom.

An incident that waits is stored as not public, with the time from which it will be (`public_from`) or that
somebody has to read it first (`awaits_review`): no public surface has to know more. The worker publishes what
is due, whatever process opened it (`publish_due`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from flask import current_app
from sqlalchemy import select, union_all

from majorops.db import db
from majorops.domain.access import SYSTEM, Actor, Permission
from majorops.domain.enums import AlarmLevel
from majorops.domain.errors import Conflict
from majorops.domain.events import EventKind
from majorops.domain.text import clean_line
from majorops.domain.visibility import PublicState, first_title
from majorops.models import IS_RUNNING, AffectedSystem, Incident, System
from majorops.operations import operation, record
from majorops.operations.alarm import alarm_who_missed_it

FIELD = "is_public"  # entries name it, so that screens and the public pages know what changed
SHOWN, HIDDEN = "On public page: No › Yes", "On public page: Yes › No"


@dataclass(frozen=True)
class HoldPolicy:
    """What the settings say of the first public word.

    `boxes`: those whose incidents are public; `seconds`: how long the first word waits; `is_reviewed`: it
    waits until somebody has read it instead.
    """

    boxes: frozenset[int]
    seconds: float
    is_reviewed: bool

    def is_public(self, level: AlarmLevel) -> bool:
        """An incident of this Box is public unless whoever opens it says otherwise."""
        return int(level) in self.boxes


def hold_policy() -> HoldPolicy:
    """The settings of this installation."""
    settings = current_app.config
    return HoldPolicy(
        frozenset(settings["PUBLIC_BOXES"]), float(settings["PUBLIC_HOLD"]), bool(settings["PUBLIC_REVIEW"])
    )


def settle_at_opening(
    incident: Incident, wanted: bool | None, *, at_once: bool, actor: Actor, now: datetime
) -> None:
    """Decide what the public knows of a new incident; part of `open_incident`, after its first entry.

    `wanted`: public or private as whoever opened it chose, None as the setting says for its Box. `at_once`:
    nothing waits, as where what is told happened long ago. An entry says what is waited for; none where the
    incident is public at once, and none of a drill, which no public page ever shows.
    """
    incident.public_title = incident.public_title or title_now(incident)
    if incident.is_drill:
        incident.is_public = True
        return
    policy = hold_policy()
    by_box = policy.is_public(incident.alarm_level)
    if not (by_box if wanted is None else wanted):
        incident.is_public = False
        why = "as chosen" if by_box else f"as {incident.alarm_level.label} incidents are by setting"
        _tell(incident, EventKind.PUBLIC_WAITS, f"Opened privately, {why}", actor=actor, now=now)
    elif at_once:
        incident.is_public, incident.published_at = True, now
    else:
        _begin(incident, policy, actor=actor, now=now)


def _begin(incident: Incident, policy: HoldPolicy, *, actor: Actor, now: datetime) -> None:
    """Start what the first public word waits for; with nothing to wait for it goes out at once."""
    incident.is_public = False
    if policy.is_reviewed:
        incident.awaits_review = True
        title = f"Public when somebody has read it: “{incident.public_title}”"
    elif policy.seconds:
        incident.public_from = now + timedelta(seconds=policy.seconds)
        title = f"Public from {incident.public_from:%H:%M:%S} UTC: “{incident.public_title}”"
    else:
        incident.is_public, incident.published_at = True, now
        return
    _tell(incident, EventKind.PUBLIC_WAITS, title, actor=actor, now=now)


@operation(needs=Permission.PUBLISH)
def publish_incident(incident: Incident, *, actor: Actor, now: datetime, title: str | None = None) -> None:
    """Let the public know of the incident, at once: *Publish now*, and the review that was waited for.

    `title`: the public title that the person read; another one that stands by now is not published. What is
    over and did not wait is put on the page and announced to nobody: it was not opened just now. Called twice
    it publishes once. Raises Conflict.
    """
    if incident.is_drill:
        raise Conflict("A drill stays inside: no public page ever shows it.")
    if incident.is_public:
        return
    if title is not None and title != incident.public_title:
        raise Conflict(
            f"Not published: the public title changed meanwhile. It says now: “{incident.public_title}”"
        )
    words = "Read and published" if incident.awaits_review else "Published"
    _publish(incident, words, actor=actor, now=now)


@operation(needs=Permission.PUBLISH)
def publish_in_time(incident: Incident, *, actor: Actor, now: datetime) -> None:
    """Begin to publish a private incident: its first word waits as at the opening.

    What was public once, or is over, is so at once. Raises Conflict.
    """
    if incident.is_drill or incident.published_at or incident.is_resolved:
        return publish_incident(incident, actor=actor, now=now)
    if incident.public_state is not PublicState.PRIVATE:
        return None
    policy = hold_policy()
    if not (policy.is_reviewed or policy.seconds):
        return _publish(incident, "Published", actor=actor, now=now)
    incident.public_title = incident.public_title or title_now(incident)
    _begin(incident, policy, actor=actor, now=now)
    alarm_who_missed_it(incident, actor=actor, now=now)
    return None


@operation(needs=Permission.PUBLISH)
def keep_private(incident: Incident, *, actor: Actor, now: datetime) -> None:
    """*Undo*: the first public word does not go out, the incident stays private.

    Raises Conflict once it went out.
    """
    if incident.is_public:
        at = incident.published_at
        since = f" since {at:%H:%M:%S} UTC" if at else ""
        raise Conflict(f"Too late to undo: it is public{since}. Set On public page to No to take it back.")
    if incident.public_state is PublicState.PRIVATE:
        return
    keep_inside(incident)
    _tell(incident, EventKind.PUBLIC_UNDONE, "Undone: not published, stays private", actor=actor, now=now)


@operation(needs=Permission.PUBLISH)
def hide_incident(incident: Incident, *, actor: Actor, now: datetime) -> None:
    """Take a public incident from the public pages; undo what waits. The words of the field's own edit."""
    if not incident.is_public:
        return keep_private(incident, actor=actor, now=now)
    incident.is_public = False
    _tell(incident, EventKind.FIELD_CHANGED, HIDDEN, actor=actor, now=now)
    return None


def keep_inside(incident: Incident) -> None:
    """Make an incident private and forget what waits; part of an operation that records why."""
    incident.is_public, incident.public_from, incident.awaits_review = False, None, False


@operation(needs=Permission.PUBLISH)
def publish_held(incident: Incident, *, actor: Actor, now: datetime) -> None:
    """Publish an incident whose time has come; nothing where it was undone or published meanwhile."""
    if incident.public_from is not None and incident.public_from <= now:
        seconds = round(hold_policy().seconds)
        _publish(incident, f"Published by itself, {seconds} s after it was asked for", actor=actor, now=now)


def publish_due(now: datetime) -> None:
    """Look whether the time of any incident has come, and only then write; the worker's part."""
    due = select(Incident).where(Incident.public_from.is_not(None), Incident.public_from <= now)
    for incident in db.session.scalars(due.order_by(Incident.public_from).limit(50)).all():
        publish_held(incident, actor=SYSTEM, now=now)


def _publish(incident: Incident, words: str, *, actor: Actor, now: datetime) -> None:
    was_private = incident.public_state is PublicState.PRIVATE
    incident.is_public, incident.public_from, incident.awaits_review = True, None, False
    incident.published_at = incident.published_at or now
    incident.public_title = incident.public_title or title_now(incident)
    if was_private and incident.is_resolved:
        _tell(incident, EventKind.FIELD_CHANGED, SHOWN, actor=actor, now=now)
        return
    title = f"{words}: “{incident.public_title}”"
    _tell(incident, EventKind.INCIDENT_PUBLISHED, title, actor=actor, now=now)
    if was_private:
        alarm_who_missed_it(incident, actor=actor, now=now)


def _tell(incident: Incident, kind: EventKind, title: str, *, actor: Actor, now: datetime) -> None:
    record(incident, kind, title, field=FIELD, actor=actor, now=now)


def title_now(incident: Incident) -> str:
    """The public title that the settings and the catalogue give this incident as it is now."""
    return title_of(incident.system_names, incident.title)


def title_of(systems: list[str], title: str) -> str:
    """The public title that an incident with these systems and this internal title begins with.

    Only systems of the catalogue that are public are named: what was typed at intake nobody has read yet.
    """
    rows = select(System.name, System.public_title).where(
        System.name.in_(systems), System.is_public.is_(True)
    )
    known = dict(db.session.execute(rows).all())
    names = [name for name in systems if name in known]
    own = next((known[name].replace("{system}", name) for name in names if known[name]), "")
    return first_title(cast(str, current_app.config["PUBLIC_TITLE"]), title, names, own)


def title_preview(typed: str) -> str:
    """What `title_now` would say of the systems as they are typed at intake, `…` until one is named.

    A template that hands on the internal title says `{title}` here.
    """
    names = [name for part in typed.split(",") if (name := clean_line(part).lower())][:30]
    if names:
        return title_of(names, "{title}")
    return first_title(cast(str, current_app.config["PUBLIC_TITLE"]), "{title}", ["…"])


def follow_title(incident: Incident, was: str) -> None:
    """Keep a public title that nobody wrote true until it is read outside; part of an edit.

    `was`: what `title_now` said before the edit. Published words do not change by themselves.
    """
    if incident.published_at is None and incident.public_title in ("", was):
        incident.public_title = title_now(incident)


def titles_before(names: set[str]) -> dict[Incident, str]:
    """What `title_now` says of each incident with one of these systems that may yet go out unread.

    Held until the operation ends. Before a change of the catalogue; after it, `follow_titles`.
    """
    unsaid = (Incident.is_public.is_(False), Incident.published_at.is_(None), Incident.is_drill.is_(False))
    numbers = union_all(
        select(Incident.id).where(IS_RUNNING), select(Incident.id).where(Incident.public_from.is_not(None))
    )
    named = Incident.systems.any(AffectedSystem.name.in_(names))
    rows = select(Incident).where(Incident.id.in_(numbers), *unsaid, named).order_by(Incident.id)
    found = db.session.scalars(rows.with_for_update().execution_options(populate_existing=True)).all()
    return {incident: title_now(incident) for incident in found}


def follow_titles(before: dict[Incident, str], *, actor: Actor, now: datetime) -> None:
    """Keep public titles that nobody wrote true after the catalogue changed: a name may be hidden now."""
    for incident, was in before.items():
        old = incident.public_title
        follow_title(incident, was)
        if incident.public_title != old:
            title = f"Public title: {old or '(empty)'} › {incident.public_title}"
            kind, shown = EventKind.FIELD_CHANGED, title if len(title) <= 200 else "Public title changed"
            detail = "" if shown == title else title
            record(incident, kind, shown, detail=detail, field="public_title", actor=actor, now=now)
