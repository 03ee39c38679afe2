"""Who is told of what (domain §2, "posture that the software itself must bring about")."""

from __future__ import annotations

from majorops.domain.vocab import AccountRole, AlarmLevel, Notice

# Whom an alarm level notifies when it is reached; a higher one adds to the lower ones.
AUDIENCE: dict[AlarmLevel, AccountRole] = {
    AlarmLevel.BOX_1: AccountRole.MIM,
    AlarmLevel.BOX_2: AccountRole.STAKEHOLDER,
    AlarmLevel.BOX_3: AccountRole.EXECUTIVE,
}

# What accounts of a role are sent unless a policy says otherwise.
DEFAULTS: dict[AccountRole, frozenset[Notice]] = {
    AccountRole.ADMIN: frozenset({Notice.HANDOVER, Notice.REMINDER}),
    AccountRole.MIM: frozenset(Notice) - {Notice.PUBLIC},
    AccountRole.RESPONDER: frozenset({Notice.ROLE, Notice.STAND_DOWN}),
    AccountRole.EXECUTIVE: frozenset({Notice.ALARM, Notice.ROLE, Notice.STAND_DOWN}),
    AccountRole.STAKEHOLDER: frozenset({Notice.ALARM, Notice.STAND_DOWN}),
}


def levels_reached(old: AlarmLevel | None, new: AlarmLevel) -> list[AlarmLevel]:
    """The Boxes that going from `old` (None: the incident opens) to `new` adds, lowest first."""
    return [level for level in AlarmLevel if level <= new and (old is None or level > old)]
