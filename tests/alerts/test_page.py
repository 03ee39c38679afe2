"""The page of alerts: one line a group, and what people do there."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import SourceKind
from majorops.models import AlertGroup, Incident
from majorops.web.formats import instant
from tests.alerts.conftest import groups
from tests.integrations.payloads import alertmanager, resolved

LIST = "/admin/alerts"


@pytest.fixture
def settings(settings):
    return settings | {"WTF_CSRF_ENABLED": False}


@pytest.fixture
def maya(cast):
    return cast.browser("maya")


def shown(page: str) -> str:
    """The text of the list, without its tags."""
    part = page[page.index('id="alerts"') :]
    return " ".join(re.sub(r"<[^>]*>", " ", part).split())


def test_a_flood_of_a_thousand_is_one_line(monitor, maya):
    monitor(SourceKind.GENERIC).say([{"key": str(n), "title": "down", "group": "g"} for n in range(1_000)])
    page = maya.get(LIST).text
    assert page.count('class="alerts__line"') == 1
    assert "×1,000" in shown(page)
    assert "Firing 1 " in shown(page)


def test_each_tab_has_its_own(monitor, maya):
    here = monitor(SourceKind.GENERIC)
    for title, state in (("fires", "firing"), ("seen", "ack"), ("over", "ok"), ("noise", "firing")):
        here.say({"key": title, "title": title})
        here.say({"key": title, "title": title, "state": state})
    assert maya.post(f"{LIST}/4/silence", data={"minutes": "60", "reason": "known"}).status_code == 303
    for show, title in (
        ("firing", "fires"),
        ("acknowledged", "seen"),
        ("cleared", "over"),
        ("noise", "noise"),
    ):
        page = maya.get(f"{LIST}?show={show}").text
        assert re.findall(r'alerts__title">\s*<a [^>]*>(\w+)', page) == [title]
    assert maya.get(f"{LIST}?show=nothing&page=99&incident=x").status_code == 200
    assert "Newer" in maya.get(f"{LIST}?page=2").text


def test_texts_from_outside_are_texts(monitor, maya):
    monitor(SourceKind.GENERIC).say(
        {
            "title": "<script>alert(1)</script>",
            "detail": "<img src=x>",
            "labels": {"<b>": "<i>"},
            "link": "javascript:x",
        }
    )
    for address in (LIST, f"{LIST}/1"):
        page = maya.get(address).text
        assert "&lt;script&gt;" in page
        assert not re.search(r"<script>|<img|<b>|<i>|javascript:", page)


def test_one_press_opens_an_incident_and_goes_there(monitor, maya):
    monitor().say(alertmanager())
    answer = maya.post(f"{LIST}/1/open", data={"severity": "critical"})
    assert (answer.status_code, answer.location) == (303, "/admin/incidents/1")
    fireground = maya.get("/admin/incidents/1").text
    assert re.search(r'href="/admin/alerts\?incident=1">2 of 2 alerts fire', fireground)
    assert "Belongs to" in shown(maya.get(f"{LIST}?incident=INC-001").text)
    again = maya.post(f"{LIST}/1/open", data={"severity": "critical"})
    assert again.status_code == 409
    assert "belong to INC-001" in again.text


def test_who_only_reads_the_fireground_gets_no_link(monitor, maya, cast):
    monitor().say(alertmanager())
    maya.post(f"{LIST}/1/open", data={"severity": "critical"})
    page = cast.browser("rita").get("/admin/incidents/1").text
    assert "2 of 2 alerts fire" in page
    assert "/admin/alerts" not in page


def test_one_press_attaches_to_a_running_incident(monitor, maya, cast):
    cast.open(title="payments fail")
    monitor().say(alertmanager())
    assert "INC-001 payments fail" in maya.get(LIST).text
    assert maya.post(f"{LIST}/1/attach", data={"incident": "1"}).location == f"{LIST}/1"
    assert groups()[0].incident_id == 1
    assert maya.post(f"{LIST}/1/attach", data={"incident": "x"}).status_code == 404


def test_what_fires_after_the_close_offers_the_continuation(monitor, maya, cast):
    here = monitor()
    here.say(alertmanager())
    maya.post(f"{LIST}/1/open", data={"severity": "high"})
    cast.resolve(db.session.get(Incident, 1))
    here.say(resolved(0, 1))
    here.say(alertmanager())
    assert "Continue INC-001" in shown(maya.get(LIST).text)
    answer = maya.post(f"{LIST}/1/open", data={"severity": "high", "continues": "y"})
    assert answer.location == "/admin/incidents/2"
    assert db.session.get(Incident, 2).continues_id == 1


def test_a_silence_has_an_end_and_what_was_typed_is_kept(monitor, maya):
    monitor().say(alertmanager())
    refused = maya.post(f"{LIST}/1/silence", data={"minutes": "9", "reason": "a deploy"})
    assert refused.status_code == 422
    assert 'value="a deploy"' in refused.text
    maya.post(f"{LIST}/1/silence", data={"minutes": "60", "reason": "a deploy"})
    assert "heard 0× meanwhile" in " ".join(maya.get(f"{LIST}/1").text.split())
    until = instant(db.session.scalar(select(AlertGroup.silenced_until)))
    assert f'data-turns="{until}" data-refresh="alerts"' in maya.get(f"{LIST}?show=noise").text
    maya.post(f"{LIST}/1/unsilence")
    assert db.session.scalar(select(AlertGroup.silenced_until)) is None
    assert maya.post(f"{LIST}/1/unsilence").status_code == 409


def test_the_list_again_for_its_script(monitor, maya):
    monitor().say(alertmanager())
    page = maya.get(f"{LIST}/changes", headers={"HX-Request": "true"}).text
    assert "5xx above 20 %" in page
    assert "<html" not in page
    assert maya.get(f"{LIST}/99").status_code == 404
