"""Freeze the list of whole programs that run: what ``mpi_runs.py`` measures, chosen without looking at any completion but two.

``python benchmarks/mpi_list.py --mirrors FOLDER --repositories TSV --corpus FOLDER --held-out JSON --excluded FILE --out TSV``.
From each repository at its pinned commit: whole C and C++ programs of one file that read no input, are no near-duplicates of the
training corpus (the folder of ``finetune corpus``), of held-out programs or of one another, move data over MPI, and print without
arguments at 2 and 4 ranks, within seconds, what stays the same in three runs; at most ``--most`` a repository, by their hashes.

A program that the empty completion or the four calls reproduce stays, with a flag. Nothing else of completion is looked at.
Limits: what has a project around it, needs arguments or input, or runs on other rank counts only, is not here.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mpi_programs import RANKS, Bench, Entry, Pair, make_pair, write_list

from codepar.errors import CodeparError, InvalidInput
from codepar.flows.candidates import completers_of, rule_candidates
from codepar.flows.judging import Court
from codepar.mpi.headers import load_signatures
from codepar.mpi.insert import insert
from codepar.project import Project
from codepar.settings import Settings
from finetune.corpus import FORK_PROGRAMS, FORK_SHARE, read_excluded
from finetune.programs import Program, collect
from finetune.similar import HeldOut, one_of_each, read_signatures, signature
from finetune.sources import Source, open_repository, read_sources
from worker.executor import open_executor

_READS_INPUT = re.compile(r"\bscanf\s*\(|\bcin\s*>>|\bgetchar\s*\(|\bgets\s*\(|\bgetline\s*\(|\bstdin\b|MPI_Comm_spawn")
_REMARKS = ("Whole MPI programs that run, from repositories outside training. Their text is never part of codepar.",)
_MOVES_DATA = re.compile(
    r"MPI_I?(?:[bsr]?send|recv|bcast|reduce|allreduce|gather|allgather|scatter|alltoall|scan|exscan|neighbor)"
    r"|MPI_(?:start|put|get(?!_)|accumulate)",
    re.IGNORECASE,
)
_LONGEST_S = 3.0
_TRIED_FACTOR = 3


@dataclass(frozen=True)
class Candidate:
    """A program that may go on the list, with its near-duplicate signature."""

    entry: Entry
    pair: Pair
    signature: tuple[int, ...]


def fitting(program: Program, original: str) -> str | None:
    """Why a program cannot be on the list, by its text alone; None where it may."""
    if not program.whole:
        return "not a whole program"
    if not any(_MOVES_DATA.match(call.function) for call in program.stripped.calls):
        return "moves no data"
    if _READS_INPUT.search(original):
        return "reads input"
    return None


def candidates_of(source: Source, mirrors: Path, known: HeldOut, left_out: Counter[str]) -> list[Candidate]:
    """What a repository offers, in the order of the hashes; nothing where it looks like a fork of what was learned from."""
    repository = open_repository(source, mirrors)
    found: list[Candidate] = []
    alike = 0
    for program in collect(source, repository).programs:
        original = insert(program.stripped)
        reason = fitting(program, original)
        if reason is not None:
            left_out[reason] += 1
            continue
        values = signature(program.stripped.source, program.language)
        if known.is_like(values):
            alike += 1
            continue
        pair = make_pair(original.encode(), program.path)
        found.append(Candidate(_entry(program), pair, values))
    left_out["like a program of the corpus or a held-out one"] += alike
    if alike >= max(FORK_PROGRAMS, FORK_SHARE * (alike + len(found))):
        left_out["in a repository like one of the corpus"] += len(found)
        return []
    return sorted(found, key=lambda candidate: candidate.entry.sha256)


def _entry(program: Program) -> Entry:
    named = (program.repository, program.commit, program.path, program.sha256, program.language)
    return Entry(*named, lines=program.lines, calls=len(program.stripped.calls))


def distinct(candidates: list[Candidate]) -> list[Candidate]:
    """One of each group of near-duplicates, whatever repository it comes from."""
    return [candidates[number] for number in sorted(one_of_each([candidate.signature for candidate in candidates]))]


async def unfit(bench: Bench, pair: Pair) -> str | None:
    """Why the original is no reference: it must run, repeat itself and move data at every rank count."""
    court = bench.court(bench.request(pair))
    for ranks in RANKS:
        judged = await bench.outcome(court, pair.original, ranks)
        if judged.agrees is not True:
            return f"{judged.status}: {re.sub(r'[0-9]+', 'N', judged.reason or '')[:60]}"
        if not judged.communicated:
            return "no traffic seen"
        if any((oracle.usual_wall_s(ranks) or 0.0) > _LONGEST_S for oracle in court.oracles):
            return f"runs for more than {_LONGEST_S:g} s"
    return None


async def flags(bench: Bench, pair: Pair) -> tuple[str, ...]:
    """Which of the two fixed completions reproduce the program at every rank count, traffic aside."""
    found = rule_candidates(pair.bare, completers_of(pair.bare, load_signatures(cache=bench.settings.cache_dir), None))
    court = bench.court(bench.request(pair))
    weak = (("weak_empty", pair.bare), ("weak_four", found.baseline.project))
    return tuple([flag for flag, project in weak if await _reproduces(bench, court, project)])


async def _reproduces(bench: Bench, court: Court, project: Project) -> bool:
    for ranks in RANKS:
        if (await bench.outcome(court, project, ranks)).agrees is not True:
            return False
    return True


@dataclass
class Log:
    """What came of the programs tried so far, kept on disk so that a broken run goes on."""

    path: Path
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for line in self.path.read_text().splitlines() if self.path.exists() else ():
            answer = json.loads(line)
            self.answers[answer["sha256"]] = answer

    async def answer(self, bench: Bench, candidate: Candidate) -> dict[str, Any]:
        """Whether a program is fit, and its flags; run only where that is not known yet."""
        digest = candidate.entry.sha256
        if digest not in self.answers:
            self.answers[digest] = answer = await _try(bench, candidate)
            with self.path.open("a") as file:
                file.write(json.dumps(answer) + "\n")
            print(f"{candidate.entry.name}: {answer['unfit'] or answer['flags'] or 'taken'}", file=sys.stderr, flush=True)
        return self.answers[digest]


async def _try(bench: Bench, candidate: Candidate) -> dict[str, Any]:
    digest = candidate.entry.sha256
    try:
        reason = await unfit(bench, candidate.pair)
        return {"sha256": digest, "unfit": reason, "flags": [] if reason else list(await flags(bench, candidate.pair))}
    except CodeparError as error:
        return {"sha256": digest, "unfit": str(error)[:80], "flags": []}


async def freeze(candidates: list[Candidate], bench: Bench, most: int, log: Log) -> list[Entry]:
    """The entries that hold, at most ``most`` a repository, in the order of their names."""
    taken: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    kept: list[Entry] = []
    for candidate in candidates:
        entry = candidate.entry
        if taken[entry.repository] >= most or tried[entry.repository] >= _TRIED_FACTOR * most:
            continue
        tried[entry.repository] += 1
        answer = await log.answer(bench, candidate)
        if answer["unfit"] is None:
            taken[entry.repository] += 1
            kept.append(replace(entry, flags=tuple(answer["flags"])))
    return sorted(kept, key=lambda entry: (entry.repository.lower(), entry.path))


def known_signatures(corpus: Path, held_out: Path) -> Iterator[tuple[int, ...]]:
    """Signatures of all programs of the corpus' repositories, taken or not, and of the held-out ones."""
    kept = sorted(corpus.glob("repositories/*.json"))
    if not kept:
        raise InvalidInput(f"{corpus} is no corpus: it has no repositories/*.json", remedy="codepar finetune corpus")
    for path in kept:
        yield from map(tuple, json.loads(path.read_bytes())["signatures"])
    yield from read_signatures(held_out)


def _gather(arguments: argparse.Namespace) -> list[Candidate]:
    learned = {path.name.split("@")[0].lower() for path in arguments.corpus.glob("repositories/*.json")}
    excluded = {name.lower().replace("/", "_", 1) for name in read_excluded(arguments.excluded)}
    known = HeldOut(known_signatures(arguments.corpus, arguments.held_out))
    left_out: Counter[str] = Counter()
    candidates: list[Candidate] = []
    for source in read_sources(arguments.repositories):
        name = source.repository.lower()
        if name.replace("/", "+") in learned or name.replace("/", "_", 1) in excluded:
            left_out[f"repository {source.repository}, learned from or excluded"] += 1
            continue
        candidates += candidates_of(source, arguments.mirrors, known, left_out)
    single = distinct(candidates)
    left_out["like another candidate"] += len(candidates) - len(single)
    for reason, count in left_out.most_common():
        print(f"{count:5} {reason}")
    print(f"{len(single)} candidates of {len({one.entry.repository for one in single})} repositories")
    return single


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mirrors", type=Path, required=True, help="folder of the repositories' git folders")
    parser.add_argument("--repositories", type=Path, required=True, help="list of repository and commit")
    parser.add_argument("--corpus", type=Path, required=True, help="folder of the training corpus, for near-duplicates")
    parser.add_argument("--held-out", type=Path, required=True, help="signatures of held-out programs")
    parser.add_argument("--excluded", type=Path, required=True, help="repositories that may not be used, one a line")
    parser.add_argument("--most", type=int, default=4, help="programs a repository")
    parser.add_argument("--log", type=Path, default=Path("mpi_list.jsonl"), help="answers so far, to go on from")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    settings = Settings()
    candidates = _gather(arguments)
    log = Log(arguments.log)
    entries = await freeze(candidates, Bench(open_executor(settings, trusted=False), settings), arguments.most, log)
    for reason, count in Counter(answer["unfit"] for answer in log.answers.values() if answer["unfit"]).most_common():
        print(f"{count:5} {reason}")
    write_list(entries, arguments.out, _REMARKS)
    weak = sum(entry.is_weak for entry in entries)
    print(f"{len(entries)} programs of {len({entry.repository for entry in entries})} repositories, {weak} of them weak")


if __name__ == "__main__":
    asyncio.run(_main())
