"""A new password by mail, for who forgot theirs.

The link is signed and carries what would no longer be true: it ends with its use, with any other new
password, with the next sign-in, and after half an hour. Nothing of it is stored: the worker makes it when
the mail goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import current_app
from itsdangerous import BadData
from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.access import Actor
from majorops.domain.errors import Conflict
from majorops.domain.events import AuditKind
from majorops.domain.text import clean_line
from majorops.models import User, UserSession
from majorops.operations import audit, operation
from majorops.operations.accounts import end_all_sessions
from majorops.operations.owner_notices import has_mail, tell_of_change, tell_owner
from majorops.operations.passwords import hash_password
from majorops.operations.throttle import count_failure, forget_person, mark_of, paused_until, place
from majorops.signing import Serializer, keys_of

ACT = "reset"
GOOD_FOR = 30 * 60  # seconds
PAUSED = "Too many requests from here. Try again in 15 minutes."
VOID = "This link is used, replaced, or older than 30 minutes. Ask for a new one."


def reset_refusal() -> str:
    """Why no password can be reset by mail here, for people; empty when it can.

    The link stands under BASE_URL alone: an address that the request names could be anybody's.
    """
    config = current_app.config
    if not config["LOCAL_LOGIN"]:
        return "Sign-in with a password is switched off here."
    if not has_mail():
        return "No mail server is set here. An admin can set a new password for you."
    if not config["BASE_URL"]:
        return "The server does not know its own address. An admin can set a new password for you."
    return ""


@operation(needs=None)
def ask_reset(email: str, *, address: str, actor: Actor, now: datetime) -> None:
    """Send a link to the account of this e-mail, if there is one with a password.

    Nothing tells whether there is: what is counted and kept is the same. Raises Conflict after 3 requests
    for one e-mail from one address, or 20 from one address, within 15 minutes. More than 10 mails to one
    address are not sent either, without a word.
    """
    if refusal := reset_refusal():
        raise Conflict(refusal)
    email = clean_line(email).lower()[:254]
    limits = [f"reset:{email}|{place(address)}", f"resets:{place(address)}"]
    mailed = [f"mailed:{email}"]
    if paused_until(limits, now, lock=True):
        raise Conflict(PAUSED)
    is_flooded = paused_until(mailed, now) is not None
    count_failure([*limits, *mailed], now)
    user = db.session.scalar(select(User).filter_by(email=email, is_active=True))
    about = user.id if user else None
    audit(AuditKind.RESET_ASKED, email, detail=address, actor=actor, now=now, about=about)
    if user and user.password_hash and not is_flooded:
        tell_owner(user, "MajorOps: set a new password", "", now=now, act=f"{ACT}:{user.id}")


@operation(needs=None)
def reset_password(token: str, password: str, *, actor: Actor, now: datetime) -> None:
    """Set the password of the account that the link is for; every session of it ends.

    Its second factor stays. Raises Conflict for a void link, Invalid for a password against the rule.
    """
    user = whose_reset(token, lock=True)
    if user is None:
        raise Conflict(VOID)
    user.password_hash = hash_password(password, user.email)
    end_all_sessions(user, now=now)
    forget_person(user.email)
    audit(AuditKind.USER_PASSWORD_RESET, user.email, actor=user.actor, now=now, about=user.id)
    tell_of_change(user, "Your password was set anew by a link from a mail.", now=now)


def reset_token(user: User, config: Mapping[str, Any]) -> str:
    """What a link to set a new password ends with; good for GOOD_FOR seconds from now."""
    return _signer(config).dumps([user.id, _state(user)])


def whose_reset(token: str, *, lock: bool = False) -> User | None:
    """Whose link this is; None for a forged, expired, used or replaced one alike.

    `lock`: for an operation, so that of two uses at once one finds it used.
    """
    try:
        number, state = _signer(current_app.config).loads(token[:500], max_age=GOOD_FOR)
    except (BadData, ValueError, TypeError):
        return None
    user = db.session.get(User, number, with_for_update=lock or None, populate_existing=lock)
    if user is None or not user.is_active or not user.password_hash or _state(user) != state:
        return None
    return user


def _state(user: User) -> str:
    """Another one with each new password and after each sign-in."""
    last = db.session.scalar(select(func.max(UserSession.id)).filter_by(user_id=user.id))
    return f"{mark_of(user.id, user.password_hash)}.{last or 0}"


def _signer(config: Mapping[str, Any]) -> Serializer:
    return Serializer(keys_of(config), salt="password reset")
