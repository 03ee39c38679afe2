"""What executives and stakeholders read (domain §7): frozen values with named columns.

The same number of queries for every incident. A drill has no brief; a private incident has one for those
whom the MIM added.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, RowMapping, func, or_, select, union_all

from majorops.db import db
from majorops.domain.access import Actor
from majorops.domain.briefs import TRACKS_SHOWN, Need, needed_from_leadership, standing
from majorops.domain.enums import (
    AskState,
    BriefPage,
    CommandRole,
    IncidentStatus,
    Phase,
    PublicationKind,
    TrackOutcome,
)
from majorops.domain.events import EventKind
from majorops.domain.measures import Kept, Moment, kept
from majorops.domain.roles import is_let_go
from majorops.models import (
    IS_NO_CORRECTION,
    AffectedSystem,
    Ask,
    BriefLink,
    CanReport,
    CommandAssignment,
    Incident,
    Publication,
    RecoveryTrack,
    TimelineEvent,
)
from majorops.models.timeline import SPOKEN, spoken
from majorops.projections.brief_values import (
    BriefIncident,
    BriefLine,
    BriefMilestone,
    BriefQuestion,
    BriefTrack,
    OpenedLink,
)
from majorops.projections.rules import HAS_RUNNING_STATUS, IS_PRIVATE, brief_readable_by

MILESTONES_SHOWN = 6
ROWS = 200  # of tracks, asks and promises that one brief looks at


_LINE = (
    Incident.id.label("number"),
    Incident.title,
    Incident.severity,
    Incident.alarm_level,
    Incident.status,
    Incident.phase,
    Incident.opened_at,
    Incident.next_update_eta,
    Incident.promise_ended_at,
)
_OWN = (
    Incident.detected_at,
    Incident.resolved_at,
    Incident.issue_time,
    Incident.resolve_time,
    Incident.customer_count,
    Incident.customer_count_is_approximate,
    Incident.external_impact,
    Incident.business_impact,
    Incident.customer_impact_summary,
    Incident.who_affected,
    Incident.what_to_do,
    Incident.risk_level,
    Incident.exec_summary,
    Incident.exec_summary_from,
    Incident.exposure_line,
    Incident.exposure_published_at,
    Incident.merged_into_id.label("kept_number"),
)


def brief_list(now: datetime, reader: Actor, days: int = 7) -> tuple[BriefLine, ...]:
    """What runs, by Box and age, then what was resolved in the last `days`, as far as `reader` may know.

    No drills, at most 200.
    """
    ended = (Incident.status == IncidentStatus.RESOLVED, Incident.resolved_at >= now - timedelta(days=days))
    numbers = (select(Incident.id).where(HAS_RUNNING_STATUS), select(Incident.id).where(*ended))
    recent = Incident.id.in_(union_all(*numbers))  # not OR: each has an index, both together have none
    shown = (~Incident.is_drill, Incident.merged_into_id.is_(None), recent, brief_readable_by(reader))
    query = select(*_LINE).where(*shown)
    order = (Incident.resolved_at.is_not(None), Incident.alarm_level.desc(), Incident.opened_at)
    return tuple(
        BriefLine(**row) for row in db.session.execute(query.order_by(*order).limit(ROWS)).mappings()
    )


def brief_incident(number: int, reader: Actor | None, with_drills: bool = False) -> BriefIncident | None:
    """One incident for its briefs; None for a number never used, for a drill, and for who may not read it.

    `reader` None: a link was asked (`opened_link`), or a helper of the MIM writes. A drill has no page of its
    own, but is drafted for like any other (`with_drills`).
    """
    query = select(*_LINE, *_OWN, IS_PRIVATE.label("is_private")).where(Incident.id == number)
    if reader is not None:
        query = query.where(brief_readable_by(reader))
    if not with_drills:
        query = query.where(~Incident.is_drill)
    row = db.session.execute(query).mappings().first() if number < 2**31 else None
    if row is None:
        return None
    is_over = row["resolved_at"] is not None
    team = _team(number, is_over)
    tracks = [] if is_over else _running(number)  # what nobody ended runs no more
    shown = tuple(BriefTrack(one.goal, one.team, one.owner, one.expires_at) for one in tracks[:TRACKS_SHOWN])
    names = (
        select(AffectedSystem.name).where(AffectedSystem.incident_id == number).order_by(AffectedSystem.id)
    )
    return BriefIncident(
        **row,
        systems=tuple(db.session.scalars(names)),
        milestones=_milestones(number),
        tracks=shown,
        more_tracks=max(len(tracks) - TRACKS_SHOWN, 0),
        needed=_needed(number, team, tracks) if not is_over else (),
        team=tuple((role, team.get(role, "")) for role in CommandRole),
        moments=_moments(number, row),
        kept=_kept(number, row["opened_at"], row["resolved_at"]),
    )


def _milestones(number: int) -> tuple[BriefMilestone, ...]:
    """Newest first; a withdrawn one is gone here too, and a correction stands for what it corrects."""
    said = (Publication.number, Publication.title, Publication.body, Publication.at)
    query = select(*SPOKEN, *said).where(Publication.incident_id == number)
    rows = {row.id: row for row in db.session.execute(query.order_by(Publication.id.desc()).limit(ROWS))}
    shown = standing(map(spoken, rows.values()))
    found = []
    for newest in sorted(shown, reverse=True)[:MILESTONES_SHOWN]:
        row, first = rows[newest], rows[shown[newest]]
        heading = f"Milestone {first.number}" if first.number else "Update"
        words = heading if row is first else f"{heading}, corrected"
        is_milestone = first.number is not None
        found.append(BriefMilestone(words, row.title or first.title, row.body, row.at, is_milestone))
    return tuple(found)


def _running(number: int) -> Sequence[Row[str, str, str, datetime | None, str | None]]:
    columns = (
        RecoveryTrack.goal,
        RecoveryTrack.team,
        RecoveryTrack.owner,
        RecoveryTrack.expires_at,
        RecoveryTrack.escalated_to,
    )
    running = (RecoveryTrack.incident_id == number, RecoveryTrack.outcome == TrackOutcome.RUNNING)
    return db.session.execute(select(*columns).where(*running).order_by(RecoveryTrack.id).limit(ROWS)).all()


def _needed(
    number: int,
    team: dict[CommandRole, str],
    tracks: Sequence[Row[str, str, str, datetime | None, str | None]],
) -> tuple[Need, ...]:
    asked = select(Ask.what, Ask.whom, Ask.due_at).where(
        Ask.incident_id == number, Ask.state == AskState.OPEN
    )
    asks = [Need(*row) for row in db.session.execute(asked.order_by(Ask.due_at).limit(ROWS))]
    escalated = [one for one in tracks if one.escalated_to]
    needs = _open_needs(number, {one.team for one in escalated}) if escalated else {}
    waiting = [(one.goal, one.escalated_to, needs.get(one.team, "")) for one in escalated]
    return needed_from_leadership(asks, team.get(CommandRole.LEADER, ""), waiting)


def _open_needs(number: int, teams: set[str]) -> dict[str, str]:
    """Team → what its newest CAN still needs."""
    newest = select(func.max(CanReport.id)).where(CanReport.incident_id == number, CanReport.team.in_(teams))
    query = select(CanReport.team, CanReport.needs).where(
        CanReport.id.in_(newest.group_by(CanReport.team)),
        CanReport.needs_met_at.is_(None),
        CanReport.ended_at.is_(None),
    )
    return {team: needs for team, needs in db.session.execute(query) if needs}


def _team(number: int, is_over: bool) -> dict[CommandRole, str]:
    """Who holds which role, or was released from it in phase 8.

    Once the incident is over who held it last, released or not.
    """
    columns = (CommandAssignment.role, CommandAssignment.name, CommandAssignment.until)
    query = (
        select(*columns, Incident.phase, Incident.phase_entered_at)
        .join(Incident, Incident.id == CommandAssignment.incident_id)
        .where(CommandAssignment.incident_id == number)
    )
    # Vacant roles first: none of them is beyond the limit.
    order = (CommandAssignment.until.is_not(None), CommandAssignment.id.desc())
    newest: dict[CommandRole, Row[*tuple[Any, ...]]] = {}
    for row in db.session.execute(query.order_by(*order).limit(ROWS)):
        newest.setdefault(row.role, row)
    if is_over:
        return {role: row.name for role, row in newest.items()}
    gone = {role for role, row in newest.items() if is_let_go(role, *row[2:])}
    held = {role: row.name for role, row in newest.items() if row.until is None}
    return held | {role: f"{newest[role].name}, released" for role in gone}


def _moments(number: int, row: RowMapping) -> Moment:
    first = func.min(TimelineEvent.at)
    entered = select(TimelineEvent.phase, first).where(
        TimelineEvent.incident_id == number, TimelineEvent.kind == EventKind.PHASE_ADVANCED
    )
    times = db.session.execute(entered.group_by(TimelineEvent.phase)).all()
    milestone = select(func.min(Publication.at)).where(
        Publication.incident_id == number, Publication.kind == PublicationKind.MILESTONE
    )

    def since(phase: Phase) -> datetime | None:
        return min((at for of, at in times if of and of >= phase), default=None)

    return Moment(
        detected_at=row["detected_at"],
        opened_at=row["opened_at"],
        issue_time=row["issue_time"],
        gathered_at=since(Phase.GATHER),
        milestone_at=db.session.scalar(milestone),
        validated_at=since(Phase.VALIDATION),
        resolved_at=row["resolved_at"],
    )


def _kept(number: int, opened_at: datetime, resolved_at: datetime | None) -> Kept:
    """How the promises of all milestones and updates were kept, inside and outside."""
    query = select(Publication.at, Publication.next_update_eta).where(
        Publication.incident_id == number, IS_NO_CORRECTION, Publication.is_late.is_(False)
    )
    rows = db.session.execute(query.order_by(Publication.id).limit(ROWS))
    return kept(opened_at, [(at, due_at) for at, due_at in rows], resolved_at)


def questions_from(number: int, asked_from: str) -> tuple[BriefQuestion, ...]:
    """The ten newest questions of this account or link (`account:7`, `link:3`), newest first."""
    columns = (Ask.what, Ask.asked_at, Ask.due_at, Ask.state, Ask.answer, Ask.closed_at)
    query = select(*columns).where(Ask.incident_id == number, Ask.asked_from == asked_from)
    return tuple(BriefQuestion(*row) for row in db.session.execute(query.order_by(Ask.id.desc()).limit(10)))


def opened_link(number: int, page: BriefPage, token_hash: str, now: datetime) -> OpenedLink | None:
    """The link with this token, if it opens this page of this incident now.

    Of a private incident only a link that was made while it was. Whatever is wrong, it is the same None.
    """
    query = (
        select(BriefLink.id, BriefLink.name, BriefLink.last_used_at)
        .join(Incident, Incident.id == BriefLink.incident_id)
        .where(BriefLink.token_hash == token_hash, BriefLink.incident_id == number, BriefLink.page == page)
        .where(BriefLink.revoked_at.is_(None), BriefLink.expires_at > now, ~Incident.is_drill)
        .where(or_(~IS_PRIVATE, BriefLink.is_for_private))
    )
    row = db.session.execute(query).first()
    return OpenedLink(*row) if row else None
