"""Which role a person's groups give (domain §1).

Without a map of groups roles are given by hand; where there is one it decides alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from majorops.domain.enums import AccountRole

RANK = list(AccountRole)  # admin first: who has several mapped groups gets the highest role
NOBODY = "nobody"


@dataclass(frozen=True)
class Rights:
    """What the groups of a person say. `role` None: nothing, roles are given by hand.

    `wanted`: the person may not come in, for want of one of these groups.
    """

    role: AccountRole | None = None
    wanted: tuple[str, ...] = ()

    @property
    def is_refused(self) -> bool:
        """No group of theirs is in the map, and such people may not come in."""
        return bool(self.wanted)


@dataclass(frozen=True)
class RoleMap:
    """Group → role, empty for none; `unmapped`: the role of who has no mapped group, or NOBODY."""

    roles: Mapping[str, str] = field(default_factory=dict)
    unmapped: str = AccountRole.STAKEHOLDER

    @property
    def gives_admin(self) -> bool:
        """Some group makes an admin."""
        return AccountRole.ADMIN in self.roles.values()

    def rights_of(self, groups: Iterable[str]) -> Rights:
        """The rights of who has these groups."""
        if not self.roles:
            return Rights()
        found = {AccountRole(self.roles[group]) for group in groups if group in self.roles}
        if found:
            return Rights(min(found, key=RANK.index))
        if self.unmapped == NOBODY:
            return Rights(wanted=tuple(sorted(self.roles)))
        return Rights(AccountRole(self.unmapped))


def groups_in(claims: Mapping[str, object], name: str) -> list[str]:
    """The groups that a claim lists, or names if it is one text.

    It stands among the claims, or among those that Cloudflare Access passes on as `custom`.
    """
    custom = claims.get("custom")
    found = claims.get(name)
    if found is None and isinstance(custom, Mapping):
        found = custom.get(name)
    listed = found if isinstance(found, list) else [found]
    return [group for group in listed if isinstance(group, str)]
