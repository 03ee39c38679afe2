"""The past of the systems on the public page is read from the newest incidents alone, by the day,
on both databases.
"""

from datetime import timedelta

from majorops.domain.access import SYSTEM
from majorops.domain.enums import Severity, SystemStatus
from majorops.operations.catalogue import add_system
from majorops.projections.systems import days_of


def test_the_status_page_draws_and_says_them_in_each_language(client, cast, clock):
    for name in ("payments-api", "ledger-db", "checkout-web"):
        add_system(name=name, is_public=True, group_name="Pay", actor=SYSTEM, now=clock())
    cast.resolve(cast.open(severity=Severity.CRITICAL, systems=["payments-api"]))
    clock.now += timedelta(days=2)
    cast.open(severity=Severity.HIGH, systems=["payments-api", "ledger-db"])
    for path, two, none in (
        ("/", "not fully operational on 2 of 90 days: today partial outage", "operational on all 90 days"),
        ("/de/", "an 2 von 90 Tagen nicht voll in Betrieb", "an allen 90 Tagen in Betrieb"),
    ):
        page = client.get(path).text
        assert page.count(two) == page.count(none) == 1, page[page.find("days") :]
        assert page.count('class="day"') == 3
        assert page.count("M87 0h1v4h-1z") == 1  # two days ago


def test_a_system_s_days_are_those_of_its_incidents(cast, clock):
    add_system(name="payments-api", is_public=True, group_name="", actor=SYSTEM, now=clock())
    cast.resolve(cast.open(title="long ago", severity=Severity.MEDIUM, systems=["payments-api"]))
    clock.now += timedelta(days=3)
    cast.resolve(cast.open(title="then", severity=Severity.CRITICAL, systems=["payments-api"]))
    clock.now += timedelta(days=2)
    last = cast.open(title="now", severity=Severity.HIGH, systems=["payments-api"])
    days = days_of(["payments-api"], clock())["payments-api"]
    assert set(days) == {0, 2, 5}
    assert days[2] is SystemStatus.MAJOR
    clock.now += timedelta(days=90)
    cast.resolve(last)
    assert 95 not in days_of(["payments-api"], clock())["payments-api"]
