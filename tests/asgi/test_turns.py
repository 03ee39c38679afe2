"""Turns of strangers: a few in a round of the event loop, fewer while staff work,
in the order in which they came.
"""

from __future__ import annotations

import asyncio
from itertools import pairwise

from majorops.asgi.pools import StaffWork
from majorops.asgi.turns import AT_ONCE, BESIDE_STAFF, Turns
from tests.loops import run


class Asking:
    """A connection that says when its turn came."""

    def __init__(self, turns: Turns):
        self.turns, self.came = turns, []

    def ask(self, data: bytes) -> None:
        if self.turns.has_room(asyncio.get_running_loop()):
            self.take_turn(data)
        else:
            self.turns.wait(self, data)

    def take_turn(self, data: bytes) -> None:
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
    asking = Asking(Turns(StaffWork()))
    crowd(asking, 3 * AT_ONCE)
    sizes = await rounds(asking, 3 * AT_ONCE)
    assert sizes[0] == AT_ONCE
    assert all(later - earlier <= AT_ONCE for earlier, later in pairwise(sizes))
    assert asking.came == list(range(3 * AT_ONCE))


def test_a_crowd_comes_in_rounds_and_in_order():
    run(_without_staff)


async def _beside_staff() -> None:
    staff = StaffWork()
    asking = Asking(Turns(staff))
    with staff:
        crowd(asking, 10 * BESIDE_STAFF)
        assert asking.came == []  # not even the first: what staff do goes on without a pause
        await rounds(asking, 1)
        assert len(asking.came) == BESIDE_STAFF
    await rounds(asking, 10 * BESIDE_STAFF)
    assert asking.came == list(range(10 * BESIDE_STAFF))


def test_beside_staff_a_few_come_at_a_time_and_nobody_is_forgotten():
    run(_beside_staff)


async def _later() -> None:
    asking = Asking(Turns(StaffWork()))
    for _ in range(3):
        crowd(asking, AT_ONCE)
        assert len(asking.came) == AT_ONCE
        asking.came.clear()
        await asyncio.sleep(0.01)


def test_each_round_has_room_again():
    run(_later)
