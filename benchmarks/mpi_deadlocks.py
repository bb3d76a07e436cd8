"""Deadlocks of a public collection of MPI programs: detected, missed, falsely accused, lines named, time to the verdict.

Usage: ``python benchmarks/mpi_deadlocks.py FOLDER... [--every N] [--mpi mpich|openmpi] [--seconds S] [--json FILE]``. Reads
the headers of the MPI Bugs Initiative (its own folder or what its generators wrote) and the file names of MPI-CorrBench.

What hangs is decided without us: each program that we stop is run again by the bare launcher, and hangs when that does not
end either. A correct program that we call a deadlock, or any that ends by itself when bare, is falsely accused. Files are sorted
and halved by turns: the detector was tuned on the first half only. Limits: a program that hangs at random may be counted on
either side; errors that do not hang here are counted apart.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from codepar.project import Project
from codepar.protocols import Execution, Executor, Limits
from codepar.settings import Settings
from worker.executor import open_executor
from worker.toolchains.mpi import Launcher, choose, find_launchers

_TEST = re.compile(r"^\s*\$ ?mpirun -np (\d+) \S+ *(.*)\n[ |]*(OK|ERROR: *\S+)(?:\n *\| (.*))?", re.MULTILINE)
_LINE = re.compile(r"\.c:(\d+)")


@dataclass(frozen=True)
class Case:
    """One program: what its collection says of it."""

    path: Path
    ranks: int
    truth: str
    lines: tuple[int, ...]

    @property
    def is_correct(self) -> bool:
        return self.truth == "OK"


@dataclass(frozen=True)
class Finding:
    """What came of it. ``hangs``: the bare run did not end; None where it was not asked."""

    name: str
    half: int
    truth: str
    status: str
    wall_s: float
    hangs: bool | None
    lines_wanted: tuple[int, ...]
    lines_named: tuple[int, ...]
    kinds: tuple[str, ...]


def _cases(folder: Path) -> Iterator[Case]:
    for path in sorted(folder.rglob("*.c")):
        text = path.read_text(errors="replace")
        match = _TEST.search(text)
        if match:
            lines = tuple(sorted({int(line) for line in _LINE.findall(match[4] or "")}))
            yield Case(path, int(match[1]), match[3].removeprefix("ERROR:").strip(), lines)
        elif re.search(r"M(PI|Test)_Init", text):
            correct = "correct" in path.parts or path.name.startswith("no-error")
            yield Case(path, 2, "OK" if correct else path.name.split("-")[0], ())


def _headers(path: Path) -> list[Path]:
    """The collection's own headers, which its programs taken from a larger suite include."""
    folder = path.parent.parent / "include"
    return sorted(folder.glob("*.h")) if folder.is_dir() else []


async def _judge(executor: Executor, launcher: Launcher, case: Case, half: int, seconds: float) -> Finding:
    headers = {path.name: path.read_text(errors="replace") for path in _headers(case.path)}
    project = Project(files={"main.c": case.path.read_text(errors="replace"), **headers})
    execution = Execution(
        project=project,
        ranks=case.ranks,
        mpi=launcher.kind,
        openmp="openmp" in case.path.parts,
        limits=Limits(wall_s=seconds, memory_bytes=4 * 1024**3, processes=512),
        cache=False,
    )
    result = await executor.execute(execution)
    stopped = result.status in {"deadlock", "timeout"}
    hangs = _hangs(launcher, case, seconds / 2) if stopped else None
    found = [one.message for one in result.diagnostics if one.kind in {"deadlock", "cause", "mismatch", "timeout"}]
    named = {int(line) for message in found for line in _LINE.findall(message)}
    kinds = tuple(sorted({one.kind for one in result.diagnostics}))
    return Finding(
        str(case.path),
        half,
        case.truth,
        str(result.status),
        result.wall_s,
        hangs,
        case.lines,
        tuple(sorted(named)),
        kinds,
    )


def _hangs(launcher: Launcher, case: Case, seconds: float) -> bool:
    """Whether the bare program is still there after ``seconds``: no shim, no sandbox."""
    folder = tempfile.mkdtemp(prefix="codepar-bare-")
    environment = {**os.environ, **launcher.environment()}
    build = [str(launcher.mpicc), "-w", "-O1", f"-I{case.path.parent.parent}/include", str(case.path), "-o", f"{folder}/a", "-lm"]
    build += ["-fopenmp"] if "openmp" in case.path.parts else []
    try:
        subprocess.run(build, env=environment, check=True, capture_output=True, timeout=60)
        command = [*launcher.command(case.ranks), f"{folder}/a"]
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            process.wait(seconds)
            return False
        except subprocess.TimeoutExpired:
            return True
        finally:
            _end(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the launcher as Ctrl-C would, so that it ends its ranks."""
    for number, patience in ((signal.SIGINT, 3.0), (signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0)):
        if process.poll() is None:
            process.send_signal(number)
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                continue
    process.wait()


def _table(findings: list[Finding]) -> None:
    built = [one for one in findings if one.status not in {"compile_error", "refused", "unsupported"}]
    hanging = [one for one in built if one.hangs]
    detected = [one for one in hanging if one.status == "deadlock"]
    accused = [one for one in built if one.status == "deadlock" and not one.hangs and one.truth == "OK"]
    at_times = [one for one in built if one.status == "deadlock" and not one.hangs and one.truth != "OK"]
    ended = [one for one in built if one.hangs is None and one.truth != "OK"]
    print(f"  programs: {len(findings)}, of these not built {len(findings) - len(built)}")
    print(f"  hang when bare: {len(hanging)}; detected {len(detected)}, only timeout {len(hanging) - len(detected)}", end="")
    print(f" (rate {len(detected) / len(hanging):.3f})" if hanging else "")
    correct = [one for one in built if one.truth == "OK"]
    slow = [one for one in built if one.status == "timeout" and not one.hangs]
    print(f"  falsely accused: {len(accused)} of {len(correct)} correct programs run", end="")
    print(f"; deadlocks of wrong programs that a bare run may end: {len(at_times)}; slow: {len(slow)}")
    if detected:
        times = sorted(one.wall_s for one in detected)
        print(f"  seconds to the verdict: median {statistics.median(times):.1f}, longest {times[-1]:.1f}")
    placed = [one for one in detected if one.lines_wanted]
    all_named = [one for one in placed if set(one.lines_wanted) <= set(one.lines_named)]
    some_named = [one for one in placed if set(one.lines_wanted) & set(one.lines_named)]
    if placed:
        print(f"  detected whose header names lines: {len(placed)}; all named {len(all_named)}, at least one {len(some_named)}")
    statuses = Counter(f"{one.status}{' with a mismatch named' if 'mismatch' in one.kinds else ''}" for one in ended)
    print(f"  wrong programs that end by themselves: {dict(statuses)}")
    mismatched = [one for one in correct if "mismatch" in one.kinds]
    print(f"  mismatches named in correct programs: {len(mismatched)}")
    for one in (*(one for one in hanging if one.status != "deadlock"), *accused, *at_times, *mismatched):
        print(f"    {one.truth:22} {one.status:14} hangs={one.hangs} {one.name}")


def _save(findings: list[Finding], path: str) -> None:
    Path(path).write_text(json.dumps([asdict(one) for one in findings], indent=1))


async def _main(arguments: argparse.Namespace) -> None:
    executor = open_executor(Settings(data_dir=Path(tempfile.mkdtemp(prefix="codepar-bench-"))), trusted=not arguments.sandboxed)
    launcher = choose(find_launchers(os.environ.get("PATH", "")), arguments.mpi)
    findings = []
    for folder in arguments.folders:
        cases = [case for case in _cases(Path(folder)) if re.search(arguments.only, str(case.path))]
        for number, case in enumerate(cases):
            if (number // 2) % arguments.every == 0:
                findings.append(await _judge(executor, launcher, case, number % 2, arguments.seconds))
                if arguments.json:
                    _save(findings, arguments.json)
    for half in (0, 1):
        print(f"half {half + 1} ({'tuned on' if half == 0 else 'held out'}), {launcher.version}")
        _table([one for one in findings if one.half == half])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--every", type=int, default=1, help="take every N-th pair of files")
    parser.add_argument("--only", default="", help="take files whose path matches this expression")
    parser.add_argument("--mpi", choices=("mpich", "openmpi"), default="mpich")
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--sandboxed", action="store_true", help="behind walls, as in the service")
    parser.add_argument("--json", help="write each finding to this file")
    asyncio.run(_main(parser.parse_args()))
