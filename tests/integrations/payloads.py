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


GRAFANA: dict[str, Any] = {
    "receiver": "majorops",
    "status": "firing",
    "orgId": 2,
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "High memory", "team": "blue", "zone": "us-1", "severity": "warning"},
            "annotations": {
                "description": "The system has high memory usage",
                "runbook_url": "https://r.example",
            },
            "startsAt": "2026-11-23T15:01:00.123456789+01:00",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "https://grafana.example/alerting/grafana/PAb/view",
            "fingerprint": "57c6d9296de2ad39",
            "silenceURL": "https://grafana.example/alerting/silence/new",
            "dashboardURL": "",
            "panelURL": "",
            "values": {"B": 44.23943737541908, "C": 1},
            "valueString": "[ var='B' value=44.2 ]",
        }
    ],
    "groupLabels": {"alertname": "High memory"},
    "commonLabels": {"team": "blue"},
    "commonAnnotations": {},
    "externalURL": "https://grafana.example/",
    "version": "1",
    "groupKey": '{}:{alertname="High memory"}',
    "truncatedAlerts": 0,
    "title": "[FIRING:1] High memory blue",
    "state": "alerting",
    "message": "**Firing**",
}

PAGERDUTY_EVENT: dict[str, Any] = {
    "routing_key": "",
    "event_action": "trigger",
    "dedup_key": "samplekeyhere",
    "client": "Sample Monitoring Service",
    "client_url": "https://monitoring.example",
    "payload": {
        "summary": "DISK at 99% on machine prod-datapipe03",
        "timestamp": "2026-11-23T08:42:58.315+0000",
        "severity": "critical",
        "source": "prod-datapipe03.example.com",
        "component": "payments-api",
        "group": "prod-datapipe",
        "class": "disk",
        "custom_details": {"free space": "1%", "ping time": 1500},
    },
    "links": [{"href": "https://example.com/", "text": "Link text"}],
    "images": [],
}


def pagerduty_event(key: str, action: str = "trigger", **changed: Any) -> dict[str, Any]:
    """An event with this routing key."""
    return PAGERDUTY_EVENT | {"routing_key": key, "event_action": action} | changed


def pagerduty(
    kind: str = "incident.triggered", status: str = "triggered", at: str = "14:00:05"
) -> dict[str, Any]:
    """A webhook of PagerDuty about its incident PT4KHLK."""
    return {
        "event": {
            "id": f"5ac64822-{kind}-{at}",
            "event_type": kind,
            "resource_type": "incident",
            "occurred_at": f"2026-11-23T{at}.000Z",
            "agent": {"id": "PLH1HKV", "type": "user_reference", "summary": "Tenex Engineer"},
            "client": None,
            "data": {
                "id": "PT4KHLK",
                "type": "incident",
                "self": "https://api.pagerduty.example/incidents/PT4KHLK",
                "html_url": "https://acme.pagerduty.example/incidents/PT4KHLK",
                "number": 1234,
                "status": status,
                "incident_key": "baf7cf21b1da41b4b0221008339ff357",
                "created_at": "2026-11-23T14:00:00Z",
                "title": "A little bump in the road",
                "service": {"id": "PF9KMXH", "type": "service_reference", "summary": "payments-api"},
                "priority": {"id": "PSO75BM", "type": "priority_reference", "summary": "P1"},
                "urgency": "high",
                "conference_bridge": {
                    "conference_number": "+1 1234123412,,987654321#",
                    "conference_url": "https://example.com/meet",
                },
            },
        }
    }


DATADOG: dict[str, Any] = {
    "id": "1234567",
    "cycle": "6344563",
    "transition": "Triggered",
    "type": "error",
    "monitor": "77",
    "scope": "availability-zone:us-east-1a,role:computing-node",
    "title": "[Triggered on {host:i-1}] Memory Usage Warning",
    "text": "Memory Usage Warning: system.mem.used over host:i-1 was > 0",
    "priority": "P2",
    "tags": "monitor, service:payments-api, env:prod",
    "host": "i-1",
    "date": "1795442482000",
    "updated": "1795442482000",
    "link": "https://app.datadoghq.example/event/jump_to?event_id=1234567",
    "org": "$ORG_ID",
}

OPSGENIE: dict[str, Any] = {
    "action": "Create",
    "alert": {
        "alertId": "052652ac-5d1c-464a-812a-7dd18bbfba8c",
        "message": "host1 is down",
        "tags": ["tag1", "tag2"],
        "tinyId": "23",
        "entity": "host1",
        "alias": "aliastest",
        "createdAt": 1795442482000,
        "updatedAt": 1795442482000000000,
        "username": "monitor@example.org",
        "userId": "daed1180-0ce8-438b-8f8e-57e1a5920a2d",
        "description": "No answer for 60 s",
        "team": "",
        "responders": [],
        "teams": [],
        "actions": ["Restart"],
        "details": {"service": "payments-api"},
        "priority": "P1",
        "source": "monitor",
    },
    "source": {"name": "", "type": "web"},
    "integrationName": "MajorOps",
    "integrationId": "37c8f316-17c6-49d7-899b-9c7e540c048d",
    "integrationType": "Webhook",
}

CLOUDEVENT: dict[str, Any] = {
    "specversion": "1.0",
    "type": "com.example.alarm",
    "source": "/monitors/eu",
    "id": "A234-1234-1234",
    "time": "2026-11-23T14:01:00Z",
    "subject": "queue depth",
    "datacontenttype": "application/json",
    "data": {"severity": "high", "alarm": {"id": 7, "state": "ok"}},
}
