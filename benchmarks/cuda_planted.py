"""Is a wrong translation ever called verified? ``cuda_planted.py FILE|FOLDER [--only right,cheats,mutants] [--log FILE]``.

FILE holds C/CUDA pairs as JSON lines (``cpp_code``, ``cuda_code``, ``cuda_wrapper``), FOLDER pairs ``NAME.c`` and ``NAME.cu``.
Every pair that verifies is the base of plants: cheats (``cuda_cheats.py``) and mutants (``codepar.cuda.cases.mutants``). Printed
are, by class, how many were judged and how many were called verified, and each of those by name: what is left is to be read. A
mutant that verifies is judged again with ``--again`` other seeds: it may be equivalent only where it verifies on all of them.
Results go to the log, one JSON object a line; what stands there is not judged again. Limits: one judgement after the other.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cuda_cheats import cheats

from codepar.cuda.cases.mutants import mutants
from codepar.cuda.entry import find_entry
from codepar.cuda.function import SequentialFunction
from codepar.cuda.read import read_function
from codepar.cuda.translation import Origin, Target, Translation
from codepar.errors import CodeparError
from codepar.flows.cuda_court import CudaCourt, open_court
from codepar.protocols import Executor
from codepar.settings import Settings
from worker.executor import open_executor


@dataclass(frozen=True)
class Pair:
    """A sequential function and a translation that is said to be right."""

    name: str
    original: str
    path: str
    translation: str


@dataclass(frozen=True)
class Plant:
    """``kind`` is ``right``, ``cheat:...`` or ``mutant:...``; ``name`` is unique within a pair."""

    name: str
    kind: str
    text: str
    entry: str
    change: str = ""


def load(path: Path) -> Iterator[Pair]:
    """The pairs of a file or folder."""
    if path.is_dir():
        for original in sorted(path.glob("*.c")):
            yield Pair(original.stem, original.read_text(), original.name, original.with_suffix(".cu").read_text())
        return
    for line in path.read_text().splitlines():
        row = json.loads(line)
        translation = f"{row['cuda_code']}\n{row['cuda_wrapper']}\n"
        yield Pair(str(row["id"]), row["cpp_code"] + "\n", "original.cpp", translation)


def plants(function: SequentialFunction, pair: Pair, entry: str, kinds: set[str], every: int) -> Iterator[Plant]:
    """All wrong versions of a right translation; of the mutants each ``every``-th."""
    if "cheats" in kinds:
        for number, one in enumerate(cheats(function, pair.translation, entry)):
            yield Plant(f"{one.kind}-{number}", f"cheat:{one.kind}", one.text, one.entry)
    if "mutants" in kinds:
        for number, mutant in enumerate(mutants(pair.translation)):
            name = f"{mutant.kind}-{mutant.line}-{number}"
            if number % every:
                continue
            yield Plant(name, f"mutant:{mutant.kind}", mutant.text, entry, f"line {mutant.line}: {mutant.change}")


class Log:
    """What was judged, kept in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.rows: list[dict[str, Any]] = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        self._known = {(row["pair"], row["plant"]): row for row in self.rows}

    def known(self, pair: str, plant: str) -> dict[str, Any] | None:
        return self._known.get((pair, plant))

    def add(self, row: dict[str, Any]) -> None:
        self.rows.append(row)
        self._known[row["pair"], row["plant"]] = row
        with self._path.open("a") as file:
            file.write(json.dumps(row) + "\n")


@dataclass
class Judge:
    """Judges plants of one pair after the other."""

    executor: Executor
    settings: Settings
    log: Log
    seed: int | None
    again: int
    every: int

    async def pair(self, pair: Pair, kinds: set[str]) -> None:
        try:
            function = read_function(pair.original, pair.path)
            entry = find_entry(function, pair.translation, "translation.cu")
        except CodeparError as error:
            self.log.add(
                {
                    "pair": pair.name,
                    "plant": "right",
                    "kind": "right",
                    "verified": False,
                    "status": "refused",
                    "reason": str(error),
                }
            )
            return
        courts = [await open_court(function, self.executor, self.settings, seed=self.seed)]
        right = await self.judge(courts, pair, Plant("right", "right", pair.translation, entry))
        if not right["verified"]:
            return
        for plant in plants(function, pair, entry, kinds, self.every):
            await self.judge(courts, pair, plant)

    async def judge(self, courts: list[CudaCourt], pair: Pair, plant: Plant) -> dict[str, Any]:
        known = self.log.known(pair.name, plant.name)
        if known is not None:
            return known
        row: dict[str, Any] = {"pair": pair.name, "plant": plant.name, "kind": plant.kind}
        began = time.monotonic()
        for turn in range(1 + (self.again if plant.kind.startswith("mutant") else 0)):
            if turn == len(courts):
                courts.append(await open_court(courts[0].function, self.executor, self.settings))
            verdict = await self._verdict(courts[turn], plant)
            row |= verdict | {"turn": turn}
            if not verdict["verified"]:
                break
            row.setdefault("once", True)
        row |= {"change": plant.change, "seconds": round(time.monotonic() - began, 1)}
        print(f"{pair.name} {plant.name}: {row['status']} {row['reason'][:150]}", file=sys.stderr, flush=True)
        self.log.add(row)
        return row

    async def _verdict(self, court: CudaCourt, plant: Plant) -> dict[str, Any]:
        translation = Translation(
            source=plant.text, entry=plant.entry, function=court.function.name, target=Target.CUDA, origin=Origin.USER
        )
        try:
            verdict = await court.judge(translation)
        except CodeparError as error:
            return {"verified": False, "status": "refused", "reason": str(error), "seed": court.seed}
        return {
            "verified": verdict.verified,
            "status": str(verdict.status),
            "reason": verdict.reason,
            "seed": verdict.seed,
            "notes": list(verdict.notes),
        }


def summary(rows: list[dict[str, Any]]) -> str:
    """Counts by class, and the names of what was called verified."""
    lines = []
    right = [row for row in rows if row["kind"] == "right"]
    lines.append(f"right translations: {sum(row['verified'] for row in right)} of {len(right)} verified")
    why = Counter(f"{row['status']}: {row['reason'].split(':')[0]}" for row in right if not row["verified"])
    lines += [f"    {count:4} {reason}" for reason, count in why.most_common()]
    by_kind: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["kind"] != "right":
            by_kind[row["kind"]].append(row)
    planted = [row for found in by_kind.values() for row in found]
    lines.append(f"planted: {len(planted)}; called verified at first {sum(bool(row.get('once')) for row in planted)}")
    for kind, found in sorted(by_kind.items()):
        rungs = Counter(row["reason"].split(":")[0] for row in found if not row["verified"])
        lines.append(f"    {kind:32} {len(found):4}, verified {sum(bool(row.get('once')) for row in found):3}   {dict(rungs)}")
    for row in planted:
        if row.get("once"):
            how = "on all seeds" if row["verified"] else f"not on a later seed ({row['reason'][:100]})"
            lines.append(f"  VERIFIED {row['pair']} {row['plant']} seed {row['seed']} {how}: {row['change']}")
    return "\n".join(lines)


async def main() -> None:
    """Judge what the command line names and print the summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--seed", type=int, help="seed of the tests of every pair; fresh ones if not given")
    parser.add_argument("--only", default="right,cheats,mutants")
    parser.add_argument("--limit", type=int, default=10**6, help="pairs")
    parser.add_argument("--ids", help="names of the pairs, separated by commas")
    parser.add_argument("--again", type=int, default=2, help="further seeds for mutants that verify")
    parser.add_argument("--every", type=int, default=1, help="take each N-th mutant only")
    parser.add_argument("--log", type=Path, default=Path("cuda_planted.jsonl"))
    parser.add_argument("--summary", action="store_true", help="print what the log holds and judge nothing")
    options = parser.parse_args()
    log = Log(options.log)
    if not options.summary:
        settings = Settings()
        judge = Judge(open_executor(settings, trusted=False), settings, log, options.seed, options.again, options.every)
        chosen = [one for one in load(options.pairs) if options.ids is None or one.name in options.ids.split(",")]
        for pair in chosen[: options.limit]:
            await judge.pair(pair, set(options.only.split(",")))
    print(summary(log.rows))


if __name__ == "__main__":
    asyncio.run(main())
