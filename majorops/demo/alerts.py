"""Alerts of the demo: a source, a rule that waits, and what a monitoring system sent in the last hour."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import SYSTEM, Actor
from majorops.domain.enums import HookVerdict, RuleAction, Severity, SourceKind
from majorops.models import AlertGroup
from majorops.notifications.alerts import AlertIntake
from majorops.operations.alert_groups import silence_group
from majorops.operations.alert_rules import Planned, add_rule
from majorops.operations.alert_sources import add_source
from majorops.operations.alerts import Arrived, keep_deliveries

SENT: tuple[tuple[int, dict[str, object]], ...] = (
    (52, {"key": "cert", "title": "Certificate of checkout-web expires in 6 days", "severity": "low"}),
    (50, {"key": "cert", "title": "Certificate of checkout-web expires in 6 days", "state": "ack"}),
    (41, {"key": "lag", "title": "Replica lag above 30 s", "severity": "warning", "system": "ledger-db"}),
    (38, {"key": "lag", "title": "Replica lag above 30 s", "state": "resolved", "system": "ledger-db"}),
    (25, {"key": "probe", "title": "Probe of the staging site failed", "severity": "low"}),
    (
        6,
        {
            "alerts": [
                {
                    "key": f"search-{n}",
                    "group": "search latency",
                    "title": f"p95 above 800 ms on search-{n}",
                    "severity": "warning",
                    "system": "search-index",
                    "labels": {"instance": f"search-{n}", "env": "prod"},
                }
                for n in range(1, 13)
            ]
        },
    ),
)
NOISE = "Probe of the staging site failed"


def add_alerts(mim: Actor, now: datetime) -> None:
    """Send them, each at its minute before `now`, and let `mim` silence one."""
    month_ago = now - timedelta(days=30)
    source, _ = add_source(name="Prometheus", kind=SourceKind.GENERIC, actor=SYSTEM, now=month_ago)
    rule = Planned("Low waits", "severity = low", action=RuleAction.WAIT, severity=Severity.LOW)
    add_rule(rule, actor=SYSTEM, now=month_ago)
    number = source.id
    for minutes, sent in SENT:
        at = now - timedelta(minutes=minutes)
        body, headers = json.dumps(sent).encode(), {"content-type": "application/json"}
        one = Arrived(number, HookVerdict.ACCEPTED, body, headers, "192.0.2.7")
        keep_deliveries([one], actor=SYSTEM, now=at)
        AlertIntake().work(partial(_same, at), float("inf"))
    for group in noise():
        silence_group(group, minutes=1_440, reason="Staging is rebuilt", actor=mim, now=now)


def _same(at: datetime) -> datetime:
    return at


def noise() -> list[int]:
    """The numbers of the groups that are noise."""
    return list(db.session.scalars(select(AlertGroup.id).filter_by(title=NOISE)))
