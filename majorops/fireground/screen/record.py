"""What happened so far: tracks, timeboxes, CAN, the timeline, updates."""

from __future__ import annotations

from functools import cached_property
from urllib.parse import urlencode

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import aliased

from majorops.db import db
from majorops.domain.cadence import Holding
from majorops.domain.coach import Nudge
from majorops.domain.enums import (
    Visibility,
)
from majorops.domain.events import EventKind
from majorops.fireground import reads
from majorops.fireground.screen.base import Screen
from majorops.fireground.screen.ledger import Act, ledger
from majorops.models import (
    Ask,
    CanReport,
    Publication,
    RecoveryTrack,
    Timebox,
    TimelineEvent,
)

ENTRIES_PER_PAGE = 100
NEWEST_SHOWN = 8
UPDATES_SHOWN = 20
TRACKS_SHOWN = 20


class Record(Screen):
    """Lists of the record, in pages or bounded by what people run at once."""

    # Tracks

    @cached_property
    def tracks(self) -> list[RecoveryTrack]:
        return reads.tracks(self)

    @property
    def holding(self) -> Holding:
        return reads.holding_update(self)

    @property
    def holding_text(self) -> str:
        """What the key H fills the composer with."""
        return self.holding.text

    @cached_property
    def timeboxes(self) -> list[Timebox]:
        return reads.timeboxes(self)

    @cached_property
    def cans(self) -> dict[str, CanReport]:
        return reads.cans(self)

    @cached_property
    def asks(self) -> list[Ask]:
        return reads.asks(self)

    @cached_property
    def ruled_out(self) -> list[TimelineEvent]:
        """Causes that were eliminated and not brought back, newest first."""
        strikes = aliased(TimelineEvent)
        rows = (
            select(TimelineEvent)
            .outerjoin(strikes, strikes.corrects_id == TimelineEvent.id)
            .where(
                TimelineEvent.incident_id == self.incident.id, TimelineEvent.kind == EventKind.CAUSE_RULED_OUT
            )
            .where(strikes.id.is_(None))
        )
        return list(db.session.scalars(rows.order_by(TimelineEvent.seq.desc()).limit(TRACKS_SHOWN)))

    # The coach

    @cached_property
    def nudges(self) -> list[Nudge]:
        return reads.standing_nudges(self)

    @property
    def nudge(self) -> Nudge | None:
        return self.nudges[0] if self.nudges else None

    # Timeline and updates

    def _entries(self, most: int) -> Select:
        correction = aliased(TimelineEvent)
        return (
            select(TimelineEvent, correction.seq)
            .outerjoin(correction, correction.corrects_id == TimelineEvent.id)
            .where(TimelineEvent.incident_id == self.incident.id)
            .order_by(TimelineEvent.seq.desc())
            .limit(most)
        )

    @cached_property
    def _page(self) -> list[tuple[TimelineEvent, int | None]]:
        query = self._entries(ENTRIES_PER_PAGE + 1)
        if self.q:
            parts = (TimelineEvent.title, TimelineEvent.detail)
            query = query.where(or_(*(part.icontains(self.q, autoescape=True) for part in parts)))
        if self.only == "public":
            query = query.where(TimelineEvent.visibility == Visibility.PUBLIC)
        if self.before:
            query = query.where(TimelineEvent.seq < self.before)
        return list(db.session.execute(query).all())

    @property
    def entries(self) -> list[tuple[TimelineEvent, int | None]]:
        """Newest first: the entry, and the number of the entry that strikes it out, if one does."""
        return self._page[:ENTRIES_PER_PAGE]

    @cached_property
    def corrected_inside(self) -> set[int]:
        """The shown public entries whose correction is internal, so that the public reads
        them as they were.
        """
        public = {
            entry.id: entry.seq for entry, by in self.entries if by and entry.visibility is Visibility.PUBLIC
        }
        if not public:
            return set()
        inside = select(TimelineEvent.corrects_id).where(
            TimelineEvent.incident_id == self.incident.id,
            TimelineEvent.corrects_id.in_(public),
            TimelineEvent.visibility == Visibility.INTERNAL,
        )
        return {public[corrected] for corrected in db.session.scalars(inside) if corrected is not None}

    @cached_property
    def newest(self) -> list[tuple[TimelineEvent, int | None]]:
        """The last few entries, whatever the timeline shows."""
        return list(db.session.execute(self._entries(NEWEST_SHOWN)).all())

    def shown(self, **given: object) -> str:
        """The address of the timeline as it is shown, but for what is `given`."""
        kept = {"q": self.q, "only": self.only} | given
        query = urlencode({name: value for name, value in kept.items() if value})
        return f"{self.address}{'?' if query else ''}{query}#timeline"

    @property
    def older_than(self) -> int | None:
        """The entry before which there are more, or None on the last page."""
        return self.entries[-1][0].seq if len(self._page) > ENTRIES_PER_PAGE else None

    @cached_property
    def updates(self) -> list[Publication]:
        return reads.updates(self)

    @cached_property
    def ledger(self) -> list[Act]:
        """What was sent, by act."""
        return ledger(self.incident)

    @cached_property
    def corrected_ids(self) -> set[int]:
        return {update.corrects_id for update in self.updates if update.corrects_id}

    @cached_property
    def update_seqs(self) -> dict[int, int]:
        """Publication → its entry in the timeline, which carries the visibility switch."""
        ids = [update.id for update in self.updates]
        rows = select(TimelineEvent.publication_id, TimelineEvent.seq).where(
            TimelineEvent.publication_id.in_(ids)
        )
        return {update: seq for update, seq in db.session.execute(rows) if update is not None}
