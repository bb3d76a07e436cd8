"""Compile, run and judge an MPI program at each requested rank count: the ladder that makes an answer *verified*.

Limits: judges what the executor reports; static checks are elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codepar.errors import Unsupported
from codepar.flows.mpi_request import MpiCompletionRequest, MpiVerifyRequest, OracleOptions
from codepar.mpi.oracle import Command, CommandRunner, Invariant, Oracle, Reference, Serial, Subject, judge_all
from codepar.mpi.tokens import Tolerance
from codepar.mpi.witness import Judgement, Measure
from codepar.project import Project
from codepar.protocols import Diagnostic, Execution, ExecutionResult, Executor, Progress, Status, Verdict
from codepar.settings import Settings

_SLACK_S = 5.0
_SLACK_FACTOR = 10.0
_LAST_LINES = 3
_LAST_CHARACTERS = 400
# A compiler says the same thing at every rank count, so nothing is run again after these.
_SAME_EVERYWHERE = frozenset({Status.COMPILE_ERROR, Status.UNSUPPORTED, Status.REFUSED})


@dataclass(frozen=True)
class Court:
    """Everything that judging needs: who runs, what is right, at which rank counts and under which limits."""

    executor: Executor
    oracles: tuple[Oracle, ...]
    options: OracleOptions
    progress: Progress

    async def verdict(self, project: Project, ranks: int, *, hurried: bool = False) -> Verdict:
        """Run once and judge. ``hurried`` bounds the time by a multiple of what the reference took."""
        execution = self._execution(project, ranks, hurried)
        result = await self.executor.execute(execution)
        if result.status is not Status.OK:
            reason = result.diagnostics[0].message if result.diagnostics else f"the program ends as {result.status}"
            return Verdict(
                ranks=ranks,
                status=result.status,
                reason=reason,
                diagnostics=(*result.diagnostics, *_last_words(result)),
                traffic=result.traffic,
            )
        judgement = await judge_all(self.oracles, Subject(project, ranks, result))
        status = _status(judgement)
        return Verdict(
            ranks=ranks,
            status=status,
            agrees=judgement.agrees,
            reason=judgement.reason,
            diagnostics=result.diagnostics,
            traffic=result.traffic,
        )

    async def verdicts(self, project: Project, known: Sequence[Verdict] = ()) -> list[Verdict]:
        """One verdict for each requested rank count, in their order; ``known`` ones are not run again."""
        by_ranks = {verdict.ranks: verdict for verdict in known}
        for ranks in self.options.ranks:
            if ranks in by_ranks:
                continue
            same = next((v for v in by_ranks.values() if v.status in _SAME_EVERYWHERE), None)
            verdict = same.model_copy(update={"ranks": ranks}) if same else await self.verdict(project, ranks)
            by_ranks[ranks] = verdict
            await self.progress.report("verdict", {"ranks": ranks, "status": verdict.status.value, "agrees": verdict.agrees})
        return [by_ranks[ranks] for ranks in self.options.ranks]

    def _execution(self, project: Project, ranks: int, hurried: bool) -> Execution:
        execution = template(project, self.options).model_copy(update={"ranks": ranks})
        usual = [wall for oracle in self.oracles if (wall := oracle.usual_wall_s(ranks)) is not None]
        if not hurried or not usual:
            return execution
        wall_s = min(self.options.limits.wall_s, _SLACK_S + _SLACK_FACTOR * max(usual))
        return execution.model_copy(update={"limits": execution.limits.model_copy(update={"wall_s": wall_s})})


def _status(judgement: Judgement) -> Status:
    """The status of a program that ended well."""
    if judgement.agrees is False:
        return Status.WRONG_OUTPUT
    return Status.OK if judgement.is_parallel else Status.NOT_PARALLEL


def _last_words(result: ExecutionResult) -> tuple[Diagnostic, ...]:
    """The end of what a program wrote on standard error before it failed: libraries say there what they met."""
    lines = [line.strip() for line in result.stderr.splitlines() if line.strip()]
    if result.status is not Status.RUNTIME_ERROR or not lines:
        return ()
    return (Diagnostic(kind="stderr", message=" | ".join(lines[-_LAST_LINES:])[:_LAST_CHARACTERS]),)


def template(project: Project, options: OracleOptions) -> Execution:
    """The execution of ``project`` with the request's arguments, input, flags and limits."""
    return Execution(
        project=project,
        mpi=options.mpi,
        arguments=options.arguments,
        stdin=options.stdin,
        flags=options.flags,
        openmp=options.openmp,
        limits=options.limits,
    )


def call_court(
    request: MpiVerifyRequest | MpiCompletionRequest,
    executor: Executor,
    progress: Progress,
    *,
    settings: Settings | None = None,
    command: CommandRunner | None = None,
) -> Court:
    """Set up the oracles of a request. Raises ``Unsupported`` for a user command where nobody can run it."""
    project, options = request.project, request.options
    defaults = Settings.model_fields
    measure = Measure(
        runs=settings.oracle_runs if settings else defaults["oracle_runs"].default,
        tolerance=Tolerance(
            rtol=settings.oracle_rtol if settings else defaults["oracle_rtol"].default,
            atol=settings.oracle_atol if settings else defaults["oracle_atol"].default,
        ),
    )
    oracles: list[Oracle] = []
    if options.oracle is not None:
        if command is None:
            raise Unsupported("a command of your own is an oracle at the shell only", remedy="use reference, serial or invariant")
        oracles.append(Command(command))
    if options.reference is not None:
        oracles.append(Reference(executor, template(options.reference, options), measure))
    if options.serial is not None:
        oracles.append(Serial(executor, template(options.serial, options), measure))
    if options.invariant:
        oracles.append(Invariant(executor, template(project, options), options.ranks, measure))
    return Court(executor, tuple(oracles), options, progress)


def is_verified(verdicts: Sequence[Verdict]) -> bool:
    """Status ``ok`` and agreement at every rank count that was asked for."""
    return bool(verdicts) and all(verdict.status is Status.OK and verdict.agrees is True for verdict in verdicts)


def is_undecided(verdicts: Sequence[Verdict]) -> bool:
    """All ``ok`` and nobody disagrees, but no oracle spoke: another candidate could not fare better."""
    return bool(verdicts) and all(v.status is Status.OK and v.agrees is None for v in verdicts)


def why_unverified(verdicts: Sequence[Verdict]) -> str | None:
    """The reason of the first verdict that is not ``ok`` and agreed; None when all are."""
    for verdict in verdicts:
        if verdict.status is not Status.OK or verdict.agrees is not True:
            ranks = f"{verdict.ranks} rank{'' if verdict.ranks == 1 else 's'}"
            return f"at {ranks} {verdict.status}: {verdict.reason or 'no reason known'}"
    return None if verdicts else "nothing was run"
