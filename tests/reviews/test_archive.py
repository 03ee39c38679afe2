"""The archive of reviews: newest first, narrowed by state, lateness and the query of the search."""

from __future__ import annotations

import re

import pytest

from majorops.domain.enums import Severity
from majorops.operations.reviews import write_text
from majorops.reviews import archive_list
from tests.counting import queries
from tests.operations.afterwards import draft_sent, held, published, resolve


@pytest.fixture
def who(cast, clock):
    return {"actor": cast.maya, "now": clock()}


def listed(cast, query: str = "") -> list[str]:
    page = cast.browser("rita").get(f"/admin/reviews{query}").text
    return re.findall(r'class="incidents__ref">(INC-\d+)', page)


@pytest.fixture
def four(cast, who):
    """Collecting, draft sent, held, published; each of another system."""
    steps = (resolve, draft_sent, held, published)
    names = ("payments-api", "ledger-db", "cdn-edge", "login-idp")
    incidents = []
    for step, name in zip(steps, names, strict=True):
        incident = cast.open(title=f"{name} fails", systems=[name])
        step(incident, who)
        incidents.append(incident)
    return incidents


def test_all_of_them_newest_first_and_by_state(cast, four):
    assert listed(cast) == ["INC-004", "INC-003", "INC-002", "INC-001"]
    states = ("collecting", "draft_sent", "held", "published")
    assert [listed(cast, f"?show={state}") for state in states] == [[f"INC-00{n}"] for n in (1, 2, 3, 4)]
    assert listed(cast, "?show=reviewed") == []
    assert (
        "No review, reviewed after 30 days." in cast.browser("rita").get("/admin/reviews?show=reviewed").text
    )
    assert listed(cast, "?show=nonsense") == listed(cast)


def test_what_is_late(cast, clock, four):
    assert listed(cast, "?show=overdue") == []
    clock.tick(days=4)
    assert listed(cast, "?show=overdue") == ["INC-003", "INC-002", "INC-001"]
    page = cast.browser("rita").get("/admin/reviews?show=overdue").text
    assert page.count("1 day late") == 2  # 72 h for the After Action
    assert page.count("2 days late") == 1  # 48 h for the text
    clock.tick(days=30)
    assert listed(cast, "?show=overdue") == ["INC-004", "INC-003", "INC-002", "INC-001"]


def test_words_of_texts_and_titles_and_the_filters_of_the_search(cast, four, who):
    write_text(four[0], "surprised", "Nobody knew the zulu switch", was="", **who)
    assert listed(cast, "?q=zulu") == ["INC-001"]
    page = cast.browser("rita").get("/admin/reviews?q=zulu").text
    assert "Nobody knew the <mark>zulu</mark> switch" in page
    assert "/admin/incidents/1/review#text-surprised" in page
    write_text(four[0], "surprised", "Nobody knew the switch", was=None, **who)
    assert listed(cast, "?q=zulu") == []  # an earlier version
    assert listed(cast, "?q=retries") == ["INC-004", "INC-003"]
    assert listed(cast, "?q=ledger") == ["INC-002"]
    assert listed(cast, "?q=system:cdn-edge") == ["INC-003"]
    assert listed(cast, "?q=retries+system:cdn-edge&show=published") == []
    assert listed(cast, "?q=severity:low") == []
    broken = cast.browser("rita").get("/admin/reviews?q=before:soon").text
    assert "before: takes a date such as 2026-11-23." in broken
    assert 'value="before:soon"' in broken


def test_drills_stay_apart_and_nobody_else_reads_it(cast, four, who):
    drill = cast.open(title="practice", systems=["cdn-edge"], is_drill=True)
    resolve(drill, who)
    assert "INC-005" not in listed(cast)
    assert listed(cast, "?practice=1") == ["INC-005"]
    assert cast.browser("xin").get("/admin/reviews").status_code == 403


def test_pages_by_key(cast, who, monkeypatch):
    monkeypatch.setattr(archive_list, "PER_PAGE", 2)
    for n in range(3):
        resolve(cast.open(title=f"disk {n}", severity=Severity.LOW, systems=["cdn-edge"]), who)
    assert listed(cast, "?q=disk") == ["INC-003", "INC-002"]
    page = cast.browser("rita").get("/admin/reviews?q=disk").text
    assert "/admin/reviews?q=disk&amp;before=2" in page
    assert listed(cast, "?q=disk&before=2") == ["INC-001"]
    monkeypatch.setattr(archive_list, "READ", 1)
    assert listed(cast, "?show=held") == []
    page = cast.browser("rita").get("/admin/reviews?show=held").text
    assert "among the newest incidents" in page
    assert "/admin/reviews?show=held&amp;before=3" in page


def test_it_costs_as_many_queries_however_many_there_are(cast, four):
    with queries() as few:
        listed(cast, "?q=retries")
    for show in ("", "?show=overdue"):
        with queries() as sent:
            listed(cast, show)
        assert len(sent) <= len(few)


@pytest.mark.parametrize("where", ["/admin/incidents", "/admin/actions", "/admin/incidents/1/review"])
def test_the_way_there(cast, four, where):
    assert 'href="/admin/reviews"' in cast.browser("rita").get(where).text


def test_an_admin_finds_it(cast):
    assert 'href="/admin/reviews"' in cast.browser("ada").get("/admin/data/incidents/").text
