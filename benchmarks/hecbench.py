"""Programs of HeCBench on the CPU runtime, judged by their own checks: ``hecbench.py FOLDER [NAMES...]``.

FOLDER holds ``src/NAME-cuda`` (a checkout of HeCBench; nothing of it is part of codepar). Each program is built by its own
Makefile, in which ``nvcc`` is the runtime's stand-in, and run with the arguments of its ``run`` target. Limits: those arguments
are meant for a GPU, so that a program may end as ``timeout``: ``--arguments benchmarks/hecbench_arguments.json`` brings smaller
ones; ``ran`` means that it says nothing that looks like a check.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shlex
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from codepar.errors import CodeparError
from codepar.project import Project
from codepar.project_folder import load_project
from codepar.protocols import Check, Execution, ExecutionResult, Executor, Limits, Status
from codepar.settings import Settings
from worker.executor import open_executor

_RUN = re.compile(r"^run:.*\n(?:\t.*\n)*?\t[^\n]*?\./(?:\$[({]\w+[)}]|\w+)[ \t]*(?P<arguments>[^\n]*)$", re.MULTILINE)
_VARIABLE = re.compile(r"^(?P<name>\w+)[ \t]*[:?]?=[ \t]*(?P<value>.*)$", re.MULTILINE)
_BESIDE = re.compile(r"\.\./([\w.+-]+)")
_PASSED = re.compile(r"\bpass(?:ed)?\b|success|\bcorrect\b|\bvalid(?:ated)?\b|\bok\b|verified", re.IGNORECASE)
_FAILED = re.compile(r"\bfail|incorrect|mismatch|\bwrong\b|not correct|\binvalid", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    verdict: str
    seconds: float
    note: str


def project_of(folder: Path, name: str) -> tuple[Project, tuple[str, ...]]:
    """The program's folder and those beside it that it names, built by its Makefile; the arguments of its run target."""
    place = f"{name}-cuda"
    own = load_project(folder / "src" / place)
    files = {f"{place}/{path}": text for path, text in own.files.items()}
    beside = {word for text in own.files.values() for word in _BESIDE.findall(text)} - {place}
    for other in sorted(beside):
        found = folder / "src" / other
        if found.is_dir():
            files |= {f"{other}/{path}": text for path, text in load_project(found).files.items()}
    makefile = own.files.get("Makefile", "")
    program = next((match["value"].strip() for match in _VARIABLE.finditer(makefile) if match["name"] == "program"), "main")
    match = _RUN.search(makefile + "\n")
    arguments = shlex.split(match["arguments"]) if match else []
    project = Project(files=files, build=f"make -C {place}", run=f"{place}/{program}")
    return project, tuple(word for word in arguments if "$" not in word)


def repeated(arguments: tuple[str, ...], repeat: int | None) -> tuple[str, ...]:
    """The arguments with the last number, by HeCBench's custom the count of repetitions, at most ``repeat``."""
    numbers = [at for at, word in enumerate(arguments) if word.isdigit()]
    if repeat is None or not numbers:
        return arguments
    at = numbers[-1]
    return (*arguments[:at], str(min(int(arguments[at]), repeat)), *arguments[at + 1 :])


def verdict_of(result: ExecutionResult) -> str:
    """What the program itself says, where it ended well."""
    if result.status != Status.OK:
        return str(result.status)
    text = result.stdout + result.stderr
    if _FAILED.search(text):
        return "fail"
    return "pass" if _PASSED.search(text) else "ran"


@dataclass(frozen=True)
class Manner:
    """How every program is run."""

    seconds: float
    repeat: int | None
    checks: tuple[Check, ...]
    arguments: dict[str, str]


async def judge(executor: Executor, folder: Path, name: str, manner: Manner) -> Row:
    """Build and run one program."""
    try:
        project, arguments = project_of(folder, name)
        chosen = manner.arguments.get(name)
        arguments = repeated(arguments, manner.repeat) if chosen is None else tuple(shlex.split(chosen))
        limits = Limits(wall_s=manner.seconds, compile_s=180, memory_bytes=6 * 1024**3)
        execution = Execution(project=project, arguments=arguments, emulate=True, checks=manner.checks, limits=limits)
        result = await executor.execute(execution)
    except CodeparError as error:
        return Row(name, "not run", 0.0, str(error))
    found = [one for one in result.diagnostics if one.kind != "warning"]
    places = [f"{one.file}:{one.line}: {one.message}" if one.file else one.message for one in found[:2]]
    return Row(name, verdict_of(result), result.wall_s, "; ".join(places) or result.stdout.strip()[-60:].replace("\n", " | "))


async def main() -> None:
    """Read the command line, judge the programs one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seconds", type=float, default=60.0, help="wall time a program may take")
    parser.add_argument("--repeat", type=int, help="most repetitions, where the last argument counts them")
    parser.add_argument("--arguments", type=Path, help="a JSON object: name of a program, its arguments")
    parser.add_argument("--check", default="", help="memory,race,schedule")
    parser.add_argument("--data-dir", type=Path, help="where caches lie (default: the user's)")
    parser.add_argument("--trust", action="store_true")
    arguments = parser.parse_args()
    names = arguments.names or sorted(path.name.removesuffix("-cuda") for path in (arguments.folder / "src").glob("*-cuda"))
    settings = Settings(data_dir=arguments.data_dir) if arguments.data_dir else Settings()
    executor = open_executor(settings, arguments.trust)
    checks = cast("tuple[Check, ...]", tuple(filter(None, arguments.check.split(","))))
    small = json.loads(arguments.arguments.read_text()) if arguments.arguments else {}
    manner = Manner(arguments.seconds, arguments.repeat, checks, small)
    counts: Counter[str] = Counter()
    for name in names:
        row = await judge(executor, arguments.folder, name, manner)
        counts[row.verdict] += 1
        print(f"{row.name:24} {row.verdict:16} {row.seconds:7.2f} s  {row.note[:160]}", flush=True)
    print(", ".join(f"{verdict} {count}" for verdict, count in counts.most_common()))


if __name__ == "__main__":
    asyncio.run(main())
