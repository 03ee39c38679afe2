"""Passkeys as the browser wants them, and the check of what it answers (WebAuthn, by py_webauthn).

The library decides; here is what we ask of it: that the person was verified (PIN or biometrics), so that a
passkey alone signs in, and that an answer counts once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import webauthn
from sqlalchemy import delete, select
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, options_to_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from majorops.db import db
from majorops.models import Passkey, SpentChallenge, User

TIMEOUT = 5 * 60 * 1000  # milliseconds for which the browser waits for the person
LONGEST = 20_000  # characters of an answer
FORGOTTEN_AFTER = timedelta(hours=1)  # longer than any challenge is good for
# What the library raises for an answer that anybody may have made up.
NONSENSE = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, RecursionError)
VERIFIED = UserVerificationRequirement.REQUIRED


@dataclass(frozen=True)
class Site:
    """For which host (`rp_id`) and origin passkeys are made and used, and what the site is called."""

    rp_id: str
    origin: str
    name: str


@dataclass(frozen=True)
class PasskeyAnswer:
    """What a browser answered to a challenge of ours. `credential`: JSON, as typed by anybody."""

    credential: str
    challenge: bytes
    site: Site


class NotAccepted(Exception):
    """The answer proves nothing. `is_cloned`: the key counts lower than it did: there may be a copy of it."""

    def __init__(self, why: str, passkey: Passkey | None = None, is_cloned: bool = False):
        super().__init__(why)
        self.passkey, self.is_cloned = passkey, is_cloned


def options_to_add(user: User, challenge: bytes, site: Site) -> str:
    """What the browser is given to make a passkey, as JSON. Keys that the account has are not made again."""
    known = db.session.scalars(select(Passkey.credential_id).filter_by(user_id=user.id)).all()
    options = webauthn.generate_registration_options(
        rp_id=site.rp_id,
        rp_name=site.name,
        user_id=hashlib.sha256(f"majorops account {user.id}".encode()).digest(),  # tells nothing, and stays
        user_name=user.email,
        user_display_name=user.name,
        challenge=challenge,
        timeout=TIMEOUT,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=VERIFIED
        ),
        exclude_credentials=_described(known),
    )
    return options_to_json(options)


def options_to_use(credentials: Iterable[str], challenge: bytes, site: Site) -> str:
    """What the browser is given to use a passkey, as JSON.

    `credentials`: which ones; empty: any that the person has for this site.
    """
    options = webauthn.generate_authentication_options(
        rp_id=site.rp_id,
        challenge=challenge,
        timeout=TIMEOUT,
        allow_credentials=_described(credentials),
        user_verification=VERIFIED,
    )
    return options_to_json(options)


def _described(credentials: Iterable[str]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in credentials]


def read_new(answer: PasskeyAnswer) -> tuple[str, bytes, int]:
    """Credential id, public key and sign count of a passkey that was made now. Raises NotAccepted."""
    try:
        made = webauthn.verify_registration_response(
            credential=_parsed(answer.credential),
            expected_challenge=answer.challenge,
            expected_rp_id=answer.site.rp_id,
            expected_origin=answer.site.origin,
            require_user_verification=True,
        )
    except NONSENSE as error:
        raise NotAccepted(str(error)) from None
    return bytes_to_base64url(made.credential_id), made.credential_public_key, made.sign_count


def check_answer(answer: PasskeyAnswer, now: datetime) -> Passkey:
    """The passkey that gave this answer; its use is kept. Part of an operation. Raises NotAccepted.

    Of an answer that comes twice the second one proves nothing.
    """
    given = _parsed(answer.credential)
    name = given.get("id")
    wanted = select(Passkey).filter_by(credential_id=name).with_for_update()
    passkey = db.session.scalar(wanted) if isinstance(name, str) and len(name) <= 1400 else None
    if passkey is None or not passkey.user.is_active:
        raise NotAccepted("no such passkey")
    try:
        told = webauthn.verify_authentication_response(
            credential=given,
            expected_challenge=answer.challenge,
            expected_rp_id=answer.site.rp_id,
            expected_origin=answer.site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,  # looked at below: a copied key has a sentence of its own
            require_user_verification=True,
        )
    except NONSENSE as error:
        raise NotAccepted(str(error), passkey) from None
    if (passkey.sign_count or told.new_sign_count) and told.new_sign_count <= passkey.sign_count:
        raise NotAccepted("its counter went back", passkey, is_cloned=True)
    _spend(answer.challenge, passkey, now)
    passkey.sign_count, passkey.used_at = told.new_sign_count, now
    return passkey


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text[:LONGEST])
    except (ValueError, RecursionError):
        raise NotAccepted("not JSON") from None
    if not isinstance(found, dict):
        raise NotAccepted("not an answer")
    return found


def _spend(challenge: bytes, passkey: Passkey, now: datetime) -> None:
    # Of two that come at once the unique key refuses the second, whose operation then runs again.
    db.session.execute(delete(SpentChallenge).where(SpentChallenge.spent_at < now - FORGOTTEN_AFTER))
    name = hashlib.sha256(challenge).hexdigest()
    if db.session.get(SpentChallenge, name):
        raise NotAccepted("answered before", passkey)
    db.session.add(SpentChallenge(challenge_hash=name, spent_at=now))
    db.session.flush()
