"""The worker: reminds, takes what is due out of the outbox, sends it, and keeps what became of it.

It is a thread of the server, or a process of its own; any number of them side by side
(docs/architecture.md).
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from flask import Flask
from sqlalchemy import ColumnElement, CursorResult, Select, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import joinedload

from majorops import clock
from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.announcing import DIGEST_PERIOD, digest_end
from majorops.domain.enums import ChannelKind, DeliveryState, Frequency, Notice
from majorops.domain.events import EventKind
from majorops.logs import REQUEST_ID, fields
from majorops.models import Delivery
from majorops.notifications import (
    account,
    apprise_channel,
    boards,
    inside,
    mail,
    outgoing,
    pagers,
    public,
    push,
    ways,
    webhook,
    weekly,
)
from majorops.notifications.alerts import AlertIntake
from majorops.notifications.backups import back_up_when_due
from majorops.notifications.calendars import read_calendars
from majorops.notifications.due import LEASE, PAUSES, is_due, is_for_people, pause
from majorops.notifications.message import Message, NotSent
from majorops.operations import Recorded, search_index
from majorops.operations.actions import remind_due
from majorops.operations.after_action import nudge_due
from majorops.operations.alert_groups import forget_alerts
from majorops.operations.devices import remove_gone_device
from majorops.operations.digests import begin_due_digests
from majorops.operations.drafts import forget_drafts
from majorops.operations.first_word import publish_due
from majorops.operations.health import beat
from majorops.operations.maintenance import run_due
from majorops.operations.measured import measure_past
from majorops.operations.outcome import tell_outcome
from majorops.operations.outgoing import KEPT_FOR, due_endpoints, forget_events
from majorops.operations.paging import call_due
from majorops.operations.reminders import remind_all
from majorops.operations.rotas import calendars_due
from majorops.operations.subscriptions import end_resolved
from majorops.operations.weekly import send_due
from majorops.realtime.invalidation import publish_alerts
from majorops.version import VERSION

log = logging.getLogger(__name__)

SENDERS = 4  # one server that hangs must not hold up the others
EVENT_SENDERS = 4  # endpoints that are worked on at a time; people's messages have senders of their own
EVERY = 1.0  # seconds between two looks
LONGEST_PAUSE = 30.0  # seconds between two looks while they fail
LOOKED_AT_AGAIN = 600.0  # seconds until an announcement that could not be read is tried once more
SILENT = 2 * LONGEST_PAUSE  # seconds without a look after which the worker counts as not running
PAST = timedelta(days=1)  # what is older wakes nobody, as when a recording is replayed
FORGETS_EVERY = timedelta(minutes=10)
BEATS_EVERY = timedelta(seconds=15)
BACKUP_ASKED_EVERY = timedelta(minutes=1)
WAKING = frozenset(
    {
        EventKind.ALARM_RAISED,
        EventKind.ASK_OPENED,
        EventKind.HANDOVER_OFFERED,
        EventKind.RESPONSE_STOOD_DOWN,
        EventKind.MILESTONE_PUBLISHED,
        EventKind.UPDATE_PUBLISHED,
        EventKind.STATUS_CHANGED,
    }
)
SEND: dict[ChannelKind, Callable[[Message, dict], None]] = {
    ChannelKind.EMAIL: mail.send,
    ChannelKind.WEBHOOK: webhook.send,
    ChannelKind.APPRISE: apprise_channel.send,
    ChannelKind.PUSH: push.send,
    ChannelKind.PAGER: pagers.send,
}
PARTS = [
    Delivery.channel,
    Delivery.user,
    Delivery.incident,
    Delivery.subscriber,
    Delivery.announcement,
    Delivery.brief_link,
    Delivery.guest,
]


class Worker:
    """Sends what is due, for one process.

    `on_delivery`: called with the number of an incident whose messages changed; `lease`: how long a message
    may be on its way until another worker takes it; `give_way`: waits a moment while people are served.
    """

    def __init__(
        self,
        app: Flask,
        on_delivery: Callable[[int], None],
        lease: timedelta = LEASE,
        give_way: Callable[[], None] = lambda: None,
    ):
        self.app, self._on_delivery, self._lease = app, on_delivery, lease
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._slots = threading.Semaphore(SENDERS)
        self._event_slots = threading.Semaphore(EVENT_SENDERS)
        self._board_slot, self._calendar_slot = threading.Semaphore(1), threading.Semaphore(1)
        self._backup_slot = threading.Semaphore(1)
        self._backup_asked_at: datetime | None = None
        self._beat_at: datetime | None = None
        self._started_at: datetime | None = None
        self._thread: threading.Thread | None = None
        self._forgot_at: datetime | None = None
        self._measured_at: datetime | None = None
        self._to_measure: int | None = None
        self._digested: dict[Frequency, datetime] = {}  # up to when each was looked at
        self._looked_at = time.monotonic()
        self._alerts = AlertIntake(publish_alerts, give_way)
        self._has_alerts = False  # that wait after a look
        self._unreadable: dict[int, float] = {}  # announcements, and when they were tried
        self._logged: dict[str, float] = {}  # what fails, and when that was logged

    @property
    def is_running(self) -> bool:
        """The thread is there and has looked within SILENT seconds."""
        is_there = self._thread is not None and self._thread.is_alive()
        return is_there and time.monotonic() - self._looked_at < SILENT

    def start(self) -> None:
        """Work on a thread of its own."""
        self._thread = threading.Thread(target=self.run, name="worker", daemon=True)
        self._thread.start()

    def on_event(self, recorded: list[Recorded]) -> None:
        """After a commit of this process: what queued an urgent message (WAKING) is looked at once.

        All else is looked at within a second.
        """
        if any(entry.kind in WAKING for entry in recorded):
            self._wake.set()

    def end(self) -> None:
        """Take nothing more, without waiting; may be called by a signal."""
        self._stopping.set()
        self._wake.set()

    def stop(self) -> None:
        """Take nothing more; wait two seconds at most for the thread, and as long for what is being sent.

        The rest is taken up by the next worker.
        """
        self.end()
        if self._thread:
            self._thread.join(timeout=2)
        ends_at = time.monotonic() + 2
        busy = [(self._slots, SENDERS), (self._event_slots, EVENT_SENDERS)]
        busy += [(self._board_slot, 1), (self._calendar_slot, 1)]
        for slots, count in busy:
            for _ in range(count):
                slots.acquire(timeout=max(ends_at - time.monotonic(), 0))

    def run(self) -> None:
        """Work until stopped. A database that does not answer is waited for, and no failure ends it."""
        failures = 0
        while not self._stopping.is_set():
            self._wake.clear()
            self._looked_at = time.monotonic()
            try:
                busy, failures = self.look(), 0
            except SQLAlchemyError as error:
                self._say_once("outbox", "the worker cannot work: %s", getattr(error, "orig", None) or error)
                busy = False
            except Exception:
                log.exception("the worker goes on after a pause")
                busy, failures = False, failures + 1
            if not busy:
                self._wake.wait(min(EVERY * 2**failures, LONGEST_PAUSE))

    def look(self) -> bool:
        """Do once what the clock calls for, and hand what is due to the senders.

        Returns whether there may be more.
        """
        with self.app.app_context():
            self._tick()
            self._begin_events()
            self._begin_boards()
            self._begin_calendars()
            self._begin_backup()
            taken = 0
            while not self._stopping.is_set() and self._slots.acquire(blocking=False):
                is_handed_over = False
                try:
                    message = self._take()
                    if message is None:
                        return self._has_alerts
                    taken += 1
                    # Not from a pool: its threads would be waited for when the process ends, however
                    # long a server hangs.
                    threading.Thread(
                        target=self._send_in_thread, args=(message,), name="sender", daemon=True
                    ).start()
                    is_handed_over = True
                finally:
                    if not is_handed_over:
                        self._slots.release()
        if taken == 0:  # every sender is busy
            self._wake.wait(EVERY / 10)
        return True

    def drain(self) -> int:
        """Send what is due now, one after another, in this thread. Returns how many were tried."""
        count = 0
        with self.app.app_context():
            self._alerts.work(clock.now, float("inf"))
            self._fan_out()
            while message := self._take():
                self.deliver(message)
                count += 1
            for number in due_endpoints(clock.now()):
                count += outgoing.work_on(number, self.app.config, lambda: True)
            count += boards.refresh(self.app.config)
        return count

    def _begin_events(self) -> None:
        """Hand each endpoint for which something is due to a thread, as long as there are any."""
        for number in due_endpoints(clock.now()):
            if self._stopping.is_set() or not self._event_slots.acquire(blocking=False):
                break
            # As for messages: not from a pool.
            threading.Thread(target=self._work_on, args=(number,), name="event sender", daemon=True).start()
        db.session.rollback()

    def _begin_boards(self) -> None:
        """Where a chat has a message of each incident, bring them up to date on a thread."""
        if boards.rooms(self.app.config) and self._board_slot.acquire(blocking=False):
            threading.Thread(target=self._refresh_boards, name="boards", daemon=True).start()

    def _begin_calendars(self) -> None:
        """Where a rota's calendar is to be read again, read it on a thread: some answer slowly."""
        if calendars_due(clock.now()) and self._calendar_slot.acquire(blocking=False):
            threading.Thread(target=self._read_calendars, name="calendars", daemon=True).start()
        db.session.rollback()

    def _read_calendars(self) -> None:
        try:
            with self.app.app_context():
                read_calendars(clock.now(), self.app.config)
        except Exception:  # they stay due
            log.exception("calendars of rotas")
        finally:
            self._calendar_slot.release()

    def _refresh_boards(self) -> None:
        try:
            with self.app.app_context():
                boards.refresh(self.app.config)
        except Exception:  # the lease runs out, and it is tried again
            log.exception("messages in chats")
        finally:
            self._board_slot.release()

    def _begin_backup(self) -> None:
        """Once a minute ask whether a timed backup is due, and make it on a thread of its own."""
        now = clock.now()
        is_asked = self._backup_asked_at is None or now - self._backup_asked_at >= BACKUP_ASKED_EVERY
        if self.app.config["BACKUP_DIR"] and is_asked and self._backup_slot.acquire(blocking=False):
            self._backup_asked_at = now
            threading.Thread(target=self._back_up, name="backup", daemon=True).start()

    def _back_up(self) -> None:
        try:
            with self.app.app_context():
                back_up_when_due(self.app.config)
        except Exception:  # the next minute asks again
            log.exception("timed backups")
        finally:
            self._backup_slot.release()

    def _work_on(self, endpoint_id: int) -> None:
        try:
            with self.app.app_context():
                outgoing.work_on(endpoint_id, self.app.config, lambda: not self._stopping.is_set())
        except Exception:  # the lease runs out, and the event goes again
            log.exception("endpoint %s", endpoint_id)
        finally:
            self._event_slots.release()

    def _say_once(self, about: str, *words: object, exc_info: bool = False) -> None:
        """Log what goes wrong every second once a minute."""
        if time.monotonic() - self._logged.get(about, float("-inf")) > SILENT:
            self._logged[about] = time.monotonic()
            log.warning(*words, exc_info=exc_info)

    def _tick(self) -> None:
        acts = {
            "heartbeat": self._beat,
            "alerts": self._take_alerts,
            "pages": lambda: call_due(clock.now()),
            "reminders": lambda: remind_all(now=clock.now(), on_reminder=self._on_delivery),
            "maintenance": lambda: run_due(clock.now()),
            "first words": lambda: publish_due(clock.now()),
            "After Actions": lambda: nudge_due(clock.now()),
            "actions": lambda: remind_due(clock.now()),
            "old drafts": self._tidy,
            "digests": self._digests,
            "weekly digests": lambda: send_due(clock.now()),
            "measures": self._measure,
            "announcements": lambda: self._fan_out(until=people_wait),
        }
        for name, act in acts.items():
            try:
                act()
            except SQLAlchemyError:
                raise
            except Exception:  # a rule that fails must stop neither the others nor the mail
                self._say_once(name, "the clock's own acts: %s", name, exc_info=True)
            finally:
                db.session.rollback()

    def _beat(self) -> None:
        """Say now and then that a worker looks: other processes tell the admins where none does."""
        now = clock.now()
        if self._beat_at is None or now - self._beat_at >= BEATS_EVERY:
            self._started_at = self._started_at or now
            name = f"{socket.gethostname()[:100]}:{os.getpid()}"
            beat(name, version=VERSION, started_at=self._started_at, actor=SYSTEM, now=now)
            self._beat_at = now

    def _take_alerts(self) -> None:
        self._has_alerts = self._alerts.work(clock.now)

    def _tidy(self) -> None:
        """Now and then: drafts are kept for the days that the settings say.

        What an earlier version wrote beside this one is found by searches as well.
        """
        now = clock.now()
        if self._forgot_at is None or now - self._forgot_at >= FORGETS_EVERY:
            before = now - timedelta(days=self.app.config["AI_KEEP_DAYS"])
            search_index.mend(actor=SYSTEM, now=now)
            end_resolved(before=now - PAST, actor=SYSTEM, now=now)
            is_done = not forget_drafts(before=before, actor=SYSTEM, now=now)
            is_done = not forget_alerts(actor=SYSTEM, now=now) and is_done
            is_done = not forget_events(before=now - KEPT_FOR, actor=SYSTEM, now=now) and is_done
            self._forgot_at = now if is_done else None

    def _measure(self) -> None:
        """Measure what an earlier version resolved: at the start all of the past, later the newest."""
        now = clock.now()
        if self._measured_at is None or now - self._measured_at >= FORGETS_EVERY:
            self._to_measure = measure_past(self._to_measure, actor=SYSTEM, now=now)
            is_done = self._to_measure is None or self._measured_at is not None
            self._to_measure = None if is_done else self._to_measure
            self._measured_at = now if is_done else None

    def _digests(self) -> None:
        """Begin what is due; the database is asked once for each end of a period."""
        now = clock.now()
        ends = {frequency: digest_end(frequency, now) for frequency in DIGEST_PERIOD}
        if ends != self._digested:
            begin_due_digests(now)
            self._digested = ends

    def _fan_out(self, until: Callable[[], bool] = lambda: False) -> None:
        """Make the messages of what was announced, some hundred at a time, `until` that holds.

        Whoever publishes does not wait for it.
        """
        now = time.monotonic()
        self._unreadable = {one: at for one, at in self._unreadable.items() if now - at < LOOKED_AT_AGAIN}
        while public.has_work(self._unreadable) and not self._stopping.is_set() and not until():
            _begin_to_write()
            try:
                public.fan_out(self.app.config, clock.now(), self._unreadable)
            except public.Unreadable as error:
                log.exception("announcement %s cannot be read: the others go first", error.number)
                self._unreadable[error.number] = now
                db.session.rollback()
            db.session.commit()

    def _take(self) -> Message | None:
        """Claim the message that has waited longest, those of people before those of subscribers.

        One changed row means that it is ours.
        """
        now = clock.now()
        numbers = db.session.scalars(_first(is_for_people(now))).all()
        numbers = numbers or db.session.scalars(_first(is_due(now))).all()
        for number in numbers:
            if message := self._claim(number, now):
                return message
        db.session.rollback()
        return None

    def _claim(self, number: int, now: datetime) -> Message | None:
        """The message of this row if it is due and nobody else has it."""
        values = {"state": DeliveryState.SENDING, "attempts": Delivery.attempts + 1}
        values["claimed_until"] = now + self._lease
        _begin_to_write()
        claim = update(Delivery).where(Delivery.id == number, is_due(now)).values(**values)
        claimed = db.session.execute(claim, execution_options={"synchronize_session": False})
        mine = cast(CursorResult, claimed).rowcount
        db.session.commit()
        return self._read(number, now) if mine else None

    def deliver_acts(self, acts: Iterable[str]) -> None:
        """Send the messages of these acts in this thread, whatever waits: where no worker looks."""
        numbers = db.session.scalars(select(Delivery.id).where(Delivery.act.in_(list(acts)))).all()
        for number in numbers:
            if message := self._claim(number, clock.now()):
                self.deliver(message)

    def _read(self, number: int, now: datetime) -> Message | None:
        """The message of a claimed row.

        One that cannot be understood is set aside as failed, with the reason.
        """
        try:
            row = db.session.get(Delivery, number, options=[joinedload(part) for part in PARTS])
            if row is None:  # the subscriber was forgotten meanwhile
                return None
            if row.kind not in SEND:
                raise ValueError(f"no channel is called {row.kind}")
            return replace(_maker_of(row)(row, self.app.config, now), request_id=row.request_id or "")
        except SQLAlchemyError:
            raise
        except Exception as error:
            log.exception("delivery %s cannot be read and is set aside", number)
            self._set_aside(number, f"Cannot be read: {type(error).__name__}: {error}")
            return None
        finally:
            db.session.rollback()

    @staticmethod
    def _set_aside(number: int, why: str) -> None:
        _begin_to_write()
        db.session.execute(
            update(Delivery)
            .where(Delivery.id == number)
            .values(state=DeliveryState.FAILED, claimed_until=None, last_error=why[:500]),
            execution_options={"synchronize_session": False},
        )
        db.session.commit()

    def _send_in_thread(self, message: Message) -> None:
        try:
            with self.app.app_context():
                self.deliver(message)
        except Exception:  # the lease runs out, and the message goes again
            log.exception("delivery %s", message.id)
        finally:
            self._slots.release()
            self._wake.set()

    def deliver(self, message: Message) -> None:
        """Send one claimed message and keep what became of it.

        No transaction is open while it is on its way.
        """
        db.session.remove()
        before = REQUEST_ID.set(message.request_id)
        try:
            if message.waited > PAST:
                raise NotSent("Not sent: it tells of something more than a day ago.", is_past=True)
            if message.void:
                raise NotSent(message.void, is_past=True)
            SEND[message.kind](message, self.app.config)
        except NotSent as problem:
            self._finish(message, problem)
        except Exception as error:
            log.exception("delivery %s", message.id)
            self._finish(message, NotSent(f"{type(error).__name__}: {error}"))
        else:
            self._finish(message, None)
        finally:
            REQUEST_ID.reset(before)

    @staticmethod
    def _forget_device(number: int | None, now: datetime) -> None:
        """Remove a device that its push service does not know any more; None for nothing to remove."""
        try:
            if number is not None:
                remove_gone_device(number, actor=SYSTEM, now=now)
        except Exception:  # the next message finds it gone again
            log.exception("device %s", number)

    def _finish(self, message: Message, problem: NotSent | None) -> None:
        now, is_gone = clock.now(), problem is not None and problem.is_gone
        _begin_to_write()
        row = db.session.get(Delivery, message.id)
        if row is None:  # the subscriber was forgotten while it was on its way
            return
        row.claimed_until, row.last_error = None, str(problem or "")[:500]
        if problem is None:
            row.state, row.sent_at = DeliveryState.SENT, now
        elif problem.is_past:
            row.state = DeliveryState.QUIET
        elif problem.is_unset:
            row.state = DeliveryState.NO_CHANNEL
        elif problem.is_final or row.attempts > len(PAUSES):
            row.state = DeliveryState.FAILED
        else:
            row.state, row.next_at = DeliveryState.PENDING, now + pause(row.attempts)
        if message.subscriber:
            public.count_failures(row)
        elif problem is None or not problem.is_past:
            ways.note(row, str(problem or ""), self.app.config, now, is_gone=is_gone)
        told = {"delivery": row.id, "state": row.state.value, "channel": message.kind.value}
        log.info("delivery", extra=fields(**told, attempts=row.attempts, incident=message.incident))
        gone = row.channel_id if is_gone else None
        db.session.commit()
        self._forget_device(gone, now)
        if message.subscriber:
            public.settle(message, row.act, row.state, problem is not None and problem.is_final, now)
        if message.incident is not None:
            try:
                tell_outcome(message.incident, message.act, now)
            except Exception:  # the message is settled whatever becomes of its entry
                log.exception("the outcome of %s", message.act)
            with suppress(Exception):
                self._on_delivery(message.incident)


def _maker_of(row: Delivery) -> Callable[[Delivery, dict[str, Any], datetime], Message]:
    """What makes the message of such a row."""
    if row.kind is ChannelKind.PAGER:
        return pagers.message
    if row.notice is Notice.ACCOUNT:
        return account.message
    if row.notice is Notice.DIGEST:
        return weekly.message
    return public.message if row.subscriber_id else inside.message


def people_wait() -> bool:
    """A message to somebody who has a part in the response is due: it goes before the next hundreds."""
    return db.session.scalar(_first(is_for_people(clock.now()))) is not None


def _first(rule: ColumnElement[bool]) -> Select[int]:
    """The numbers of the twenty that have waited longest."""
    return select(Delivery.id).where(rule).order_by(Delivery.next_at, Delivery.id).limit(20)


def _begin_to_write() -> None:
    """A transaction of SQLite that begins with a read cannot wait for another writer (see db.py)."""
    db.session.rollback()
    db.session.connection(execution_options={"writing": True})
