"""Web push: one encrypted POST to the push service of a browser (RFC 8030, 8291, 8292)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from majorops.domain.push import address_problem, manner, subject_of, unpadded
from majorops.notifications import vapid
from majorops.notifications.message import Message, NotSent
from majorops.notifications.webhook import post

GONE = frozenset({404, 410})  # the browser ended the subscription
OURS_IS_ANOTHER = frozenset({401, 403})
TOO_MANY, REFUSED = 429, range(400, 500)
TITLE = 240  # characters; with the address about 1 KB of the 4 that a push service takes


def send(message: Message, settings: Mapping[str, Any]) -> None:
    """Hand the message to the push service of a device. Raises NotSent.

    `is_gone`: the device is to be forgotten.
    """
    if problem := address_problem(message.address):
        raise NotSent(problem, is_final=True)
    key, _, auth = message.secret.partition(".")
    try:
        body = vapid.encrypt(payload(message, settings), unpadded(key), unpadded(auth))
    except ValueError:
        raise NotSent("The keys of this device cannot be used. Switch it on again.", is_final=True) from None
    status = post(message.address, body, headers(message, settings), settings)
    if 200 <= status < 300:
        return
    service = message.address.split("/")[2]
    if status in GONE:
        raise NotSent(f"{service} answered {status}: the device is gone.", is_final=True, is_gone=True)
    if status in OURS_IS_ANOTHER:
        why = "it was switched on with another key of ours. Switch it on again on the device"
        raise NotSent(f"{service} answered {status}: {why}.", is_final=True)
    raise NotSent(f"{service} answered {status}.", is_final=status in REFUSED and status != TOO_MANY)


def payload(message: Message, settings: Mapping[str, Any]) -> bytes:
    """What the device shows: the subject of the mail and no more; where a press leads; what it replaces."""
    shown = {"title": message.subject[:TITLE], "path": message.path, "tag": topic(message, settings)}
    return json.dumps(shown, ensure_ascii=False).encode()


def headers(message: Message, settings: Mapping[str, Any]) -> dict[str, str]:
    """How the push service is to treat it, and who sends."""
    how = manner(message.notice)
    return {
        "Authorization": vapid.authorization(message.address, settings),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(how.seconds),
        "Urgency": how.urgency,
        "Topic": topic(message, settings),
    }


def topic(message: Message, settings: Mapping[str, Any]) -> str:
    """The newest message of a topic takes the place of those that wait. 32 characters that say nothing:
    push services read them.
    """
    about = f"push {message.incident} {subject_of(message.notice, message.act)}"
    made = hmac.new(settings["SECRET_KEY"].encode(), about.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made[:24]).decode()
