"""The worker's part in alerts: deliveries that wait are read and taken in, silent sources become alerts."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from majorops.db import db
from majorops.domain.access import SYSTEM, machine
from majorops.domain.alerts import Heard
from majorops.domain.enums import HookState, SourceKind
from majorops.domain.errors import Refused
from majorops.integrations import INTEGRATIONS
from majorops.integrations.base import NotReadError, Sent
from majorops.models import AlertDelivery
from majorops.operations.alerts import Batch, fail_delivery, note_silence, silent_sources, take_alerts
from majorops.operations.paging import answer_outside, page_by_key

log = logging.getLogger(__name__)

STEP = 100  # alerts of one transaction: who sends the next ones waits for it on SQLite
DELIVERIES = 25  # of one step
SECONDS = 1.0  # of work until reminders and mail have their turn


def read_alerts(kind: SourceKind, sent: Sent) -> tuple[tuple[Heard, ...], str]:
    """The alerts of what a source of this kind sent, or why none can be read. Never raises."""
    try:
        return tuple(INTEGRATIONS[kind].parse(sent)), ""
    except NotReadError as problem:
        return (), str(problem)
    except Exception as error:  # a body that nobody foresaw must not hold up the next ones
        log.exception("a body of %s cannot be read", kind)
        return (), f"Cannot be read: {type(error).__name__}"


def answer_pages(alerts: Iterable[Heard], now: datetime) -> None:
    """A page of ours that somebody acknowledged in the pager outside is answered. Never raises, done once."""
    for one in alerts:
        if not one.answered_by or (row := page_by_key(one.page_key)) is None or row.ended_at:
            continue
        actor = machine(f"{one.answered_by[:40]} by {row.pager_name}")
        try:
            answer_outside(row.incident, row.id, one.answered_by, actor=actor, now=now)
        except Refused as problem:  # the incident is over
            log.info("page %s: %s", one.page_key, problem)


class AlertIntake:
    """Takes in what waits, for one process; a body is read once, however many steps it takes.

    `on_change`: called once after each look that changed something, with the numbers of the incidents whose
    alerts changed.
    """

    def __init__(self, on_change: Callable[[set[int]], None] = lambda numbers: None):
        self._on_change = on_change
        self._read: dict[int, tuple[tuple[Heard, ...], str]] = {}

    def work(self, clock: Callable[[], datetime], seconds: float = SECONDS) -> bool:
        """Take in what waits, for so many seconds. Returns whether there may be more."""
        until, is_left = time.monotonic() + seconds, False
        changed: set[int] = set()
        silent = [note_silence(number, actor=SYSTEM, now=clock()) for number in silent_sources(clock())]
        has_changed = any(silent)
        for number in self._waiting():
            while (found := self._step(number, clock())) is not None:
                has_changed, changed = True, changed | found
                if is_left := time.monotonic() > until:
                    break
        if has_changed:
            self._on_change(changed)
        return is_left

    @staticmethod
    def _waiting() -> list[int]:
        pending = select(AlertDelivery.source_id).filter_by(state=HookState.PENDING).distinct()
        numbers = list(db.session.scalars(pending))
        db.session.rollback()
        return numbers

    def _step(self, source_id: int, now: datetime) -> frozenset[int] | None:
        """One transaction of a source; returns the incidents that it was about, None where it did nothing."""
        batches = self._next(source_id)
        if not batches:
            return None
        answer_pages((one for batch in batches for one in batch.alerts), now)
        try:
            return take_alerts(source_id, batches, actor=SYSTEM, now=now)
        except SQLAlchemyError:
            raise
        except Exception:
            log.exception("alerts of source %s", source_id)
            return self._alone(source_id, batches[0], now)

    @staticmethod
    def _alone(source_id: int, first: Batch, now: datetime) -> frozenset[int] | None:
        """The first one by itself: what fails is set aside in the end, and only that."""
        try:
            return take_alerts(source_id, [first], actor=SYSTEM, now=now)
        except SQLAlchemyError:
            raise
        except Exception as error:
            fail_delivery(first.delivery_id, f"{type(error).__name__}: {error}", actor=SYSTEM, now=now)
            return None

    @staticmethod
    def _alerts_of(row: AlertDelivery) -> tuple[tuple[Heard, ...], str]:
        """With the source's mapping as it is now."""
        sent = Sent(row.kept_headers, row.body, header=row.source.header, mapping=row.source.mapping)
        return read_alerts(row.source.kind, sent)

    def _next(self, source_id: int) -> list[Batch]:
        """The next alerts of a source, at most STEP, of as many deliveries as that takes."""
        pending = select(AlertDelivery).filter_by(source_id=source_id, state=HookState.PENDING)
        batches: list[Batch] = []
        room = STEP
        for row in db.session.scalars(pending.order_by(AlertDelivery.id).limit(DELIVERIES)):
            alerts, problem = self._read.get(row.id) or self._alerts_of(row)
            rest = alerts[row.taken : row.taken + room]
            is_last = row.taken + len(rest) >= len(alerts)
            batches.append(Batch(row.id, row.taken, rest, is_last, problem))
            self._read = {} if is_last else {row.id: (alerts, problem)}
            room -= len(rest)
            if room <= 0 or not is_last:
                break
        db.session.rollback()
        return batches
