"""Opsgenie's outgoing webhook: the alert is its alias, else its number; the secret stands in a header."""

from __future__ import annotations

from dataclasses import replace

from majorops.domain.alerts import Heard, heard
from majorops.domain.enums import AlertState, SourceKind
from majorops.domain.pagers import KEY_PREFIX
from majorops.integrations.base import (
    Integration,
    NotReadError,
    Sent,
    by_secret,
    object_in,
    text_of,
    texts_of,
    time_of,
)

STATES = {
    "create": AlertState.FIRING,
    "unacknowledge": AlertState.FIRING,
    "escalate": AlertState.FIRING,
    "acknowledge": AlertState.ACKNOWLEDGED,
    "close": AlertState.CLEARED,
    "delete": AlertState.CLEARED,
}

ON_IT = ("acknowledge", "close")


def parse(sent: Sent) -> list[Heard]:
    """The alert of an action; none for actions that change nothing of how it stands, such as a note."""
    body = sent.object()
    action, alert = text_of(body.get("action")).lower(), object_in(body.get("alert"))
    if not action or not alert:
        raise NotReadError("The body has no action and alert: send Opsgenie's webhook, with the alert in it.")
    state = STATES.get(action)
    if state is None:
        return []
    tags = alert.get("tags")
    labels: dict[str, object] = {"tags": ", ".join(map(text_of, tags))} if isinstance(tags, list) else {}
    named = {"entity": "entity", "priority": "priority", "source": "source", "tinyId": "number"}
    labels |= {label: text_of(alert[name]) for name, label in named.items() if alert.get(name)}
    found = heard(
        text_of(alert.get("alias")) or text_of(alert.get("alertId")),
        state,
        text_of(alert.get("message")),
        severity=text_of(alert.get("priority")),
        labels={**labels, **texts_of(alert.get("details"))},
        started_at=time_of(alert.get("createdAt")),
        detail=text_of(alert.get("description")),
        said_at=time_of(alert.get("updatedAt")),
        is_taken_back=action == "unacknowledge",
    )
    if found.key.startswith(KEY_PREFIX):
        who = text_of(alert.get("username")) if action in ON_IT else ""
        found = replace(found, page_key=found.key[:64], answered_by=who)
    return [found]


INTEGRATION = Integration(SourceKind.OPSGENIE, parse, by_secret)
