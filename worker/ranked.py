"""One run of an MPI program: the launcher around it, each rank's output by itself, and the watch for deadlocks.

Limits: the judgement of the watch may turn a timeout into a deadlock or an ok into an error, never the other way.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from codepar.protocols import Execution
from worker.runner import Command, Outcome, Runner
from worker.toolchains import ranks as scripts
from worker.toolchains.blame import sites_of
from worker.toolchains.board import Counters, RankBoard, RankState
from worker.toolchains.mpi import Launcher
from worker.toolchains.ranks import RankOutput
from worker.toolchains.shim import LIBRARY, ShimLibraries, Stress
from worker.toolchains.watchdog import until_deadlock


@dataclass(frozen=True)
class RankedOutcome:
    """How it ended. ``stdout`` is the ranks' lines in the order of their arrival.

    ``states`` and ``counters`` are what the ranks say of themselves, empty without a shim.
    """

    outcome: Outcome
    stdout: bytes
    rank_stdout: tuple[bytes, ...]
    states: tuple[RankState, ...]
    counters: tuple[Counters, ...] = ()

    @property
    def is_deadlock(self) -> bool:
        return self.outcome.cause == "watch"

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to explain."""
        ended = self.outcome.cause == "exit" and self.outcome.exit_code == 0
        return ended and not any(state.mismatch for state in self.states)

    def sites(self) -> frozenset[int]:
        """The addresses that an explanation needs: what the ranks are in, and what they last sent to each other."""
        return sites_of(self.states) | {sent.site for one in self.counters for sent in one.sent}


async def run_ranks(
    runner: Runner, single: Command, launcher: Launcher, ranks: int, shims: ShimLibraries | None, *, stress: Stress | None = None
) -> RankedOutcome:
    """Run ``single`` (the program without a launcher) at ``ranks`` ranks; its output bound holds for the sum of the ranks."""
    library = await shims.library(launcher) if shims is not None else None
    with RankOutput(ranks, single.bounds.output_bytes) as output, RankBoard(ranks) as board:
        command = replace(
            single,
            argv=scripts.command(launcher.command(ranks), single.argv),
            files={
                **single.files,
                **output.files(LIBRARY if library else None, board.descriptor),
                **({LIBRARY: library} if library else {}),
            },
            environment={**single.environment, **(stress.environment() if stress else {})},
            inherit=(*output.inherit, board.descriptor),
        )
        outcome = await runner.run(command, lambda: _watch(output, board if library else None))
        output.drain()
        outcome = replace(outcome, stderr=outcome.stderr + output.errors())
        if output.overflowed:
            outcome = replace(outcome, cause="output")
        states, counters = (board.read(), board.counters()) if library else ((), ())
        return RankedOutcome(outcome, output.merged(), output.of_ranks(), states, counters)


async def _watch(output: RankOutput, board: RankBoard | None) -> None:
    """Return when the ranks have written too much, or are in a deadlock."""
    tasks = [asyncio.ensure_future(output.overflow())]
    if board is not None:
        tasks.append(asyncio.ensure_future(until_deadlock(board.read)))
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def stress_of(execution: Execution, synchronous: bool | None = None) -> Stress:
    """What the execution asks to be changed in its MPI calls."""
    asked = execution.sends == "synchronous" if synchronous is None else synchronous
    return Stress(synchronous_sends=asked, delay_seed=execution.delay_seed)
