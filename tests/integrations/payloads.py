"""What sources send, recorded after their documents; a test changes what it is about."""

from __future__ import annotations

import copy
import json
from typing import Any

ALERTMANAGER: dict[str, Any] = {
    "version": "4",
    "groupKey": '{}:{alertname="HighErrorRate"}',
    "truncatedAlerts": 0,
    "status": "firing",
    "receiver": "majorops",
    "groupLabels": {"alertname": "HighErrorRate"},
    "commonLabels": {"alertname": "HighErrorRate", "severity": "critical", "service": "payments-api"},
    "commonAnnotations": {"summary": "5xx above 20 %"},
    "externalURL": "http://alertmanager.example:9093",
    "alerts": [
        {
            "status": "firing",
            "labels": {
                "alertname": "HighErrorRate",
                "instance": f"10.0.0.{n}:9090",
                "severity": "critical",
                "service": "payments-api",
            },
            "annotations": {"summary": "5xx above 20 %", "description": f"Instance {n} answers 5xx."},
            "startsAt": "2026-11-23T14:01:22.739266876Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example:9090/graph?g0.expr=errors",
            "fingerprint": f"7f3a9c{n:010x}",
        }
        for n in (1, 2)
    ],
}


def alertmanager(**changed: Any) -> dict[str, Any]:
    """The notification with some of its keys changed."""
    return copy.deepcopy(ALERTMANAGER) | changed


def resolved(*numbers: int, end: str = "2026-11-23T14:20:00Z") -> dict[str, Any]:
    """The notification in which these of its alerts (from 0) are over."""
    body = alertmanager()
    for number in numbers:
        body["alerts"][number] |= {"status": "resolved", "endsAt": end}
    if len(numbers) == len(body["alerts"]):
        body["status"] = "resolved"
    return body


def as_bytes(body: Any) -> bytes:
    """As it goes over the wire."""
    return json.dumps(body).encode()
