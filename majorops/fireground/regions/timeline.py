"""The timeline, in pages, and the line that logs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy import Select, or_, select

from majorops.db import db
from majorops.domain.access import Permission
from majorops.domain.enums import EventType, Visibility
from majorops.domain.events import EventKind
from majorops.domain.text import reference
from majorops.fireground.reads import entries, neighbours
from majorops.fireground.view import Form, View
from majorops.models import Publication, TimelineEvent
from majorops.operations.reviews import marks_among
from majorops.operations.timeline import strike_refusal

ENTRIES_PER_PAGE = 100
LONG = 60  # characters of a title that are in sight
KINDS = (
    ("note", "Note"),
    ("can", "CAN"),
    ("ask", "Ask"),
    ("decision", "Decision"),
    ("ruled_out", "Ruled out"),
)
DUPLICATES_SHOWN = 200  # entries of duplicates between those of a page
LOGGED_AFTER = ("note", "decision")  # the close


@dataclass(frozen=True)
class Log:
    """The line that logs. `kinds`: value and label of what may be logged now."""

    address: str
    form: Form
    can_note: bool
    may_command: bool
    kinds: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Entry:
    """An entry of the timeline.

    `struck_by`: the number of the entry that corrects it, None for none; `is_read_as_it_was`: the public
    does not see it; `is_quiet`: no subscriber is told of it. `can_strike`: this person may correct it now;
    `stays_inside`: the public would not see that correction. `is_marked`: for the review. `origin`: the
    duplicate that it stands at, and `there` its address; empty for this incident.
    """

    seq: int
    type: EventType
    visibility: Visibility
    at: datetime
    made_at: datetime | None
    by: str
    title: str
    detail: str
    corrects: bool
    struck_by: int | None
    is_read_as_it_was: bool
    is_quiet: bool
    can_strike: bool
    stays_inside: bool
    is_marked: bool = False
    can_mark: bool = False
    origin: str = ""
    there: str = ""

    @property
    def is_public(self) -> bool:
        """Public pages show it, as far as they show the incident."""
        return self.visibility is Visibility.PUBLIC

    @property
    def has_more(self) -> bool:
        """It unfolds: there is more to read, a long title too, or something to do."""
        return bool(self.detail or self.can_strike or self.struck_by) or len(self.title) > LONG

    @property
    def id(self) -> str:
        """Its number, with that of a duplicate before it: two incidents count from 1."""
        return f"{self.origin}-{self.seq}" if self.origin else str(self.seq)


@dataclass(frozen=True)
class Timeline:
    """A page of the timeline; `count`: entries of all of it.

    `only`, `q`: what is shown of it. The addresses of its other parts: `everything`, `public`, and where
    there are some, of `older` entries and back to the `newest`, else empty.
    """

    address: str
    count: int
    only: str
    q: str
    everything: str
    public: str
    older: str
    newest: str
    may_command: bool
    log: Log
    entries: tuple[Entry, ...]


def build(view: View) -> Timeline:
    """The part of the timeline that the view asks for, newest first, at most 100 entries."""
    page = _page(view)
    shown = page[:ENTRIES_PER_PAGE]
    return Timeline(
        address=view.address,
        count=view.incident.version,
        only=view.only,
        q=view.q,
        everything=_shown(view, q="", only=""),
        public=_shown(view, only="public"),
        older=_shown(view, before=shown[-1][0].seq) if len(page) > ENTRIES_PER_PAGE else "",
        newest=_shown(view) if view.before else "",
        may_command=view.may_command,
        log=_log(view),
        entries=_entries(view, _with_duplicates(view, shown, len(page) > len(shown))),
    )


def _log(view: View) -> Log:
    kinds = [(value, label) for value, label in KINDS if value != "ask" or view.may_command]
    if view.incident.is_resolved:
        kinds = [(value, label) for value, label in kinds if value in LOGGED_AFTER]
    return Log(
        address=view.address,
        form=view.form,
        can_note=view.actor.can(Permission.TIMELINE_NOTE),
        may_command=view.may_command,
        kinds=tuple(kinds),
    )


def _page(view: View) -> list[tuple[TimelineEvent, int | None]]:
    """What is shown, and one more where there are older ones."""
    query = _filtered(view, entries(view.incident.id)).limit(ENTRIES_PER_PAGE + 1)
    if view.before:
        query = query.where(TimelineEvent.seq < view.before)
    return [(entry, struck_by) for entry, struck_by in db.session.execute(query)]


def _filtered(view: View, query: Select) -> Select:
    if view.q:
        parts = (TimelineEvent.title, TimelineEvent.detail)
        query = query.where(or_(*(part.icontains(view.q, autoescape=True) for part in parts)))
    if view.only == "public":
        query = query.where(TimelineEvent.visibility == Visibility.PUBLIC)
    return query


def _with_duplicates(
    view: View, shown: list[tuple[TimelineEvent, int | None]], has_older: bool
) -> list[tuple[TimelineEvent, int | None]]:
    """A page with the entries of duplicates that were made meanwhile, newest first."""
    numbers = [number for number, _, is_mine in neighbours(view) if is_mine]
    if not numbers:
        return shown
    query = _filtered(view, entries(*numbers))
    if has_older:
        query = query.where(TimelineEvent.at >= shown[-1][0].at)
    if view.before:
        upper = select(TimelineEvent.at).filter_by(incident_id=view.incident.id, seq=view.before)
        query = query.where(TimelineEvent.at < upper.scalar_subquery())
    query = query.where(TimelineEvent.kind != EventKind.INCIDENT_MERGED)  # the kept one has its own
    newest = query.order_by(None).order_by(TimelineEvent.at.desc(), TimelineEvent.id.desc())
    others = [(entry, struck_by) for entry, struck_by in db.session.execute(newest.limit(DUPLICATES_SHOWN))]
    return sorted([*shown, *others], key=lambda pair: (pair[0].at, pair[0].id), reverse=True)


def _shown(view: View, **given: object) -> str:
    """The address of the timeline as it is shown, but for what is `given`."""
    kept = {"q": view.q, "only": view.only} | given
    query = urlencode({name: value for name, value in kept.items() if value})
    return f"{view.address}{'?' if query else ''}{query}#timeline"


def _entries(view: View, shown: list[tuple[TimelineEvent, int | None]]) -> tuple[Entry, ...]:
    inside, quiet = _corrected_inside(view, shown), _quiet(shown)
    marked = marks_among(entry.id for entry, _ in shown)
    may_note, may_publish = (view.actor.can(it) for it in (Permission.TIMELINE_NOTE, Permission.PUBLISH))
    here, all_of_them = view.incident.id, view.address.rpartition("/")[0]
    return tuple(
        Entry(
            seq=entry.seq,
            type=entry.type,
            visibility=entry.visibility,
            at=entry.at,
            made_at=entry.made_at,
            by=entry.actor_name,
            title=entry.title,
            detail=entry.detail,
            corrects=entry.corrects_id is not None,
            struck_by=struck_by,
            is_read_as_it_was=entry.id in inside,
            is_quiet=entry.publication_id in quiet,
            can_strike=entry.incident_id == here
            and may_note
            and not struck_by
            and not strike_refusal(entry, view.actor),
            stays_inside=entry.visibility is Visibility.PUBLIC and not may_publish,
            is_marked=entry.id in marked,
            can_mark=may_note and entry.incident_id == here,
            origin="" if entry.incident_id == here else reference(entry.incident_id),
            there=f"{all_of_them}/{entry.incident_id}#entry-{entry.seq}",
        )
        for entry, struck_by in shown
    )


def _corrected_inside(view: View, shown: Iterable[tuple[TimelineEvent, int | None]]) -> set[int | None]:
    """The ids of shown public entries whose correction is internal.

    The public reads them as they were.
    """
    public = [entry.id for entry, by in shown if by and entry.visibility is Visibility.PUBLIC]
    if not public:
        return set()
    inside = select(TimelineEvent.corrects_id).where(
        TimelineEvent.corrects_id.in_(public),
        TimelineEvent.visibility == Visibility.INTERNAL,
    )
    return set(db.session.scalars(inside))


def _quiet(shown: Iterable[tuple[TimelineEvent, int | None]]) -> set[int | None]:
    """The publications of shown entries that no subscriber is told of."""
    said = [entry.publication_id for entry, _ in shown if entry.publication_id]
    if not said:
        return set()
    found = select(Publication.id).where(Publication.id.in_(said), Publication.is_quiet.is_(True))
    return set(db.session.scalars(found))
