"""The command roles: what each is for, and who acts for an empty one (domain §5).

The five are those of the guide, "Command Team Management".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from majorops.domain.enums import AlarmLevel, CommandRole, Phase

ABOUT: dict[CommandRole, str] = {
    CommandRole.SRE: "Leads the technical work, owns the recovery tracks, reports in CAN.",
    CommandRole.MIM: "Command and communications. Does not fix.",
    CommandRole.LEADER: "Escalation: severity changes, resources.",
    CommandRole.SERVICE_MANAGER: "Knows service, vendors, on-call rotation. Confirms external impact.",
    CommandRole.CUSTOMER_OPS: "Speaks to customers, watches the support queue.",
}
NO_COMMAND = "Nobody has command."


@dataclass(frozen=True)
class StandIn:
    """Who acts for an empty role, and as what; with no name `text` says what to do instead."""

    name: str
    text: str


def stand_in(
    role: CommandRole, held: Mapping[CommandRole, str], phase: Phase, level: AlarmLevel
) -> StandIn | None:
    """Who acts for `role` while nobody holds it; `held`: role → name.

    None for a role that is held, and for all others while nobody has command: that comes first.
    """
    mim = held.get(CommandRole.MIM, "")
    if role in held or (not mim and role is not CommandRole.MIM):
        return None
    if role is CommandRole.MIM:
        return StandIn("", NO_COMMAND)
    if role is CommandRole.SRE:
        return StandIn("", f"{mim}, MIM, names an acting one.")
    if role is CommandRole.LEADER:
        return StandIn("", _leader(mim, phase, level))
    service_manager = held.get(CommandRole.SERVICE_MANAGER)
    if role is CommandRole.CUSTOMER_OPS and service_manager:
        return StandIn(service_manager, f"Acting: {service_manager}, {CommandRole.SERVICE_MANAGER.label}")
    return StandIn(mim, f"Acting: {mim}, MIM")


def _leader(mim: str, phase: Phase, level: AlarmLevel) -> str:
    if level < AlarmLevel.BOX_3:
        return f"Not asked for at {level.label}."
    if phase < Phase.ASSESS:
        return "The MIM's manager acts from phase 3 on."
    return f"Acting: the manager of {mim}"


def is_let_go(role: CommandRole, until: datetime | None, phase: Phase, phase_at: datetime) -> bool:
    """Whether a vacant role was held until phase 8, which asks for the release: then it is not vacant.

    `until`: when its last holder left, None where nobody held it; `phase_at`: when the phase was entered. The
    MIM stays.
    """
    return (
        role is not CommandRole.MIM and phase is Phase.RESOLUTION and until is not None and until >= phase_at
    )


def take_refusal(holder: str, since: datetime | None, asks: str) -> str:
    """Why `asks` cannot take command at one press; empty when the role is vacant."""
    if since is None:
        return ""
    return f"{'You have' if holder == asks else f'{holder} has'} command since {since:%H:%M:%S}."


def release_refusal(stood_down_at: datetime | None) -> str:
    """Why nobody is released by name now; empty until everybody was."""
    return f"Everybody was released at {stood_down_at:%H:%M:%S}." if stood_down_at else ""


def stand_down_refusal(reference: str, is_resolved: bool, at: datetime | None, by: str) -> str:
    """Why nobody is stood down now; empty at a resolved incident, once."""
    if not is_resolved:
        return f"{reference} is not resolved. Responders stand down at the close."
    return f"Stood down {at:%H:%M:%S} by {by}." if at else ""
