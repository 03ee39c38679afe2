"""The archive of reviews: newest first, narrowed as its address says; no page reads all of the past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select, union
from sqlalchemy.orm import selectinload

from majorops.db import db
from majorops.domain.actions import Badge, badge
from majorops.domain.enums import ActionState, ReviewState, by_value
from majorops.domain.review import REVIEW_FIELDS, due_next, text_id
from majorops.domain.search import Query, marked, parse, shown_as
from majorops.models import Incident, Review, ReviewText
from majorops.models.full_text import found_by
from majorops.operations.after_action import need_by, scheduled_at
from majorops.operations.searching import LOOKED, Pieces, filters, next_number
from majorops.operations.spelling import meant

PER_PAGE = 50
READ = 1_000  # newest incidents that one page looks through where nothing narrows them
OVERDUE = "overdue"
SHOWN = (("", "All"), *((state.value, state.label) for state in ReviewState), (OVERDUE, "Overdue"))


@dataclass(frozen=True)
class Filter:
    """What the address asks for. `show`: a state, or what is overdue; `before`: incidents numbered below."""

    typed: str
    query: Query
    show: str
    is_practice: bool
    before: int | None

    @classmethod
    def of(cls, given: Mapping[str, str], before: int | None) -> Filter:
        """Read from the parameters of an address; what is none of ours is left out."""
        typed, show = given.get("q", ""), given.get("show", "")
        known = show if show in dict(SHOWN) else ""
        return cls(shown_as(typed), parse(typed), known, given.get("practice") == "1", before)

    @property
    def narrows(self) -> bool:
        """It asks for some reviews only."""
        return bool(self.query.asks or self.show)

    def address(self, **changed: object) -> dict[str, object]:
        """The parameters of this list with some of them changed, without those that say nothing."""
        given = {"q": self.typed, "show": self.show, "practice": "1" if self.is_practice else ""}
        return {name: value for name, value in (given | changed).items() if value}


@dataclass(frozen=True)
class Found:
    """The text of a review that holds what was asked for: its label, its part of the page, its words."""

    label: str
    part: str
    text: Pieces


@dataclass(frozen=True)
class ReviewRow:
    """A review in the archive. `next`, `badge`: what is due and how late, None for nothing."""

    incident: Incident
    state: ReviewState
    next: str
    due_at: datetime | None
    badge: Badge | None
    found: Found | None


@dataclass(frozen=True)
class Archive:
    """One page; `older_than` leads to the next, None on the last one.

    `meant`: words that were, where those that were typed stand nowhere.
    """

    filter: Filter
    rows: tuple[ReviewRow, ...]
    older_than: int | None
    meant: str


def archive(given: Filter, now: datetime) -> Archive:
    """The page that the filter asks for. Eight queries at most."""
    query = given.query if given.query.asks else Query()
    last = given.before or next_number()
    # A system and words narrow by themselves; all else is looked for among so many.
    is_bounded = not (query.has_words or query.system) or given.show == OVERDUE
    least = max(1, last - READ) if is_bounded else 1
    most = READ if given.show == OVERDUE else PER_PAGE + 1
    rows = db.session.execute(_asked(given, query, least, last).limit(most)).all()
    repeats = _repeats([incident.id for _, incident in rows])
    listed = [_row(review, incident, repeats.get(incident.id, ""), now) for review, incident in rows]
    if given.show == OVERDUE:
        listed = [one for one in listed if one.badge and one.badge.tone == "red"]
    older_than = listed[PER_PAGE - 1].incident.id if len(listed) > PER_PAGE else least if least > 1 else None
    shown = listed[:PER_PAGE]
    with_systems = select(Incident).where(Incident.id.in_([one.incident.id for one in shown]))
    db.session.scalars(with_systems.options(selectinload(Incident.systems))).all()
    found = _found(query, [one.incident.id for one in shown]) if query.has_words else {}
    words = "" if shown or not query.has_words else meant(given.typed, query)
    return Archive(given, tuple(_with(one, found.get(one.incident.id)) for one in shown), older_than, words)


def _asked(given: Filter, query: Query, least: int, last: int) -> Select[Review, Incident]:
    rows = select(Review, Incident).join(Incident, Incident.id == Review.incident_id)
    rows = rows.where(Review.incident_id >= least, Review.incident_id < last)
    rows = rows.where(Incident.merged_into_id.is_(None), Incident.is_drill.is_(given.is_practice))
    if query.has_words:
        titled = found_by("incident", query, LOOKED).subquery()
        ids = union(_written(query), select(titled.c.id)).subquery()
        rows = rows.join(ids, ids.c.id == Review.incident_id)
    if state := by_value(ReviewState, given.show):
        rows = rows.where(Review.state == state)
    return rows.where(*filters(query)).order_by(Review.incident_id.desc())


def _written(query: Query) -> Select[int]:
    """Incidents whose review holds it: of the newest texts, those that stand."""
    newest = found_by("review_text", query, LOOKED).subquery()
    return _standing(select(ReviewText.incident_id.label("id")).join(newest, newest.c.id == ReviewText.id))


def _standing(rows: Select) -> Select:
    later = ReviewText.__table__.alias()
    newest = select(func.max(later.c.version)).where(
        later.c.incident_id == ReviewText.incident_id, later.c.name == ReviewText.name
    )
    return rows.where(ReviewText.version == newest.scalar_subquery())


def _found(query: Query, numbers: list[int]) -> dict[int, Found]:
    """By incident the first text that holds it."""
    newest = found_by("review_text", query, LOOKED).subquery()
    rows = _standing(select(ReviewText).join(newest, newest.c.id == ReviewText.id))
    rows = rows.where(ReviewText.incident_id.in_(numbers)).order_by(ReviewText.id.desc())
    return {
        one.incident_id: Found(REVIEW_FIELDS[one.name].label, text_id(one.name), marked(query, one.text))
        for one in db.session.scalars(rows)
        if one.name in REVIEW_FIELDS
    }


def _repeats(numbers: list[int]) -> dict[int, str]:
    """What these incidents repeat, by their number, where somebody said so."""
    texts = select(ReviewText.incident_id, ReviewText.text).where(
        ReviewText.incident_id.in_(numbers), ReviewText.name == "repeat_of"
    )
    rows = db.session.execute(texts.order_by(ReviewText.version))
    return {row.incident_id: row.text for row in rows}


def _row(review: Review, incident: Incident, repeats: str, now: datetime) -> ReviewRow:
    next_one = due_next(
        review.state,
        is_required=need_by(incident, repeats, now).is_required,
        resolved_at=incident.resolved_at,
        scheduled_at=scheduled_at(review),
        held_at=review.held_at,
        published_at=review.published_at,
    )
    what, due_at = next_one or ("", None)
    shown = badge(ActionState.OPEN, due_at.date(), now.date()) if due_at else None
    return ReviewRow(incident, review.state, what, due_at, shown, None)


def _with(row: ReviewRow, found: Found | None) -> ReviewRow:
    return ReviewRow(row.incident, row.state, row.next, row.due_at, row.badge, found)
