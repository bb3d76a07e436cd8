"""How much a job is slowed by bombs in the boxes beside it: its time with them over its time alone, in the same run.

Usage: ``python benchmarks/sandbox_neighbour.py [ROUNDS]``. A neighbour that computes (one process, some tenths of a second), then
the same beside each of the worst bombs of ``tests/worker/sandbox/hostile/bombs.c``, one at a time, which is what a worker of two
slots has at the most; for comparison beside an honest job that keeps one core busy. Exit code 1 when a median ratio exceeds 1.5
while the honest job's does not. Limits: asks for an idle machine of two cores or more; load makes every figure worse.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from codepar.settings import Settings
from worker.runner import MEBIBYTE, Bounds, Command, Outcome
from worker.sandbox import SandboxedRunner, cgroups

HOSTILE = Path(__file__).parents[1] / "tests" / "worker" / "sandbox" / "hostile"
BOMBS = ("forks", "execs", "zombies", "threads", "spinners", "memory", "many small", "inodes", "socket memory", "stdout")
SMALL = Bounds(wall_s=3, memory_bytes=64 * MEBIBYTE, processes=32, file_bytes=8 * MEBIBYTE, output_bytes=65536)
NEIGHBOUR = b"""#include <stdio.h>
int main(void) {
    unsigned long x = 1;
    for (long i = 0; i < 400000000; i++) x = x * 6364136223846793005ul + 1;
    printf("%lu\\n", x);
}
"""
HONEST = Command(argv=("/bin/sh", "-c", "while :; do :; done"), bounds=Bounds(wall_s=3))
LIMIT = 1.5


async def _build(runner: SandboxedRunner, name: str, files: dict[str, bytes]) -> bytes:
    command = Command(argv=("gcc", "-O2", "-w", "-pthread", f"{name}.c", "-o", name), files=files, artifacts=(name,))
    return (await runner.run(command)).artifacts[name]


def _started(name: str, program: bytes, *arguments: str, bounds: Bounds = SMALL) -> Command:
    return Command(argv=(f"./{name}", *arguments), files={name: program}, executables=frozenset({name}), bounds=bounds)


async def _again_and_again(runner: SandboxedRunner, command: Command) -> None:
    """The bomb goes off again as soon as it is over, as from a client that sends nothing else."""
    while True:
        await runner.run(command)


async def _timed(runner: SandboxedRunner, job: Command, beside: Command | None) -> float:
    """Seconds of the job from request to result."""
    bomb = asyncio.ensure_future(_again_and_again(runner, beside)) if beside is not None else None
    await asyncio.sleep(0.1)
    started = time.perf_counter()
    outcome: Outcome = await runner.run(job)
    took = time.perf_counter() - started
    assert outcome.exit_code == 0, outcome
    if bomb is not None:
        bomb.cancel()
        await asyncio.gather(bomb, return_exceptions=True)
    return took


async def _measure(name: str, runner: SandboxedRunner, rounds: int) -> bool:
    await runner.probe()
    sources = {path.name: path.read_bytes() for path in (HOSTILE / "bombs.c", HOSTILE / "hostile.h")}
    bombs = await _build(runner, "bombs", sources)
    floods = await _build(runner, "floods", {**sources, "floods.c": (HOSTILE / "floods.c").read_bytes()})
    job = _started("job", await _build(runner, "job", {"job.c": NEIGHBOUR}), bounds=Bounds(wall_s=60))
    beside: dict[str, Command | None] = {"alone": None, "an honest busy job": HONEST}
    beside |= {bomb: _started("bomb", floods if bomb == "stdout" else bombs, bomb, "token") for bomb in BOMBS}
    times: dict[str, list[float]] = {case: [] for case in beside}
    for _ in range(rounds):
        for case, command in beside.items():
            times[case].append(await _timed(runner, job, command))
    alone = statistics.median(times["alone"])
    print(f"\n{name}, median of {rounds}: alone {alone * 1e3:.0f} ms\n{'beside':24} {'ms':>8} {'ratio':>7}")
    ratios = {case: statistics.median(values) / alone for case, values in times.items()}
    for case, ratio in ratios.items():
        print(f"{case:24} {ratio * alone * 1e3:8.0f} {ratio:7.2f}")
    worst = max(ratio for case, ratio in ratios.items() if case in BOMBS)
    print(f"worst {worst:.2f}, wanted at most {LIMIT}")
    return worst <= LIMIT or ratios["an honest busy job"] > LIMIT


async def _main(rounds: int) -> bool:
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        runners = {"pid 1 counts": SandboxedRunner(settings, control_groups=False)}
        if cgroups.find() is not None:
            runners["control groups count"] = SandboxedRunner(settings)
        return all([await _measure(name, runner, rounds) for name, runner in runners.items()])


if __name__ == "__main__":
    sys.exit(not asyncio.run(_main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)))
