"""The phase command, as the list of commands asks for it."""

from __future__ import annotations

from majorops.domain.enums import CheckState, Helper, IncidentStatus, Phase
from majorops.domain.gates import Blocker, Situation, status_blockers
from majorops.fireground import reads
from majorops.fireground.screen.command_roles import CommandTeam
from majorops.models import Draft, RunCard


class Fireground(CommandTeam):
    """One incident as one person sees it at one moment, whole."""

    # Phase command

    @property
    def situation(self) -> Situation:
        return reads.situation(self)

    def check_state(self, system: str) -> CheckState:
        return self.situation.checks.get(system, CheckState.PENDING)

    @property
    def note(self) -> str:
        return reads.note(self)

    @property
    def checklist(self) -> list[reads.Line]:
        return reads.checklist(self)

    @property
    def card(self) -> reads.Card | None:
        """The run card that lies here."""
        return reads.card(self)

    @property
    def other_cards(self) -> list[RunCard]:
        return reads.other_cards(self)

    @property
    def next_phase(self) -> Phase | None:
        return reads.next_phase(self)

    @property
    def next_status(self) -> IncidentStatus | None:
        return reads.next_status(self)

    @property
    def blockers(self) -> list[Blocker]:
        return reads.blockers(self)

    def status_blockers(self, to: IncidentStatus) -> list[Blocker]:
        return status_blockers(self.situation, to, self.now)

    @property
    def shows_resolution(self) -> bool:
        return reads.shows_resolution(self)

    # Drafts and the exec summary

    def draft(self, helper: str) -> Draft | None:
        """What lies before this person of that helper."""
        return reads.drafts(self).get(Helper(helper))

    @property
    def summary_moved(self) -> tuple[str, ...]:
        return reads.summary_moved(self)
