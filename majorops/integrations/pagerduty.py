"""PagerDuty webhooks v3: its incidents become alerts here, with its conference bridge as ours.

Signed over the raw body, `v1=` and HMAC-SHA256 in hexadecimal digits, several with commas while its secret
turns. Events may come late and twice: `occurred_at` says in which order they were.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from majorops.domain.alerts import Heard, heard
from majorops.domain.enums import AlertState, HookVerdict, SourceKind
from majorops.domain.pagers import KEY_PREFIX
from majorops.integrations.base import (
    Integration,
    NotReadError,
    Sent,
    hex_hmac,
    is_same,
    object_in,
    text_of,
    time_of,
    verdict_of,
)

SIGNATURE = "x-pagerduty-signature"
# By the incident's status: an event of any other type refreshes the details.
STATES = {
    "triggered": AlertState.FIRING,
    "acknowledged": AlertState.ACKNOWLEDGED,
    "resolved": AlertState.CLEARED,
}
TAKEN_BACK = ("incident.unacknowledged", "incident.reopened")
OVER = ("incident.resolved",)
ON_IT = ("incident.acknowledged", "incident.resolved")


def parse(sent: Sent) -> list[Heard]:
    """The alert of an event about an incident; none for other events, such as its test."""
    event = object_in(sent.object().get("event"))
    if not event:
        raise NotReadError("The body has no event: send PagerDuty's webhooks, version 3.")
    data = object_in(event.get("data"))
    return [_alert(event, data)] if data.get("type") == "incident" and data.get("id") else []


def _alert(event: dict[str, Any], data: dict[str, Any]) -> Heard:
    kind, bridge = text_of(event.get("event_type")), object_in(data.get("conference_bridge"))
    occurred, state = time_of(event.get("occurred_at")), STATES.get(text_of(data.get("status")))
    state = AlertState.CLEARED if kind in OVER else state or AlertState.FIRING
    labels = {
        "service": _summary(data, "service"),
        "urgency": text_of(data.get("urgency")),
        "priority": _summary(data, "priority"),
        "number": text_of(data.get("number")),
        "conference_url": text_of(bridge.get("conference_url")),
        "conference_number": text_of(bridge.get("conference_number")),
    }
    found = heard(
        text_of(data["id"]),
        state,
        text_of(data.get("title")),
        severity=labels["priority"] or {"high": "high", "low": "low"}.get(labels["urgency"], ""),
        labels={name: text for name, text in labels.items() if text},
        started_at=time_of(data.get("created_at")),
        ended_at=occurred if state is AlertState.CLEARED else None,
        link=text_of(data.get("html_url")),
        said_at=occurred,
        is_taken_back=kind in TAKEN_BACK,
    )
    key = text_of(data.get("incident_key"))
    if not key.startswith(KEY_PREFIX):
        return found
    return replace(found, page_key=key[:64], answered_by=_who_is_on_it(event, kind))


def _who_is_on_it(event: dict[str, Any], kind: str) -> str:
    """The person who acknowledged or resolved; empty for a program, such as ourselves."""
    agent = object_in(event.get("agent"))
    is_person = kind in ON_IT and text_of(agent.get("type")).startswith("user")
    return (text_of(agent.get("summary")) or "Somebody") if is_person else ""


def _summary(data: dict[str, Any], name: str) -> str:
    return text_of(object_in(data.get(name)).get("summary"))


def verify(sent: Sent, secrets: Iterable[str], now: datetime) -> HookVerdict:
    """One of the signatures is right. They carry no time: PagerDuty sends again for days."""
    given = [part.strip().removeprefix("v1=") for part in sent.headers.get(SIGNATURE, "").split(",")[:10]]
    wanted = [hex_hmac(secret, sent.body) for secret in secrets]
    return verdict_of([is_same(one, wanted) for one in given])


INTEGRATION = Integration(SourceKind.PAGERDUTY, parse, verify)
