"""Mails to the owner of an account about the account itself.

No policy and no channel switches them off: whoever took over an account would do that first.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from flask import current_app

from majorops.db import db
from majorops.domain.enums import ChannelKind, DeliveryState, Notice
from majorops.models import Delivery, User

NOT_YOU = "Was this not you? Then sign in, end the other sessions on your account page, and tell an admin."


def has_mail() -> bool:
    """Mail can be sent from here; where another process delivers, its own settings decide."""
    return bool(current_app.config["SMTP_URL"]) or not current_app.config["WORKER"]


def tell_owner(user: User, subject: str, body: str, *, now: datetime, act: str = "") -> None:
    """Queue one mail to the account's own address; nothing without a mail server. Part of an operation.

    `act`: what it is about, where the worker writes the text (see notifications/account.py).
    """
    if not has_mail():
        return
    db.session.add(
        Delivery(
            key=secrets.token_hex(32),
            notice=Notice.ACCOUNT,
            act=act or f"account:{user.id}",
            recipient=user.name,
            user_id=user.id,
            kind=ChannelKind.EMAIL,
            address=user.email,
            subject=subject,
            body=body,
            state=DeliveryState.PENDING,
            next_at=now,
            created_at=now,
        )
    )


def tell_of_change(user: User, what: str, *, now: datetime) -> None:
    """Mail the owner that something about signing in changed. `what`: a sentence in the past tense."""
    body = f"{what} {now:%Y-%m-%d %H:%M} UTC.\n\n{NOT_YOU}"
    tell_owner(user, f"MajorOps account: {what.rstrip('.')}", body, now=now)
