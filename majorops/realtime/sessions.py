"""Streams end with the session that opened them.

In the process that ends it at once, in the others when they hear of it, or else with the next beat. The
database is asked on a thread; while it does not answer, streams go on.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable

log = logging.getLogger(__name__)

SOON = 0.05  # seconds to gather streams that are opened together
REMEMBERED = 10_000


class Sessions:
    """On the event loop's thread.

    `find_over`: tells, on any thread, which of some sessions have ended; `end`: ends the streams of those.
    """

    def __init__(self, find_over: Callable[[set[str]], set[str]], end: Callable[[set[str]], None]):
        self._find_over, self._end = find_over, end
        self._over: OrderedDict[str, None] = OrderedDict()
        self._wanted: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task] = set()

    def is_over(self, session: str) -> bool:
        """It is known to have ended: a ticket that it got before opens nothing."""
        return session in self._over

    def check(self, sessions: set[str]) -> None:
        """Look soon whether these have ended."""
        self._wanted |= sessions
        if self._timer is None and self._wanted:
            self._timer = asyncio.get_running_loop().call_later(SOON, self._begin)

    def stop(self) -> None:
        """Begin no look any more; one that is under way ends by itself."""
        if self._timer:
            self._timer.cancel()

    def _begin(self) -> None:
        wanted, self._wanted, self._timer = self._wanted, set(), None
        task = asyncio.get_running_loop().create_task(self._look(wanted))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look(self, wanted: set[str]) -> None:
        try:
            over = await asyncio.to_thread(self._find_over, wanted)
        except Exception as error:
            log.warning("not known which sessions have ended: %s", error)
            return
        self._over |= dict.fromkeys(over)
        while len(self._over) > REMEMBERED:
            self._over.popitem(last=False)
        self._end(over)
