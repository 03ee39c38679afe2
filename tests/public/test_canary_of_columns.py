"""Every column of text in the schema holds a word of its own; only those named here reach anybody outside.

The rows are made from the mapped tables, as public as rows can be: a new column takes part by itself, and
fails as soon as its word stands on a page, in a feed, a file or a message, unless it is put on the list.
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import JSON, Boolean, Column, Date, LargeBinary, String, Table, func, insert, select
from werkzeug import Response

from majorops.db import Base, UTCDateTime, db
from majorops.domain import access
from majorops.domain.announcing import DIGEST_PERIOD, digest_act, digest_end
from majorops.domain.enums import (
    ChannelKind,
    DeliveryState,
    Frequency,
    IncidentStatus,
    MaintenanceStatus,
    PublicationKind,
    SubscriberState,
    SystemStatus,
    Visibility,
)
from majorops.domain.events import EventKind
from majorops.models import Delivery, OutgoingEvent
from majorops.notifications import Worker, webhook
from majorops.operations.announcements import announce
from majorops.operations.endpoints import add_endpoint
from majorops.publishing.files import PublicFiles
from majorops.web.access import is_admin_endpoint
from tests.notifications.conftest import many
from tests.notifications.receivers import MailServer, read

# Column → the projection that hands it on.
PUBLIC_BY_DESIGN = {
    "incident.public_title": "PublicSummary.title, FeedIncident.title",
    "incident.what_to_do": "PublicIncident.what_to_do",
    "incident.who_affected": "PublicIncident.who_affected",
    "maintenance.body": "PublicMaintenance.body",
    "maintenance.title": "PublicMaintenance.title",
    "maintenance_update.body": "PublicMaintenanceUpdate.body",
    "publication.body": "PublicUpdate.body, FeedUpdate.body",
    "publication.public_key": "PublicUpdate.keys: its anchor, and its name in feeds",
    "publication.title": "PublicUpdate.title",
    "subscriber.address": "no projection: a mail names whom it is for, and nobody else",
    "system.group_name": "PublicSystem.group",
    "timeline_event.detail": "PublicEntry.detail",
    "timeline_event.public_key": "PublicEntry.key",
    "timeline_event.title": "PublicEntry.title",
}
SYSTEM = "checkout-web"
# Columns whose value decides what is shown, or that refer to something by its name: they hold no word.
SET: dict[str, object] = {
    "affected_system.name": SYSTEM,
    "alert_delivery.headers": "{}",
    "announcement.text": "",  # made of projections when it goes
    "incident.status": IncidentStatus.ACTIVE,
    "maintenance.status": MaintenanceStatus.RUNNING,
    "maintenance.systems": SYSTEM,
    "publication.kind": PublicationKind.MILESTONE,
    "publication.number": 1,
    "subscriber.state": SubscriberState.ACTIVE,
    "subscriber.wants_all": True,
    "system.name": SYSTEM,
    "system_state.name": SYSTEM,
    "system_state.status": SystemStatus.MAJOR,
    "timeline_event.kind": EventKind.NOTE_LOGGED,
    "timeline_event.system": SYSTEM,
}
# Rows beside the first one of a table, for what that does not show: a note has no title.
MORE: dict[str, dict[str, object]] = {
    "timeline_event": {
        "kind": EventKind.INCIDENT_OPENED,
        "seq": 2,
        "field": None,
        "public_key": None,
        "request_key": None,
    }
}
# The same in every table that has such a column.
EVERYWHERE = {
    "is_active": True,
    "is_public": True,
    "kind": ChannelKind.EMAIL,
    "state": DeliveryState.SENT,
    "visibility": Visibility.PUBLIC,
}
IN_ADDRESSES = {"number": 1, "system": SYSTEM, "token": "x", "name": "x", "page": "brief", "filename": "x"}
WORD = re.compile(r"zq\d{3}")


def members(column: Column) -> list[Enum]:
    """The values of a column with an enumeration; none for others."""
    return list(getattr(column.type, "enum_class", None) or getattr(column.type, "members", ()))


@cache
def words() -> dict[str, str]:
    """Column → its word, short enough for each of them."""
    columns = [column for table in Base.metadata.sorted_tables for column in table.columns]
    texts = [one for one in columns if isinstance(one.type, String | JSON) and not members(one)]
    return {str(one): f"zq{n:03d}" for n, one in enumerate(texts) if str(one) not in SET}


def value(column: Column, ids: dict[Table, int], now: datetime) -> Any:
    """What a row has in a column: a word, the row that a key refers to, or the least. None: left out."""
    name, known = str(column), members(column)
    if name in words():
        word = words()[name]
        address = f"{word}@example.org" if column.name in ("email", "address") else word
        return {"text": word} if isinstance(column.type, JSON) else address
    given = SET.get(name, EVERYWHERE.get(column.name))
    if given is not None and (not known or given in known):
        return given
    for key in column.foreign_keys:
        return ids.get(key.column.table)
    if column.nullable or column.primary_key or column.default is not None:
        return None
    if known:
        return known[0]
    least = {UTCDateTime: now, Date: now.date(), Boolean: False, LargeBinary: b"x"}
    return next((one for kind, one in least.items() if isinstance(column.type, kind)), 1)


def fill(now: datetime) -> None:
    """A row in every table, and MORE."""
    ids: dict[Table, int] = {}
    for table in Base.metadata.sorted_tables:
        row = {column.name: value(column, ids, now) for column in table.columns}
        ids[table] = _insert(table, row)
        if table.name in MORE:
            _insert(table, row | MORE[table.name])


def _insert(table: Table, row: dict[str, Any]) -> int:
    kept = {name: one for name, one in row.items() if one is not None}
    return db.session.execute(insert(table).values(**kept)).inserted_primary_key[0]


@pytest.fixture
def filled(app: Flask, clock) -> Flask:
    """Everything that there can be, as public as it can be."""
    fill(clock())
    db.session.commit()
    app.extensions["has_accounts"] = True
    return app


def seen_in(text: str) -> set[str]:
    """The columns whose words stand in a text."""
    found = set(WORD.findall(text.lower()))
    return {column for column, word in words().items() if word in found}


def addresses(app: Flask, now: datetime) -> list[str]:
    """Every address that a stranger may ask for, with the rows of this test in it."""
    given = IN_ADDRESSES | {"year": now.year, "month": now.month}
    found = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        is_public = getattr(view, "access", None) == "public" and not is_admin_endpoint(rule.endpoint)
        if "GET" in rule.methods and is_public:
            _, path = rule.build({name: given.get(name, 1) for name in rule.arguments})
            found.append(path)
    return found


def on_pages(app: Flask, now: datetime) -> set[str]:
    """The columns on any address."""
    client, found = app.test_client(), set()
    for address in addresses(app, now):
        answer = client.get(address)
        found |= seen_in(f"{answer.headers}{answer.get_data().decode(errors='replace')}")
    return found


def in_files(app: Flask, folder) -> set[str]:
    """The columns in any file of the exported folder, or in its name."""
    PublicFiles(app, app.extensions["snapshots"], folder).write_all()
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 20
    return {
        column for path in files for column in seen_in(f"{path}{path.read_bytes().decode(errors='replace')}")
    }


def in_messages(app: Flask, clock, httpserver) -> set[str]:
    """The columns in any mail, webhook or message to a channel, of whatever can be announced."""
    bodies: list[str] = []
    httpserver.expect_request("/services/T0/B0/x").respond_with_handler(
        lambda request: bodies.append(f"{request.headers}{request.get_data(as_text=True)}") or Response("ok")
    )
    hosts = ("hooks.example.org", "hooks.slack.com", "prod-1.westeurope.logic.azure.com")
    for host in hosts:
        address = f"http://{host}:{httpserver.port}/services/T0/B0/x"
        many(1, clock(), address, kind=ChannelKind.WEBHOOK, secret="s")
    for n, frequency in enumerate(Frequency):
        many(1, clock(), f"s{n}@example.org", frequency=frequency)
    for act in ("opened:1", "said:1", "resolved:1", "merged:1"):
        announce(act, clock(), incident_id=1, publication_id=1 if act == "said:1" else None)
    for act in ("planned:1", "moved:1", "works:1"):
        announce(act, clock(), maintenance_id=1)
    db.session.commit()
    mails = MailServer()
    app.config["SMTP_URL"] = mails.url
    worker = Worker(app, on_delivery=lambda number: None)
    for is_full in (True, False):
        tell(f"http://{hosts[0]}:{httpserver.port}/services/T0/B0/x", is_full, clock())
    worker.drain()
    for frequency, period in DIGEST_PERIOD.items():
        clock.now += period
        announce(digest_act(frequency, digest_end(frequency, clock())), clock())
        db.session.commit()
        worker.drain()
    mails.stop()
    failed = select(func.count()).select_from(Delivery).where(Delivery.state != DeliveryState.SENT)
    assert db.session.scalar(failed) == 0
    assert (len(mails.mails), len(bodies)) == (18, 24 + 6)
    return seen_in("".join([*map(read, mails.mails), *bodies]))


def tell(address: str, is_full: bool, now: datetime) -> None:
    """Queue an event of each entry for an endpoint that is not internal; one says that it became public."""
    given = {"name": f"{is_full}", "address": address, "is_full": is_full}
    endpoint, _ = add_endpoint(**given, actor=access.SYSTEM, now=now)
    row = {"endpoint_id": endpoint.id, "incident_id": 1, "state": DeliveryState.PENDING, "attempts": 0}
    row |= {"next_at": now, "created_at": now, "last_error": ""}
    kinds = {1: EventKind.NOTE_LOGGED, 2: EventKind.INCIDENT_OPENED, 99: EventKind.INCIDENT_PUBLISHED}
    rows = [row | {"key": f"{is_full} {seq}", "seq": seq, "kind": kind} for seq, kind in kinds.items()]
    db.session.execute(insert(OutgoingEvent), rows)
    db.session.commit()


@pytest.fixture
def surfaced(filled, clock, tmp_path, httpserver, monkeypatch) -> set[str]:
    """The columns that reach anybody outside, by any way."""
    filled.config |= {"WEBHOOK_PRIVATE": True, "BASE_URL": "https://status.example.org"}
    monkeypatch.setattr(webhook, "resolve", lambda host, port, may_be_private: "127.0.0.1")
    found = on_pages(filled, clock()) | in_files(filled, tmp_path)
    return found | in_messages(filled, clock, httpserver)


def test_only_what_is_meant_for_the_public_reaches_it(surfaced):
    """What is on the list and nowhere to be seen makes the test blind, or the list old."""
    assert surfaced == set(PUBLIC_BY_DESIGN)


def test_every_column_of_text_has_a_word_and_a_row(filled):
    kept = "".join(
        str(list(row.values()))
        for table in Base.metadata.sorted_tables
        for row in db.session.execute(select(table)).mappings()
    )
    assert seen_in(kept) == set(words())
    assert len(words()) > 100
