"""What pagers outside are sent."""

from __future__ import annotations

import pytest

from majorops.domain.enums import PagerKind, Severity
from majorops.domain.pagers import PagerAct, Told, base_of, request_of

TOLD = Told(
    "majorops-page-1", "s" * 2_000, "d" * 9_000, Severity.HIGH, ("payments-api",), "Maya", "https://x.example"
)
TRIGGER, ACKNOWLEDGE, RESOLVE = PagerAct


@pytest.mark.parametrize(
    ("kind", "typed", "base"),
    [
        (PagerKind.PAGERDUTY, "", "https://events.pagerduty.com"),
        (
            PagerKind.PAGERDUTY,
            "https://events.eu.pagerduty.com/v2/enqueue",
            "https://events.eu.pagerduty.com",
        ),
        (PagerKind.OPSGENIE, "https://api.eu.opsgenie.com/", "https://api.eu.opsgenie.com"),
        (PagerKind.GOALERT, "https://a.example/go/api/v2/generic/incoming", "https://a.example/go"),
        (PagerKind.GOALERT, "", ""),
    ],
)
def test_an_address_is_kept_without_its_path(kind, typed, base):
    assert base_of(kind, typed) == base


def test_pagerduty():
    one = request_of(PagerKind.PAGERDUTY, TRIGGER, "https://e.example", "R" * 32, TOLD)
    assert one.address == "https://e.example/v2/enqueue"
    assert one.body["routing_key"] == "R" * 32
    assert (one.body["event_action"], one.body["dedup_key"]) == ("trigger", TOLD.key)
    assert len(one.body["payload"]["summary"]) == 1_024
    assert one.body["payload"]["severity"] == "error"
    assert one.body["links"][0]["href"] == TOLD.link
    for act in (ACKNOWLEDGE, RESOLVE):
        one = request_of(PagerKind.PAGERDUTY, act, "https://e.example", "R" * 32, TOLD)
        assert one.body == {"routing_key": "R" * 32, "event_action": act.value, "dedup_key": TOLD.key}


def test_opsgenie():
    one = request_of(PagerKind.OPSGENIE, TRIGGER, "https://a.example", "k", TOLD)
    assert (one.address, one.headers) == ("https://a.example/v2/alerts", {"Authorization": "GenieKey k"})
    assert (len(one.body["message"]), one.body["alias"], one.body["priority"]) == (130, TOLD.key, "P2")
    for act, verb in ((ACKNOWLEDGE, "acknowledge"), (RESOLVE, "close")):
        one = request_of(PagerKind.OPSGENIE, act, "https://a.example", "k", TOLD)
        assert one.address == f"https://a.example/v2/alerts/{TOLD.key}/{verb}?identifierType=alias"
        assert set(one.body) == {"source", "note"}


def test_goalert_closes_where_others_acknowledge():
    one = request_of(PagerKind.GOALERT, TRIGGER, "https://g.example", "k", TOLD)
    assert (one.address, one.headers) == (
        "https://g.example/api/v2/generic/incoming",
        {"Authorization": "Bearer k"},
    )
    assert (one.body["dedup"], "action" in one.body) == (TOLD.key, False)
    for act in (ACKNOWLEDGE, RESOLVE):
        assert request_of(PagerKind.GOALERT, act, "https://g.example", "k", TOLD).body["action"] == "close"
