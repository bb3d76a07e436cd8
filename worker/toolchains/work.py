"""How much each rank of a run did, as executed lines: exact, whatever else the machine is doing.

Stands on gcov's counts, kept apart by rank. Limits: those of ``coverage`` (gcc, no build command); what libraries do is not
counted, only the lines that call them; the program writes its counts itself, so they may make a verdict worse, never better.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from codepar.protocols import Execution
from worker.runner import Runner
from worker.toolchains import coverage, ranks


def environment(execution: Execution) -> dict[str, str]:
    """Variables of the run."""
    return {ranks.COUNTS: "1"} if execution.count_work else {}


def artifacts(execution: Execution, files: Collection[str]) -> tuple[str, ...]:
    """What the run leaves that tells."""
    if not execution.count_work:
        return ()
    return tuple(name for rank in _ranks(execution) for name in coverage.count_names(files, rank))


async def read(
    runner: Runner, execution: Execution, built: Mapping[str, bytes], left: Mapping[str, bytes], path: str
) -> tuple[int, ...]:
    """Lines executed by each rank, one number without a launcher; empty where a rank left nothing."""
    found = []
    for rank in _ranks(execution):
        counts = await coverage.read(runner, built, left, execution.project.files.keys(), path, rank=rank)
        if counts is None:
            return ()
        found.append(sum(line.count for file in counts.files for line in file.lines))
    return tuple(found)


def _ranks(execution: Execution) -> tuple[int | None, ...]:
    return (None,) if execution.ranks is None else tuple(range(execution.ranks))
