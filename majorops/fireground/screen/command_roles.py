"""The command team: who holds which role, who acts for an empty one, the hand-over, the exposure line,
the release.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from majorops.domain.access import Permission
from majorops.domain.alarm import is_role_asked
from majorops.domain.enums import AccountRole, AlarmLevel, CommandRole
from majorops.domain.exposure import Exposure
from majorops.domain.handover import offer_refusal
from majorops.domain.roles import StandIn, stand_in
from majorops.fireground import reads
from majorops.fireground.screen.record import Record
from majorops.models import CommandAssignment, Handover, User
from majorops.operations.exposure import exposure_of
from majorops.operations.outbox import audience

HISTORY_SHOWN = 20
RECEIVERS_SHOWN = 200


class CommandTeam(Record):
    """What the team panel and the commands about it show."""

    @cached_property
    def _assignments(self) -> list[CommandAssignment]:
        return reads.assignments(self)

    @cached_property
    def team(self) -> list[tuple[CommandRole, CommandAssignment | None, datetime | None]]:
        """Role, who holds it, and since when it is vacant."""
        seats: dict[CommandRole, CommandAssignment] = {row.role: row for row in self._assignments}
        team: list[tuple[CommandRole, CommandAssignment | None, datetime | None]] = []
        for role in CommandRole:
            seat = seats.get(role)
            if seat is not None and seat.until is None:
                team.append((role, seat, None))
            else:
                team.append((role, None, seat.until if seat else self.incident.opened_at))
        return team

    def is_asked(self, role: CommandRole) -> bool:
        """Whether the Box asks for this role: then an empty seat stands out."""
        return is_role_asked(role, self.incident.alarm_level)

    def is_unasked(self, name: str) -> bool:
        """Whether the Box does without this field: the bridge at Box 0, a role that it does not ask for."""
        if name == "bridge_url":
            return self.incident.alarm_level is AlarmLevel.BOX_0
        role = name.removeprefix("command.")
        return role != name and not self.is_asked(CommandRole(role))

    @property
    def asked(self) -> int:
        """How many roles the Box asks for, but for those who were let go in phase 8."""
        return sum(self.is_asked(role) and role not in self.let_go for role in CommandRole)

    @property
    def vacant(self) -> int:
        """How many of the roles that are asked for nobody holds."""
        return sum(self.is_vacant(role) for role, seat, _ in self.team if seat is None)

    def is_vacant(self, role: CommandRole) -> bool:
        """Whether the seat, empty, stands out: asked for, and not let go."""
        return self.is_asked(role) and role not in self.let_go

    @cached_property
    def let_go(self) -> frozenset[CommandRole]:
        return reads.let_go(self)

    @property
    def role_history(self) -> list[CommandAssignment]:
        """Who held what and when, newest first, as many as are shown."""
        newest = sorted(self._assignments, key=lambda row: (row.since, row.id), reverse=True)
        return newest[:HISTORY_SHOWN]

    @property
    def earlier_roles(self) -> int:
        """How many more there are."""
        return max(len(self._assignments) - HISTORY_SHOWN, 0)

    @property
    def released(self) -> dict[CommandRole, str]:
        """Who held a role last, of an incident that is stood down, or who was let go."""
        return {row.role: f"{row.name}, released" for row in self._assignments}

    def let_go_name(self, name: str) -> str:
        """`Rita Moreau, released` for the field of a role whose holder was let go; empty for all others."""
        role = name.removeprefix("command.")
        is_role = role != name and CommandRole(role) in self.let_go
        return self.released[CommandRole(role)] if is_role else ""

    def told_nobody(self, name: str) -> bool:
        """Whether the field gave a role to somebody else's account: assigning sends them no message."""
        held = [seat for role, seat, _ in self.team if name == f"command.{role.value}" and seat]
        return any(seat.user_id and seat.user_id != self.actor.user_id for seat in held)

    def stand_in(self, role: CommandRole) -> StandIn | None:
        """Who acts for a vacant role; None where somebody holds it or nobody needs it any more."""
        if self.incident.is_resolved or role in self.let_go:
            return None
        held = {one: seat.name for one, seat, _ in self.team if seat}
        return stand_in(role, held, self.incident.phase, self.incident.alarm_level)

    @property
    def mim(self) -> CommandAssignment | None:
        return next(seat for role, seat, _ in self.team if role is CommandRole.MIM)

    # Taking and handing over command

    @property
    def why_not_take(self) -> str:
        return reads.why_not_take(self)

    @property
    def why_not_offer(self) -> str:
        mim = self.mim
        refusal = offer_refusal(mim.name if mim else "", mim.user_id if mim else None, self.actor)
        if not refusal and self.handover:
            refusal = f"Command is offered to {self.handover.to_name} already."
        return self.why_not(Permission.INCIDENT_COMMAND) or refusal

    @cached_property
    def receivers(self) -> list[User]:
        """Whom command may be offered to, by name."""
        here = self.mim.user_id if self.mim else None
        people = audience([AccountRole.MIM, AccountRole.ADMIN])
        return [user for user in people if user.id != here][:RECEIVERS_SHOWN]

    @cached_property
    def handover(self) -> Handover | None:
        return reads.handover(self)

    @property
    def why_not_answer(self) -> str:
        return reads.why_not_answer(self)

    @property
    def why_not_withdraw(self) -> str:
        return reads.why_not_withdraw(self)

    # The exposure line, the release

    @cached_property
    def exposure(self) -> Exposure:
        return exposure_of(self.incident)

    @property
    def why_not_stand_down(self) -> str:
        return reads.why_not_stand_down(self)
