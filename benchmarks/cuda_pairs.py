"""C/CUDA pairs with recorded outputs, by the C toolchain and by the CPU runtime: ``cuda_pairs.py FILE [--fresh N] [--ids 1,2]``.

For each pair the C original and the CUDA version are built once each and run on every recorded input; what they print is compared
with the record. Then both run on fresh inputs: same sizes, new values. What does not come out alike is looked into with the
sanitizers (C) and the checks (CUDA), so that each exception is named with its cause. Limits: sizes are those of the records.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import re
import statistics
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from codepar.project import Project
from codepar.protocols import Execution, ExecutionResult, Executor, Limits, Status
from codepar.settings import Settings
from worker.executor import open_executor

HEADERS = """#include <cctype>
#include <cfloat>
#include <climits>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cassert>
#include <algorithm>
#include <type_traits>
using namespace std;
"""
WRAPPER = """
static void show(bool v) { printf("%d", v); }
static void show(char v) { printf("%c", v); }
static void show(signed char v) { printf("%c", v); }
static void show(unsigned char v) { printf("%c", v); }
static void show(float v) { printf("%g", v); }
static void show(double v) { printf("%g", v); }
static void show(unsigned v) { printf("%u", v); }
static void show(int v) { printf("%d", v); }
static void show(short v) { printf("%d", v); }
static void show(unsigned short v) { printf("%d", v); }
static void show(long v) { printf("%ld", v); }
static void show(unsigned long v) { printf("%lu", v); }
static void show(long long v) { printf("%lld", v); }
static void show(unsigned long long v) { printf("%llu", v); }
template <class T, size_t N> static void show(T (&a)[N]) {
    printf("[ ");
    for (size_t i = 0; i < N; ++i) { if (i) printf(", "); show(a[i]); }
    printf(" ]");
}
static void show_all() {}
template <class A, class... R> static void show_all(A &a, R &...r) {
    if constexpr (is_pointer_v<A>) printf("pointer");
    else show(a);
    if (sizeof...(r)) printf(", ");
    show_all(r...);
}
template <class... P, class... A> static void wrapper(void (*f)(P...), A &&...a) {
    f(a...);
    printf("Return value: void\\nArguments after function call: (");
    show_all(a...);
    printf(")\\n");
}
template <class R, class... P, class... A> static void wrapper(R (*f)(P...), A &&...a) {
    R result = f(a...);
    printf("Return value: ");
    show(result);
    printf("\\nArguments after function call: (");
    show_all(a...);
    printf(")\\n");
}
"""
ARRAY = re.compile(
    r"(?P<type>(?:unsigned |signed |long |short )*(?:float|double|int|char|long|short|unsigned))\s+(?P<name>\w+)\s*"
    r"\[(?P<size>[^\]]*)\]\s*(?:=\s*\{(?P<values>[^{}]*)\})?\s*;"
)


@dataclass
class Tally:
    """What came of all pairs."""

    recorded: Counter[str] = field(default_factory=Counter)
    fresh: Counter[str] = field(default_factory=Counter)
    compile_s: list[float] = field(default_factory=list)
    exceptions: list[str] = field(default_factory=list)


def program(code: str, tests: list[str]) -> str:
    """One program for all tests of a pair; its argument chooses the test."""
    functions = "".join(f"static void test_{at}() {{\n{text}\n}}\n" for at, text in enumerate(tests))
    cases = "".join(f"    case {at}: test_{at}(); break;\n" for at in range(len(tests)))
    start = f"int main(int, char **v) {{\n    switch (atoi(v[1])) {{\n{cases}    }}\n}}\n"
    return f"{HEADERS}{code}\n{WRAPPER}{functions}{start}"


def refreshed(test: str, seed: float) -> str | None:
    """The test with new values in its arrays; None when there is none whose size is known."""
    changed = 0

    def renew(match: re.Match[str]) -> str:
        nonlocal changed
        values = [word.strip() for word in (match["values"] or "").split(",") if word.strip()]
        count = int(match["size"]) if match["size"].strip().isdigit() else len(values)
        if count == 0:
            return match.group()
        changed += 1
        # Both sides give an array of one name the same values, whatever else they declare.
        own = random.Random(f"{seed} {match['name']}")
        words = [_value(match["type"], values, count, own) for _ in range(count)]
        return f"{match['type']} {match['name']}[{count}] = {{{', '.join(words)}}};"

    text = ARRAY.sub(renew, test)
    return text if changed else None


def _value(kind: str, known: list[str], count: int, generator: random.Random) -> str:
    """Integers may be indices: they stay within what the record held, or within the array."""
    if "float" in kind or "double" in kind:
        return f"{generator.uniform(-8, 8):.4f}" + ("f" if kind == "float" else "")
    numbers = [int(word) for word in known if re.fullmatch(r"-?\d+", word)]
    low, high = (min(numbers), max(numbers)) if numbers else (0, max(0, count - 1))
    return str(generator.randint(low, high))


class Pairs:
    """Runs pairs with one executor."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def run(self, name: str, source: str, test: int, **fields: object) -> ExecutionResult:
        execution = Execution(
            project=Project.of_source(source, name), arguments=(str(test),), limits=Limits(wall_s=20, compile_s=120), **fields
        )
        return await self._executor.execute(execution)

    async def both(self, sources: tuple[str, str], test: int) -> tuple[ExecutionResult, ExecutionResult]:
        return await self.run("main.cpp", sources[0], test), await self.run("main.cu", sources[1], test, emulate=True)

    async def causes(self, sources: tuple[str, str], test: int) -> str:
        """What sanitizers and checks say of one test."""
        original = await self.run("main.cpp", sources[0], test, sanitize=("address", "undefined"))
        checked = await self.run("main.cu", sources[1], test, emulate=True, checks=("memory", "race", "schedule"))
        return "; ".join((f"C {original.status}", *_told(original), f"CUDA {checked.status}", *_told(checked)))


def _told(result: ExecutionResult) -> list[str]:
    return [one.message for one in result.diagnostics if one.kind != "warning"][:2]


def same(left: str, right: str) -> bool:
    """Equal words, numbers within what six printed digits and another order of summation allow."""
    a, b = re.split(r"([\s,()\[\]]+)", left.strip()), re.split(r"([\s,()\[\]]+)", right.strip())
    return len(a) == len(b) and all(_same_word(x, y) for x, y in zip(a, b, strict=True))


def _same_word(left: str, right: str) -> bool:
    if left == right:
        return True
    try:
        x, y = float(left), float(right)
    except ValueError:
        return False
    return abs(x - y) <= 2e-5 * max(abs(x), abs(y)) or (math.isnan(x) and math.isnan(y))


async def judge_pair(pairs: Pairs, row: dict, fresh: int, tally: Tally) -> None:
    """Every recorded test of a pair, then fresh ones."""
    sources = (
        program(row["cpp_code"], row["consistent_cpp_inputs"]),
        program(f"{row['cuda_code']}\n{row['cuda_wrapper']}", row["consistent_cuda_inputs"]),
    )
    for test, expected in enumerate(row["consistent_outputs"]):
        original, emulated = await pairs.both(sources, test)
        if emulated.compile_s and not emulated.cached:
            tally.compile_s.append(emulated.compile_s)
        # A launch that CUDA refuses leaves the buffers as they were, on a GPU as here.
        is_printed = emulated.exit_code == 0 and same(emulated.stdout, expected)
        reproduced = is_printed and emulated.status in {Status.OK, Status.RUNTIME_ERROR}
        c_reproduced = original.status == Status.OK and same(original.stdout, expected)
        tally.recorded[f"{'CUDA as recorded' if reproduced else 'CUDA not as recorded'}"] += 1
        tally.recorded[f"{'C as recorded' if c_reproduced else 'C not as recorded'}"] += 1
        if reproduced and emulated.status != Status.OK:
            tally.exceptions.append(f"{row['id']}.{test} as recorded, but {emulated.status}: {'; '.join(_told(emulated))}")
        if not reproduced:
            cause = (
                ""
                if emulated.status != Status.OK
                else f" printed {emulated.stdout.strip()[-120:]!r}, not {expected.strip()[-120:]!r};"
            )
            said = "; ".join(one.message for one in emulated.diagnostics if one.kind != "warning")[:300]
            looked = await pairs.causes(sources, test) if emulated.status == Status.OK else said
            tally.exceptions.append(f"{row['id']}.{test} recorded: {emulated.status};{cause} {looked}")
        if emulated.status in {Status.COMPILE_ERROR, Status.UNSUPPORTED}:
            return
    await judge_fresh(pairs, row, fresh, tally)


async def judge_fresh(pairs: Pairs, row: dict, fresh: int, tally: Tally) -> None:
    """The C original against CUDA on new values."""
    generator = random.Random(row["id"])
    inputs = []
    for at in range(fresh):
        number = at % len(row["consistent_cpp_inputs"])
        seed = generator.random()
        texts = [refreshed(row[side][number], seed) for side in ("consistent_cpp_inputs", "consistent_cuda_inputs")]
        if texts[0] is not None and texts[1] is not None:
            inputs.append(texts)
    if not inputs:
        tally.fresh["no sizes known"] += fresh
        return
    sources = (
        program(row["cpp_code"], [text[0] for text in inputs]),
        program(f"{row['cuda_code']}\n{row['cuda_wrapper']}", [text[1] for text in inputs]),
    )
    for test in range(len(inputs)):
        original, emulated = await pairs.both(sources, test)
        equal = original.status == emulated.status == Status.OK and same(original.stdout, emulated.stdout)
        tally.fresh["equal" if equal else "differ"] += 1
        if not equal:
            tally.exceptions.append(
                f"{row['id']}.{test} fresh: C {original.status}, CUDA {emulated.status}; {await pairs.causes(sources, test)}"
            )


def show(tally: Tally) -> None:
    """Print the table."""
    for name, counts in (("recorded outputs", tally.recorded), ("fresh inputs", tally.fresh)):
        print(f"{name}: " + ", ".join(f"{what} {count}" for what, count in sorted(counts.items())))
    if tally.compile_s:
        ordered = sorted(tally.compile_s)
        p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
        print(f"compile seconds: median {statistics.median(ordered):.2f}, p95 {p95:.2f} over {len(ordered)} programs")
    print(f"{len(tally.exceptions)} exceptions:")
    for line in tally.exceptions:
        print(f"  {line[:700]}")


async def main() -> None:
    """Read the command line and judge the pairs one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--fresh", type=int, default=5, help="fresh inputs a pair")
    parser.add_argument("--ids", default="", help="only these pairs")
    parser.add_argument("--data-dir", type=Path, help="where caches lie (default: the user's)")
    parser.add_argument("--trust", action="store_true")
    arguments = parser.parse_args()
    settings = Settings(data_dir=arguments.data_dir) if arguments.data_dir else Settings()
    pairs, tally = Pairs(open_executor(settings, arguments.trust)), Tally()
    wanted = {int(word) for word in arguments.ids.split(",") if word}
    for line in arguments.file.read_text().splitlines():
        row = json.loads(line)
        if not wanted or row["id"] in wanted:
            await judge_pair(pairs, row, arguments.fresh, tally)
    show(tally)


if __name__ == "__main__":
    asyncio.run(main())
