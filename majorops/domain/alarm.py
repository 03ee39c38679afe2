"""Alarm levels: what a severity triggers (guide, "Alarm Level Mapping"; domain §2)."""

from __future__ import annotations

from majorops.domain.enums import AlarmLevel, CommandRole, Severity

LEVELS = {
    Severity.CRITICAL: AlarmLevel.BOX_3,
    Severity.HIGH: AlarmLevel.BOX_2,
    Severity.MEDIUM: AlarmLevel.BOX_1,
    Severity.LOW: AlarmLevel.BOX_0,
}

TRIGGERS = {
    AlarmLevel.BOX_3: "Full command structure, executive notification, run card activation",
    AlarmLevel.BOX_2: "Active MIM, stakeholder notification, multi-team response",
    AlarmLevel.BOX_1: "Single responder, MIM on standby",
    AlarmLevel.BOX_0: "Triage only: monitor, no bridge",
}


_ASKED = {
    AlarmLevel.BOX_0: (),
    AlarmLevel.BOX_1: (CommandRole.SRE,),
    AlarmLevel.BOX_2: (CommandRole.SRE, CommandRole.MIM, CommandRole.CUSTOMER_OPS),
    AlarmLevel.BOX_3: tuple(CommandRole),
}


def roles_asked(level: AlarmLevel) -> tuple[CommandRole, ...]:
    """The command roles that a Box asks for; at Box 3 all five (domain §2)."""
    return _ASKED[level]


def is_role_asked(role: CommandRole, level: AlarmLevel) -> bool:
    """Whether a Box asks for this role, so that it matters that it is vacant.

    It always does for the MIM's (domain §5: never empty).
    """
    return role is CommandRole.MIM or role in _ASKED[level]


def level_refusal(severity: Severity, level: AlarmLevel) -> str:
    """Why the Box cannot be set to `level` (domain §2: never below the severity's); empty when it can."""
    floor = LEVELS[severity]
    return f"{severity.label} gives {floor.label}; it can only be raised." if level < floor else ""


def level_after(severity: Severity, old: Severity, level: AlarmLevel) -> AlarmLevel:
    """The alarm level when severity goes from `old` to `severity` (domain §2); `level`: the one until now.

    A Box that was raised by hand stays raised.
    """
    derived = LEVELS[severity]
    return max(derived, level) if level > LEVELS[old] else derived
