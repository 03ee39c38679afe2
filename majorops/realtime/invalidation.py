"""After a commit: which regions became stale, told to the open screens of every process (rule 6:
names, not content).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from flask import Flask, current_app

from majorops.fields import FIELDS
from majorops.operations import Recorded, after_commit
from majorops.realtime import Live, PostgresRelay, RedisRelay, Relay, SQLiteRelay, Stale, Tickets
from majorops.realtime.messages import EVERYWHERE, SignedOut, encode
from majorops.regions import LIST_KINDS, POSTURE_KINDS, PUBLIC_KINDS, stale

PUBLIC = "public"  # the topic of the public pages
LIST = "list"  # the topic of the list of incidents; a fireground's topic is its number


def messages(told: list[Recorded]) -> list[tuple[str, list[str], int]]:
    """(topic, regions, version) for what was recorded."""
    by_incident: dict[int, list[Recorded]] = defaultdict(list)
    for entry in told:
        if entry.incident_id:
            by_incident[entry.incident_id].append(entry)
    found = [
        (str(number), stale([(entry.kind, entry.field) for entry in entries]), entries[-1].seq)
        for number, entries in by_incident.items()
    ]
    kinds = {entry.kind for entry in told} | {entry.field for entry in told}
    if kinds & POSTURE_KINDS:
        found.append((EVERYWHERE, ["topbar"], 0))
    if any(concerns_public(entry) for entry in told):
        found.append((PUBLIC, [], 0))
    if kinds & LIST_KINDS:
        found.append((LIST, ["incidents"], 0))
    return found


def concerns_public(entry: Recorded) -> bool:
    """The public pages may say something else now."""
    is_field = entry.field in FIELDS and FIELDS[entry.field].audience == "public"
    return entry.is_public or is_field or entry.kind.startswith(PUBLIC_KINDS)


def tell_screens(told: list[Recorded]) -> None:
    live = current_app.extensions["live"]
    for topic, regions, version in messages(told):
        live.tell(topic, regions, version)
    if any(ends_sessions(entry.kind) for entry in told if entry.incident_id is None):
        live.tell_signed_out()


def ends_sessions(kind: str) -> bool:
    """An entry of the audit after which some session may have ended."""
    return kind == "session.ended" or kind.startswith("user.")


def tell_ledger(number: int) -> None:
    """What was sent for incident `number` changed: no entry of the timeline says so."""
    current_app.extensions["live"].tell(str(number), ["ledger", "nudge"])


def tell_notices(app: Flask) -> None:
    """What this server says about itself changed: screens draw their notices again."""
    app.extensions["live"].tell(EVERYWHERE, ["notices"])


RECORDED_SINCE = (
    "SELECT id, incident_id, seq, kind, field, visibility = 'public' "
    "FROM timeline_event WHERE id > ? ORDER BY id LIMIT 500"
)


AUDITED_SINCE = "SELECT id, kind FROM audit_entry WHERE id > ? ORDER BY id LIMIT 500"
NEWEST = (
    "SELECT (SELECT coalesce(max(id), 0) FROM timeline_event), (SELECT coalesce(max(id), 0) FROM audit_entry)"
)


def recorded_since(connection, after: tuple[int, int] | None) -> tuple[tuple[int, int], list[str]]:
    """What other processes wrote into the SQLite file after these entries (of timeline and audit),
    as texts for the wire.
    """
    if after is None:
        return connection.execute(NEWEST).fetchone(), []
    rows = connection.execute(RECORDED_SINCE, (after[0],)).fetchall()
    audited = connection.execute(AUDITED_SINCE, (after[1],)).fetchall()
    found = messages([Recorded(*row[1:]) for row in rows])
    texts = [encode(Stale("file", topic, tuple(regions), version)) for topic, regions, version in found]
    if any(ends_sessions(kind) for _, kind in audited):
        texts.append(encode(SignedOut("file", EVERYWHERE)))
    return (rows[-1][0] if rows else after[0], audited[-1][0] if audited else after[1]), texts


def relay_for(config: Mapping[str, Any]) -> Relay:
    """The wire between processes that the settings call for (rule 12: Redis is optional)."""
    url = config["DATABASE_URL"]
    if config["REDIS_URL"]:
        return RedisRelay(config["REDIS_URL"], secret=config["SECRET_KEY"])
    if url.startswith("sqlite"):
        return SQLiteRelay(url.removeprefix("sqlite:///"), recorded_since)
    return PostgresRelay(url.replace("postgresql+psycopg://", "postgresql://", 1))


def init_app(app: Flask) -> None:
    """Give the application its streams, and have what its operations record told to them."""
    after_commit(app, tell_screens)
    app.extensions["live"] = Live(relay_for(app.config))
    app.extensions["tickets"] = Tickets(app.config["SECRET_KEY"])
