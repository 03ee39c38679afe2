"""Operations on accounts and sessions (domain §1). What they change is kept in the audit."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime

from sqlalchemy import select, text, update

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import AccountRole, Followed, SignInMethod
from majorops.domain.errors import Conflict, Invalid
from majorops.domain.events import AuditKind
from majorops.domain.rights import RoleMap
from majorops.domain.text import clean_line
from majorops.models import User, UserSession
from majorops.operations import audit, operation
from majorops.operations.handover_expiry import lapse_offers_to
from majorops.operations.passwords import hash_password
from majorops.operations.throttle import forget_person

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def clean_email(typed: str) -> str:
    """Lower case; raises Invalid for what cannot be an address."""
    email = clean_line(typed).lower()
    if len(email) > 254 or not EMAIL.fullmatch(email):
        raise Invalid({"email": "Use an e-mail address such as name@example.org."})
    return email


def clean_name(typed: str) -> str:
    """One line of 1 to 120 characters; raises Invalid at `name` for any other."""
    name = clean_line(typed)
    if not name or len(name) > 120:
        raise Invalid({"name": "A name has 1 to 120 characters."})
    return name


def has_accounts() -> bool:
    """Whether there is any account: before the first one the first-run page is shown."""
    return db.session.scalar(select(User.id).limit(1)) is not None


@operation(needs=None)
def create_first_admin(*, email: str, name: str, password: str, actor: Actor, now: datetime) -> User:
    """The first account of all, made with the console's one-time code.

    Raises Invalid, Conflict (there is one).
    """
    _one_at_a_time()
    if db.session.scalar(select(User.id).limit(1)):
        raise Conflict("There is an account already. Sign in.")
    return add_user(email=email, name=name, role=AccountRole.ADMIN, password=password, actor=actor, now=now)


@operation(needs=Permission.DATA_MANAGE)
def add_user(
    *, email: str, name: str, role: AccountRole, actor: Actor, now: datetime, password: str | None = None
) -> User:
    """Add an account; without a password only single sign-on lets it in. Raises Invalid."""
    email = clean_email(email)
    if db.session.scalar(select(User.id).filter_by(email=email)):
        raise Invalid({"email": f"{email} has an account already."})
    password_hash = hash_password(password, email) if password else None
    user = User(email=email, name=clean_name(name), role=role, password_hash=password_hash, created_at=now)
    db.session.add(user)
    db.session.flush()
    audit(AuditKind.USER_ADDED, email, detail=role.label, actor=actor, now=now)
    return user


@operation(needs=Permission.DATA_MANAGE)
def update_user(
    user: User, *, actor: Actor, now: datetime, email: str | None = None, name: str | None = None
) -> None:
    """Change name or address. Raises Invalid."""
    if email is not None and (email := clean_email(email)) != user.email:
        if db.session.scalar(select(User.id).filter_by(email=email)):
            raise Invalid({"email": f"{email} has an account already."})
        detail = f"e-mail {user.email} › {email}"
        audit(AuditKind.USER_CHANGED, user.email, detail=detail, actor=actor, now=now)
        user.email = email
    if name is not None and (name := clean_name(name)) != user.name:
        audit(AuditKind.USER_CHANGED, user.email, detail=f"name {user.name} › {name}", actor=actor, now=now)
        user.name = name


@operation(needs=Permission.DATA_MANAGE)
def set_role(user: User, role: AccountRole, *, actor: Actor, now: datetime) -> None:
    """Give an account another role. Raises Invalid for the last admin."""
    if role is user.role:
        return
    if user.role is AccountRole.ADMIN:
        _demand_other_admin(user, "role")
    _put_role(user, role, actor=actor, now=now)


def give_role(user: User, role: AccountRole, role_map: RoleMap, *, actor: Actor, now: datetime) -> None:
    """Give an account the role that its groups have in the map. Part of an operation.

    The last admin stays only where no group makes an admin: nobody could become one by signing in.
    """
    is_admin = user.role is AccountRole.ADMIN
    if role is user.role or (is_admin and not role_map.gives_admin and is_last_admin(user)):
        return
    _put_role(user, role, actor=actor, now=now)


def _put_role(user: User, role: AccountRole, *, actor: Actor, now: datetime) -> None:
    detail = f"{user.role.label} › {role.label}"
    audit(AuditKind.USER_ROLE_CHANGED, user.email, detail=detail, actor=actor, now=now)
    user.role = role
    lapse_offers_to(user, actor=actor, now=now)


@operation(needs=Permission.DATA_MANAGE)
def set_password(user: User, password: str, *, actor: Actor, now: datetime) -> None:
    """Set the local password; every session of the account ends. Raises Invalid."""
    user.password_hash = hash_password(password, user.email)
    end_all_sessions(user, now=now)
    audit(AuditKind.USER_PASSWORD_SET, user.email, actor=actor, now=now)


@operation(needs=Permission.DATA_MANAGE)
def set_active(user: User, is_active: bool, *, actor: Actor, now: datetime) -> None:
    """Switch an account off or on; switched off, all its sessions end at once.

    Raises Invalid for the last admin.
    """
    if is_active is user.is_active:
        return
    if not is_active and user.role is AccountRole.ADMIN:
        _demand_other_admin(user, "is_active")
    switch(user, is_active, actor=actor, now=now)


def switch(user: User, is_active: bool, *, actor: Actor, now: datetime) -> None:
    """Switch an account off, which ends its sessions, or on. Part of an operation.

    The last admin too: who has left is out.
    """
    if not is_active:
        end_all_sessions(user, now=now)
    user.is_active = is_active
    lapse_offers_to(user, actor=actor, now=now)
    kind = AuditKind.USER_SWITCHED_ON if is_active else AuditKind.USER_SWITCHED_OFF
    audit(kind, user.email, actor=actor, now=now)


@operation(needs=Permission.DATA_MANAGE)
def save_user(
    user: User,
    *,
    email: str,
    name: str,
    role: AccountRole,
    is_active: bool,
    password: str,
    follows: Followed | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """All that the data form holds of an account, at once or not at all.

    An empty password stays, and so does what the person follows where `follows` is None. Raises Invalid.
    """
    update_user(user, email=email, name=name, actor=actor, now=now)
    set_role(user, role, actor=actor, now=now)
    set_active(user, is_active, actor=actor, now=now)
    if follows and follows is not user.follows:
        user.follows = follows
        audit(AuditKind.NOTICES_CHANGED, user.email, detail=follows.label, actor=actor, now=now)
    if password:
        set_password(user, password, actor=actor, now=now)


def _demand_other_admin(user: User, field: str) -> None:
    if is_last_admin(user):
        raise Invalid({field: "This is the last admin. Make another account admin first."})


def is_last_admin(user: User) -> bool:
    """No other active account is admin.

    The admins stay locked until the operation ends: two of them may leave at once.
    """
    admins = select(User.id).where(User.role == AccountRole.ADMIN, User.is_active).order_by(User.id)
    return set(db.session.scalars(admins.with_for_update())) == {user.id}


def admins_to_ask() -> list[tuple[str, str]]:
    """Name and e-mail address of up to three people who can give others access."""
    admins = select(User.name, User.email).where(User.role == AccountRole.ADMIN, User.is_active)
    return [(row.name, row.email) for row in db.session.execute(admins.order_by(User.name).limit(3))]


def _one_at_a_time() -> None:
    """Two browsers with the code make one admin. SQLite has one writer already."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("LOCK TABLE user_account IN SHARE ROW EXCLUSIVE MODE"))


@operation(needs=Permission.DATA_MANAGE)
def unlock_user(user: User, *, actor: Actor, now: datetime) -> int:
    """Lift every pause after failed sign-ins of this account; returns how many counts were forgotten."""
    found = forget_person(user.email)
    audit(AuditKind.USER_UNLOCKED, user.email, actor=actor, now=now)
    return found


@operation(needs=None)
def start_session(
    user: User,
    *,
    method: SignInMethod,
    actor: Actor,
    now: datetime,
    token: str = "",
    sign_out_address: str | None = None,
) -> str:
    """Begin a session; returns the token that only the browser keeps.

    `token`: in place of a new one; `sign_out_address`: see `UserSession`.
    """
    token = token or new_token()
    db.session.add(
        UserSession(
            token_hash=hash_token(token),
            user_id=user.id,
            method=method,
            created_at=now,
            sign_out_address=sign_out_address,
        )
    )
    audit(AuditKind.SESSION_STARTED, user.email, detail=method.label, actor=actor, now=now)
    return token


def new_token() -> str:
    """A token for a session, of 43 letters that nobody can guess."""
    return secrets.token_urlsafe(32)


@operation(needs=None)
def end_session(token: str, *, actor: Actor, now: datetime) -> str | None:
    """Sign out: no copy of the token signs anybody in from now on. A token that does not is left alone.

    Returns the address that ends the provider's session too; None where there is none.
    """
    row = db.session.scalar(select(UserSession).filter_by(token_hash=hash_token(token), ended_at=None))
    if row is None:
        return None
    address, row.sign_out_address = row.sign_out_address, None
    row.ended_at = now
    audit(AuditKind.SESSION_ENDED, actor.email or actor.name, actor=actor, now=now)
    return address


def end_all_sessions(user: User, *, now: datetime) -> None:
    """Sign an account out everywhere. Part of the operation that calls it, which leaves the audit entry."""
    running = update(UserSession).filter_by(user_id=user.id, ended_at=None)
    db.session.execute(running.values(ended_at=now, sign_out_address=None))


def hash_token(token: str) -> str:
    """SHA-256 of a token in hex: what is stored of it, so that a copy of the database signs nobody in."""
    return hashlib.sha256(token.encode()).hexdigest()


def session_user(token: str, begun_after: datetime) -> Actor | None:
    """Who holds this session, if it has not ended and began after `begun_after`; one query."""
    row = db.session.execute(
        select(User.id, User.name, User.email, User.role)
        .join(UserSession, UserSession.user_id == User.id)
        .where(
            UserSession.token_hash == hash_token(token),
            UserSession.ended_at.is_(None),
            UserSession.created_at > begun_after,
            User.is_active,
        )
    ).first()
    return Actor(name=row.name, role=row.role, user_id=row.id, email=row.email) if row else None


def ended_sessions(hashes: set[str], begun_after: datetime) -> set[str]:
    """Which of these sessions, by the hash of their token, are none any more.

    Ended, begun before `begun_after`, of an account that is switched off, or never there.
    """
    every, alive = list(hashes), set[str]()
    for start in range(0, len(every), 500):
        wanted = (
            select(UserSession.token_hash)
            .join(User, User.id == UserSession.user_id)
            .where(UserSession.token_hash.in_(every[start : start + 500]), UserSession.ended_at.is_(None))
            .where(UserSession.created_at > begun_after, User.is_active)
        )
        alive |= set(db.session.scalars(wanted))
    return hashes - alive
