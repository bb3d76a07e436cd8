"""Strip and insert every MPI program of some folders; print what was accepted, why the rest was not, and the time.

Usage: python benchmarks/roundtrip.py FOLDER... [--lines N]. A program is a C or C++ source file that names ``mpi.h`` or an MPI
call. ``--lines`` looks for the time at the programs nearest to that many lines. Limits: times are of this process, warm.
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from codepar.errors import CodeparError
from codepar.mpi.insert import insert
from codepar.mpi.remove import strip
from codepar.project import C_SUFFIXES, CXX_SUFFIXES

_OPAQUE = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'", re.DOTALL)
_CALL = re.compile(r"(?<![\w.>])P?MPIX?_\w*[a-z]\w*\s*\(")
_USES_MPI = re.compile(rb"\bmpi\.h\b|\bMPI_[A-Z]\w*\s*\(")
_REPEATS = 5


@dataclass(frozen=True)
class Outcome:
    """What became of one program; ``seconds`` is the median of strip and insert together."""

    path: Path
    lines: int
    calls: int
    reason: str | None
    left: int
    seconds: float


def try_program(path: Path) -> Outcome:
    """Strip and insert one file; the check for calls left uses nothing of the package."""
    raw = path.read_bytes()
    lines = raw.count(b"\n")
    try:
        text = raw.decode()
        times = []
        for _ in range(_REPEATS):
            start = time.perf_counter()
            stripped = strip(text, str(path))
            inserted = insert(stripped)
            times.append(time.perf_counter() - start)
    except UnicodeDecodeError:
        return Outcome(path, lines, 0, "not UTF-8", 0, 0.0)
    except CodeparError as error:
        return Outcome(path, lines, 0, error.message.removeprefix(str(path)), 0, 0.0)
    left = len(_CALL.findall(_OPAQUE.sub(" ", stripped.source))) - len(stripped.refused)
    reason = None if inserted.encode() == raw else "other bytes after insertion"
    return Outcome(path, lines, len(stripped.calls), reason, left, statistics.median(times))


def programs(folders: list[Path]) -> list[Path]:
    """The MPI programs below the folders, in a fixed order."""
    suffixes = C_SUFFIXES | CXX_SUFFIXES
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in suffixes and path.is_file()]
    return [path for path in files if _USES_MPI.search(path.read_bytes())]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--lines", type=int, default=300)
    options = parser.parse_args()
    outcomes = [try_program(path) for path in programs(options.folders)]
    if not outcomes:
        raise SystemExit("no MPI program was found")
    accepted = [outcome for outcome in outcomes if outcome.reason is None]
    print(f"programs {len(outcomes)}, accepted with the same bytes {len(accepted)} ({len(accepted) / len(outcomes):.1%})")
    print(f"calls removed {sum(outcome.calls for outcome in accepted)}, left {sum(outcome.left for outcome in accepted)}")
    for outcome in outcomes:
        if outcome.reason or outcome.left:
            print(f"  {outcome.path}: {outcome.reason or f'{outcome.left} calls left'}")
    _print_times(accepted, options.lines)


def _print_times(accepted: list[Outcome], lines: int) -> None:
    near = sorted(accepted, key=lambda outcome: abs(outcome.lines - lines))[:20]
    for name, some in (("all", accepted), (f"the {len(near)} nearest to {lines} lines", near)):
        ordered = sorted(outcome.seconds * 1e3 for outcome in some)
        p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
        sizes = f"{min(o.lines for o in some)}-{max(o.lines for o in some)} lines"
        print(f"{name} ({sizes}): p50 {statistics.median(ordered):.1f} ms, p95 {p95:.1f} ms, most {ordered[-1]:.1f} ms")
    print(f"MPI calls in a program: {dict(sorted(Counter(min(o.calls // 10 * 10, 50) for o in accepted).items()))} (by tens)")


if __name__ == "__main__":
    main()
