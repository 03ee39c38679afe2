"""What a push message is about, where it leads, and which addresses and keys are a browser's."""

from __future__ import annotations

import pytest

from majorops.domain.browsers import describe
from majorops.domain.enums import Notice
from majorops.domain.push import address_problem, as_text, joined, manner, place, subject_of, unpadded


@pytest.mark.parametrize(
    ("notice", "act", "about", "leads"),
    [
        ("alarm", "alarm:9:3", "alarm", ""),
        ("reminder", "nudge:9:overdue:20261123T143855", "cadence", "#composer"),
        ("reminder", "nudge:9:soon:20261123T143855", "cadence", "#composer"),
        ("reminder", "nudge:9:milestone:20261123T143855", "milestone", "#composer"),
        ("reminder", "nudge:9:ask-4:20261123T143855", "ask-4", "#ask-4"),
        ("reminder", "nudge:9:expired-extend-2:20261123T143855", "expired-extend-2", "#tracks"),
        ("reminder", "nudge:9:bridge:20261123T143855", "bridge", ""),
        ("reminder", "unknown", "reminder", ""),
        ("handover", "handover:7", "handover:7", "#handover"),
        ("ask", "ask:4", "ask:4", "#ask-4"),
        ("milestone", "brief:9:1", "said", ""),
        ("update", "brief:9:2", "said", ""),
        ("resolved", "brief_end:9", "resolved", ""),
    ],
)
def test_what_it_is_about_and_where_it_leads(notice, act, about, leads):
    assert (subject_of(notice, act), place(notice, act)) == (about, leads)


def test_what_asks_for_a_person_wakes_the_device_and_what_informs_waits():
    urgent = {notice for notice in Notice if manner(notice.value).urgency == "high"}
    asks = {Notice.ALARM, Notice.ROLE, Notice.PAGE, Notice.HANDOVER, Notice.ASK, Notice.REMINDER}
    assert urgent == asks
    assert manner("alarm").seconds > manner("reminder").seconds
    assert manner("test") == manner("milestone")


@pytest.mark.parametrize("address", ["https://fcm.googleapis.com/fcm/send/x:y", "https://[2606:4700::1]/x"])
def test_a_push_service(address):
    assert address_problem(address) == ""


@pytest.mark.parametrize("text", ["", "AAA", "é", "A A", "=" * 9])
def test_what_is_no_key(text):
    with pytest.raises(ValueError, match=r"."):
        joined(text, text)


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"abc", b"abcd", b"\x00" * 65])
def test_bytes_there_and_back(raw):
    assert unpadded(as_text(raw)) == raw


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Version/26.0 Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/150.0 Safari/537.36 Edg/150.0", "Edge on Windows"),
        ("curl/8.9", "curl/8.9"),
        ("Something (Linux)", "Linux"),
        (None, "Unknown browser"),
    ],
)
def test_a_browser_in_words(sent, words):
    assert describe(sent) == words
