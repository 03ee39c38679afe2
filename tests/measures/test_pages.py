"""The pages of measures and their files: who sees what, what an address asks for, what a cell may hold."""

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import insert

from majorops.db import db
from majorops.domain.enums import Phase, Severity
from majorops.domain.errors import Invalid
from majorops.domain.measured import FORM, MEASURES, NONE, NUMBERS, packed
from majorops.measures.charts import Size
from majorops.models import MeasuredIncident
from majorops.operations.catalogue import add_system, update_system
from tests.admin.browsing import save


def whole(cast, clock, minutes=40, **given):
    incident = cast.open(**given)
    clock.tick(minutes=5)
    cast.bring_to(incident, Phase.GATHER)
    clock.tick(minutes=minutes - 6)
    cast.resolve(incident)
    return incident


def many(cast, clock, values):
    """As many resolved incidents as values, of which each took so many seconds to resolve."""
    incidents = [cast.open(title=f"number {n}", severity=Severity.HIGH) for n in range(len(values))]
    for incident in incidents:
        cast.resolve(incident)
    db.session.query(MeasuredIncident).delete()
    rows = [
        {
            "incident_id": incident.id,
            "opened_at": incident.opened_at,
            "severity": incident.severity,
            "apart": "incident",
            "form": FORM,
            "numbers": packed([value if name == "resolve" else NONE for name in NUMBERS]),
        }
        for incident, value in zip(incidents, values, strict=True)
    ]
    db.session.execute(insert(MeasuredIncident), rows)
    db.session.commit()
    return incidents


def card(page, name):
    start = page.index(f'<section class="measure" aria-labelledby="m-{name}">')
    return page[start : page.index("</section>", start)]


def test_with_nothing_every_definition_stands_and_no_number(cast):
    page = cast.browser("maya").get("/admin/measures").text
    for measure in MEASURES.values():
        assert measure.definition.replace("'", "&#39;") in page
    assert '<svg class="chart"' not in page
    assert "0 incidents opened in this time." in page


def test_below_ten_no_number_and_each_dot_leads_to_its_incident(cast, clock):
    incidents = many(cast, clock, [600, 1200, 4000])
    found = card(cast.browser("maya").get("/admin/measures").text, "resolve")
    assert "3 of 10: too few for a number." in found
    assert "Median" not in found
    for incident in incidents:
        assert found.count(f'href="/admin/incidents/{incident.id}"') == 2  # the dot, and the table for keys
    assert "fewer than 10 ended" in found


def test_from_ten_on_the_median_stands_with_its_interval(cast, clock):
    many(cast, clock, [60 * n for n in range(10, 22)])
    found = card(cast.browser("maya").get("/admin/measures").text, "resolve")
    assert re.search(r"<dt>Median</dt>\s*<dd>\s*<b>15 min</b>\s*<span>12 min to 19 min</span>", found)
    assert "n = 12" in found
    assert "no signal" in found or "signal." in found
    assert "mean" not in found.lower()


def test_many_stand_in_columns_that_lead_to_their_incidents(cast, clock, monkeypatch):
    monkeypatch.setattr("majorops.measures.panels.SMALL", Size(12, 60, 2))
    monkeypatch.setattr("majorops.measures.charts.STRIP", Size(12, 60, 2))
    many(cast, clock, [1800] * 7)
    maya = cast.browser("maya")
    found = card(maya.get("/admin/measures").text, "resolve")
    assert "One dot is up to 2 incidents." in found
    address = re.search(r'href="(/admin/measures/resolve\?[^"]*low=[^"]*)"', found)[1].replace("&amp;", "&")
    page = maya.get(address).text
    assert page.count("30 min</td>") == 7
    assert "Show all" in page
    assert "0 incidents." in maya.get("/admin/measures/resolve?low=5000").text


def test_the_filter_stands_in_the_address(cast, clock):
    one = whole(cast, clock, severity=Severity.HIGH, systems=["ledger-db"])
    other = whole(cast, clock, severity=Severity.LOW, systems=["checkout-web"])
    maya = cast.browser("maya")
    shown = lambda query: {  # noqa: E731
        number for number in (one.id, other.id) if f'/admin/incidents/{number}"' in maya.get(query).text
    }
    assert shown("/admin/measures") == {one.id, other.id}
    assert shown("/admin/measures?severity=high") == {one.id}
    assert shown("/admin/measures?system=ledger-db") == {one.id}
    assert shown("/admin/measures?team=App") == set()
    assert shown("/admin/measures?of=drill") == set()
    day = clock().date()
    assert shown(f"/admin/measures?since={day}&until={day}") == {one.id, other.id}
    assert shown(f"/admin/measures?until={day - timedelta(days=1)}") == set()
    page = maya.get("/admin/measures?severity=high").text
    assert "severity=high&amp;since=" in page  # the files and each measure have the same


@pytest.mark.parametrize(
    ("query", "said", "kept"),
    [
        ("since=yesterday", "Write the day as 2026-11-17.", 'value="yesterday"'),
        ("since=2026-11-05&until=2026-11-01", "This is before 2026-11-05.", 'value="2026-11-01"'),
        ("severity=awful", "There is no such severity.", "aria-invalid"),
        ("of=merged", "Choose incidents, private incidents or drills.", "aria-invalid"),
        ("since=0001-01-01&until=9999-99-99", "Write the day as 2026-11-17.", 'value="0001-01-01"'),
        ("system=%00%3Cscript%3E&team=%22%27", "&lt;script&gt;", "&#34;&#39;"),
        ("low=nan&high=inf&page=-3", "Measures", "Measures"),
    ],
)
def test_what_cannot_be_read_is_named_and_kept(cast, query, said, kept):
    maya = cast.browser("maya")
    for path in ("/admin/measures", "/admin/measures/resolve"):
        answer = maya.get(f"{path}?{query}")
        assert answer.status_code == 200
        assert said in answer.text or said == "Measures"
        assert kept in answer.text or kept == "Measures"
    for ending in ("csv", "json"):
        assert maya.get(f"/admin/measures.{ending}?{query}").status_code == 200


def test_the_files_hold_what_is_shown_and_no_cell_calculates(cast, clock):
    titles = ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "plain"]
    for title in titles:
        whole(cast, clock, title=title, severity=Severity.HIGH)
    running = cast.open(title="runs", severity=Severity.HIGH)
    clock.tick(minutes=3)
    maya = cast.browser("maya")
    rows = list(csv.DictReader(io.StringIO(maya.get("/admin/measures.csv").text)))
    assert [row["title"] for row in rows] == [*(f"'{title}" for title in titles[:4]), "plain", "runs"]
    assert rows[0]["resolve_seconds"] == "2400"
    assert rows[0]["resolve_seconds_at_least"] == ""
    assert (rows[-1]["resolve_seconds"], rows[-1]["resolve_seconds_at_least"]) == ("180", "yes")
    found = json.loads(maya.get("/admin/measures.json?severity=high").text)
    assert found["filter"]["severity"] == "high"
    assert [one["title"] for one in found["incidents"]] == [*titles, "runs"]
    assert found["incidents"][-1]["incident"] == running.reference
    measure = next(one for one in found["measures"] if one["name"] == "resolve")
    assert (measure["n"], measure["at_least"], measure["median"]) == (6, 1, None)
    assert measure["definition"] == MEASURES["resolve"].definition
    assert found["incidents"][-1]["values"]["resolve"] == {"value": 180, "at_least": True}
    empty = json.loads(maya.get("/admin/measures.json?team=nobody").text)
    assert empty["incidents"] == []


def test_json_has_the_numbers_of_the_page(cast, clock):
    many(cast, clock, [60 * n for n in range(10, 22)])
    found = json.loads(cast.browser("maya").get("/admin/measures.json").text)
    measure = next(one for one in found["measures"] if one["name"] == "resolve")
    assert measure["median"] == {"value": 900, "low": 720, "high": 1140}
    assert measure["behaviour"]["n"] == 12
    assert measure["share"] is None


def test_a_severity_with_a_target_says_how_many_met_it(cast, clock):
    many(cast, clock, [3600, 240 * 60, 240 * 60 + 1])
    maya = cast.browser("maya")
    assert "Target 240 min met by 2 of 3 that ended." in maya.get("/admin/measures?severity=high").text
    assert "met by" not in maya.get("/admin/measures").text


def test_executives_read_the_quarter_and_nothing_more(cast, clock):
    shown = whole(cast, clock)
    private, drill = whole(cast, clock, is_public=False), whole(cast, clock, is_drill=True)
    xin = cast.browser("xin")
    assert xin.get("/admin/measures").status_code == 403
    page = xin.get("/exec").text
    assert f'href="/incidents/{shown.id}/exec"' in page
    for hidden in (private, drill):
        assert f"/incidents/{hidden.id}/" not in page
    assert "/admin/incidents/" not in page
    assert "Every measure" not in page
    assert "too few to say" in page
    assert "/admin/measures" in cast.browser("maya").get("/exec").text


def test_quarters_follow_each_other_and_bad_ones_are_the_present(cast, clock):
    ada = cast.browser("ada")
    year, present = clock().year, (clock().month + 2) // 3
    for typed in ("", "2026-Q9", "9999-Q1", "x", "1989-Q1"):
        assert f"<h1>Quarter {present}, {year}</h1>" in ada.get(f"/exec?quarter={typed}").text
    before = ada.get(f"/exec?quarter={year - 1}-Q4").text
    assert f"<h1>Quarter 4, {year - 1}</h1>" in before
    assert f"quarter={year}-Q1" in before
    assert "So far" not in before


def test_uptime_by_month_beside_the_goal(cast, clock):
    who = {"actor": cast.ada, "now": clock()}
    system = add_system(name="payments-api", uptime_goal="99.95 %", **who)
    assert system.uptime_goal == 99.95
    add_system(name="search-index", uptime_goal="99,9", **who)
    clock.now += timedelta(days=20)
    whole(cast, clock, minutes=300, severity=Severity.CRITICAL, systems=["payments-api"], is_public=False)
    maya = cast.browser("maya")
    page = maya.get("/admin/measures/uptime").text
    first, second = page.split("search-index")[0], page.split("search-index")[1]
    assert "99.95 %" in first
    assert "below" in first
    assert "below" not in second
    assert "not there" in second
    assert "99.9 %" in second
    update_system(system, name="payments-api", **who)
    assert system.uptime_goal == 99.95
    update_system(system, name="payments-api", uptime_goal="", **who)
    assert system.uptime_goal is None


@pytest.mark.own_app
def test_the_public_reads_goals_only_where_a_setting_says_so(app, cast, clock):
    who = {"actor": cast.ada, "now": clock()}
    add_system(name="payments-api", is_public=True, uptime_goal="99.95", **who)
    add_system(name="hidden-api", uptime_goal="98.76", **who)
    clock.tick(hours=5)
    stranger = app.test_client()
    assert "uptime" in stranger.get("/history").text
    assert "99.95" not in stranger.get("/history").text
    app.config["UPTIME_GOALS"] = True
    for path, said in (("/history", "goal 99.95%"), ("/de/history", "Ziel 99,95 %")):
        page = stranger.get(path).text
        assert said in page
        assert "98.76" not in page
        assert "98,76" not in page


@pytest.mark.parametrize("goal", ["0", "100.1", "-1", "nan", "99.999", "many"])
def test_a_goal_is_a_part_of_a_month(cast, clock, goal):
    with pytest.raises(Invalid, match="Per cent of a month"):
        add_system(name="payments-api", uptime_goal=goal, actor=cast.ada, now=clock())


def test_goals_are_set_in_data_management(cast, clock):
    ada = cast.browser("ada")
    new = {"name": "payments-api", "description": "", "owner": "", "uptime_goal": "99.5"}
    assert save(ada, "/admin/data/systems/new/", **new).status_code == 303
    assert "99.5" in ada.get("/admin/measures/uptime").text


def test_where_people_look_there_is_a_way_there(cast):
    for nick, path in (("maya", "/admin/incidents"), ("ada", "/admin/"), ("rita", "/admin/incidents")):
        assert 'href="/admin/measures"' in cast.browser(nick).get(path).text
    assert 'href="/exec"' in cast.browser("xin").get("/briefs").text


def test_a_measure_that_does_not_exist_is_not_found(cast):
    assert cast.browser("maya").get("/admin/measures/happiness").status_code == 404


def test_incidents_that_wait_to_be_measured_are_said(cast, clock):
    whole(cast, clock)
    db.session.query(MeasuredIncident).delete()
    db.session.commit()
    page = cast.browser("maya").get("/admin/measures").text
    assert "Not every incident of this time is measured yet:" in page


def test_what_waits_to_be_measured_is_said_to_executives_and_at_uptime_too(cast, clock):
    whole(cast, clock)
    pages = [("xin", "/exec"), ("maya", "/admin/measures/uptime"), ("maya", "/admin/measures/resolve")]
    said = "Not every incident of this time is measured yet"
    assert [nick for nick, path in pages if said in cast.browser(nick).get(path).text] == []
    db.session.query(MeasuredIncident).delete()
    db.session.commit()
    for nick, path in pages:
        assert said in cast.browser(nick).get(path).text
