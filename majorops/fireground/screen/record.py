"""What commands read of the record: tracks, timeboxes, CAN, asks, nudges, the newest entries, updates."""

from __future__ import annotations

from functools import cached_property

from majorops.db import db
from majorops.domain.cadence import Holding
from majorops.domain.coach import Nudge
from majorops.fireground import reads
from majorops.fireground.screen.base import Screen
from majorops.models import (
    Ask,
    CanReport,
    Publication,
    RecoveryTrack,
    Timebox,
    TimelineEvent,
)

NEWEST_SHOWN = 8


class Record(Screen):
    """Lists of the record, bounded by what people run at once."""

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
    def nudges(self) -> list[Nudge]:
        return reads.standing_nudges(self)

    @cached_property
    def newest(self) -> list[tuple[TimelineEvent, int | None]]:
        """The last few entries, whatever the timeline shows."""
        return list(db.session.execute(reads.entries(self.incident).limit(NEWEST_SHOWN)).all())

    @cached_property
    def updates(self) -> list[Publication]:
        return reads.updates(self)

    @cached_property
    def corrected_ids(self) -> set[int]:
        return reads.corrected_updates(self)
