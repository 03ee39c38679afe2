"""Operations on alerts: a delivery is kept as it came, then its alerts are taken in, a hundred at a time.

Deliveries of a source are worked on in the order in which they came, by however many workers: each step locks
the source and looks whether it is still the next one. What came and how it was judged stands in the
deliveries, so neither leaves an entry of its own; what changes an incident does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, case, func, insert, select, update
from sqlalchemy.orm.attributes import set_committed_value

from majorops.db import db
from majorops.domain import alerts as rules
from majorops.domain.access import Actor
from majorops.domain.alerts import Heard, Step, digest, plausible
from majorops.domain.enums import AlertState, HookState, HookVerdict
from majorops.domain.text import clean_line
from majorops.models import (
    IS_OPEN_ALERT,
    Alert,
    AlertDelivery,
    AlertGroup,
    AlertSilence,
    AlertSource,
    Page,
    System,
)
from majorops.operations import operation
from majorops.operations.alert_incidents import Touched, follow_up

REFUSED_LONGEST = 2_000  # bytes that are kept of a body that was refused
REFUSED_MOST = 30  # refused deliveries that are kept of a source within REFUSED_WITHIN
REFUSED_WITHIN = rules.AHEAD_MOST
NEXT_MOST = 200  # pending deliveries of a source that are looked at


@dataclass(frozen=True)
class Arrived:
    """What a source sent, and how it was judged. `problem`: why it was refused."""

    source_id: int
    verdict: HookVerdict
    body: bytes
    headers: Mapping[str, str]
    address: str
    problem: str = ""


@operation(needs=None)
def keep_deliveries(arrived: Sequence[Arrived], *, actor: Actor, now: datetime) -> None:
    """Keep what sources sent and how it was judged, before anything is done with it.

    Of what was refused only the beginning, and not more than REFUSED_MOST: strangers must not fill the disk.
    """
    refused: dict[int, int] = {}
    rows = []
    for one in arrived:
        is_refused = one.verdict is not HookVerdict.ACCEPTED
        if is_refused:
            before = refused.get(one.source_id)
            refused[one.source_id] = (_refused_of(one.source_id, now) if before is None else before) + 1
            if refused[one.source_id] > REFUSED_MOST:
                continue
        row = {"source_id": one.source_id, "received_at": now, "address": one.address[:45]}
        row |= {"headers": json.dumps(dict(one.headers)), "verdict": one.verdict}
        row["body"] = one.body[:REFUSED_LONGEST] if is_refused else one.body
        row["state"] = HookState.REFUSED if is_refused else HookState.PENDING
        rows.append(row | {"problem": one.problem[:300]})
    if rows:
        db.session.execute(insert(AlertDelivery), rows)


def _refused_of(source_id: int, now: datetime) -> int:
    newest = select(AlertDelivery.received_at).filter_by(source_id=source_id, state=HookState.REFUSED)
    newest = newest.order_by(AlertDelivery.id.desc()).limit(REFUSED_MOST)
    return sum(at > now - REFUSED_WITHIN for at in db.session.scalars(newest))


@dataclass(frozen=True)
class Batch:
    """Alerts of one delivery. `start`: how many of it were taken before; `is_last`: these are its end.

    `problem`: why nothing can be read in it; then it has failed.
    """

    delivery_id: int
    start: int
    alerts: tuple[Heard, ...]
    is_last: bool = True
    problem: str = ""


@operation(needs=None)
def take_alerts(
    source_id: int, batches: Sequence[Batch], *, actor: Actor, now: datetime
) -> frozenset[int] | None:
    """Take in the alerts of the next deliveries of a source, and do what follows for incidents.

    Returns the numbers of the incidents whose alerts they are; None, and nothing is done, where they are not
    the next: another worker was faster.
    """
    source = _locked(source_id)
    if source is None or not _are_next(source_id, batches):
        return None
    heard = without_pages([one for batch in batches for one in batch.alerts])
    if source.silent_at is not None:
        heard.insert(0, rules.silence(source.name, source.every or 1, now, is_over=True))
    _note_progress(source, batches, now)
    return follow_up(source, _take(source, heard, now), now)


def without_pages(heard: list[Heard]) -> list[Heard]:
    """What is no page of ours that comes back from the pager outside: it would open what it was paged for."""
    keys = {one.page_key for one in heard if one.page_key}
    ours = set(db.session.scalars(select(Page.pager_key).where(Page.pager_key.in_(keys)))) if keys else set()
    return [one for one in heard if one.page_key not in ours]


@operation(needs=None)
def note_silence(source_id: int, *, actor: Actor, now: datetime) -> bool:
    """Have an alert stand for a source that should have spoken; returns whether it has become silent now."""
    source = _locked(source_id)
    if source is None or not _is_silent(source, now):
        return False
    known = update(AlertSource).where(AlertSource.id == source_id)
    db.session.execute(known.values(silent_at=now), execution_options={"synchronize_session": False})
    said = rules.silence(source.name, source.every or 1, now, is_over=False)
    follow_up(source, _take(source, [said], now), now)
    return True


def silent_sources(now: datetime) -> list[int]:
    """The numbers of the sources that have just become silent. One query."""
    heard = select(AlertSource).where(AlertSource.every.is_not(None), AlertSource.silent_at.is_(None))
    return [source.id for source in db.session.scalars(heard) if _is_silent(source, now)]


def _is_silent(source: AlertSource, now: datetime) -> bool:
    since = max(source.created_at, source.heard_at or source.created_at)
    is_due = source.every is not None and rules.is_silent(source.every, since, now)
    return is_due and source.is_active and source.silent_at is None


@operation(needs=None)
def fail_delivery(delivery_id: int, why: str, *, actor: Actor, now: datetime) -> None:
    """Count a try at a delivery that failed; after the fifth it is set aside, so that the next ones go on."""
    tries = AlertDelivery.attempts + 1
    values = {
        "attempts": tries,
        "problem": why[:300],
        "state": case((tries >= TRIES, HookState.FAILED.value), else_=HookState.PENDING.value),
    }
    pending = update(AlertDelivery).filter_by(id=delivery_id, state=HookState.PENDING)
    db.session.execute(pending.values(**values), execution_options={"synchronize_session": False})


TRIES = 5


def _locked(source_id: int) -> AlertSource | None:
    """The source, held until the end: other deliveries of it may come in meanwhile (key_share)."""
    held = select(AlertSource).filter_by(id=source_id).with_for_update(key_share=True)
    return db.session.scalar(held, execution_options={"populate_existing": True})


def _are_next(source_id: int, batches: Sequence[Batch]) -> bool:
    pending = select(AlertDelivery.id, AlertDelivery.taken)
    pending = pending.filter_by(source_id=source_id, state=HookState.PENDING)
    rows = db.session.execute(pending.order_by(AlertDelivery.id).limit(len(batches))).all()
    return [tuple(row) for row in rows] == [(batch.delivery_id, batch.start) for batch in batches]


def _note_progress(source: AlertSource, batches: Iterable[Batch], now: datetime) -> None:
    """How far each delivery is: in one statement, as everybody who sends waits for it on SQLite."""
    rows = []
    for batch in batches:
        state = HookState.FAILED if batch.problem else HookState.DONE
        rows.append(
            {
                "id": batch.delivery_id,
                "taken": batch.start + len(batch.alerts),
                "state": state if batch.is_last else HookState.PENDING,
                "done_at": now if batch.is_last else None,
                "problem": batch.problem[:300],
            }
        )
    db.session.execute(update(AlertDelivery), rows)
    mine = update(AlertSource).filter_by(id=source.id).values(heard_at=now, silent_at=None)
    db.session.execute(mine, execution_options={"synchronize_session": False})


# What becomes of each alert


@dataclass
class _Newest:
    """The newest row of a key: `values` as they stand, `id` None while it is not written."""

    id: int | None
    values: dict[str, Any]
    is_changed: bool = False


@dataclass
class _Taking:
    """One step of work: what is known of its keys, and what is to be written."""

    source: AlertSource
    now: datetime
    newest: dict[str, _Newest]
    groups: dict[int, Touched] = field(default_factory=dict)
    by_key: dict[str, AlertGroup] = field(default_factory=dict)
    fresh: list[_Newest] = field(default_factory=list)
    new_groups: int | None = None  # of the source lately, once that was asked
    catalogue: frozenset[str] = frozenset()


COLUMNS = (
    Alert.id,
    Alert.key,
    Alert.group_id,
    Alert.state,
    Alert.title,
    Alert.detail,
    Alert.severity,
    Alert.labels,
    Alert.link,
    Alert.last_at,
    Alert.cleared_at,
    Alert.told_start,
    Alert.said_at,
)


def _take(source: AlertSource, heard: Sequence[Heard], now: datetime) -> list[Touched]:
    """Write what becomes of these alerts. Returns the groups that they touched, with their counts anew."""
    known = {row.key: _Newest(row.id, _values(row)) for row in db.session.execute(_newest(source.id, heard))}
    names = db.session.scalars(select(System.name).where(System.is_active.is_(True)))
    taking = _Taking(source, now, known, catalogue=frozenset(names))
    _find_groups(taking, heard)
    for said in heard:
        _take_one(taking, said)
    changed = [{"id": row.id, **row.values} for row in known.values() if row.id and row.is_changed]
    if taking.fresh:
        db.session.execute(insert(Alert), [row.values for row in taking.fresh])
    if changed:
        db.session.execute(update(Alert), changed)
    touched = list(taking.groups.values())
    _count(touched, now)
    return touched


def _newest(source_id: int, heard: Iterable[Heard]) -> Select[*tuple[Any, ...]]:
    keys = {one.digest for one in heard}
    last = select(func.max(Alert.id)).where(Alert.source_id == source_id, Alert.key.in_(keys))
    return select(*COLUMNS).where(Alert.id.in_(last.group_by(Alert.key)))


def _values(row: Row[Any]) -> dict[str, Any]:
    return {name: value for name, value in row._mapping.items() if name not in ("id", "key")}


def _take_one(taking: _Taking, said: Heard) -> None:
    row = taking.newest.get(said.digest)
    values = row.values if row else {}
    told, spoke = values.get("told_start"), values.get("said_at")
    found = rules.step(values.get("state"), said, told, spoke)
    if found is Step.LATE:
        return
    if row is None or found is Step.NEW:
        _add(taking, said)
        return
    touched = _touch(taking, _group(taking, values["group_id"]))
    _refresh(values, said, taking.now)
    row.is_changed = True
    if found in (Step.AGAIN, Step.REOPENED):
        touched.hear(said)
    if found is Step.REOPENED:
        values |= {"state": AlertState.FIRING, "cleared_at": None}
        touched.has_fired = True
    elif found is Step.ACKNOWLEDGED:
        values["state"] = AlertState.ACKNOWLEDGED
    elif found is Step.CLEARED:
        values |= {"state": AlertState.CLEARED, "cleared_at": plausible(said.ended_at, taking.now)}


def _refresh(values: dict[str, Any], said: Heard, now: datetime) -> None:
    """The details of an alert as its source says them now: what is old helps nobody."""
    values |= {"last_at": now, "said_at": said.said_at or values["said_at"]}
    values |= {"told_start": said.started_at or values["told_start"]}
    if said.state is AlertState.FIRING:
        values |= _details(said)


def _details(said: Heard) -> dict[str, Any]:
    labels = json.dumps(dict(said.labels), ensure_ascii=False)
    texts = {"title": said.title, "detail": said.detail, "severity": said.severity, "link": said.link}
    return texts | {"labels": labels}


def _add(taking: _Taking, said: Heard) -> None:
    group = _group_for(taking, said)
    touched = _touch(taking, group)
    touched.hear(said)
    touched.has_fired = True
    values = {
        "source_id": taking.source.id,
        "group_id": group.id,
        "incident_id": group.incident_id if touched.is_running else None,
        "key": said.digest,
        "dedup_key": clean_line(said.key)[: rules.KEY_LONGEST],
        "state": AlertState.FIRING,
        "started_at": plausible(said.started_at, taking.now),
        "heard_at": taking.now,
        "last_at": taking.now,
        "told_start": said.started_at,
        "said_at": said.said_at,
        "cleared_at": None,
        **_details(said),
    }
    row = _Newest(None, values)
    taking.newest[said.digest] = row
    taking.fresh.append(row)


def _group(taking: _Taking, number: int) -> AlertGroup:
    """Of an alert that is there; what was read before is not read again."""
    return taking.groups[number].group if number in taking.groups else db.session.get_one(AlertGroup, number)


def _touch(taking: _Taking, group: AlertGroup) -> Touched:
    if group.id not in taking.groups:
        is_running = group.incident is not None and not group.incident.is_resolved
        taking.groups[group.id] = Touched(group, is_running=is_running)
    return taking.groups[group.id]


def _about(taking: _Taking, said: Heard) -> tuple[list[str], str]:
    """The systems that an alert is about, and the key of the group that it belongs to."""
    systems = rules.systems_of(said.labels, taking.catalogue, taking.source.system)
    return systems, digest(rules.group_key(said, systems))


FLOOD = digest(rules.FLOOD_KEY)


def _find_groups(taking: _Taking, heard: Iterable[Heard]) -> None:
    """Read every group that may be needed at once."""
    keys = {_about(taking, said)[1] for said in heard if said.state is AlertState.FIRING} | {FLOOD}
    known = select(AlertGroup).filter_by(source_id=taking.source.id).where(AlertGroup.key.in_(keys))
    taking.by_key |= {group.key: group for group in db.session.scalars(known)}


def _group_for(taking: _Taking, said: Heard) -> AlertGroup:
    """The group of an alert that fires anew: the one that is there, a new one, or that of a flood."""
    systems, key = _about(taking, said)
    title = said.title
    if key not in taking.by_key and rules.is_flood(_new_groups(taking)):
        key, title = FLOOD, f"Flood of alerts from {taking.source.name}"
    if key not in taking.by_key:
        taking.by_key[key] = _make_group(taking, key, title, said, systems)
    return taking.by_key[key]


def _new_groups(taking: _Taking) -> int:
    """How many groups of the source began to fire lately, as far as that matters."""
    if taking.new_groups is None:
        since = taking.now - rules.FLOOD_WITHIN
        newest = select(AlertGroup.id).filter_by(source_id=taking.source.id).where(AlertGroup.since >= since)
        taking.new_groups = len(db.session.scalars(newest.limit(rules.FLOOD)).all())
    return taking.new_groups


def _make_group(taking: _Taking, key: str, title: str, said: Heard, systems: list[str]) -> AlertGroup:
    values = {
        "source_id": taking.source.id,
        "key": key,
        "title": title,
        "severity": said.severity,
        "systems": json.dumps(systems, ensure_ascii=False),
        "state": AlertState.FIRING,
        "since": taking.now,
        "last_at": taking.now,
    }
    number = db.session.scalar(insert(AlertGroup).values(**values).returning(AlertGroup.id))
    taking.new_groups = 1 + (taking.new_groups or 0)
    return db.session.get_one(AlertGroup, number)


def _count(touched: Sequence[Touched], now: datetime) -> None:
    """Count the open alerts of the groups anew, and keep how each stands."""
    numbers = [one.group.id for one in touched]
    rows = select(Alert.group_id, Alert.state, func.count()).where(Alert.group_id.in_(numbers), IS_OPEN_ALERT)
    counts: dict[int, dict[AlertState, int]] = {number: {} for number in numbers}
    for number, state, many in db.session.execute(rows.group_by(Alert.group_id, Alert.state)):
        counts[number][state] = many
    changed = []
    for one in touched:
        found = counts[one.group.id]
        one.firing, open_ = found.get(AlertState.FIRING, 0), found.get(AlertState.ACKNOWLEDGED, 0)
        state = rules.state_of(one.firing, open_)
        one.was_cleared = one.group.state is AlertState.CLEARED
        begins = one.was_cleared and state is not AlertState.CLEARED
        values: dict[str, Any] = {"firing": one.firing, "acknowledged": open_, "state": state, "last_at": now}
        values["heard"] = one.group.heard + len(one.heard)
        values["since"] = now if begins else one.group.since
        values["cleared_at"] = (one.group.cleared_at or now) if state is AlertState.CLEARED else None
        values["severity"] = one.heard[-1].severity if one.heard else one.group.severity
        changed.append({"id": one.group.id, **values})
        _hush(one, now)
    if changed:
        db.session.execute(update(AlertGroup), changed)
        for one, values in zip(touched, changed, strict=True):
            for name, value in values.items():  # not read again, group by group
                set_committed_value(one.group, name, value)


def _hush(one: Touched, now: datetime) -> None:
    """Count what came of a group that somebody called noise."""
    if not one.heard or one.group.silenced_until is None or one.group.silenced_until <= now:
        return
    is_on = (AlertSilence.group_id == one.group.id, AlertSilence.ended_at.is_(None), AlertSilence.until > now)
    counted = update(AlertSilence).where(*is_on).values(hushed=AlertSilence.hushed + len(one.heard))
    db.session.execute(counted, execution_options={"synchronize_session": False})
