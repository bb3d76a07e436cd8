"""Which test cases notice which faults: mutants of a verified translation, all in one program, each case in a process of its own.

A case kills a mutant when the mutant leaves other values than the original, or does not end well. Limits: values alone, on the
CPU runtime, without its checks; a race that comes out right is not noticed; mutants that do not compile are left out.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codepar.cuda.cases import candidate_project, compare, new_nonce, read_dump
from codepar.cuda.cases.mutants import Mutant, mutants
from codepar.cuda.prelude import HEADERS
from codepar.cuda.translation import Origin, Target, Translation
from codepar.flows.cuda_bench import FILLS, Bench
from codepar.flows.cuda_court import CudaCourt
from codepar.protocols import Execution, Limits, Record, Status

EMPTY = "empty_kernel"
# A fault may turn a loop endless: each case has a second, and a right one needs far less.
_LIMITS = Limits(wall_s=20, compile_s=180)
_APART_S = 1
_TRIES = 6
_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include\b.*$", re.MULTILINE)
_MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE)
# Entries of different namespaces would otherwise be one function.
_LINKAGE = re.compile(r'^extern "C" [^{;]*;\s*$|^extern "C" ', re.MULTILINE)
_FAULTY = re.compile(r"\bm(\d+)\.cu:\d+")
_CHOICE = """
static int chosen_mutant;
__attribute__((constructor)) static void choose_mutant(int argc, char **argv) { chosen_mutant = argc > 1 ? atoi(argv[1]) : 0; }
"""


class Kill(Record):
    """A fault that was planted and the cases, by name, that notice it; none: it lives."""

    kind: str
    line: int
    change: str
    cases: tuple[str, ...]


@dataclass(frozen=True)
class _Programs:
    """All texts in one program, each in a namespace; its argument says which one runs."""

    entry: str
    function: str
    texts: Sequence[str]

    @property
    def translation(self) -> Translation:
        parts = "".join(_apart(at, text) for at, text in enumerate(self.texts))
        choices = "".join(f"    case {at}: return mutant_{at}::{self.entry}(a...);\n" for at in range(len(self.texts)))
        dispatch = (
            '#line 1 "dispatch.cu"\ntemplate <class... A> auto dispatch(A... a) {\n'
            f"    switch (chosen_mutant) {{\n{choices}    default: return mutant_0::{self.entry}(a...);\n    }}\n}}\n"
        )
        source = f"{HEADERS}\n#include <cstdlib>\n{_CHOICE}{parts}{dispatch}"
        return Translation(source=source, entry="dispatch", function=self.function, target=Target.CUDA, origin=Origin.USER)


def _apart(at: int, text: str) -> str:
    """A text in a namespace and a file name of its own, its macros forgotten afterwards."""
    plain = _LINKAGE.sub("", _INCLUDE.sub("", text))
    macros = "".join(f"#undef {name}\n" for name in dict.fromkeys(_MACRO.findall(plain)))
    return f'#line 1 "m{at}.cu"\nnamespace mutant_{at} {{\n{plain}\n}}\n{macros}'


def chosen(source: str, most: int, seed: int) -> list[Mutant]:
    """At most ``most`` faults of a translation: an empty kernel first, then of as many kinds as there is room for."""
    found = mutants(source)
    order = random.Random(seed)
    kinds: dict[str, list[Mutant]] = {}
    for one in found:
        kinds.setdefault(one.kind, []).append(one)
    for own in kinds.values():
        order.shuffle(own)
    names = sorted(kinds, key=lambda kind: (kind != EMPTY, order.random()))
    rounds = max((len(own) for own in kinds.values()), default=0)
    ranked = [kinds[kind][turn] for turn in range(rounds) for kind in names if turn < len(kinds[kind])]
    return ranked[:most]


async def kills(court: CudaCourt, translation: Translation, most: int, seed: int) -> list[Kill]:
    """What the cases that rank notice of the faults of a translation that agrees on them; empty where none compiles."""
    bench = await court.ranking()
    faults = chosen(translation.source, most, seed)
    faults = await _compiling(court, translation, faults)
    if not faults:
        return []
    programs = _Programs(translation.entry, court.function.name, [translation.source, *(one.text for one in faults)])
    if await _failing(court, programs, 0, bench):
        # The right version, put together with the others, is not right: nothing can be told.
        return []
    found = []
    for at, fault in enumerate(faults, start=1):
        failing = await _failing(court, programs, at, bench)
        found.append(Kill(kind=fault.kind, line=fault.line, change=fault.change, cases=failing))
    return found


async def _compiling(court: CudaCourt, translation: Translation, faults: list[Mutant]) -> list[Mutant]:
    """Those that compile, told from the names of the files in the compiler's messages."""
    for _ in range(_TRIES):
        programs = _Programs(translation.entry, court.function.name, [translation.source, *(one.text for one in faults)])
        candidate = candidate_project(programs.translation, court.function)
        execution = Execution(project=candidate.project, emulate=True, limits=_LIMITS, flags=("-O0",))
        result = await court.executor.execute(execution)
        if result.status is not Status.COMPILE_ERROR:
            return faults
        bad = set(_numbers(result.stderr))
        if not bad or 0 in bad:
            return []
        faults = [one for at, one in enumerate(faults, start=1) if at not in bad]
    return []


def _numbers(text: str) -> Iterator[int]:
    return (int(number) for number in _FAULTY.findall(text))


async def _failing(court: CudaCourt, programs: _Programs, number: int, bench: Bench) -> tuple[str, ...]:
    """The cases on which one text does not leave what the original left."""
    nonce = new_nonce()
    candidate = candidate_project(programs.translation, court.function)
    execution = candidate.execution(
        bench.tests, nonce, fill=FILLS[0], apart_s=_APART_S, limits=_LIMITS, flags=("-O0",), arguments=(str(number),)
    )
    result = await court.executor.execute(execution)
    return compare(bench.expected[FILLS[0]], read_dump(result.stdout, nonce)).failed
