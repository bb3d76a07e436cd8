"""How long nothing may move before a hang is called a deadlock."""

from __future__ import annotations

import asyncio

import pytest

from worker.toolchains.watchdog import SETTLE_S, patience_s, until_deadlock


def test_large_transfers_are_given_time(two):
    small = [two.receives(0, 1), two.receives(1, 0)]
    large = [two.receives(0, 1, bytes=10**9), two.receives(1, 0)]
    assert SETTLE_S <= patience_s(small) < SETTLE_S + 1
    assert patience_s(large) > 10


def test_who_is_not_stuck_has_all_the_time(two):
    assert patience_s([two.receives(0, 1), two.idle(1)]) == float("inf")


def test_a_part_of_the_ranks_is_given_longer(three):
    assert patience_s([three.receives(0, 1), three.receives(1, 0), three.idle(2)]) > 2 * SETTLE_S


def test_ranks_that_move_are_not_in_a_deadlock(two):
    step = iter(range(10**6))

    def moving():
        return [two.receives(0, 1), two.receives(1, 0).__class__(**{**vars(two.receives(1, 0)), "progress": next(step)})]

    async def watched(read):
        await asyncio.wait_for(until_deadlock(read), SETTLE_S + 1.5)

    with pytest.raises(TimeoutError):
        asyncio.run(watched(moving))
    asyncio.run(watched(lambda: [two.receives(0, 1), two.receives(1, 0)]))
