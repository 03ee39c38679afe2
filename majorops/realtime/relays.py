"""Relays between processes: they send short texts, and may lose some.

`send` never waits and never raises. A relay that lost its connection says so (`on_connection(False)`),
keeps trying, says when it is back (`on_connection(True)`), and then tells the others that something may
have been lost.
"""

from __future__ import annotations

import atexit
import hashlib
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator

from majorops.realtime.messages import EVERYWHERE, Again, encode

log = logging.getLogger(__name__)

AGAIN = encode(Again("relay", EVERYWHERE))
PAUSES = (0.1, 0.3, 1.0, 2.0)  # seconds between tries; the last one repeats
WAITING = 1_000  # texts kept for a relay that is slow


class Relay:
    """No relay: one process alone."""

    def start(self, on_message: Callable[[str | bytes], None], on_connection: Callable[[bool], None]) -> None:
        """Begin to listen.

        `on_message` gets each text, `on_connection` whether it is up; both on a thread of the relay.
        """

    def send(self, text: str) -> None:
        """Tell the other processes, soon."""

    def stop(self) -> None:
        """Send what waits, then leave; two seconds at most for each thread of the relay."""


class ThreadedRelay(Relay):
    """A relay that needs a connection to send and one to listen, each on a thread of its own."""

    def __init__(self) -> None:
        self._outbox: queue.Queue[str | None] = queue.Queue(WAITING)
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._sender: threading.Thread | None = None
        self._starting = threading.Lock()
        self._has_lost = False  # a text was dropped: the others are to look again

    # What each relay brings.

    def connect(self):
        """A fresh connection to send with. May raise anything."""
        raise NotImplementedError

    def publish(self, connection, text: str) -> None:
        """Send one text over a connection of `connect`. May raise anything: the text is tried again."""
        raise NotImplementedError

    def listen(self) -> Iterator[str | bytes | None]:
        """Texts as they come, None at least once a second.

        Raises when the connection breaks, and closes what it opened.
        """
        raise NotImplementedError

    # What all share.

    def start(self, on_message, on_connection) -> None:
        """As `Relay.start`. A process that only sends need not start."""
        self._run(self._listening, on_message, on_connection)

    def send(self, text: str) -> None:
        """As `Relay.send`. Behind WAITING texts it is dropped, and the others are told to look again."""
        if self._sender is None:
            with self._starting:
                self._sender = self._sender or self._run(self._sending)
            atexit.register(self.stop)  # a command line ends right after its change
        try:
            self._outbox.put_nowait(text)
        except queue.Full:
            self._has_lost = True

    def stop(self) -> None:
        """As `Relay.stop`. Where WAITING texts wait, the oldest is dropped."""
        self._stopping.set()
        if self._sender:
            if self._outbox.full():
                self._outbox.get_nowait()
            self._outbox.put_nowait(None)
        for thread in self._threads:
            thread.join(timeout=2)

    def _run(self, work: Callable, *args) -> threading.Thread:
        thread = threading.Thread(target=work, args=args, name=type(self).__name__, daemon=True)
        thread.start()
        self._threads.append(thread)
        return thread

    def _listening(self, on_message, on_connection) -> None:
        tries, is_up = 0, True  # the first failure is said, the first success is nothing new
        while not self._stopping.is_set():
            try:
                for text in self.listen():
                    if not is_up:
                        log.warning("the relay between processes is back")
                        on_connection(True)
                    tries, is_up = 0, True
                    if text is not None:
                        on_message(text)
                    if self._stopping.is_set():
                        return
            except Exception as error:
                if is_up:
                    log.warning("the relay between processes is down: %s", error)
                    on_connection(False)
                is_up = False
            self._stopping.wait(PAUSES[min(tries, len(PAUSES) - 1)])
            tries += 1

    def _sending(self) -> None:
        connection, tries = None, 0
        while (text := self._outbox.get()) is not None:
            while True:
                try:
                    connection = connection or self.connect()
                    self.publish(connection, text)
                    tries = 0
                    if not self._has_lost:
                        break
                    text, self._has_lost = AGAIN, False
                except Exception as error:
                    log.debug("not sent between processes: %s", error)
                    connection = self._close(connection)
                    tries += 1
                    if self._stopping.is_set():
                        return
                    if tries > 1:  # the first time may be an old connection
                        self._has_lost = True
                        self._stopping.wait(PAUSES[min(tries, len(PAUSES) - 1)])
        self._close(connection)

    @staticmethod
    def _close(connection) -> None:
        try:
            if connection is not None:
                connection.close()
        except Exception as error:
            log.debug("closing a dead connection: %s", error)


class PostgresRelay(ThreadedRelay):
    """LISTEN and NOTIFY of the database itself. Needs a session: not through a pooler in transaction mode.

    `address`: as psycopg takes it, postgresql://…
    """

    CHANNEL = "majorops"

    def __init__(self, address: str):
        super().__init__()
        self._address = address

    def connect(self):
        """A connection beside SQLAlchemy's. Raises psycopg.Error, after three seconds at the latest."""
        import psycopg

        # A peer that vanished without a word is noticed within 20 s.
        alive = {"keepalives_idle": 10, "keepalives_interval": 3, "keepalives_count": 3}
        return psycopg.connect(
            self._address, autocommit=True, connect_timeout=3, application_name="majorops", **alive
        )

    def publish(self, connection, text: str) -> None:
        """NOTIFY with the text, below 8,000 bytes. Raises psycopg.Error."""
        connection.execute("SELECT pg_notify(%s, %s)", (self.CHANNEL, text))

    def listen(self):
        """As `ThreadedRelay.listen`; our own texts come back too."""
        with self.connect() as connection:
            connection.execute(f"LISTEN {self.CHANNEL}")
            yield None
            while True:
                for notice in connection.notifies(timeout=0.5):
                    yield notice.payload
                yield None


class RedisRelay(ThreadedRelay):
    """Redis publish and subscribe. `secret` keeps two installations on one server apart."""

    def __init__(self, address: str, secret: str):
        super().__init__()
        self._address = address
        self._channel = "majorops:" + hashlib.sha256(secret.encode()).hexdigest()[:16]

    def connect(self):
        """A client, which connects with its first command only."""
        import redis

        return redis.Redis.from_url(
            self._address, socket_connect_timeout=3, socket_timeout=5, health_check_interval=10
        )

    def publish(self, connection, text: str) -> None:
        """PUBLISH the text on this installation's channel. Raises redis.RedisError."""
        connection.publish(self._channel, text)

    def listen(self):
        """As `ThreadedRelay.listen`; our own texts come back too."""
        connection = self.connect()
        try:
            pubsub = connection.pubsub(ignore_subscribe_messages=True)
            pubsub.subscribe(self._channel)
            while True:
                message = pubsub.get_message(timeout=0.5)
                yield message["data"] if message else None
        finally:
            self._close(connection)


class SQLiteRelay(ThreadedRelay):
    """Processes of one box on one SQLite file: the file itself tells that somebody else wrote.

    `changes(connection, after)` reads what was recorded after entry `after` and returns (newest entry,
    texts); with None it only says which entry is the newest. There is nothing to send.
    """

    EVERY = 0.25  # seconds; asking costs some microseconds

    def __init__(self, path: str, changes: Callable):
        super().__init__()
        self._path, self._changes = path, changes

    def send(self, text: str) -> None:
        """Nothing to do: the file tells the others."""
        pass

    def listen(self):
        """As `ThreadedRelay.listen`, four times a second; what this process wrote comes back too."""
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=5)
        try:
            newest, _ = self._changes(connection, None)
            seen = self._version(connection)
            while True:
                yield None
                self._stopping.wait(self.EVERY)
                if (version := self._version(connection)) != seen:
                    seen = version
                    newest, texts = self._changes(connection, newest)
                    yield from texts
        finally:
            connection.close()

    @staticmethod
    def _version(connection) -> int:
        return connection.execute("PRAGMA data_version").fetchone()[0]
