"""Fortran and mpi4py programs to measure completion on: chosen from repositories by a rule, and made into data from the list.

``python benchmarks/mpi_languages.py choose --repositories TSV --mirrors FOLDER --excluded FILE... --out mpi_languages.tsv`` takes
of each repository, at its pinned commit, at most ``--most`` programs by the hashes of their bytes: whole ones (Fortran: Init and
Finalize in the file; Python: rank or size asked for) of at least three calls that come out without loss, no near-duplicates of
one another. Repositories are put into two halves by the hashes of their names: ``development``, which may be looked at, and
``set_aside``. ``... data --mirrors FOLDER -o programs.jsonl`` reads the listed programs from git, checks their bytes and writes
what ``codepar eval run mpi-languages`` takes. No text is committed. Limits: files of at most 300 lines, UTF-8.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from codepar.errors import InvalidInput
from codepar.mpi.remove import strip
from codepar.mpi.stripped import Stripped
from codepar.project import FORTRAN_SUFFIXES, PYTHON_SUFFIXES
from evaluators.benchmarks.mpi_languages import row_of
from finetune.sources import Source, SourceFile, open_repository, read_sources

LIST = Path(__file__).with_name("mpi_languages.tsv")
FIELDS = ("repository", "commit", "path", "sha256", "language", "calls", "part")
_MOST_LINES = 300
_LEAST_CALLS = 3
_ALIKE = 0.7
_TOKEN = re.compile(r"[A-Za-z_]\w*|\d+|\S")
_USES_MPI = re.compile(rb"(?i)\bmpi4py\b|\bcall\s+mpi_")
_COMMENT = re.compile(r"^[cC*][^\n]*|[!#][^\n]*", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """One line of the list."""

    repository: str
    commit: str
    path: str
    sha256: str
    language: str
    calls: int
    part: str

    def row(self) -> str:
        """The line, without its end."""
        return "\t".join((self.repository, self.commit, self.path, self.sha256, self.language, str(self.calls), self.part))


def read_list(path: Path = LIST) -> list[Entry]:
    """The entries of a list. Raises ``ValueError`` for a line of another form."""
    rows = [line.split("\t") for line in path.read_text().splitlines() if line and not line.startswith(("#", FIELDS[0] + "\t"))]
    return [Entry(row[0], row[1], row[2], row[3], row[4], int(row[5]), row[6]) for row in rows]


def language_of_path(path: str) -> str | None:
    """``fortran`` or ``python`` by the suffix; None for anything else."""
    suffix = PurePosixPath(path).suffix
    return "fortran" if suffix in FORTRAN_SUFFIXES else "python" if suffix in PYTHON_SUFFIXES else None


def fitting(language: str, stripped: Stripped) -> bool:
    """Whether a stripped program is whole and has enough calls."""
    names = {call.function.rsplit(".", 1)[-1].lower() for call in stripped.calls}
    whole = {"mpi_init", "mpi_finalize"} <= names if language == "fortran" else bool(names & {"get_rank", "get_size"})
    return whole and len(stripped.calls) >= _LEAST_CALLS


def grams_of(stripped: Stripped) -> frozenset[str]:
    """Runs of six tokens of a program without its calls and comments."""
    tokens = _TOKEN.findall(_COMMENT.sub("", stripped.source).lower())
    return frozenset(" ".join(tokens[place : place + 6]) for place in range(max(1, len(tokens) - 5)))


def part_of(repository: str) -> str:
    """The half that a repository belongs to, by the hash of its name."""
    return "development" if hashlib.sha256(repository.lower().encode()).digest()[0] % 2 else "set_aside"


def programs_of(source: Source, mirrors: Path) -> Iterator[tuple[Entry, Stripped]]:
    """The fitting programs of a repository, by the hashes of their bytes."""
    repository = open_repository(source, mirrors)
    names = [name for name in repository.names(source.commit) if language_of_path(name)]
    files = {hashlib.sha256(file.content).hexdigest(): file for file in repository.files(source.commit, names)}
    for digest, file in sorted(files.items()):
        language = language_of_path(file.path) or ""
        stripped = stripped_of(file)
        if stripped is not None and fitting(language, stripped):
            part = part_of(source.repository)
            yield Entry(source.repository, source.commit, file.path, digest, language, len(stripped.calls), part), stripped


def stripped_of(file: SourceFile) -> Stripped | None:
    """A file without its calls; None where it is long, does not speak MPI or is refused."""
    if not _USES_MPI.search(file.content) or file.content.count(b"\n") >= _MOST_LINES:
        return None
    try:
        return strip(file.content.decode(), file.path)
    except (UnicodeDecodeError, InvalidInput):
        return None


def choose(options: argparse.Namespace) -> None:
    """Write the list. Raises ``SystemExit`` where a repository may not be used."""
    excluded = {
        line.split("\t")[0].strip().lower().replace("/", "_")
        for path in options.excluded
        for line in path.read_text().splitlines()
    }
    chosen, seen, left_out = list[Entry](), list[frozenset[str]](), Counter[str]()
    for source in read_sources(options.repositories):
        if source.repository.lower().replace("/", "_") in excluded:
            raise SystemExit(f"{source.repository} is excluded")
        taken = Counter[str]()
        for entry, stripped in programs_of(source, options.mirrors):
            grams = grams_of(stripped)
            alike = any(len(grams & other) >= _ALIKE * len(grams | other) for other in seen)
            full = taken[entry.language] >= options.most
            left_out["alike" if alike else "more than the most of a repository"] += alike or full
            if not alike and not full:
                seen.append(grams)
                taken[entry.language] += 1
                chosen.append(entry)
    remark = "# Fortran and mpi4py programs that MPI completion is measured on. Their text is never part of codepar."
    options.out.write_text("\n".join([remark, "\t".join(FIELDS), *(entry.row() for entry in chosen)]) + "\n")
    counts = Counter((entry.language, entry.part) for entry in chosen)
    homes = {key: len({entry.repository for entry in chosen if (entry.language, entry.part) == key}) for key in counts}
    for key, count in sorted(counts.items()):
        sys.stdout.write(f"{' '.join(key)}: {count} programs of {homes[key]} repositories\n")
    sys.stdout.write(f"left out: {dict(left_out)}\n")


def write_data(options: argparse.Namespace) -> None:
    """Write the data of the list. Raises ``InvalidInput`` where a program is not what the list says."""
    with options.output.open("w") as output:
        for entry in read_list(options.list):
            repository = open_repository(Source(entry.repository, entry.commit), options.mirrors)
            content = next((file.content for file in repository.files(entry.commit, [entry.path])), b"")
            if hashlib.sha256(content).hexdigest() != entry.sha256:
                raise InvalidInput(f"{entry.repository}:{entry.path} is missing at its commit, or has other bytes")
            row = row_of(entry.repository, entry.path, entry.part, strip(content.decode(), entry.path))
            output.write(json.dumps(row) + "\n")


def main() -> None:
    """Read the command line and do what it asks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    chooses = commands.add_parser("choose")
    chooses.add_argument("--repositories", type=Path, required=True)
    chooses.add_argument("--mirrors", type=Path, required=True)
    chooses.add_argument("--excluded", type=Path, nargs="*", default=[])
    chooses.add_argument("--most", type=int, default=6)
    chooses.add_argument("--out", type=Path, default=LIST)
    chooses.set_defaults(do=choose)
    makes = commands.add_parser("data")
    makes.add_argument("--list", type=Path, default=LIST)
    makes.add_argument("--mirrors", type=Path, required=True)
    makes.add_argument("--output", "-o", type=Path, required=True)
    makes.set_defaults(do=write_data)
    options = parser.parse_args()
    options.do(options)


if __name__ == "__main__":
    main()
