"""Which texts of a review others wrote since a page was drawn, the one that is being edited too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from majorops.db import db
from majorops.domain.events import EventKind
from majorops.models import TimelineEvent
from majorops.reviews.model import ReviewPage, Written


@dataclass(frozen=True)
class Rests:
    """`texts`.

    To be drawn again; `by` changed the one that is being edited (`id`) `at` a time, empty for nobody.
    """

    texts: Sequence[Written]
    id: str = ""
    by: str = ""
    at: datetime | None = None


def rests_since(page: ReviewPage, seen: int, editing: str) -> Rests:
    """What was written after entry `seen` of the timeline. One query."""
    newer = select(TimelineEvent.field, TimelineEvent.actor_name, TimelineEvent.at).where(
        TimelineEvent.incident_id == page.number,
        TimelineEvent.seq > seen,
        TimelineEvent.kind == EventKind.REVIEW_WRITTEN,
    )
    rows = db.session.execute(newer.order_by(TimelineEvent.seq)).all()
    names = {(field or "").removeprefix("review."): (by, at) for field, by, at in rows}
    shown = [page.texts[name] for name in names if name in page.texts and name != editing]
    if editing in names and editing in page.texts:
        by, at = names[editing]
        return Rests(shown, page.texts[editing].rest.id, by, at)
    return Rests(shown)
