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
from majorops.domain.rights import Rights, RoleMap
from majorops.domain.text import clean_line
from majorops.i18n import DEFAULT
from majorops.models import User
from majorops.operations import audit, operation
from majorops.operations.accounts import end_session, start_session
from majorops.operations.directory import follow_groups, rights_by_directory
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
    for the person, with `paused_until` where it is a pause. `email`: of who was refused by rights; `wanted`:
    the groups one of which they would need.
    """

    token: str | None = None
    problem: str = ""
    paused_until: datetime | None = None
    browser: KnownBrowser | None = None
    email: str = ""
    wanted: tuple[str, ...] = ()


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
    groups: list[str],
    role_map: RoleMap,
    actor: Actor,
    now: datetime,
    sign_out_address: str | None = None,
    language: str = DEFAULT,
) -> SignIn:
    """Sign in the person that the OpenID provider names.

    `subject`: issuer and subject; `sign_out_address`: see `UserSession`; `language`: of a new account.

    The account is found by subject, else by a verified address, else made. Its role follows the groups at
    every sign-in where a role map is set. Refusals are a value and no exception.
    """
    user = db.session.scalar(select(User).filter_by(oidc_subject=subject))
    known = user or db.session.scalar(select(User).filter_by(email=email))
    if user is None and known:
        if not is_verified or known.oidc_subject:
            return SignIn(problem="This sign-in cannot be joined to an account. Ask an admin.")
        known.oidc_subject = subject
        audit(AuditKind.USER_LINKED, email, detail=subject, actor=actor, now=now)
    refusal, user = _admit(
        known, email, name, groups, role_map, subject=subject, language=language, actor=actor, now=now
    )
    if user is None:
        return refusal
    token = start_session(
        user,
        method=SignInMethod.SSO,
        sign_out_address=sign_out_address,
        actor=user.actor,
        now=now,
    )
    return SignIn(token=token, browser=remember(user, now))


@operation(needs=None)
def sign_in_asserted(
    *,
    email: str,
    name: str,
    groups: list[str],
    role_map: RoleMap,
    token: str,
    before: str,
    actor: Actor,
    now: datetime,
) -> SignIn:
    """Sign in the person that the proxy before us vouches for; the e-mail address is who they are.

    `token`: of the session to begin; `before`: that of the one it takes the place of, or empty. Refusals are
    a value and no exception.
    """
    known = db.session.scalar(select(User).filter_by(email=email))
    refusal, user = _admit(known, email, name, groups, role_map, actor=actor, now=now)
    if user is None:
        return refusal
    end_session(before, actor=user.actor, now=now)
    start_session(user, method=SignInMethod.SSO, token=token, actor=user.actor, now=now)
    return SignIn(token=token)


def _admit(
    known: User | None,
    email: str,
    name: str,
    groups: list[str],
    role_map: RoleMap,
    *,
    actor: Actor,
    now: datetime,
    subject: str | None = None,
    language: str = DEFAULT,
) -> tuple[SignIn, User | None]:
    """The account that may come in, made if there was none and with the role that it has now; or why not."""
    rights = role_map.rights_of(groups)
    if known:
        rights = rights_by_directory(known, role_map) or rights
        follow_groups(known, rights, role_map, actor=actor, now=now)
    if rights.is_refused:
        return _refused(email, rights, actor=actor, now=now), None
    if known and not known.is_active:
        return SignIn(problem=f"The account of {known.email} is switched off.", email=known.email), None
    if known is None:
        known = _add_sso_user(subject, email, name, rights.role, actor=actor, now=now)
        known.language = language
    return SignIn(), known


def _refused(email: str, rights: Rights, *, actor: Actor, now: datetime) -> SignIn:
    audit(AuditKind.USER_REFUSED, email, detail="in no group of the role map", actor=actor, now=now)
    problem = f"{email} is in none of the groups that may use MajorOps."
    return SignIn(problem=problem, email=email, wanted=rights.wanted)


def _add_sso_user(
    subject: str | None, email: str, name: str, role: AccountRole | None, *, actor: Actor, now: datetime
) -> User:
    role = role or AccountRole.STAKEHOLDER
    user = User(email=email, name=name, role=role, oidc_subject=subject, created_at=now)
    db.session.add(user)
    db.session.flush()
    audit(AuditKind.USER_ADDED, email, detail=f"single sign-on, {role.label}", actor=actor, now=now)
    return user
