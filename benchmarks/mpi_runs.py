"""How often a whole program runs again after its MPI calls were removed and completed: compiled, ran, agreed, in seconds.

``python benchmarks/mpi_runs.py --mirrors FOLDER [--systems empty,four,rules,default] [--limit N] [--rows JSONL]``, on the frozen
list beside this file. The ``original`` is always judged first, and where it fails on this host its program is left out. ``empty``
inserts nothing, ``four`` is the four-call rule, ``rules`` and ``default`` are the product's flow (``codepar mpi complete BARE
--reference ORIGINAL --np 2,4``) without and with the language model. Of these two the first answer (nothing run: one sample) and
the ``verified`` one (several candidates, chosen by running them against the reference) are rows of their own, and the latter is
`solved`, never pass@1. Every answer is then judged anew by one court, with its MPI traffic counted.

Rows go to a JSONL file, one a program and system; what is there is not done again, so use one file for one state of the code.
Limits: a single machine's seconds, the weights loaded beforehand; with ``--modes both`` the verified answer finds the model's
prompt cached by the first one's; what is printed is all that is compared.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mpi_programs import LIST, RANKS, Bench, Entry, Judged, Pair, read_list, read_program

from codepar.errors import CodeparError, InvalidInput
from codepar.flows.candidates import completers_of, rule_candidates
from codepar.flows.complete import complete
from codepar.flows.judging import Court
from codepar.mpi.headers import load_signatures
from codepar.project import Project
from codepar.protocols import Generator, SilentProgress, Status
from codepar.settings import Settings
from evaluators.intervals import bounded_zero, cluster_bootstrap, paired_bootstrap, sum_by_cluster
from worker.executor import open_executor

SYSTEMS = ("empty", "four", "rules", "default")
_ORIGINAL = "original"
_VERIFIED = " verified"
_COMPARED = (("rules verified", "four"), ("default", "rules"), ("default verified", "rules verified"))
_SILENT = "no MPI traffic seen"
_RAN = frozenset({Status.OK, Status.WRONG_OUTPUT, Status.NOT_PARALLEL})
_NOT_COMPILED = frozenset({Status.COMPILE_ERROR, Status.REFUSED, Status.UNSUPPORTED})


@dataclass(frozen=True)
class Row:
    """What one system made of one program. ``claimed``: what the flow itself said; None where it ran nothing."""

    sha256: str
    repository: str
    path: str
    weak: bool
    system: str
    edits: int
    compiled: bool
    ran: bool
    agreed: dict[str, bool]
    reasons: dict[str, str]
    seconds: float
    claimed: bool | None = None
    candidate: str = ""
    model: str = ""
    notes: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        """Agreed, with traffic, at every rank count."""
        return bool(self.agreed) and all(self.agreed.values())


@dataclass(frozen=True)
class Answer:
    """A completed program and how it came about."""

    project: Project
    edits: int
    seconds: float
    claimed: bool | None = None
    candidate: str = ""
    model: str = ""
    notes: tuple[str, ...] = ()


@dataclass
class Measurement:
    """Answers of the systems to one program, each judged once however many systems give it."""

    bench: Bench
    generator: Generator | None
    pair: Pair
    modes: str = "both"

    def __post_init__(self) -> None:
        self._court: Court = self.bench.court(self.bench.request(self.pair))
        self._judged: dict[str, list[Judged]] = {}

    def ways(self, system: str) -> dict[str, Callable[[], Awaitable[Answer]]]:
        """The rows of a system: one for a fixed completion, two for a flow."""
        if system in {_ORIGINAL, "empty", "four"}:
            return {system: lambda: self._fixed(system)}
        model = system == "default"
        both = {system: lambda: self._flow(model, False), system + _VERIFIED: lambda: self._flow(model, True)}
        return {name: way for name, way in both.items() if self.modes in {"both", "verified" if _VERIFIED in name else "first"}}

    async def _fixed(self, system: str) -> Answer:
        started = time.monotonic()
        if system != "four":
            return Answer(self.pair.original if system == _ORIGINAL else self.pair.bare, 0, time.monotonic() - started)
        signatures = load_signatures(cache=self.bench.settings.cache_dir)
        four = rule_candidates(self.pair.bare, completers_of(self.pair.bare, signatures, None)).baseline
        return Answer(four.project, four.count, time.monotonic() - started)

    async def _flow(self, model: bool, verify: bool) -> Answer:
        request = self.bench.request(self.pair, model=model, verify=verify)
        generator = self.generator if model else None
        started = time.monotonic()
        found = await complete(request, generator, self.bench.executor, SilentProgress(), self.bench.settings)
        seconds = time.monotonic() - started
        project = self.pair.bare.with_files(found.files)
        said = (found.candidate, found.provenance.artefact or found.provenance.model or "", found.notes)
        return Answer(project, len(found.edits), seconds, found.verified if verify else None, *said)

    async def judged(self, project: Project) -> list[Judged]:
        """How a program fares at each rank count."""
        key = json.dumps(dict(project.files), sort_keys=True)
        if key not in self._judged:
            self._judged[key] = [await self.bench.outcome(self._court, project, ranks) for ranks in RANKS]
        return self._judged[key]


def row_of(entry: Entry, system: str, answer: Answer, judged: Sequence[Judged]) -> Row:
    """The row of one answer."""
    return Row(
        sha256=entry.sha256,
        repository=entry.repository,
        path=entry.path,
        weak=entry.is_weak,
        system=system,
        edits=answer.edits,
        compiled=all(one.status not in _NOT_COMPILED for one in judged),
        ran=all(one.status in _RAN for one in judged),
        agreed={str(one.ranks): one.is_right for one in judged},
        reasons={str(one.ranks): _why(one) for one in judged if not one.is_right},
        seconds=round(answer.seconds, 3),
        claimed=answer.claimed,
        candidate=answer.candidate,
        model=answer.model,
        notes=answer.notes,
    )


def _why(judged: Judged) -> str:
    said = _SILENT if judged.agrees is True else judged.reason or ""
    return f"{judged.status}: {said}"[:160]


def rate(rows: Sequence[Row]) -> str:
    """The share that is right at every rank count, with its 95 % interval by repository."""
    found = cluster_bootstrap(list(_counts(rows).values()), {"right": (_share, len(rows))})["right"]
    bounded = bounded_zero(found)
    if bounded.value is None or bounded.low is None or bounded.high is None:
        return "of nothing"
    low = bounded.low if bounded.value < 1 else max(0.0, 1 - 3 / bounded.n)
    return f"{100 * bounded.value:5.1f} % [{100 * low:.0f}-{100 * bounded.high:.0f}]"


def failures(rows: Sequence[Row]) -> str:
    """Why programs are not right, by the first rank count that says so, and how often the flow itself claimed otherwise."""
    counted = Counter(_kind(row) for row in rows if not row.is_right)
    said = [f"{kind} {count}" for kind, count in counted.most_common()]
    claimed = sum(row.claimed is True and not row.is_right for row in rows)
    return ", ".join([*said, *([f"claimed verified and not right {claimed}"] if claimed else [])]) or "all right"


def _kind(row: Row) -> str:
    first = next(iter(row.reasons.values()), "unknown")
    is_silent = first.endswith(_SILENT) or first.startswith(Status.NOT_PARALLEL)
    return "agrees without traffic" if is_silent else first.split(":")[0]


def difference(first: Sequence[Row], second: Sequence[Row]) -> str:
    """How much more often the first system is right on the programs that both were given, paired, in points."""
    both = {row.sha256 for row in first} & {row.sha256 for row in second}
    ours, theirs = (_counts([row for row in rows if row.sha256 in both]) for rows in (first, second))
    found = paired_bootstrap(ours, theirs, {"right": _share})["right"]
    if found.value is None or found.low is None or found.high is None:
        return "no program in common"
    return f"{100 * found.value:+5.1f} points [{100 * found.low:+.0f} to {100 * found.high:+.0f}] on {len(both)} programs"


def _counts(rows: Sequence[Row]) -> dict[str, list[float]]:
    return sum_by_cluster((row.repository, (float(row.is_right), 1.0)) for row in rows)


def _share(sums: Sequence[float]) -> float | None:
    return sums[0] / sums[1] if sums[1] else None


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * int(share * 100) // 100) - 1))]


def report(rows: Sequence[Row]) -> str:
    """The tables: all programs, and those that no fixed completion reproduces; then those whose original fails here."""
    failed = {
        row.sha256: f"{row.repository}:{row.path} {row.reasons}" for row in rows if row.system == _ORIGINAL and not row.is_right
    }
    counted = [row for row in rows if row.sha256 not in failed]
    parts = []
    for title, chosen in (("all programs", counted), ("without the weak ones", [row for row in counted if not row.weak])):
        if chosen:
            parts.append(_table(title, chosen))
    if failed:
        parts.append("\n".join([f"left out, the original fails on this host: {len(failed)}", *failed.values()]))
    return "\n\n".join(parts)


def _table(title: str, rows: Sequence[Row]) -> str:
    by_system: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_system[row.system].append(row)
    lines = [
        f"{title}: {len({row.sha256 for row in rows})} of {len({row.repository for row in rows})} repositories",
        f"{'system':18}{'n':>5}{'calls':>7}{'compiled':>10}{'ran':>6}"
        + "".join(f"{f'at {ranks}':>6}" for ranks in RANKS)
        + f"{'both':>6}  {'right at both, 95 % by repository':34}{'p50 s':>8}{'p95 s':>8}",
    ]
    lines += [_line(system, found) for system, found in by_system.items()]
    lines += [f"{system}: {failures(found)}" for system, found in by_system.items() if system != _ORIGINAL]
    lines += [f"{a} over {b}: {difference(by_system[a], by_system[b])}" for a, b in _COMPARED if {a, b} <= by_system.keys()]
    return "\n".join(lines)


def _line(system: str, rows: Sequence[Row]) -> str:
    agreed = [sum(row.agreed.get(str(ranks), False) for row in rows) for ranks in RANKS]
    right = [*agreed, sum(row.is_right for row in rows)]
    times = [row.seconds for row in rows]
    return (
        f"{system:18}{len(rows):>5}{sum(row.edits for row in rows) / len(rows):>7.1f}"
        f"{sum(row.compiled for row in rows):>10}{sum(row.ran for row in rows):>6}"
        f"{''.join(f'{count:>6}' for count in right)}  {rate(rows):34}{quantile(times, 0.5):>8.2f}{quantile(times, 0.95):>8.2f}"
    )


def read_rows(path: Path) -> list[Row]:
    """The rows of a JSONL file; an unfinished last line, left by a broken run, is not one."""
    rows = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            rows.append(Row(**json.loads(line)))
        except (ValueError, TypeError):
            print(f"{path}: left out: {line[:60]}", file=sys.stderr)
    return rows


async def measure(entry: Entry, systems: Sequence[str], measurement: Measurement, done: set[tuple[str, str]]) -> list[Row]:
    """The rows of one program that are not done yet."""
    rows: list[Row] = []
    for system in (_ORIGINAL, *systems):
        for name, way in measurement.ways(system).items():
            if (entry.sha256, name) in done:
                continue
            answer = await way()
            rows.append(row_of(entry, name, answer, await measurement.judged(answer.project)))
    return rows


async def _main() -> None:
    arguments = _arguments()
    systems = arguments.systems.split(",")
    if unknown := set(systems) - set(SYSTEMS):
        raise InvalidInput(f"--systems: {', '.join(sorted(unknown))} is none of {', '.join(SYSTEMS)}")
    settings = Settings()
    bench = Bench(open_executor(settings, arguments.trust), settings)
    entries = sorted(read_list(arguments.list), key=lambda entry: entry.sha256)[: arguments.limit]
    done = {(row.sha256, row.system) for row in read_rows(arguments.rows)}
    generator = None
    if "default" in systems:
        from codepar.engine.factory import open_generator

        generator = await open_generator(settings)
    try:
        for number, entry in enumerate(entries, start=1):
            try:
                pair = read_program(entry, arguments.mirrors, arguments.clone_url)
                measurement = Measurement(bench, generator, pair, arguments.modes)
                rows = await measure(entry, systems, measurement, done)
            except CodeparError as error:
                print(f"{entry.name}: left out: {error}", file=sys.stderr, flush=True)
                continue
            with arguments.rows.open("a") as file:
                file.writelines(json.dumps(asdict(row)) + "\n" for row in rows)
            said = ", ".join(f"{row.system} {'right' if row.is_right else 'wrong'}" for row in rows)
            print(f"{number}/{len(entries)} {entry.name}: {said or 'done before'}", file=sys.stderr, flush=True)
    finally:
        if generator is not None:
            await generator.close()
    listed = {entry.sha256 for entry in entries}
    print(report([row for row in read_rows(arguments.rows) if row.sha256 in listed]))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mirrors", type=Path, required=True, help="folder of the repositories' git folders")
    parser.add_argument("--clone-url", help="where to clone what is missing from, with {repository} in place of its name")
    parser.add_argument("--list", type=Path, default=LIST)
    parser.add_argument("--systems", default=",".join(SYSTEMS))
    parser.add_argument("--modes", choices=("both", "first", "verified"), default="both", help="which answers of the flows")
    parser.add_argument("--limit", type=int, help="N programs only, the first by their hashes: no choice of repositories")
    parser.add_argument("--rows", type=Path, default=Path("mpi_runs.jsonl"))
    parser.add_argument("--trust", action="store_true", help="run without the sandbox")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(_main())
