"""CloudEvents 1.0 over HTTP: structured (one event, or a batch) and binary (attributes in `ce-` headers).

An event is known by its `source` and `id`; what belongs to one alert is said by the mapping of its source
(`key = $.data.alert_id`), which reads the event with its `data`.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any
from urllib.parse import unquote

from majorops.domain.alerts import Heard
from majorops.domain.enums import SourceKind
from majorops.integrations.base import (
    Integration,
    NotReadError,
    Sent,
    by_secret,
    object_in,
    objects_in,
    text_of,
)
from majorops.integrations.mapping import DEFAULTS, alerts_in, mapping_of

STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
ATTRIBUTES = ("id", "source", "type", "specversion")
# Where things stand unless the mapping says otherwise.
USUAL = {name: path.replace("$.", "$.data.") for name, path in DEFAULTS.items()}
USUAL |= {"started": "$.time"}


def parse(sent: Sent) -> list[Heard]:
    """The alerts of one event or of a batch."""
    mapping = mapping_of(sent.mapping, USUAL)
    return [alert for event in events_of(sent) for alert in alerts_in(mapping, event, _labels(event))]


def events_of(sent: Sent) -> list[dict[str, Any]]:
    """The events as objects with `data`. Raises NotReadError where an attribute is missing."""
    kind = sent.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == BATCH:
        found = objects_in(sent.json())
    elif kind == STRUCTURED or "ce-id" not in sent.headers:
        found = [sent.object()]
    else:
        found = [_binary(sent)]
    for event in found:
        if missing := [name for name in ATTRIBUTES if not event.get(name)]:
            raise NotReadError(f"The event has no {', '.join(missing)}: send CloudEvents 1.0.")
    return [_filled(event) for event in found]


def _binary(sent: Sent) -> dict[str, Any]:
    named = {name[3:]: unquote(text) for name, text in sent.headers.items() if name.startswith("ce-")}
    return {**named, "data": sent.json() if sent.body else None}


def _filled(event: dict[str, Any]) -> dict[str, Any]:
    """With what stands in for what `data` does not say: its key, and a title."""
    data = event.get("data")
    if isinstance(event.get("data_base64"), str):
        try:
            data = json.loads(base64.b64decode(event["data_base64"]))
        except (binascii.Error, ValueError, RecursionError):
            raise NotReadError("The event's data_base64 is not JSON.") from None
    inside = object_in(data)
    own = {
        "key": inside.get("key") or f"{text_of(event['source'])} {text_of(event['id'])}",
        "title": inside.get("title") or event.get("subject") or event["type"],
    }
    return {**event, "data": {**inside, **own}}


def _labels(event: dict[str, Any]) -> dict[str, object]:
    return {
        f"ce-{name}": text_of(event.get(name)) for name in ("source", "type", "subject") if event.get(name)
    }


INTEGRATION = Integration(SourceKind.CLOUDEVENTS, parse, by_secret)
