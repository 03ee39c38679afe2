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
from majorops.models import AffectedSystem, Delivery, Incident, System, User
from majorops.operations import record
from majorops.operations.outbox import Words, audience, notify, release_held
from majorops.operations.reader import texts, when
from majorops.projections.rules import brief_audience

WORDS = {
    AccountRole.MIM: ("MIM on standby", "MIMs on standby"),
    AccountRole.STAKEHOLDER: ("stakeholder", "stakeholders"),
    AccountRole.EXECUTIVE: ("executive", "executives"),
}
NOBODY = "nobody to tell: no other MIM, stakeholder or executive has an account"
NOBODY_LISTED = "nobody told: the incident is private"
PRIVATE = "Private, so not told: {} of those whom this Box calls. Nobody added them to its briefs.\n"


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
    kept_out = 0
    reached_by: dict[int, Reach] = {}
    for one in sorted(set(reached) & AUDIENCE.keys(), reverse=True):
        wanted = [user for user in audience([AUDIENCE[one]]) if user.id != actor.user_id]
        people = brief_audience(incident, wanted)
        kept_out += len(wanted) - len(people)
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
    private = PRIVATE.format(kept_out) if kept_out else ""
    detail = (
        f"{called}{private}{level.label} calls for: {TRIGGERS[level]}.\n"
        f"Roles asked for: {', '.join(asked) or 'none more'}."
    )
    nobody = NOBODY_LISTED if kept_out else NOBODY
    title = f"{level.label}: {outcome(reached_by.values()).words or nobody}"
    record(incident, EventKind.ALARM_RAISED, title, detail=detail, actor=actor, now=now)


def alarm_who_missed_it(incident: Incident, *, actor: Actor, now: datetime) -> None:
    """Tell those whom the incident's Box calls and who could not be told while it was private.

    Part of an operation that published it or added somebody to its briefs. Nobody is told twice; where
    nobody is left there is no entry.
    """
    if incident.is_resolved:
        return
    called = [AUDIENCE[level] for level in levels_reached(None, incident.alarm_level) if level in AUDIENCE]
    known = select(Delivery.user_id).filter_by(incident_id=incident.id, notice=Notice.ALARM)
    told = {actor.user_id, *db.session.scalars(known)}
    missed = [user for user in brief_audience(incident, audience(called)) if user.id not in told]
    if not missed:
        return
    act = f"alarm:{incident.id}:{incident.version}"
    found = notify(incident, Notice.ALARM, act, missed, words=_words(incident), now=now)
    if found:
        title = f"{incident.alarm_level.label}, not private to them any more: {outcome(found.values()).words}"
        record(incident, EventKind.ALARM_RAISED, title, actor=actor, now=now)


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
