"""Static MPI checks on public Fortran and mpi4py repositories: what they say of right programs, which planted mistakes they see.

``python benchmarks/mpi_check_languages.py FOLDER... --language fortran|python [--mutants]``. Without ``--mutants`` each folder (a
checkout) is checked as one project and its findings are printed, to be read: whether one is true only a person can say. With it,
one line at a time is changed in each file that was followed through all ranks and has no finding (at most two changes of a kind):
a wait dropped, the tag or the datatype of a send changed, a collective left to rank 0, ``send`` and ``Send`` exchanged.
*Found* is a mutant with any finding, *right* one with a finding of a fitting kind. Limits: calls that stand on one line, written
as most programs write them; a mutant may happen to be right, for example where nobody receives with that tag at any size.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from codepar.errors import CodeparError
from codepar.mpi.check.finding import CheckReport
from codepar.mpi.check.run import check_project
from codepar.mpi.headers import Signatures, load_signatures
from codepar.project import Project
from codepar.settings import Settings

SUFFIXES = {
    "fortran": frozenset({".f90", ".f", ".f95", ".f03", ".f08", ".for", ".h", ".inc"}),
    "python": frozenset({".py"}),
}
_BUILDS = ("makefile", "cmakelists")
_LARGEST = 1_000_000
_OF_A_KIND = 2
_TAG = frozenset({"tag-mismatch", "receive-unmatched", "send-unmatched"})
_WAIT = frozenset({"request-unwaited", "request-overwritten", "buffer-in-use"})
_TYPE = frozenset({"datatype-of-buffer", "datatype-mismatch", "count-beyond-buffer", "message-truncated"})
_COLLECTIVE = frozenset({"collective-missing", "collective-mismatch"})
_F_WAIT = re.compile(r"(\s*)call\s+mpi_wait(?:all)?\s*\(", re.IGNORECASE)
_F_SEND = re.compile(r"(.*call\s+mpi_i?s?send\s*\()(.*)\)\s*$", re.IGNORECASE)
_F_RANK = re.compile(r"call\s+mpi_comm_rank\s*\(\s*mpi_comm_world\s*,\s*(\w+)", re.IGNORECASE)
_F_ALL = re.compile(r"(\s*)(call\s+mpi_(?:barrier|bcast|reduce|allreduce|gather|scatter|allgather)\s*\(.*)", re.IGNORECASE)
_P_WAIT = re.compile(r"(\s*)(?:(?:\w+\s*=\s*)?[\w.\[\]]*\.[Ww]ait\(\)|MPI\.Request\.[Ww]aitall\(\w+\))\s*$")
_P_TAG = re.compile(r"(?!\s*#)(.*\.(?:i?send|I?send)\(.*?tag\s*=\s*)([\w+*]+)(.*)$", re.IGNORECASE)
_P_ALL = re.compile(
    r"(\s*)((?:\w+\s*=\s*)?comm\.(?:barrier|bcast|reduce|allreduce|gather|allgather|scatter)\(.*\))\s*$", re.IGNORECASE
)
_P_SEND = re.compile(r"(.*comm\.)(send|Send)(\(.*)$")


@dataclass(frozen=True)
class Change:
    """A line as it is written in a mutant, and the kinds of finding that fit."""

    kind: str
    line: str
    fitting: frozenset[str]


def fortran_changes(line: str, text: str) -> Iterator[Change]:
    """What can be done to one line of Fortran that is not continued."""
    if "&" in line:
        return
    if wait := _F_WAIT.match(line):
        yield Change("a wait dropped", f"{wait[1]}continue", _WAIT)
    arguments = re.split(r",(?![^(]*\))", sent[2]) if (sent := _F_SEND.match(line)) else []
    if sent and len(arguments) >= 7:
        other = "MPI_REAL" if "INT" in arguments[2].upper() else "MPI_INTEGER"
        for kind, place, value, fitting in (("a tag changed", 4, "4711", _TAG), ("a datatype changed", 2, other, _TYPE)):
            changed = [*arguments[:place], f" {value}", *arguments[place + 1 :]]
            yield Change(kind, f"{sent[1]}{','.join(changed)})", fitting)
    rank = _F_RANK.search(text)
    if rank and (together := _F_ALL.match(line)):
        yield Change("a collective made rank 0's alone", f"{together[1]}if ({rank[1]} == 0) {together[2]}", _COLLECTIVE)


def python_changes(line: str, _: str) -> Iterator[Change]:
    """What can be done to one line of Python."""
    if wait := _P_WAIT.match(line):
        yield Change("a wait dropped", f"{wait[1]}pass", _WAIT)
    if tag := _P_TAG.match(line):
        yield Change("a tag changed", f"{tag[1]}4711{tag[3]}", _TAG)
    if together := _P_ALL.match(line):
        yield Change("a collective made rank 0's alone", f"{together[1]}if comm.Get_rank() == 0: {together[2]}", _COLLECTIVE)
    if sent := _P_SEND.match(line):
        other = sent[2][0].swapcase() + sent[2][1:]
        yield Change(
            "send and Send exchanged", f"{sent[1]}{other}{sent[3]}", frozenset({"datatype-mismatch", "message-truncated"})
        )


CHANGES: dict[str, Callable[[str, str], Iterator[Change]]] = {"fortran": fortran_changes, "python": python_changes}


def files_of(folder: Path, language: str) -> dict[str, str]:
    """The sources of a checkout by their path in it, and what builds them."""
    wanted = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode(errors="surrogateescape")
        for path in wanted
        if (path.suffix.lower() in SUFFIXES[language] or path.name.lower().startswith(_BUILDS)) and path.stat().st_size < _LARGEST
    }


def check(files: dict[str, str], signatures: Signatures) -> CheckReport | None:
    """What the checks say; None where there is nothing to check."""
    try:
        return check_project(Project(files=files), signatures)
    except CodeparError:
        return None


def show_findings(folders: Iterable[Path], language: str, signatures: Signatures) -> None:
    """Print each folder's figures and findings."""
    for folder in folders:
        started = time.monotonic()
        checked = check(files_of(folder, language), signatures)
        if checked is None:
            print(f"{folder.name}: nothing to check")
            continue
        said = (
            f"{checked.files} files, {checked.programs} programs, {checked.replayed} followed, {len(checked.findings)} findings"
        )
        print(f"{folder.name}: {said}, {time.monotonic() - started:.1f} s", flush=True)
        for one in checked.findings:
            print(f"  {one.file}:{one.line}: {one.severity.value}: {one.message} [{one.kind}]")


def mutate(name: str, text: str, language: str, signatures: Signatures, counts: Counter[tuple[str, str]]) -> bool:
    """Count the mutants of one program; False where it is not followed, or not without findings."""
    own = check({name: text}, signatures)
    if own is None or own.findings or own.skipped or not own.replayed:
        return False
    lines, made = text.split("\n"), Counter[str]()
    for number, line in enumerate(lines):
        for change in CHANGES[language](line, text):
            made[change.kind] += 1
            changed = "\n".join([*lines[:number], change.line, *lines[number + 1 :]])
            seen = check({name: changed}, signatures) if made[change.kind] <= _OF_A_KIND else None
            if seen is not None:
                counts[change.kind, "made"] += 1
                counts[change.kind, "found"] += bool(seen.findings)
                counts[change.kind, "right"] += any(one.kind in change.fitting for one in seen.findings)
    return True


def show_mutants(folders: Iterable[Path], language: str, signatures: Signatures) -> None:
    """Print how many mutants of all programs are found."""
    counts, programs = Counter[tuple[str, str]](), 0
    for folder in folders:
        for path, text in files_of(folder, language).items():
            if "mpi" in text.lower() and not Path(path).name.lower().startswith(_BUILDS):
                programs += mutate(Path(path).name, text, language, signatures, counts)
    print(f"{programs} programs")
    for kind in sorted({kind for kind, _ in counts}):
        print(f"{kind:34} made {counts[kind, 'made']:4} found {counts[kind, 'found']:4} right {counts[kind, 'right']:4}")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--language", choices=sorted(SUFFIXES), required=True)
    parser.add_argument("--mutants", action="store_true")
    options = parser.parse_args()
    measure = show_mutants if options.mutants else show_findings
    measure(options.folders, options.language, load_signatures(cache=Settings().cache_dir))


if __name__ == "__main__":
    main()
