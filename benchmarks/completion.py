"""How many programs come out verified when their MPI calls are removed and completed again.

``python benchmarks/completion.py FOLDER...``: every C and C++ program with ``main`` and MPI calls below the folders (a folder
with a Makefile is one project) is stripped, completed with the original as reference, and run at each rank count. The table sets
the answer beside the rules alone, the four-call baseline and the empty completion. Limits: what the original prints is all
that is compared; a program whose original fails, or prints nothing that stays the same, is counted apart as not judgeable.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from codepar.errors import CodeparError
from codepar.flows.complete import complete
from codepar.flows.judging import Court, call_court, is_verified, why_unverified
from codepar.flows.mpi_request import MpiCompletionRequest
from codepar.mpi.remove import strip
from codepar.project import C_SUFFIXES, CXX_SUFFIXES, Project
from codepar.project_folder import load_project
from codepar.protocols import Executor, Generator, SilentProgress, Status, Verdict
from codepar.settings import Settings
from worker.executor import open_executor

_MAIN = re.compile(r"\bmain\s*\(")
_ARGUMENTS: tuple[tuple[str, ...], ...] = ((), ("100",), ("100", "5"))
"""Tried in turn on a program that ends in error: most that want arguments want a size, some a size and a repetition."""
_CALL = re.compile(r"\bMPI_[A-Z][a-z]\w*\s*\(")


@dataclass
class Row:
    """One program: how each way of completing it ended. ``note`` says why it could not be judged."""

    name: str
    calls: int = 0
    arguments: str = ""
    judged: bool = False
    note: str = ""
    ours: bool = False
    rules: bool = False
    baseline: bool = False
    empty: bool = False
    candidate: str = ""
    reason: str = ""
    seconds: float = 0.0
    verdicts: list[dict[str, object]] = field(default_factory=list)


def programs(paths: list[Path]) -> Iterator[tuple[str, Project]]:
    """Every program below the paths with its name."""
    for path in paths:
        if path.is_file():
            yield path.name, Project(files={path.name: path.read_text()})
        elif (path / "Makefile").is_file():
            project = load_project(path)
            if any(_CALL.search(project.files[source]) for source in project.sources()):
                yield path.name, project
        else:
            for child in sorted(path.iterdir()):
                if child.is_dir() or child.suffix in C_SUFFIXES | CXX_SUFFIXES:
                    yield from _below(path, child)


def _below(parent: Path, child: Path) -> Iterator[tuple[str, Project]]:
    if child.is_dir():
        yield from ((f"{child.name}/{name}", project) for name, project in programs([child]))
        return
    text = child.read_text(errors="replace")
    if _MAIN.search(text) and _CALL.search(text):
        headers = {header.name: header.read_text() for header in parent.glob("*.h")}
        yield child.name, Project(files={child.name: text, **headers})


def removed(project: Project) -> tuple[Project, int]:
    """The project without its MPI calls, and how many were there."""
    files, calls = {}, 0
    for path in project.sources():
        if _CALL.search(project.files[path]):
            stripped = strip(project.files[path], path)
            files[path] = stripped.source
            calls += len(stripped.calls)
    return project.with_files(files), calls


@dataclass(frozen=True)
class Bench:
    """What every measurement shares."""

    executor: Executor
    generator: Generator | None
    settings: Settings
    ranks: list[int]

    def request(self, original: Project, bare: Project, arguments: tuple[str, ...]) -> MpiCompletionRequest:
        options = {"ranks": self.ranks, "reference": original, "model": self.generator is not None, "arguments": arguments}
        return MpiCompletionRequest.model_validate({"project": bare, "options": options})

    def court(self, request: MpiCompletionRequest) -> Court:
        return call_court(request, self.executor, SilentProgress(), settings=self.settings)

    async def judgeable(self, row: Row, original: Project, bare: Project) -> MpiCompletionRequest | None:
        """The request with the first arguments under which the original agrees with itself; None when there are none."""
        for arguments in _ARGUMENTS:
            request = self.request(original, bare, arguments)
            verdicts = await self.court(request).verdicts(original)
            if is_verified(verdicts):
                row.arguments = " ".join(arguments)
                return request
            row.note = row.note or why_unverified(verdicts) or ""
            if verdicts[0].status is not Status.RUNTIME_ERROR:
                return None
        return None


async def measure(name: str, original: Project, bench: Bench) -> Row:
    """Complete one program and judge the four ways."""
    row = Row(name)
    started = time.monotonic()
    try:
        bare, row.calls = removed(original)
        request = await bench.judgeable(row, original, bare)
        if request is None:
            return row
        row.judged, row.note = True, ""
        row.empty = is_verified(await bench.court(request).verdicts(bare))
        answer = await complete(request, bench.generator, bench.executor, SilentProgress(), bench.settings)
        row.ours, row.baseline = answer.verified, bool(answer.baseline.verified)
        row.candidate, row.reason = answer.candidate, answer.reason or ""
        row.rules = any(c.name == "rules" and c.chosen and answer.verified for c in answer.candidates)
        row.verdicts = [_plain(v) for v in answer.verification]
    except CodeparError as error:
        row.note = str(error)
    row.seconds = round(time.monotonic() - started, 1)
    return row


def _plain(verdict: Verdict) -> dict[str, object]:
    return verdict.model_dump(mode="json", exclude={"diagnostics"})


def report(rows: list[Row]) -> None:
    """The table, one line a program, and the counts."""
    judged = [row for row in rows if row.judged]
    for row in rows:
        marks = " ".join("yes" if hit else " - " for hit in (row.ours, row.rules, row.baseline, row.empty))
        said = row.note or row.reason
        print(f"{row.name[:44]:44} {row.calls:3} {marks if row.judged else '  not judgeable '} {row.candidate:16} {said[:70]}")
    print(f"\n{len(rows)} programs, {len(judged)} judgeable, {len(rows) - len(judged)} not")
    for way in ("ours", "rules", "baseline", "empty"):
        print(f"{way:9} verified {sum(getattr(row, way) for row in judged)} of {len(judged)}")


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--np", default="1,2,4", help="rank counts, default 1,2,4")
    parser.add_argument("--no-model", action="store_true")
    parser.add_argument("--trust", action="store_true", help="run without the sandbox")
    parser.add_argument("--json", type=Path, help="write the rows here")
    arguments = parser.parse_args()
    settings = Settings()
    generator = None
    if not arguments.no_model:
        from codepar.engine.factory import open_generator

        generator = await open_generator(settings)
    executor = open_executor(settings, trusted=arguments.trust)
    bench = Bench(executor, generator, settings, [int(count) for count in arguments.np.split(",")])
    rows = []
    for name, project in programs(arguments.paths):
        rows.append(await measure(name, project, bench))
        print(f"{name}: {'verified' if rows[-1].ours else rows[-1].note or rows[-1].reason}", file=sys.stderr, flush=True)
    if generator is not None:
        await generator.close()
    report(rows)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=2))


if __name__ == "__main__":
    asyncio.run(_main())
