"""The count of how often the right earlier incident is among the three that are offered."""

from __future__ import annotations

from bench import alike
from tests.recordings import recording


def test_each_way_to_ask_is_counted_and_no_answer_is_counted_twice(monkeypatch):
    monkeypatch.setattr(alike, "PAST", 24)
    tallies = alike.evaluate([recording("queue-backlog")])
    assert {"its own title", "other words, one system", "other words, no system"} <= set(tallies)
    for name, tally in tallies.items():
        assert tally.asked >= tally.among + tally.none, name
        assert tally.among >= tally.first, name
    assert tallies["its own title"].asked


def test_a_problem_is_a_title_without_its_system_and_its_numbers():
    assert alike.problem_of("payments-api: disk full on node 17") == "disk full on node #"
    assert alike.problem_of("Orders reach the warehouse late") == "Orders reach the warehouse late"
