"""Judge what a serial program was turned into: does it print the same at each rank count, and is it parallel at all?

Limits: work is counted where gcov can (C and C++ without a build command of its own, gcc); else ``Shares.unknown`` says why not,
and traffic between the ranks alone must do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from codepar.errors import CodeparError, InvalidInput
from codepar.flows.judging import Court, is_verified, template
from codepar.mpi.parallelize.sharing import Shares, copied_results, silence, unshared
from codepar.project import Project
from codepar.protocols import Execution, ExecutionResult, Limits, Status, Verdict

_COUNTING_FACTOR = 10.0
"""Counting lines switches optimisation off and makes every line an atomic step."""


@dataclass(frozen=True)
class SerialRun:
    """The serial program by itself: what it prints and, where that could be counted, how many lines it executes."""

    output: str
    lines: int | None
    unknown: str | None


@dataclass
class Trial:
    """The verdicts on one program, up to the first rank count that fails, and how the work fell."""

    verdicts: list[Verdict] = field(default_factory=list)
    shares: Shares = field(default_factory=Shares)

    @property
    def rungs(self) -> int:
        """How many rank counts are as they should be."""
        return sum(verdict.status is Status.OK and verdict.agrees is True for verdict in self.verdicts)


@dataclass(frozen=True)
class ParallelCourt:
    """A court with the serial program as its oracle, and the serial run that tells how much work there is."""

    court: Court
    serial: Project
    run: SerialRun

    async def judge(self, project: Project) -> Trial:
        """One verdict a rank count, the smallest first, up to the first that fails; then how the work is shared."""
        trial = Trial()
        for ranks in sorted(self.court.options.ranks):
            trial.verdicts.append(self._demoted(await self.court.verdict(project, ranks, hurried=True)))
            if trial.verdicts[-1].status is not Status.OK or trial.verdicts[-1].agrees is False:
                return trial
        most = trial.verdicts[-1].ranks
        if most > 1 and is_verified(trial.verdicts):
            trial.shares = await self._shares(project, most)
            fault = unshared(trial.shares) or self._copied(project, trial.shares)
            if fault is not None:
                trial.verdicts[-1] = _not_parallel(trial.verdicts[-1], fault)
        return trial

    async def rest(self, project: Project, known: Sequence[Verdict]) -> list[Verdict]:
        """A verdict for each requested rank count; ``known`` ones are not judged again."""
        return [self._demoted(verdict) for verdict in await self.court.verdicts(project, known)]

    def _demoted(self, verdict: Verdict) -> Verdict:
        why = silence(verdict.traffic, verdict.ranks) if verdict.status is Status.OK else None
        return verdict if why is None else _not_parallel(verdict, why)

    async def _shares(self, project: Project, ranks: int) -> Shares:
        if self.run.lines is None:
            return Shares(unknown=self.run.unknown)
        alone = await count_lines(self.court, project, 1)
        many = await count_lines(self.court, project, ranks)
        if isinstance(alone, str) or isinstance(many, str):
            return Shares(serial=self.run.lines, unknown=alone if isinstance(alone, str) else str(many))
        return Shares(serial=self.run.lines, alone=alone[0], by_rank=many)

    def _copied(self, project: Project, shares: Shares) -> str | None:
        """Where the work tells nothing, a result that stands in the program's text does."""
        if shares.are_telling:
            return None
        return copied_results(self.run.output, self.serial.files.values(), project.files.values())


async def open_court(court: Court, serial: Project) -> ParallelCourt:
    """Run the serial program once. Raises ``InvalidInput`` where it cannot say what is right."""
    plain = await court.executor.execute(template(serial, court.options))
    if plain.status is not Status.OK:
        why = plain.diagnostics[0].message if plain.diagnostics else plain.stderr[:200]
        raise InvalidInput(
            f"the serial program itself ends as {plain.status}: {why}", remedy="mend it first: codepar run shows how it ends"
        )
    if not plain.stdout.strip() and len(court.oracles) < 2:
        raise InvalidInput(
            "the serial program prints nothing, so nothing tells a right answer from a wrong one",
            remedy="let it print its result, or give --oracle CMD",
        )
    lines = await count_lines(court, serial, None)
    known = (None, lines) if isinstance(lines, str) else (lines[0], None)
    return ParallelCourt(court, serial, SerialRun(plain.stdout, *known))


async def count_lines(court: Court, project: Project, ranks: int | None) -> tuple[int, ...] | str:
    """Executed lines by rank, or the reason why they are not known."""
    execution = _counting(template(project, court.options), ranks)
    try:
        result = await court.executor.execute(execution)
    except CodeparError as fault:
        return f"executed lines could not be counted: {fault.message}"
    return result.work or f"executed lines could not be counted: {_why(result)}"


def _counting(execution: Execution, ranks: int | None) -> Execution:
    limits: Limits = execution.limits.model_copy(update={"wall_s": min(3600.0, _COUNTING_FACTOR * execution.limits.wall_s)})
    # A build command hides its units from gcov; most projects are built from their sources alone, too.
    project = execution.project.model_copy(update={"build": None})
    changed = {"ranks": ranks, "count_work": True, "limits": limits, "project": project}
    return execution.model_copy(update=changed)


def _why(result: ExecutionResult) -> str:
    if result.diagnostics:
        return result.diagnostics[0].message
    return "the program left no counts" if result.status is Status.OK else f"the run ended as {result.status}"


def _not_parallel(verdict: Verdict, reason: str) -> Verdict:
    return verdict.model_copy(update={"status": Status.NOT_PARALLEL, "reason": reason})
