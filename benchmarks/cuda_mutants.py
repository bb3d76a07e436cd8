"""How many faults tests notice: ``cuda_mutants.py PAIRS.jsonl [--ids 4,6] [--seed 7] [--trust] [--list]``.

For each pair of a C function and a right CUDA version (with recorded inputs and outputs, as in ``cuda_pairs.py``) one fault is
planted at a time (``codepar.cuda.cases.mutants``), and two sets of tests look at the values alone: our cases by rule (those that
judge: seed 7), and the recorded ones, compared as they were recorded, as text. What ours leave alive then meets the checks of the
verdict (memory, race, active threads), and counts as equivalent where it agrees on 64 further cases with clean checks. Where the
CUDA version of a pair launches nothing, or is not right on our cases (many are so on the recorded ones alone), faults go into our
rules' translation.
Prints both rates with Wilson intervals, by kind, and the branches of the originals that our cases take. Limits: originals that
leave nothing to compare, or that neither way translates rightly, cannot be scored and are listed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cuda_pairs import HEADERS, WRAPPER, same

from codepar.cuda.cases import (
    CaseOutput,
    TestSet,
    candidate_project,
    candidates,
    choose,
    compare,
    new_nonce,
    read_dump,
    reference_project,
)
from codepar.cuda.cases.coverage import covered
from codepar.cuda.cases.mutants import Mutant, mutants
from codepar.cuda.function import SequentialFunction
from codepar.cuda.read import read_function
from codepar.cuda.rules import translate_by_rule
from codepar.cuda.translation import Origin, Target, Translation
from codepar.cuda.wrapper import host_entry
from codepar.errors import CodeparError
from codepar.project import Project
from codepar.protocols import Execution, ExecutionResult, Executor, Limits, Status
from codepar.settings import Settings
from codepar.syntax.cuda import CudaSource
from worker.executor import open_executor

LIMITS = Limits(wall_s=40, compile_s=180)
FRESH_CASES = 64
CHOICE = """
static int first_mutant, calls, cases_a_mutant = 1;
__attribute__((constructor)) static void choose_mutant(int argc, char **argv) {
    first_mutant = argc > 1 ? atoi(argv[1]) : 0;
    cases_a_mutant = argc > 2 ? atoi(argv[2]) : 1;
}
"""
INCLUDE = re.compile(r"^[ \t]*#[ \t]*include\b.*$", re.MULTILINE)
MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE)
FAULTY = re.compile(r"\bm(\d+)\.cu:\d+")


@dataclass
class Score:
    """What became of the mutants of all pairs."""

    killed: Counter[str] = field(default_factory=Counter)
    recorded: Counter[str] = field(default_factory=Counter)
    by_checks: Counter[str] = field(default_factory=Counter)
    equivalent: Counter[str] = field(default_factory=Counter)
    made: Counter[str] = field(default_factory=Counter)
    scored_by_records: Counter[str] = field(default_factory=Counter)
    unbuilt: int = 0
    left_out: list[str] = field(default_factory=list)
    alive: list[str] = field(default_factory=list)
    branches: Counter[str] = field(default_factory=Counter)
    cases: list[int] = field(default_factory=list)
    empty_killed: int = 0
    pairs: int = 0
    by_rule: int = 0


@dataclass(frozen=True)
class Pair:
    """One pair: the original, its CUDA version (kernel and wrapper) and the wrapper's name."""

    number: int
    function: SequentialFunction
    cuda: str
    entry: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def by_rule(self) -> Pair | None:
        """The same with our rules' translation in the place of the recorded one; None where the rules do not translate it."""
        part = translate_by_rule(self.function).part
        if part is None:
            return None
        text = INCLUDE.sub("", host_entry(self.function, part, self.entry))
        return replace(self, cuda=text)


@dataclass(frozen=True)
class Programs:
    """All texts in one program, each in a namespace; its arguments name the first, and how many cases each runs in turn."""

    pair: Pair
    texts: Sequence[str]
    cases: int

    @property
    def translation(self) -> Translation:
        """The program, with an entry that calls the text whose turn it is."""
        entry = self.pair.entry
        parts = [_apart(at, text) for at, text in enumerate(self.texts)]
        choices = "".join(f"    case {at}: return mutant_{at}::{entry}(a...);\n" for at in range(len(self.texts)))
        dispatch = (
            '#line 1 "dispatch.cu"\ntemplate <class... A> auto dispatch(A... a) {\n    cudaDeviceReset();\n'
            f"    switch (first_mutant + calls++ / cases_a_mutant) {{\n{choices}"
            f"    default: return mutant_0::{entry}(a...);\n    }}\n}}\n"
        )
        source, name = f"{HEADERS}{CHOICE}{''.join(parts)}{dispatch}", self.pair.function.name
        return Translation(source=source, entry="dispatch", function=name, target=Target.CUDA, origin=Origin.USER)


class Bench:
    """Runs programs of many mutants."""

    def __init__(self, executor: Executor, seed: int) -> None:
        self._executor = executor
        self._seed = seed

    async def usable(self, pair: Pair, purpose: str = "judge", seed: int | None = None, cases: int | None = None) -> TestSet:
        """Our cases on which the original is clean."""
        program = reference_project(pair.function)
        proposed = candidates(pair.function, purpose, self._seed if seed is None else seed, cases)  # type: ignore[arg-type]
        nonce = new_nonce()
        result = await self._executor.execute(program.sanitized(proposed, nonce))
        return choose(proposed, read_dump(result.stdout, nonce), cases)

    async def expected(self, pair: Pair, tests: TestSet, score: Score | None = None) -> list[CaseOutput]:
        """What the original leaves; with a score, the branches it takes are added to it."""
        program, nonce = reference_project(pair.function), new_nonce()
        result = await self._executor.execute(program.execution(tests, nonce, coverage=score is not None))
        if score is not None:
            found = covered(pair.function, result.coverage, program.unit).ratio
            score.branches.update(taken=found.taken, total=found.total)
        return read_dump(result.stdout, nonce)

    async def ours(self, pair: Pair, texts: Sequence[str], tests: TestSet, expected: list[CaseOutput]) -> list[bool | None]:
        """For each text whether it agrees with the original on all cases; None where it does not compile."""
        agrees: list[bool | None] = [None] * len(texts)
        places = await self._buildable(pair, texts)
        program = Programs(pair, [texts[place] for place in places], len(tests.cases))
        at = 0
        while at < len(places):
            found = await self._from(program, at, tests)
            own = list(_groups(found, len(tests.cases)))[: len(places) - at] or [[]]
            for place, outputs in zip(places[at:], own, strict=False):
                agrees[place] = len(outputs) == len(tests.cases) and compare(expected, outputs).agrees
            at += len(own)
        return agrees

    async def _buildable(self, pair: Pair, texts: Sequence[str]) -> list[int]:
        """The texts that compile, told from the names of the files in the messages."""
        places = list(range(len(texts)))
        for _ in range(6):
            program = Programs(pair, [texts[place] for place in places], 1)
            candidate = candidate_project(program.translation, pair.function)
            result = await self.run(candidate.project)
            if result.status is not Status.COMPILE_ERROR:
                return places
            bad = {int(number) for number in FAULTY.findall(result.stderr)}
            if not bad:
                return []
            places = [place for at, place in enumerate(places) if at not in bad]
        return []

    async def run(self, project: Project, *arguments: str) -> ExecutionResult:
        """One emulated run, unoptimised: what is undefined in a mutant then does what it says."""
        return await self._executor.execute(
            Execution(project=project, emulate=True, limits=LIMITS, arguments=arguments, flags=("-O0",))
        )

    async def _from(self, program: Programs, first: int, tests: TestSet) -> list[CaseOutput]:
        """The outputs of the mutants from ``first`` on, until the process ends."""
        nonce = new_nonce()
        repeated = tuple(range(len(tests.cases))) * (len(program.texts) - first)
        candidate = candidate_project(program.translation, program.pair.function)
        execution = candidate.execution(tests, nonce, cases=repeated, limits=LIMITS, flags=("-O0",))
        arguments = (str(first), str(len(tests.cases)))
        result = await self._executor.execute(execution.model_copy(update={"arguments": arguments}))
        return read_dump(result.stdout, nonce)

    async def recorded(self, pair: Pair, texts: Sequence[str]) -> list[bool | None]:
        """For each text whether it prints what was recorded; None where it does not compile or nothing can be compared."""
        parts = [_apart(at, f"{text}\n{_test_functions(pair.inputs)}") for at, text in enumerate(texts)]
        calls = "".join(f"        if (at == {at}) mutant_{at}::all_tests();\n" for at in range(len(texts)))
        main = (
            f'#line 1 "main.cu"\nint main(int, char **v) {{\n    for (int at = atoi(v[1]); at < {len(texts)}; ++at) {{\n'
            f'        cudaDeviceReset();\n        printf("@@ mutant\\n"); fflush(stdout);\n{calls}'
            '        printf("@@ end\\n"); fflush(stdout);\n    }\n}\n'
        )
        project = Project(files={"main.cu": f"{HEADERS}{WRAPPER}{''.join(parts)}{main}"})
        return await self._replayed(pair, project, len(texts))

    async def _replayed(self, pair: Pair, project: Project, count: int) -> list[bool | None]:
        agrees: list[bool | None] = [None] * count
        at = 0
        while at < count:
            result = await self.run(project, str(at))
            if result.status is Status.COMPILE_ERROR:
                return agrees
            runs = result.stdout.split("@@ mutant\n")[1:]
            for run in runs:
                agrees[at] = "@@ end\n" in run and _as_recorded(run.split("@@ end\n")[0], pair.outputs)
                at += 1
            at += not runs
        return agrees


def _apart(at: int, text: str) -> str:
    """A text in a namespace and a file name of its own, its macros forgotten afterwards."""
    macros = "".join(f"#undef {name}\n" for name in dict.fromkeys(MACRO.findall(text)))
    return f'#line 1 "m{at}.cu"\nnamespace mutant_{at} {{\n{text}\n}}\n{macros}'


def _test_functions(inputs: Sequence[str]) -> str:
    tests = "".join(f"static void test_{at}() {{\n{text}\n}}\n" for at, text in enumerate(inputs))
    calls = "".join(f'    test_{at}(); printf("@@ test\\n"); fflush(stdout);\n' for at in range(len(inputs)))
    return f"{tests}static void all_tests() {{\n{calls}}}\n"


def _as_recorded(printed: str, outputs: Sequence[str]) -> bool:
    found = printed.split("@@ test\n")[:-1]
    return len(found) == len(outputs) and all(same(left, right) for left, right in zip(found, outputs, strict=True))


def _groups(outputs: list[CaseOutput], size: int) -> Iterator[list[CaseOutput]]:
    for start in range(0, len(outputs), size):
        yield outputs[start : start + size]


async def score_pair(bench: Bench, pair: Pair, score: Score, *, is_by_rule: bool = False) -> None:
    """One pair: which mutants live."""
    tests = await bench.usable(pair)
    if not tests.cases:
        score.left_out.append(f"{pair.number}: no case on which the original is clean and does something")
        return
    expected = await bench.expected(pair, tests, None if is_by_rule else score)
    faults = mutants(pair.cuda)
    texts = [pair.cuda, *(one.text for one in faults)]
    launches = CudaSource(pair.cuda).launches
    ours = await bench.ours(pair, texts, tests, expected) if launches else [False]
    if ours[0] is not True:
        by_rule = None if is_by_rule else pair.by_rule()
        if by_rule is not None:
            await score_pair(bench, by_rule, score, is_by_rule=True)
        else:
            score.left_out.append(f"{pair.number}: its own CUDA does not agree with the original on our cases")
        return
    score.by_rule += is_by_rule
    built = [at for at, one in enumerate(ours) if one is not None]
    score.unbuilt += len(ours) - len(built)
    recorded = await bench.recorded(pair, [texts[at] for at in built])
    score.pairs += 1
    score.cases.append(len(tests.cases))
    alive: list[Mutant] = []
    for at, own in list(zip(built, recorded, strict=True))[1:]:
        fault = faults[at - 1]
        score.made[fault.kind] += 1
        score.killed[fault.kind] += ours[at] is False
        if recorded[0] is True:
            score.scored_by_records[fault.kind] += 1
            score.recorded[fault.kind] += own is False
        if fault.kind == "empty_kernel":
            score.empty_killed += ours[at] is False
        if ours[at]:
            alive.append(fault)
    await judge_survivors(bench, pair, alive, score)


async def judge_survivors(bench: Bench, pair: Pair, alive: list[Mutant], score: Score) -> None:
    """Those that the checks of the verdict see, those that agree on 64 fresh cases, and those that live."""
    if not alive:
        return
    fresh = await fresh_cases(bench, pair)
    expected = await bench.expected(pair, fresh)
    agreeing = await bench.ours(pair, [one.text for one in alive], fresh, expected)
    for fault, agrees in zip(alive, agreeing, strict=True):
        seen = await sees(bench, pair, fault, fresh)
        if seen:
            score.by_checks[fault.kind] += 1
        elif agrees:
            score.equivalent[fault.kind] += 1
        word = f"seen by {seen}" if seen else "equivalent by the rule" if agrees else "ALIVE"
        score.alive.append(f"{pair.number} {fault.kind} line {fault.line}: {fault.change} [{word}]")


async def fresh_cases(bench: Bench, pair: Pair) -> TestSet:
    """Up to 64 cases of other seeds."""
    found = []
    for seed in range(900, 920):
        own = await bench.usable(pair, "judge" if seed % 2 else "rank", seed, 16)
        found += [one.model_copy(update={"name": f"s{seed}-{one.name}"}) for one in own.cases]
        if len(found) >= FRESH_CASES:
            break
    return TestSet(function=pair.function.name, cases=tuple(found[:FRESH_CASES]), purpose="judge")


async def sees(bench: Bench, pair: Pair, fault: Mutant, tests: TestSet) -> str:
    """What the checks say of a mutant on four cases; empty where they say nothing more than of the right one."""
    found = []
    for text in (pair.cuda, fault.text):
        translation = Translation(
            source=HEADERS + text, entry=pair.entry, function=pair.function.name, target=Target.CUDA, origin=Origin.USER
        )
        execution = candidate_project(translation, pair.function).execution(
            tests, "n", cases=range(min(4, len(tests.cases))), limits=LIMITS, checks=("memory", "race")
        )
        result = await bench._executor.execute(execution)
        active = [one.active for one in result.device.kernels] if result.device is not None else []
        found.append((result.status, max(active, default=None)))
    (right, right_active), (wrong, wrong_active) = found
    if wrong is not right:
        return str(wrong)
    return "active threads" if right_active and (wrong_active or 0) * 2 < right_active else ""


def wilson(taken: int, total: int) -> str:
    """A rate with its 95 % interval."""
    if not total:
        return "-"
    rate, z = taken / total, 1.96
    middle = (rate + z * z / (2 * total)) / (1 + z * z / total)
    reach = z / (1 + z * z / total) * math.sqrt(rate * (1 - rate) / total + z * z / (4 * total * total))
    return f"{rate:.3f} [{middle - reach:.3f}, {middle + reach:.3f}] ({taken}/{total})"


def show(score: Score, *, list_alive: bool) -> None:
    """Print the tables."""
    made, killed, equivalent = (sum(one.values()) for one in (score.made, score.killed, score.equivalent))
    average = sum(score.cases) / max(1, len(score.cases))
    print(f"pairs scored: {score.pairs} ({score.by_rule} in the translation by rule); cases a pair: {average:.1f}")
    print(f"empty kernel killed by ours: {score.empty_killed} of {score.made['empty_kernel']}")
    print(f"branches of the originals taken: {score.branches['taken']} of {score.branches['total']}")
    print(f"mutants: {made}, {score.unbuilt} more do not compile")
    print(f"killed by values, ours: {wilson(killed, made)}")
    print(f"  without the {equivalent} equivalent by the rule: {wilson(killed, made - equivalent)}")
    both = killed + sum(score.by_checks.values())
    print(f"  values and checks, without those: {wilson(both, made - equivalent)}")
    recorded, scored = sum(score.recorded.values()), sum(score.scored_by_records.values())
    print(f"killed by the recorded tests (pairs that reproduce them): {wilson(recorded, scored)}")
    for kind in sorted(score.made):
        print(
            f"  {kind:22} ours {score.killed[kind]:4} + checks {score.by_checks[kind]:3} of {score.made[kind]:4},"
            f" equivalent {score.equivalent[kind]:3}, recorded {score.recorded[kind]:4} of {score.scored_by_records[kind]:4}"
        )
    for line in score.left_out:
        print(f"left out: {line}")
    for line in score.alive if list_alive else ():
        print(f"  {line}")


def read_pair(row: dict) -> Pair | None:
    """The pair of a row; None where its wrapper launches nothing."""
    match = re.search(r"\bwrapper\s*\(\s*(\w+)", (row["consistent_cuda_inputs"] or [""])[0])
    cuda = f"{row['cuda_code']}\n{row['cuda_wrapper']}"
    if match is None:
        return None
    function = read_function(row["cpp_code"], "original.cpp")
    return Pair(row["id"], function, cuda, match[1], tuple(row["consistent_cuda_inputs"]), tuple(row["consistent_outputs"]))


async def main() -> None:
    """Read the command line and score the pairs one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--ids", default="", help="only these pairs")
    parser.add_argument("--every", type=int, default=1, help="every so manieth pair")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--data-dir", type=Path, help="where caches lie (default: the user's)")
    parser.add_argument("--trust", action="store_true")
    parser.add_argument("--list", action="store_true", help="name what our values left alive")
    arguments = parser.parse_args()
    settings = Settings(data_dir=arguments.data_dir) if arguments.data_dir else Settings()
    bench, score = Bench(open_executor(settings, arguments.trust), arguments.seed), Score()
    wanted = {int(word) for word in arguments.ids.split(",") if word}
    rows = [json.loads(line) for line in arguments.file.read_text().splitlines()]
    for row in rows[:: arguments.every]:
        if wanted and row["id"] not in wanted:
            continue
        pair, started = read_pair(row), time.monotonic()
        if pair is None:
            score.left_out.append(f"{row['id']}: its inputs call nothing")
            continue
        try:
            await score_pair(bench, pair, score)
        except CodeparError as error:
            score.left_out.append(f"{pair.number}: {error}")
        made = sum(score.made.values())
        alive, took = made - sum(score.killed.values()), time.monotonic() - started
        print(f"# {pair.number}: {made} mutants, {alive} not killed by values, {took:.0f} s", flush=True)
    show(score, list_alive=arguments.list)


if __name__ == "__main__":
    asyncio.run(main())
