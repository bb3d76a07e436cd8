"""Compile-and-run jobs a second of the local Executor, cache off, beside bare ``mpicc`` and ``mpiexec`` at equal concurrency.

Both sides run in one process, in turns, on distinct small MPI programs; prints jobs/s and the ratio. Limits: no REST, no queue
(``service.py`` measures those); the machine must be otherwise idle for the figures to mean anything.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from codepar.project import Project
from codepar.protocols import Execution, Status
from codepar.settings import Settings
from worker.executor import open_executor
from worker.toolchains.mpi import Launcher, choose, find_launchers

PROGRAM = """\
#include <mpi.h>
#include <stdio.h>
int main(int argc, char **argv) {
    int rank, size, sum = 0, seed = SEED;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    int mine = seed + rank;
    MPI_Reduce(&mine, &sum, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0) printf("%d of %d\\n", sum, size);
    MPI_Finalize();
    return 0;
}
"""


async def _bare(number: int, ranks: int, launcher: Launcher, folder: Path) -> None:
    source = folder / f"bare{number}.c"
    source.write_text(PROGRAM.replace("SEED", str(number)))
    environment = {**os.environ, **launcher.environment()}
    for command in (
        (str(launcher.mpicc), str(source), "-o", str(source.with_suffix(""))),
        (*launcher.command(ranks), str(source.with_suffix(""))),
    ):
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.PIPE)
        await process.communicate()
        assert process.returncode == 0, command


async def _rate(jobs: int, concurrency: int, one: Callable[[int], Awaitable[None]]) -> float:
    gate = asyncio.Semaphore(concurrency)

    async def guarded(number: int) -> None:
        async with gate:
            await one(number)

    started = time.perf_counter()
    await asyncio.gather(*(guarded(number) for number in range(jobs)))
    return jobs / (time.perf_counter() - started)


async def _main(options: argparse.Namespace) -> None:
    launcher = choose(find_launchers(os.environ["PATH"]), options.mpi)
    with tempfile.TemporaryDirectory() as name:
        executor = open_executor(Settings(data_dir=Path(name)), options.trust)

        async def ours(number: int) -> None:
            project = Project.of_source(PROGRAM.replace("SEED", str(number)))
            result = await executor.execute(Execution(project=project, ranks=options.np, mpi=options.mpi, cache=False))
            assert result.status == Status.OK, result

        async def bare(number: int) -> None:
            await _bare(number, options.np, launcher, Path(name))

        await ours(0)
        await bare(0)
        ratios = []
        for turn in range(options.rounds):
            rates = {"bare": 0.0, "codepar": 0.0}
            for label, one in (("bare", bare), ("codepar", ours))[:: 1 if turn % 2 == 0 else -1]:
                rates[label] = await _rate(options.jobs, options.concurrency, one)
            ratios.append(rates["codepar"] / rates["bare"])
            print(f"bare {rates['bare']:.1f} jobs/s, codepar {rates['codepar']:.1f} jobs/s, ratio {ratios[-1]:.2f}")
        setting = f"{launcher.version}, {options.np} ranks, {options.concurrency} at once"
        print(f"median ratio {statistics.median(ratios):.2f} ({setting})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--concurrency", type=int, default=2)
    parser.add_argument("--np", type=int, default=2)
    parser.add_argument("--mpi", choices=["mpich", "openmpi"], default="mpich")
    parser.add_argument("--trust", action="store_true")
    asyncio.run(_main(parser.parse_args()))
