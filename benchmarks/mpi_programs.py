"""The frozen list of whole MPI programs, how one is read from its repository, and how one is judged with its traffic counted.

The list (``mpi_programs.tsv``) names programs by repository, commit, path and sha256; no text is committed. A completion counts
at a rank count when the program ends ``ok``, prints what the original prints (three runs, what varies masked), and data passed
between ranks. Limits: what is printed is all that is compared; the traffic is what the program's own processes counted.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from codepar.errors import InvalidInput
from codepar.flows.judging import Court, call_court
from codepar.flows.mpi_request import MpiCompletionRequest
from codepar.mpi.remove import strip
from codepar.project import Project
from codepar.protocols import Executor, SilentProgress, Status, Traffic
from codepar.settings import Settings
from finetune.sources import Source, open_repository

LIST = Path(__file__).with_name("mpi_programs.tsv")
RANKS = (2, 4)
FIELDS = ("repository", "commit", "path", "sha256", "language", "lines", "calls", "ranks", "flags")


@dataclass(frozen=True)
class Entry:
    """One line of the list. ``flags``: ``weak_empty`` and ``weak_four`` mark programs that these two completions reproduce."""

    repository: str
    commit: str
    path: str
    sha256: str
    language: str
    lines: int
    calls: int
    ranks: tuple[int, ...] = RANKS
    flags: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.repository}:{self.path}"

    @property
    def is_weak(self) -> bool:
        return any(flag.startswith("weak") for flag in self.flags)

    def row(self) -> str:
        """The line of the list, without its end."""
        ranks, flags = ",".join(map(str, self.ranks)), ",".join(self.flags) or "-"
        named = (self.repository, self.commit, self.path, self.sha256, self.language)
        return "\t".join((*named, str(self.lines), str(self.calls), ranks, flags))


def parse_row(line: str) -> Entry:
    """The entry of one line. Raises ``InvalidInput``."""
    cells = line.rstrip("\n").split("\t")
    if len(cells) != len(FIELDS) or not re.fullmatch(r"[0-9a-f]{64}", cells[3]):
        raise InvalidInput(f"expected {len(FIELDS)} cells ({', '.join(FIELDS)}), found: {line.strip()[:100]!r}")
    repository, commit, path, sha256, language, lines, calls, ranks, flags = cells
    counts = tuple(int(count) for count in ranks.split(","))
    named = () if flags == "-" else tuple(flags.split(","))
    return Entry(repository, commit, path, sha256, language, int(lines), int(calls), counts, named)


def read_list(path: Path = LIST) -> list[Entry]:
    """All entries, ``#`` lines and the head left out."""
    lines = path.read_text().splitlines()
    return [parse_row(line) for line in lines if line and not line.startswith(("#", FIELDS[0] + "\t"))]


def write_list(entries: Iterable[Entry], path: Path, remarks: Sequence[str] = ()) -> None:
    """The list with its remarks and its head."""
    rows = [*(f"# {remark}" for remark in remarks), "\t".join(FIELDS), *(entry.row() for entry in entries)]
    path.write_text("\n".join(rows) + "\n")


@dataclass(frozen=True)
class Pair:
    """A program as its author left it, and without its MPI calls."""

    original: Project
    bare: Project


def read_program(entry: Entry, mirrors: Path, clone_url: str | None = None) -> Pair:
    """The program from its repository. Raises ``InvalidInput`` where it is not there or is another one."""
    repository = open_repository(Source(entry.repository, entry.commit), mirrors, clone_url)
    content = next((file.content for file in repository.files(entry.commit, [entry.path])), b"")
    if hashlib.sha256(content).hexdigest() != entry.sha256:
        raise InvalidInput(f"{entry.name} is missing at its commit, or has other bytes than the list says")
    return make_pair(content, entry.path)


def make_pair(content: bytes, path: str) -> Pair:
    """The program of a file's bytes; text that is not UTF-8 is read as Latin-1. Raises ``InvalidInput``."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    name = PurePosixPath(path).name
    original = Project(files={name: text})
    return Pair(original, original.with_files({name: strip(text, name).source}))


@dataclass(frozen=True)
class Judged:
    """How a completed program fared at one rank count."""

    ranks: int
    status: Status
    agrees: bool | None
    traffic: Traffic | None
    reason: str | None = None

    @property
    def communicated(self) -> bool:
        """Whether data passed between ranks."""
        return self.traffic is not None and self.traffic.is_seen

    @property
    def is_right(self) -> bool:
        """Ended ok, agreed with the original, and really communicated."""
        return self.status is Status.OK and self.agrees is True and self.communicated


@dataclass(frozen=True)
class Bench:
    """Runs and judges programs, one at a time."""

    executor: Executor
    settings: Settings

    def request(self, pair: Pair, ranks: Sequence[int] = RANKS, **options: object) -> MpiCompletionRequest:
        """What ``codepar mpi complete BARE --reference ORIGINAL --np RANKS`` asks."""
        asked = {"ranks": list(ranks), "reference": pair.original, **options}
        return MpiCompletionRequest.model_validate({"project": pair.bare, "options": asked})

    def court(self, request: MpiCompletionRequest) -> Court:
        return call_court(request, self.executor, SilentProgress(), settings=self.settings)

    async def outcome(self, court: Court, project: Project, ranks: int) -> Judged:
        """Run once and judge."""
        verdict = await court.verdict(project, ranks)
        return Judged(ranks, verdict.status, verdict.agrees, verdict.traffic, verdict.reason)
