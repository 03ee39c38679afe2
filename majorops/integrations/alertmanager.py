"""Prometheus Alertmanager, webhook version 4 (notify/webhook/webhook.go).

An alert is known again by its fingerprint; groups by `groupKey`. Where Alertmanager leaves alerts out
(`truncatedAlerts`), that one is missing says nothing about it: one alert stands for all of them.
"""

from __future__ import annotations

from typing import Any

from majorops.domain.alerts import Heard, heard
from majorops.domain.enums import AlertState, SourceKind
from majorops.domain.text import count
from majorops.integrations.base import (
    Integration,
    NotReadError,
    Sent,
    by_secret,
    object_in,
    objects_in,
    text_of,
    texts_of,
    time_of,
)

STATES = {"firing": AlertState.FIRING, "resolved": AlertState.CLEARED}


def parse(sent: Sent) -> list[Heard]:
    """The alerts of a notification."""
    return alerts_of(sent.object())


def alerts_of(body: dict[str, Any], owner: str = "") -> list[Heard]:
    """The alerts of a body in this format; `owner`: goes into their keys. Raises NotReadError for none.

    A later version is read as far as it looks alike: to lose an alert is worse than to show half of it.
    """
    if not isinstance(body.get("alerts"), list):
        raise NotReadError("The body has no list of alerts: send Alertmanager's webhook, version 4.")
    group = text_of(body.get("groupKey"))
    group = f"{owner} {group}" if owner and group else group
    found = [_alert(one, body, group, owner) for one in objects_in(body["alerts"])]
    return [*found, *_left_out(body, group)]


def _alert(one: dict[str, Any], body: dict[str, Any], group: str, owner: str) -> Heard:
    labels, notes = texts_of(one.get("labels")), texts_of(one.get("annotations"))
    named = [labels.get("alertname", ""), *(labels.get(name, "") for name in ("instance", "pod"))]
    key = text_of(one.get("fingerprint")) or (repr(sorted(labels.items())) if labels else "")
    state = STATES.get(text_of(one.get("status")) or text_of(body.get("status")), AlertState.FIRING)
    return heard(
        f"{owner} {key}".strip(),
        state,
        notes.get("summary") or " ".join(filter(None, named)) or text_of(body.get("title")),
        group=group,
        severity=labels.get("severity", ""),
        labels=labels,
        started_at=time_of(one.get("startsAt")),
        ended_at=time_of(one.get("endsAt")) if state is AlertState.CLEARED else None,
        link=text_of(one.get("panelURL") or one.get("generatorURL") or body.get("externalURL")),
        detail="\n".join(filter(None, (notes.get("description"), notes.get("runbook_url")))),
    )


def _left_out(body: dict[str, Any], group: str) -> list[Heard]:
    """The one that stands for alerts that were left out; its end, where none are."""
    number = body.get("truncatedAlerts")
    number = number if isinstance(number, int) and number > 0 else 0
    is_firing = number and STATES.get(text_of(body.get("status"))) is not AlertState.CLEARED
    if not group or not (number or body.get("truncatedAlerts") == 0):
        return []
    state = AlertState.FIRING if is_firing else AlertState.CLEARED
    common = texts_of(object_in(body.get("commonLabels")))
    title = f"{count(number, 'more alert')} that the source left out" if number else "Alerts left out"
    return [heard(f"left out {group}", state, title, group=group, labels=common)]


INTEGRATION = Integration(SourceKind.ALERTMANAGER, parse, by_secret)
