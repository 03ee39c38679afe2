"""Admission of anonymous requests: a few in an iteration of the event loop, fewer while staff work,
in the order in which they came.
"""

from __future__ import annotations

import asyncio
import re
from itertools import pairwise
from pathlib import Path

from majorops.asgi.admission import BATCH, BATCH_BESIDE_STAFF, AdmissionQueue
from majorops.asgi.pools import StaffRequests
from tests.loops import run


class Asking:
    """A connection that says when its turn came."""

    def __init__(self, queue: AdmissionQueue):
        self.queue, self.came = queue, []

    def ask(self, data: bytes) -> None:
        if self.queue.admits(asyncio.get_running_loop()):
            self.on_admitted(data)
        else:
            self.queue.enqueue(self, data)

    def on_admitted(self, data: bytes) -> None:
        self.came.append(int(data))


def crowd(asking: Asking, many: int) -> None:
    for n in range(many):
        asking.ask(b"%d" % n)


async def rounds(asking: Asking, many: int) -> list[int]:
    """How many had come at the end of each round of the loop, until so many came."""
    sizes = [len(asking.came)]
    async with asyncio.timeout(20):
        for _ in iter(lambda: len(asking.came) >= many, True):
            await asyncio.sleep(0)
            sizes.append(len(asking.came))
    return sizes


async def _without_staff() -> None:
    asking = Asking(AdmissionQueue(StaffRequests()))
    crowd(asking, 3 * BATCH)
    sizes = await rounds(asking, 3 * BATCH)
    assert sizes[0] == BATCH
    assert all(later - earlier <= BATCH for earlier, later in pairwise(sizes))
    assert asking.came == list(range(3 * BATCH))


def test_a_crowd_comes_in_rounds_and_in_order():
    run(_without_staff)


async def _beside_staff() -> None:
    staff = StaffRequests()
    asking = Asking(AdmissionQueue(staff))
    with staff:
        crowd(asking, 10 * BATCH_BESIDE_STAFF)
        assert asking.came == []  # not even the first: what staff do goes on without a pause
        await rounds(asking, 1)
        assert len(asking.came) == BATCH_BESIDE_STAFF
    await rounds(asking, 10 * BATCH_BESIDE_STAFF)
    assert asking.came == list(range(10 * BATCH_BESIDE_STAFF))


def test_beside_staff_a_few_come_at_a_time_and_nobody_is_forgotten():
    run(_beside_staff)


async def _later() -> None:
    asking = Asking(AdmissionQueue(StaffRequests()))
    for _ in range(3):
        crowd(asking, BATCH)
        assert len(asking.came) == BATCH
        asking.came.clear()
        await asyncio.sleep(0.01)


def test_each_round_has_room_again():
    run(_later)


def test_nothing_in_front_sleeps():
    """A timer of the loop goes on with the queue; a sleep would hold everybody."""
    for path in (Path(__file__).resolve().parents[2] / "majorops/asgi").glob("*.py"):
        assert not re.search(r"\bsleep\b", path.read_text()), path
