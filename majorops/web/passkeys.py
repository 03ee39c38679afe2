"""What a page needs to make or use a passkey, and what its form sends back.

A challenge goes out as a signed ticket in the form: for one purpose, for one browser, for a quarter of an
hour. That an answer counts once is kept in the database (operations/passkeys.py).
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import current_app, request, session
from flask_login import current_user
from itsdangerous import BadData

from majorops.models import User
from majorops.operations.accounts import hash_token
from majorops.operations.passkeys import PasskeyAnswer, Site, options_to_add, options_to_use
from majorops.signing import Serializer, keys_of

GOOD_FOR = 15 * 60  # seconds


@dataclass(frozen=True)
class Asked:
    """What the form of a passkey carries: the browser's options as JSON, and the ticket of the challenge.

    `refusal`: why there are no passkeys here; then the others are empty.
    """

    options: str = ""
    ticket: str = ""
    refusal: str = ""


def to_use(purpose: str, credentials: Iterable[str] = ()) -> Asked:
    """Ask for a passkey. `purpose`: what for; `credentials`: which ones, empty: any of this site."""
    if why := refusal():
        return Asked(refusal=why)
    challenge, ticket = _issue(purpose)
    return Asked(options_to_use(credentials, challenge, site()), ticket)


def to_add(user: User) -> Asked:
    """Ask for a new passkey of this account."""
    if why := refusal():
        return Asked(refusal=why)
    challenge, ticket = _issue("add")
    return Asked(options_to_add(user, challenge, site()), ticket)


def answered(purpose: str, credential: str, ticket: str) -> PasskeyAnswer | None:
    """What the form sent, with the challenge that it answers.

    None for a ticket that is forged, too old, of another browser, or for another purpose.
    """
    try:
        meant, whose, challenge = _signer().loads(ticket[:1_000], max_age=GOOD_FOR)
    except (BadData, ValueError, TypeError):
        return None
    if (meant, whose) != (purpose, _who()):
        return None
    return PasskeyAnswer(credential, bytes.fromhex(challenge), site())


def site() -> Site:
    """The host and origin of our passkeys: those of BASE_URL where it is set, else those of the request."""
    base = current_app.config["BASE_URL"] or request.host_url
    parts = urlsplit(base)
    return Site(parts.hostname or "", f"{parts.scheme}://{parts.netloc}", current_app.config["ORG_NAME"])


def refusal() -> str:
    """Why no browser makes or uses a passkey on this page; empty when one may."""
    here, host = site(), request.host.partition(":")[0].lower()
    if here.rp_id != host and not (host.startswith("[") and here.rp_id in host):
        return f"Passkeys work at {here.origin}, not at this address."
    if _is_number(here.rp_id):
        return "Passkeys need a host name; this address is a number."
    is_local = here.rp_id == "localhost" or here.rp_id.endswith(".localhost")
    if not here.origin.startswith("https://") and not is_local:
        return "Passkeys need https; this page came over http."
    return ""


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _issue(purpose: str) -> tuple[bytes, str]:
    challenge = secrets.token_bytes(32)
    return challenge, _signer().dumps([purpose, _who(), challenge.hex()])


def _who() -> str:
    """The session of who is signed in; of a stranger, their browser."""
    if current_user.is_authenticated:
        return hash_token(current_user.token)
    if "browser" not in session:
        session["browser"] = secrets.token_hex(16)
    return str(session["browser"])


def _signer() -> Serializer:
    return Serializer(keys_of(current_app.config), salt="passkey")
