"""Duration is the total time since the incident was opened, Impact runs since the alert fired
(guide, *five tiles*).
"""

from __future__ import annotations

import re
from datetime import timedelta

from majorops.db import db
from majorops.models import Delivery
from majorops.operations.edit import edit_field
from majorops.operations.stand_down import stand_down


def tile(page: str, name: str) -> tuple[str, str]:
    """The clock of a tile, and since when it runs; empty where it stands."""
    part = page.split(f'data-tile="{name}"')[1].split('class="tile__note"', maxsplit=1)[0]
    since = re.search(r'data-since="([^"]+)"', part)
    return re.search(r">([\d:]+)</span>", part)[1], since[1] if since else ""


def test_duration_runs_since_the_opening_and_impact_since_the_alert(cast, clock):
    began = clock() - timedelta(minutes=17)
    incident = cast.open(detected_at=began)
    maya, xin = cast.browser("maya"), cast.browser("xin")
    clock.tick(minutes=5)
    page = maya.get("/admin/incidents/1").text
    assert tile(page, "duration") == ("00:05:00", "2026-11-23T14:00:00Z")
    assert tile(page, "impact") == ("00:22:00", "2026-11-23T13:43:00Z")
    edit_field(incident, "alert.issue_time", "2026-11-23 13:50", actor=cast.maya, now=clock())
    page = maya.get("/admin/incidents/1").text
    assert tile(page, "duration") == ("00:05:00", "2026-11-23T14:00:00Z")
    assert tile(page, "impact") == ("00:15:00", "2026-11-23T13:50:00Z")
    brief = xin.get("/incidents/1/exec").text
    assert "<dt>Duration</dt><dd>00:05:00</dd>" in brief
    assert "<dt>Impact</dt><dd>00:15:00</dd>" in brief


def test_both_tiles_stand_where_they_ended(cast, clock):
    incident = cast.open(detected_at=clock() - timedelta(minutes=20))
    clock.tick(minutes=10)
    edit_field(incident, "alert.resolve_time", "2026-11-23 14:08", actor=cast.maya, now=clock())
    cast.resolve(incident)
    clock.tick(hours=3)
    page = cast.browser("maya").get("/admin/incidents/1").text
    assert tile(page, "duration") == ("00:10:00", "")
    assert tile(page, "impact") == ("00:28:00", "")
    measured = cast.browser("xin").get("/incidents/1/exec").text
    assert (
        "<dt>Time to resolve</dt><dd>30 min</dd>" in measured
    )  # a measure keeps its own definition (domain §11)


def test_public_pages_and_the_last_message_name_the_same_duration(app, cast, clock, client):
    app.extensions["has_accounts"] = True
    incident = cast.open(detected_at=clock() - timedelta(minutes=47))
    clock.tick(minutes=13)
    cast.resolve(incident)
    stand_down(incident, actor=cast.maya, now=clock())
    page = client.get("/incidents/1").text
    assert "13 min" in page.split('data-tile="duration"')[1][:40]
    for path in ("/", "/incidents/1", "/history"):
        page = client.get(path).text
        assert "13 min" in page, path
        assert "1 h 00 min" not in page, path
    bodies = [row.body for row in db.session.query(Delivery) if "Everybody is released" in row.body]
    assert bodies
    assert all("after 13 min" in body for body in bodies)
