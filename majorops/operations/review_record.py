"""What the Learning Review reads of the record: facts for `domain/review_record.py`, and entries by kind.

As many queries for a long incident as for a short one, and never more rows than people could read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from majorops.db import db
from majorops.domain.cadence import HOLDING_TEXTS
from majorops.domain.enums import CommandRole, DraftState, Helper, Phase, Visibility
from majorops.domain.events import EventKind
from majorops.domain.measures import impact_ended_at, impact_started_at
from majorops.domain.review_draft import review_draft
from majorops.domain.review_record import Known, ReviewFacts, Spell, TrackRun, Word, lost_time
from majorops.models import (
    IS_NO_CORRECTION,
    CommandAssignment,
    Draft,
    Incident,
    Publication,
    RecoveryTrack,
    ReviewMark,
    TimelineEvent,
)

ENTRIES_MOST = 2_000  # of the kinds that are read
ROWS_MOST = 200  # updates, tracks, assignments, drafts
# Fields whose change is something that was learned about the incident.
TELLING = frozenset(
    {
        "description",
        "affected_systems",
        "business_impact",
        "customer_impact_summary",
        "alert.customer_count",
        "alert.external_impact",
    }
)
KNOWN = frozenset(
    {
        EventKind.ALERT_FIRED,
        EventKind.ALERT_CLEARED,
        EventKind.SEVERITY_CHANGED,
        EventKind.FIELD_CHANGED,
        EventKind.NOTE_LOGGED,
        EventKind.NOTE_CORRECTED,
        EventKind.DECISION_MADE,
        EventKind.CAUSE_RULED_OUT,
        EventKind.CAN_REPORTED,
        EventKind.TRACK_OPENED,
        EventKind.TRACK_CLOSED,
        EventKind.CHECK_SET,
        EventKind.WINDOW_RESTARTED,
    }
)
COMMAND = frozenset(
    {
        EventKind.COMMAND_CHANGED,
        EventKind.HANDOVER_OFFERED,
        EventKind.HANDOVER_DECLINED,
        EventKind.HANDOVER_WITHDRAWN,
        EventKind.HANDOVER_LAPSED,
    }
)
OTHERS = frozenset(
    {
        EventKind.INCIDENT_OPENED,
        EventKind.PHASE_ADVANCED,
        EventKind.STATUS_CHANGED,
        EventKind.GATE_OVERRIDDEN,
        EventKind.AFTER_ACTION_SET,
    }
)
READ = sorted(KNOWN | COMMAND | OTHERS)
# A role that is given for the first time is no hand-over: `SRE: Rita Moreau`.
FIRST_NAMED = re.compile(
    rf"(?:{'|'.join(role.label for role in CommandRole)}): (?!.* (?:replaces|released))"
).match
OVER = frozenset({EventKind.STATUS_CHANGED, EventKind.PHASE_ADVANCED})


@dataclass(frozen=True)
class ReviewEntry:
    """An entry that the review lists: a decision, what was ruled out, an override, a change of command.

    `detail`: more of it, in lines: who decided, which objections, the written reason.
    """

    seq: int
    at: datetime
    title: str
    detail: tuple[str, ...]
    by: str
    is_struck: bool = False


@dataclass(frozen=True)
class ReviewTrack:
    """A track with its outcome and the time that it lost, zero for none."""

    run: TrackRun
    lost: timedelta


@dataclass(frozen=True)
class ReviewRecord:
    """All that the page shows of the record."""

    facts: ReviewFacts
    decisions: tuple[ReviewEntry, ...]
    ruled_out: tuple[ReviewEntry, ...]
    overrides: tuple[ReviewEntry, ...]
    command: tuple[ReviewEntry, ...]
    marked: tuple[ReviewEntry, ...]
    tracks: tuple[ReviewTrack, ...]


def read_record(incident: Incident, now: datetime, duplicates: Sequence[int] = ()) -> ReviewRecord:
    """The record of an incident, and what was marked at its duplicates. Seven queries.

    `duplicates`: numbers of the incidents that were merged into it.
    """
    entries = _entries(incident)
    struck = _struck(incident)
    until = incident.resolved_at or now
    tracks = _tracks(incident, entries)
    return ReviewRecord(
        facts=_facts(incident, entries, struck, tracks, until),
        decisions=_listed(entries, {EventKind.DECISION_MADE}, struck),
        ruled_out=_listed(entries, {EventKind.CAUSE_RULED_OUT}, struck),
        overrides=_listed(entries, {EventKind.GATE_OVERRIDDEN}, struck),
        command=tuple(one for one in _listed(entries, COMMAND, struck) if not FIRST_NAMED(one.title)),
        marked=_marked([incident.id, *duplicates], incident.id),
        tracks=tuple(ReviewTrack(run, lost_time(run, until)) for run in tracks),
    )


def draft_by_rule(incident: Incident, facts: ReviewFacts) -> dict[str, str]:
    """The first texts of a review that the record has words for, by the field's name."""
    return review_draft(
        facts,
        title=incident.title,
        systems=incident.system_names,
        impact=incident.customer_impact_summary,
        description=incident.description,
    )


def _entries(incident: Incident) -> Sequence[TimelineEvent]:
    rows = select(TimelineEvent).where(TimelineEvent.incident_id == incident.id, TimelineEvent.kind.in_(READ))
    return db.session.scalars(rows.order_by(TimelineEvent.seq).limit(ENTRIES_MOST)).all()


def _struck(incident: Incident) -> set[int]:
    """The ids of entries that a later one corrects."""
    rows = select(TimelineEvent.corrects_id).where(
        TimelineEvent.incident_id == incident.id, TimelineEvent.kind == EventKind.NOTE_CORRECTED
    )
    return {number for number in db.session.scalars(rows) if number is not None}


def _listed(
    entries: Iterable[TimelineEvent], kinds: Iterable[EventKind], struck: set[int]
) -> tuple[ReviewEntry, ...]:
    wanted = set(kinds)
    return tuple(_entry(one, one.id in struck) for one in entries if one.kind in wanted)


def _entry(one: TimelineEvent, is_struck: bool = False, here: int | None = None) -> ReviewEntry:
    title = one.title if here in (None, one.incident_id) else f"{one.title} (INC-{one.incident_id:03d})"
    lines = tuple(line for line in one.detail.splitlines() if line.strip())
    return ReviewEntry(one.seq, one.at, title, lines, one.actor_name, is_struck)


def _marked(numbers: list[int], here: int) -> tuple[ReviewEntry, ...]:
    rows = (
        select(TimelineEvent)
        .join(ReviewMark, ReviewMark.entry_id == TimelineEvent.id)
        .where(ReviewMark.incident_id.in_(numbers))
        .order_by(TimelineEvent.at, TimelineEvent.id)
    )
    return tuple(_entry(one, here=here) for one in db.session.scalars(rows.limit(ROWS_MOST)))


def _facts(
    incident: Incident,
    entries: Sequence[TimelineEvent],
    struck: set[int],
    tracks: tuple[TrackRun, ...],
    until: datetime,
) -> ReviewFacts:
    booked = next((one for one in entries if one.kind == EventKind.AFTER_ACTION_SET), None)
    opened = next((one for one in entries if one.kind == EventKind.INCIDENT_OPENED), None)
    words = _words(incident)
    booked_at, after_action_at = _booked(incident, booked)
    return ReviewFacts(
        severity=incident.severity,
        level=incident.alarm_level,
        level_at=incident.alarm_level_at or incident.opened_at,
        detected_at=incident.detected_at,
        opened_at=incident.opened_at,
        until=until,
        is_over=incident.is_resolved,
        issue_time=incident.issue_time,
        impact_from=impact_started_at(incident.issue_time, incident.detected_at),
        impact_until=impact_ended_at(incident.resolve_time, incident.resolved_at),
        customer_count=incident.customer_count,
        is_approximate=incident.customer_count_is_approximate,
        entered=_entered(entries),
        words=words,
        spells=_spells(incident),
        window_started_at=incident.window_started_at,
        window_ended_at=_window_end(incident, entries),
        resets=incident.window_resets,
        overrides=sum(one.kind == EventKind.GATE_OVERRIDDEN for one in entries),
        drafts=_drafts(incident),
        tracks=tracks,
        known=tuple(_known(incident, entries, struck, until)),
        booked_at=booked_at,
        after_action_at=after_action_at,
        opened_said=bool(opened and opened.visibility is Visibility.PUBLIC and incident.is_shown),
    )


def _entered(entries: Iterable[TimelineEvent]) -> tuple[tuple[Phase, datetime], ...]:
    return tuple((one.phase, one.at) for one in entries if one.kind == EventKind.PHASE_ADVANCED and one.phase)


def _window_end(incident: Incident, entries: Iterable[TimelineEvent]) -> datetime | None:
    """When the clean minutes were over: the status or the phase that they opened, else the close."""
    started = incident.window_started_at
    if started is None:
        return None
    later = [one for one in entries if one.kind in OVER and one.at > started]
    return later[0].at if later else incident.resolved_at


def _known(
    incident: Incident, entries: Iterable[TimelineEvent], struck: set[int], until: datetime
) -> Iterable[Known]:
    for one in entries:
        if one.kind not in KNOWN or one.id in struck or one.at > until:
            continue
        if one.kind == EventKind.FIELD_CHANGED and one.field not in TELLING:
            continue
        is_alert = one.kind == EventKind.ALERT_FIRED and incident.issue_time
        yield Known(one.seq, incident.issue_time if is_alert and incident.issue_time else one.at, one.title)


def _words(incident: Incident) -> tuple[Word, ...]:
    """What was said, oldest first: neither corrections, nor what was withdrawn or came after the close."""
    rows = select(Publication, TimelineEvent.seq).outerjoin(
        TimelineEvent, TimelineEvent.publication_id == Publication.id
    )
    stand = (
        Publication.incident_id == incident.id,
        IS_NO_CORRECTION,
        Publication.withdrawn_at.is_(None),
        Publication.is_late.is_(False),
    )
    found = db.session.execute(rows.where(*stand).order_by(Publication.id).limit(ROWS_MOST))
    return tuple(
        Word(
            label=_label(one),
            at=one.at,
            due_at=one.next_update_eta,
            is_public=one.visibility is Visibility.PUBLIC,
            is_milestone=one.number is not None,
            text=one.title or one.body,
            seq=seq or 0,
        )
        for one, seq in found
    )


def _label(one: Publication) -> str:
    if one.is_resolution:
        return "Resolution"
    if one.body in HOLDING_TEXTS.values():
        return "Holding"
    return f"M{one.number}" if one.number else "Update"


def _spells(incident: Incident) -> tuple[Spell, ...]:
    rows = select(CommandAssignment.role, CommandAssignment.since, CommandAssignment.until)
    mine = rows.where(CommandAssignment.incident_id == incident.id).order_by(CommandAssignment.id)
    return tuple(Spell(*row) for row in db.session.execute(mine.limit(ROWS_MOST)))


def _drafts(incident: Incident) -> tuple[int, ...]:
    rows = select(Draft.changed_percent).where(
        Draft.incident_id == incident.id,
        Draft.state == DraftState.USED,
        Draft.helper == Helper.UPDATE,
        Draft.changed_percent.is_not(None),
    )
    return tuple(percent or 0 for percent in db.session.scalars(rows.limit(ROWS_MOST)))


def _tracks(incident: Incident, entries: Sequence[TimelineEvent]) -> tuple[TrackRun, ...]:
    rows = select(RecoveryTrack).filter_by(incident_id=incident.id).order_by(RecoveryTrack.id)
    opened = [one for one in entries if one.kind == EventKind.TRACK_OPENED]
    runs = []
    for track in db.session.scalars(rows.limit(ROWS_MOST)):
        # Its own time is that of the last timebox: an extension begins anew.
        its = next((one for one in opened if one.title.startswith(_opening(track))), None)
        if its:
            opened.remove(its)
        runs.append(
            TrackRun(
                team=track.team,
                goal=track.goal,
                owner=track.owner,
                outcome=track.outcome,
                note=track.outcome_note,
                started_at=its.at if its else track.started_at,
                closed_at=track.closed_at,
                expires_at=track.expires_at,
                extensions=track.extensions,
            )
        )
    return tuple(runs)


def _opening(track: RecoveryTrack) -> str:
    return f"Track opened: {track.goal} ({track.team}, "[:250]


def _booked(incident: Incident, booked: TimelineEvent | None) -> tuple[datetime | None, datetime | None]:
    """When the After Action was first given a time, and that time.

    By an entry of it, or a milestone of before.
    """
    rows = select(Publication.at, Publication.after_action_at).where(
        Publication.incident_id == incident.id, Publication.after_action_at.is_not(None)
    )
    first = db.session.execute(rows.order_by(Publication.id).limit(1)).first()
    if first is None:
        return (booked.at, None) if booked else (None, None)
    return first.at, first.after_action_at
