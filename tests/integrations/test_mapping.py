"""Where things stand in a body that nobody has described."""

from __future__ import annotations

import pytest

from majorops.domain.enums import AlertState
from majorops.integrations.base import NotReadError
from majorops.integrations.mapping import alerts_in, read_mapping

BODY = {
    "host": "db-1",
    "hits": [
        {"id": 7, "rule": {"name": "Disk full"}, "st": "OK", "a-b": ["x", "y"], "tags": {"env": "prod"}},
        {"id": 8, "rule": {"name": "CPU"}, "st": "PROBLEM"},
        "no object",
    ],
}
MAPPING = """
alerts = $.hits[*]
key = $.id
title = $.rule['name']
state = $.st
detail = $['a-b'][1]
system = $body.host
severity = high
labels = $.tags
"""


def test_a_mapping_is_followed():
    one, other = alerts_in(read_mapping(MAPPING), BODY, {"from": "test"})
    assert (one.key, one.title, one.state, one.detail) == ("7", "Disk full", AlertState.CLEARED, "y")
    assert (one.severity, dict(one.labels)) == ("high", {"from": "test", "env": "prod", "system": "db-1"})
    assert (other.key, other.state, other.detail) == ("8", AlertState.FIRING, "")


def test_words_of_a_state():
    mapping = read_mapping(MAPPING + "cleared = problem\nacknowledged = seen")
    assert [one.state for one in alerts_in(mapping, BODY)] == [AlertState.FIRING, AlertState.CLEARED]


def test_without_a_mapping_it_is_our_own_form():
    own = {"key": "k", "title": "t", "state": "ack", "system": "cdn", "started": 1795442482}
    [one] = alerts_in(read_mapping(""), own)
    assert (one.key, one.state, one.labels["system"]) == ("k", AlertState.ACKNOWLEDGED, "cdn")
    assert len(alerts_in(read_mapping(""), [own, own])) == 2
    assert len(alerts_in(read_mapping(""), {"alerts": [own]})) == 1
    assert alerts_in(read_mapping(""), {"alerts": []}) == []


@pytest.mark.parametrize("body", ["x", 7, None, [1, 2], {"alerts": "x"}])
def test_a_body_without_alerts(body):
    with pytest.raises(NotReadError, match="No alert is found"):
        alerts_in(read_mapping(""), body)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("title", "Line 1: a name"),
        ("\ntitle =", "Line 2: a name"),
        ("colour = $.x", "Line 1: colour is none of"),
        ("title = $.x[*]", "not clear at"),
        ("title = $..x", "not clear at"),
        ("title = $[x]", "not clear at"),
        ("alerts = hits", "begins with"),
        ("labels = hits", "begins with"),
        ("title = " + "x" * 300, "Line 1"),
        ("title = $.x\n" * 41, "At most 40"),
    ],
)
def test_a_mapping_that_is_not_clear(typed, sentence):
    with pytest.raises(ValueError, match=sentence.replace("$", r"\$")):
        read_mapping(typed)
