"""Operations of signing in: by password, by single sign-on, and the first-run code.

What failed is counted (throttle.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Actor
from majorops.domain.enums import AccountRole, SignInMethod
from majorops.domain.events import AuditKind
from majorops.domain.text import clean_line
from majorops.models import User
from majorops.operations import audit, operation
from majorops.operations.accounts import is_last_admin, start_session
from majorops.operations.handover_expiry import lapse_offers_to
from majorops.operations.passwords import Proof, prove
from majorops.operations.throttle import (
    KnownBrowser,
    count_failure,
    forget_failures,
    name_of,
    paused_until,
    remember,
    setup_keys,
    sign_in_keys,
    sign_in_paused_until,
)


@dataclass(frozen=True)
class SignIn:
    """The outcome of a sign-in: a token, or a problem.

    `token`: of the session, with `browser`: what the browser keeps to be known again. `problem`: the sentence
    for the person, with `paused_until` where it is a pause.
    """

    token: str | None = None
    problem: str = ""
    paused_until: datetime | None = None
    browser: KnownBrowser | None = None


def sign_in_with_password(
    email: str,
    password: str,
    *,
    address: str,
    actor: Actor,
    now: datetime,
    browsers: list[KnownBrowser] | None = None,
) -> SignIn:
    """Sign in with what was typed. Raises Busy; for the rest see `sign_in_local`.

    `address`: where it came from; `browsers`: what this browser kept of earlier sign-ins.
    """
    email = clean_line(email).lower()[:254]
    row = db.session.execute(select(User.id, User.password_hash).filter_by(email=email)).first()
    user_id, stored = row or (None, None)
    browser, proof = name_of(browsers or [], user_id, stored, now), Proof()
    waits = sign_in_paused_until(sign_in_keys(email, address, browser), now)
    db.session.rollback()  # Argon2 is slow on purpose: no transaction waits for it
    if not waits:
        proof = prove(password, stored)
    return sign_in_local(email, proof, address=address, browser=browser, actor=actor, now=now)


@operation(needs=None)
def sign_in_local(
    email: str, proof: Proof, *, address: str, actor: Actor, now: datetime, browser: str = ""
) -> SignIn:
    """Sign in with a cleaned e-mail and what its password proved.

    `browser`: its name, if it is known to the account.

    Too many failures within 15 minutes, of one e-mail from one address or of one known browser, pause
    just those (throttle.py). Refusals are a value and no exception: the count must be committed. It is
    read again here, so that guesses sent at once count one by one, and a right one among them learns
    nothing. The sentence does not tell whether the account exists.
    """
    keys = sign_in_keys(email, address, browser)
    if waits := sign_in_paused_until(keys, now, lock=True):
        problem = (
            "Too many failed sign-ins from here. An admin can lift this. "
            f"The next try counts from {waits:%H:%M:%S} UTC."
        )
        return SignIn(problem=problem, paused_until=waits)
    user = db.session.scalar(select(User).filter_by(email=email, is_active=True))
    if user is None or proof.matched is None or proof.matched != user.password_hash:
        count_failure(keys, now)
        audit(AuditKind.SIGN_IN_FAILED, email, detail=address, actor=actor, now=now)
        return SignIn(problem="E-mail and password do not match an account.")
    user.password_hash = proof.renewed or user.password_hash
    forget_failures(keys)
    token = start_session(user, method=SignInMethod.LOCAL, actor=user.actor, now=now)
    return SignIn(token=token, browser=remember(user, now))


@operation(needs=None)
def throttle_setup(*, address: str, actor: Actor, now: datetime) -> str:
    """Count a wrong first-run code; returns the sentence for the person."""
    keys = setup_keys(address)
    if waits := paused_until(keys, now, lock=True):
        return f"Too many wrong codes. The next try counts from {waits:%H:%M:%S} UTC."
    count_failure(keys, now)
    audit(AuditKind.SETUP_FAILED, address, actor=actor, now=now)
    return "This is not the code on the server's console."


def is_setup_paused(address: str, now: datetime) -> bool:
    """Whether ten wrong codes came from this address within 15 minutes."""
    return paused_until(setup_keys(address), now) is not None


@operation(needs=None)
def sign_in_sso(
    *,
    subject: str,
    email: str,
    is_verified: bool,
    name: str,
    role: AccountRole | None,
    actor: Actor,
    now: datetime,
) -> SignIn:
    """Sign in the person that the OpenID provider names.

    `subject`: issuer and subject; `role`: what the groups map to, None for no mapping.

    The account is found by subject, else by a verified address, else made. A mapped role is set at every
    sign-in; with no mapping a new account is a stakeholder and a known one keeps its role (domain §1). The
    last admin stays admin. Refusals are a value and no exception.
    """
    user = db.session.scalar(select(User).filter_by(oidc_subject=subject))
    known = user or db.session.scalar(select(User).filter_by(email=email))
    if user is None and known:
        if not is_verified or known.oidc_subject:
            return SignIn(problem="This sign-in cannot be joined to an account. Ask an admin.")
        known.oidc_subject = subject
        audit(AuditKind.USER_LINKED, email, detail=subject, actor=actor, now=now)
    user = known or _add_sso_user(subject, email, name, role, actor=actor, now=now)
    if not user.is_active:
        return SignIn(problem="This account is switched off. Ask an admin.")
    if role and role is not user.role and not (user.role is AccountRole.ADMIN and is_last_admin(user)):
        audit(
            AuditKind.USER_ROLE_CHANGED,
            email,
            detail=f"{user.role.label} › {role.label}",
            actor=actor,
            now=now,
        )
        user.role = role
        lapse_offers_to(user, actor=actor, now=now)
    token = start_session(user, method=SignInMethod.SSO, actor=user.actor, now=now)
    return SignIn(token=token, browser=remember(user, now))


def _add_sso_user(
    subject: str, email: str, name: str, role: AccountRole | None, *, actor: Actor, now: datetime
) -> User:
    role = role or AccountRole.STAKEHOLDER
    user = User(email=email, name=name, role=role, oidc_subject=subject, created_at=now)
    db.session.add(user)
    db.session.flush()
    audit(AuditKind.USER_ADDED, email, detail=f"single sign-on, {role.label}", actor=actor, now=now)
    return user
