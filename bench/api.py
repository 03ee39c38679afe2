"""The API by a token, as a program asks it: an incident, the list of 50, its timeline, an act."""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import Flask
from sqlalchemy import func, select

from bench.history import on_both
from bench.table import spread, verdict
from majorops import clock
from majorops.db import db
from majorops.domain.access import GRANTS
from majorops.domain.enums import AccountRole
from majorops.models import Incident, User
from majorops.operations.tokens import add_token
from majorops.web.budget import Budget

MANY, ROUNDS = 100_000, 200
IS_SHORT = False
SHORT = {"MANY": 14, "ROUNDS": 2, "IS_SHORT": True}
READ_BAR, LIST_BAR = 30.0, 50.0  # ms, p95


def run() -> list[dict]:
    """A row a question and database; the short form looks at SQLite alone."""
    return on_both(_asked, MANY, is_short=IS_SHORT)


def _asked(name: str, app: Flask) -> list[dict]:
    app.extensions["api_budget"] = Budget(1_000_000)
    with app.app_context():
        user = db.session.scalars(select(User).filter_by(role=AccountRole.ADMIN)).first()
        scopes = {"name": "bench", "scopes": sorted(GRANTS[user.role])}
        _, secret = add_token(user, **scopes, actor=user.actor, now=clock.now())
        running = select(Incident).where(Incident.resolved_at.is_(None)).order_by(Incident.id)
        number = db.session.scalars(running).first().id
        last = db.session.scalar(select(func.max(Incident.id)))
        system = db.session.get(Incident, last).system_names[0]
        db.session.remove()
    one = f"/incidents/{number}"
    questions = (
        ("an incident", lambda turn: ("GET", one, None), READ_BAR),
        (
            "an incident of the past",
            lambda turn: ("GET", f"/incidents/{1 + turn * last // ROUNDS}", None),
            READ_BAR,
        ),
        ("50 of all", lambda turn: ("GET", "/incidents?limit=50", None), LIST_BAR),
        ("50 in the middle", lambda turn: ("GET", f"/incidents?before={last // 2}", None), LIST_BAR),
        ("50 resolved", lambda turn: ("GET", "/incidents?status=resolved", None), LIST_BAR),
        ("50 of a system", lambda turn: ("GET", f"/incidents?system={system}", None), LIST_BAR),
        ("100 entries of a timeline", lambda turn: ("GET", f"{one}/timeline", None), 0),
        ("the response", lambda turn: ("GET", f"{one}/response", None), 0),
        ("a note", lambda turn: ("POST", f"{one}/notes", {"text": f"Seen {turn} times."}), 0),
    )
    rows = [_row(f"{name} {label}", app, secret, ask, bar) for label, ask, bar in questions]
    with app.app_context():
        db.engine.dispose()
    app.extensions["live"].stop()
    return rows


def _row(label: str, app: Flask, secret: str, ask: Callable, bar: float) -> dict:
    client, times = app.test_client(), []
    headers = {"Authorization": f"Bearer {secret}"}
    for turn in range(-1, ROUNDS):
        method, path, sent = ask(max(turn, 0))
        given = {} if sent is None else {"json": sent}
        began = time.perf_counter()
        answer = client.open(f"/api/v1{path}", method=method, headers=headers, **given)
        if turn >= 0:  # the first one compiles and reads the disk
            times.append((time.perf_counter() - began) * 1000)
        assert answer.status_code in (200, 201), (path, answer.status_code, answer.text[:200])
    found = {"row": label, **spread(times), "bytes": len(answer.data)}
    held = found["p95"] < bar
    return found | ({"bar": verdict(held, f"p95 under {bar:.0f} ms")} if bar else {})
