"""What follows a commit on open screens: versions and signals, published to every process.

No content (docs/architecture.md, rule 6).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask, current_app

from majorops.domain.enums import by_value
from majorops.domain.events import AuditKind, EventKind, Signal
from majorops.operations import Recorded, after_commit
from majorops.operations.fields import FIELDS
from majorops.realtime import Live, PostgresRelay, RedisRelay, Relay, SQLiteRelay, Stale, Tickets
from majorops.realtime.messages import EVERYWHERE, SignedOut, encode
from majorops.signing import keys_of

PUBLIC = "public"  # the topic of the public pages
GONE = "public.gone"  # the same, where something is not public any more: no old copy stands in for a new one
ALERTS = "alerts"  # the topic of the page of alerts
LIST = "list"  # the topic of the list of incidents; a fireground's topic is its number
# What changes the top bar of every screen, and the list of incidents.
POSTURE_KINDS = frozenset(
    {
        EventKind.INCIDENT_OPENED,
        EventKind.INCIDENT_CONTINUED,
        EventKind.STATUS_CHANGED,
        EventKind.DRILL_CHANGED,
        EventKind.INCIDENT_MERGED,
        EventKind.MERGE_UNDONE,
    }
)
LIST_KINDS = POSTURE_KINDS | {
    EventKind.SEVERITY_CHANGED,
    EventKind.ALARM_CHANGED,
    EventKind.PHASE_ADVANCED,
    EventKind.MILESTONE_PUBLISHED,
    EventKind.UPDATE_PUBLISHED,
    EventKind.WORDS_REDACTED,
}
# What a later incident says of the actions that an earlier one left.
ACTION_KINDS = frozenset(
    {
        EventKind.ACTION_ITEM_ADDED,
        EventKind.ACTION_ITEM_CHANGED,
        EventKind.ACTION_ITEM_DONE,
        EventKind.ACTION_ITEM_DROPPED,
    }
)
LIST_FIELDS = frozenset({"title", "is_public"})
# What takes something off the public pages, without being public itself.
TAKES_AWAY = frozenset(
    {
        EventKind.VISIBILITY_CHANGED,
        EventKind.DRILL_CHANGED,
        EventKind.INCIDENT_MERGED,
        EventKind.MERGE_UNDONE,
        EventKind.WORDS_REDACTED,
    }
)


def changes(recorded: Iterable[Recorded]) -> list[tuple[str, int, tuple[Signal, ...]]]:
    """(topic, version, signals) to publish for what was recorded; version 0 where a topic has none."""
    versions: dict[int, int] = {}
    kinds, fields, is_public = set(), set(), False
    for entry in recorded:
        if entry.incident_id:
            versions[entry.incident_id] = entry.seq
        kinds.add(entry.kind)
        fields.add(entry.field)
        is_public = is_public or concerns_public(entry)
    found: list[tuple[str, int, tuple[Signal, ...]]] = []
    found += [(str(number), version, ()) for number, version in versions.items()]
    if kinds & POSTURE_KINDS:
        found.append((EVERYWHERE, 0, (Signal.POSTURE,)))
    if kinds & ACTION_KINDS:
        found.append((EVERYWHERE, 0, (Signal.ACTIONS,)))
    if is_public:
        found.append((PUBLIC, 0, ()))
    if kinds & TAKES_AWAY or "is_public" in fields:
        found.append((GONE, 0, ()))
    if kinds & LIST_KINDS or fields & LIST_FIELDS:
        found.append((LIST, 0, ()))
    return found


def may_end_sessions(recorded: Iterable[Recorded]) -> bool:
    """After these entries some session may have ended."""
    kinds = [by_value(AuditKind, entry.kind) for entry in recorded if entry.incident_id is None]
    return any(kind is None or kind.ends_sessions for kind in kinds)


def concerns_public(entry: Recorded) -> bool:
    """The public pages may say something else now."""
    is_field = entry.field in FIELDS and FIELDS[entry.field].audience == "public"
    if entry.incident_id is None:
        kind = by_value(AuditKind, entry.kind)
        return kind is None or kind.is_public  # one that only another version knows may be public
    return entry.is_public or is_field or entry.kind in TAKES_AWAY


def on_event(recorded: list[Recorded]) -> None:
    """After a commit of this process: publish what it recorded."""
    live: Live = current_app.extensions["live"]
    for topic, version, signals in changes(recorded):
        live.publish(topic, version, signals)
    if may_end_sessions(recorded):
        live.publish_sign_out()


def publish_messages(number: int) -> None:
    """What was sent for incident `number` changed: no entry of the timeline says so."""
    current_app.extensions["live"].publish(str(number), signals=(Signal.MESSAGES,))


def publish_alerts(numbers: Iterable[int] = ()) -> None:
    """Alerts came, or how they stand changed, of incidents with these numbers: most of that has no entry."""
    live: Live = current_app.extensions["live"]
    live.publish(ALERTS)
    for number in numbers:
        live.publish(str(number), signals=(Signal.ALERTS,))


def publish_server_state(app: Flask) -> None:
    """What this server says about itself changed: screens draw their notices again."""
    app.extensions["live"].publish(EVERYWHERE, signals=(Signal.SERVER,))


RECORDED_SINCE = (
    "SELECT id, incident_id, seq, kind, field, visibility = 'public' "
    "FROM timeline_event WHERE id > ? ORDER BY id LIMIT 500"
)
AUDITED_SINCE = "SELECT id, kind FROM audit_entry WHERE id > ? ORDER BY id LIMIT 500"
NEWEST = (
    "SELECT (SELECT coalesce(max(id), 0) FROM timeline_event), (SELECT coalesce(max(id), 0) FROM audit_entry)"
)


def recorded_since(connection, after: tuple[int, int] | None) -> tuple[tuple[int, int], list[str]]:
    """What other processes wrote into the SQLite file after these entries (of timeline and audit).

    Returns the newest entries and the texts for the relay. `after` None: only which entries are the newest.
    """
    if after is None:
        return connection.execute(NEWEST).fetchone(), []
    rows = connection.execute(RECORDED_SINCE, (after[0],)).fetchall()
    audited = connection.execute(AUDITED_SINCE, (after[1],)).fetchall()
    recorded = [Recorded(*row[1:]) for row in rows]
    recorded += [Recorded(None, 0, kind, None) for _, kind in audited]
    texts = [encode(Stale("file", *change)) for change in changes(recorded)]
    if may_end_sessions(recorded):
        texts.append(encode(SignedOut("file", EVERYWHERE)))
    return (rows[-1][0] if rows else after[0], audited[-1][0] if audited else after[1]), texts


def relay_for(config: Mapping[str, Any]) -> Relay:
    """The relay between processes that the settings call for (docs/architecture.md, rule 12)."""
    url = config["DATABASE_URL"]
    if config["REDIS_URL"]:
        return RedisRelay(config["REDIS_URL"], secret=keys_of(config)[0])  # the same while keys change
    if url.startswith("sqlite"):
        return SQLiteRelay(url.removeprefix("sqlite:///"), recorded_since)
    return PostgresRelay(url.replace("postgresql+psycopg://", "postgresql://", 1))


def init_app(app: Flask) -> None:
    """Give the application its streams, and have what its operations record published to them."""
    after_commit(app, on_event)
    app.extensions["live"] = Live(relay_for(app.config))
    app.extensions["tickets"] = Tickets(keys_of(app.config))
