"""Rotas: as an admin types them, and as a calendar says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import ChannelKind, CommandRole
from majorops.domain.errors import Invalid
from majorops.domain.paging import kept_shifts, shift_lines
from majorops.models import Rota
from majorops.notifications.calendars import LONGEST, read_calendars, shifts_of
from majorops.operations import rotas
from majorops.operations.delivery import check_address

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


def calendar_of(*events: str, more: str = "") -> bytes:
    parts = [f"BEGIN:VEVENT\nUID:{n}\n{event}\nEND:VEVENT" for n, event in enumerate(events)]
    text = "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *([more] if more else []), *parts])
    return f"{text}\nEND:VCALENDAR\n".replace("\n", "\r\n").encode()


def spans(body: bytes, now) -> list[str]:
    return [
        f"{one.starts_at:%m-%d %H:%M} {one.ends_at:%m-%d %H:%M} {one.person}" for one in shifts_of(body, now)
    ]


NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)
WEEK = "DTSTART;TZID=Europe/Berlin:20261019T090000\nDTEND;TZID=Europe/Berlin:20261026T090000\nSUMMARY:lena"


@pytest.mark.parametrize(
    ("event", "more", "expected"),
    [
        (WEEK, "", ["10-19 07:00 10-26 08:00 lena"]),  # a week by the clock on the wall
        ("DTSTART:20261123T090000\nDURATION:PT8H\nSUMMARY:lena", "", ["11-23 09:00 11-23 17:00 lena"]),
        ("DTSTART;VALUE=DATE:20261123\nSUMMARY:lena", "", ["11-23 00:00 11-24 00:00 lena"]),
        (
            "DTSTART;VALUE=DATE:20261123\nDTEND;VALUE=DATE:20261130\nSUMMARY:lena",
            "X-WR-TIMEZONE:America/New_York",
            ["11-23 05:00 11-30 05:00 lena"],
        ),
        ("DTSTART:20261123T090000Z\nDTEND:20261123T090030Z\nSUMMARY:lena", "", []),
        ("DTSTART:20261123T090000Z\nSUMMARY:lena", "", []),
        ("DTSTART:20261123T090000Z\nDURATION:PT8H", "", []),
        ("DTSTART:20261123T090000Z\nDURATION:PT8H\nSTATUS:CANCELLED\nSUMMARY:lena", "", []),
        ("DTSTART:00010101T000000Z\nDTEND:99991231T000000Z\nSUMMARY:lena", "", []),
        (
            f"{WEEK}\nRRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=20261129\nEXDATE;TZID=Europe/Berlin:20261102T090000",
            "X-WR-TIMEZONE:Nowhere/At_all",
            ["10-19 07:00 10-26 08:00 lena", "11-16 08:00 11-23 08:00 lena"],
        ),
        (f"{WEEK}\nRRULE:FREQ=SECONDLY", "", ["10-19 07:00 10-26 08:00 lena"]),
    ],
)
def test_times_of_a_calendar_are_read_in_their_zone(event, more, expected):
    assert spans(calendar_of(event, more=more), NOW) == expected


def test_what_a_calendar_says_is_read_again_as_it_was_kept():
    names = ["a\u2028b", "x to y", "deputy", "=cmd()", "<b>lena</b>", "\u202elena", "long " * 100]
    events = [f"DTSTART:20261123T090000Z\nDURATION:PT8H\nSUMMARY:{name}" for name in names]
    found = shifts_of(calendar_of(*events), NOW)
    assert len(kept_shifts(shift_lines(found))) == len(names)


def test_a_calendar_that_cannot_be_read_says_why_and_does_not_stop_the_others(
    app, cast, clock, body, httpserver, monkeypatch
):
    app.config["WEBHOOK_PRIVATE"] = True
    given = {"role": CommandRole.SRE, "actor": cast.ada, "now": clock()}
    answers = {
        "long": {"response_data": b"x" * (LONGEST + 1)},
        "html": {"response_data": "<html>"},
        "moved": {"response_data": "", "status": 302, "headers": {"Location": "http://127.0.0.1/"}},
        "right": {"response_data": body},
    }
    for name, answer in answers.items():
        httpserver.expect_request(f"/{name}.ics").respond_with_data(**answer)
        rotas.add_rota(name=name, calendar_url=httpserver.url_for(f"/{name}.ics"), **given)
    rotas.add_rota(name="private", calendar_url="http://10.0.0.1/a.ics", **given)
    app.config["WEBHOOK_PRIVATE"] = False
    read_calendars(clock(), app.config)
    assert set(db.session.scalars(select(Rota.calendar_why))) != {""}
    assert all("private" in why or "inside" in why for why in db.session.scalars(select(Rota.calendar_why)))
    app.config["WEBHOOK_PRIVATE"] = True
    clock.tick(minutes=10)
    db.session.query(Rota).filter_by(name="private").update({"is_active": False})
    db.session.commit()
    read_calendars(clock(), app.config)
    why = dict(db.session.execute(select(Rota.name, Rota.calendar_why).where(Rota.is_active)).all())
    assert why["long"] == "It is longer than 1 MB."
    assert why["html"].startswith("It is no calendar")
    assert "redirects are not followed" in why["moved"]
    assert why["right"] == ""
    monkeypatch.setattr("majorops.notifications.calendars.shifts_of", lambda body, now: 1 / 0)
    clock.tick(minutes=10)
    read_calendars(clock(), app.config)
    why = dict(db.session.execute(select(Rota.name, Rota.calendar_why).where(Rota.is_active)).all())
    assert why["right"] == "It cannot be read: ZeroDivisionError."


def test_what_was_read_of_an_address_that_was_changed_meanwhile_is_not_kept(cast, clock):
    given = {"name": "SRE", "role": CommandRole.SRE, "calendar_url": "https://a.example/1.ics"}
    row = rotas.add_rota(**given, actor=cast.ada, now=clock())
    rotas.keep_calendar(row.id, "https://a.example/0.ics", [], "", actor=SYSTEM, now=clock())
    db.session.refresh(row)
    assert row.calendar_at is None


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
    typed = {"name": "SRE", "role": "sre", "system": "", "calendar_url": "", "pager_kind": ""}
    typed["shifts"] = "2026-11-30 09:00 to 2026-12-07 09:00 rita@example.org"
    assert ada.post("/admin/data/rotas/new/", data=typed).status_code in (302, 303)
    row = db.session.query(Rota).one()
    assert "rita@example.org" in ada.get(f"/admin/data/rotas/details/?id={row.id}").text
    broken = ada.post("/admin/data/rotas/new/", data=typed | {"name": "Two", "shifts": "lena"})
    assert "Line 1: write it as" in broken.text
    assert ada.get("/admin/data/pages/").status_code == 200


def test_with_another_calendar_what_the_old_one_said_is_forgotten(cast, clock):
    who = {"actor": cast.ada, "now": clock()}
    given = {"name": "SRE", "role": CommandRole.SRE, "system": "", "shifts": ""}
    row = rotas.add_rota(**given, calendar_url="https://a.example/x", **who)
    rotas.keep_calendar(row.id, "https://a.example/x", [], "It answered 404.", **who)
    db.session.refresh(row)
    given |= {"is_active": True}
    rotas.save_rota(row, **given, calendar_url="https://a.example/x", **who)
    assert row.calendar_why == "It answered 404."
    rotas.save_rota(row, **given, calendar_url="https://b.example/x", **who)
    assert (row.calendar_why, row.calendar_at) == ("", None)


def test_a_pager_is_nobodys_channel():
    with pytest.raises(Invalid, match="belongs to a rota"):
        check_address(ChannelKind.PAGER, "x")
