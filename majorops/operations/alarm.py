"""The alarm level as an act (domain §2).

Reaching a Box notifies the people and asks for the roles that it calls for.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Actor
from majorops.domain.alarm import TRIGGERS, roles_asked
from majorops.domain.enums import AccountRole, AlarmLevel, Notice
from majorops.domain.events import EventKind
from majorops.domain.notices import AUDIENCE, Reach, levels_reached, outcome
from majorops.models import AffectedSystem, Incident, System, User
from majorops.operations import record
from majorops.operations.outbox import audience, notify

WORDS = {
    AccountRole.MIM: ("MIM on standby", "MIMs on standby"),
    AccountRole.STAKEHOLDER: ("stakeholder", "stakeholders"),
    AccountRole.EXECUTIVE: ("executive", "executives"),
}
NOBODY = "nobody to tell: no other MIM, stakeholder or executive has an account"


def raise_alarm(incident: Incident, old: AlarmLevel | None, *, actor: Actor, now: datetime) -> None:
    """Bring about what the Boxes between `old` (None: the incident opens) and the incident's level add.

    Part of an operation. Each rise is one act: nobody is told of it twice, and going up once more later is
    another one. The entry counts who is called and says what that is at this moment: queued, or without a
    channel; `record_outcome` says later who was told. Names of people stay in the ledger. Box 0 calls nobody.
    """
    level = incident.alarm_level
    reached = levels_reached(old, level)
    if not reached or level is AlarmLevel.BOX_0:
        return
    act = f"alarm:{incident.id}:{incident.version}"
    subject, body = _message(incident)
    parts: list[str] = []
    reached_by: dict[int, Reach] = {}
    for one in sorted(set(reached) & AUDIENCE.keys(), reverse=True):
        people = [user for user in audience([AUDIENCE[one]]) if user.id != actor.user_id]
        if found := notify(incident, Notice.ALARM, act, people, subject=subject, body=body, now=now):
            parts.append(f"{len(found)} {WORDS[AUDIENCE[one]][len(found) != 1]}")
            _best(reached_by, found)
    owners = _owners(incident, level)
    text = f"A responder is asked for: {', '.join(incident.system_names)}.\n{body}"
    if found := notify(incident, Notice.ROLE, f"{act}:role", owners, subject=subject, body=text, now=now):
        parts.append(f"{len(found)} system owner{'s' if len(found) != 1 else ''}")
        _best(reached_by, found)
    asked = [role.label for role in roles_asked(level) if not (old is not None and role in roles_asked(old))]
    called = f"Called: {', '.join(parts)}.\n" if parts else ""
    detail = (
        f"{called}{level.label} calls for: {TRIGGERS[level]}.\n"
        f"Roles asked for: {', '.join(asked) or 'none more'}."
    )
    title = f"{level.label}: {outcome(reached_by.values()).words or NOBODY}"
    record(incident, EventKind.ALARM_RAISED, title, detail=detail, actor=actor, now=now)


def _best(known: dict[int, Reach], found: dict[int, Reach]) -> None:
    for user, reach in found.items():
        known[user] = min(known.get(user, Reach.QUIET), reach)


def _message(incident: Incident) -> tuple[str, str]:
    severity = f"{incident.severity.label}, {incident.alarm_level.label}"
    systems = ", ".join(incident.system_names) or "none named yet"
    lines = (
        incident.title,
        severity,
        f"Systems: {systems}",
        f"Began {incident.detected_at:%H:%M} UTC, phase {incident.phase.title}",
    )
    return f"{incident.reference} {severity}: {incident.title}", "\n".join(lines)


def _owners(incident: Incident, level: AlarmLevel) -> list[User]:
    """Who owns an affected system: of the first one at Box 1 (a single responder), of all above."""
    rows = (
        select(User)
        .join(System, System.owner_id == User.id)
        .join(AffectedSystem, AffectedSystem.name == System.name)
        .where(AffectedSystem.incident_id == incident.id, User.is_active.is_(True))
        .order_by(AffectedSystem.id)
    )
    owners = list(dict.fromkeys(db.session.scalars(rows)))
    return owners[:1] if level is AlarmLevel.BOX_1 else owners
