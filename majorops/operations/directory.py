"""Operations of a directory that keeps accounts and groups here by SCIM (RFC 7643, 7644).

Whom it switches off is out at once. From the first group of the role map that it pushes, the groups that it
pushes decide the roles of the accounts that it keeps, and no claim of a sign-in does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import selectinload

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import AccountRole
from majorops.domain.errors import Conflict, Invalid, NotFound
from majorops.domain.events import AuditKind
from majorops.domain.rights import Rights, RoleMap
from majorops.domain.text import clean_line
from majorops.models import DirectoryGroup, DirectoryMember, User
from majorops.operations import audit, operation
from majorops.operations.accounts import (
    clean_email,
    clean_name,
    end_all_sessions,
    give_role,
    switch,
    update_user,
)

AT_ONCE = 500  # values in one question
# Who has left the directory is none of its accounts any more; all others it may find and take over.
IS_SEEN = or_(User.directory_name.is_not(None), User.is_active)


@dataclass(frozen=True)
class Person:
    """An account as the directory describes it; None: it says nothing of that."""

    user_name: str | None = None
    external_id: str | None = None
    email: str | None = None
    name: str | None = None
    is_active: bool | None = None


@dataclass(frozen=True)
class Group:
    """A group as the directory describes it, with the numbers of its members."""

    name: str = ""
    external_id: str = ""
    members: frozenset[int] = frozenset()


def user_name_of(user: User) -> str:
    """What the directory calls the account: by its e-mail address until it says otherwise."""
    return user.directory_name or user.email


def find_person(number: int) -> User:
    """The account that the directory knows by this number. Raises NotFound."""
    user = db.session.scalar(select(User).where(User.id == number, IS_SEEN))
    if user is None:
        raise NotFound("There is no such user.")
    return user


def find_people(asked: dict[str, str], start: int, count: int) -> tuple[int, list[User]]:
    """How many accounts match all of `asked`, and `count` of them from the `start`th (0 is the first).

    `asked`: of `userName`, `externalId`, `emails`, `id` to the value; none for all accounts.
    """
    name = asked.get("userName", "").lower()
    conditions: dict[str, ColumnElement[bool]] = {
        "userName": or_(User.directory_name == name, and_(User.directory_name.is_(None), User.email == name)),
        "externalId": User.directory_id == asked.get("externalId"),
        "emails": User.email == asked.get("emails", "").lower(),
        "id": User.id == number_in(asked.get("id", "")),
    }
    where = [IS_SEEN, *(conditions[name] for name in asked)]
    total = db.session.scalar(select(func.count()).select_from(User).where(*where)) or 0
    wanted = select(User).where(*where).order_by(User.id).offset(start).limit(count)
    return total, list(db.session.scalars(wanted))


def number_in(text: str) -> int:
    """The number that an id of ours is; 0, which none has, for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


@operation(needs=Permission.DATA_MANAGE)
def add_person(person: Person, *, role_map: RoleMap, actor: Actor, now: datetime) -> User:
    """Take a person in: a new account, or one that no directory keeps yet and that has the same address.

    Raises Conflict for one that a directory keeps; Invalid.
    """
    user_name = _clean_user_name(person.user_name or "")
    email = clean_email(person.email or user_name)
    known = db.session.scalar(select(User).filter_by(email=email))
    if _is_taken(user_name) or (known and known.directory_name):
        raise Conflict(f"{user_name} is here already.")
    if known is None:
        name = clean_name((clean_line(person.name or "") or email)[:120])
        known = User(email=email, name=name, role=AccountRole.STAKEHOLDER, created_at=now)
        db.session.add(known)
        db.session.flush()
        audit(AuditKind.USER_ADDED, email, detail="directory, Stakeholder", actor=actor, now=now)
    known.directory_name = user_name
    is_active = True if person.is_active is None else person.is_active
    given = Person(external_id=person.external_id, name=person.name, is_active=is_active)
    _write_person(known, given, actor=actor, now=now)
    audit(AuditKind.USER_LINKED, email, detail=f"directory, {user_name}", actor=actor, now=now)
    _renew_roles({known.id}, role_map, actor=actor, now=now)
    return known


@operation(needs=Permission.DATA_MANAGE)
def change_person(user: User, person: Person, *, role_map: RoleMap, actor: Actor, now: datetime) -> None:
    """Change what the directory says of an account; one that none kept is kept by it from now on.

    Raises Conflict for a userName of another account; Invalid.
    """
    user_name = _clean_user_name(person.user_name or user_name_of(user))
    if user_name != user.directory_name:
        if _is_taken(user_name):
            raise Conflict(f"{user_name} is here already.")
        audit(AuditKind.USER_LINKED, user.email, detail=f"directory, {user_name}", actor=actor, now=now)
        user.directory_name = user_name
    _write_person(user, person, actor=actor, now=now)
    _renew_roles({user.id}, role_map, actor=actor, now=now)


def _write_person(user: User, person: Person, *, actor: Actor, now: datetime) -> None:
    if person.external_id is not None and person.external_id != (user.directory_id or ""):
        user.directory_id = person.external_id[:255] or None
        audit(AuditKind.USER_CHANGED, user.email, detail="externalId", actor=actor, now=now)
    name = clean_line(person.name or "")[:120] or None
    if person.email and db.session.scalar(
        select(User.id).where(User.email == clean_email(person.email), User.id != user.id)
    ):
        raise Conflict("Another account has this e-mail address.")
    update_user(user, email=person.email, name=name, actor=actor, now=now)
    if person.is_active is not None and person.is_active is not user.is_active:
        switch(user, person.is_active, actor=actor, now=now)


@operation(needs=Permission.DATA_MANAGE)
def remove_person(user: User, *, actor: Actor, now: datetime) -> None:
    """The directory has the person no more: the account is switched off, in no group, and kept by none."""
    if user.is_active:
        switch(user, False, actor=actor, now=now)
    for group in db.session.scalars(_groups_of(user)).all():
        group.members.remove(user)
        group.changed_at = now
    audit(AuditKind.USER_CHANGED, user.email, detail="left the directory", actor=actor, now=now)
    user.directory_name = user.directory_id = None


def _clean_user_name(typed: str) -> str:
    """In lower case: RFC 7643 has it compared without regard to case."""
    name = clean_line(typed).lower()
    if not name or len(name) > 254:
        raise Invalid({"userName": "A userName has 1 to 254 characters."})
    return name


def _is_taken(user_name: str) -> bool:
    return db.session.scalar(select(User.id).filter_by(directory_name=user_name)) is not None


def find_group(number: int) -> DirectoryGroup:
    """The group with this number. Raises NotFound."""
    group = db.session.get(DirectoryGroup, number)
    if group is None:
        raise NotFound("There is no such group.")
    return group


def find_groups(asked: dict[str, str], start: int, count: int) -> tuple[int, list[DirectoryGroup]]:
    """As `find_people`; of `displayName`, `externalId`, `members`, `id`."""
    has_member = select(DirectoryMember.group_id).where(
        DirectoryMember.user_id == number_in(asked.get("members", ""))
    )
    conditions: dict[str, ColumnElement[bool]] = {
        "displayName": DirectoryGroup.name == asked.get("displayName"),
        "externalId": DirectoryGroup.external_id == asked.get("externalId"),
        "members": DirectoryGroup.id.in_(has_member),
        "id": DirectoryGroup.id == number_in(asked.get("id", "")),
    }
    where = [conditions[name] for name in asked]
    total = db.session.scalar(select(func.count()).select_from(DirectoryGroup).where(*where)) or 0
    wanted = select(DirectoryGroup).where(*where).order_by(DirectoryGroup.id).offset(start).limit(count)
    return total, list(db.session.scalars(wanted.options(selectinload(DirectoryGroup.members))))


@operation(needs=Permission.DATA_MANAGE)
def add_group(wanted: Group, *, role_map: RoleMap, actor: Actor, now: datetime) -> DirectoryGroup:
    """Take a group in. Raises Conflict for its name, Invalid."""
    group = DirectoryGroup(name="", created_at=now, changed_at=now)
    _name_group(group, wanted)
    db.session.add(group)
    group.members = _members(wanted.members)
    db.session.flush()
    audit(AuditKind.GROUP_ADDED, group.name, detail=_counted(group), actor=actor, now=now)
    _renew_roles(wanted.members, role_map, actor=actor, now=now)
    return group


@operation(needs=Permission.DATA_MANAGE)
def change_group(
    group: DirectoryGroup,
    change: Callable[[Group], Group],
    *,
    role_map: RoleMap,
    actor: Actor,
    now: datetime,
) -> None:
    """Make a group what `change` makes of it. Raises Conflict, Invalid, and what `change` raises.

    It is read here, with its row held: a directory sends several changes of one group at once.
    """
    group = db.session.get_one(DirectoryGroup, group.id, with_for_update=True, populate_existing=True)
    was = Group(group.name, group.external_id or "", frozenset(user.id for user in group.members))
    wanted = change(was)
    if wanted == was:
        return
    _name_group(group, wanted)
    if wanted.members != was.members:
        group.members = _members(wanted.members)
    group.changed_at = now
    db.session.flush()
    audit(AuditKind.GROUP_CHANGED, group.name, detail=_counted(group), actor=actor, now=now)
    is_renamed = (wanted.name, wanted.external_id) != (was.name, was.external_id)
    moved = wanted.members | was.members if is_renamed else wanted.members ^ was.members
    _renew_roles(moved, role_map, actor=actor, now=now)


@operation(needs=Permission.DATA_MANAGE)
def remove_group(group: DirectoryGroup, *, role_map: RoleMap, actor: Actor, now: datetime) -> None:
    """Forget a group: whom it alone gave a role has none of it any more."""
    moved = {user.id for user in group.members}
    audit(AuditKind.GROUP_REMOVED, group.name, detail=_counted(group), actor=actor, now=now)
    # Before it goes: without its last mapped group the directory would decide nothing any more.
    group.members = []
    db.session.flush()
    _renew_roles(moved, role_map, actor=actor, now=now)
    db.session.delete(group)


def _counted(group: DirectoryGroup) -> str:
    return f"members: {len(group.members)}"


def _name_group(group: DirectoryGroup, wanted: Group) -> None:
    name = clean_line(wanted.name)
    if not name or len(name) > 255:
        raise Invalid({"displayName": "A displayName has 1 to 255 characters."})
    same = select(DirectoryGroup.id).filter_by(name=name)
    if name != group.name and db.session.scalar(same) is not None:
        raise Conflict(f"A group {name} is here already.")
    group.name, group.external_id = name, wanted.external_id[:255] or None


def _members(numbers: Iterable[int]) -> list[User]:
    """The accounts of these numbers, kept by the directory from now on. Raises Invalid for an unknown one."""
    found = _accounts(numbers)
    if missing := set(numbers) - {user.id for user in found}:
        raise Invalid({"members": f"There is no user {min(missing)}."})
    for user in found:
        if user.directory_name is None and not _is_taken(user.email):
            user.directory_name = user.email
    return found


def _accounts(numbers: Iterable[int]) -> list[User]:
    wanted = sorted(set(numbers))
    found: list[User] = []
    for start in range(0, len(wanted), AT_ONCE):
        some = select(User).where(User.id.in_(wanted[start : start + AT_ONCE]), IS_SEEN)
        found += db.session.scalars(some.order_by(User.id))
    return found


# Roles by groups.


def rights_by_directory(user: User, role_map: RoleMap) -> Rights | None:
    """What the groups that the directory pushed give an account that it keeps.

    None where it pushes no group of the map: then the claims of a sign-in decide.
    """
    if user.directory_name is None or not _pushes_mapped_group(role_map):
        return None
    groups = db.session.scalars(_groups_of(user))
    return role_map.rights_of(name for group in groups for name in _names(group))


def follow_groups(user: User, rights: Rights, role_map: RoleMap, *, actor: Actor, now: datetime) -> None:
    """Give an account the role of its groups; with no map it keeps the one it has. Part of an operation.

    Who may not come in any more loses the role and every session, also what was begun with a password.
    """
    role = AccountRole.STAKEHOLDER if rights.is_refused else rights.role
    if role is not None:
        give_role(user, role, role_map, actor=actor, now=now)
    if rights.is_refused:
        end_all_sessions(user, now=now)


def _groups_of(user: User) -> Select[DirectoryGroup]:
    joined = select(DirectoryGroup).join(DirectoryMember, DirectoryMember.group_id == DirectoryGroup.id)
    return joined.where(DirectoryMember.user_id == user.id)


def _names(group: DirectoryGroup) -> list[str]:
    """What the role map may call it: Entra's claims carry the number of a group, Okta's its name."""
    return [name for name in (group.name, group.external_id) if name]


def _pushes_mapped_group(role_map: RoleMap) -> bool:
    names = list(role_map.roles)
    is_mapped = or_(DirectoryGroup.name.in_(names), DirectoryGroup.external_id.in_(names))
    return bool(names) and db.session.scalar(select(DirectoryGroup.id).where(is_mapped).limit(1)) is not None


def _renew_roles(numbers: Iterable[int], role_map: RoleMap, *, actor: Actor, now: datetime) -> None:
    """Give those of these accounts that the directory keeps the roles of its groups."""
    db.session.flush()
    for user in _accounts(numbers):
        if rights := rights_by_directory(user, role_map):
            follow_groups(user, rights, role_map, actor=actor, now=now)
