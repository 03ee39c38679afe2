"""Measures over two years of five, and a Learning Review, with 100,000 incidents, on both databases."""

from __future__ import annotations

import time
from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select

from bench.history import on_both
from bench.table import spread, verdict
from majorops import clock
from majorops.db import db
from majorops.models import IS_RUNNING, Incident, MeasuredIncident, TimelineEvent
from tests.pages import browsers

MANY, ROUNDS = 100_000, 15
IS_SHORT = False
SHORT = {"MANY": 14, "ROUNDS": 2, "IS_SHORT": True}
BARS = {"every measure, two years": 300.0, "uptime, a year": 300.0, "a review": 80.0}  # ms: of the median
DAYS = 730


def run() -> list[dict]:
    """A row a page; the short form on SQLite alone."""
    return on_both(_pages, MANY, is_short=IS_SHORT)


def _pages(name: str, app: Flask) -> list[dict]:
    _, admin = browsers(app)
    since = clock.now().date() - timedelta(days=DAYS)
    with app.app_context():
        recent = MeasuredIncident.opened_at >= clock.now() - timedelta(days=DAYS)
        known = db.session.scalar(select(func.count()).select_from(MeasuredIncident).where(recent))
        newest = select(Incident.id).where(~IS_RUNNING).order_by(Incident.id.desc()).limit(50)
        entries = select(TimelineEvent.incident_id).where(TimelineEvent.incident_id.in_(newest))
        longest = entries.group_by(TimelineEvent.incident_id).order_by(func.count().desc()).limit(1)
        reviewed = db.session.scalar(longest)
        db.session.remove()
    assert known or IS_SHORT, "no incident of the past was measured"
    pages = {
        "every measure, two years": f"/admin/measures?since={since}",
        "one measure, two years": f"/admin/measures/resolve?since={since}",
        "every measure, one system": f"/admin/measures?since={since}&system=payments-api",
        "every measure, 90 days": "/admin/measures",
        "a quarter": "/exec",
        "uptime, a year": f"/admin/measures/uptime?since={since}",
        "a review": f"/admin/incidents/{reviewed}/review",
    }
    rows = []
    for label, path in pages.items():
        times, answer = [], admin.get(path)
        for _ in range(ROUNDS):
            began = time.perf_counter()
            answer = admin.get(path)
            times.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, (path, answer.status_code)
        row = {"row": f"{name} {label}", **spread(times), "bytes": len(answer.data)}
        if label == "every measure, two years":
            row |= {"note": f"{known:,} incidents"}
        if bar := BARS.get(label):
            row |= {"bar": verdict(row["p50"] < bar, f"p50 {bar:.0f} ms")}
        rows.append(row)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    return rows
