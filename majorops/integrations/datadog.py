"""Datadog, by the payload that TEMPLATE asks for; the secret stands in a custom header.

A variable that Datadog does not know arrives as it was typed, with its `$`: it is taken for empty.
"""

from __future__ import annotations

from majorops.domain.alerts import Heard, heard
from majorops.domain.enums import AlertState, SourceKind
from majorops.integrations.base import Integration, Sent, by_secret, text_of, time_of

TEMPLATE = """{
  "id": "$ID",
  "cycle": "$ALERT_CYCLE_KEY",
  "transition": "$ALERT_TRANSITION",
  "type": "$ALERT_TYPE",
  "monitor": "$ALERT_ID",
  "scope": "$ALERT_SCOPE",
  "title": "$EVENT_TITLE",
  "text": "$TEXT_ONLY_MSG",
  "priority": "$ALERT_PRIORITY",
  "tags": "$TAGS",
  "host": "$HOSTNAME",
  "date": "$DATE",
  "updated": "$LAST_UPDATED",
  "link": "$LINK",
  "org": "$ORG_ID"
}"""
OVER = frozenset({"recovered"})
BY_TYPE = {"success": AlertState.CLEARED}  # of an event without a transition


def parse(sent: Sent) -> list[Heard]:
    """The one alert of a notification. No Data is an alert as well."""
    body = sent.object()

    def line(name: str) -> str:
        text = text_of(body.get(name)).strip()
        return "" if text.startswith("$") else text

    transition, scope = line("transition").lower(), line("scope")
    state = AlertState.CLEARED if transition in OVER else AlertState.FIRING
    state = state if transition else BY_TYPE.get(line("type").lower(), AlertState.FIRING)
    own = f"{line('monitor')} {scope}".strip()
    labels = _tags(f"{line('tags')},{scope}")
    labels |= {name: line(name) for name in ("host", "monitor", "org") if line(name)}
    if transition:
        labels["transition"] = line("transition")
    alert = heard(
        line("cycle") or own or line("id"),
        state,
        line("title"),
        group=f"monitor {line('monitor')}" if line("monitor") else "",
        severity=line("priority") or line("type"),
        labels=dict(labels),
        link=line("link"),
        detail=line("text"),
        ended_at=time_of(line("date")) if state is AlertState.CLEARED else None,
        said_at=time_of(line("updated")) or time_of(line("date")),
    )
    return [alert]


def _tags(text: str) -> dict[str, str]:
    pairs = (tag.strip().partition(":") for tag in text.split(","))
    return {name: value or "yes" for name, _, value in pairs if name}


INTEGRATION = Integration(SourceKind.DATADOG, parse, by_secret, template=TEMPLATE)
