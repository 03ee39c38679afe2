"""The run card on the fireground: its steps with who did them, its sections,
and what else answers the incident.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from majorops.db import db
from majorops.domain.enums import AlarmLevel
from majorops.domain.runcards import STEPS, Section, default_box, is_stale, sections, steps
from majorops.models import Incident, RunCard, RunCardTick, RunCardUse, RunCardVersion
from majorops.operations.runcards import cards_for


@dataclass(frozen=True)
class Card:
    """The card that lies here. `ticks`: step → who did it when."""

    use: RunCardUse
    ticks: dict[int, RunCardTick]

    @property
    def version(self) -> RunCardVersion:
        return self.use.version

    @property
    def about(self) -> RunCard:
        return self.version.card

    @property
    def steps(self) -> list[str]:
        return steps(self.version.body)

    @property
    def done(self) -> int:
        return sum(step < len(self.steps) for step in self.ticks)

    @property
    def sections(self) -> list[Section]:
        return [section for section in sections(self.version.body) if section.heading != STEPS]

    @property
    def suggests(self) -> AlarmLevel | None:
        return default_box(self.version.body)

    def stale_days(self, now: datetime) -> int:
        """Days since somebody looked at it, once that is too long; else 0."""
        reviewed_at = self.about.reviewed_at
        return (now - reviewed_at).days if is_stale(reviewed_at, now) else 0


def card_on(incident: Incident) -> Card | None:
    """The card that was put here last. Two queries."""
    newest = select(RunCardUse).filter_by(incident_id=incident.id)
    loads = joinedload(RunCardUse.version).joinedload(RunCardVersion.card)
    use = db.session.scalar(
        newest.order_by(RunCardUse.put_at.desc(), RunCardUse.id.desc()).options(loads).limit(1)
    )
    if use is None:
        return None
    ticks = db.session.scalars(select(RunCardTick).filter_by(use_id=use.id))
    return Card(use, {tick.step: tick for tick in ticks})


def others_for(incident: Incident, card: Card | None) -> list[RunCard]:
    """What else answers the incident, most specific first."""
    return [other for other in cards_for(incident) if card is None or other.id != card.about.id]
