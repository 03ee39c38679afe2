"""Webhooks: one signed POST of JSON. Redirects are never followed, answers are not read."""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from majorops import clock
from majorops.domain import outgoing
from majorops.domain.chat import chat_of
from majorops.notifications import chat
from majorops.notifications.message import Message, NotSent
from majorops.notifications.net import READ_TIMEOUT, TOTAL_TIMEOUT, abort, deadline, resolve

GONE, NOT_FOUND = 410, 404  # Slack says 404 where the app or the channel was removed


def send(message: Message, settings: Mapping[str, Any]) -> None:
    """POST the message to its address. Anything but 2xx is a failure. Raises NotSent."""
    body = json.dumps(payload(message), ensure_ascii=False).encode()
    status = post(message.address, body, signed(body, message), settings)
    if not 200 <= status < 300:
        host = urlsplit(message.address).hostname
        why = " It redirects; redirects are not followed." if 300 <= status < 400 else ""
        is_final = status == GONE or (status == NOT_FOUND and chat_of(message.address) is not None)
        raise NotSent(f"{host} answered {status}.{why}", is_final=is_final)


def post(link: str, body: bytes, headers: Mapping[str, str], settings: Mapping[str, Any]) -> int:
    """As `ask`; returns the status of the answer alone."""
    return ask(link, body, headers, settings)[0]


def ask(
    link: str,
    body: bytes,
    headers: Mapping[str, str],
    settings: Mapping[str, Any],
    *,
    method: str = "POST",
    most: int = 0,
    seconds: float = TOTAL_TIMEOUT,
) -> tuple[int, Mapping[str, str], bytes]:
    """Ask an address that somebody typed; returns status and headers of the answer, and `most` bytes of it.

    `seconds`: for all of it.

    It goes to the very address that was looked at, and to a private one only by `MAJOROPS_WEBHOOK_PRIVATE`.
    Redirects are not followed. Raises NotSent where there is no answer.
    """
    parts = urlsplit(link)
    is_secure = parts.scheme == "https"
    port = parts.port or (443 if is_secure else 80)
    address = resolve(parts.hostname or "", port, may_be_private=bool(settings["WEBHOOK_PRIVATE"]))
    line = _line(is_secure, address, port, parts.hostname)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        with deadline(lambda: abort(line.sock), seconds):
            sent = {"Host": parts.netloc.rpartition("@")[2], "User-Agent": "MajorOps", **headers}
            line.request(method, path, body=body, headers=sent, preload_content=False)
            answer = line.getresponse()
            return answer.status, answer.headers, answer.read(most) if most else b""
    except (OSError, HTTPError) as error:
        raise NotSent(f"{parts.hostname}: {str(error)[:200] or type(error).__name__}") from None
    finally:
        line.close()


def _line(is_secure: bool, address: str, port: int, host: str | None) -> HTTPConnection:
    """A connection to this very address; the certificate is the name's."""
    if not is_secure:
        return HTTPConnection(address, port, timeout=READ_TIMEOUT)
    context = ssl.create_default_context()
    return HTTPSConnection(
        address, port, timeout=READ_TIMEOUT, ssl_context=context, server_hostname=host, assert_hostname=host
    )


def payload(message: Message) -> dict[str, object]:
    """What a webhook gets: the message's own payload, or our fields; `link` None where there is no page.

    Slack and Teams get it in their own formats.
    """
    if service := chat_of(message.address):
        return chat.payload(service, message)
    return message.payload or {
        "id": message.key,
        "notice": message.notice,
        "incident": message.incident,
        "subject": message.subject,
        "text": message.body,
        "link": message.link or None,
    }


def signed(body: bytes, message: Message) -> dict[str, str]:
    """Headers: the id by which a repeated message is known, and with a secret the signature.

    Signed is by Standard Webhooks (docs/integrations/events-out.md). For one release the headers of before
    stand beside: the time in seconds since 1970, and the HMAC-SHA256 over `<time>.<body>`.
    """
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": message.key,
    }
    if message.secret:
        now = clock.now()
        stamp = str(int(now.timestamp()))
        mac = hmac.new(message.secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        headers |= {"X-MajorOps-Time": stamp, "X-MajorOps-Signature": f"sha256={mac}"}
        headers |= outgoing.signed(message.key, now, body, [message.secret])
    return headers
