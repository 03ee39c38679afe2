"""The list of incidents, narrowed by the query of the search."""

from __future__ import annotations

import re

import pytest

from majorops.domain.enums import Severity
from majorops.fireground import incident_list
from majorops.operations import searching
from tests.counting import queries
from tests.operations.afterwards import resolve
from tests.operations.test_search_index import HOSTILE


@pytest.fixture
def who(cast, clock):
    return {"actor": cast.maya, "now": clock()}


@pytest.fixture
def several(cast, who):
    """Two that run and three that are over."""
    for n in range(3):
        resolve(cast.open(title=f"disk {n} full", severity=Severity.LOW, systems=["cdn-edge"]), who)
    cast.open(title="disk slow", systems=["ledger-db"])
    cast.open(title="search late", systems=["search-index"], severity=Severity.LOW)


def listed(cast, query: str = "") -> list[str]:
    page = cast.browser("rita").get(f"/admin/incidents{query}").text
    return re.findall(r'class="incidents__ref">(INC-\d+)', page)


def test_what_runs_and_what_is_over_is_narrowed(cast, several):
    assert len(listed(cast)) == 5
    assert listed(cast, "?q=disk") == ["INC-004", "INC-003", "INC-002", "INC-001"]
    assert listed(cast, "?q=disk+-full") == ["INC-004"]
    assert listed(cast, '?q="disk+1"') == ["INC-002"]
    assert listed(cast, "?q=system:search-index") == ["INC-005"]
    assert listed(cast, "?q=severity:low+before:2199-01-01") == ["INC-005", "INC-003", "INC-002", "INC-001"]
    assert listed(cast, "?q=mim:omar") == []
    assert listed(cast, "?q=inc-5") == ["INC-005"]
    assert listed(cast, "?q=%232") == ["INC-002"]
    page = cast.browser("rita").get("/admin/incidents?q=disk").text
    assert 'data-changes="/admin/incidents/changes?q=disk"' in page
    assert 'value="disk"' in page
    assert listed(cast, "/changes?q=search") == ["INC-005"]


def test_nothing_and_what_cannot_be_read_is_said(cast, several):
    rita = cast.browser("rita")
    page = rita.get("/admin/incidents?q=zebra").text
    assert "No incident for “zebra”." in page
    assert "/admin/search?q=zebra" in page
    broken = rita.get("/admin/incidents?q=severity:huge").text
    assert "severity: takes critical, high, medium or low." in broken
    assert len(listed(cast, "?q=severity:huge")) == 5  # nothing hides behind a slip of the pen
    for typed in (*HOSTILE, "x" * 10_000):
        assert rita.get("/admin/incidents", query_string={"q": typed}).status_code == 200, typed[:40]


def test_pages_by_key_with_the_filter_in_the_address(cast, several, monkeypatch):
    monkeypatch.setattr(incident_list, "PER_PAGE", 2)
    assert listed(cast, "?q=full") == ["INC-003", "INC-002"]
    page = cast.browser("rita").get("/admin/incidents?q=full").text
    assert "/admin/incidents?before=2&amp;q=full" in page
    assert listed(cast, "?q=full&before=2") == ["INC-001"]


def test_where_little_is_left_of_the_newest_the_next_page_goes_on_from_there(cast, several, monkeypatch):
    monkeypatch.setattr(searching, "LOOKED", 2)
    monkeypatch.setattr(searching, "SKIMMED", 2)
    page = cast.browser("rita").get("/admin/incidents?q=full+mim:omar").text
    assert "No incident of the newest for “full mim:omar”." in page
    assert "/admin/incidents?before=2&amp;q=full" in page
    page = cast.browser("rita").get("/admin/incidents?q=mim:omar").text
    assert "/admin/incidents?before=4&amp;q=mim" in page
    assert "Look further back" not in cast.browser("rita").get("/admin/incidents?q=mim:omar&before=2").text


def test_it_costs_as_many_queries_whatever_is_asked(cast, several):
    with queries() as plain:
        listed(cast)
    for query in ("?q=disk", "?q=severity:low", "?q=full+mim:maya"):
        with queries() as sent:
            listed(cast, query)
        assert len(sent) <= len(plain) + 5, query
