"""The second factor of local accounts: passkeys, an authenticator app, recovery codes.

Setting them up and taking them away, and the check of what a person gave. The caller counts what failed.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyotp
from flask import current_app
from sqlalchemy import delete, exists, func, select

from majorops.db import Base, db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import SecondFactor
from majorops.domain.errors import Conflict, Invalid
from majorops.domain.events import AuditKind
from majorops.domain.text import clean_line
from majorops.models import AlertSource, Endpoint, Passkey, RecoveryCode, Rota, User
from majorops.operations import alert_sources, audit, endpoints, operation, rotas
from majorops.operations.accounts import end_all_sessions, hash_token
from majorops.operations.owner_notices import tell_of_change
from majorops.operations.passkeys import NotAccepted, PasskeyAnswer, check_answer, read_new
from majorops.signing import Sealer, keys_of

STEP = 30  # seconds of one code; one step early or late is taken too
DIGITS = 6
CODES = 10
MOST_PASSKEYS = 20
WRONG_CODE = "This is not the app's code of now. Check that the phone's clock is right."
APP_SECRET = "authenticator app"  # noqa: S105 (what it is for)


@dataclass(frozen=True)
class Given:
    """What a person gave as a proof: a code, or a passkey's answer."""

    code: str = ""
    passkey: PasskeyAnswer | None = None


def factors_of(user_id: int) -> list[SecondFactor]:
    """The second factors that an account has set up, without recovery codes."""
    row = db.session.execute(
        select(User.totp_secret.is_not(None), exists().where(Passkey.user_id == user_id)).where(
            User.id == user_id
        )
    ).one()
    return [one for one, has in zip((SecondFactor.APP, SecondFactor.PASSKEY), row, strict=True) if has]


def passkeys_of(user_id: int) -> list[Passkey]:
    """The passkeys of an account, oldest first."""
    return list(db.session.scalars(select(Passkey).filter_by(user_id=user_id).order_by(Passkey.id)))


def codes_left(user_id: int) -> int:
    """How many recovery codes were not used yet."""
    unused = select(func.count(RecoveryCode.id)).filter_by(user_id=user_id, used_at=None)
    return db.session.scalar(unused) or 0


def new_app_secret() -> str:
    """A secret for an authenticator app, in base 32: 160 random bits."""
    return pyotp.random_base32()


def app_address(secret: str, user: User) -> str:
    """What a QR code tells the app: `otpauth://totp/…`."""
    issuer = current_app.config["ORG_NAME"].replace(":", " ")
    name = "MajorOps" if issuer == "MajorOps" else f"MajorOps {issuer}"
    return pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=name)


def check_factor(user: User, given: Given, *, actor: Actor, now: datetime) -> SecondFactor | None:
    """Which factor of this account the person proved; None for nothing. Part of an operation.

    A code of the app and a recovery code count once each. What a passkey is refused for is kept.
    """
    if given.passkey:
        return _check_passkey(user, given.passkey, now=now, actor=actor)
    typed = "".join(given.code.split()).replace("-", "").upper()
    if len(typed) == DIGITS and typed.isascii() and typed.isdigit():
        return SecondFactor.APP if _check_code(user, typed, now) else None
    return SecondFactor.RECOVERY if _use_recovery_code(user, typed, actor=actor, now=now) else None


def _check_passkey(user: User, answer: PasskeyAnswer, *, actor: Actor, now: datetime) -> SecondFactor | None:
    try:
        found = check_answer(answer, now)
    except NotAccepted as problem:
        note_refused(problem, actor=actor, now=now)
        return None
    return SecondFactor.PASSKEY if found.user_id == user.id else None


def note_refused(problem: NotAccepted, *, actor: Actor, now: datetime) -> None:
    """Keep that a known passkey was refused; its owner hears of a copy. Part of an operation."""
    if problem.passkey is None:
        return
    user, detail = problem.passkey.user, f"{problem.passkey.name}: {problem}"[:300]
    audit(AuditKind.PASSKEY_REFUSED, user.email, detail=detail, actor=actor, now=now, about=user.id)
    if problem.is_cloned:
        what = f"The passkey {problem.passkey.name} was refused: there may be a copy of it. Remove it."
        tell_of_change(user, what, now=now)


def _check_code(user: User, code: str, now: datetime) -> bool:
    """The code of this half minute, or of the one beside it, that was not taken yet, nor any later one."""
    db.session.refresh(user, with_for_update=True)
    if user.totp_secret is None:
        return False
    sealer = app_sealer()
    secret = sealer.open(user.totp_secret)
    step = _step_of(secret, code, now)
    if step is None or (user.totp_step is not None and step <= user.totp_step):
        return False
    user.totp_step = step
    if not sealer.is_newest(user.totp_secret):
        user.totp_secret = sealer.seal(secret)
    return True


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    app, here = pyotp.TOTP(secret, digits=DIGITS, interval=STEP), int(now.timestamp()) // STEP
    steps = [step for step in (here - 1, here, here + 1) if hmac.compare_digest(app.at(step * STEP), code)]
    return steps[0] if steps else None


def _use_recovery_code(user: User, typed: str, *, actor: Actor, now: datetime) -> bool:
    if len(typed) != 16 or not typed.isascii():
        return False
    wanted = select(RecoveryCode).filter_by(user_id=user.id, code_hash=hash_token(typed), used_at=None)
    row = db.session.scalar(wanted.with_for_update())
    if row is None:
        return False
    row.used_at = now
    left = codes_left(user.id)
    detail = f"{left} left"
    audit(AuditKind.RECOVERY_CODE_USED, user.email, detail=detail, actor=actor, now=now, about=user.id)
    tell_of_change(user, f"A recovery code was used, {detail}.", now=now)
    return True


@operation(needs=None)
def add_app(user: User, secret: str, code: str, *, actor: Actor, now: datetime) -> list[str]:
    """Set up the authenticator app that shows the codes of `secret`, in place of an earlier one.

    Returns the recovery codes where the account had no second factor before, else none: they are shown once.
    Raises Invalid at `code` for one that the app does not show now.
    """
    typed = "".join(code.split())
    step = _step_of(secret, typed, now) if typed.isascii() else None
    if step is None:
        raise Invalid({"code": WRONG_CODE})
    is_first = not factors_of(user.id)
    user.totp_secret, user.totp_step = app_sealer().seal(secret), step
    audit(AuditKind.TOTP_ADDED, user.email, actor=actor, now=now, about=user.id)
    tell_of_change(user, "An authenticator app was set up.", now=now)
    return _make_codes(user) if is_first else []


@operation(needs=None)
def remove_app(user: User, *, actor: Actor, now: datetime) -> None:
    """Take the authenticator app away; with the last factor the recovery codes go too. Raises Conflict."""
    if user.totp_secret is None:
        raise Conflict("No authenticator app is set up.")
    user.totp_secret = user.totp_step = None
    audit(AuditKind.TOTP_REMOVED, user.email, actor=actor, now=now, about=user.id)
    tell_of_change(user, "The authenticator app was removed.", now=now)
    _drop_codes_without_factor(user)


@operation(needs=None)
def add_passkey(user: User, name: str, answer: PasskeyAnswer, *, actor: Actor, now: datetime) -> list[str]:
    """Keep a passkey that the browser just made.

    Returns the recovery codes where the account had no second factor before, else none. Raises Invalid at
    `name` or `passkey`.
    """
    name = clean_line(name)[:60] or f"Passkey {now:%Y-%m-%d}"
    try:
        credential_id, public_key, sign_count = read_new(answer)
    except NotAccepted:
        raise Invalid(
            {"passkey": "The browser's answer does not fit. Nothing was added. Try again."}
        ) from None
    if db.session.scalar(select(Passkey.id).filter_by(credential_id=credential_id)):
        raise Invalid({"passkey": "This passkey is known already. Nothing was added."})
    if len(passkeys_of(user.id)) >= MOST_PASSKEYS:
        raise Invalid({"passkey": f"{MOST_PASSKEYS} passkeys are the most. Remove one first."})
    is_first = not factors_of(user.id)
    db.session.add(
        Passkey(
            user_id=user.id,
            credential_id=credential_id,
            public_key=public_key,
            sign_count=sign_count,
            name=name,
            created_at=now,
        )
    )
    audit(AuditKind.PASSKEY_ADDED, user.email, detail=name, actor=actor, now=now, about=user.id)
    tell_of_change(user, f"The passkey {name} was added.", now=now)
    return _make_codes(user) if is_first else []


@operation(needs=None)
def remove_passkey(user: User, number: int, *, actor: Actor, now: datetime) -> str:
    """Forget a passkey of this account; returns its name. Raises Conflict where it has no such one."""
    passkey = db.session.scalar(select(Passkey).filter_by(id=number, user_id=user.id))
    if passkey is None:
        raise Conflict("This passkey is gone already.")
    name = passkey.name
    db.session.delete(passkey)
    db.session.flush()
    audit(AuditKind.PASSKEY_REMOVED, user.email, detail=name, actor=actor, now=now, about=user.id)
    tell_of_change(user, f"The passkey {name} was removed.", now=now)
    _drop_codes_without_factor(user)
    return name


@operation(needs=None)
def renew_recovery_codes(user: User, *, actor: Actor, now: datetime) -> list[str]:
    """New recovery codes; the old ones are worth nothing. Raises Conflict without a second factor."""
    if not factors_of(user.id):
        raise Conflict("Recovery codes stand in for a second factor. Set one up first.")
    audit(AuditKind.RECOVERY_CODES_MADE, user.email, actor=actor, now=now, about=user.id)
    tell_of_change(user, "New recovery codes were made.", now=now)
    return _make_codes(user)


@operation(needs=Permission.DATA_MANAGE)
def reset_factors(user: User, *, actor: Actor, now: datetime) -> None:
    """Take every second factor from an account whose person lost theirs; all its sessions end.

    Raises Conflict where there is none.
    """
    if not factors_of(user.id):
        raise Conflict(f"{user.name} has no second factor.")
    db.session.execute(delete(Passkey).filter_by(user_id=user.id))
    user.totp_secret = user.totp_step = None
    _drop_codes_without_factor(user)
    end_all_sessions(user, now=now)
    audit(AuditKind.USER_FACTORS_RESET, user.email, actor=actor, now=now, about=user.id)
    tell_of_change(user, f"The second factor was reset by {actor.name}.", now=now)


@operation(needs=Permission.DATA_MANAGE)
def seal_secrets(*, actor: Actor, now: datetime) -> int:
    """Seal the secrets of authenticator apps, alert sources, endpoints and pagers with the newest key.

    Returns how many were under another.

    Afterwards no secret needs the keys of MAJOROPS_SECRET_KEY_FALLBACKS any more.
    """
    users = db.session.scalars(select(User).where(User.totp_secret.is_not(None)).with_for_update())
    count = _seal_anew(users, ("totp_secret",), app_sealer())
    twice = ("secret", "old_secret")
    models: tuple[tuple[type[AlertSource | Endpoint | Rota], Sequence[str], Sealer], ...] = (
        (AlertSource, twice, alert_sources.sealer()),
        (Endpoint, twice, endpoints.sealer()),
        (Rota, ("pager_key",), rotas.sealer()),
    )
    for model, columns, box in models:
        rows = db.session.scalars(select(model).order_by(model.id).with_for_update())
        count += _seal_anew(rows, columns, box)
    audit(AuditKind.SECRETS_SEALED, f"{count} sealed anew", actor=actor, now=now)
    return count


def _seal_anew(rows: Iterable[Base], columns: Sequence[str], box: Sealer) -> int:
    """How many rows had a secret under another key than the newest; now none has."""
    count = 0
    for row in rows:
        old = [name for name in columns if (sealed := getattr(row, name)) and not box.is_newest(sealed)]
        for name in old:
            setattr(row, name, box.seal(box.open(getattr(row, name))))
        count += bool(old)
    return count


def app_sealer() -> Sealer:
    """What the secrets of authenticator apps are sealed with at rest."""
    return Sealer(keys_of(current_app.config), APP_SECRET)


def _make_codes(user: User) -> list[str]:
    """Recovery codes of 80 random bits each, `ABCD-EFGH-IJKL-MNOP`; kept are their hashes."""
    db.session.execute(delete(RecoveryCode).filter_by(user_id=user.id))
    codes = [base64.b32encode(secrets.token_bytes(10)).decode() for _ in range(CODES)]
    db.session.add_all(RecoveryCode(user_id=user.id, code_hash=hash_token(code)) for code in codes)
    return ["-".join(code[i : i + 4] for i in range(0, 16, 4)) for code in codes]


def _drop_codes_without_factor(user: User) -> None:
    db.session.flush()
    if not factors_of(user.id):
        db.session.execute(delete(RecoveryCode).filter_by(user_id=user.id))
