"""Rotas: as an admin types them, and as a calendar says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from majorops.db import db
from majorops.domain.enums import CommandRole
from majorops.domain.errors import Invalid
from majorops.models import Rota
from majorops.notifications.calendars import read_calendars, shifts_of
from majorops.operations import rotas

CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//rota//EN
BEGIN:VEVENT
UID:1
DTSTART:{start}
DTEND:{end}
SUMMARY:On call: Lena
ATTENDEE:mailto:Rita@Example.org
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART:{start}
DTEND:{end}
SUMMARY:omar@example.org secondary
END:VEVENT
BEGIN:VEVENT
UID:3
DTSTART:20200101T000000Z
DTEND:20200102T000000Z
SUMMARY:long ago
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def body(clock):
    start, end = clock() - timedelta(hours=1), clock() + timedelta(hours=8)
    times = {name: f"{at:%Y%m%dT%H%M%SZ}" for name, at in (("start", start), ("end", end))}
    return CALENDAR.format(**times).replace("\n", "\r\n").encode()


def test_a_calendar_says_who_is_on_call(clock, body):
    first, second = shifts_of(body, clock())
    assert (first.person, first.is_deputy) == ("rita@example.org", False)
    assert second.is_deputy
    with pytest.raises(ValueError, match="no calendar"):
        shifts_of(b"<html>", clock())


def test_calendars_are_read_every_ten_minutes_and_what_stood_stays_when_one_fails(
    app, cast, clock, body, httpserver
):
    app.config["WEBHOOK_PRIVATE"] = True
    httpserver.expect_ordered_request("/rota.ics").respond_with_data(body)
    httpserver.expect_ordered_request("/rota.ics").respond_with_data("gone", status=500)
    given = {"name": "SRE", "role": CommandRole.SRE, "calendar_url": httpserver.url_for("/rota.ics")}
    row = rotas.add_rota(**given, actor=cast.ada, now=clock())
    read_calendars(clock(), app.config)
    read_calendars(clock(), app.config)  # not due
    db.session.refresh(row)
    assert "rita@example.org" in row.calendar
    assert row.calendar_why == ""
    clock.tick(minutes=10)
    read_calendars(clock(), app.config)
    db.session.refresh(row)
    assert "rita@example.org" in row.calendar
    assert row.calendar_why == "It answered 500."
    httpserver.check()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "SRE"}, "name"),
        ({"system": "none"}, "system"),
        ({"calendar_url": "ftp://x"}, "calendar_url"),
        ({"shifts": "lena"}, "shifts"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(cast, clock, wrong, field):
    rotas.add_rota(name="SRE", role=CommandRole.SRE, actor=cast.ada, now=clock())
    with pytest.raises(Invalid) as refused:
        rotas.add_rota(**{"name": "New", "role": CommandRole.SRE} | wrong, actor=cast.ada, now=clock())
    assert list(refused.value.errors) == [field]


def test_an_admin_adds_and_changes_a_rota_in_data(app, cast, clock):
    app.config["WTF_CSRF_ENABLED"] = False
    ada = cast.browser("ada")
    typed = {"name": "SRE", "role": "sre", "system": "", "calendar_url": ""}
    typed["shifts"] = "2026-11-30 09:00 to 2026-12-07 09:00 rita@example.org"
    assert ada.post("/admin/data/rotas/new/", data=typed).status_code in (302, 303)
    row = db.session.query(Rota).one()
    assert "rita@example.org" in ada.get(f"/admin/data/rotas/details/?id={row.id}").text
    broken = ada.post("/admin/data/rotas/new/", data=typed | {"name": "Two", "shifts": "lena"})
    assert "Line 1: write it as" in broken.text
    assert ada.get("/admin/data/pages/").status_code == 200
