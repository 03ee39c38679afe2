"""What the helpers wrote for this person, and where it is to be looked at twice."""

from __future__ import annotations

from functools import cached_property
from typing import cast

from majorops.domain.briefs import Basis, written_words
from majorops.domain.enums import Helper, Phase
from majorops.domain.facts import Mark, check, pieces, still_said
from majorops.fireground import reads
from majorops.fireground.screen.command_roles import CommandTeam
from majorops.models import Draft

BRIEF_PHASES = (Phase.INITIAL, Phase.RESOLUTION)  # guide: "Run this at Phase 4 and again at Resolution"


class Drafts(CommandTeam):
    @cached_property
    def _drafts(self) -> dict[Helper, Draft]:
        return reads.drafts(self)

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
    def summary_basis(self) -> Basis | None:
        return reads.summary_basis(self)

    @cached_property
    def summary_moved(self) -> tuple[str, ...]:
        return reads.summary_moved(self)

    @property
    def summary_written(self) -> str:
        """`Written in phase 4 Initial, 41 min ago`"""
        basis = cast(Basis, self.summary_basis)  # it is asked for where there is a summary
        return written_words(basis, self.now, self.incident.resolved_at)

    @property
    def summary_ages(self) -> bool:
        """It is said how long ago it was written: not where the close came after it."""
        closed_at = self.incident.resolved_at
        return closed_at is None or (self.summary_basis is not None and self.summary_basis.at >= closed_at)

    @property
    def asks_summary(self) -> bool:
        """Resolving asks what becomes of it."""
        return bool(self.incident.exec_summary)

    @cached_property
    def offers_brief(self) -> bool:
        """A phase that asks for a brief, and there is no exec summary yet."""
        is_due = self.incident.phase in BRIEF_PHASES or self.incident.is_resolved
        return is_due and self.may_command and not self.incident.exec_summary and not self.draft("brief")
