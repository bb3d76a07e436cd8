"""Strip and insert every MPI program of some folders; print what was accepted, why the rest was not, and the time.

Usage: python benchmarks/roundtrip.py FOLDER... [--lines N] [--language c|fortran|python]. A program is a source file that names
MPI's header or module, or an MPI call; Python that parsed must parse afterwards. ``--lines`` looks for the time at the programs
nearest to that many lines. Limits: times are of this process, warm.
"""

from __future__ import annotations

import argparse
import ast
import re
import statistics
import time
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from codepar.errors import CodeparError
from codepar.mpi.insert import insert
from codepar.mpi.remove import strip
from codepar.project import C_SUFFIXES, CXX_SUFFIXES, FORTRAN_SUFFIXES, PYTHON_SUFFIXES


@dataclass(frozen=True)
class Kind:
    """The programs of one language, told and searched with nothing of the package."""

    suffixes: frozenset[str]
    uses_mpi: re.Pattern[bytes]
    opaque: re.Pattern[str]
    call: re.Pattern[str]


_PICKLED = (
    "send|recv|isend|irecv|ssend|bcast|scatter|gather|allgather|alltoall|reduce|allreduce|scan|sendrecv|probe|iprobe|barrier"
)
_PYTHON_OPAQUE = r"'''.*?(?:'''|\Z)|\"\"\".*?(?:\"\"\"|\Z)|#[^\n]*|'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\""
KINDS = {
    "c": Kind(
        C_SUFFIXES | CXX_SUFFIXES,
        re.compile(rb"\bmpi\.h\b|\bMPI_[A-Z]\w*\s*\("),
        re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'", re.DOTALL),
        re.compile(r"(?<![\w.>])P?MPIX?_\w*[a-z]\w*\s*\("),
    ),
    "fortran": Kind(
        FORTRAN_SUFFIXES,
        re.compile(rb"(?i)\bmpif\.h\b|^[ \t]*use\s*(?:,\s*intrinsic\s*::\s*)?mpi(?:_f08)?\b|\bcall\s+mpi_", re.MULTILINE),
        re.compile(r"^[cC*][^\n]*|![^$\n][^\n]*|\"[^\"\n]*\"|'[^'\n]*'", re.MULTILINE),
        re.compile(r"\bcall\s+p?mpix?_\w+|\bmpi_wti(?:me|ck)\s*\(", re.IGNORECASE),
    ),
    "python": Kind(
        PYTHON_SUFFIXES,
        re.compile(rb"\bmpi4py\b"),
        re.compile(_PYTHON_OPAQUE, re.DOTALL),
        re.compile(rf"\b(?:MPI(?:\.COMM_\w+)?|comm|COMM_WORLD)\.(?:[A-Z][a-z]\w*|{_PICKLED})\("),
    ),
}
_CONSTRUCTED = re.compile(
    r"MPI\.(?:Status|\w*[rR]equest|Win|File|\w*[cC]omm|Group|Info|Op|Datatype|Exception|Message|Errhandler|Session)\("
)
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


def try_program(path: Path, kind: Kind) -> Outcome:
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
    rest = _CONSTRUCTED.sub("(", kind.opaque.sub(" ", stripped.source))
    left = max(0, len(kind.call.findall(rest)) - len(stripped.refused))
    reason = None if inserted.encode() == raw else "other bytes after insertion"
    if path.suffix in PYTHON_SUFFIXES and _parses(text) and not _parses(stripped.source):
        reason = "does not parse without its calls"
    return Outcome(path, lines, len(stripped.calls), reason, left, statistics.median(times))


def _parses(text: str) -> bool:
    """Whether this interpreter reads it as Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(text)
        except (SyntaxError, ValueError):
            return False
    return True


def programs(folders: list[Path], kind: Kind) -> list[Path]:
    """The MPI programs below the folders, in a fixed order."""
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in kind.suffixes and path.is_file()]
    return [path for path in files if kind.uses_mpi.search(path.read_bytes())]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--lines", type=int, default=300)
    parser.add_argument("--language", choices=KINDS, default="c")
    options = parser.parse_args()
    kind = KINDS[options.language]
    outcomes = [try_program(path, kind) for path in programs(options.folders, kind)]
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
