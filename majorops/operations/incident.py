"""Operations on the incident as a whole: open, continue, severity, alarm level."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from majorops.db import db
from majorops.domain import text as words
from majorops.domain.access import Actor, Permission
from majorops.domain.after_close import merged_sentence
from majorops.domain.alarm import LEVELS, level_after, level_refusal
from majorops.domain.enums import AlarmLevel, CommandRole, IntakeSource, Severity, Visibility
from majorops.domain.errors import Conflict, Invalid
from majorops.domain.events import EventKind
from majorops.models import AffectedSystem, CommandAssignment, Incident
from majorops.operations import operation, record
from majorops.operations.alarm import raise_alarm
from majorops.operations.command import assign
from majorops.operations.first_word import settle_at_opening
from majorops.operations.runcards import bring_card


@operation(needs=Permission.INCIDENT_OPEN)
def open_incident(
    *,
    title: str,
    severity: Severity,
    systems: list[str],
    actor: Actor,
    now: datetime,
    bridge_url: str | None = None,
    detected_at: datetime | None = None,
    request_key: str | None = None,
    source: IntakeSource = IntakeSource.WEB,
    is_drill: bool = False,
    issue_time: datetime | None = None,
    is_public: bool | None = None,
    public_title: str = "",
    waits: bool = True,
    **alert: object,
) -> Incident:
    """Open an incident (guide, "Opening an Incident").

    `title`, `systems`, `bridge_url` are cleaned values. `detected_at`: when the problem began (default:
    now; never after it). `request_key`: the form's own key; the same key opens one incident however often
    it is sent. `is_public`: None as the setting says for the Box; the first public word waits as the settings
    say, unless `waits` is False. `public_title`: empty for the template's. `issue_time` and `alert`: what the
    monitoring system knew (alert_id, customer_count, external_impact, …). Returns the new incident, or the
    one this key opened before. Raises Invalid.
    """
    if request_key and (known := db.session.scalar(select(Incident).filter_by(request_key=request_key))):
        return known
    if detected_at and detected_at > now:
        raise Invalid({"began_at": "The problem cannot have begun after now."})
    incident = Incident(
        title=title,
        severity=severity,
        alarm_level=LEVELS[severity],
        phase_entered_at=now,
        detected_at=detected_at or now,
        opened_at=now,
        bridge_url=bridge_url,
        is_drill=is_drill,
        issue_time=issue_time,
        opened_by_id=actor.user_id,
        opened_by_name=actor.name,
        intake_source=source,
        request_key=request_key,
        public_title=public_title,
        version=0,
        systems=[AffectedSystem(name=name) for name in systems],
        **alert,
    )
    db.session.add(incident)
    db.session.flush()
    record(
        incident,
        EventKind.INCIDENT_OPENED,
        f"Incident opened. {severity.label}, {incident.alarm_level.label}.",
        actor=actor,
        now=now,
    )
    settle_at_opening(incident, is_public, at_once=not waits, actor=actor, now=now)
    if issue_time:
        record_alert_fired(incident, actor=actor, now=now)
    if actor.is_person and not actor.token:  # what a program opens waits for "I have command"
        assign(incident, CommandRole.MIM, actor.name, user_id=actor.user_id, actor=actor, now=now)
    raise_alarm(incident, None, actor=actor, now=now)
    bring_card(incident, actor=actor, now=now)
    return incident


def record_alert_fired(incident: Incident, *, actor: Actor, now: datetime) -> None:
    """Log when the alert fired (`issue_time`, which is set), public (domain §6). Part of an operation."""
    title = f"Alert fired {incident.issue_time:%Y-%m-%d %H:%M:%S} UTC"
    record(
        incident,
        EventKind.ALERT_FIRED,
        title,
        actor=actor,
        now=now,
    )


@operation(needs=Permission.INCIDENT_OPEN)
def continue_incident(
    incident: Incident, *, actor: Actor, now: datetime, stays_private: bool = False
) -> Incident:
    """Open a new incident that continues a resolved one, linked both ways (domain §4).

    It inherits both titles, severity, systems, command team and bridge, and whether it is a drill or private:
    of what was public the public title was read already, so it does not wait, unless it had none, as what was
    imported. `stays_private`: no person continues it, so that nothing is published. A second call returns the
    incident that continues it already. Raises Conflict.
    """
    if refusal := continue_refusal(incident):
        raise Conflict(refusal)
    if incident.continued_by:
        return incident.continued_by
    new = open_incident(
        title=incident.title,
        severity=incident.severity,
        systems=incident.system_names,
        bridge_url=incident.bridge_url,
        is_drill=incident.is_drill,
        is_public=incident.is_meant_public and not stays_private,
        public_title=incident.public_title,
        waits=not (incident.is_public and incident.public_title),
        actor=actor,
        now=now,
    )
    new.continues = incident
    new.bridge_is_public = incident.bridge_is_public
    last_assignments = (
        select(CommandAssignment).filter_by(incident_id=incident.id).order_by(CommandAssignment.since)
    )
    held = {row.role: row for row in db.session.scalars(last_assignments)}
    for role, row in held.items():
        if role is not CommandRole.MIM:
            assign(new, role, row.name, user_id=row.user_id, actor=actor, now=now)
    inside = (
        Visibility.INTERNAL if stays_private else None
    )  # of what the public does not know it reads nothing
    for one, kind, title in (
        (new, EventKind.INCIDENT_CONTINUES, f"Continues {incident.reference}."),
        (incident, EventKind.INCIDENT_CONTINUED, f"Continued as {new.reference}."),
    ):
        record(one, kind, title, visibility=inside, actor=actor, now=now)
    return new


def continue_refusal(incident: Incident) -> str:
    """Why the incident cannot be continued; empty when it can."""
    if incident.merged_into:
        return merged_sentence(incident.reference, incident.merged_into.reference)
    if incident.is_resolved:
        return ""
    return f"{incident.reference} is still open. Only a resolved incident is continued."


@operation(needs=Permission.INCIDENT_COMMAND)
def change_severity(
    incident: Incident, severity: Severity, *, actor: Actor, now: datetime, reason: str = ""
) -> None:
    """Set the severity; the alarm level follows and both are logged (domain §2).

    The reason stays internal.
    """
    old, old_level = incident.severity, incident.alarm_level
    if severity is old:
        return
    incident.severity = severity
    incident.alarm_level = level_after(severity, old, old_level)
    if incident.alarm_level is not old_level:
        incident.alarm_level_at = now
    title = f"Severity {old.label} › {severity.label}, {old_level.label} › {incident.alarm_level.label}"
    record(
        incident,
        EventKind.SEVERITY_CHANGED,
        title,
        field="severity",
        actor=actor,
        now=now,
    )
    raise_alarm(incident, old_level, actor=actor, now=now)
    bring_card(incident, actor=actor, now=now)
    if reason:
        record_reason(incident, f"Severity {severity.label}", reason, actor=actor, now=now)


@operation(needs=Permission.INCIDENT_COMMAND)
def set_alarm_level(incident: Incident, level: AlarmLevel, *, actor: Actor, now: datetime) -> None:
    """Raise the Box above what the severity gives, or take that back; never below it. Raises Invalid."""
    old = incident.alarm_level
    if refusal := level_refusal(incident.severity, level):
        raise Invalid({"alarm_level": refusal})
    if level == old:
        return
    incident.alarm_level, incident.alarm_level_at = level, now
    title = f"Alarm level {old.label} › {level.label}"
    record(
        incident,
        EventKind.ALARM_CHANGED,
        title,
        field="alarm_level",
        actor=actor,
        now=now,
    )
    raise_alarm(incident, old, actor=actor, now=now)
    bring_card(incident, actor=actor, now=now)


def record_reason(incident: Incident, what: str, reason: str, *, actor: Actor, now: datetime) -> None:
    """Keep the written reason of a public step, as an internal entry of its own. Part of an operation."""
    record(
        incident,
        EventKind.REASON_GIVEN,
        f"Reason: {what}",
        detail=words.clean_text(reason),
        actor=actor,
        now=now,
    )
