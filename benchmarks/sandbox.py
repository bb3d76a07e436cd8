"""What a box costs over a bare process: medians in milliseconds of starting /bin/true, and compile-and-run jobs a second at 1, 2
and 4 workers against the same jobs bare, all in turns. No program is taken from a cache.

Usage: ``python benchmarks/sandbox.py [ROUNDS]``. Wanted: at most 15 ms over bare, at least 0.70 of bare jobs a second. Limits:
the rounds are interleaved, so load on the machine falls on all alike, but a busy machine still makes every figure larger; compare
the ratios.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from codepar.settings import Settings
from worker.runner import Command
from worker.sandbox import SandboxedRunner, bubblewrap, cgroups

TRUE = Command(argv=("/bin/true",))
PROJECT = Command(argv=("/bin/true",), files={f"folder{index % 40}/file{index}": b"x" * 2000 for index in range(2000)})
HELLO = b'#include <stdio.h>\nint main(void) { puts("hello"); }\n'
BUILD = Command(argv=("gcc", "-O1", "a.c", "-o", "a"), files={"a.c": HELLO}, artifacts=("a",))
Measured = Callable[[], Awaitable[object]]


async def _asyncio_bare() -> None:
    process = await asyncio.create_subprocess_exec("/bin/true", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    await process.communicate()


def _bubblewrap_alone() -> Measured:
    line = [bubblewrap.find().program, "--unshare-all", "--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib"]
    line += ["--symlink", "usr/lib64", "/lib64", "--symlink", "usr/bin", "/bin", "--proc", "/proc", "--dev", "/dev", "/bin/true"]

    async def measured() -> None:
        process = await asyncio.create_subprocess_exec(*line, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        await process.communicate()

    return measured


def _write_source(folder: str) -> None:
    Path(folder, "a.c").write_bytes(HELLO)


async def _bare_job() -> None:
    """The same job by the same compiler in a folder of its own, without any wall, limit or counter."""
    with tempfile.TemporaryDirectory() as folder:
        _write_source(folder)
        for line in (BUILD.argv, ("./a",)):
            process = await asyncio.create_subprocess_exec(*line, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            stdout, _ = await process.communicate()
        assert stdout == b"hello\n"


async def _job(runner: SandboxedRunner) -> None:
    """Compile and run, each in a box, with the program handed over."""
    program = (await runner.run(BUILD)).artifacts["a"]
    outcome = await runner.run(Command(argv=("./a",), files={"a": program}, executables=frozenset({"a"})))
    assert outcome.stdout == b"hello\n"


def _cases(runners: dict[str, SandboxedRunner]) -> dict[str, Measured]:
    cases: dict[str, Measured] = {"bare, asyncio": _asyncio_bare, "bubblewrap alone": _bubblewrap_alone()}
    for name, runner in runners.items():
        cases[f"box, {name}"] = lambda runner=runner: runner.run(TRUE)
        cases[f"box with 2000 files, {name}"] = lambda runner=runner: runner.run(PROJECT)
    return cases


async def _medians(cases: dict[str, Measured], rounds: int) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, measured in cases.items():
            started = time.perf_counter()
            await measured()
            times[name].append((time.perf_counter() - started) * 1e3)
    return {name: statistics.median(values) for name, values in times.items()}


async def _rate(run: Measured, count: int, concurrent: int) -> float:
    gate = asyncio.Semaphore(concurrent)

    async def one() -> None:
        async with gate:
            await run()

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(count)))
    return count / (time.perf_counter() - started)


async def _main(rounds: int) -> None:
    runners = {"pid 1 counts": SandboxedRunner(Settings(), control_groups=False)}
    if cgroups.find() is not None:
        runners["control groups count"] = SandboxedRunner(Settings())
    for name, runner in runners.items():
        report = await runner.probe()
        print(f"probe, {name}: {len(report.walls)} walls, all hold: {report.holds}, {report.took_s * 1e3:.0f} ms")
        await runner.run(TRUE)
    medians = await _medians(_cases(runners), rounds)
    bare = medians["bare, asyncio"]
    print(f"\n{'median of ' + str(rounds):40} {'ms':>8} {'over bare':>10} {'ratio':>7}")
    for name, value in medians.items():
        print(f"{name:40} {value:8.1f} {value - bare:10.1f} {value / bare:7.1f}")
    print(f"\n{'boxes a second, 2 at a time':40} {'':>8}")
    for name, runner in runners.items():
        print(f"{name:40} {await _rate(lambda runner=runner: runner.run(TRUE), 4 * rounds, 2):8.1f}")
    await _throughput(runners, rounds)


async def _throughput(runners: dict[str, SandboxedRunner], rounds: int) -> None:
    """Compile-and-run jobs a second, in short turns of each kind, so that all meet the same machine."""
    kinds: dict[str, Measured] = {"bare": _bare_job}
    kinds |= {name: lambda runner=runner: _job(runner) for name, runner in runners.items()}
    print(f"\n{'compile and run, jobs a second':40} {'1':>8} {'2':>8} {'4':>8} {'of bare':>24}")
    rates: dict[str, list[float]] = {name: [] for name in kinds}
    for workers in (1, 2, 4):
        turns: dict[str, list[float]] = {name: [] for name in kinds}
        for _ in range(3):
            for name, job in kinds.items():
                turns[name].append(await _rate(job, max(8, rounds // 4 * 4), workers))  # no worker idles at the end
        for name, values in turns.items():
            rates[name].append(statistics.median(values))
    for name, values in rates.items():
        shares = "".join(f"{value / bare:8.2f}" for value, bare in zip(values, rates["bare"], strict=True))
        print(f"{name:40}" + "".join(f" {value:8.1f}" for value in values) + shares)


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]) if len(sys.argv) > 1 else 30))
