"""The After Action in the mail: a calendar takes it, moves it and forgets it (RFC 5546, 6047)."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_string, policy

import pytest
from icalendar import Calendar

from majorops.models import Incident
from majorops.operations.actions import add_action
from majorops.operations.after_action import call_off_after_action, set_after_action
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
