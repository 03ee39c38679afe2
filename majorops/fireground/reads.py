"""What more than one region reads of an incident, each once a view (`once`).

Nothing here grows with the record: lists are bounded by what people run at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Select, func, select, union_all
from sqlalchemy.orm import aliased, joinedload

from majorops.db import db
from majorops.domain import runcards
from majorops.domain.access import Permission
from majorops.domain.alarm import is_role_asked
from majorops.domain.briefs import Basis
from majorops.domain.cadence import Cadence, Holding, holding
from majorops.domain.coach import Nudge, next_change, nudges, standing
from majorops.domain.enums import AskState, CommandRole, Helper, IncidentStatus, Phase, TrackOutcome
from majorops.domain.gates import Blocker, Situation, advance_blockers, check_refusal, not_yours
from majorops.domain.handover import answer_refusal, withdraw_refusal
from majorops.domain.phases import Step, steps
from majorops.domain.playbook import Item, Play, play_at
from majorops.domain.roles import is_let_go, release_refusal, take_refusal
from majorops.fireground.view import View, once
from majorops.models import (
    PHASES_ENTERED,
    Ask,
    CanReport,
    ChecklistTick,
    CommandAssignment,
    Draft,
    Handover,
    Incident,
    NudgeMark,
    Page,
    PhaseNote,
    Publication,
    RecoveryTrack,
    Rota,
    RunCard,
    RunCardTick,
    RunCardUse,
    RunCardVersion,
    System,
    Timebox,
    TimelineEvent,
    UpdateTemplate,
)
from majorops.operations.checklist_facts import facts, standing_ticks
from majorops.operations.coach_inputs import coach_inputs
from majorops.operations.coaching import marks, resting
from majorops.operations.drafts import offered_drafts
from majorops.operations.fields import FIELDS
from majorops.operations.handover_expiry import open_handover
from majorops.operations.paging import open_pages, rotas_in_use
from majorops.operations.phase import situation as read_situation
from majorops.operations.runcards import cards_for
from majorops.operations.stand_down import why_not_stand_down as nothing_to_stand_down
from majorops.operations.summary import summary_moved as what_moved
from majorops.operations.templates import templates_for

SHOWN = 20  # tracks, timeboxes, teams, asks, updates
ENTRIES_OFFERED = 60  # to redact words of
OTHERS_OFFERED = 12  # incidents to merge into
NO_OFFER = "Command is not on offer."

# Tracks, timeboxes, CAN, asks


@once
def tracks(view: View) -> list[RecoveryTrack]:
    """Running ones first, then the newest."""
    rows = select(RecoveryTrack).filter_by(incident_id=view.incident.id)
    newest = rows.order_by((RecoveryTrack.outcome == TrackOutcome.RUNNING).desc(), RecoveryTrack.id.desc())
    return list(db.session.scalars(newest.limit(SHOWN)))


@once
def timeboxes(view: View) -> list[Timebox]:
    """What runs, the first due first."""
    rows = select(Timebox).filter_by(incident_id=view.incident.id, closed_at=None)
    return list(db.session.scalars(rows.order_by(Timebox.expires_at).limit(SHOWN)))


@once
def cans(view: View) -> dict[str, CanReport]:
    """The last CAN of each team, by the team's name in lower case."""
    newest = (
        select(func.max(CanReport.id).label("id"))
        .where(CanReport.incident_id == view.incident.id)
        .group_by(func.lower(CanReport.team))
        .order_by(func.max(CanReport.id).desc())
        .limit(SHOWN)
    )
    rows = select(CanReport).where(CanReport.id.in_(newest))
    return {report.team.lower(): report for report in db.session.scalars(rows)}


@once
def asks(view: View) -> list[Ask]:
    """What is still open, the first due first."""
    rows = select(Ask).filter_by(incident_id=view.incident.id, state=AskState.OPEN)
    return list(db.session.scalars(rows.order_by(Ask.due_at).limit(SHOWN)))


# The coach


@once
def _every_nudge(view: View) -> list[Nudge]:
    running = [track for track in tracks(view) if track.is_running]
    inputs = coach_inputs(view.incident, tracks=running, timeboxes=timeboxes(view), asks=asks(view))
    return nudges(inputs)


@once
def _marks(view: View) -> dict[str, NudgeMark]:
    return marks(view.incident, standing(_every_nudge(view), view.now))


@once
def standing_nudges(view: View) -> list[Nudge]:
    """What the coach says now, but for what somebody set aside; the first one is shown."""
    set_aside = resting(_marks(view), view.now)
    return [nudge for nudge in standing(_every_nudge(view), view.now) if nudge.key not in set_aside]


def next_nudge_at(view: View) -> datetime | None:
    """When the coach will say something else, if nothing happens before."""
    snoozed = (mark.snoozed_until for mark in _marks(view).values() if not mark.dismissed_at)
    times = (next_change(_every_nudge(view), view.now), *snoozed)
    return min((at for at in times if at and at > view.now), default=None)


@once
def templates(view: View) -> list[UpdateTemplate]:
    """The templates of updates that fit this incident now."""
    return templates_for(view.incident)


def holding_update(view: View) -> Holding:
    """What the holding update of one press would say now."""
    return holding(view.incident.is_meant_public, any(track.is_running for track in tracks(view)))


# The timeline


def entries(*numbers: int) -> Select:
    """Of these incidents, newest first: an entry, and the number of the one that strikes it out, if any."""
    correction = aliased(TimelineEvent)
    return (
        select(TimelineEvent, correction.seq)
        .outerjoin(correction, correction.corrects_id == TimelineEvent.id)
        .where(TimelineEvent.incident_id.in_(numbers))
        .order_by(TimelineEvent.seq.desc())
    )


# Updates


@once
def cadence(view: View) -> Cadence | None:
    """The badge of the promised update, internal promises counted; None once the incident is resolved."""
    return view.incident.cadence(view.now)


@once
def update_count(view: View) -> int:
    """How many updates, milestones and corrections there are, whoever may read them. One query."""
    rows = select(func.count(Publication.id)).filter_by(incident_id=view.incident.id)
    return db.session.execute(rows).scalar_one()


@once
def updates(view: View) -> list[Publication]:
    """The newest, newest first; at most `SHOWN`."""
    rows = select(Publication).filter_by(incident_id=view.incident.id).order_by(Publication.id.desc())
    return list(db.session.scalars(rows.limit(SHOWN)))


@once
def corrected_updates(view: View) -> set[int]:
    """The ids of those that a later one, among the newest, corrects."""
    return {update.corrects_id for update in updates(view) if update.corrects_id}


# The command team


class RoleHolder(NamedTuple):
    """A role of the command team: who holds it, and since when it is vacant."""

    role: CommandRole
    held: CommandAssignment | None
    vacant_since: datetime | None


@once
def assignments(view: View) -> list[CommandAssignment]:
    """Who held or holds which role, the oldest first."""
    rows = select(CommandAssignment).filter_by(incident_id=view.incident.id).order_by(CommandAssignment.id)
    return list(db.session.scalars(rows))


@once
def team(view: View) -> list[RoleHolder]:
    """Every role, in their order."""
    last = {row.role: row for row in assignments(view)}
    holders = []
    for role in CommandRole:
        row = last.get(role)
        if row is not None and row.until is None:
            holders.append(RoleHolder(role, row, None))
        else:
            holders.append(RoleHolder(role, None, row.until if row else view.incident.opened_at))
    return holders


@once
def pages(view: View) -> list[Page]:
    """The pages that nobody answered yet."""
    return open_pages(view.incident.id)


@once
def rotas(view: View) -> list[Rota]:
    """Who is on call for roles."""
    return rotas_in_use()


def mim(view: View) -> CommandAssignment | None:
    """Who has command; None while nobody has."""
    return next(holder.held for holder in team(view) if holder.role is CommandRole.MIM)


@once
def let_go(view: View) -> frozenset[CommandRole]:
    """Roles whose holder was released in phase 8, as its checklist asks."""
    last = {row.role: row for row in assignments(view)}
    here = (view.incident.phase, view.incident.phase_entered_at)
    return frozenset(role for role, row in last.items() if is_let_go(role, row.until, *here))


def released(view: View) -> dict[CommandRole, str]:
    """Who held a role last, of an incident that is stood down, or who was let go."""
    return {row.role: f"{row.name}, released" for row in assignments(view)}


def is_asked(view: View, role: CommandRole) -> bool:
    """Whether the Box asks for this role: then it stands out when it is vacant."""
    return is_role_asked(role, view.incident.alarm_level)


def is_vacant(view: View, role: CommandRole) -> bool:
    """Whether the role, where nobody holds it, stands out: asked for, and not let go."""
    return is_asked(view, role) and role not in let_go(view)


@once
def handover(view: View) -> Handover | None:
    """The offer of command that waits for its answer."""
    return open_handover(view.incident)


def offers_release(view: View) -> bool:
    """Responders are released by name once recovery is applied, and after the close until all stood down."""
    has_left = release_refusal(view.incident.stood_down_at)
    return view.may_command and view.incident.phase >= Phase.VALIDATION and not has_left


def why_not_take(view: View) -> str:
    """Why this person does not take command at one press; empty when they may."""
    holder = mim(view)
    refusal = take_refusal(holder.name, holder.since, view.actor.name) if holder else ""
    return view.why_not(Permission.INCIDENT_COMMAND) or refusal


def why_not_answer(view: View) -> str:
    """Why this person neither accepts nor declines; empty for the one who is asked."""
    offer = handover(view)
    refusal = answer_refusal(offer.to_name, offer.user_id, view.actor) if offer else NO_OFFER
    return view.why_not(Permission.INCIDENT_COMMAND) or refusal


def why_not_withdraw(view: View) -> str:
    """Why this person does not take the offer back; empty when they may."""
    offer = handover(view)
    refusal = withdraw_refusal(offer.from_name, offer.from_id, view.actor) if offer else NO_OFFER
    return view.why_not(Permission.INCIDENT_COMMAND) or refusal


@once
def why_not_stand_down(view: View) -> str:
    """Why this person does not release everybody; empty at a resolved incident, once."""
    refusal = view.why_not(Permission.INCIDENT_COMMAND, always=True)
    return refusal or nothing_to_stand_down(view.incident)


# Phase command


def play(view: View) -> Play:
    """What this phase asks for at the incident's Box (guide, "Running the 8 Phases"; domain §4)."""
    return play_at(view.incident.phase, view.incident.alarm_level)


@once
def phase_notes(view: View) -> dict[Phase, PhaseNote]:
    """What was noted in each phase."""
    rows = select(PhaseNote).filter_by(incident_id=view.incident.id).order_by(PhaseNote.phase)
    return {row.phase: row for row in db.session.scalars(rows) if row.text}


def note(view: View) -> str:
    """What was noted in this phase."""
    written = phase_notes(view).get(view.incident.phase)
    return written.text if written else ""


@once
def phase_steps(view: View) -> list[Step]:
    """The eight phases: gone through, skipped, current, ahead."""
    incident = view.incident
    rows = PHASES_ENTERED.where(TimelineEvent.incident_id == incident.id)
    could_skip = incident.phase > Phase.GATHER
    entered: Iterable[Phase] = db.session.scalars(rows) if could_skip else [incident.phase]
    return steps(incident.phase, entered, incident.is_resolved)


def time_in_phase(view: View) -> timedelta:
    """Since the phase was entered; it no longer grows once the incident is resolved."""
    return (view.incident.resolved_at or view.now) - view.incident.phase_entered_at


@once
def situation(view: View) -> Situation:
    """What the gates look at."""
    return read_situation(view.incident)


def next_phase(view: View) -> Phase | None:
    """The phase after this one; None in phase 8. There is no way back (domain §4)."""
    return Phase(view.incident.phase + 1) if view.incident.phase < Phase.RESOLUTION else None


def next_status(view: View) -> IncidentStatus | None:
    """The status that phase 7 and 8 ask for next; None before phase 7, and while none is asked for."""
    if view.incident.phase < Phase.VALIDATION or view.incident.is_resolved:
        return None
    if view.incident.status is IncidentStatus.ACTIVE:
        return IncidentStatus.MONITORING
    return IncidentStatus.RESOLVED if view.incident.phase is Phase.RESOLUTION else None


@once
def blockers(view: View) -> list[Blocker]:
    """Why the next phase may not be entered yet."""
    to = next_phase(view)
    return advance_blockers(situation(view), to, view.now) if to else []


class Line(NamedTuple):
    """A line of the checklist.

    `missing`: why it is open, `refusal`: why a person can neither tick nor untick it now; each empty where
    nothing is. `tick`: of the person who did it, None where nobody or the record did.
    """

    item: Item
    missing: str
    refusal: str
    tick: ChecklistTick | None

    @property
    def is_done(self) -> bool:
        """It holds, by the record or by a person's tick."""
        return not self.missing


@once
def checklist(view: View) -> list[Line]:
    """What this phase asks for."""
    incident = view.incident
    ticks = standing_ticks(incident, incident.phase)
    known = facts(incident, incident.phase, now=view.now, ticks=ticks)
    lines = []
    for item in play(view).items:
        missing, refusal = item.missing(known), item.why_not_press(known)
        lines.append(Line(item, missing, refusal, None if missing or refusal else ticks.get(item.key)))
    return lines


@once
def _own_systems(view: View) -> set[str]:
    return set(db.session.scalars(select(System.name).filter_by(owner_id=view.actor.user_id)))


def why_not_check(view: View, system: str) -> str:
    """Why this person does not confirm a system now; empty when they may."""
    refusal = check_refusal(view.incident.phase, view.incident.is_resolved)
    if not refusal and not view.may_command and system not in _own_systems(view):
        return not_yours(system)
    return refusal


def shows_resolution(view: View) -> bool:
    """The composer offers the resolution milestone: in phase 8, and in phase 7 once it is clear."""
    phase = view.incident.phase
    return phase is Phase.RESOLUTION or (phase is Phase.VALIDATION and not blockers(view))


# The run card


class Card(NamedTuple):
    """The run card that was put here last.

    `ticks`: step, counted from 0 → who did it when.
    """

    use: RunCardUse
    ticks: dict[int, RunCardTick]

    @property
    def steps(self) -> list[str]:
        """The steps of its version, in order."""
        return runcards.steps(self.use.version.body)


@once
def card(view: View) -> Card | None:
    """The card that was put here last; None for none. Two queries."""
    rows = select(RunCardUse).filter_by(incident_id=view.incident.id)
    newest = rows.order_by(RunCardUse.put_at.desc(), RunCardUse.id.desc()).limit(1)
    loads = joinedload(RunCardUse.version).joinedload(RunCardVersion.card)
    use = db.session.scalar(newest.options(loads))
    if use is None:
        return None
    ticks = db.session.scalars(select(RunCardTick).filter_by(use_id=use.id))
    return Card(use, {tick.step: tick for tick in ticks})


@once
def other_cards(view: View) -> list[RunCard]:
    """What else answers the incident, most specific first."""
    lies = card(view)
    return [one for one in cards_for(view.incident) if lies is None or one.id != lies.use.version.card_id]


# Drafts and the exec summary


@once
def drafts(view: View) -> dict[Helper, Draft]:
    """What the helpers wrote and this person has before them."""
    if not view.may_command:
        return {}
    offered = offered_drafts(view.incident, view.actor, view.now)
    # After the close leadership reads on: a brief is still drafted, nothing else.
    return {h: d for h, d in offered.items() if view.can_command or h is Helper.BRIEF}


@once
def summary_basis(view: View) -> Basis | None:
    """What the exec summary was written from."""
    return Basis.of(view.incident.exec_summary_from) if view.incident.exec_summary else None


@once
def summary_moved(view: View) -> tuple[str, ...]:
    """What moved on since the exec summary was written; empty while it is current."""
    return what_moved(view.incident, view.now)


# What is put in order


@once
def neighbours(view: View) -> list[tuple[int, str, bool]]:
    """The duplicates of this incident, and the newest others: number, title, whether it is a duplicate here.

    One query.
    """
    number = view.incident.id
    columns = (Incident.id, Incident.title, Incident.merged_into_id)
    mine = select(*columns).where(Incident.merged_into_id == number)
    others = select(*columns).where(Incident.id != number, Incident.merged_into_id.is_(None))
    newest = others.order_by(Incident.id.desc()).limit(OTHERS_OFFERED).subquery()
    rows = db.session.execute(union_all(mine, select(newest)))
    return [(other, title, kept == number) for other, title, kept in rows]


class Redactable(NamedTuple):
    """A text of the record, for who redacts words of it. `key`: `entry=12`, `update=3`, `field=title`."""

    key: str
    label: str
    text: str


def redactable(incident: Incident) -> tuple[Redactable, ...]:
    """The texts of its fields, the newest updates and the newest entries. Two queries."""
    found = [
        Redactable(f"field={field.name}", field.label, text)
        for field in FIELDS.values()
        if field.input in ("line", "text") and (text := field.read(incident))
    ]
    said = select(Publication).filter_by(incident_id=incident.id).order_by(Publication.id.desc())
    for update in db.session.scalars(said.limit(SHOWN)):
        label = f"{update.heading} of {update.at:%Y-%m-%d %H:%M} UTC"
        found.append(Redactable(f"update={update.id}", label, update.body))
    rows = select(TimelineEvent).filter_by(incident_id=incident.id).order_by(TimelineEvent.seq.desc())
    for entry in db.session.scalars(rows.limit(ENTRIES_OFFERED)):
        found.append(Redactable(f"entry={entry.seq}", f"Entry {entry.seq}", entry.detail or entry.title))
    return tuple(found)


def chosen_text(incident: Incident, key: str) -> str:
    """The text of this key, of older ones too; empty for none."""
    kind, _, name = key.partition("=")
    if kind == "entry" and name.isascii() and name.isdigit() and len(name) < 10:
        entry = select(TimelineEvent).filter_by(incident_id=incident.id, seq=int(name))
        found = db.session.scalar(entry)
        return (found.detail or found.title) if found else ""
    return next((one.text for one in redactable(incident) if one.key == key), "")
