"""Grafana alerting, webhook contact point: Alertmanager's form with `orgId` and links into Grafana.

Signed by HMAC-SHA256 in hexadecimal digits, of the body, or of `timestamp:body` where a timestamp header is
set. What the headers are called differs between Grafana's source and its documents, and can be set there:
both names are known, another one stands in the source's field Header, with that of the timestamp behind it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from majorops.domain.alerts import Heard
from majorops.domain.enums import HookVerdict, SourceKind
from majorops.integrations.alertmanager import alerts_of
from majorops.integrations.base import (
    Integration,
    Sent,
    age_verdict,
    by_secret,
    hex_hmac,
    is_same,
    text_of,
    time_of,
)

SIGNATURES = ("x-grafana-alerting-signature", "x-grafana-alert-signature")
TIMESTAMPS = ("x-grafana-alerting-timestamp", "x-grafana-alert-timestamp")


def parse(sent: Sent) -> list[Heard]:
    """The alerts of a notification; a Grafana has several organisations, whose keys are their own."""
    body = sent.object()
    return alerts_of(body, f"org {text_of(body.get('orgId')) or '1'}")


def verify(sent: Sent, secrets: Iterable[str], now: datetime) -> HookVerdict:
    """By its signature; by the secret itself where it is not signed (Authorization header, Basic)."""
    named = sent.header.lower().split()
    signature = _first(sent, (*named[:1], *SIGNATURES))
    if not signature:
        return by_secret(sent, secrets, now)
    stamp = _first(sent, (*named[1:2], *TIMESTAMPS))
    content = f"{stamp}:".encode() + sent.body if stamp else sent.body
    if not is_same(signature.strip().lower(), [hex_hmac(secret, content) for secret in secrets]):
        return HookVerdict.WRONG_SECRET
    return age_verdict(time_of(stamp), now) if stamp else HookVerdict.ACCEPTED


def _first(sent: Sent, names: Iterable[str]) -> str:
    return next((sent.headers[name] for name in names if sent.headers.get(name)), "")


INTEGRATION = Integration(SourceKind.GRAFANA, parse, verify)
