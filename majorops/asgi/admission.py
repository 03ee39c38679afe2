"""Admission of anonymous requests to the event loop.

A request of somebody at work never waits behind those of a crowd.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

from majorops.asgi.pools import StaffRequests

BATCH, BATCH_BESIDE_STAFF = 32, 4  # requests in one iteration of the event loop
INTERVAL = 0.001  # seconds between two batches while staff work: their threads have the processor


class Connection(Protocol):
    """What is queued: a connection that reads nothing more until it is admitted."""

    def on_admitted(self, data: bytes) -> None:
        """Go on with `data`, the bytes that were enqueued; called once, on the event loop's thread."""


class AdmissionQueue:
    """First come, first served, in batches. All of it belongs to the event loop's thread."""

    def __init__(self, staff: StaffRequests):
        self._staff, self._queue = staff, deque[tuple[Connection, bytes]]()
        self._left = BATCH

    def admits(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether an anonymous request may be worked on in this iteration of the loop.

        If not, `enqueue` its connection.
        """
        if self._queue or self._staff or not self._left:
            return False
        if self._left == BATCH:
            loop.call_soon(self._begin_batch)
        self._left -= 1
        return True

    def enqueue(self, connection: Connection, data: bytes) -> None:
        """Call the connection's `on_admitted` with `data` when it is first in the queue."""
        if not self._queue:
            self._schedule()
        self._queue.append((connection, data))

    def _begin_batch(self) -> None:
        self._left = BATCH

    def _schedule(self) -> None:
        loop = asyncio.get_running_loop()
        if self._staff:
            loop.call_later(INTERVAL, self._admit, BATCH_BESIDE_STAFF)
        else:
            loop.call_soon(self._admit, BATCH)

    def _admit(self, most: int) -> None:
        for _ in range(min(most, len(self._queue))):
            connection, data = self._queue.popleft()
            connection.on_admitted(data)
        if self._queue:
            self._schedule()
