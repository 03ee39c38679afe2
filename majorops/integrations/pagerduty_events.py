"""PagerDuty Events API v2, as its senders speak it: what sends to PagerDuty can send here.

`routing_key` in the body is the secret; `dedup_key` the alert, made up here and told to the sender where a
trigger has none. A late acknowledge or resolve is dropped; a trigger after a resolve is a new alert.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import uuid4

from majorops.domain.alerts import Heard, heard
from majorops.domain.enums import AlertState, HookVerdict, SourceKind
from majorops.integrations.base import (
    Answer,
    Integration,
    NotReadError,
    Sent,
    is_same,
    object_in,
    objects_in,
    text_of,
    texts_of,
    time_of,
    verdict_of,
)

ACTIONS = {
    "trigger": AlertState.FIRING,
    "acknowledge": AlertState.ACKNOWLEDGED,
    "resolve": AlertState.CLEARED,
}
KEY_LONGEST = 255
MADE = "dedup-key"  # where the key that was made up is kept
NAMED = ("source", "component", "group", "class", "severity")


def parse(sent: Sent) -> list[Heard]:
    """The one alert of an event. Raises NotReadError."""
    body = sent.object()
    action, key = _checked(body)
    payload = object_in(body.get("payload"))
    labels: dict[str, object] = {name: text_of(payload[name]) for name in NAMED if payload.get(name)}
    links = [text_of(link.get("href")) for link in objects_in(body.get("links"))]
    alert = heard(
        key or sent.headers.get(MADE, ""),
        ACTIONS[action],
        text_of(payload.get("summary")),
        group=text_of(payload.get("group")),
        severity=text_of(payload.get("severity")),
        labels={**labels, **texts_of(payload.get("custom_details"))},
        started_at=time_of(payload.get("timestamp")) if action == "trigger" else None,
        link=next(iter([*links, text_of(body.get("client_url"))]), ""),
        detail=_details(payload.get("custom_details")),
    )
    return [alert]


def _details(value: object) -> str:
    """What a sender has beside its fields, one line each."""
    if isinstance(value, dict):
        return "\n".join(f"{name}: {text}" for name, text in texts_of(value).items())
    return text_of(value)


def _checked(body: Mapping[str, object]) -> tuple[str, str]:
    """The action and the key. Raises NotReadError for what PagerDuty refuses too."""
    action, key = text_of(body.get("event_action")), text_of(body.get("dedup_key"))
    if action not in ACTIONS:
        raise NotReadError("'event_action' is one of trigger, acknowledge, resolve.")
    if len(key) > KEY_LONGEST:
        raise NotReadError(f"'dedup_key' has at most {KEY_LONGEST} characters.")
    if action != "trigger" and not key:
        raise NotReadError(f"'dedup_key' is missing: it says what to {action}.")
    if action == "trigger" and not text_of(object_in(body.get("payload")).get("summary")):
        raise NotReadError("'payload.summary' is missing or blank.")
    return action, key


def verify(sent: Sent, secrets: Iterable[str], now: datetime) -> HookVerdict:
    """The routing key is one of the secrets; a body that is no JSON object has none."""
    try:
        given = json.loads(sent.body)
    except (ValueError, RecursionError):
        given = None
    key = given.get("routing_key") if isinstance(given, dict) else None
    return verdict_of([is_same(key if isinstance(key, str) else "", secrets)])


def answer(sent: Sent) -> Answer:
    """202 as PagerDuty answers, with the key by which the sender speaks of this alert again."""
    _, key = _checked(sent.object())
    kept = {} if key else {MADE: uuid4().hex}
    body = {"status": "success", "message": "Event processed", "dedup_key": key or kept[MADE]}
    return Answer(202, body, kept)


INTEGRATION = Integration(SourceKind.PAGERDUTY_EVENTS, parse, verify, answer)
