"""The page of search: what it finds, for whom, and that nothing typed breaks it."""

from __future__ import annotations

import pytest

from majorops.domain.enums import ActionState, CardTier, Severity
from majorops.domain.search import parse
from majorops.operations import runcards, searching, timeline, updates
from majorops.operations.actions import add_action, end_action
from majorops.operations.reviews import write_text
from tests.counting import queries
from tests.operations.afterwards import planned
from tests.operations.test_search_index import HOSTILE


@pytest.fixture
def record(cast, clock):
    """An incident with a note and an update, another one, and a run card."""
    incident = cast.open(title="payments-api: connection pool exhausted", systems=["payments-api"])
    who = {"actor": cast.maya, "now": clock()}
    timeline.add_note(incident, "The pool leaks idle sessions", **who)
    updates.publish_update(incident, "Card payments fail for some in the pool.", **who)
    cast.open(title="search-index: car pool report late", systems=["search-index"], severity=Severity.LOW)
    body = "# Steps\n- drain the pool\n# Contacts\nx\n# Systems\nx\n# Default Box\n2\n"
    runcards.add_card(tier=CardTier.AGENCY, name="Pools", systems="*", body=body, actor=cast.ada, now=clock())
    return incident


def found(cast, typed: str, **more) -> dict[str, list[str]]:
    hits = searching.search(parse(typed), actor=cast.maya, **more)
    return {each.kind.name: ["".join(text for text, _ in hit.title) for hit in each.rows] for each in hits}


def test_all_kinds_are_found_with_the_words_marked(cast, record):
    page = cast.browser("rita").get("/admin/search?q=pool").text
    for label in ("Incidents", "Updates", "Timeline", "Run cards"):
        assert f"{label} <span" in page
    assert "connection <mark>pool</mark> exhausted" in page
    assert "leaks idle" in page
    assert "drain the <mark>pool</mark>" in page
    assert f'href="/admin/incidents/{record.id}"' in page
    assert f"/admin/incidents/{record.id}?before=" in page
    assert "Nothing found." in cast.browser("rita").get("/admin/search?q=zebra").text


@pytest.mark.parametrize("typed", ["INC-00{}", "inc {}", " #{} "])
@pytest.mark.parametrize("best", [False, True])
def test_an_incident_is_found_by_its_number(cast, record, typed, best):
    other = cast.open(title="inc 1: words beside which the number comes first")
    assert found(cast, typed.format(record.id), best=best)["incidents"][0] == record.title
    assert other.title not in found(cast, "INC-002", best=best)["incidents"][:1]
    hits, _ = searching.quick_search(typed.format(record.id), actor=cast.maya)
    assert hits[0][1].incident == record.id


def test_a_number_with_words_or_of_no_incident_is_words(cast, record):
    assert found(cast, f"INC-{record.id} zebra") == {}
    assert found(cast, "INC-999999999") == {}
    assert found(cast, "INC-9999999999999") == {}


def test_texts_of_reviews_and_actions_are_found_as_they_stand(cast, clock, record):
    who = {"actor": cast.maya, "now": clock()}
    write_text(record, "root_cause", "The zulu driver keeps sessions", was="", **who)
    write_text(record, "root_cause", "The quebec driver keeps sessions", was=None, **who)
    item = add_action(record, planned(clock(), text="Alert on quebec sessions"), **who)
    both = {"names": ["reviews", "actions"]}
    assert found(cast, "quebec", **both) == {
        "reviews": ["Root cause"],
        "actions": ["Alert on quebec sessions"],
    }
    assert found(cast, "zulu", **both) == {}  # an earlier version
    assert found(cast, "driver system:search-index", **both) == {}
    assert found(cast, "driver system:payments-api", **both) == {"reviews": ["Root cause"]}
    page = cast.browser("rita").get("/admin/search?q=quebec").text
    assert f'href="/admin/incidents/{record.id}/review#text-root-cause"' in page
    assert f'href="/admin/actions/{item.id}"' in page
    assert "The <mark>quebec</mark> driver" in page
    end_action(record, item.number, ActionState.DONE, "Dashboard november", seen=item.changes, **who)
    assert found(cast, "november", names=["actions"]) == {"actions": ["Alert on quebec sessions"]}


def test_phrases_words_left_out_and_filters(cast, clock, record):
    pool, other = "payments-api: connection pool exhausted", "search-index: car pool report late"
    assert found(cast, "pool", names=["incidents"]) == {"incidents": [other, pool]}
    assert found(cast, '"connection pool"', names=["incidents"]) == {"incidents": [pool]}
    assert found(cast, '"pool connection"', names=["incidents"]) == {}
    assert found(cast, "pool -car", names=["incidents"]) == {"incidents": [pool]}
    assert found(cast, 'pool -"car pool"', names=["incidents"]) == {"incidents": [pool]}
    assert found(cast, "pool system:search-index", names=["incidents"]) == {"incidents": [other]}
    assert found(cast, "severity:low") == {"incidents": [other]}
    assert found(cast, "pool severity:critical", names=["incidents", "run-cards"]) == {"incidents": [pool]}
    assert found(cast, f"pool before:{clock():%Y-%m-%d}") == {}
    assert found(cast, "pool before:2199-01-01", names=["incidents"]) == {"incidents": [other, pool]}
    assert found(cast, "pool mim:maya", names=["incidents"]) == {"incidents": [other, pool]}
    assert found(cast, "pool mim:omar") == {}


def test_newest_or_best_first(cast, clock, record):
    timeline.add_note(record, "car park", actor=cast.maya, now=clock())
    best = found(cast, "pool connection", names=["incidents"], best=True)
    assert best == {"incidents": ["payments-api: connection pool exhausted"]}
    cast.open(title="pooled lanes", systems=["mail-relay"])
    assert found(cast, "pool", names=["incidents"])["incidents"][0] == "pooled lanes"
    assert found(cast, "pool", names=["incidents"], best=True)["incidents"][-1] == "pooled lanes"


def test_more_of_a_kind_is_one_press_away(cast, record):
    for n in range(21):
        cast.open(title=f"pool {n}", systems=["mail-relay"], severity=Severity.LOW)
    page = cast.browser("maya").get("/admin/search?q=pool").text
    assert "20+" in page
    assert "More in incidents" in page
    more = cast.browser("maya").get("/admin/search?q=pool&kind=incidents").text
    assert "INC-001" in more


def test_a_palette_gets_five_results_of_several_kinds(cast, record):
    for n in range(6):
        cast.open(title=f"pool {n}", systems=["mail-relay"], severity=Severity.LOW)
    rita = cast.browser("rita")
    page = rita.get("/admin/search/quick?q=pool")
    assert page.text.count('class="commands__do"') == 6  # and the way to all of them
    for part in ("<mark>pool</mark> 5", "Updates: ", "Timeline"):
        assert part in page.text
    assert page.headers["X-Said"] == "5 found."
    assert "/admin/search?q=drain&amp;kind=run-cards" in rita.get("/admin/search/quick?q=drain").text
    nothing = rita.get("/admin/search/quick?q=zebra")
    assert (nothing.text.strip(), nothing.headers["X-Said"]) == ("", "Nothing found.")
    assert "severity: takes" in rita.get("/admin/search/quick?q=severity:huge").headers["X-Said"]
    for typed in HOSTILE:
        assert rita.get("/admin/search/quick", query_string={"q": typed}).status_code == 200, typed[:40]


def test_the_palette_of_other_pages_leads_where_a_person_may_go(cast, record):
    page = cast.browser("rita").get("/admin/search/palette").text
    assert "Go to INC-001, payments-api: connection pool exhausted" in page
    assert 'href="/admin/reviews"' in page
    assert 'href="/admin/"' not in page  # data management
    assert 'href="/admin/"' in cast.browser("ada").get("/admin/search/palette").text
    assert cast.browser("xin").get("/admin/search/palette").status_code == 403


def test_who_does_not_read_the_fireground_finds_nothing(cast, record):
    assert cast.browser("xin").get("/admin/search?q=pool").status_code == 403
    assert searching.search(parse("pool"), actor=cast.xin) == []


@pytest.mark.parametrize("order", ["", "best"])
def test_it_costs_as_many_queries_whatever_is_found(cast, record, order):
    with queries() as sent:
        found(cast, "pool", best=bool(order))
    assert len(sent) <= 1 + 4 * len(searching.KINDS)  # PostgreSQL is asked for the newest number too


def test_any_text_gets_results_or_one_sentence(cast, record):
    maya = cast.browser("maya")
    for typed in [
        *HOSTILE,
        "before:\x00",
        "severity:" + "x" * 9_000,
        "-\u202e",
        "mim:\"'; DROP",
        'system:"*',
    ]:
        for order in ("", "best"):
            answer = maya.get("/admin/search", query_string={"q": typed, "order": order})
            assert answer.status_code == 200, typed[:40]
    page = maya.get("/admin/search", query_string={"q": "severity:huge pool"}).text
    assert "severity: takes critical, high, medium or low." in page
    assert 'value="severity:huge pool"' in page
    assert "Only the first 2,000 characters count." in maya.get("/admin/search?q=" + "x" * 3_000).text


def test_every_kind_has_a_full_text(app):
    from majorops.operations.search_index import SEARCHED

    assert {kind.model.__tablename__ for kind in searching.KINDS} <= set(SEARCHED)
    assert len({kind.name for kind in searching.KINDS}) == len(searching.KINDS)
