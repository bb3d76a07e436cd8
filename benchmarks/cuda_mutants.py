"""How many faults tests notice: ``cuda_mutants.py PAIRS.jsonl [--every 7] [--model] [--output rows.jsonl] [--list]``.

For each pair of a C function and a right CUDA version (with recorded inputs and outputs, as in ``cuda_pairs.py``) one fault is
planted at a time (``codepar.cuda.cases.mutants``), and three sets of tests look at the values alone: our cases by rule (those
that judge, by ``--seed``), with ``--model`` those that a language model proposes as Tester (``--answers`` times, the first answer
greedy; kept where they fit the function and the original is clean), and the recorded ones, compared as they were recorded, as
text. What the rules' cases leave alive then meets the checks of the verdict (memory, race, active threads), and counts as
equivalent where it agrees on 64 further cases with clean checks. Where the CUDA version of a pair launches nothing, or is not
right on our cases (many are so on the recorded ones alone), faults go into our rules' translation.
With ``--output`` each pair is a row of the file, and the same command goes on where it stopped. Limits: originals that leave
nothing to compare, or that neither way translates rightly, cannot be scored and are listed.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cuda_pairs import HEADERS
from mutant_programs import LIMITS, Bench, Pair, Prepared, read_pair
from mutant_report import Fate, Planted, Row, lines_of, read_rows

from codepar.cuda.cases import TestCase, TestSet, candidate_project, new_nonce
from codepar.cuda.cases.mutants import Mutant, mutants
from codepar.cuda.translation import Origin, Target, Translation
from codepar.engine.factory import open_generator
from codepar.errors import CodeparError
from codepar.flows.asking import Asking
from codepar.flows.cuda_tester import proposed_cases
from codepar.protocols import Generator
from codepar.settings import Settings
from codepar.syntax.cuda import CudaSource
from worker.executor import open_executor

FRESH_CASES = 64
_CHECKED_CASES = 4
_BUDGET_S = 900.0
"""For the model's answers about one pair; a loaded machine takes minutes for one."""


@dataclass(frozen=True)
class Scorer:
    """Scores pairs; ``generator`` is None where no model is asked."""

    bench: Bench
    generator: Generator | None
    answers: int

    async def row(self, pair: Pair, empty: Row) -> Row:
        """What becomes of the faults of one pair."""
        cases = await self.bench.by_rule(pair)
        if not cases.tests.cases:
            return empty.model_copy(update={"left_out": "no case on which the original is clean and does something"})
        right = await self._right(pair, cases)
        if right is None:
            return empty.model_copy(update={"left_out": "its own CUDA does not agree with the original on our cases"})
        branches = await self.bench.branches(pair, cases.tests)
        faults = mutants(right.cuda)
        ours = await self.bench.agreeing(right, [right.cuda, *(one.text for one in faults)], cases)
        built = [(fault, agrees) for fault, agrees in zip(faults, ours[1:], strict=True) if agrees is not None]
        texts = [right.cuda, *(fault.text for fault, _ in built)]
        proposed, kept = await self._models(right)
        model = await self._by(right, texts, kept)
        recorded = await self.bench.recorded(right, texts)
        planted = [
            Planted(
                kind=fault.kind,
                line=fault.line,
                change=fault.change,
                rules=not agrees,
                model=model[at],
                recorded=not recorded[at] if recorded[0] is True else None,
            )
            for at, (fault, agrees) in enumerate(built, start=1)
        ]
        fates = await self._fates(right, [fault for fault, agrees in built if agrees])
        return empty.model_copy(
            update={
                "by_rule": right is not pair,
                "cases": len(cases.tests.cases),
                "proposed": proposed,
                "kept": len(kept.tests.cases) if kept is not None else 0,
                "unbuilt": len(faults) - len(built),
                "taken": branches.taken,
                "total": branches.total,
                "faults": tuple(_with_fate(one, fault, fates) for one, (fault, _) in zip(planted, built, strict=True)),
            }
        )

    async def _right(self, pair: Pair, cases: Prepared) -> Pair | None:
        """The pair with a CUDA version that is right on our cases: its own, else that of the rules."""
        launches = CudaSource(pair.cuda).launches
        for one in (pair if launches else None, pair.by_rule()):
            if one is not None and await self.bench.agreeing(one, [one.cuda], cases) == [True]:
                return one
        return None

    async def _models(self, pair: Pair) -> tuple[int, Prepared | None]:
        """How many cases the model proposed that fit, and those on which the original is clean; None where it was not asked."""
        if self.generator is None:
            return 0, None
        asking = Asking(self.generator, _BUDGET_S)
        cases: Sequence[TestCase] = await proposed_cases(asking, pair.function, self.bench.seed, self.answers)
        return len(cases), await self.bench.of(pair, cases)

    async def _by(self, pair: Pair, texts: Sequence[str], cases: Prepared | None) -> list[bool | None]:
        """Whether each text is noticed. Without a case nothing is."""
        if cases is None:
            return [None] * len(texts)
        if not cases.tests.cases:
            return [False] * len(texts)
        return [None if agrees is None else not agrees for agrees in await self.bench.agreeing(pair, texts, cases)]

    async def _fates(self, pair: Pair, alive: Sequence[Mutant]) -> dict[Mutant, tuple[Fate, str]]:
        """Those that the checks of the verdict see, those that agree on 64 fresh cases, and those that live."""
        if not alive:
            return {}
        fresh = await self._fresh(pair)
        agreeing = await self.bench.agreeing(pair, [one.text for one in alive], fresh)
        found: dict[Mutant, tuple[Fate, str]] = {}
        for fault, agrees in zip(alive, agreeing, strict=True):
            by = await self._seen(pair, fault, fresh.tests)
            found[fault] = ("seen", by) if by else ("equivalent", "") if agrees else ("alive", "")
        return found

    async def _fresh(self, pair: Pair) -> Prepared:
        """Up to 64 cases of other seeds."""
        found: list[TestCase] = []
        for seed in range(900, 920):
            own = await self.bench.by_rule(pair, "judge" if seed % 2 else "rank", seed, 16)
            found += [one.model_copy(update={"name": f"s{seed}-{one.name}"}) for one in own.tests.cases]
            if len(found) >= FRESH_CASES:
                break
        return await self.bench.of(pair, found[:FRESH_CASES])

    async def _seen(self, pair: Pair, fault: Mutant, tests: TestSet) -> str:
        """What the checks say of a mutant on four cases; empty where they say nothing more than of the right one."""
        found = []
        for text in (pair.cuda, fault.text):
            source = HEADERS + text
            name = pair.function.name
            translation = Translation(source=source, entry=pair.entry, function=name, target=Target.CUDA, origin=Origin.USER)
            cases = range(min(_CHECKED_CASES, len(tests.cases)))
            program = candidate_project(translation, pair.function)
            execution = program.execution(tests, new_nonce(), cases=cases, limits=LIMITS, checks=("memory", "race"))
            result = await self.bench.executor.execute(execution)
            active = [one.active for one in result.device.kernels] if result.device is not None else []
            found.append((result.status, max(active, default=None)))
        (right, right_active), (wrong, wrong_active) = found
        if wrong is not right:
            return str(wrong)
        return "active threads" if right_active and (wrong_active or 0) * 2 < right_active else ""


def _with_fate(one: Planted, fault: Mutant, fates: dict[Mutant, tuple[Fate, str]]) -> Planted:
    fate, by = fates.get(fault, (None, ""))
    return one.model_copy(update={"fate": fate, "by": by})


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--ids", default="", help="only these pairs")
    parser.add_argument("--every", type=int, default=1, help="every so manieth pair")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--model", action="store_true", help="also the tests that the language model of the settings proposes")
    parser.add_argument("--answers", type=int, default=1, help="answers of the model for each pair")
    parser.add_argument("--output", type=Path, help="a row a pair; the same command goes on where it stopped")
    parser.add_argument("--data-dir", type=Path, help="where caches lie (default: the user's)")
    parser.add_argument("--trust", action="store_true")
    parser.add_argument("--list", action="store_true", help="name what our values left alive")
    return parser.parse_args()


async def main() -> int:
    """Score the pairs one after the other."""
    asked = arguments()
    settings = Settings(data_dir=asked.data_dir) if asked.data_dir else Settings()
    generator = await open_generator(settings) if asked.model else None
    scorer = Scorer(Bench(open_executor(settings, asked.trust), asked.seed), generator, asked.answers)
    wanted = {int(word) for word in asked.ids.split(",") if word}
    known = read_rows(asked.output) if asked.output else {}
    empty = Row(
        pair=0,
        data=hashlib.sha256(asked.file.read_bytes()).hexdigest()[:12],
        seed=asked.seed,
        answers=asked.answers if generator is not None else 0,
    )
    if any((one.data, one.seed, one.answers) != (empty.data, empty.seed, empty.answers) for one in known.values()):
        print(f"{asked.output} holds rows of other pairs, of another seed or of another Tester", file=sys.stderr)
        return 2
    rows = []
    for given in [json.loads(line) for line in asked.file.read_text().splitlines()][:: asked.every]:
        if wanted and given["id"] not in wanted:
            continue
        row = known.get(given["id"]) or await _scored(scorer, given, empty.model_copy(update={"pair": given["id"]}))
        rows.append(row)
        if asked.output and row.pair not in known:
            with asked.output.open("a") as file:
                file.write(row.model_dump_json() + "\n")
        alive = sum(one.fate == "alive" for one in row.faults)
        print(f"# {row.pair}: {len(row.faults)} mutants, {alive} alive, {row.seconds:.0f} s {row.left_out}", flush=True)
    print("\n".join(lines_of(rows, list_alive=asked.list)))
    if generator is not None:
        await generator.close()
    return 0


async def _scored(scorer: Scorer, given: dict, empty: Row) -> Row:
    begun = time.monotonic()
    try:
        pair = read_pair(given)
        row = (
            await scorer.row(pair, empty)
            if pair is not None
            else empty.model_copy(update={"left_out": "its inputs call nothing"})
        )
    except CodeparError as error:
        row = empty.model_copy(update={"left_out": str(error)})
    return row.model_copy(update={"seconds": round(time.monotonic() - begun, 1)})


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
