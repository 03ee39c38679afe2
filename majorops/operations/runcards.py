"""Operations on run cards (domain §9).

Kept in versions, brought to the fireground, ticked, flagged for review.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import AlarmLevel, CardTier, Severity
from majorops.domain.errors import Invalid
from majorops.domain.events import AuditKind, EventKind
from majorops.domain.runcards import matching, problems, steps
from majorops.domain.text import clean_line, clean_text
from majorops.models import Incident, RunCard, RunCardTick, RunCardUse, RunCardVersion
from majorops.operations import audit, operation, record


@operation(needs=Permission.DATA_MANAGE)
def add_card(*, tier: CardTier, name: str, systems: str, body: str, actor: Actor, now: datetime) -> RunCard:
    """A new run card with its first version. Raises Invalid."""
    name, systems, body = _checked(tier, name, systems, body, twin_of=None)
    card = RunCard(tier=tier, name=name, systems=systems, reviewed_at=now)
    db.session.add(card)
    db.session.flush()
    _add_version(card, body, actor, now)
    audit(AuditKind.RUNCARD_ADDED, card.name, actor=actor, now=now)
    return card


@operation(needs=Permission.DATA_MANAGE)
def save_card(
    card: RunCard, *, name: str, systems: str, body: str, is_active: bool, actor: Actor, now: datetime
) -> None:
    """Change a card; another text is another version, which counts as reviewed. Raises Invalid."""
    name, systems, body = _checked(card.tier, name, systems, body, twin_of=card)
    newest = newest_version(card)
    if (name, systems, is_active, body) == (card.name, card.systems, card.is_active, newest.body):
        return
    card.name, card.systems, card.is_active = name, systems, is_active
    if body != newest.body:
        _add_version(card, body, actor, now)
        card.reviewed_at, card.review_wanted_at, card.review_incident_id = now, None, None
    audit(AuditKind.RUNCARD_CHANGED, str(newest_version(card)), actor=actor, now=now)


@operation(needs=Permission.DATA_MANAGE)
def mark_reviewed(card: RunCard, *, actor: Actor, now: datetime) -> None:
    """Somebody read the card and it still holds."""
    card.reviewed_at, card.review_wanted_at, card.review_incident_id = now, None, None
    audit(AuditKind.RUNCARD_REVIEWED, card.name, actor=actor, now=now)


def newest_version(card: RunCard) -> RunCardVersion:
    """The text that the card has now; every card has at least one version. One query."""
    rows = select(RunCardVersion).filter_by(card_id=card.id).order_by(RunCardVersion.number.desc())
    return db.session.scalars(rows.limit(1)).one()


def cards_for(incident: Incident) -> list[RunCard]:
    """The cards in use that answer this incident, most specific first."""
    return matching(db.session.scalars(select(RunCard).filter_by(is_active=True)), incident.system_names)


def bring_card(incident: Incident, *, actor: Actor, now: datetime) -> None:
    """At Box 3 put the most specific matching card on the fireground, unless one is there (domain §9).

    Part of an operation.
    """
    if incident.alarm_level is not AlarmLevel.BOX_3 or incident.is_resolved:
        return
    if db.session.scalar(select(RunCardUse.id).filter_by(incident_id=incident.id).limit(1)):
        return
    cards = cards_for(incident)
    if cards:
        _put(incident, cards[0], actor, now)


@operation(needs=Permission.INCIDENT_COMMAND)
def choose_card(incident: Incident, card_id: int, *, actor: Actor, now: datetime) -> None:
    """Put another card on the fireground; what was ticked on the one before stays with it.

    Raises Invalid, Conflict.
    """
    card = db.session.get(RunCard, card_id)
    if card is None or not card.is_active:
        raise Invalid({"card": "There is no such run card."})
    _put(incident, card, actor, now)


def _put(incident: Incident, card: RunCard, actor: Actor, now: datetime) -> None:
    version = newest_version(card)
    use = db.session.scalar(select(RunCardUse).filter_by(incident_id=incident.id, version_id=version.id))
    if use is None:
        use = RunCardUse(incident_id=incident.id, version_id=version.id)
        db.session.add(use)
    use.put_by, use.put_at = actor.name, now
    record(incident, EventKind.RUNCARD_PUT, f"Run card: {version}", actor=actor, now=now)


@operation(needs=Permission.TIMELINE_NOTE)
def tick_step(
    incident: Incident, use_id: int, step: int, ticked: bool, *, actor: Actor, now: datetime
) -> None:
    """Tick or untick a step of a card on the fireground; who and when is kept. Raises Invalid, Conflict."""
    use = db.session.get(RunCardUse, use_id)
    if use is None or use.incident_id != incident.id:
        raise Invalid({"step": "This run card does not lie here."})
    texts = steps(use.version.body)
    if not 0 <= step < len(texts):
        raise Invalid({"step": "The run card has no such step."})
    tick = db.session.scalar(select(RunCardTick).filter_by(use_id=use.id, step=step))
    if ticked == (tick is not None):
        return
    if ticked:
        db.session.add(RunCardTick(incident_id=incident.id, use_id=use.id, step=step, by=actor.name, at=now))
    else:
        db.session.delete(tick)
    title = f"{'Done' if ticked else 'Undone'}: {texts[step]}"
    record(incident, EventKind.RUNCARD_TICKED, title, actor=actor, now=now)


def flag_used_cards(incident: Incident, *, actor: Actor, now: datetime) -> None:
    """After a Critical incident ask for a review of the cards that were used (domain §9); not after a drill.

    Part of an operation.
    """
    if incident.severity is not Severity.CRITICAL or incident.is_drill:
        return
    used = (
        select(RunCard)
        .join(RunCardVersion, RunCardVersion.card_id == RunCard.id)
        .join(RunCardUse, RunCardUse.version_id == RunCardVersion.id)
        .where(RunCardUse.incident_id == incident.id)
        .distinct()
    )
    cards = db.session.scalars(used).all()
    for card in cards:
        card.review_wanted_at, card.review_incident_id = now, incident.id
    if cards:
        title = f"Run card to review: {', '.join(card.name for card in cards)}"
        record(incident, EventKind.RUNCARD_FLAGGED, title, actor=actor, now=now)


def _add_version(card: RunCard, body: str, actor: Actor, now: datetime) -> None:
    last = db.session.scalar(select(func.max(RunCardVersion.number)).filter_by(card_id=card.id))
    row = RunCardVersion(card_id=card.id, number=(last or 0) + 1, body=body, by=actor.signed, at=now)
    db.session.add(row)
    db.session.flush()


def _checked(
    tier: CardTier, name: str, systems: str, body: str, *, twin_of: RunCard | None
) -> tuple[str, str, str]:
    errors = {}
    name, body = clean_line(name), clean_text(body)
    systems = ", ".join(
        dict.fromkeys(filter(None, (clean_line(part).lower() for part in systems.split(","))))
    )
    twin = db.session.scalar(select(RunCard).filter_by(name=name))
    if not name or len(name) > 120:
        errors["name"] = "A name has 1 to 120 characters."
    elif twin is not None and twin is not twin_of:
        errors["name"] = f"There is a run card {name} already."
    if not systems or len(systems) > 1000:
        errors["systems"] = "Name the systems, comma-separated; * stands for any letters, such as *-api."
    if found := problems(tier, body):
        errors["body"] = " ".join(found)
    if errors:
        raise Invalid(errors)
    return name, systems, body
