"""Who may do what (domain §1). Default deny: a role has only the permissions listed here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from majorops.domain.enums import AccountRole


class Permission(StrEnum):
    """What a role may be granted; routes demand one, and operations check it again."""

    INCIDENT_READ = "incident:read"  # the fireground
    INCIDENT_OPEN = "incident:open"
    INCIDENT_COMMAND = "incident:command"  # fields, phases, roles
    PUBLISH = "incident:publish"  # whatever the public reads: entries, updates, their corrections
    TIMELINE_NOTE = "timeline:note"
    CAN_REPORT = "can:report"
    CHECK_OWN = "check:own"  # validation of the systems one owns
    TRACK_OWN = "track:own"  # outcome of one's own track
    MAINTENANCE_MANAGE = "maintenance:manage"
    BRIEF_READ = "brief:read"  # the stakeholder brief, and asking there
    EXEC_READ = "exec:read"  # the executive brief
    DATA_MANAGE = "data:manage"


_STAKEHOLDER = {Permission.BRIEF_READ}
_EXECUTIVE = _STAKEHOLDER | {Permission.EXEC_READ}
_RESPONDER = _EXECUTIVE | {
    Permission.INCIDENT_READ,
    Permission.TIMELINE_NOTE,
    Permission.CAN_REPORT,
    Permission.CHECK_OWN,
    Permission.TRACK_OWN,
}
_MIM = _RESPONDER | {
    Permission.INCIDENT_OPEN,
    Permission.INCIDENT_COMMAND,
    Permission.PUBLISH,
    Permission.MAINTENANCE_MANAGE,
}

GRANTS: dict[AccountRole, frozenset[Permission]] = {
    AccountRole.ADMIN: frozenset(_MIM | {Permission.DATA_MANAGE}),
    AccountRole.MIM: frozenset(_MIM),
    AccountRole.RESPONDER: frozenset(_RESPONDER),
    AccountRole.EXECUTIVE: frozenset(_EXECUTIVE),
    AccountRole.STAKEHOLDER: frozenset(_STAKEHOLDER),
}


@dataclass(frozen=True)
class Actor:
    """Who does something: an account (`user_id`), or a name that a command line or a replay acts for."""

    name: str
    role: AccountRole
    user_id: int | None = None
    email: str | None = None

    @property
    def is_person(self) -> bool:
        """Somebody, by account or by name; not the software itself."""
        return self not in (SYSTEM, DIRECTORY)

    def can(self, permission: Permission) -> bool:
        """Whether the role grants it; whether a system or a track is one's own, operations check."""
        return permission in GRANTS[self.role]

    def refusal(self, permission: Permission) -> str:
        """Why this person may not, as a sentence; empty when they may."""
        return "" if self.can(permission) else f"{self.role.label} accounts may not do this."


SYSTEM = Actor(name="MajorOps", role=AccountRole.ADMIN)  # migrations of data, first run, command line
DIRECTORY = Actor(name="Directory (SCIM)", role=AccountRole.ADMIN)  # who keeps accounts from outside
