"""What other sites show of the status page: badges, the widget, and the HTML for both."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from xml.etree import ElementTree as xml

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import MaintenanceStatus, Severity
from majorops.models import System
from majorops.operations.catalogue import set_system_active, set_system_public
from majorops.operations.edit import edit_field
from majorops.operations.maintenance import move_maintenance, plan_maintenance
from tests.public.test_canary import addresses

ORG = 'Acme <"&>'
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def app(app, cast):
    app.extensions["has_accounts"] = True
    app.extensions["public_origin"] = "https://status.example.org"
    app.config["ORG_NAME"] = ORG
    cast.list_systems("payments-api", "a b/ü")
    return app


@pytest.fixture
def client(app):
    return app.test_client()


def words(client, path: str) -> str:
    """What a badge says, which is its title as well."""
    drawn = xml.fromstring(client.get(path).data)
    assert drawn.get("role") == "img"
    assert drawn.get("aria-label") == drawn.findtext(f"{SVG}title")
    return drawn.get("aria-label")


class TestBadges:
    def test_of_a_system_says_how_it_is_in_the_language_of_its_address(self, client, cast):
        path = "/systems/payments-api/badge.svg"
        assert words(client, path) == "payments-api: Operational"
        cast.open(severity=Severity.HIGH, systems=["payments-api"])
        assert words(client, path) == "payments-api: Partial outage"
        assert words(client, f"/de{path}") == "payments-api: Teilausfall"
        assert words(client, "/systems/a+b~2f~c3~bc/badge.svg") == "a b/ü: Operational"
        assert words(client, "/de/badge.svg") == f"{ORG}: Einige Systeme sind beeinträchtigt"

    def test_is_kept_by_caches_as_that_of_the_whole_is(self, client):
        whole, one = (client.get(path) for path in ("/badge.svg", "/systems/payments-api/badge.svg"))
        for header in ("Cache-Control", "Content-Type"):
            assert one.headers[header] == whole.headers[header]
        again = client.get("/systems/payments-api/badge.svg", headers={"If-None-Match": one.headers["ETag"]})
        assert again.status_code == 304

    def test_a_system_that_is_hidden_or_retired_answers_like_one_that_never_was(self, client, cast, clock):
        cast.open(systems=["payments-api"])
        never = client.get("/systems/nobody/badge.svg")
        row = db.session.scalar(select(System).filter_by(name="payments-api"))
        who = {"actor": cast.ada, "now": clock()}
        for is_public, is_active in ((False, True), (True, False)):
            set_system_public(row, is_public, **who)
            set_system_active(row, is_active, **who)
            answer = client.get("/systems/payments-api/badge.svg")
            assert (answer.status_code, answer.data) == (404, never.data)
            assert dict(answer.headers) == dict(never.headers)


class TestTheWidget:
    def test_is_the_only_page_that_may_be_framed(self, app, client, cast):
        cast.full_house()
        framed = set()
        for address in [*addresses(app), "/admin/incidents", "/de/nothing-here"]:
            headers = client.get(address).headers
            if "frame-ancestors 'none'" in headers["Content-Security-Policy"]:
                assert headers["X-Frame-Options"] == "DENY", address
                continue
            assert "X-Frame-Options" not in headers
            framed.add(address)
        assert framed == {"/widget", "/de/widget"}
        assert "frame-ancestors *;" in client.get("/widget").headers["Content-Security-Policy"]

    def test_of_a_private_status_page_may_not(self, app, client, cast):
        app.config["STATUS_PRIVATE"] = True
        for browser in (client, cast.browser("maya")):
            headers = browser.get("/widget").headers
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert headers["X-Frame-Options"] == "DENY"

    def test_says_the_posture_and_what_runs_and_leads_out_of_the_frame(self, app, client, cast):
        app.config["ACCENT"] = "#0057b8"
        quiet = client.get("/widget").text
        assert "PEACETIME" in quiet
        assert "0 active incidents" in quiet
        for n in range(5):
            cast.open(title=f"<i>down</i> {n}", severity=Severity.CRITICAL, systems=["payments-api"])
        page = client.get("/widget").text
        assert "WARTIME" in page
        assert "Major outage" not in page  # one of two systems
        assert "Some systems are down" in page
        assert unescape(re.search(r'class="brand">([^<]+)<', page)[1]) == ORG
        assert "--accent:#0057b8" in page
        links = re.findall(r"<a ([^>]+)>", page)
        assert len(links) == 4  # three incidents and the page
        assert all('target="_blank" rel="noopener"' in link for link in links)
        assert len(re.findall(r'href="/incidents/\d"', page)) == 3  # of one Box and one second: any of them
        assert "And 2 more active incidents" in page
        assert "<form" not in page
        assert "<i>down" not in page
        german = client.get("/de/widget").text
        assert "Und noch 2 aktive Vorfälle" in german
        assert len(re.findall(r'href="/de/incidents/\d"', german)) == 3

    def test_names_no_private_incident_and_tells_caches_of_each_change(self, client, cast, clock):
        names = [client.get("/widget").headers["ETag"]]
        incident = cast.open(systems=["payments-api"])
        names.append(client.get("/widget").headers["ETag"])
        edit_field(incident, "is_public", "no", actor=cast.maya, now=clock())
        page = client.get("/widget")
        assert "INC-001" not in page.text
        assert page.headers["ETag"] == names[0] != names[1]
        assert page.headers["Cache-Control"] == client.get("/").headers["Cache-Control"]


def fields(client, path: str) -> list[str]:
    """What the fields with HTML to copy hold."""
    page = client.get(path).text
    return [unescape(text) for text in re.findall(r"<textarea[^>]* readonly[^>]*>([^<]*)</textarea>", page)]


class TestTheHtmlToCopy:
    def test_stands_on_the_subscribe_page_with_the_real_address(self, client):
        widget, badge, first, second = fields(client, "/subscribe")
        named = "Status of Acme &lt;&quot;&amp;&gt;"
        assert widget.startswith(f'<iframe src="https://status.example.org/widget" title="{named}"')
        assert f'src="https://status.example.org/badge.svg" alt="{named}"' in badge
        assert badge.startswith('<a href="https://status.example.org/"><img ')
        assert 'src="https://status.example.org/systems/a+b~2f~c3~bc/badge.svg"' in first
        assert 'alt="Status of payments-api"' in second

    def test_is_of_the_language_of_the_page(self, client):
        widget, badge, *_ = fields(client, "/de/subscribe")
        assert "https://status.example.org/de/widget" in widget
        assert '<a href="https://status.example.org/de/">' in badge
        assert "https://status.example.org/de/badge.svg" in badge
        assert "Status von Acme" in badge

    def test_is_not_there_where_no_other_site_could_show_it(self, app, client, cast):
        app.extensions["public_origin"] = ""
        page = client.get("/subscribe").text
        assert "On your own page" not in page
        assert "copy-" not in page
        app.extensions["public_origin"] = "https://status.example.org"
        app.config["STATUS_PRIVATE"] = True
        assert fields(cast.browser("maya"), "/subscribe") == []


class TestMaintenance:
    @pytest.fixture
    def plan(self, cast, clock):
        def make(title: str, hours: int = 1, **given):
            times = {
                "starts_at": clock() + timedelta(hours=hours),
                "ends_at": clock() + timedelta(hours=hours + 1, minutes=30),
            }
            told = {"body": "", "systems": "payments-api", "is_public": True} | given
            return plan_maintenance(title=title, **times, **told, actor=cast.maya, now=clock())

        return make

    def test_what_runs_comes_first_then_what_comes_then_what_was(self, client, plan, cast, clock):
        who = {"actor": cast.maya, "now": clock()}
        plan("Coming up")
        plan("Not for you", is_public=False)
        move_maintenance(plan("Under way"), MaintenanceStatus.RUNNING, **who)
        move_maintenance(plan("Called off"), MaintenanceStatus.CANCELLED, **who)
        page = client.get("/maintenance").text
        order = [
            page.index(f">{text}<")
            for text in (
                "Running now",
                "Under way",
                "Upcoming",
                "Coming up",
                "Past maintenance",
                "Called off",
            )
        ]
        assert order == sorted(order)
        assert "Not for you" not in page
        assert "Demnächst" in client.get("/de/maintenance").text
        assert 'href="/maintenance"' in client.get("/").text
        assert "https://status.example.org/maintenance</loc>" in client.get("/sitemap.xml").text

    def test_with_none_says_so(self, client):
        assert "No maintenance is planned, and none is running." in client.get("/maintenance").text
        assert "Keine Wartung ist geplant" in client.get("/de/maintenance").text

    def test_one_says_its_day_once_how_long_it_takes_and_that_nothing_was_said_yet(self, client, plan, clock):
        row = plan("Failover", hours=1)
        page = client.get(f"/maintenance/{row.id}").text
        day = f"{row.starts_at:%-d %b}"
        span = re.sub(r"<[^>]+>|\s+", " ", page.partition('class="ref"')[2].partition("</article>")[0])
        assert span.count(day) == (1 if row.starts_at.date() == row.ends_at.date() else 2)
        assert "1 h 30 min" in page
        assert "0 updates." in page
        assert client.get(f"/de/maintenance/{row.id}").text.count("<dt>Geplante") == 3
