"""Oracles: what the right output is, so that a program can be judged (design, "oracle" and "agree").

``Reference`` is the original parallel program, ``Serial`` the sequential one, ``Invariant`` asks for the same output at
every rank count, ``Command`` asks the user's own test. Limits: an oracle sees standard output and exit codes, not files.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from codepar.mpi.witness import Judgement, Measure, Witness
from codepar.project import Project
from codepar.protocols import Execution, ExecutionResult, Executor


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


@dataclass
class Reference:
    """The original parallel program, run at the same number of ranks. ``template`` holds arguments, stdin and limits.

    Where its ranks send each other data, a program that sends none is not parallel, whatever it prints.
    """

    executor: Executor
    template: Execution
    measure: Measure
    _witnesses: dict[int, Witness] = field(default_factory=dict)

    async def judge(self, subject: Subject) -> Judgement:
        return await self._at(subject.ranks).judge(subject.result)

    async def prepare(self, ranks: int) -> str | None:
        """Run the reference now; what is wrong with it, or None."""
        return await self._at(ranks).fault()

    def usual_wall_s(self, ranks: int) -> float | None:
        return self._at(ranks).wall_s

    def _at(self, ranks: int) -> Witness:
        if ranks not in self._witnesses:
            execution = self.template.model_copy(update={"ranks": ranks})
            self._witnesses[ranks] = Witness(self.executor, execution, self.measure, "the reference", must_send=True)
        return self._witnesses[ranks]


class Serial:
    """The sequential program, run without a launcher; the lines of all ranks together must be its lines."""

    def __init__(self, executor: Executor, template: Execution, measure: Measure) -> None:
        execution = template.model_copy(update={"ranks": None})
        self._witness = Witness(executor, execution, measure, "the serial program", whole=True)

    async def judge(self, subject: Subject) -> Judgement:
        return await self._witness.judge(subject.result)

    def usual_wall_s(self, ranks: int) -> float | None:
        return None


@dataclass
class Invariant:
    """The program itself at its first rank count: every other count must print the same lines."""

    executor: Executor
    template: Execution
    ranks: tuple[int, ...]
    measure: Measure
    _witnesses: dict[str, Witness] = field(default_factory=dict)

    async def judge(self, subject: Subject) -> Judgement:
        if len(self.ranks) < 2:
            return Judgement(None, "one rank count alone shows no invariance; ask for two or more")
        key = str(sorted(subject.project.files.items()))
        if key not in self._witnesses:
            execution = self.template.model_copy(update={"project": subject.project, "ranks": self.ranks[0]})
            self._witnesses[key] = Witness(self.executor, execution, self.measure, "the program", whole=True)
        return await self._witnesses[key].judge(subject.result)

    def usual_wall_s(self, ranks: int) -> float | None:
        return None


CommandRunner = Callable[[Project, int], Awaitable[int]]
"""Runs the user's own test on a project at a rank count and returns its exit code."""


_NOT_JUDGED = {124: "did not end in time", 126: "cannot be executed", 127: "was not found"}
"""Exit codes of a command that said nothing about the program: those of ``timeout`` and of the shell."""


@dataclass
class Command:
    """The user's own test, in their own account: exit code 0 agrees."""

    run: CommandRunner

    async def judge(self, subject: Subject) -> Judgement:
        code = await self.run(subject.project, subject.ranks)
        if code in _NOT_JUDGED:
            return Judgement(None, f"the oracle command {_NOT_JUDGED[code]}")
        return Judgement(True) if code == 0 else Judgement(False, f"the oracle command ended with exit code {code}")

    def usual_wall_s(self, ranks: int) -> float | None:
        return None


async def judge_all(oracles: Sequence[Oracle], subject: Subject) -> Judgement:
    """Every oracle must agree: one that disagrees decides, then one that sees no parallel program, then one that cannot speak."""
    if not oracles:
        return Judgement(None, "no oracle was given (--reference, --serial, --oracle or --invariant)")
    judgements: list[Judgement] = []
    for oracle in oracles:
        judgements.append(await oracle.judge(subject))
        if judgements[-1].agrees is False:
            return judgements[-1]
    return min(judgements, key=lambda one: (one.is_parallel, one.agrees is True))
