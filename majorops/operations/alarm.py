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
from majorops.operations.outbox import Words, audience, notify, release_held
from majorops.operations.reader import texts, when

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
    if level is AlarmLevel.BOX_3:
        release_held(incident, now=now)
    parts: list[str] = []
    reached_by: dict[int, Reach] = {}
    for one in sorted(set(reached) & AUDIENCE.keys(), reverse=True):
        people = [user for user in audience([AUDIENCE[one]]) if user.id != actor.user_id]
        if found := notify(incident, Notice.ALARM, act, people, words=_words(incident), now=now):
            parts.append(f"{len(found)} {WORDS[AUDIENCE[one]][len(found) != 1]}")
            _best(reached_by, found)
    owners = _owners(incident, level)
    asked_for = _words(incident, is_asked=True)
    if found := notify(incident, Notice.ROLE, f"{act}:role", owners, words=asked_for, now=now):
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


def _words(incident: Incident, is_asked: bool = False) -> Words:
    """The alarm for each reader; `is_asked`: they own an affected system."""

    def words(language: str, time_zone: str) -> tuple[str, str]:
        t, names = texts(language), ", ".join(incident.system_names)
        severity, box = t(f"severity.{incident.severity.value}"), incident.alarm_level.label
        phase = f"{incident.phase.value} {t(f'phases.{incident.phase.value}')}"
        lines = [
            incident.title,
            f"{severity}, {box}",
            t("mail.systems", names=names or t("inside.no_systems")),
            t("inside.began", at=when(incident.detected_at, t, time_zone), phase=phase),
        ]
        if is_asked:
            lines.insert(0, t("inside.asked", names=names))
        given = {"ref": incident.reference, "severity": severity, "box": box, "title": incident.title}
        return t("inside.alarm", **given), "\n".join(lines)

    return words


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
