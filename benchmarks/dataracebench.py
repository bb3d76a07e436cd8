"""Data races of DataRaceBench's C programs: how many are seen, how many correct programs are accused, are the lines right.

Usage: ``python benchmarks/dataracebench.py FOLDER [--compiler gcc|clang] [--runs N] [--every N] [--bare] [--list]``. FOLDER is
the collection's ``micro-benchmarks``. A program is accused when any of its N runs reports a race; ``--bare`` is gcc's sanitizer
by itself, outside the box. Limits: a race between lanes of one thread (SIMD) has no second thread to be seen by.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from codepar.project import Project
from codepar.protocols import Execution, Executor, Limits
from codepar.settings import Settings
from worker.executor import open_executor

_PAIR = re.compile(r"@(\d+)(?::\d+)?:[RW]\b")
_LINE = re.compile(r"\.c:(\d+)")
_FLAGS = ("-I.", "-Ipolybench", "-DPOLYBENCH_NO_FLUSH_CACHE", "-DPOLYBENCH_TIME", "-D_POSIX_C_SOURCE=200112L")
_LIMITS = Limits(wall_s=30, compile_s=60, memory_bytes=6 * 1024**3)


@dataclass
class Case:
    """One program and what its runs came to."""

    path: Path
    races: bool
    lines: frozenset[int]
    statuses: list[str] = field(default_factory=list)
    named: set[int] = field(default_factory=set)
    accused: bool = False


def _cases(folder: Path, every: int) -> list[Case]:
    made = []
    for path in sorted(folder.glob("DRB*-*.c"))[::every]:
        text = path.read_text(errors="replace")
        made.append(Case(path, path.stem.endswith("-yes"), frozenset(int(line) for line in _PAIR.findall(text))))
    return made


def _project(case: Case) -> Project:
    names = [case.path, *case.path.parent.glob("*.h")]
    if "polybench" in case.path.read_text(errors="replace"):
        names += [case.path.parent / "utilities/polybench.c", *case.path.parent.glob("polybench/*.h")]
    return Project(files={str(name.relative_to(case.path.parent)): name.read_text(errors="replace") for name in names})


async def _run(executor: Executor, case: Case, compiler: Literal["gcc", "clang"]) -> None:
    project = _project(case)
    execution = Execution(
        project=project,
        openmp=True,
        sanitize=("thread",),
        compiler=compiler,
        flags=_FLAGS if "utilities/polybench.c" in project.files else (),
        limits=_LIMITS,
    )
    result = await executor.execute(execution)
    found = [one for one in result.diagnostics if one.kind == "race"]
    case.statuses.append(str(result.status))
    case.accused |= bool(found)
    case.named |= {int(line) for one in found for line in (*_LINE.findall(one.message), one.line or 0) if line}


def _run_bare(case: Case) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = _project(case)
        for name, text in project.files.items():
            place = Path(folder, name)
            place.parent.mkdir(exist_ok=True)
            place.write_text(text)
        units = [name for name in project.files if name.endswith(".c")]
        line = ["gcc", "-O1", "-g", "-fopenmp", "-fsanitize=thread", *_FLAGS, *units, "-o", "a.out", "-lm"]
        subprocess.run(line, cwd=folder, capture_output=True, check=True)
        environment = {**os.environ, "OMP_NUM_THREADS": "4"}
        try:
            done = subprocess.run(
                ["./a.out"],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=30,
                check=False,
            )
            said = done.stderr
        except subprocess.TimeoutExpired as error:
            said = (error.stderr or b"").decode(errors="replace")
        case.accused |= "ThreadSanitizer: data race" in said
        case.named |= {int(line) for line in _LINE.findall(said)}
        case.statuses.append("bare")


def _show(cases: Sequence[Case], listed: bool) -> None:
    racy, clean = [case for case in cases if case.races], [case for case in cases if not case.races]
    seen, accused = [case for case in racy if case.accused], [case for case in clean if case.accused]
    placed = [case for case in seen if case.named & case.lines]
    marked = [case for case in seen if case.lines]
    precision = len(seen) / max(1, len(seen) + len(accused))
    print(f"racy programs seen      {len(seen):4d} of {len(racy)} (recall {len(seen) / max(1, len(racy)):.2f})")
    print(f"correct ones accused    {len(accused):4d} of {len(clean)} (precision {precision:.2f})")
    print(f"a marked line is named  {len(placed):4d} of {len(marked)} seen with marked lines")
    print(f"statuses                {dict(Counter(status for case in cases for status in case.statuses))}")
    for case in (case for case in cases if listed and {"compile_error", "timeout"} & set(case.statuses)):
        print(f"  not judged whole: {case.path.name} {case.statuses}")
    for case in (*(case for case in racy if not case.accused), *accused) if listed else ():
        print(f"  {'missed ' if case.races else 'accused'} {case.path.name} {case.statuses}")


def main() -> None:
    """Run the programs and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--compiler", choices=("gcc", "clang"), default="gcc")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    cases = _cases(options.folder, options.every)
    if options.bare:
        for case in cases:
            _run_bare(case)
    else:
        executor = open_executor(Settings(), trusted=False)

        async def run_all() -> None:
            for case in cases:
                for _ in range(options.runs):
                    await _run(executor, case, options.compiler)

        asyncio.run(run_all())
    _show(cases, options.list)


if __name__ == "__main__":
    main()
