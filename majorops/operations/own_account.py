"""What people do with their own account: prove who they are again, change the password, end sessions."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from majorops.db import changed_rows, db
from majorops.domain.access import Actor
from majorops.domain.browsers import describe
from majorops.domain.enums import SecondFactor
from majorops.domain.errors import Conflict, Invalid
from majorops.domain.events import AuditKind
from majorops.models import AuditEntry, User, UserSession
from majorops.operations import audit, operation
from majorops.operations.accounts import end_all_sessions, hash_token
from majorops.operations.owner_notices import tell_of_change
from majorops.operations.passwords import Proof, hash_password, prove
from majorops.operations.second_factor import Given, check_factor
from majorops.operations.throttle import count_failure, forget_failures, paused_until

SEEN_EVERY = timedelta(minutes=5)
PROVEN_FOR = timedelta(minutes=15)
ASKED_WITHIN = timedelta(minutes=5)  # by the clock of the provider
SHOWN = 50  # entries of the own history
WRONG_PASSWORD = "This is not the password."  # noqa: S105 (a sentence)
WRONG = {
    SecondFactor.PASSWORD: WRONG_PASSWORD,
    SecondFactor.APP: "This is not a code that the app shows now, or it was used.",
    SecondFactor.PASSKEY: "This passkey does not belong to the account, or it took too long. Try again.",
}


def _tried(given: Given) -> SecondFactor:
    if given.passkey:
        return SecondFactor.PASSKEY
    return SecondFactor.APP if given.code else SecondFactor.PASSWORD


def own_user(actor: Actor) -> User:
    """The account of who acts. Raises NoResultFound for an actor without one."""
    return db.session.get_one(User, actor.user_id)


def prove_again(
    token: str,
    password: str,
    given: Given,
    ways: Collection[SecondFactor],
    *,
    actor: Actor,
    now: datetime,
) -> str:
    """Check a proof that was asked for in the middle of a session; returns why it is none, empty if it is.

    `token`: of the session; `ways`: what is taken. Raises Busy.
    """
    proof = Proof()
    if password and SecondFactor.PASSWORD in ways:
        proof = _typed_proof(password, actor, now)
    return take_proof(token, proof, given, ways, actor=actor, now=now)


def _typed_proof(password: str, actor: Actor, now: datetime) -> Proof:
    """What the typed password proves; nothing while paused. Ends the transaction: Argon2 is slow."""
    stored = db.session.scalar(select(User.password_hash).filter_by(id=actor.user_id))
    is_paused = paused_until(_keys(actor), now)
    db.session.rollback()
    return Proof() if is_paused else prove(password, stored)


def _keys(actor: Actor) -> list[str]:
    return [f"prove:{actor.user_id}"]


@operation(needs=None)
def take_proof(
    token: str,
    proof: Proof,
    given: Given,
    ways: Collection[SecondFactor],
    *,
    actor: Actor,
    now: datetime,
) -> str:
    """Keep that the person of this session proved who they are; returns why not, empty if they did.

    Ten failures within 15 minutes pause it. Refusals are a value: the count must be committed.
    """
    if waits := paused_until(_keys(actor), now, lock=True):
        return f"Too many wrong answers. The next one counts from {waits:%H:%M:%S} UTC."
    user = own_user(actor)
    tried = _tried(given)
    found: SecondFactor | None = None
    if tried is SecondFactor.PASSWORD and proof.matched is not None and proof.matched == user.password_hash:
        found = tried
    elif tried in ways and tried is not SecondFactor.PASSWORD:
        found = check_factor(user, given, actor=actor, now=now)
    if found is None:
        count_failure(_keys(actor), now)
        audit(AuditKind.PROOF_FAILED, user.email, detail=tried.label, actor=actor, now=now, about=user.id)
        return WRONG[tried]
    forget_failures(_keys(actor))
    keep_proof(token, found, now, actor=actor, now=now)
    return ""


@operation(needs=None)
def keep_proof(token: str, way: SecondFactor, at: datetime, *, actor: Actor, now: datetime) -> None:
    """Keep that the person of this session proved at `at` who they are: it counts for PROVEN_FOR."""
    mine = update(UserSession).filter_by(token_hash=hash_token(token), user_id=actor.user_id)
    db.session.execute(mine.values(proven_at=at))
    whose = actor.email or actor.name
    audit(AuditKind.PROOF_GIVEN, whose, detail=way.label, actor=actor, now=now, about=actor.user_id)


def oidc_proof_problem(actor: Actor | None, subject: str, asked_at: datetime | None, now: datetime) -> str:
    """Why what the OpenID provider says proves nothing; empty if it does.

    `actor`: who is signed in, None for nobody; `subject`: issuer and subject of whom the provider asked;
    `asked_at`: when, None where it does not say (with `max_age` it must, OpenID Connect Core 3.1.2.1).
    """
    if actor is None:
        return "The session here has ended. Sign in again."
    if own_user(actor).oidc_subject != subject:
        return "The provider asked somebody else. Nothing was proved."
    if asked_at is None or asked_at < now - ASKED_WITHIN:
        return "The provider did not ask you again, or does not say so. Sign out, then sign in again."
    return ""


def change_own_password(token: str, old: str, new: str, *, actor: Actor, now: datetime) -> int:
    """Change the password of who acts; returns how many other sessions ended. Raises Busy, Invalid.

    `token`: of the session that goes on.
    """
    return change_password(token, _typed_proof(old, actor, now), new, actor=actor, now=now)


def change_password(token: str, proof: Proof, new: str, *, actor: Actor, now: datetime) -> int:
    """The second half of `change_own_password`: the old password counts as a proof, and may be paused."""
    problem = take_proof(token, proof, Given(), {SecondFactor.PASSWORD}, actor=actor, now=now)
    if problem:
        raise Invalid({"old_password": problem})
    return set_own_password(token, proof.matched or "", new, actor=actor, now=now)


@operation(needs=None)
def set_own_password(token: str, matched: str, new: str, *, actor: Actor, now: datetime) -> int:
    """Set the own password; every other session of the account ends. Returns how many those were.

    `matched`: the stored hash that the old password proved. Raises Invalid at `password`, Conflict where
    somebody set another one meanwhile.
    """
    user = own_user(actor)
    if not matched or user.password_hash != matched:
        raise Conflict("The password was changed at this moment. Nothing was saved; begin again.")
    user.password_hash = hash_password(new, user.email)
    ended = end_all_sessions(user, now=now, but=token)
    detail = f"{ended} other sessions ended" if ended != 1 else "1 other session ended"
    audit(AuditKind.USER_PASSWORD_CHANGED, user.email, detail=detail, actor=actor, now=now, about=user.id)
    tell_of_change(user, "Your password was changed.", now=now)
    return ended


def own_sessions(actor: Actor, begun_after: datetime, used_after: datetime) -> list[UserSession]:
    """The sessions that may still be used, newest use first: neither ended, nor too old, nor too long unused.

    One query.
    """
    mine = select(UserSession).filter_by(user_id=actor.user_id, ended_at=None)
    mine = mine.where(UserSession.created_at > begun_after)
    mine = mine.where(or_(UserSession.seen_at.is_(None), UserSession.seen_at > used_after))
    return sorted(db.session.scalars(mine).all(), key=lambda row: row.seen_at or row.created_at, reverse=True)


@operation(needs=None)
def end_own_session(number: int, *, actor: Actor, now: datetime) -> None:
    """End one session of the own account. Raises Conflict where it has ended, or is somebody else's."""
    row = db.session.scalar(select(UserSession).filter_by(id=number, user_id=actor.user_id, ended_at=None))
    if row is None:
        raise Conflict("This session has ended already.")
    row.ended_at, row.sign_out_address = now, None
    detail = f"Ended from the account page: {describe(row.user_agent)}, {row.address or 'unknown address'}"
    whose = actor.email or actor.name
    audit(AuditKind.SESSION_ENDED, whose, detail=detail, actor=actor, now=now, about=actor.user_id)


@operation(needs=None)
def end_other_sessions(token: str, *, actor: Actor, now: datetime) -> int:
    """End every session of the own account but the one with this token; returns how many those were."""
    ended = end_all_sessions(own_user(actor), now=now, but=token)
    detail = f"All others ended from the account page: {ended}"
    whose = actor.email or actor.name
    audit(AuditKind.SESSION_ENDED, whose, detail=detail, actor=actor, now=now, about=actor.user_id)
    return ended


@operation(needs=None)
def note_seen(session_id: int, *, actor: Actor, now: datetime) -> None:
    """Keep that a session is used: once in SEEN_EVERY at most, without an entry."""
    is_stale = or_(UserSession.seen_at.is_(None), UserSession.seen_at <= now - SEEN_EVERY)
    changed_rows(update(UserSession).where(UserSession.id == session_id, is_stale).values(seen_at=now))


def own_history(actor: Actor) -> list[AuditEntry]:
    """The newest SHOWN entries of the audit that concern the own account, newest first. One query."""
    mine = select(AuditEntry).filter_by(about_id=actor.user_id)
    return list(db.session.scalars(mine.order_by(AuditEntry.id.desc()).limit(SHOWN)))


@operation(needs=None)
def switch_single_keys(is_on: bool, *, actor: Actor, now: datetime) -> None:
    """Have the single keys of the fireground act for this person, or not."""
    own_user(actor).has_single_keys = is_on
    whose = actor.email or actor.name
    detail = "on" if is_on else "off"
    audit(AuditKind.KEYS_SWITCHED, whose, detail=detail, actor=actor, now=now, about=actor.user_id)
