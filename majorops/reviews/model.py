"""The Learning Review as one person sees it at one moment.

Built from the record and from what people wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.actions import Badge, badge
from majorops.domain.after_action import MET
from majorops.domain.enums import ActionKind, ActionState, ReviewNeed, ReviewState
from majorops.domain.facts import Mark
from majorops.domain.notices import WORDS, Reach
from majorops.domain.review import (
    PUBLISH_WITHIN,
    REVIEW_FIELDS,
    Need,
    ReviewField,
    missing_texts,
    points,
    text_id,
)
from majorops.domain.review_record import (
    Finding,
    Head,
    Lanes,
    PhaseTime,
    StripMark,
    heads,
    kept_findings,
    lanes,
    lost_findings,
    phase_times,
    strip,
)
from majorops.domain.text import reference
from majorops.models import (
    ActionItem,
    Incident,
    Review,
    ReviewAttendee,
    ReviewPerson,
    ReviewQuestion,
    ReviewText,
)
from majorops.operations.actions import action_refusal, actions_of
from majorops.operations.after_action import (
    AFTER_ACTION,
    DRAFT,
    Addressee,
    guests_of,
    need_now,
    review_of,
    review_reach,
    scheduled_at,
)
from majorops.operations.calendars import guest_title
from majorops.operations.drafts import BY_RULE
from majorops.operations.review_record import ReviewRecord, read_record
from majorops.operations.reviews import texts_of, why_not_step
from majorops.reviews.draft import Proposed, ReviewDraft, drafted, proposed, unread_marks
from majorops.reviews.forms import Typed
from majorops.reviews.public_text import PublicReview, public_review_shown
from majorops.web.fields import FieldAtRest
from majorops.web.suggestions import suggestions

SHOWN = 200  # of questions, people, attendees
VERSIONS_SHOWN = 30
TWO_WEEKS = timedelta(days=14)  # until an action is due, unless told


@dataclass(frozen=True)
class Step:
    """A state of the review: reached at a time by somebody, or not yet, and why not now."""

    state: ReviewState
    at: datetime | None
    by: str
    is_here: bool
    refusal: str


@dataclass(frozen=True)
class Written:
    """A text of the review at rest, with its points where it is a list.

    `draft`: what it may begin with, None where it is written or there is nothing. `drafted_by`: whose draft
    it is as it came, and `reviewed_by` who read it since; both empty for a person's own words.
    `marks`: what is to be checked in it while nobody did.
    """

    rest: FieldAtRest
    points: tuple[str, ...]
    by: str
    at: datetime | None
    draft: Proposed | None = None
    drafted_by: str = ""
    reviewed_by: str = ""
    marks: tuple[Mark, ...] = ()

    @property
    def is_unread_draft(self) -> bool:
        """It stands as a draft wrote it, and nobody said that they read it."""
        return bool(self.drafted_by and not self.reviewed_by)


@dataclass(frozen=True)
class Question:
    """A question, about the entry `seq` with its title, or about all of it."""

    id: int
    text: str
    by: str
    at: datetime
    seq: int | None
    entry: str
    answer: str
    answered_by: str
    answered_at: datetime | None


@dataclass(frozen=True)
class Reader:
    """Who is invited, was sent the draft and read it; None for not yet.

    `appointment`, `draft`: what became of each for them, in words, empty where they were sent none.
    """

    name: str
    is_added: bool
    is_here: bool
    sent_at: datetime | None
    read_at: datetime | None
    appointment: str
    draft: str


@dataclass(frozen=True)
class Guest:
    """Who gets the After Action without an account, and what became of it as it stands."""

    id: int
    address: str
    appointment: str


@dataclass(frozen=True)
class Action:
    """An action as the page lists it.

    `origin`: the incident that it belongs to, where that is another one.
    """

    id: int
    number: int
    incident: int
    origin: str
    reference: str
    text: str
    kind: str
    owner: str
    has_left: bool
    due_on: date
    moves: int
    first_due_on: date
    tracker_url: str
    state: ActionState
    badge: Badge
    outcome: str
    ended_by: str
    ended_at: datetime | None
    can_change: bool
    changes: int


@dataclass(frozen=True)
class NewAction:
    """What the form of an action begins with."""

    text: str
    owner: str
    due_on: str
    kind: str
    tracker_url: str


@dataclass(frozen=True)
class Version:
    """A text that was written once: which field, by whom, when."""

    number: int
    label: str
    by: str
    at: datetime


@dataclass(frozen=True)
class AfterActionTime:
    """The appointment; `at` None: not scheduled. `was`: as its form compares it."""

    at: datetime | None
    is_over: bool
    is_met: bool
    was: str
    sequence: int


@dataclass(frozen=True)
class ReviewPage:
    """All that the page shows. `version`: the number of the text that is shown, `of` the newest one."""

    number: int
    reference: str
    title: str
    severity: str
    severity_label: str
    box: str
    level: int
    is_drill: bool
    is_private: bool
    is_over: bool
    resolved_at: datetime | None
    now: datetime
    address: str
    fireground: str
    entries: int
    person: int | None
    can_write: bool
    can_command: bool
    need: Need
    is_needed: bool
    state: ReviewState
    steps: tuple[Step, ...]
    after_action: AfterActionTime
    heads: tuple[Head, ...]
    phases: tuple[PhaseTime, ...]
    strip: tuple[StripMark, ...]
    words: int
    lanes: Lanes
    impact: str
    texts: Mapping[str, Written]
    kept: tuple[Finding, ...]
    lost: tuple[Finding, ...]
    record: ReviewRecord
    questions: tuple[Question, ...]
    about: Mapping[int, int]
    people: tuple[Reader, ...]
    guests: tuple[Guest, ...]
    guest_title: str
    attendees: tuple[tuple[str, str], ...]
    actions: tuple[Action, ...]
    versions: tuple[Version, ...]
    version: int
    of: int
    published_version: int | None
    missing: tuple[str, ...]
    duplicates: tuple[tuple[int, str], ...]
    new_action: NewAction
    suggested: tuple[str, ...]
    public: PublicReview
    draft: ReviewDraft | None
    form: Typed

    @property
    def kinds(self) -> tuple[ActionKind, ...]:
        """What an action may do."""
        return tuple(ActionKind)

    @property
    def is_newest(self) -> bool:
        """It shows the texts that stand, not those of before."""
        return self.version == self.of

    @property
    def unread(self) -> tuple[str, ...]:
        """The labels of the texts that stand as a draft wrote them and that nobody read."""
        return tuple(REVIEW_FIELDS[name].label for name, one in self.texts.items() if one.is_unread_draft)

    @property
    def publish_by(self) -> datetime | None:
        """Until when a review that was held is to be published (domain §10); None before the meeting."""
        held = next((one.at for one in self.steps if one.state is ReviewState.HELD), None)
        return held + PUBLISH_WITHIN if held else None

    @property
    def is_publishing_late(self) -> bool:
        """It was held, and is not published in time."""
        return self.publish_by is not None and self.publish_by < self.now

    @property
    def open_questions(self) -> int:
        """How many wait for an answer."""
        return sum(one.answered_at is None for one in self.questions)

    @property
    def done(self) -> int:
        """How many actions ended done."""
        return sum(one.state is ActionState.DONE for one in self.actions)


def build(
    incident: Incident, actor: Actor, now: datetime, *, form: Typed | None = None, version: int | None = None
) -> ReviewPage:
    """The page of this incident's review, for this person, now. About twenty queries, however long it was.

    `version`: the texts as they stood then, None for those that stand.
    """
    review = review_of(incident)
    duplicates = [one.id for one in incident.duplicates]
    record = read_record(incident, now, duplicates)
    newest = review.version if review else 0
    shown = newest if version is None else min(version, newest)
    written = texts_of(incident, None if shown == newest else shown)
    may_write = actor.can(Permission.TIMELINE_NOTE) and shown == newest
    need = need_now(incident, now)
    address = url_for("review.show", number=incident.id)
    draft = drafted(incident, actor, now, address) if may_write else None
    drafts = proposed(incident, record.facts, draft) if may_write else {}
    by_model = {name: row for name, row in written.items() if row.drafted_by != BY_RULE}
    marks = unread_marks(incident, {n: row.text for n, row in by_model.items() if row.is_unread_draft})
    state = review.state if review else ReviewState.COLLECTING
    questions = _questions(incident)
    reach = review_reach(incident, review)
    return ReviewPage(
        number=incident.id,
        reference=incident.reference,
        title=incident.title,
        severity=incident.severity.value,
        severity_label=incident.severity.label,
        box=incident.alarm_level.label,
        level=incident.alarm_level.value,
        is_drill=incident.is_drill,
        is_private=not incident.is_public,
        is_over=incident.is_resolved,
        resolved_at=incident.resolved_at,
        now=now,
        address=address,
        fireground=f"/admin/incidents/{incident.id}",
        entries=incident.version,
        person=actor.user_id,
        can_write=may_write,
        can_command=actor.can(Permission.INCIDENT_COMMAND),
        need=need,
        is_needed=need.need is not ReviewNeed.NOT_NEEDED,
        state=state,
        steps=tuple(_steps(incident, review, now)),
        after_action=_after_action(review, now),
        heads=tuple(heads(record.facts)),
        phases=tuple(phase_times(record.facts)),
        strip=tuple(strip(record.facts)),
        words=len(record.facts.words),
        lanes=lanes(record.facts),
        impact=incident.customer_impact_summary,
        texts={
            name: replace(
                _written(incident, one, written.get(name), now, may_write, drafts.get(name)),
                marks=marks.get(name, ()),
            )
            for name, one in REVIEW_FIELDS.items()
        },
        kept=tuple(kept_findings(record.facts)),
        lost=tuple(lost_findings(record.facts)),
        record=record,
        questions=questions,
        about={one.seq: one.id for one in questions if one.seq},
        people=_people(incident, reach),
        guests=tuple(
            Guest(one.id, one.address, _told(reach.get((AFTER_ACTION, (None, one.id)))))
            for one in guests_of(incident)
        ),
        guest_title=guest_title(incident),
        attendees=_attendees(incident),
        actions=tuple(
            _action(one, incident, actor, now.date()) for one in actions_of(incident.id, *duplicates)
        ),
        versions=_versions(incident),
        version=shown,
        of=newest,
        published_version=review.published_version if review else None,
        missing=tuple(missing_texts({name: row.text for name, row in written.items()})),
        duplicates=tuple((one, reference(one)) for one in duplicates),
        new_action=NewAction("", "", f"{(now + TWO_WEEKS).date()}", ActionKind.PREVENT.value, ""),
        suggested=tuple(suggestions("people")) if may_write else (),
        public=public_review_shown(incident, actor, form or Typed()),
        draft=draft,
        form=form or Typed(),
    )


def _steps(incident: Incident, review: Review | None, now: datetime) -> list[Step]:
    state = review.state if review else ReviewState.COLLECTING
    order = list(ReviewState)
    reached = {
        ReviewState.COLLECTING: (incident.resolved_at, ""),
        ReviewState.DRAFT_SENT: (review and review.sent_at, review.sent_by if review else ""),
        ReviewState.HELD: (review and review.held_at, review.held_by if review else ""),
        ReviewState.PUBLISHED: (review and review.published_at, review.published_by if review else ""),
        ReviewState.REVIEWED: (review and review.closed_at, review.closed_by if review else ""),
    }
    return [
        Step(
            state=one,
            at=reached[one][0] or None,
            by=reached[one][1],
            is_here=one is state,
            refusal=why_not_step(incident, review, one, now) if order.index(one) > order.index(state) else "",
        )
        for one in order
    ]


def _after_action(review: Review | None, now: datetime) -> AfterActionTime:
    at = scheduled_at(review)
    return AfterActionTime(
        at=at,
        is_over=at is not None and at < now,
        is_met=review is not None and review.state in MET,
        was=at.isoformat() if at else "",
        sequence=review.after_action_sequence if review else 0,
    )


def written(incident: Incident, name: str, row: ReviewText | None, now: datetime, may_write: bool) -> Written:
    """One text at rest. Raises KeyError where the review has no such field."""
    return _written(incident, REVIEW_FIELDS[name], row, now, may_write)


def _written(
    incident: Incident,
    its: ReviewField,
    row: ReviewText | None,
    now: datetime,
    may_write: bool,
    draft: Proposed | None = None,
) -> Written:
    text = row.text if row else ""
    rest = FieldAtRest(
        name=its.name,
        id=text_id(its.name),
        label=its.label,
        address=f"{url_for('review.show', number=incident.id)}/texts/{its.name}",
        text=text,
        shown=text or (its.hint if may_write else "Nobody wrote it."),
        spoken=text or "not written",
        has_lines=its.input == "text",
        can_edit=may_write,
        told_nobody=False,
        display="points" if its.has_lines and text else "plain",
        detail=points(text) if its.has_lines else None,
        now=now,
    )
    return Written(
        rest,
        tuple(points(text)) if its.has_lines else (),
        row.by_name if row else "",
        row.at if row else None,
        None if text else draft,
        row.drafted_by if row and text else "",
        row.reviewed_by if row and text else "",
    )


def _questions(incident: Incident) -> tuple[Question, ...]:
    rows = select(ReviewQuestion).filter_by(incident_id=incident.id).order_by(ReviewQuestion.id)
    found = db.session.scalars(rows.options(joinedload(ReviewQuestion.entry)).limit(SHOWN))
    return tuple(
        Question(
            id=row.id,
            text=row.text,
            by=row.asked_by,
            at=row.asked_at,
            seq=row.entry.seq if row.entry else None,
            entry=row.entry.title if row.entry else "",
            answer=row.answer,
            answered_by=row.answered_by,
            answered_at=row.answered_at,
        )
        for row in found
    )


def _told(reach: Reach | None) -> str:
    """`told`, `queued`, `has no channel`: of one person; empty where they were sent none."""
    return "" if reach is None else WORDS[reach][0].format("").strip()


def _people(incident: Incident, reach: Mapping[tuple[str, Addressee], Reach]) -> tuple[Reader, ...]:
    rows = select(ReviewPerson).filter_by(incident_id=incident.id).order_by(ReviewPerson.id)
    found = db.session.scalars(rows.options(joinedload(ReviewPerson.user)).limit(SHOWN))
    return tuple(
        Reader(
            row.user.name,
            row.is_added,
            row.user.is_active,
            row.sent_at,
            row.read_at,
            _told(reach.get((AFTER_ACTION, (row.user_id, None)))),
            _told(reach.get((DRAFT, (row.user_id, None)))),
        )
        for row in found
    )


def _attendees(incident: Incident) -> tuple[tuple[str, str], ...]:
    rows = select(ReviewAttendee).filter_by(incident_id=incident.id).order_by(ReviewAttendee.id)
    return tuple((row.name, row.line) for row in db.session.scalars(rows.limit(SHOWN)))


def _versions(incident: Incident) -> tuple[Version, ...]:
    rows = select(ReviewText).filter_by(incident_id=incident.id).order_by(ReviewText.version.desc())
    return tuple(
        Version(
            row.version,
            REVIEW_FIELDS[row.name].label if row.name in REVIEW_FIELDS else row.name,
            row.by_name,
            row.at,
        )
        for row in db.session.scalars(rows.limit(VERSIONS_SHOWN))
    )


def _action(item: ActionItem, incident: Incident, actor: Actor, today: date) -> Action:
    return action_of(item, actor, today, here=incident.id)


def action_of(item: ActionItem, actor: Actor, today: date, here: int = 0) -> Action:
    """An action as a page lists it; `here`: the incident whose page it is, 0 for none."""
    is_open = item.state is ActionState.OPEN
    return Action(
        id=item.id,
        number=item.number,
        incident=item.incident_id,
        origin="" if item.incident_id == here else reference(item.incident_id),
        reference=item.reference,
        text=item.text,
        kind=item.kind.label,
        owner=item.owner_name,
        has_left=is_open and item.owner is not None and not item.owner.is_active,
        due_on=item.due_on,
        moves=item.moves,
        first_due_on=item.first_due_on,
        tracker_url=item.tracker_url,
        state=item.state,
        badge=badge(item.state, item.due_on, today),
        outcome=item.outcome,
        ended_by=item.ended_by,
        ended_at=item.ended_at,
        can_change=is_open and actor.can(Permission.TIMELINE_NOTE) and not action_refusal(item, actor),
        changes=item.changes,
    )
