"""Feeds of one system and of maintenance: whom they list, what stays, what never is in them."""

from __future__ import annotations

from datetime import timedelta
from xml.etree import ElementTree as xml

import pytest
from sqlalchemy import insert, select

from majorops.db import db
from majorops.domain.enums import Severity, Visibility
from majorops.domain.systems import feed_name
from majorops.models import AffectedSystem, System
from majorops.operations import updates
from majorops.operations.catalogue import add_system, update_system
from majorops.operations.edit import edit_field
from majorops.operations.maintenance import change_maintenance, plan_maintenance
from tests.counting import queries

KEYS = [("rss", "guid"), ("atom", "id")]
HOUR = timedelta(hours=1)


@pytest.fixture
def client(client, app):
    app.extensions["has_accounts"] = True
    return client


@pytest.fixture
def listed(cast, clock):
    """Two listed systems and one that is not."""
    for name, is_public in (("payments-api", True), ("käse & co", True), ("ledger-db", False)):
        add_system(name=name, is_public=is_public, actor=cast.ada, now=clock())


@pytest.fixture
def works(cast, clock):
    times = {"starts_at": clock() + HOUR, "ends_at": clock() + 2 * HOUR}
    given = {"title": "Failover test", "body": "Payments pause.", "systems": ["payments-api"], **times}
    return plan_maintenance(**given, actor=cast.maya, now=clock())


def feed(client, path: str) -> list[dict[str, str]]:
    answer = client.get(path)
    assert answer.status_code == 200
    root = xml.fromstring(answer.data)
    items = [*root.iter("item"), *root.iter("{http://www.w3.org/2005/Atom}entry")]
    return [{part.tag.rpartition("}")[2]: part.text or "" for part in item} for item in items]


@pytest.mark.parametrize(("kind", "key"), KEYS)
def test_a_system_has_what_was_said_of_it_alone(client, cast, clock, listed, works, kind, key):
    mine = cast.open(systems=["payments-api"])
    cast.open(title="another one", systems=["käse & co"])
    path = f"/systems/payments-api.{kind}"
    before = feed(client, path)
    assert len(before) == 2  # the opening and the plan
    who = {"actor": cast.maya, "now": clock.tick(minutes=1)}
    updates.publish_update(mine, "Cards fail.", visibility=Visibility.PUBLIC, **who)
    updates.publish_update(mine, "INTERNAL suspicion", **who)
    after = feed(client, path)
    assert after[1:] == before
    assert len({item[key] for item in after}) == 3
    text = client.get(path).text
    assert "Cards fail." in text
    assert "another one" not in text
    assert "INTERNAL" not in text
    edit_field(mine, "is_public", "no", **who)
    assert "Cards fail." not in client.get(path).text


@pytest.mark.parametrize("kind", ["rss", "atom"])
def test_only_systems_that_the_page_lists_have_a_feed(client, cast, clock, listed, kind):
    cast.open(systems=["ledger-db", "typed-by-hand"])
    for name in ("ledger-db", "typed-by-hand", "never", "..", "%2e%2e", "payments-api~00", "Payments-API"):
        assert client.get(f"/systems/{name}.{kind}").status_code == 404, name
    assert client.get(f"/systems/payments-api.{kind}").status_code == 200
    system = db.session.scalar(select(System).filter_by(name="payments-api"))
    update_system(system, name="payments-api", is_public=False, actor=cast.ada, now=clock())
    assert client.get(f"/systems/payments-api.{kind}").status_code == 404


def test_any_name_is_an_address(client, listed):
    assert feed_name("käse & co") == "k~c3~a4se+~26+co"
    assert client.get(f"/systems/{feed_name('käse & co')}.atom").status_code == 200
    assert feed_name("../a/b.c") == "~2e~2e~2fa~2fb~2ec"
    assert f"/systems/{feed_name('käse & co')}.rss" in client.get("/subscribe").text


@pytest.mark.parametrize("path", ["/systems/payments-api.atom", "/systems/payments-api.rss"])
def test_whoever_has_it_is_told_so_and_any_cache_may_keep_it(client, cast, listed, path):
    cast.open(systems=["payments-api"])
    first = client.get(path)
    assert "s-maxage" in first.headers["Cache-Control"]
    assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_an_older_incident_that_runs_is_in_it_whatever_came_after(client, cast, clock, listed, monkeypatch):
    monkeypatch.setattr("majorops.projections.feed.INCIDENTS", 2)
    cast.open(title="first of all", systems=["payments-api"])
    for n in range(3):
        cast.resolve(cast.open(title=f"later {n}", severity=Severity.LOW, systems=["payments-api"]))
    with queries() as few:
        text = client.get("/systems/payments-api.atom").text
    assert "later 2" in text
    assert "later 0" not in text
    numbers = select(AffectedSystem.incident_id, AffectedSystem.name).subquery()
    assert db.session.scalar(select(numbers.c.name).limit(1))
    db.session.execute(insert(System), [{"name": f"s{n}", "is_public": True} for n in range(40)])
    db.session.commit()
    with queries() as more:
        client.get("/systems/payments-api.atom")
    assert len(more) == len(few)


@pytest.mark.parametrize(("kind", "key"), KEYS)
def test_maintenance_is_a_feed_and_new_dates_are_an_item(client, cast, clock, works, kind, key):
    path = f"/maintenance.{kind}"
    before = feed(client, path)
    assert len(before) == 1
    assert "2026-11-23 15:00 to 16:00 UTC. Payments pause." in str(before)
    times = {"starts_at": clock() + 25 * HOUR, "ends_at": clock() + 26 * HOUR}
    given = {"title": works.title, "body": works.body, "systems": works.system_names}
    change_maintenance(works, **given, **times, actor=cast.maya, now=clock.tick(minutes=1))
    after = feed(client, path)
    assert after[1:] == before
    assert "New time: 2026-11-24 15:00 to 16:00 UTC. It was 2026-11-23 15:00 to 16:00 UTC." in str(after[0])
    assert len({item[key] for item in after}) == 2
    given["is_public"] = False
    change_maintenance(works, **given, **times, actor=cast.maya, now=clock.tick(minutes=1))
    assert feed(client, path) == []
