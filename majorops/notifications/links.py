"""The links in mails to subscribers.

Each is signed, for one purpose, and void once the subscriber's nonce is another one.
"""

from __future__ import annotations

from itsdangerous import BadSignature

from majorops.db import db
from majorops.domain.announcing import CONFIRM_WITHIN
from majorops.models import Subscriber
from majorops.signing import Serializer

CONFIRM, MANAGE = "confirm", "manage"


def link_token(secret: str, purpose: str, row: Subscriber, incident: int | None = None) -> str:
    """What a link to `/subscribe/<purpose>/…` ends with; `incident`: what is to be followed by it."""
    return _signer(secret).dumps([purpose, row.id, row.nonce, *([incident] if incident else [])])


def whose(secret: str, purpose: str, token: str) -> tuple[Subscriber, int | None] | None:
    """The subscriber of a token and the incident that is to be followed by it, if any. One query.

    None for a forged, foreign, replaced or expired one alike.
    """
    try:
        limit = int(CONFIRM_WITHIN.total_seconds()) if purpose == CONFIRM else None
        meant, number, nonce, *incident = _signer(secret).loads(token, max_age=limit)
    except (BadSignature, ValueError, TypeError):
        return None
    row = db.session.get(Subscriber, number) if meant == purpose else None
    if row is None or row.nonce != nonce:
        return None
    return row, incident[0] if incident else None


def _signer(secret: str) -> Serializer:
    return Serializer(secret, salt="subscriber")
