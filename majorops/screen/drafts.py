"""What the helpers wrote for this person, and where it is to be looked at twice."""

from __future__ import annotations

from functools import cached_property

from sqlalchemy import select

from majorops.db import db
from majorops.domain.facts import Mark, check, pieces, still_said
from majorops.domain.vocab import Helper, Phase
from majorops.models import Draft, TimelineEvent
from majorops.operations.drafts import offered_drafts
from majorops.screen.seats import CommandTeam

BRIEF_PHASES = (Phase.INITIAL, Phase.RESOLUTION)  # guide: "Run this at Phase 4 and again at Resolution"


class Drafts(CommandTeam):
    @cached_property
    def _drafts(self) -> dict[Helper, Draft]:
        return offered_drafts(self.incident, self.actor, self.now) if self.can_command else {}

    def draft(self, helper: str) -> Draft | None:
        """What lies before this person of that helper."""
        return self._drafts.get(Helper(helper))

    def marks(self, draft: Draft, edited: str | None = None) -> tuple[Mark, ...]:
        """What in a draft does not stand in what its writer saw; of an `edited` text, what it still says."""
        about = self.incident.customer_count_is_approximate
        count = self.incident.customer_count
        every = check(draft.text, draft.seen, None if count is None else (count, about))
        return every if edited is None else still_said(every, edited)

    def marked(self, draft: Draft) -> list[list[tuple[str, str]]]:
        """The lines of a draft, each in pieces with why one is marked."""
        lines: list[list[tuple[str, str]]] = [[]]
        for text, why in pieces(draft.text, self.marks(draft)):
            first, *rest = text.split("\n")
            lines[-1].append((first, why))
            lines += [[(line, why)] for line in rest]
        return lines

    @cached_property
    def offers_brief(self) -> bool:
        """A phase that asks for a brief, and nobody touched the exec summary in it."""
        if self.incident.phase not in BRIEF_PHASES or not self.can_command or self.draft("brief"):
            return False
        touched = select(TimelineEvent.id).where(
            TimelineEvent.incident_id == self.incident.id,
            TimelineEvent.field == "exec_summary",
            TimelineEvent.at >= self.incident.phase_entered_at,
        )
        return db.session.scalar(touched.limit(1)) is None
