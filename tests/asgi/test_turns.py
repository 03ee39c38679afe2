"""Turns of strangers: a few in a round of the event loop, fewer while staff work, in the order in which they came."""

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


async def _without_staff() -> list[int]:
    asking, sizes = Asking(Turns(StaffWork())), []
    crowd(asking, 3 * AT_ONCE)
    while len(asking.came) < 3 * AT_ONCE:
        sizes.append(len(asking.came))
        await asyncio.sleep(0)
    assert asking.came == list(range(3 * AT_ONCE))
    return sizes


def test_a_crowd_comes_in_rounds_and_in_order():
    sizes = run(_without_staff)
    assert sizes[0] == AT_ONCE
    assert all(later - earlier <= AT_ONCE for earlier, later in pairwise(sizes))


async def _beside_staff() -> None:
    staff = StaffWork()
    asking = Asking(Turns(staff))
    with staff:
        crowd(asking, 10 * BESIDE_STAFF)
        assert asking.came == []  # not even the first: what staff do goes on without a pause
        while not asking.came:
            await asyncio.sleep(0)
        assert len(asking.came) == BESIDE_STAFF
    while len(asking.came) < 10 * BESIDE_STAFF:
        await asyncio.sleep(0)
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
