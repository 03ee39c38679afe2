"""Who may do what (domain §1). Default deny: a role has only the permissions listed here."""

from __future__ import annotations

from collections.abc import Collection
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
    METRICS_READ = "metrics:read"


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
    AccountRole.ADMIN: frozenset(_MIM | {Permission.DATA_MANAGE, Permission.METRICS_READ}),
    AccountRole.MIM: frozenset(_MIM),
    AccountRole.RESPONDER: frozenset(_RESPONDER),
    AccountRole.EXECUTIVE: frozenset(_EXECUTIVE),
    AccountRole.STAKEHOLDER: frozenset(_STAKEHOLDER),
}


SCOPES: dict[Permission, str] = {
    Permission.INCIDENT_READ: "Read incidents",
    Permission.INCIDENT_OPEN: "Open incidents",
    Permission.INCIDENT_COMMAND: "Command incidents: fields, phases, roles, tracks",
    Permission.PUBLISH: "Publish: whatever the public reads",
    Permission.TIMELINE_NOTE: "Write notes",
    Permission.CAN_REPORT: "Report CAN",
    Permission.CHECK_OWN: "Confirm the systems of its owner",
    Permission.TRACK_OWN: "Close the tracks of its owner",
    Permission.MAINTENANCE_MANAGE: "Plan maintenance",
    Permission.BRIEF_READ: "Read the stakeholder brief",
    Permission.EXEC_READ: "Read the executive brief",
    Permission.DATA_MANAGE: "Manage data: accounts, systems, run cards, settings",
    Permission.METRICS_READ: "Read the server's own metrics",
}
"""What a token may be given, as people read it."""


@dataclass(frozen=True)
class Actor:
    """Who does something: an account (`user_id`), or a name that a command line or a replay acts for.

    `token`: the name of the token by which a program acts for the account, empty for the person; `scopes`:
    the permissions that it has of theirs, `only_system`: the one system whose incidents it sees, empty for
    all. `is_machine`: nobody acts, but a rule or a source of alerts, by its name.
    """

    name: str
    role: AccountRole
    user_id: int | None = None
    email: str | None = None
    token: str = ""
    scopes: frozenset[Permission] = frozenset()
    only_system: str = ""
    is_machine: bool = False

    @property
    def is_person(self) -> bool:
        """Somebody, by account or by name; not the software itself, nor what acts by a rule."""
        return not self.is_machine and self not in (SYSTEM, DIRECTORY)

    @property
    def signed(self) -> str:
        """The name that stands under what is done: with that of the token, where a program did it."""
        return f"{self.name[:50]} by token {self.token}" if self.token else self.name

    def can(self, permission: Permission) -> bool:
        """Whether the role grants it, and the token; whether a system or a track is one's own, operations
        check.
        """
        return permission in GRANTS[self.role] and (not self.token or permission in self.scopes)

    def sees(self, systems: Collection[str]) -> bool:
        """Whether an incident of these systems exists for who acts."""
        return not self.only_system or self.only_system in systems

    def refusal(self, permission: Permission) -> str:
        """Why this person may not, as a sentence; empty when they may."""
        if self.can(permission):
            return ""
        if permission in GRANTS[self.role]:
            return f"The token {self.token} does not have the scope {permission}."
        return f"{self.role.label} accounts may not do this."


SYSTEM = Actor(name="MajorOps", role=AccountRole.ADMIN)  # migrations of data, first run, command line
DIRECTORY = Actor(name="Directory (SCIM)", role=AccountRole.ADMIN)  # who keeps accounts from outside


def machine(name: str) -> Actor:
    """What acts by itself, under its own name: a rule, a source of alerts."""
    return Actor(name=name, role=AccountRole.ADMIN, is_machine=True)
