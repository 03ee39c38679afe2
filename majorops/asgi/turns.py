"""Turns of strangers on the event loop: a request of somebody at work never waits behind a crowd."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

from majorops.asgi.pools import StaffWork

AT_ONCE, BESIDE_STAFF = 32, 4  # requests in one round of the event loop
PAUSE = 0.001  # seconds between two rounds while staff work: the threads of staff have the processor


class Connection(Protocol):
    """What waits: a connection that was told to stop reading."""

    def take_turn(self, data: bytes) -> None: ...


class Turns:
    """All of it belongs to the event loop's thread."""

    def __init__(self, staff: StaffWork):
        self._staff, self._waiting = staff, deque[tuple[Connection, bytes]]()
        self._left = AT_ONCE

    def has_room(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether a request of a stranger may be worked on in this round. If not, it has to `wait`."""
        if self._waiting or self._staff or not self._left:
            return False
        if self._left == AT_ONCE:
            loop.call_soon(self._begin_round)
        self._left -= 1
        return True

    def wait(self, connection: Connection, data: bytes) -> None:
        """Its `take_turn` is called when it is next."""
        if not self._waiting:
            self._go_on()
        self._waiting.append((connection, data))

    def _begin_round(self) -> None:
        self._left = AT_ONCE

    def _go_on(self) -> None:
        loop = asyncio.get_running_loop()
        if self._staff:
            loop.call_later(PAUSE, self._take, BESIDE_STAFF)
        else:
            loop.call_soon(self._take, AT_ONCE)

    def _take(self, most: int) -> None:
        for _ in range(min(most, len(self._waiting))):
            connection, data = self._waiting.popleft()
            connection.take_turn(data)
        if self._waiting:
            self._go_on()
