"""What programs read: Statuspage's JSON, feeds, calendar, badge, text; hostile text in all of them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from xml.etree import ElementTree as xml

import pytest
from icalendar import Calendar
from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import IncidentStatus, MaintenanceStatus, Severity, SystemStatus, Visibility
from majorops.models import Incident, Publication, TimelineEvent
from majorops.operations import catalogue, edit, maintenance, phase, systems, timeline, updates
from majorops.operations.incident import continue_incident

BODIES = {
    "summary": {"page", "components", "incidents", "scheduled_maintenances", "status"},
    "status": {"page", "status"},
    "components": {"page", "components"},
    "incidents": {"page", "incidents"},
    "incidents/unresolved": {"page", "incidents"},
    "scheduled-maintenances": {"page", "scheduled_maintenances"},
    "scheduled-maintenances/upcoming": {"page", "scheduled_maintenances"},
    "scheduled-maintenances/active": {"page", "scheduled_maintenances"},
}
COMPONENT = {
    "id",
    "name",
    "status",
    "created_at",
    "updated_at",
    "position",
    "description",
    "showcase",
    "start_date",
    "group_id",
    "page_id",
    "group",
    "only_show_if_degraded",
}
INCIDENT = {
    "id",
    "name",
    "status",
    "created_at",
    "updated_at",
    "monitoring_at",
    "resolved_at",
    "impact",
    "shortlink",
    "started_at",
    "page_id",
    "incident_updates",
    "components",
    "reminder_intervals",
}
UPDATE = {
    "id",
    "status",
    "body",
    "incident_id",
    "created_at",
    "updated_at",
    "display_at",
    "deliver_notifications",
    "custom_tweet",
    "tweet_id",
    "affected_components",
}
NEVER_NULL = ("id", "name", "impact", "shortlink", "started_at", "created_at", "status")
HOSTILE = "<script>alert(1)</script> ]]> & \"' 🔥 \x0b\x1b\ud7ff" + "x" * 9_000


@pytest.fixture
def client(app, cast):
    app.extensions["has_accounts"] = True
    return app.test_client()


def body(client, name: str) -> dict:
    answer = client.get(f"/api/v2/{name}.json")
    assert answer.status_code == 200
    return answer.json


def say(cast, clock, incident, text: str, **given):
    who = {"actor": cast.maya, "now": clock.tick(minutes=1)}
    return updates.publish_update(incident, text, visibility=Visibility.PUBLIC, **given, **who)


def plan(cast, clock, **given):
    now = clock()
    given = {
        "title": "ledger-db upgrade",
        "starts_at": now + timedelta(hours=1),
        "ends_at": now + timedelta(hours=2),
        "systems": ["ledger-db"],
        **given,
    }
    return maintenance.plan_maintenance(**given, actor=cast.maya, now=now)


@pytest.fixture
def busy(cast, clock):
    """Two public systems in a group, a running incident with an update, a resolved one,
    planned maintenance.
    """
    for name in ("payments-api", "ledger-db", "cdn"):
        group = "" if name == "cdn" else "Payments"
        catalogue.add_system(name=name, is_public=True, group_name=group, actor=cast.ada, now=clock())
    catalogue.add_system(name="secret-hsm", actor=cast.ada, now=clock())
    gone = cast.open(title="old one", severity=Severity.LOW, systems=["cdn"])
    cast.bring_to(gone, 8)
    phase.change_status(gone, IncidentStatus.RESOLVED, actor=cast.maya, now=clock())
    incident = cast.open()
    say(cast, clock, incident, "We are on it.", next_update_eta=clock() + timedelta(minutes=20))
    cast.open(title="drill", is_drill=True)
    plan(cast, clock)
    return incident


@pytest.mark.parametrize("name", BODIES)
def test_every_body_has_its_keys_for_everybody(client, busy, name):
    answer = client.get(f"/api/v2/{name}.json")
    assert set(answer.json) == BODIES[name]
    assert set(answer.json["page"]) == {"id", "name", "url", "time_zone", "updated_at"}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert (
        client.get(f"/api/v2/{name}.json", headers={"If-None-Match": answer.headers["ETag"]}).status_code
        == 304
    )
    assert "drill" not in answer.text
    assert "secret-hsm" not in answer.text
    assert "Maya" not in answer.text


def test_an_empty_place_has_all_keys_too(client):
    shown = body(client, "summary")
    assert set(shown) == BODIES["summary"]
    assert shown["status"] == {"indicator": "none", "description": "All Systems Operational"}
    assert shown["page"]["updated_at"].endswith("Z")


def test_incidents_as_clients_read_them(client, busy, cast, clock):
    shown = body(client, "summary")["incidents"]
    assert [one["name"] for one in shown] == ["INC-002 prod-payments-api not responding"]
    everything = body(client, "incidents")["incidents"]
    assert [one["status"] for one in everything] == ["investigating", "resolved"]
    for one in everything:
        assert set(one) == INCIDENT | {"next_update_at"}
        assert all(one[name] for name in NEVER_NULL)
        assert all(set(update) == UPDATE for update in one["incident_updates"])
        assert all(set(row) >= COMPONENT for row in one["components"])
        assert one["shortlink"].startswith("http://localhost/incidents/")
        times = [update["created_at"] for update in one["incident_updates"]]
        assert times == sorted(times, reverse=True)
        assert datetime.fromisoformat(one["created_at"]).microsecond % 1000 == 0
    newest = everything[0]
    assert newest["impact"] == "critical"
    assert newest["next_update_at"] is not None
    assert [update["body"] for update in newest["incident_updates"]] == [
        "We are on it.",
        "Incident opened. Critical, Box 3.",
    ]
    cast.bring_to(busy, 5)
    assert body(client, "incidents/unresolved")["incidents"][0]["status"] == "identified"
    cast.bring_to(busy, 7)
    one = body(client, "incidents/unresolved")["incidents"][0]
    assert (one["status"], one["monitoring_at"] is not None) == ("monitoring", True)


def test_components_in_groups_with_the_five_statuses(client, busy, cast, clock):
    rows = body(client, "components")["components"]
    assert [row["name"] for row in rows] == ["Payments", "ledger-db", "payments-api", "cdn"]
    group, *children = rows[:3]
    assert group["group"] is True
    assert group["components"] == [child["id"] for child in children]
    assert {child["group_id"] for child in children} == {group["id"]}
    assert "components" not in rows[3]
    assert [row["position"] for row in rows] == [1, 2, 3, 4]
    assert [row["status"] for row in rows] == ["major_outage"] * 3 + ["operational"]
    who = {"actor": cast.maya, "now": clock()}
    systems.set_system_status(busy, "ledger-db", SystemStatus.UNKNOWN, **who)
    systems.set_system_status(busy, "payments-api", SystemStatus.OPERATIONAL, **who)
    shown = {row["name"]: row["status"] for row in body(client, "components")["components"]}
    assert shown == {
        "Payments": "degraded_performance",
        "ledger-db": "degraded_performance",
        "payments-api": "operational",
        "cdn": "operational",
    }
    assert body(client, "status")["status"]["indicator"] == "minor"


def test_maintenance_planned_running_done(client, cast, clock):
    row = plan(cast, clock)
    assert [
        m["status"] for m in body(client, "scheduled-maintenances/upcoming")["scheduled_maintenances"]
    ] == ["scheduled"]
    assert body(client, "status")["status"]["indicator"] == "none"
    maintenance.run_maintenance(actor=cast.ada, now=clock.tick(minutes=61))
    running = body(client, "scheduled-maintenances/active")["scheduled_maintenances"]
    assert [(m["status"], m["impact"]) for m in running] == [("in_progress", "maintenance")]
    assert set(running[0]) == INCIDENT | {"scheduled_for", "scheduled_until"}
    assert body(client, "status")["status"]["indicator"] == "maintenance"
    cast.open()
    assert body(client, "status")["status"]["indicator"] == "critical"
    db.session.refresh(row)
    maintenance.move_maintenance(row, MaintenanceStatus.DONE, actor=cast.maya, now=clock())
    assert body(client, "scheduled-maintenances/active")["scheduled_maintenances"] == []
    assert [m["status"] for m in body(client, "scheduled-maintenances")["scheduled_maintenances"]] == [
        "completed"
    ]
    assert client.get(f"/maintenance/{row.id}").status_code == 200
    hidden = plan(cast, clock, is_public=False, title="hidden works")
    assert client.get(f"/maintenance/{hidden.id}").status_code == 404
    for address in ("/", "/maintenance.ics", "/api/v2/scheduled-maintenances.json"):
        assert "hidden works" not in client.get(address).text


def test_etag_and_updated_at_move_with_public_changes_alone(client, busy, cast, clock):
    first = client.get("/api/v2/summary.json")
    clock.tick(minutes=3)
    edit.edit_field(busy, "description", "internal", actor=cast.maya, now=clock())
    same = client.get("/api/v2/summary.json")
    assert (same.headers["ETag"], same.data) == (first.headers["ETag"], first.data)
    say(cast, clock, busy, "News.")
    news = client.get("/api/v2/summary.json")
    assert news.headers["ETag"] != first.headers["ETag"]
    assert [datetime.fromisoformat(one.json["page"]["updated_at"]) for one in (same, news)] == [
        clock() - timedelta(minutes=4),
        clock(),
    ]


def test_an_old_incident_that_runs_moves_updated_at(client, busy, cast, clock, monkeypatch):
    monkeypatch.setattr("majorops.projections.feed.INCIDENTS", 1)
    clock.tick(minutes=5)
    cast.resolve(cast.open(title="newer"))
    clock.tick(minutes=5)
    say(cast, clock, busy, "News.")
    assert datetime.fromisoformat(body(client, "summary")["page"]["updated_at"]) == clock()


def feed(client, kind: str) -> list[dict[str, str]]:
    root = xml.fromstring(client.get(f"/history.{kind}").data)
    name = lambda tag: tag.rpartition("}")[2]  # noqa: E731
    found = root.iter("item") if kind == "rss" else root.iter("{http://www.w3.org/2005/Atom}entry")
    return [{name(part.tag): part.text or "" for part in one} for one in found]


@pytest.mark.parametrize(("kind", "key"), [("rss", "guid"), ("atom", "id")])
def test_one_item_per_update_that_never_changes(client, busy, cast, clock, kind, key):
    before = feed(client, kind)
    assert len(before) == 4  # two openings, one update, one close
    say(cast, clock, busy, HOSTILE)
    after = feed(client, kind)
    assert after[1:] == before
    assert len({item[key] for item in after}) == 5
    text = json.dumps(after)
    assert "<script>" in text  # as text, inside well-formed XML
    assert "\\u000b" not in text
    first = db.session.scalar(select(Publication.id).order_by(Publication.id))
    updates.correct_publication(busy, first, "Corrected.", actor=cast.maya, now=clock.tick(minutes=1))
    assert feed(client, kind)[1:] == after
    seq = db.session.scalar(select(TimelineEvent.seq).filter_by(publication_id=first))
    timeline.set_visibility(busy, seq, Visibility.INTERNAL, actor=cast.maya, now=clock.tick(minutes=1))
    assert first not in [item[key] for item in feed(client, kind)]
    assert "We are on it." not in client.get(f"/history.{kind}").text


def test_the_feed_is_as_new_as_its_newest_entry(client, busy, clock):
    root = xml.fromstring(client.get("/history.atom").data)
    atom = "{http://www.w3.org/2005/Atom}"
    assert root.findtext(f"{atom}updated") == root.find(f"{atom}entry").findtext(f"{atom}updated")
    clock.tick(minutes=30)
    assert xml.fromstring(client.get("/history.atom").data).findtext(f"{atom}updated") == root.findtext(
        f"{atom}updated"
    )


def test_the_calendar_can_be_subscribed_to(client, cast, clock):
    row = plan(cast, clock, title="Upgrade, ledger; db", body="Line one\nline two 🔧 " + "x" * 300)
    answer = client.get("/maintenance.ics")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert all(len(line) <= 75 for line in answer.data.split(b"\r\n"))
    (event,) = Calendar.from_ical(answer.data).walk("VEVENT")
    assert str(event["summary"]) == "Upgrade, ledger; db"
    assert event["dtstart"].dt == row.starts_at
    assert str(event["status"]) == "CONFIRMED"
    uid = str(event["uid"])
    maintenance.move_maintenance(row, MaintenanceStatus.CANCELLED, actor=cast.maya, now=clock.tick(minutes=1))
    (event,) = Calendar.from_ical(client.get("/maintenance.ics").data).walk("VEVENT")
    assert (str(event["uid"]), str(event["status"])) == (uid, "CANCELLED")


def test_badge_text_sitemap_and_robots(app, client, busy, cast, clock):
    app.config["ORG_NAME"] = 'Acme <"&>'
    badge = xml.fromstring(client.get("/badge.svg").data)
    assert badge.get("aria-label") == 'Acme <"&>: Partial System Outage'
    text = client.get("/status.txt").text
    assert "INC-002  Box 3 Critical  prod-payments-api not responding" in text
    assert "Next update by" in text
    assert "We are on it." in client.get("/incidents/2.txt").text
    assert client.get("/incidents/3.txt").status_code == 404
    assert "http://localhost/incidents/2</loc>" in client.get("/sitemap.xml").text
    assert "Disallow: /admin" in client.get("/robots.txt").text
    app.config["ROBOTS"] = False
    assert "Disallow: /\n" in client.get("/robots.txt").text
    assert "noindex" in client.get("/").text


def test_hostile_text_is_text_everywhere(client, cast, clock):
    incident = cast.open(title='<b>bold</b> & "quoted" 🔥')
    for name in ("who_affected", "what_to_do"):
        edit.edit_field(incident, name, "<img src=x onerror=alert(1)>", actor=cast.maya, now=clock())
    say(cast, clock, incident, HOSTILE)
    for address in ("/", "/incidents/1", "/de/incidents/1", "/history"):
        page = client.get(address).text
        assert "<script>alert" not in page, address
        assert "<img" not in page, address
        assert "<b>bold" not in page, address
    json.loads(client.get("/api/v2/incidents.json").data)
    assert client.get("/badge.svg").status_code == 200


def test_continued_as_a_private_incident_is_told_nowhere(client, cast, clock):
    first = cast.open(severity=Severity.LOW)
    cast.bring_to(first, 8)
    phase.change_status(first, IncidentStatus.RESOLVED, actor=cast.maya, now=clock())
    second = continue_incident(first, actor=cast.maya, now=clock())
    assert "INC-002" in client.get("/incidents/1").text
    edit.edit_field(second, "is_public", "no", actor=cast.maya, now=clock())
    for address in (
        "/",
        "/incidents/1",
        "/incidents/1?before=99",
        "/incidents/1.txt",
        "/history",
        "/history.atom",
        "/history.rss",
        "/api/v2/incidents.json",
        "/sitemap.xml",
    ):
        assert "INC-002" not in client.get(address).text, address
        assert "incidents/2" not in client.get(address).text, address


def test_ten_thousand_past_incidents_cost_the_status_page_nothing(client, cast, clock):
    from tests.counting import queries

    cast.open()
    with queries() as few:
        client.get("/")
    now = clock()
    rows = [
        {
            "title": f"t{n}",
            "severity": Severity.LOW,
            "alarm_level": 0,
            "phase": 8,
            "status": "resolved",
            "version": 0,
            "phase_entered_at": now,
            "detected_at": now - timedelta(hours=n),
            "opened_at": now - timedelta(hours=n),
            "resolved_at": now - timedelta(hours=n) + timedelta(minutes=30),
            "opened_by_name": "x",
            "intake_source": "web",
            "is_public": True,
            "is_drill": False,
        }
        for n in range(1, 2_000)
    ]
    db.session.execute(Incident.__table__.insert(), rows)
    db.session.commit()
    with queries() as many:
        page = client.get("/")
    assert len(many) == len(few)
    assert len(page.data) < 60_000
