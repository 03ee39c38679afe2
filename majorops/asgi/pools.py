"""Threads by kind of request, each kind with its own and with a bounded queue.

Strangers cannot use up what the people of an incident need. Python runs one thread at a time, so that
strangers also wait for staff to be done before they begin.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

STAFF_FIRST = 0.25  # seconds for which a stranger's request waits for staff to be done


class Pool:
    """`threads` that work and room for `waiting` more requests.

    `enter` and `leave` belong to the event loop's thread.
    """

    def __init__(self, name: str, threads: int, waiting: int):
        self.executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most, self._inside = threads + waiting, 0

    def enter(self) -> bool:
        """Take a place. False where all are taken."""
        if self._inside >= self._most:
            return False
        self._inside += 1
        return True

    def leave(self) -> None:
        """Give back the place that `enter` took: once for each True."""
        self._inside -= 1

    def stop(self) -> None:
        """Finish what has begun, forget what waits."""
        self.executor.shutdown(wait=True, cancel_futures=True)


class StaffRequests:
    """How many requests of signed-in people are being worked on."""

    def __init__(self):
        self._count, self._changed = 0, threading.Condition()

    def __enter__(self) -> None:
        with self._changed:
            self._count += 1

    def __exit__(self, *_) -> None:
        with self._changed:
            self._count -= 1
            if not self._count:
                self._changed.notify_all()

    def __bool__(self) -> bool:
        return self._count > 0

    def wait_until_done(self, seconds: float = STAFF_FIRST) -> None:
        """Wait on this thread until no request of staff is being worked on, for so many seconds at most."""
        if self._count:
            with self._changed:
                self._changed.wait_for(lambda: not self._count, seconds)
