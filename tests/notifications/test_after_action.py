"""The After Action in the mail: a calendar takes it, moves it and forgets it (RFC 5546, 6047)."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_string, policy

import pytest
from icalendar import Calendar

from majorops.db import db
from majorops.models import Incident
from majorops.operations.actions import add_action
from majorops.operations.after_action import (
    call_off_after_action,
    guests_of,
    invite,
    set_after_action,
    take_off_guest,
)
from majorops.operations.reviews import send_draft
from tests.operations.afterwards import planned, resolve


@pytest.fixture
def who(cast, clock):
    return {"actor": cast.maya, "now": clock()}


@pytest.fixture
def incident(cast, app, mails):
    app.config["BASE_URL"] = "https://ops.example.org"
    return cast.open()


def appointments(mails) -> list[tuple[str, dict]]:
    """Method and event of each mail that has one."""
    found = []
    for mail in mails.mails:
        for part in message_from_string(mail, policy=policy.default).walk():
            if part.get_content_type() == "text/calendar":
                event = Calendar.from_ical(part.get_content()).walk("VEVENT")[0]
                found.append((part.get_param("method"), event))
    return found


def test_asked_moved_and_called_off(incident, who, worker, mails):
    at = who["now"] + timedelta(hours=20)
    set_after_action(incident, at, **who)
    worker.drain()
    set_after_action(incident, at + timedelta(hours=2), **who)
    worker.drain()
    call_off_after_action(incident, "Nobody is there.", **who)
    worker.drain()
    found = appointments(mails)
    assert [method for method, _ in found] == ["REQUEST", "REQUEST", "CANCEL"]
    assert [int(event["sequence"]) for _, event in found] == [0, 1, 2]
    assert {str(event["uid"]) for _, event in found} == {f"after-action-{incident.id}@ops.example.org"}
    first = found[0][1]
    assert str(first["attendee"]) == "mailto:maya@example.org"
    assert str(first["organizer"]).startswith("mailto:")
    assert str(first["url"]) == f"https://ops.example.org/admin/incidents/{incident.id}/review"


def test_a_message_that_was_overtaken_is_not_sent(incident: Incident, who, worker, mails):
    at = who["now"] + timedelta(hours=20)
    set_after_action(incident, at, **who)
    set_after_action(incident, at + timedelta(hours=2), **who)
    worker.drain()
    assert [int(event["sequence"]) for _, event in appointments(mails)] == [1]


def test_what_else_the_review_says_leads_to_it_and_is_no_appointment(incident, who, worker, mails):
    resolve(incident, who)
    send_draft(incident, **who)
    add_action(incident, planned(who["now"]), **who)
    worker.drain()
    assert appointments(mails) == []
    links = [mail for mail in mails.mails if f"/admin/incidents/{incident.id}/review" in mail]
    assert len(links) == 2


def test_a_guest_gets_the_file_without_our_title_or_page(incident, who, worker, mails, clock):
    incident.title, incident.public_title = "INTERNAL pool", "Card payments fail"
    db.session.commit()
    at = who["now"] + timedelta(hours=20)
    invite(incident, ["vic@partner.example"], **who)
    set_after_action(incident, at, **who)
    worker.drain()
    set_after_action(incident, at + timedelta(hours=2), **who)
    worker.drain()
    who["now"] = clock.tick(minutes=1)
    take_off_guest(incident, guests_of(incident)[0].id, **who)
    worker.drain()
    invite(incident, ["vic@partner.example"], **who)
    take_off_guest(incident, guests_of(incident)[0].id, **who)  # before the mail went
    worker.drain()
    own = [mail for mail in mails.mails if "To: vic@partner.example" in mail]
    assert not any("INTERNAL" in mail or "/admin/" in mail for mail in own)
    found = [(method, event) for method, event in appointments(mails) if "vic@" in str(event.get("attendee"))]
    assert [(method, int(event["sequence"])) for method, event in found] == [
        ("REQUEST", 0),
        ("REQUEST", 1),
        ("CANCEL", 1),
        ("CANCEL", 1),
    ]
    assert {str(event["summary"]) for _, event in found} == {"INC-001 After Action: Card payments fail"}
    assert {str(event["uid"]) for _, event in found} == {"after-action-1@ops.example.org"}
    assert all("url" not in event for _, event in found)
    assert found[2][1]["dtstamp"].dt == clock()


def test_a_drill_tells_no_guest(cast, who, worker, mails):
    drill = cast.open(is_drill=True)
    invite(drill, ["vic@partner.example"], **who)
    set_after_action(drill, who["now"] + timedelta(hours=20), **who)
    worker.drain()
    assert mails.mails == []
