"""What the CUDA runtime on the CPU costs: kernels of 1 M threads against the plain C loop that computes the same, in one run.

Usage: ``python benchmarks/cuda_runtime.py [--rounds N] [--workers N]... [--race]``. Prints, for each kernel, the C loop's time,
the kernel's on 1 worker and on all cores, the ratio to the loop, and with ``--race`` the checked build's ratio to the plain one.
Wanted: the reduction with barriers in at most 0.2 s on 2 cores, race mode at most 5 times that. Limits: the best of the rounds is
shown, wall clock and processor time; on a busy machine look at processor time and ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import tempfile
from pathlib import Path

from codepar.project import Project
from worker.toolchains.compilers import find_compiler
from worker.toolchains.cuda_cpu.library import Libraries, Mode
from worker.toolchains.cuda_cpu.rewrite import rewrite_project
from worker.toolchains.cuda_cpu.units import compile_command, compile_files, options

PROGRAM = Path(__file__).with_suffix(".cu").read_text()
ROWS = (("reduce", "loop reduce"), ("shuffle", "loop reduce"), ("saxpy", "loop saxpy"), ("count", "loop count"), ("launch", None))


def build(folder: Path, mode: Mode) -> Path:
    """The program of one mode, built as ``codepar run --emulate`` builds it."""
    compiler = find_compiler(os.environ["PATH"])
    chosen = options(mode, compiler, ())
    libraries = Libraries(Path(tempfile.gettempdir()) / f"codepar-benchmark-{os.getuid()}", compiler, os.environ["PATH"])
    library = asyncio.run(libraries.ready(mode, chosen.precompiled))
    (folder / mode).mkdir()
    (folder / mode / "program.cu").write_text(rewrite_project({"program.cu": PROGRAM})["program.cu"])
    project = Project(files={"program.cu": PROGRAM})
    for path, data in compile_files(chosen).items():
        (folder / mode / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / mode / path).write_bytes(data)
    subprocess.run(compile_command(project, "program", compiler, library, chosen), cwd=folder / mode, check=True)
    return folder / mode / "program"


def measured(program: Path, rounds: int, workers: int) -> dict[str, dict[str, float]]:
    """Seconds by name of kernel or loop: the best of the rounds."""
    environment = {**os.environ, "CODEPAR_CUDA_WORKERS": str(workers), "CODEPAR_CUDA_CHECKS": "race"}
    done = subprocess.run([str(program), str(rounds)], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{program} ended with {done.returncode}: {done.stderr}")
    return {record["name"]: record for record in map(json.loads, done.stdout.splitlines())}


def main() -> None:
    """Builds, runs and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--workers", type=int, action="append", help="workers of a run (again: another run); default 1 and all cores"
    )
    parser.add_argument("--race", action="store_true", help="also the checked build (race)")
    chosen = parser.parse_args()
    counts = chosen.workers or sorted({1, len(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        plain = build(Path(folder), "plain")
        print("kernel      workers   loop ms   wall ms    cpu ms   wall/loop")
        for workers in counts:
            times = measured(plain, chosen.rounds, workers)
            for kernel, loop in ROWS:
                _show(kernel, str(workers), times, loop)
        if chosen.race:
            times = measured(plain, chosen.rounds, 1)
            checked = measured(build(Path(folder), "checked"), chosen.rounds, 1)
            for kernel, loop in ROWS:
                _show(kernel, "race", checked, loop)
                print(f"{'':22}{checked[kernel]['cpu'] / times[kernel]['cpu']:.2f} times plain (processor time, 1 worker)")


def _show(kernel: str, label: str, times: dict[str, dict[str, float]], loop: str | None) -> None:
    wall, cpu = times[kernel]["wall"], times[kernel]["cpu"]
    against = f"{1e3 * times[loop]['wall']:9.3f}" if loop else f"{'-':>9}"
    ratio = f"{wall / times[loop]['wall']:11.1f}" if loop else f"{'-':>11}"
    print(f"{kernel:12}{label:>7} {against} {1e3 * wall:9.3f} {1e3 * cpu:9.3f} {ratio}")


if __name__ == "__main__":
    main()
