"""Tokens: by one a program acts for an account, and may less than the person."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import joinedload

from majorops.db import changed_rows, db
from majorops.domain.access import GRANTS, SCOPES, Actor, Permission
from majorops.domain.enums import by_value
from majorops.domain.errors import Conflict, Forbidden, Invalid
from majorops.domain.events import AuditKind
from majorops.domain.text import clean_line
from majorops.domain.tokens import SHOWN, digest, is_token, new_token
from majorops.models import ApiToken, System, User
from majorops.operations import audit, operation
from majorops.operations.owner_notices import tell_of_change

LONGEST_NAME = 40
MOST = 25  # that an account has at once
MOST_DAYS = 3_650
USED_EVERY = timedelta(minutes=1)


@operation(needs=None)
def add_token(
    user: User,
    *,
    name: str,
    scopes: Collection[str],
    system: str = "",
    days: str = "",
    actor: Actor,
    now: datetime,
) -> tuple[ApiToken, str]:
    """Make a token by which a program acts for this account.

    `scopes`: permissions that the account has; `system`: the only one whose incidents the token sees, empty
    for all; `days`: after which it expires, empty for never. Returns the row, and the token, which nobody is
    shown again. Raises Invalid at each of these; Forbidden to who is neither that person nor an admin, and to
    a token.
    """
    _demand_own(user.id, actor)
    granted, errors = GRANTS[user.role], {}
    name, system = clean_line(name), clean_line(system).lower()
    wanted = [by_value(Permission, scope) for scope in dict.fromkeys(scopes)]
    if not name or len(name) > LONGEST_NAME:
        errors["name"] = f"Say what uses it, in 1 to {LONGEST_NAME} characters."
    if not wanted:
        errors["scopes"] = "Choose what it may do."
    elif missing := [
        str(scope) for scope, found in zip(scopes, wanted, strict=False) if found not in granted
    ]:
        errors["scopes"] = f"{user.role.label} accounts cannot give {', '.join(missing)[:80]}."
    if system and db.session.scalar(select(System.id).filter_by(name=system)) is None:
        errors["system"] = f"There is no system {system[:80]}."
    if days and not (days.isascii() and days.isdigit() and 1 <= int(days[:9]) <= MOST_DAYS):
        errors["days"] = f"Days until it expires, 1 to {MOST_DAYS:,}, or nothing for never."
    if not errors and _alive_of(user.id, now) >= MOST:
        errors["name"] = f"{MOST} tokens are the most. Revoke one first."
    if errors:
        raise Invalid(errors)
    token = new_token()
    row = ApiToken(
        user_id=user.id,
        user=user,
        name=name,
        shown=token[:SHOWN],
        token_hash=digest(token),
        scopes=",".join(scope for scope in SCOPES if scope in wanted),
        system=system,
        created_at=now,
        expires_at=now + timedelta(days=int(days)) if days else None,
    )
    db.session.add(row)
    detail = f"{name}: {row.scopes.replace(',', ', ')}{f', only {system}' if system else ''}"
    audit(AuditKind.TOKEN_ADDED, user.email, detail=detail, actor=actor, now=now, about=user.id)
    tell_of_change(user, f"The token {name} was made.", now=now)
    return row, token


@operation(needs=None)
def revoke_token(row: ApiToken, *, actor: Actor, now: datetime) -> None:
    """End a token: from the next request on, in every process, it is worth nothing.

    Raises Conflict where it is revoked already; Forbidden to who is neither its owner nor an admin, and to a
    token.
    """
    _demand_own(row.user_id, actor)
    if row.revoked_at is not None:
        raise Conflict("This token is revoked already.")
    row.revoked_at = now
    audit(AuditKind.TOKEN_REVOKED, row.user.email, detail=row.name, actor=actor, now=now, about=row.user_id)


@operation(needs=None)
def note_token_used(token_id: int, address: str, *, actor: Actor, now: datetime) -> None:
    """Keep when and from where a token was used: once in USED_EVERY at most, without an entry."""
    is_stale = or_(ApiToken.used_at.is_(None), ApiToken.used_at <= now - USED_EVERY)
    mine = update(ApiToken).where(ApiToken.id == token_id, is_stale)
    changed_rows(mine.values(used_at=now, used_from=address[:45]))


def token_of(secret: str, now: datetime) -> ApiToken | None:
    """The token behind what a program sent, with its account; None where it is worth nothing.

    That is: mistyped, unknown, revoked, expired, or of an account that is switched off. One query; none for
    what cannot be a token.
    """
    if not is_token(secret):
        return None
    known = select(ApiToken).filter_by(token_hash=digest(secret)).options(joinedload(ApiToken.user))
    row = db.session.scalar(known)
    return row if row is not None and row.is_alive(now) and row.user.is_active else None


def actor_of(row: ApiToken) -> Actor:
    """Who acts by a token: its account, with what the role and the scopes both give."""
    user = row.user
    return Actor(
        name=user.name,
        role=user.role,
        user_id=user.id,
        email=user.email,
        token=row.name,
        scopes=row.permissions,
        only_system=row.system,
    )


def alive_among(numbers: Collection[int], needs: Permission, now: datetime) -> set[int]:
    """Which of these tokens are worth something now and may do what `needs` says. One query."""
    rows = select(ApiToken).where(ApiToken.id.in_(numbers)).options(joinedload(ApiToken.user))
    return {
        row.id
        for row in db.session.scalars(rows)
        if row.is_alive(now) and row.user.is_active and actor_of(row).can(needs)
    }


def tokens_of(user_id: int | None) -> list[ApiToken]:
    """The tokens of an account that are not revoked, the newest first."""
    mine = select(ApiToken).filter_by(user_id=user_id, revoked_at=None)
    return list(db.session.scalars(mine.order_by(ApiToken.id.desc())))


def own_token(number: int, actor: Actor) -> ApiToken:
    """A token of who acts, by its number. Raises Conflict where they have no such one."""
    row = db.session.scalar(select(ApiToken).filter_by(id=number, user_id=actor.user_id))
    if row is None:
        raise Conflict("You have no such token.")
    return row


def _alive_of(user_id: int, now: datetime) -> int:
    is_alive = or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now)
    mine = select(func.count()).select_from(ApiToken).filter_by(user_id=user_id, revoked_at=None)
    return db.session.scalar(mine.where(is_alive)) or 0


def _demand_own(user_id: int, actor: Actor) -> None:
    if actor.token or (actor.user_id != user_id and not actor.can(Permission.DATA_MANAGE)):
        raise Forbidden("Tokens are made and revoked by their person, or by an admin.")
