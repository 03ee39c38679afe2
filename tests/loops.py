"""Running coroutines from a test: on a thread, as a browser that the tests drive may hold the main
thread's event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


def run(act: Callable):
    """What the coroutine function returns."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(act())).result()
