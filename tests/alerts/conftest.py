"""Monitoring systems: a source here, and what sends to it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import RuleAction, Severity, SourceKind
from majorops.models import Alert, AlertGroup, AlertSource
from majorops.notifications.alerts import AlertIntake
from majorops.operations.alert_rules import Planned, add_rule
from majorops.operations.alert_sources import add_source
from tests.integrations.payloads import as_bytes


class Monitor:
    """A source; `send` sends to it with its secret, `say` has the worker work on it at once."""

    def __init__(self, client, clock, row: AlertSource, secret: str):
        self.client, self.clock, self.secret = client, clock, secret
        self.id, self.path = row.id, row.path

    def send(self, body: Any, at: str = "", **headers: str):
        """The answer to a body, which is JSON unless it is bytes; underscores of `headers` are dashes."""
        given = {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json"}
        given |= {name.replace("_", "-"): text for name, text in headers.items()}
        data = body if isinstance(body, bytes) else as_bytes(body)
        return self.client.post(at or self.path, data=data, headers=given)

    def say(self, body: Any, **headers: str):
        """Send, and let the worker take it in."""
        answer = self.send(body, **headers)
        assert answer.status_code < 300, answer.text
        work(self.clock)
        return answer


def work(clock) -> bool:
    """What the worker does about alerts in a second."""
    found = AlertIntake().work(clock, float("inf"))
    db.session.rollback()
    return found


def alerts() -> list[Alert]:
    """All of them, in their order."""
    db.session.rollback()
    return list(db.session.scalars(select(Alert).order_by(Alert.id)))


def groups() -> list[AlertGroup]:
    """All of them, in their order."""
    db.session.rollback()
    return list(db.session.scalars(select(AlertGroup).order_by(AlertGroup.id)))


@pytest.fixture
def monitor(app, cast, clock):
    """`monitor()`: an Alertmanager that may send here; `monitor(SourceKind.GENERIC)`: another kind."""

    def make(kind: SourceKind = SourceKind.ALERTMANAGER, **given) -> Monitor:
        given = {"name": kind.label} | given
        row, secret = add_source(kind=kind, **given, actor=cast.ada, now=clock())
        return Monitor(app.test_client(), clock, row, secret)

    return make


@pytest.fixture
def rule(cast, clock):
    """`rule("severity = critical")`: a rule that opens, High."""

    def make(matches: str = "", action: RuleAction = RuleAction.OPEN, **given):
        given = {"name": "everything", "severity": Severity.HIGH} | given
        return add_rule(Planned(matches=matches, action=action, **given), actor=cast.ada, now=clock())

    return make
