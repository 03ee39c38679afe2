"""Server time, queries and bytes of the pages that matter."""

from __future__ import annotations

import gzip
import shutil
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from flask_migrate import upgrade
from sqlalchemy import event
from sqlalchemy.engine import Engine

from bench.table import spread, verdict
from majorops import clock, create_app
from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import AccountRole, Severity, SignInMethod, Visibility
from majorops.models import Incident, User
from majorops.operations.accounts import add_user, start_session
from majorops.operations.edit import edit_field
from majorops.operations.incident import open_incident
from majorops.operations.phase import advance_phase
from majorops.operations.timeline import add_note
from majorops.operations.updates import publish_milestone
from majorops.web.assets import asset_url
from majorops.web.session import sign_in_client

ROUNDS = 60
LARGE = 2000
SHORT = {"ROUNDS": 2, "LARGE": 60}
SHOWN = 5  # active incidents on the public page beside the two large ones
# Row → (p95 in ms, bytes compressed) that it must stay under.
BARS = {
    "public status": (15, 14336),
    "public incident": (15, 14336),
    "fireground, 2,000 entries": (80, None),
    "field save": (30, None),
    "fireground scripts": (None, 25600),
}


def run() -> list[dict]:
    """A row a page, with its bar; on SQLite, through Flask's test client, so without a network."""
    folder = Path(tempfile.mkdtemp())
    app = create_app(
        {
            "DATABASE_URL": f"sqlite:///{folder / 'bench.db'}",
            "SECRET_KEY": "b" * 40,
            "WTF_CSRF_ENABLED": False,
            "PUBLIC_HOLD": 0,
        }
    )
    with app.app_context():
        upgrade()
        small, large = fill()
        token = start_session(
            db.session.get(User, 1), method=SignInMethod.LOCAL, actor=SYSTEM, now=clock.now()
        )
        db.session.remove()
    stranger, mim = app.test_client(), app.test_client()
    with app.app_context():
        sign_in_client(mim, token)
    rows = [
        measure("public status", lambda n: stranger.get("/")),
        measure("public incident", lambda n: stranger.get(f"/incidents/{large}")),
        measure("fireground, 50 entries", lambda n: mim.get(f"/admin/incidents/{small}")),
        measure("fireground, 2,000 entries", lambda n: mim.get(f"/admin/incidents/{large}")),
        measure("field save", lambda n: save(mim, large, n)),
        measure(
            "phase advance",
            lambda n: mim.post(f"/admin/incidents/{n + 3}/phase", data={"expected": "1"}, headers=script(2)),
        ),
    ]
    with app.test_request_context():
        address = asset_url("app.js")
    rows.append(
        {
            "row": "fireground scripts",
            "bytes": len(stranger.get(address, headers={"Accept-Encoding": "gzip"}).data),
        }
    )
    shutil.rmtree(folder)
    for row in rows:
        row["bar"] = bar(row)
    return rows


def bar(row: dict) -> str:
    """What the row must stay under, and whether it does; empty for a row without a bar."""
    time_bar, size_bar = BARS.get(row["row"], (None, None))
    parts = []
    if time_bar:
        parts.append(verdict(row["p95"] <= time_bar, f"p95 {time_bar} ms"))
    if size_bar:
        parts.append(verdict(row["bytes"] <= size_bar, f"{size_bar:,} B"))
    return ", ".join(parts)


def fill() -> tuple[int, int]:
    """Two incidents to look at (about 50 and 2,000 entries), and one per round to advance.

    Returns their numbers.
    """
    now = clock.now() - timedelta(hours=2)
    user = add_user(
        email="mim@example.org",
        name="Bench MIM",
        role=AccountRole.MIM,
        password="bench " * 4,
        actor=SYSTEM,
        now=now,
    )
    who = {"actor": user.actor, "now": now}
    numbers = []
    for entries in (50, LARGE):
        given = {
            "title": f"incident with {entries} entries",
            "severity": Severity.HIGH,
            "systems": ["a", "b", "c"],
        }
        incident = open_incident(**given, **who)
        for n in range(entries // 10):
            eta = now + timedelta(minutes=20)
            publish_milestone(
                incident,
                f"Milestone {n} says what is known.",
                visibility=Visibility.PUBLIC,
                next_update_eta=eta,
                **who,
            )
        for n in range(entries - incident.version):
            add_note(incident, f"Note {n}: what was heard on the bridge", **who)
        numbers.append(incident.id)
    for n in range(ROUNDS + 5):
        incident = open_incident(title=f"small incident {n}", severity=Severity.LOW, systems=["d"], **who)
        if n >= SHOWN:
            edit_field(incident, "is_public", "no", **who)
    advance_phase(db.session.get(Incident, numbers[1]), **who)
    return numbers[0], numbers[1]


def script(version: int) -> dict[str, str]:
    """What the page's script sends: it knows the record up to this entry."""
    return {"HX-Request": "true", "X-Version": str(version)}


def save(client, number: int, n: int):
    """Save another description, as the page's script does. `number`: of the incident; `n`: of the round."""
    path = f"/admin/incidents/{number}/fields/description"
    return client.post(path, data={"value": f"round {n}"}, headers=script(LARGE + n + 1))


def measure(name: str, request) -> dict:
    """Server time of one kind of request over all rounds, its queries and its bytes."""
    times, queries, size = [], 0, 0
    sent: list[str] = []
    listen = lambda *given: sent.append(given[2])  # noqa: E731
    event.listen(Engine, "before_cursor_execute", listen)
    for n in range(ROUNDS):
        sent.clear()
        began = time.perf_counter()
        answer = request(n)
        times.append((time.perf_counter() - began) * 1000)
        assert answer.status_code < 400, (name, answer.status_code)
        queries, size = len(sent), len(gzip.compress(answer.data, 6))
    event.remove(Engine, "before_cursor_execute", listen)
    return {
        "row": name,
        **spread(times),
        "queries": queries,
        "bytes": size,
    }
