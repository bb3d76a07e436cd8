"""Oracles: what the right output is, so that a program can be judged (design, "oracle" and "agree").

``Reference`` is the original parallel program, ``Serial`` the sequential one, ``Invariant`` asks for the same output at
every rank count, ``Command`` asks the user's own test. Limits: an oracle sees standard output and exit codes, not files.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from codepar.mpi.agree import Expectation, difference, expect
from codepar.mpi.tokens import Tolerance
from codepar.project import Project
from codepar.protocols import Execution, ExecutionResult, Executor, Status

_CLOCK = re.compile(r"\b(?:time|ctime|localtime|gmtime|clock_gettime|gettimeofday|random_device|getpid)\b")


@dataclass(frozen=True)
class Judgement:
    """Whether an output agrees; None where the oracle cannot speak. ``reason`` says why it is not True."""

    agrees: bool | None
    reason: str | None = None


@dataclass(frozen=True)
class Subject:
    """What is judged: the project that ran, at how many ranks, and what came out."""

    project: Project
    ranks: int
    result: ExecutionResult


class Oracle(Protocol):
    """Judges one run. ``usual_wall_s`` is how long the right program took at that rank count, where the oracle knows."""

    async def judge(self, subject: Subject) -> Judgement: ...

    def usual_wall_s(self, ranks: int) -> float | None: ...


@dataclass(frozen=True)
class Measure:
    """How outputs are compared: runs of the oracle, and the tolerance of numbers."""

    runs: int = 3
    tolerance: Tolerance = field(default_factory=Tolerance)


@dataclass
class _Known:
    """What the runs of an oracle program have shown at one rank count."""

    streams: tuple[Expectation, ...] = ()
    exit_code: int | None = 0
    wall_s: float = 0.0
    fault: str | None = None


def _streams(result: ExecutionResult, whole: bool) -> tuple[str, ...]:
    return (result.stdout,) if whole or not result.rank_stdout else result.rank_stdout


async def _repeat(executor: Executor, execution: Execution, runs: int) -> list[ExecutionResult]:
    """Run several times; programs that read the clock start in different seconds, or what varies would look stable."""
    reads_clock = any(_CLOCK.search(text) for text in execution.project.files.values())
    results: list[ExecutionResult] = []
    for _ in range(runs):
        started = int(time.time())
        results.append(await executor.execute(execution))
        if results[-1].status is not Status.OK:
            break
        if reads_clock and len(results) < runs:
            await asyncio.sleep(max(0.0, started + 1.02 - time.time()))
    return results


async def _learn(executor: Executor, execution: Execution, measure: Measure, name: str, whole: bool) -> _Known:
    results = await _repeat(executor, execution, measure.runs)
    last = results[-1]
    where = f"at {execution.ranks} ranks" if execution.ranks else "by itself"
    if last.status is not Status.OK:
        detail = f": {last.diagnostics[0].message}" if last.diagnostics else ""
        return _Known(fault=f"{name} itself ends as {last.status} {where}{detail}")
    outputs = [_streams(result, whole) for result in results]
    streams = tuple(expect([run[i] for run in outputs], measure.tolerance) for i in range(len(outputs[0])))
    wall_s = max(result.wall_s for result in results)
    if any(stream.is_evidence for stream in streams):
        return _Known(streams, last.exit_code, wall_s)
    printed = any(stream.patterns or stream.open_ended for stream in streams)
    fault = f"everything {name} prints {where} varies from run to run" if printed else f"{name} prints nothing {where}"
    return _Known(wall_s=wall_s, fault=fault)


def _compare(known: _Known, result: ExecutionResult, measure: Measure, whole: bool) -> Judgement:
    if known.fault is not None:
        return Judgement(None, known.fault)
    if result.exit_code != known.exit_code:
        return Judgement(False, f"exit code {result.exit_code}, expected {known.exit_code}")
    outputs = _streams(result, whole)
    if len(outputs) != len(known.streams):
        return Judgement(False, f"{len(outputs)} output streams, expected {len(known.streams)}")
    for rank, (expectation, output) in enumerate(zip(known.streams, outputs, strict=True)):
        found = difference(expectation, output, measure.tolerance)
        if found is not None:
            place = "" if len(outputs) == 1 else f"rank {rank} "
            said = [f"does not print {found.missing!r}"] if found.missing is not None else []
            said += [f"prints {found.surplus!r} which is not expected"] if found.surplus is not None else []
            return Judgement(False, (place + " and ".join(said)).strip())
    return Judgement(True)


@dataclass
class Reference:
    """The original parallel program, run at the same number of ranks. ``template`` holds arguments, stdin and limits."""

    executor: Executor
    template: Execution
    measure: Measure = Measure()
    _known: dict[int, _Known] = field(default_factory=dict)

    async def judge(self, subject: Subject) -> Judgement:
        return _compare(await self._at(subject.ranks), subject.result, self.measure, whole=False)

    async def prepare(self, ranks: int) -> str | None:
        """Run the reference now; what is wrong with it, or None."""
        return (await self._at(ranks)).fault

    def usual_wall_s(self, ranks: int) -> float | None:
        known = self._known.get(ranks)
        return known.wall_s if known and known.wall_s else None

    async def _at(self, ranks: int) -> _Known:
        if ranks not in self._known:
            execution = self.template.model_copy(update={"ranks": ranks})
            self._known[ranks] = await _learn(self.executor, execution, self.measure, "the reference", whole=False)
        return self._known[ranks]


@dataclass
class Serial:
    """The sequential program, run once without a launcher; the lines of all ranks together must be its lines."""

    executor: Executor
    template: Execution
    measure: Measure = Measure()
    _known: _Known | None = None

    async def judge(self, subject: Subject) -> Judgement:
        if self._known is None:
            execution = self.template.model_copy(update={"ranks": None})
            self._known = await _learn(self.executor, execution, self.measure, "the serial program", whole=True)
        return _compare(self._known, subject.result, self.measure, whole=True)

    def usual_wall_s(self, ranks: int) -> float | None:
        return None


@dataclass
class Invariant:
    """The program itself at its first rank count: every other count must print the same lines."""

    executor: Executor
    template: Execution
    ranks: tuple[int, ...]
    measure: Measure = Measure()
    _known: dict[str, _Known] = field(default_factory=dict)

    async def judge(self, subject: Subject) -> Judgement:
        if len(self.ranks) < 2:
            return Judgement(None, "one rank count alone shows no invariance; ask for two or more")
        key = str(sorted(subject.project.files.items()))
        if key not in self._known:
            execution = self.template.model_copy(update={"project": subject.project, "ranks": self.ranks[0]})
            self._known[key] = await _learn(self.executor, execution, self.measure, "the program", whole=True)
        return _compare(self._known[key], subject.result, self.measure, whole=True)

    def usual_wall_s(self, ranks: int) -> float | None:
        return None


CommandRunner = Callable[[Project, int], Awaitable[int]]
"""Runs the user's own test on a project at a rank count and returns its exit code."""


@dataclass
class Command:
    """The user's own test, in their own account: exit code 0 agrees."""

    run: CommandRunner

    async def judge(self, subject: Subject) -> Judgement:
        code = await self.run(subject.project, subject.ranks)
        return Judgement(True) if code == 0 else Judgement(False, f"the oracle command ended with exit code {code}")

    def usual_wall_s(self, ranks: int) -> float | None:
        return None


async def judge_all(oracles: Sequence[Oracle], subject: Subject) -> Judgement:
    """Every oracle must agree: one that disagrees decides, one that cannot speak leaves the answer open."""
    if not oracles:
        return Judgement(None, "no oracle was given (--reference, --serial, --oracle or --invariant)")
    silent: Judgement | None = None
    for oracle in oracles:
        judgement = await oracle.judge(subject)
        if judgement.agrees is False:
            return judgement
        silent = silent or (judgement if judgement.agrees is None else None)
    return silent or Judgement(True)
