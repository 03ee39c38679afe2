"""Search over the record, for whoever reads the fireground.

A kind of thing that is found is one entry of KINDS: its table has a full text (`search_index.SEARCHED`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import aliased

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import CommandRole
from majorops.domain.review import REVIEW_FIELDS, text_id
from majorops.domain.search import Query, marked, parse, score
from majorops.models import (
    ActionItem,
    AffectedSystem,
    CommandAssignment,
    Incident,
    Publication,
    ReviewText,
    RunCard,
    RunCardVersion,
    TimelineEvent,
)
from majorops.models.full_text import found_by, newest_by, newest_numbers
from majorops.operations.spelling import meant

LOOKED = 500  # newest matches of a kind that are looked at
SCORED = 100  # of those, how many are put in order by how well they answer
SHOWN = 20  # of a kind
QUICK = 5  # results in a palette
SKIMMED = 5_000  # newest incidents that are looked at where neither a word nor a system narrows them

Pieces = tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Sought:
    """Incidents that a query asks for, newest first; `older_than`: where the next page goes on, or None."""

    rows: Sequence[Any]
    older_than: int | None


@dataclass(frozen=True)
class Kind:
    """What can be found: one entry of KINDS.

    `model`: its table has a full text. `title`, `text`, `at`: what is shown of a row. `incident`: the column
    of its incident's number, None for what belongs to none. `only`: which rows count. `part`: where on its
    page it stands, `seq`: the column by which the timeline is turned to it. `named`: where the title is a
    name of ours, what people read for it and its part of the page.
    """

    name: str
    label: str
    model: Any
    title: Any
    text: Any
    at: Any
    incident: Any = None
    joins: tuple[Any, ...] = ()
    only: ColumnElement[bool] | None = None
    part: str = ""
    seq: Any = None
    named: Mapping[str, tuple[str, str]] = field(default_factory=dict)


_version = aliased(RunCardVersion)
_NEWEST = select(func.max(_version.id)).where(_version.card_id == RunCard.id).correlate(RunCard)
_later = aliased(ReviewText)
_STANDS = (
    select(func.max(_later.version))
    .where(_later.incident_id == ReviewText.incident_id, _later.name == ReviewText.name)
    .correlate(ReviewText)
)

KINDS: tuple[Kind, ...] = (
    Kind(
        "incidents",
        "Incidents",
        Incident,
        Incident.title,
        Incident.description,
        Incident.opened_at,
        Incident.id,
    ),
    Kind(
        "updates",
        "Updates",
        Publication,
        Publication.title,
        Publication.body,
        Publication.at,
        Publication.incident_id,
        part="updates",
    ),
    Kind(
        "timeline",
        "Timeline",
        TimelineEvent,
        TimelineEvent.title,
        TimelineEvent.detail,
        TimelineEvent.at,
        TimelineEvent.incident_id,
        part="timeline",
        seq=TimelineEvent.seq,
    ),
    Kind(
        "reviews",
        "Reviews",
        ReviewText,
        ReviewText.name,
        ReviewText.text,
        ReviewText.at,
        ReviewText.incident_id,
        only=ReviewText.version == _STANDS.scalar_subquery(),
        named={one.name: (one.label, text_id(one.name)) for one in REVIEW_FIELDS.values()},
    ),
    Kind(
        "actions",
        "Actions",
        ActionItem,
        ActionItem.text,
        case(
            (ActionItem.outcome == "", ActionItem.owner_name),
            else_=ActionItem.owner_name.concat(": ").concat(ActionItem.outcome),
        ),
        ActionItem.added_at,
        ActionItem.incident_id,
    ),
    Kind(
        "run-cards",
        "Run cards",
        RunCardVersion,
        RunCard.name,
        RunCardVersion.body,
        RunCardVersion.at,
        joins=(RunCard,),
        only=RunCardVersion.id == _NEWEST.scalar_subquery(),
    ),
)


@dataclass(frozen=True)
class Hit:
    """A row that was found. `incident`, `seq`: None where it has none; `part`: where on its page it is."""

    id: int
    incident: int | None
    seq: int | None
    title: Pieces
    text: Pieces
    at: datetime
    part: str = ""


@dataclass(frozen=True)
class Hits:
    """What was found of a kind. `has_more`: there are others; `is_newest_only`: older ones were not read."""

    kind: Kind
    rows: tuple[Hit, ...]
    has_more: bool
    is_newest_only: bool


def search(
    query: Query, *, actor: Actor, names: Sequence[str] = (), best: bool = False, shown: int = SHOWN
) -> list[Hits]:
    """What was found, by kind; `names`: of these only. Newest first, or best first among the newest.

    Nothing for who does not read the fireground, and where nothing can be looked for.
    """
    if not query.asks or not actor.can(Permission.INCIDENT_READ):
        return []
    kinds = [kind for kind in KINDS if not names or kind.name in names]
    newest = newest_numbers(kind.model.__tablename__ for kind in kinds) if query.has_words else {}
    return [hits for kind in kinds if (hits := _of_kind(kind, query, best, shown, newest)).rows]


def search_as_meant(
    typed: str, *, actor: Actor, names: Sequence[str] = (), best: bool = False, shown: int = SHOWN
) -> tuple[list[Hits], str]:
    """What is found for what was typed; and, where nothing is, for what was meant by it, in words.

    The words are empty where what was typed found something, or what was meant found nothing either.
    """
    query = parse(typed)
    found = search(query, actor=actor, names=names, best=best, shown=shown)
    words = meant(typed, query) if not found and query.asks and query.has_words else ""
    if words:
        found = search(parse(words), actor=actor, names=names, best=best, shown=shown)
    return found, words if found else ""


def quick_search(typed: str, *, actor: Actor) -> tuple[list[tuple[Kind, Hit]], str]:
    """The first five of what is found: incidents, and what is newest of every other kind; what was meant."""
    found, words = search_as_meant(typed, actor=actor, shown=QUICK)
    first = [(hits.kind, hit) for hits in found if hits.kind.model is Incident for hit in hits.rows]
    others = [(hits.kind, hits.rows[0]) for hits in found if hits.kind.model is not Incident]
    kept = max(QUICK - len(others), QUICK // 2 + 1)
    return [*first[:kept], *others, *first[kept:]][:QUICK], words


def _of_kind(kind: Kind, query: Query, best: bool, shown: int, numbers: Mapping[str, int]) -> Hits:
    if (kind.incident is None and query.has_filter) or (not query.has_words and kind.model is not Incident):
        return Hits(kind, (), False, False)
    most, asked, is_common = SCORED if best else shown + 1, None, False
    if query.has_words:
        name = kind.model.__tablename__
        asked, is_common = newest_by(name, query, LOOKED, newest=numbers.get(name))
    rows = db.session.execute(_asked(kind, query, asked).limit(most)).all()
    if best:
        rows = sorted(rows, key=lambda row: (score(query, row.title, row.text or ""), row.id), reverse=True)
    if kind.model is Incident and query.number:
        rows = [*_named(kind, query), *(row for row in rows if row.id != query.number)]
    hits = tuple(_hit(kind, query, row) for row in rows[:shown])
    is_part = query.has_filter and (is_common or (not query.has_words and not query.system))
    return Hits(kind, hits, len(rows) > shown, is_part or (best and len(rows) == SCORED))


def _named(kind: Kind, query: Query) -> Sequence[Any]:
    """The incident whose number was typed; best answers though no text of it holds the number."""
    return db.session.execute(
        _asked(kind, query, select(Incident.id).where(Incident.id == query.number))
    ).all()


def _hit(kind: Kind, query: Query, row: Any) -> Hit:
    title, part = kind.named.get(row.title, (row.title, kind.part))
    text = marked(query, row.text or "")
    return Hit(row.id, row.incident, row.seq, marked(query, title, is_whole=True), text, row.at, part)


def _asked(kind: Kind, query: Query, numbers: Select[Any] | None) -> Select[Any]:
    """The rows of a kind, newest first; `numbers`: of those that hold the words, None for no words."""
    nothing = func.nullif(1, 1)
    rows = select(
        kind.model.id,
        kind.title.label("title"),
        kind.text.label("text"),
        kind.at.label("at"),
        (nothing if kind.incident is None else kind.incident).label("incident"),
        (nothing if kind.seq is None else kind.seq).label("seq"),
    )
    for other in kind.joins:
        rows = rows.join(other)
    if numbers is not None:
        newest = numbers.subquery()
        rows = rows.join(newest, newest.c.id == kind.model.id)
    elif not query.system:
        last = select(func.max(Incident.id)).scalar_subquery()
        rows = rows.where(Incident.id > last - SKIMMED)
    if kind.only is not None:
        rows = rows.where(kind.only)
    if query.has_filter:
        if kind.model is not Incident:
            rows = rows.join(Incident, Incident.id == kind.incident)
        rows = rows.where(*filters(query, kind.at))
    return rows.order_by(kind.model.id.desc())


def running_sought(query: Query, rows: Select[Any], numbers: Sequence[int]) -> Select[Any]:
    """Narrow a select of running incidents; `numbers`: of all that run, which are few."""
    if query.number:
        rows = rows.where(Incident.id == query.number)
    elif query.has_words:
        rows = rows.where(Incident.id.in_(found_by("incident", query, len(numbers) or 1, among=numbers)))
    return rows.where(*filters(query))


def incidents_sought(query: Query, rows: Select[Any], before: int | None, most: int) -> Sought:
    """One page of a select that holds incidents, by their number; `before`: those below it.

    What a filter leaves of the newest matches is read, and where it leaves few, the next page goes on from
    there: no page reads all of the past.
    """
    least, rows = None, rows.where(*filters(query)).order_by(Incident.id.desc()).limit(most + 1)
    if before:
        rows = rows.where(Incident.id < before)
    if query.number:
        return Sought(db.session.scalars(rows.where(Incident.id == query.number)).all(), None)
    if query.has_words:
        newest = newest_by("incident", query, LOOKED, before=before)[0]
        looked = newest.subquery()
        rows = rows.join(looked, looked.c.id == Incident.id)
    elif query.has_filter and not query.system:
        least = skimmed_from(before)
        rows = rows.where(Incident.id >= least)
    found = db.session.scalars(rows).all()
    if len(found) > most:
        return Sought(found[:most], found[most - 1].id)
    if query.has_words:
        least = db.session.scalar(newest.limit(1).offset(LOOKED - 1))
    return Sought(found, least if least and least > 1 else None)


def skimmed_from(before: int | None) -> int:
    """The least number of those below `before` that are looked at where nothing else narrows them."""
    return max(1, (before or next_number()) - SKIMMED)


def next_number() -> int:
    """A number above that of every incident. One query."""
    newest = select(Incident.id).order_by(Incident.id.desc()).limit(1)
    return (db.session.scalar(newest) or 0) + 1


def filters(query: Query, at: Any = Incident.opened_at) -> list[ColumnElement[bool]]:
    """What a query asks of the incident beside words, in a select that holds incidents; `at`: its time."""
    found: list[ColumnElement[bool]] = []
    if query.system:
        named = select(AffectedSystem.incident_id).where(AffectedSystem.name == query.system)
        found.append(Incident.id.in_(named))
    if query.severity:
        found.append(Incident.severity == query.severity)
    if query.before:
        found.append(at < query.before)
    if query.mim:
        led = select(CommandAssignment.id).where(
            CommandAssignment.incident_id == Incident.id,
            CommandAssignment.role == CommandRole.MIM,
            CommandAssignment.name.icontains(query.mim, autoescape=True),
        )
        found.append(led.exists())
    return found
