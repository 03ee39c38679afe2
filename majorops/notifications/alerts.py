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
from majorops.models import AlertDelivery, AlertSource
from majorops.operations.alerts import Batch, fail_delivery, note_silence, silent_sources, take_alerts
from majorops.operations.paging import answer_outside, page_by_key

log = logging.getLogger(__name__)

STEP = 100  # alerts of one transaction
# Deliveries of one: one at first, as what opens an incident takes longest, then twice as many each time until
# a step takes so many seconds. On SQLite whoever saves meanwhile waits for it.
FIRST, LEAST, MOST, STEP_SECONDS = 1, 10, 100, 0.05
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
    alerts changed. `give_way`: called before each step, to wait while people are served.
    """

    def __init__(
        self,
        on_change: Callable[[set[int]], None] = lambda numbers: None,
        give_way: Callable[[], None] = lambda: None,
    ):
        self._on_change, self._give_way = on_change, give_way
        self._read: dict[int, tuple[tuple[Heard, ...], str]] = {}
        self._many = FIRST

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
            self._many = min(self._many, LEAST)
            return None
        self._give_way()
        answer_pages((one for batch in batches for one in batch.alerts), now)
        began = time.monotonic()
        try:
            found = take_alerts(source_id, batches, actor=SYSTEM, now=now)
        except SQLAlchemyError:
            raise
        except Exception:
            log.exception("alerts of source %s", source_id)
            return self._alone(source_id, batches[0], now)
        is_quick = time.monotonic() - began < STEP_SECONDS
        self._many = min(2 * self._many, MOST) if is_quick else max(self._many // 2, LEAST)
        return found

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
    def _alerts_of(row: AlertDelivery, source: AlertSource) -> tuple[tuple[Heard, ...], str]:
        """With the source's mapping as it is now."""
        sent = Sent(row.kept_headers, row.body, header=source.header, mapping=source.mapping)
        return read_alerts(source.kind, sent)

    def _next(self, source_id: int) -> list[Batch]:
        """The next alerts of a source, at most STEP, of as many deliveries as a step has now."""
        pending = select(AlertDelivery).filter_by(source_id=source_id, state=HookState.PENDING)
        source = db.session.get_one(AlertSource, source_id)
        batches: list[Batch] = []
        room = STEP
        for row in db.session.scalars(pending.order_by(AlertDelivery.id).limit(self._many)):
            alerts, problem = self._read.get(row.id) or self._alerts_of(row, source)
            rest = alerts[row.taken : row.taken + room]
            is_last = row.taken + len(rest) >= len(alerts)
            batches.append(Batch(row.id, row.taken, rest, is_last, problem))
            self._read = {} if is_last else {row.id: (alerts, problem)}
            room -= len(rest)
            if room <= 0 or not is_last:
                break
        db.session.rollback()
        return batches
