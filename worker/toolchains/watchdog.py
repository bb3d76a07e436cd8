"""Deadlock told from slow: the judge of what the ranks of an MPI program say they are doing.

A hang is a deadlock only when some ranks can never go on (``waitfor.py``) and none of them has moved for a while.
Limits: works on what the shim wrote, which the program can forge, so it may turn a timeout into a deadlock and nothing else;
ranks that only ask on (MPI_Test, MPI_Iprobe) may stop asking, so they count as running and end as timeouts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from worker.toolchains.board import RankState
from worker.toolchains.waitfor import stuck_ranks

SETTLE_S = 2.0
# Many ranks on few cores take turns, and an answer may take several of them.
_SETTLE_A_RANK_S = 0.05
# A transfer that is under way moves no counter; at this rate even a busy machine would have finished it.
_BYTES_A_SECOND = 50e6
_POLL_S = 0.2


async def until_deadlock(read: Callable[[], Sequence[RankState]]) -> None:
    """Return once some of the ranks are in a deadlock. ``read`` gives their states as they are now."""
    seen: tuple[tuple[int, int], ...] = ()
    still_s = 0.0
    last = time.monotonic()
    while True:
        await asyncio.sleep(_POLL_S)
        states = read()
        stuck = stuck_ranks(states)
        progress = tuple((state.rank, state.progress) for state in states if state.rank in stuck)
        now = time.monotonic()
        # Where this process was kept waiting the ranks were too: only time in which we ran on time counts.
        passed, last = min(now - last, 2 * _POLL_S), now
        still_s = still_s + passed if stuck and progress == seen else 0.0
        seen = progress
        if still_s >= patience_s(states):
            return


def patience_s(states: Sequence[RankState]) -> float:
    """How long nothing may move: longer when the calls carry much data, and when others still run."""
    stuck = stuck_ranks(states)
    if not stuck:
        return float("inf")
    settle_s = SETTLE_S + _SETTLE_A_RANK_S * len(states)
    others = any(not state.is_over and state.rank not in stuck for state in states)
    carried = sum(call.bytes for state in states if state.rank in stuck for call in state.calls)
    return settle_s * (2 if others else 1) + carried / _BYTES_A_SECOND
