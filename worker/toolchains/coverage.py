"""Line and branch coverage of one run, by gcc's gcov: the flags, where the counts land, and their reading inside the box.

Each unit is compiled by itself, so that the names of its notes and counts are known. Limits: gcc only; no ``build`` command,
whose names are not known; a program that is killed, or leaves by ``_exit``, leaves no counts, one that changes its working
folder leaves them elsewhere. Bodies of OpenMP regions are not counted: gcov leaves out functions of the compiler's making. The
program writes its counts itself and can forge them: they explain, no more.
"""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codepar.errors import ToolMissing
from codepar.protocols import BranchCount, Coverage, FileCoverage, LineCount
from worker.runner import MEBIBYTE, Bounds, Command, Runner
from worker.toolchains.diagnostics import project_name

NO_COUNTS = "no coverage: the program left no counts; it was killed, left by _exit, or changed its working folder"

OUTLINED = "coverage: gcov leaves out the bodies of OpenMP regions, which the compiler makes functions of its own"

_FOLDER = ".codepar/coverage"
_COUNT_BYTES = 16 * MEBIBYTE
_OUTPUT_BYTES = 32 * MEBIBYTE
_BOUNDS = Bounds(wall_s=20.0, memory_bytes=1024 * MEBIBYTE, output_bytes=_OUTPUT_BYTES, processes=16)
# More folders than a path can have: each unit's counts lie side by side.
_STRIP = "240"


def compile_flags(flags: Sequence[str]) -> tuple[str, ...]:
    """Optimisation would merge branches; threads must not lose counts."""
    optimise = () if any(flag.startswith("-O") for flag in flags) else ("-O0",)
    return ("--coverage", "-fprofile-update=atomic", *optimise)


def require_gcov(path: str) -> None:
    """Raise ``ToolMissing`` where no gcov lies on ``path``."""
    if shutil.which("gcov", path=path) is None:
        raise ToolMissing("gcov is not installed", remedy="apt-get install gcc")


def note_name(number: int) -> str:
    """The notes that the compiler leaves of unit ``number``."""
    return f".codepar/{number}.gcno"


def environment() -> dict[str, str]:
    """Variables of the run: its counts land below its working folder, wherever it was built."""
    return {"GCOV_PREFIX": _FOLDER, "GCOV_PREFIX_STRIP": _STRIP}


def count_names(files: Collection[str], rank: int | None = None) -> tuple[str, ...]:
    """What a run of a program with these files (notes among them) leaves; with ``rank``, what that rank alone leaves."""
    return tuple(_count_name(name, rank) for name in sorted(files) if name.endswith(".gcno"))


def _count_name(note: str, rank: int | None) -> str:
    own = "" if rank is None else f"{rank}/"
    return f"{_FOLDER}/{own}{note.removeprefix('.codepar/').removesuffix('.gcno')}.gcda"


def artifact_bytes(wanted: bool) -> int:
    """How much a run may hand back for its coverage."""
    return _COUNT_BYTES if wanted else 0


async def read(
    runner: Runner,
    built: Mapping[str, bytes],
    left: Mapping[str, bytes],
    files: Collection[str],
    path: str,
    *,
    rank: int | None = None,
) -> Coverage | None:
    """The counts of a run. ``built`` holds the notes, ``left`` what the run left; None when that is nothing readable.

    ``rank``: those of one rank, of a run that counted them apart.
    """
    notes = {name: content for name, content in built.items() if name.endswith(".gcno")}
    given: dict[str, bytes] = {}
    for name, content in notes.items():
        counts = left.get(_count_name(name, rank))
        if counts is not None:
            plain = name.removeprefix(".codepar/")
            given |= {plain: content, f"{plain.removesuffix('.gcno')}.gcda": counts}
    if not given:
        return None
    command = Command(
        argv=("gcov", "--json-format", "--stdout", "--branch-probabilities", *(name for name in given if name.endswith(".gcda"))),
        files=given,
        environment={"PATH": path, "LC_ALL": "C"},
        bounds=_BOUNDS,
    )
    outcome = await runner.run(command)
    return parse(outcome.stdout.decode(errors="replace"), files) if outcome.cause == "exit" else None


def parse(text: str, files: Collection[str]) -> Coverage | None:
    """The documents that gcov prints, one a line. Instances of a template, and units that share a header, are summed."""
    lines: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    branches: dict[str, dict[tuple[int, int], int]] = defaultdict(lambda: defaultdict(int))
    for line in _lines(text, files):
        lines[line.file][line.number] += line.count
        for index, count in enumerate(line.ways):
            branches[line.file][line.number, index] += count
    found = [
        FileCoverage(
            file=name,
            lines=tuple(LineCount(line=number, count=count) for number, count in sorted(lines[name].items())),
            branches=tuple(
                BranchCount(line=number, index=index, count=count) for (number, index), count in sorted(branches[name].items())
            ),
        )
        for name in sorted(lines)
    ]
    return Coverage(files=tuple(found)) if found else None


@dataclass(frozen=True)
class _Line:
    """One executable line; ``ways`` are the counts of its branches, without those that an exception takes."""

    file: str
    number: int
    count: int
    ways: tuple[int, ...]


def _lines(text: str, files: Collection[str]) -> Iterator[_Line]:
    """The lines of the project's files; what is no document of gcov is passed over."""
    for document in text.splitlines():
        try:
            for file in json.loads(document)["files"]:
                name = project_name(str(file["file"]), files)
                if name in files:
                    yield from (_line(name, line) for line in file["lines"])
        except (ValueError, KeyError, TypeError):
            continue


def _line(name: str, line: dict[str, Any]) -> _Line:
    ways = tuple(int(way["count"]) for way in line.get("branches", ()) if not way.get("throw"))
    return _Line(name, int(line["line_number"]), int(line["count"]), ways)
