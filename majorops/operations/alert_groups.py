"""What people do with alerts: open an incident from a group, attach it to one that runs, call it noise."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from majorops.db import changed_rows, db
from majorops.domain.access import Actor, Permission
from majorops.domain.alert_rules import is_continued
from majorops.domain.enums import AlertState, HookState, Severity
from majorops.domain.errors import Conflict, Invalid, NotFound
from majorops.domain.events import AuditKind
from majorops.domain.text import clean_line
from majorops.models import Alert, AlertDelivery, AlertGroup, AlertSilence, AlertSource, Incident
from majorops.operations import audit, demand_open, operation
from majorops.operations.alert_incidents import attach, locked, newest_of, open_from, tell_incident

REASON_LONGEST = 300
DAYS_KEPT, ALERTS_KEPT = timedelta(days=7), timedelta(days=30)
AT_ONCE = 500  # rows that are forgotten in one step
SILENCES = {60: "1 hour", 240: "4 hours", 1_440: "1 day", 10_080: "7 days"}  # minutes, as they are offered


@operation(needs=Permission.INCIDENT_OPEN)
def open_from_alerts(
    group_id: int, *, severity: Severity, actor: Actor, now: datetime, continues: bool = False
) -> Incident:
    """Open an incident from a group of alerts; who opens it is its MIM. Returns it.

    `continues`: as the continuation of the resolved one that the group belonged to.
    Raises NotFound, Conflict.
    """
    group = held_group(group_id)
    over = newest_of(group.incident) if group.incident else None
    if over is not None and not over.is_resolved:
        raise Conflict(f"These alerts belong to {over.reference}, which runs.")
    if group.state is AlertState.CLEARED:
        raise Conflict("These alerts have cleared. Open an incident at New, if one is needed.")
    if continues and over is None:
        raise Conflict("These alerts belonged to no incident.")
    kept = over if continues else None
    return open_from(group, severity=severity, by=actor.name, over=kept, actor=actor, now=now)


@operation(needs=Permission.INCIDENT_COMMAND)
def attach_alerts(group_id: int, number: int, *, actor: Actor, now: datetime) -> None:
    """Attach a group of alerts to a running incident. Raises NotFound, Conflict (resolved)."""
    group = held_group(group_id)
    incident = db.session.get(Incident, number)
    if incident is None:
        raise NotFound("There is no such incident.")
    if incident.is_resolved and is_continued(incident.resolved_at, now):
        raise Conflict(f"{incident.reference} is resolved and takes no new alerts. Continue it from here.")
    demand_open(incident)
    attach(incident, group, actor.name, actor=actor, now=now)
    tell_incident(incident.id, (), actor=actor, now=now)


@operation(needs=Permission.INCIDENT_COMMAND)
def silence_group(group_id: int, *, minutes: int, reason: str, actor: Actor, now: datetime) -> AlertSilence:
    """Call a group noise for so many minutes (one of SILENCES): no rule acts on it, what comes is counted.

    A second one takes the place of the first. Returns it. Raises NotFound, Invalid.
    """
    group, reason = held_group(group_id), clean_line(reason)
    if minutes not in SILENCES:
        raise Invalid({"minutes": "Choose how long."})
    if len(reason) > REASON_LONGEST:
        raise Invalid({"reason": f"At most {REASON_LONGEST} characters; this has {len(reason)}."})
    _end(group, now)
    group.silenced_until = now + timedelta(minutes=minutes)
    row = AlertSilence(
        group_id=group.id,
        reason=reason,
        by_name=actor.name,
        made_at=now,
        until=group.silenced_until,
        hushed=0,
    )
    db.session.add(row)
    detail = f"Until {group.silenced_until:%Y-%m-%d %H:%M} UTC. {reason}".strip()
    audit(AuditKind.ALERT_SILENCED, group.title, detail=detail, actor=actor, now=now)
    return row


@operation(needs=Permission.INCIDENT_COMMAND)
def end_silence(group_id: int, *, actor: Actor, now: datetime) -> None:
    """Take a silence back before its end. Raises NotFound, Conflict where there is none."""
    group = held_group(group_id)
    if group.silenced_until is None or group.silenced_until <= now:
        raise Conflict("These alerts are not silenced.")
    _end(group, now)
    audit(AuditKind.ALERT_SILENCE_ENDED, group.title, actor=actor, now=now)


def _end(group: AlertGroup, now: datetime) -> None:
    is_on = (AlertSilence.group_id == group.id, AlertSilence.ended_at.is_(None), AlertSilence.until > now)
    for row in db.session.scalars(select(AlertSilence).where(*is_on)):
        row.ended_at = now
    group.silenced_until = None


def held_group(number: int) -> AlertGroup:
    """The group, its source held as whoever takes alerts in holds it. Raises NotFound."""
    group = db.session.get(AlertGroup, number) if number < 2**31 else None
    if group is None:
        raise NotFound("There are no such alerts.")
    held = select(AlertSource.id).filter_by(id=group.source_id).with_for_update(key_share=True)
    db.session.execute(held)
    db.session.refresh(group)
    if group.incident_id is not None:
        locked(group.incident_id)
    return group


@operation(needs=None)
def forget_alerts(*, actor: Actor, now: datetime) -> int:
    """Forget deliveries after a week and cleared alerts of no incident after a month, a step of them.

    Returns how many went; call it again until none did.
    """
    old = select(AlertDelivery.id).where(
        AlertDelivery.received_at < now - DAYS_KEPT, AlertDelivery.state != HookState.PENDING
    )
    gone = select(Alert.id).where(Alert.incident_id.is_(None), Alert.cleared_at < now - ALERTS_KEPT)
    empty = select(AlertGroup.id).where(
        AlertGroup.last_at < now - ALERTS_KEPT,
        AlertGroup.state == AlertState.CLEARED,
        ~select(Alert.id).where(Alert.group_id == AlertGroup.id).exists(),
        ~select(AlertSilence.id).where(AlertSilence.group_id == AlertGroup.id).exists(),
    )
    number = 0
    for model, query in ((AlertDelivery, old), (Alert, gone), (AlertGroup, empty)):
        ids = list(db.session.scalars(query.limit(AT_ONCE)))
        number += changed_rows(delete(model).where(model.id.in_(ids))) if ids else 0
    return number
