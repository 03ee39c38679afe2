"""The past of the systems on the public page is read from the newest incidents alone, by the day,
on both databases.
"""

from datetime import timedelta

import pytest

from majorops.domain.access import SYSTEM
from majorops.domain.enums import Severity, SystemStatus
from majorops.domain.uptime import Mark
from majorops.operations.catalogue import add_system
from majorops.operations.systems import set_system_status
from majorops.projections.systems import public_days, public_uptimes

NAMES = ("payments-api", "ledger-db", "checkout-web")


@pytest.fixture
def listed(cast, clock):
    """Three public systems that were there long before."""
    for name in NAMES:
        add_system(name=name, is_public=True, group_name="Pay", actor=SYSTEM, now=clock())
    clock.now += timedelta(days=200)


def resolved(cast, clock, severity, after, systems=("payments-api",), **given):
    incident = cast.open(severity=severity, systems=list(systems), **given)
    clock.tick(minutes=after)
    cast.resolve(incident)
    return incident


def marks(clock, name="payments-api"):
    return {day.ago: day.mark for day in public_days(clock())[name].days}


def test_the_status_page_draws_and_says_them_in_each_language(listed, client, cast, clock):
    resolved(cast, clock, Severity.CRITICAL, 60)
    clock.now += timedelta(days=2)
    cast.open(severity=Severity.HIGH, systems=["payments-api", "ledger-db"])
    for path, said, none in (
        ("/", "today: Partial outage, 0 min. INC-002", ">100% uptime<"),
        ("/de/", "heute: Teilausfall, 0 min. INC-002", ">100 % verfügbar<"),
    ):
        page = client.get(path).text
        assert page.count(f"<title>{said}") == 2
        assert page.count(none) == 2  # the open one has just begun
        assert page.count('class="major" d="M87 0h.7v10h-.7z"') == 1  # two days ago
        assert page.count('class="partial" d="M89 1.5h.7v8.5h-.7z"') == 2


def test_a_day_leads_to_its_incident_in_the_history(listed, client, cast, clock):
    incident = resolved(cast, clock, Severity.CRITICAL, 60)
    address = f"/history/{incident.opened_at:%Y-%m}#d{incident.opened_at.day}"
    assert f'<a href="{address}"><title>' in client.get("/").text
    page = client.get(address.partition("#")[0]).text
    assert page.index(f'id="d{incident.opened_at.day}"') < page.index(incident.title)


def test_three_hours_of_a_low_leave_their_mark_and_cost_nothing(listed, cast, clock):
    resolved(cast, clock, Severity.LOW, 180)
    assert marks(clock) == {0: Mark.MINOR}
    assert public_days(clock())["payments-api"].uptime == 100.0


def test_the_states_count_as_they_were_and_not_as_they_ended(listed, cast, clock):
    incident = cast.open(severity=Severity.CRITICAL, systems=["payments-api", "ledger-db"])
    clock.tick(hours=2)
    set_system_status(incident, "payments-api", SystemStatus.OPERATIONAL, actor=cast.maya, now=clock())
    clock.tick(hours=7)
    found = public_days(clock())
    hours = {name: (1 - found[name].uptime / 100) * 24 * 90 for name in NAMES}
    assert hours["payments-api"] == pytest.approx(2, abs=0.5)
    assert hours["ledger-db"] == pytest.approx(9, abs=0.5)
    assert found["checkout-web"].uptime == 100.0


def test_only_the_last_90_days_and_what_the_public_knows(listed, cast, clock):
    resolved(cast, clock, Severity.CRITICAL, 5, title="long ago")
    resolved(cast, clock, Severity.CRITICAL, 5, title="private", is_public=False)
    resolved(cast, clock, Severity.CRITICAL, 5, title="drill", is_drill=True)
    clock.now += timedelta(days=89)
    assert [day.ago for day in public_days(clock())["payments-api"].days] == [89]
    found = public_days(clock())["payments-api"].days[0].incidents
    assert [one.title for one in found] == ["long ago"]
    clock.now += timedelta(days=1)
    assert public_days(clock())["payments-api"].days == ()


def test_before_a_system_existed_there_is_no_day(listed, client, cast, clock):
    add_system(name="new-one", is_public=True, actor=SYSTEM, now=clock())
    clock.now += timedelta(days=3)
    found = public_days(clock())
    assert (found["new-one"].known, found["payments-api"].known) == (4, 90)
    assert client.get("/").text.count('class="none" d="M0 9.5H86"') == 1


def test_what_an_incident_named_was_there(listed, cast, clock):
    resolved(cast, clock, Severity.HIGH, 30, systems=("late-one",))
    clock.now += timedelta(days=5)
    add_system(name="late-one", is_public=True, actor=SYSTEM, now=clock())
    assert public_days(clock())["late-one"].known >= 6


def test_uptime_by_month(listed, client, cast, clock):
    start = clock.now = clock.now.replace(day=1, hour=0, minute=0)
    resolved(cast, clock, Severity.CRITICAL, 60 * 24 * 3)
    clock.now = start + timedelta(days=40)
    month = start.date().replace(day=1)
    add_system(name="typed-one", is_public=True, actor=SYSTEM, now=clock())
    rows = {name: uptime for name, _, uptime in public_uptimes(month, clock())}
    assert set(rows) == set(NAMES)  # the new one was not there
    assert rows["ledger-db"] == 100.0
    assert 89 < rows["payments-api"] < 91
    page = client.get(f"/history/{month:%Y-%m}").text
    assert 'id="uptime"' in page
    assert f">{rows['payments-api']:g}% uptime<" in page
    assert public_uptimes(month.replace(year=month.year - 2), clock()) == []


def test_where_there_are_too_many_the_bars_stand_alone(listed, client, cast, clock, monkeypatch):
    monkeypatch.setattr("majorops.public.status.LINKED_DAYS", 0)
    resolved(cast, clock, Severity.CRITICAL, 60)
    page = client.get("/").text
    assert 'class="major" d="M89' in page
    assert "<title>today" not in page
    assert "#d" not in page.partition("<main")[2]


def test_a_group_folds_and_shows_its_worst(listed, client, cast, clock):
    cast.open(severity=Severity.HIGH, systems=["ledger-db"])
    page = client.get("/").text
    group = page.partition('<details class="group"')[2].partition("</summary>")[0]
    assert 'data-system="partial_outage" open>' in group
    assert "<h3>Pay</h3>" in group
    assert "Partial outage" in group
