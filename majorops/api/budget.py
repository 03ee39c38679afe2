"""How often a token may ask: in each process, so many requests in a span."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from threading import Lock

SPAN = 10.0  # seconds
REQUESTS = 300
KEPT = 10_000  # tokens


class Budget:
    """Counts the requests of each token in spans that begin with its first one."""

    def __init__(self, requests: int = REQUESTS, span: float = SPAN) -> None:
        self.requests, self.span = requests, span
        self._spans: OrderedDict[int, tuple[float, int]] = OrderedDict()
        self._lock = Lock()

    def wait(self, token_id: int) -> int:
        """Count a request; 0 where it may go on, else the whole seconds after which the next one may."""
        now = time.monotonic()
        with self._lock:
            began, count = self._spans.pop(token_id, (now, 0))
            if now - began >= self.span:
                began, count = now, 0
            if count < self.requests:
                count += 1
                waits = 0
            else:
                waits = math.ceil(began + self.span - now)
            self._spans[token_id] = began, count
            if len(self._spans) > KEPT:
                self._spans.popitem(last=False)
        return waits
