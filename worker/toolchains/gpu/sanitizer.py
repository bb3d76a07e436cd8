"""NVIDIA's compute-sanitizer: found on the system or in a wheel, and its command line for each check.

Limits: its report says what it saw in one run; ``racecheck`` looks at shared memory alone, ``initcheck`` before
2026 at global memory alone. Options are those of 2026; a version is given what it knows of them.
"""

from __future__ import annotations

import functools
import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from codepar.errors import ToolMissing
from codepar.protocols import Check

REMEDY = "pip install 'codepar[gpu]', or name one by CODEPAR_COMPUTE_SANITIZER"
REPORT = "codepar-sanitizer.txt"
TOOLS: Mapping[Check, str] = {"memory": "memcheck", "race": "racecheck", "sync": "synccheck", "init": "initcheck"}
_SYSTEM = Path("/usr/local/cuda/bin/compute-sanitizer")
_BOX_ROOTS = (Path("/usr"), Path("/bin"))
_VERSION = re.compile(r"^Version (\S+)", re.MULTILINE)
_START_S = 20.0
_PRINTED = "200"
# Paths as they were compiled, so that two files of one name stay two; lines of host calls, too.
_COMMON = (("strip-paths", "no"), ("print-limit", _PRINTED), ("show-backtrace", "yes"), ("check-exit-code", "no"))
# Padding keeps an overrun from ending in the next allocation, where nothing would be wrong.
_OF_TOOL: Mapping[Check, tuple[tuple[str, str], ...]] = {
    "memory": (("report-api-errors", "explicit"), ("padding", "256")),
    "race": (("racecheck-report", "analysis"),),
    "sync": (),
    "init": (("initcheck-address-space", "all"),),
}


@dataclass(frozen=True)
class ComputeSanitizer:
    """The tool. ``options`` are the long ones that it knows; ``root`` the folder that holds all of it."""

    program: Path
    root: Path
    version: str
    options: frozenset[str]

    def read_only(self) -> tuple[Path, ...]:
        """Host folders that a box must show besides the system's own."""
        return () if any(self.root.is_relative_to(place) for place in _BOX_ROOTS) else (self.root,)

    def command(self, check: Check, program: Sequence[str]) -> tuple[str, ...]:
        """The line that runs ``program`` under the tool of that check; the report is written to ``REPORT``."""
        wanted = (*_COMMON, *_OF_TOOL[check])
        known = [word for name, value in wanted if name in self.options for word in (f"--{name}", value)]
        return (str(self.program), "--tool", TOOLS[check], "--log-file", REPORT, *known, *program)


def find_sanitizer(path: str, named: Path | None = None, toolkit: Path | None = None) -> ComputeSanitizer:
    """The one that the settings name, else that of the wheel, of ``toolkit`` (the folder of an nvcc), or on ``path``.
    Raises ``ToolMissing``."""
    if named is not None:
        found = _sanitizer(named)
        if found is None:
            raise ToolMissing(f"{named} is no compute-sanitizer that starts", remedy="mend CODEPAR_COMPUTE_SANITIZER")
        return found
    for program in _candidates(path, toolkit):
        found = _sanitizer(program)
        if found is not None:
            return found
    raise ToolMissing("compute-sanitizer is not installed", remedy=REMEDY)


def _candidates(path: str, toolkit: Path | None) -> Iterator[Path]:
    spec = importlib.util.find_spec("nvidia")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        yield from sorted(Path(folder).glob("cu*/compute-sanitizer/compute-sanitizer"), reverse=True)
    if toolkit is not None:
        yield toolkit / "compute-sanitizer" / "compute-sanitizer"
        yield toolkit / "bin" / "compute-sanitizer"
    on_path = shutil.which("compute-sanitizer", path=path)
    if on_path is not None:
        yield Path(on_path)
    yield _SYSTEM


@functools.cache
def _sanitizer(program: Path) -> ComputeSanitizer | None:
    """What lies there. The program in ``bin`` is a script beside the real one, whose libraries lie beside that."""
    real = program.resolve()
    beside = real.parent.parent / "compute-sanitizer" / "compute-sanitizer"
    real = beside if beside.is_file() else real
    try:
        shown, helped = (
            subprocess.run([real, option], capture_output=True, text=True, timeout=_START_S, check=False).stdout
            for option in ("--version", "--help")
        )
    except (OSError, subprocess.SubprocessError):
        return None
    version = _VERSION.search(shown)
    if version is None or "--tool" not in helped:
        return None
    return ComputeSanitizer(real, real.parent.parent, version[1], frozenset(re.findall(r"--([a-z][a-z0-9-]+)", helped)))
