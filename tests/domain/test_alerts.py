"""What becomes of an alert that is heard, and which belong together."""

from datetime import UTC, datetime, timedelta

import pytest

from majorops.domain import alerts
from majorops.domain.alerts import Step, heard, step
from majorops.domain.enums import AlertState

FIRING, ACK, CLEARED = AlertState.FIRING, AlertState.ACKNOWLEDGED, AlertState.CLEARED
NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
EARLIER, LATER = NOW - timedelta(minutes=5), NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("state", "said", "started", "told", "becomes"),
    [
        (None, FIRING, None, None, Step.NEW),
        (None, ACK, None, None, Step.LATE),
        (None, CLEARED, None, None, Step.LATE),
        (FIRING, FIRING, None, None, Step.AGAIN),
        (ACK, FIRING, None, None, Step.AGAIN),
        (FIRING, ACK, None, None, Step.ACKNOWLEDGED),
        (FIRING, CLEARED, None, None, Step.CLEARED),
        (ACK, CLEARED, None, None, Step.CLEARED),
        (CLEARED, CLEARED, None, None, Step.LATE),
        (CLEARED, ACK, None, None, Step.LATE),
        (CLEARED, FIRING, None, None, Step.NEW),
        (CLEARED, FIRING, NOW, NOW, Step.REOPENED),
        (CLEARED, FIRING, LATER, NOW, Step.NEW),
        (CLEARED, FIRING, EARLIER, NOW, Step.REOPENED),
        (FIRING, CLEARED, EARLIER, NOW, Step.CLEARED),
        (FIRING, CLEARED, NOW, NOW, Step.CLEARED),
    ],
)
def test_what_becomes_of_an_alert(state, said, started, told, becomes):
    assert step(state, heard("k", said, "t", started_at=started), told) is becomes


def test_an_end_that_lies_before_the_present_start_came_late():
    said = heard("k", CLEARED, "t", started_at=EARLIER, ended_at=EARLIER)
    assert step(FIRING, said, NOW) is Step.LATE
    assert step(FIRING, said, EARLIER) is Step.CLEARED


def test_what_was_said_before_what_we_know_came_late():
    said = heard("k", FIRING, "t", said_at=EARLIER)
    assert step(CLEARED, said, said_at=NOW) is Step.LATE
    assert step(CLEARED, said, said_at=EARLIER) is Step.NEW


def test_an_acknowledgement_is_taken_back():
    assert step(ACK, heard("k", FIRING, "t", is_taken_back=True)) is Step.REOPENED


def test_texts_are_hostile():
    said = heard(
        "", FIRING, " a\0b\u202e<b> ", link="javascript:x", labels={"a\n": "\0", "": "x"}, severity="HIGH"
    )
    assert (said.title, said.key) == ("a\u2400b\ufffd<b>", "a\u2400b\ufffd<b>")
    assert (said.link, said.labels, said.severity) == ("", {"a": "\u2400"}, "high")
    assert heard("k", FIRING, "\n").title == "Alert without a title"
    assert heard("k", FIRING, "t", link=f"https://a.example/{'x' * 2000}").link == ""
    assert len(heard("k", FIRING, "t", labels={str(n): "x" for n in range(80)}).labels) == 50
    assert len(heard("\ud800", FIRING, "t").digest) == 64


def test_a_time_ahead_is_now():
    assert alerts.plausible(NOW + timedelta(days=1), NOW) == NOW
    assert alerts.plausible(None, NOW) == NOW
    assert alerts.plausible(LATER, NOW) == NOW
    assert alerts.plausible(EARLIER, NOW) == EARLIER


def test_what_an_alert_is_about():
    known = {"payments-api", "cdn"}
    assert alerts.systems_of({"Service": "Payments-API", "job": "cdn"}, known) == ["payments-api", "cdn"]
    assert alerts.systems_of({"service": "nobody"}, known, "cdn") == ["cdn"]
    assert alerts.systems_of({}, known) == []


def test_what_belongs_together():
    said = heard("k", FIRING, "disk full")
    assert alerts.group_key(said, []) == "title disk full"
    assert alerts.group_key(said, ["cdn"]) == "system cdn"
    assert alerts.group_key(heard("k", FIRING, "t", group="g"), ["cdn"]) == "group g"
    assert not alerts.is_flood(9)
    assert alerts.is_flood(10)


def test_a_group_is_cleared_when_all_of_it_is():
    assert alerts.state_of(1, 4) is FIRING
    assert alerts.state_of(0, 1) is ACK
    assert alerts.state_of(0, 0) is CLEARED


def test_the_title_of_an_incident_that_alerts_open():
    assert alerts.title_of(["disk full"], 1) == "disk full"
    assert alerts.title_of(["disk full"], 1_000) == "disk full and 999 more alerts"
    assert len(alerts.title_of(["x" * 200], 3)) == 200
    assert alerts.title_of([], 0) == "Alert"


def test_a_silent_source():
    assert alerts.is_silent(5, NOW - timedelta(minutes=6), NOW)
    assert not alerts.is_silent(5, NOW - timedelta(minutes=5), NOW)
    assert alerts.silence("Prometheus", 5, NOW, is_over=False).state is FIRING
    assert alerts.silence("Prometheus", 1, NOW, is_over=True).state is CLEARED


def test_flapping_is_not_believed():
    assert alerts.is_believed(5)
    assert not alerts.is_believed(6)


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({}, ""),
        ({FIRING: 1, CLEARED: 4}, "1 of 5 alerts fires"),
        ({FIRING: 1_000}, "1,000 of 1,000 alerts fire"),
        ({ACK: 2, CLEARED: 1}, "3 alerts, 2 acknowledged"),
        ({CLEARED: 1}, "1 alert, all cleared"),
    ],
)
def test_how_the_alerts_of_an_incident_stand_in_words(counts, words):
    assert alerts.alerts_in_words(counts) == words
