"""Programs of many mutants at once, and what our cases or recorded tests say of each (for ``cuda_mutants.py``).

All texts of a pair lie in one program, each in a namespace of its own; arguments say whose turn it is. Limits: values alone, on
the CPU runtime, unoptimised, so that what is undefined in a mutant does what it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cuda_pairs import HEADERS, WRAPPER, same

from codepar.cuda.cases import (
    CaseOutput,
    TestCase,
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
from codepar.cuda.cases.large import NAME as LARGE_CASE
from codepar.cuda.function import SequentialFunction
from codepar.cuda.read import read_function
from codepar.cuda.rules import translate_by_rule
from codepar.cuda.translation import Origin, Target, Translation
from codepar.cuda.wrapper import host_entry
from codepar.flows.cuda_court import JUDGE_CASES
from codepar.project import Project
from codepar.protocols import Execution, ExecutionResult, Executor, Limits, Ratio, Status

LIMITS = Limits(wall_s=40, compile_s=180)
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
_TRIES = 6


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


def read_pair(row: dict) -> Pair | None:
    """The pair of a row; None where its wrapper launches nothing."""
    match = re.search(r"\bwrapper\s*\(\s*(\w+)", (row["consistent_cuda_inputs"] or [""])[0])
    cuda = f"{row['cuda_code']}\n{row['cuda_wrapper']}"
    if match is None:
        return None
    function = read_function(row["cpp_code"], "original.cpp")
    return Pair(row["id"], function, cuda, match[1], tuple(row["consistent_cuda_inputs"]), tuple(row["consistent_outputs"]))


@dataclass(frozen=True)
class Programs:
    """All texts in one program; its arguments name the first, and how many cases each runs in turn."""

    pair: Pair
    texts: Sequence[str]

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


def _apart(at: int, text: str) -> str:
    """A text in a namespace and a file name of its own, its macros forgotten afterwards."""
    macros = "".join(f"#undef {name}\n" for name in dict.fromkeys(MACRO.findall(text)))
    return f'#line 1 "m{at}.cu"\nnamespace mutant_{at} {{\n{text}\n}}\n{macros}'


@dataclass(frozen=True)
class Prepared:
    """Cases on which the original is clean, and what it leaves on them."""

    tests: TestSet
    expected: list[CaseOutput]


@dataclass(frozen=True)
class Bench:
    """Runs originals and programs of many mutants."""

    executor: Executor
    seed: int

    async def by_rule(self, pair: Pair, purpose: str = "judge", seed: int | None = None, cases: int | None = None) -> Prepared:
        """Our cases on which the original is clean, as many as judge unless ``cases`` says otherwise."""
        wanted = cases or JUDGE_CASES
        proposed = candidates(pair.function, purpose, self.seed if seed is None else seed, wanted)  # type: ignore[arg-type]
        large = sum(one.name.startswith(LARGE_CASE) for one in proposed.cases)
        return await self.prepared(pair, proposed, wanted + large)

    async def of(self, pair: Pair, cases: Sequence[TestCase]) -> Prepared:
        """Somebody else's cases on which the original is clean."""
        return await self.prepared(pair, TestSet(function=pair.function.name, cases=tuple(cases)), len(cases))

    async def prepared(self, pair: Pair, proposed: TestSet, cases: int | None = None) -> Prepared:
        """Those on which the original is clean, with its answers."""
        if not proposed.cases:
            return Prepared(proposed, [])
        program, nonce = reference_project(pair.function), new_nonce()
        result = await self.executor.execute(program.sanitized(proposed, nonce))
        tests = choose(proposed, read_dump(result.stdout, nonce), cases)
        if not tests.cases:
            return Prepared(tests, [])
        ran = await self.executor.execute(program.execution(tests, nonce))
        return Prepared(tests, read_dump(ran.stdout, nonce))

    async def branches(self, pair: Pair, tests: TestSet) -> Ratio:
        """Branches of the original that the cases take."""
        program, nonce = reference_project(pair.function), new_nonce()
        result = await self.executor.execute(program.execution(tests, nonce, coverage=True))
        return covered(pair.function, result.coverage, program.unit).ratio

    async def agreeing(self, pair: Pair, texts: Sequence[str], cases: Prepared) -> list[bool | None]:
        """For each text whether it agrees with the original on all cases; None where it does not compile."""
        agrees: list[bool | None] = [None] * len(texts)
        places = await self._buildable(pair, texts)
        program = Programs(pair, [texts[place] for place in places])
        size, at = len(cases.tests.cases), 0
        while at < len(places):
            found = await self._from(program, at, cases.tests)
            own = list(_groups(found, size))[: len(places) - at] or [[]]
            for place, outputs in zip(places[at:], own, strict=False):
                agrees[place] = len(outputs) == size and compare(cases.expected, outputs).agrees
            at += len(own)
        return agrees

    async def _buildable(self, pair: Pair, texts: Sequence[str]) -> list[int]:
        """The texts that compile, told from the names of the files in the messages."""
        places = list(range(len(texts)))
        for _ in range(_TRIES):
            program = Programs(pair, [texts[place] for place in places])
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
        """One emulated run."""
        execution = Execution(project=project, emulate=True, limits=LIMITS, arguments=arguments, flags=("-O0",))
        return await self.executor.execute(execution)

    async def _from(self, program: Programs, first: int, tests: TestSet) -> list[CaseOutput]:
        """The outputs of the mutants from ``first`` on, until the process ends."""
        nonce = new_nonce()
        repeated = tuple(range(len(tests.cases))) * (len(program.texts) - first)
        candidate = candidate_project(program.translation, program.pair.function)
        execution = candidate.execution(tests, nonce, cases=repeated, limits=LIMITS, flags=("-O0",))
        arguments = (str(first), str(len(tests.cases)))
        result = await self.executor.execute(execution.model_copy(update={"arguments": arguments}))
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
