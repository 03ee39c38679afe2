"""What alerts do for incidents: a rule or a person opens one, attaches them, and they say when all cleared.

Alerts never advance, publish, lower or close anything. Part of operations on alerts; locks go from the source
to the incident.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select, update

from majorops.db import db
from majorops.domain import alerts
from majorops.domain.access import Actor, machine
from majorops.domain.alert_rules import COUNT_MOST, Outcome, Rule, decide, outcome
from majorops.domain.alerts import Heard, is_believed, title_of
from majorops.domain.enums import AlertState, IntakeSource, Severity
from majorops.domain.events import EventKind
from majorops.domain.parsing import as_text
from majorops.domain.text import count, meeting_link
from majorops.models import (
    IS_OPEN_ALERT,
    IS_RUNNING,
    AffectedSystem,
    Alert,
    AlertGroup,
    AlertSource,
    Incident,
)
from majorops.operations import record
from majorops.operations.alert_rules import active_rules
from majorops.operations.edit import edit_field
from majorops.operations.incident import continue_incident, open_incident

FIRED, CLEARED = "alert.issue_time", "alert.resolve_time"
CHAIN_MOST = 20  # continuations of an incident that are followed


@dataclass
class Touched:
    """A group that was heard of: which of its alerts were said to fire, and how it stands afterwards.

    `is_running`: the incident that it is attached to runs; `has_fired`: an alert fired that did not before.
    """

    group: AlertGroup
    is_running: bool
    heard: list[Heard] = field(default_factory=list)
    has_fired: bool = False
    was_cleared: bool = False
    firing: int = 0

    def hear(self, said: Heard) -> None:
        """Keep what was said to fire, for the rules."""
        self.heard.append(said)


def follow_up(source: AlertSource, touched: Sequence[Touched], now: datetime) -> frozenset[int]:
    """Do what follows for incidents once the alerts of these groups are written; returns their numbers."""
    rules = active_rules()
    for one in touched:
        is_noise = one.group.silenced_until is not None and one.group.silenced_until > now
        if one.heard and one.firing and not one.is_running and not is_noise:
            _decide(source, one, rules, now)
    numbers = sorted({one.group.incident_id for one in touched if one.is_running and one.group.incident_id})
    for number in numbers:
        mine = [one for one in touched if one.group.incident_id == number]
        tell_incident(number, mine, actor=machine(f"Alerts of {source.name}"), now=now)
    return frozenset(numbers)


# Rules


def labels_for_rules(
    labels: Mapping[str, str], title: str, severity: str, source: str, systems: Iterable[str]
) -> dict[str, str]:
    """What the conditions of a rule may name: the alert's labels, and ours where it has none of that name."""
    own = {"title": title, "severity": severity, "source": source, "system": " ".join(systems)}
    return {**own, **labels}


def _decide(source: AlertSource, one: Touched, rules: Sequence[Rule], now: datetime) -> None:
    group = one.group
    systems = group.system_names
    found = [labels_for_rules(h.labels, h.title, h.severity, source.name, systems) for h in one.heard]
    counts = any(rule.at_count > 1 for rule in rules)
    rule = decide(rules, source.id, found, fired_at(group) if counts else [], now)
    if rule is None:
        _note(group, "No rule acts yet." if rules else "")
        return
    running = running_for(source, group, now)
    over = newest_of(group.incident) if group.incident else None
    resolved_at = over.resolved_at if over else None
    found_outcome = outcome(rule.action, has_running=running is not None, resolved_at=resolved_at, now=now)
    who = machine(f"Rule {rule.name} of {source.name}")
    if found_outcome is Outcome.WAIT:
        _note(group, f"Waits for a person: rule {rule.name}.")
    elif running is not None:
        attach(running, group, f"Rule {rule.name}", actor=who, now=now)
        one.is_running = True
    else:
        continued = over if found_outcome is Outcome.CONTINUE else None
        open_from(group, severity=rule.severity, by=f"Rule {rule.name}", over=continued, actor=who, now=now)


def fired_at(group: AlertGroup) -> list[datetime]:
    """When the newest COUNT_MOST alerts of a group came."""
    newest = select(Alert.heard_at).filter_by(group_id=group.id).order_by(Alert.heard_at.desc())
    return list(db.session.scalars(newest.limit(COUNT_MOST)))


def running_for(source: AlertSource, group: AlertGroup, now: datetime) -> Incident | None:
    """The running incident that a group belongs to, the newest: by a system, or with the rest of a flood."""
    real = select(Incident).where(IS_RUNNING, Incident.is_drill.is_(False))
    if group.incident is not None and not (last := newest_of(group.incident)).is_resolved:
        return last
    if systems := group.system_names:
        named = real.join(AffectedSystem).where(AffectedSystem.name.in_(systems))
        if found := db.session.scalar(named.order_by(Incident.opened_at.desc(), Incident.id.desc()).limit(1)):
            return found
    if group.key != alerts.digest(alerts.FLOOD_KEY):
        return None
    since = (AlertGroup.source_id == source.id, AlertGroup.since >= now - alerts.FLOOD_WITHIN)
    others = select(AlertGroup.incident_id).where(*since, AlertGroup.incident_id.is_not(None))
    numbers = list(db.session.scalars(others.limit(2 * alerts.FLOOD)))
    newest = real.where(Incident.id.in_(numbers)).order_by(Incident.id.desc()).limit(1)
    return db.session.scalar(newest) if numbers else None


def newest_of(incident: Incident) -> Incident:
    """What goes on with an incident: the one that it was merged into, and the last of its continuations."""
    for _ in range(CHAIN_MOST):
        following = incident.merged_into or incident.continued_by
        if following is None:
            break
        incident = following
    return incident


def _note(group: AlertGroup, words: str) -> None:
    quiet = {"synchronize_session": False}
    db.session.execute(
        update(AlertGroup).filter_by(id=group.id).values(decided=words[:300]), execution_options=quiet
    )


# Opening and attaching


def open_from(
    group: AlertGroup,
    *,
    severity: Severity,
    by: str,
    actor: Actor,
    now: datetime,
    over: Incident | None = None,
    title: str = "",
) -> Incident:
    """Open an incident from a group, filled in from its alerts; or the continuation of one that is `over`.

    `by`: what decided, `Rule disk full`; `title`: else that of the alerts. What no person opens waits for
    somebody to take command. Returns the incident.
    """
    ones = open_alerts(group, most=1)
    number, began = group.firing + group.acknowledged, min(_first(group, now), now)
    if over is not None:
        alone = not actor.is_person
        incident = continue_incident(locked(over.id), stays_private=alone, actor=actor, now=now)
    else:
        incident = open_incident(
            title=title or title_of([one.title for one in ones] or [group.title], number),
            severity=severity,
            systems=group.system_names,
            bridge_url=_bridge(ones),
            issue_time=began,
            detected_at=began,
            alert_id=group.title,
            source=IntakeSource.WEBHOOK,
            is_public=None if actor.is_person else False,  # an alert publishes nothing
            actor=actor,
            now=now,
        )
    attach(incident, group, by, actor=actor, now=now)
    return incident


def _bridge(ones: Sequence[Alert]) -> str | None:
    """The meeting that an alert names, as PagerDuty's conference bridge."""
    named = [one.label_texts.get("conference_url", "") for one in ones]
    address = meeting_link(named[0]) if named and named[0] else None
    return address if address and len(address) <= 2_000 else None


def open_alerts(group: AlertGroup, most: int) -> list[Alert]:
    """The open alerts of a group, the first ones."""
    mine = select(Alert).where(Alert.group_id == group.id, IS_OPEN_ALERT)
    return list(db.session.scalars(mine.order_by(Alert.id).limit(most)))


def _first(group: AlertGroup, now: datetime) -> datetime:
    earliest = select(func.min(Alert.started_at)).where(Alert.group_id == group.id, IS_OPEN_ALERT)
    return db.session.scalar(earliest) or now


def attach(incident: Incident, group: AlertGroup, by: str, *, actor: Actor, now: datetime) -> None:
    """Make the open alerts of a group the incident's: an entry says so, *alert fired* is filled in if empty.

    Nothing where they are attached already.
    """
    if group.incident_id == incident.id:
        return
    incident = locked(incident.id)
    quiet = {"synchronize_session": False}
    mine = update(Alert).where(Alert.group_id == group.id, IS_OPEN_ALERT).values(incident_id=incident.id)
    db.session.execute(mine, execution_options=quiet)
    words = {"incident_id": incident.id, "decided": f"{by}: {incident.reference}."[:300], "flaps": 0}
    known = update(AlertGroup).filter_by(id=group.id).values(**words)
    db.session.execute(known, execution_options=quiet)
    db.session.expire(group)
    title = f"{by} attached {count(group.firing + group.acknowledged, 'alert')}: {group.title}"
    detail = "\n".join(
        filter(None, (f"Source: {group.source.name}", f"Systems: {', '.join(group.system_names)}"))
    )
    record(incident, EventKind.ALERT_ATTACHED, title, detail=detail, actor=actor, now=now)
    if incident.issue_time is None:
        edit_field(incident, FIRED, as_text(_first(group, now)), actor=actor, now=now)
    if incident.alert_id is None:
        edit_field(incident, "alert.alert_id", group.title, actor=actor, now=now)


def locked(number: int) -> Incident:
    """The incident, read afresh and held until the end."""
    return db.session.get_one(Incident, number, with_for_update=True, populate_existing=True)


# How an incident's alerts stand


def tell_incident(number: int, touched: Sequence[Touched], *, actor: Actor, now: datetime) -> None:
    """Set *alert cleared* when all alerts of an incident have cleared, and take it back when one fires again.

    Not of what fires again and again: then it stays open until a person says so. Nothing at a resolved
    incident.
    """
    incident = locked(number)
    if incident.is_resolved:
        return
    still = select(Alert.id).filter_by(incident_id=number, state=AlertState.FIRING).limit(1)
    waiting = select(Alert.id).filter_by(incident_id=number, state=AlertState.ACKNOWLEDGED).limit(1)
    is_open = db.session.scalar(still) is not None or db.session.scalar(waiting) is not None
    groups = select(func.max(AlertGroup.flaps)).filter_by(incident_id=number)
    if not is_open and incident.resolve_time is None and is_believed(db.session.scalar(groups) or 0):
        ended = select(func.max(Alert.cleared_at)).filter_by(incident_id=number)
        edit_field(incident, CLEARED, as_text(db.session.scalar(ended) or now), actor=actor, now=now)
    elif (
        is_open and incident.resolve_time is not None and (again := [one for one in touched if one.has_fired])
    ):
        for one in again:
            one.group.flaps += 1
        edit_field(incident, CLEARED, "", actor=actor, now=now)
        title = f"Alert fired again: {again[0].group.title}"
        record(incident, EventKind.ALERT_REFIRED, title, actor=actor, now=now)


def alerts_of(number: int) -> dict[AlertState, int]:
    """How many alerts of an incident stand how. One query."""
    mine = select(Alert.state, func.count()).filter_by(incident_id=number).group_by(Alert.state)
    return dict(db.session.execute(mine).all())
