"""Static MPI checks on a public collection of wrong and right programs: found and falsely accused, by class, beside clang-tidy.

Usage: ``python benchmarks/mpi_check.py FOLDER... [--half 0|1] [--clang-tidy PATH] [--include FOLDER] [--list] [--json FILE]``.
Reads the headers of the MPI Bugs Initiative (the folder that its generators wrote) and the file names of MPI-CorrBench.

A hash of the file's name puts it into a half; the checks were developed on half 0 only. Of a wrong program three things are
counted: *found*, any finding; *right*, a finding of a kind that fits the class that the collection states; *line*, a line of it
(or of its notes) is one that the collection names. A correct program with any finding is falsely accused. clang-tidy runs
``mpi-buffer-deref``, ``mpi-type-mismatch`` and ``clang-analyzer-optin.mpi.MPI-Checker``. Limits: what a collection calls correct
is taken so; the lines in the comments of MPI-CorrBench are partly those of an older layout of its files.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from codepar.errors import CodeparError
from codepar.mpi.check.finding import Finding
from codepar.mpi.check.run import check_project
from codepar.mpi.headers import Signatures, find_header, load_signatures
from codepar.project import Project
from codepar.settings import Settings

_TEST = re.compile(r"^\s*\$ ?mpirun -np (\d+) \S+ *(.*)\n[ |]*(OK|ERROR: *\S+)(?:\n *\| (.*))?", re.MULTILINE)
_LINE = re.compile(r"\.c:(\d+)|\bline (\d+)(?:/(\d+))?")
_CALLS = frozenset(
    {"collective-mismatch", "collective-missing", "send-unmatched", "receive-unmatched", "deadlock", "needs-buffering"}
)
_NULLS = frozenset({"null-communicator", "null-datatype", "null-operation", "freed-handle", "invalid-free"})
_RIGHT = {
    "CallMatching": _CALLS,
    "CommunicatorMatching": frozenset({"communicator-mismatch", "collective-missing"}) | _CALLS,
    "DatatypeMatching": frozenset({"datatype-mismatch", "datatype-of-buffer"}),
    "InvalidCommunicator": _NULLS,
    "InvalidDatatype": _NULLS | {"type-not-committed"},
    "InvalidOperator": frozenset({"null-operation", "operation-type"}),
    "InvalidOtherArg": frozenset({"invalid-argument", "negative-count"}),
    "InvalidRoot": frozenset({"root-out-of-range"}),
    "InvalidSrcDest": frozenset({"rank-out-of-range", "wildcard-in-send"}),
    "InvalidTag": frozenset({"negative-tag", "wildcard-in-send"}),
    "LocalConcurrency": frozenset({"buffer-in-use", "rma-buffer-in-use"}),
    "GlobalConcurrency": frozenset({"rma-conflict"}),
    "MessageRace": frozenset({"message-race"}),
    "MissingStart": frozenset({"request-not-started"}),
    "MissingWait": frozenset({"request-unwaited", "request-overwritten"}),
    "OperatorMatching": frozenset({"operator-mismatch"}),
    "RootMatching": frozenset({"root-mismatch"}),
    "TagMatching": frozenset({"tag-mismatch"}),
    "RequestLeak": frozenset({"request-leaked", "request-unwaited"}),
    "CommunicatorLeak": frozenset({"communicator-leaked"}),
    "GroupLeak": frozenset({"group-leaked"}),
    "OperatorLeak": frozenset({"operation-leaked"}),
    "TypeLeak": frozenset({"datatype-leaked"}),
}
_WAITS = {"MissingWait", "MissingStart", "RequestLeak"}
_TYPES = {"DatatypeMatching", "InvalidDatatype"}
"""Classes that clang-tidy's checks are about: its request checker, its type check."""
_TIDY_CHECKS = "-*,mpi-buffer-deref,mpi-type-mismatch,clang-analyzer-optin.mpi.MPI-Checker"
_TIDY_LINE = re.compile(r"^(\S+?):(\d+):\d+: (?:warning|error): .*\[((?:mpi-|clang-analyzer-optin\.mpi)[\w.-]+)", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    """One program and what its collection says of it."""

    path: Path
    half: int
    truth: str
    lines: tuple[int, ...]


@dataclass(frozen=True)
class Answer:
    """What one tool said of it."""

    name: str
    half: int
    truth: str
    wanted: tuple[int, ...]
    kinds: tuple[str, ...]
    lines: tuple[int, ...]
    seconds: float
    replayed: bool = True

    @property
    def right(self) -> bool:
        fitting = _RIGHT.get(self.truth)
        if fitting is not None and any("MPI-Checker" in kind for kind in self.kinds) and self.truth in _WAITS:
            return True
        if fitting is not None and "mpi-type-mismatch" in self.kinds and self.truth in _TYPES:
            return True
        return bool(self.kinds) if fitting is None else bool(set(self.kinds) & fitting)


def half_of(path: Path) -> int:
    """0 or 1, by a hash of the name."""
    return int(hashlib.sha256(path.name.encode()).hexdigest(), 16) % 2


def cases(folder: Path) -> Iterator[Case]:
    """The programs of a collection with what it says of them."""
    for path in sorted(folder.rglob("*.c")):
        text = path.read_text(errors="replace")
        match = _TEST.search(text)
        if match:
            truth = match[3].removeprefix("ERROR:").strip()
            yield Case(path, half_of(path), truth, _lines(match[4] or ""))
        elif re.search(r"M(PI|Test)_Init", text) and re.search(r"\bmain\b", text):
            correct = "correct" in path.parts or path.name.startswith("no-error")
            comments = " ".join(re.findall(r"/\*.*?\*/|//[^\n]*", text, re.DOTALL))
            yield Case(path, half_of(path), "OK" if correct else path.name.split("-")[0], () if correct else _lines(comments))


def _lines(text: str) -> tuple[int, ...]:
    return tuple(sorted({int(group) for match in _LINE.findall(text) for group in match if group}))


def _project(case: Case) -> Project:
    headers = sorted(case.path.parent.glob("*.h"))
    for above in list(case.path.parents)[:4]:
        headers += sorted((above / "include").glob("*.h"))
    files = {path.name: path.read_text(errors="replace") for path in headers}
    return Project(files={case.path.name: case.path.read_text(errors="replace"), **files})


def ours(case: Case, signatures: Signatures) -> Answer:
    """What codepar says."""
    started = time.process_time()
    try:
        report = check_project(_project(case), signatures)
    except CodeparError:
        return Answer(str(case.path), case.half, case.truth, case.lines, (), (), time.process_time() - started, False)
    seconds = time.process_time() - started
    named = {line for finding in report.findings for line in _named(finding)}
    kinds = tuple(sorted({finding.kind for finding in report.findings}))
    return Answer(
        str(case.path),
        case.half,
        case.truth,
        case.lines,
        kinds,
        tuple(sorted(named)),
        seconds,
        report.replayed == report.programs,
    )


def _named(finding: Finding) -> Iterator[int]:
    yield finding.line
    yield from (other.line for other in finding.related)


def tidy(case: Case, program: Path, include: Path) -> Answer:
    """What clang-tidy says; seconds are those of the wall."""
    started = time.perf_counter()
    extra = [f"-I{folder}" for above in list(case.path.parents)[:4] if (folder := above / "include").is_dir()]
    command = [str(program), f"-checks={_TIDY_CHECKS}", str(case.path), "--", f"-I{include}", *extra, "-w"]
    command += ["-fopenmp"] if "openmp" in case.path.parts else []
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    found = [(int(line), kind) for file, line, kind in _TIDY_LINE.findall(done.stdout) if file.endswith(case.path.name)]
    return Answer(
        str(case.path),
        case.half,
        case.truth,
        case.lines,
        tuple(sorted({kind for _, kind in found})),
        tuple(sorted({line for line, _ in found})),
        time.perf_counter() - started,
    )


def table(answers: list[Answer], title: str) -> None:
    """Print one table."""
    print(f"\n{title}")
    print(f"  {'class':24} {'programs':>8} {'found':>7} {'right':>7} {'line':>9}")
    wrong = [one for one in answers if one.truth != "OK"]
    for truth in sorted({one.truth for one in wrong}):
        _row(truth, [one for one in wrong if one.truth == truth])
    _row("all wrong programs", wrong)
    correct = [one for one in answers if one.truth == "OK"]
    accused = [one for one in correct if one.kinds]
    print(f"  correct programs: {len(correct)}; falsely accused: {len(accused)}")
    seconds = sorted(one.seconds for one in answers)
    if seconds:
        print(f"  seconds a program: median {seconds[len(seconds) // 2]:.3f}, longest {seconds[-1]:.2f}")
        print(f"  programs whose ranks were not compared: {sum(not one.replayed for one in answers)}")


def _row(name: str, group: list[Answer]) -> None:
    placed = [one for one in group if one.wanted]
    line = sum(bool(set(one.wanted) & set(one.lines)) for one in placed)
    found, right = sum(bool(one.kinds) for one in group), sum(one.right for one in group)
    print(f"  {name:24} {len(group):8} {found:7} {right:7} {f'{line}/{len(placed)}':>9}")


def _details(answers: list[Answer]) -> None:
    for one in answers:
        if bool(one.kinds) if one.truth == "OK" else not one.right:
            note = "" if one.replayed else " (not replayed)"
            print(f"    {one.truth:22} {','.join(one.kinds) or '-':50} {one.lines} {Path(one.name).name}{note}")


def _chosen(folder: Path, arguments: argparse.Namespace) -> list[Case]:
    count: dict[str, int] = {}
    found = []
    for case in cases(folder):
        if arguments.half not in {None, case.half} or not re.search(arguments.only, str(case.path)):
            continue
        count[case.truth] = count.get(case.truth, 0) + 1
        if (count[case.truth] - 1) % arguments.every == 0:
            found.append(case)
    return found


def _report(folder: Path, tool: str, answers: list[Answer], *, details: bool) -> None:
    for half in (0, 1):
        group = [one for one in answers if one.half == half]
        if group:
            table(group, f"{folder}: {tool}, half {half} ({'developed on' if half == 0 else 'held out'})")
        if details:
            _details(group)
    sys.stdout.flush()


def main() -> None:
    """Measure each folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--half", type=int, choices=(0, 1), help="one half only")
    parser.add_argument("--every", type=int, default=1, help="take every N-th program of each class")
    parser.add_argument("--only", default="", help="take files whose path matches this expression")
    parser.add_argument("--clang-tidy", type=Path, help="run this clang-tidy on the same files")
    parser.add_argument("--include", type=Path, help="folder of mpi.h for clang-tidy; the one that codepar finds if not given")
    parser.add_argument("--list", action="store_true", help="name the programs missed and accused")
    parser.add_argument("--json", type=Path, help="write each answer to this file")
    arguments = parser.parse_args()
    signatures = load_signatures(cache=Settings().cache_dir)
    include = arguments.include or find_header().parent
    kept = []
    for folder in arguments.folders:
        chosen = _chosen(folder, arguments)
        tools = {"codepar": [ours(case, signatures) for case in chosen]}
        if arguments.clang_tidy:
            tools["clang-tidy"] = [tidy(case, arguments.clang_tidy, include) for case in chosen]
        for tool, answers in tools.items():
            _report(folder, tool, answers, details=arguments.list)
            kept += [{"tool": tool, "folder": str(folder), **asdict(one)} for one in answers]
    if arguments.json:
        arguments.json.write_text(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
