"""What the PMPI shim costs: a ping-pong of small messages and small collectives, with and without it, in turns.

Usage: ``python benchmarks/mpi_overhead.py [--mpi mpich|openmpi] [--rounds N]``. Prints microseconds and the ratio.
Limits: two ranks of one machine, where a message is cheapest and the shim weighs most. On a busy machine only the last line,
which counts CPU time, means something; the others take the best of all rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import tempfile
from pathlib import Path

from worker.cache import ProgramCache
from worker.toolchains.board import RankBoard
from worker.toolchains.mpi import Launcher, choose, find_launchers
from worker.toolchains.shim import ShimLibraries

PROGRAM = r"""
#include <mpi.h>
#include <stdio.h>
#include <time.h>
enum { TIMES = 4000 };
static char b[1024];
static void exchange(int rank, int bytes) {
    for (int i = 0; i < TIMES; i++) {
        if (rank == 0) MPI_Send(b, bytes, MPI_CHAR, 1, 0, MPI_COMM_WORLD);
        MPI_Recv(b, bytes, MPI_CHAR, 1 - rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        if (rank == 1) MPI_Send(b, bytes, MPI_CHAR, 0, 0, MPI_COMM_WORLD);
    }
}
static void requests(int rank) {
    MPI_Request r[2];
    for (int i = 0; i < TIMES; i++) {
        MPI_Irecv(b, 8, MPI_CHAR, 1 - rank, 0, MPI_COMM_WORLD, &r[0]);
        MPI_Isend(b + 8, 8, MPI_CHAR, 1 - rank, 0, MPI_COMM_WORLD, &r[1]);
        MPI_Waitall(2, r, MPI_STATUSES_IGNORE);
    }
}
static void reduce(void) {
    double x = 1, y;
    for (int i = 0; i < TIMES; i++) MPI_Allreduce(&x, &y, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
}
/* Seconds of CPU: what others do on the machine does not count. */
static double alone(void) {
    struct timespec now;
    double start = 0;
    MPI_Request r;
    for (int i = -TIMES; i < 50 * TIMES; i++) {
        if (i == 0) {
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
            start = now.tv_sec + now.tv_nsec * 1e-9;
        }
        MPI_Irecv(b, 8, MPI_CHAR, 0, 0, MPI_COMM_SELF, &r);
        MPI_Send(b + 8, 8, MPI_CHAR, 0, 0, MPI_COMM_SELF);
        MPI_Wait(&r, MPI_STATUS_IGNORE);
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (now.tv_sec + now.tv_nsec * 1e-9 - start) / 50;
}
int main(int c, char **v) {
    int rank;
    MPI_Init(&c, &v);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    for (int what = 0; what < 4; what++) {
        MPI_Barrier(MPI_COMM_WORLD);
        double start = MPI_Wtime();
        if (what < 2) exchange(rank, what ? 1024 : 8);
        else if (what == 2) requests(rank);
        else reduce();
        if (rank == 0) printf("%g\n", (MPI_Wtime() - start) / TIMES * 1e6);
    }
    if (rank == 0) printf("%g\n", alone() / TIMES * 1e6);
    MPI_Finalize();
    return 0;
}
"""
CASES = (
    "ping-pong, 8 B, both ways",
    "ping-pong, 1 KiB, both ways",
    "Irecv, Isend, Waitall",
    "Allreduce of a double",
    "Irecv, Send, Wait to itself, CPU",
)


def _measure(launcher: Launcher, program: Path, extra: dict[str, str]) -> list[float]:
    command = [*launcher.command(2), str(program)]
    ranks = ["/usr/bin/env", *(f"{name}={value}" for name, value in extra.items())]
    done = subprocess.run(
        [*command[:-1], *ranks, command[-1]], env=os.environ | launcher.environment(), capture_output=True, text=True, check=True
    )
    return [float(line) for line in done.stdout.split()]


def _main(arguments: argparse.Namespace) -> None:
    launcher = choose(find_launchers(os.environ.get("PATH", "")), arguments.mpi)
    with tempfile.TemporaryDirectory(prefix="codepar-overhead-") as name:
        folder = Path(name)
        (folder / "a.c").write_text(PROGRAM)
        build = [str(launcher.mpicc), "-O2", str(folder / "a.c"), "-o", str(folder / "a")]
        subprocess.run(build, env=os.environ | launcher.environment(), check=True)
        library = asyncio.run(ShimLibraries(ProgramCache(folder / "cache", 1 << 30)).library(launcher))
        assert library is not None
        (folder / "shim.so").write_bytes(library)
        bare, shimmed = [], []
        for number in range(arguments.rounds):
            with RankBoard(2, folder / f"board{number}"):
                extra = {"LD_PRELOAD": str(folder / "shim.so"), "CODEPAR_SHIM": str(folder / f"board{number}")}
                bare.append(_measure(launcher, folder / "a", {}))
                shimmed.append(_measure(launcher, folder / "a", extra))
    print(f"{launcher.version}: microseconds, best of {arguments.rounds} rounds")
    for case, without, with_ in zip(CASES, zip(*bare, strict=True), zip(*shimmed, strict=True), strict=True):
        low, high = min(without), min(with_)
        print(f"  {case:34} bare {low:7.2f}  with the shim {high:7.2f}  ratio {high / low:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mpi", choices=("mpich", "openmpi"), default="mpich")
    parser.add_argument("--rounds", type=int, default=5)
    _main(parser.parse_args())
