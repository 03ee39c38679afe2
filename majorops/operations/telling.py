"""What is said of an incident, to those who read its briefs: accounts, and holders of mailed links.

They get what stands on their brief and nothing more: milestones, updates that the public was given, and
corrections of both; and that it is resolved.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Actor
from majorops.domain.briefs import standing
from majorops.domain.enums import AccountRole, Notice, PublicationKind, Visibility
from majorops.domain.measures import total_duration
from majorops.i18n import Texts
from majorops.models import BriefLink, Incident, Publication, User
from majorops.models.timeline import SPOKEN, spoken
from majorops.operations.outbox import (
    Words,
    audience,
    links_that_hear,
    notify,
    notify_links,
    roles_that_want,
    who_hears,
)
from majorops.operations.reader import texts, when


def said_of(incident_id: int) -> dict[int, int]:
    """What stands on the briefs of an incident (`domain.briefs.standing`). One query."""
    rows = db.session.execute(select(*SPOKEN).where(Publication.incident_id == incident_id))
    return standing(map(spoken, rows))


def tell_said(incident: Incident, said: Publication, *, actor: Actor, now: datetime) -> None:
    """Queue what was said for those whose brief shows it, once; part of an operation."""
    first = said_of(incident.id).get(said.id)
    if first is None:
        return
    root = db.session.get_one(Publication, first)
    is_milestone = root.kind is PublicationKind.MILESTONE
    # Its own promise before the standing one: while a public promise is overdue that one lies in the past.
    promised = said.next_update_eta or incident.next_update_eta
    corrected = db.session.get(Publication, said.corrects_id) if said.corrects_id else None
    if corrected and not is_milestone and corrected.visibility is not Visibility.PUBLIC:
        corrected = None  # an internal update stood on no brief: to them this is the first word

    def words(language: str, time_zone: str) -> tuple[str, str]:
        t = texts(language)
        title = f"Correction of {root.heading}" if corrected else said.heading
        given = {"ref": incident.reference, "heading": t.posted(title), "title": incident.title}
        parts = [incident.title]
        if corrected:
            parts.append(t("inside.corrects", at=when(corrected.at, t, time_zone)))
        parts += [said.title, said.body, _state(incident, t)]
        if promised and promised > now:
            parts.append(t("inside.next", at=when(promised, t, time_zone)))
        return t("mail.said", **given), "\n\n".join(filter(None, parts))

    notice = Notice.MILESTONE if is_milestone else Notice.UPDATE
    _tell(incident, notice, f"brief:{incident.id}:{said.id}", words, said.id, actor=actor, now=now)


def tell_resolved(incident: Incident, *, actor: Actor, now: datetime) -> None:
    """Queue that the incident is resolved, with the words of its resolution milestone.

    Part of an operation.
    """
    said = resolution(incident.id)
    lasted = total_duration(incident.opened_at, incident.resolved_at, now)

    def words(language: str, time_zone: str) -> tuple[str, str]:
        t = texts(language)
        ended = when(incident.resolved_at or now, t, time_zone)
        text = f"{said.title}\n\n{said.body}".strip() if said else ""
        parts = [incident.title, t("inside.resolved", at=ended, time=t.duration(lasted, after=True)), text]
        subject = t("mail.resolved", ref=incident.reference, title=incident.title)
        return subject, "\n\n".join(filter(None, parts))

    number = said.id if said else None
    _tell(incident, Notice.RESOLVED, f"brief_end:{incident.id}", words, number, actor=actor, now=now)


def resolution(incident_id: int) -> Publication | None:
    """The newest resolution milestone that stands on the briefs, or the correction in its place."""
    milestones = select(Publication.id).filter_by(incident_id=incident_id, is_resolution=True)
    ends = set(db.session.scalars(milestones))
    known = [number for number, first in said_of(incident_id).items() if first in ends] if ends else []
    return db.session.get(Publication, max(known)) if known else None


def _tell(
    incident: Incident,
    notice: Notice,
    act: str,
    words: Words,
    publication_id: int | None,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    people = _others(notice, actor)
    notify(incident, notice, act, people, words=words, publication_id=publication_id, now=now)
    links = _open_links(incident, now)
    notify_links(incident, notice, act, links, words=words, publication_id=publication_id, now=now)


def readers_told(
    incident: Incident, notice: Notice | None, *, actor: Actor, now: datetime
) -> tuple[Counter[AccountRole], int]:
    """Who is told of what `actor` would say now: accounts by role, and holders of mailed links.

    `notice`: None for what stands on no brief, which nobody is sent.
    """
    if notice is None:
        return Counter(), 0
    people = who_hears(incident, notice, _others(notice, actor))
    return Counter(user.role for user in people), len(links_that_hear(incident, _open_links(incident, now)))


def _others(notice: Notice, actor: Actor) -> list[User]:
    return [user for user in audience(roles_that_want(notice)) if user.id != actor.user_id]


def _open_links(incident: Incident, now: datetime) -> list[BriefLink]:
    open_links = select(BriefLink).where(
        BriefLink.incident_id == incident.id,
        BriefLink.email.is_not(None),
        BriefLink.revoked_at.is_(None),
        BriefLink.expires_at > now,
    )
    return list(db.session.scalars(open_links))


def _state(incident: Incident, t: Texts) -> str:
    """`Critical, Box 3. Active, phase 5 Isolation.`"""
    severity, status = t(f"severity.{incident.severity.value}"), t(f"state.{incident.status.value}")
    phase = f"{incident.phase.value} {t(f'phases.{incident.phase.value}')}"
    return t("inside.state", severity=severity, box=incident.alarm_level.label, status=status, phase=phase)
