"""Status updates: what was said to people, and the promise of the next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from majorops.db import db
from majorops.domain.cadence import Cadence
from majorops.domain.enums import Visibility
from majorops.fireground import reads
from majorops.fireground.view import Form, View
from majorops.models import Publication, TimelineEvent


@dataclass(frozen=True)
class Update:
    """`is_old`: a later one corrects it; `corrects`: it corrects an earlier one.

    `public_heading`: of a milestone that the public reads under another number. `entry`: the number of its
    entry in the timeline, which carries the visibility, where this person may change that.
    """

    id: int
    heading: str
    public_heading: str
    is_milestone: bool
    is_resolution: bool
    visibility: Visibility
    withdrawn_at: datetime | None
    at: datetime
    by: str
    title: str
    body: str
    is_old: bool
    corrects: bool
    next_update_eta: datetime | None
    after_action_at: datetime | None
    can_correct: bool
    entry: int | None

    @property
    def is_public(self) -> bool:
        """Public pages show its text, as far as they show the incident; not once it is withdrawn."""
        return self.visibility is Visibility.PUBLIC


@dataclass(frozen=True)
class Updates:
    """`count`: of all, `shown`: the newest, newest first."""

    address: str
    form: Form
    count: int
    cadence: Cadence | None
    can_command: bool
    shown: tuple[Update, ...]


def build(view: View) -> Updates:
    """The newest 20, newest first, and the count of all."""
    return Updates(
        address=view.address,
        form=view.form,
        count=reads.update_count(view),
        cadence=reads.cadence(view),
        can_command=view.can_command,
        shown=_shown(view),
    )


def _shown(view: View) -> tuple[Update, ...]:
    updates, old = reads.updates(view), reads.corrected_updates(view)
    correctable = [update for update in updates if view.may_command and update.id not in old]
    entries = _entries(correctable)
    return tuple(
        Update(
            id=update.id,
            heading=update.heading,
            public_heading=update.public_heading,
            is_milestone=update.number is not None,
            is_resolution=update.is_resolution,
            visibility=update.visibility,
            withdrawn_at=update.withdrawn_at,
            at=update.at,
            by=update.by_name,
            title=update.title,
            body=update.body,
            is_old=update.id in old,
            corrects=update.corrects_id is not None,
            next_update_eta=update.next_update_eta,
            after_action_at=update.after_action_at,
            can_correct=update in correctable,
            entry=entries.get(update.id),
        )
        for update in updates
    )


def _entries(updates: list[Publication]) -> dict[int, int]:
    """Update → its entry in the timeline."""
    if not updates:
        return {}
    rows = select(TimelineEvent.publication_id, TimelineEvent.seq)
    here = rows.where(TimelineEvent.publication_id.in_([update.id for update in updates]))
    return {update: seq for update, seq in db.session.execute(here) if update is not None}
