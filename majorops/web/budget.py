"""How often somebody may ask, a token or an address: in each process, so many requests in a span."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock

SPAN = 10.0  # seconds
REQUESTS = 300
KEPT = 10_000  # keys


class Budget:
    """Counts the requests of each key in spans that begin with its first one."""

    def __init__(self, requests: int = REQUESTS, span: float = SPAN) -> None:
        self.requests, self.span = requests, span
        self._spans: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()
        self._lock = Lock()

    def wait(self, key: Hashable) -> int:
        """Count a request; 0 where it may go on, else the whole seconds after which the next one may."""
        with self._lock:
            began, count = self._span_of(key)
            is_over = count >= self.requests
            self._spans[key] = began, count + (not is_over)
            self._spans.move_to_end(key)
            if len(self._spans) > KEPT:
                self._spans.popitem(last=False)
        return math.ceil(began + self.span - time.monotonic()) if is_over else 0

    def is_used_up(self, key: Hashable) -> bool:
        """Whether the next request of this key would have to wait; nothing is counted."""
        with self._lock:
            return self._span_of(key)[1] >= self.requests

    def _span_of(self, key: Hashable) -> tuple[float, int]:
        now = time.monotonic()
        began, count = self._spans.get(key, (now, 0))
        return (now, 0) if now - began >= self.span else (began, count)
