"""Build a project and run it at each requested rank count: ``POST /v1/executions`` and ``codepar run``.

Limits: nothing is compared or judged here; a run that is not ok is a result, not an error.
"""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from codepar.flows.request import RunOptions, WithProject
from codepar.protocols import (
    MAX_RANKS,
    Check,
    CompilerName,
    Execution,
    ExecutionResult,
    Executor,
    Progress,
    Sanitizer,
    Sends,
    Status,
    checked_checks,
    checked_sanitizers,
)

MAX_RUNS = 16


class ExecutionOptions(RunOptions):
    """How to run. ``ranks`` is None (no launcher), a count, or several counts that are run one after the other."""

    ranks: tuple[int, ...] | None = Field(default=None, max_length=MAX_RUNS)
    sends: Sends = "standard"
    delay_seed: int | None = Field(default=None, ge=0, lt=2**64)
    compiler: CompilerName = "auto"
    sanitize: tuple[Sanitizer, ...] = ()
    coverage: bool = False
    emulate: bool = Field(default=False, description="run CUDA on the CPU: no GPU is needed, and none is used")
    gpu: bool = Field(default=False, description="run CUDA on a GPU, under compute-sanitizer for each check")
    checks: tuple[Check, ...] = Field(default=(), max_length=8, description="what else to look for in a run of CUDA")
    cache: bool = True

    @field_validator("ranks", mode="before")
    @classmethod
    def _as_counts(cls, value: Any) -> Any:
        return [value] if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("ranks")
    @classmethod
    def _check_counts(cls, counts: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if counts is not None and not counts:
            raise ValueError("name at least one rank count, or leave `ranks` out to run without a launcher")
        for count in counts or ():
            if not 1 <= count <= MAX_RANKS:
                raise ValueError(f"{count} ranks: the count must lie between 1 and {MAX_RANKS}")
        return counts

    @field_validator("sanitize")
    @classmethod
    def _check_sanitizers(cls, names: tuple[Sanitizer, ...]) -> tuple[Sanitizer, ...]:
        return checked_sanitizers(names)

    @model_validator(mode="after")
    def _check_checks(self) -> Self:
        checked_checks(self.checks, self.emulate, self.gpu)
        if (self.emulate or self.gpu) and self.ranks is not None:
            raise ValueError(f"`{'emulate' if self.emulate else 'gpu'}` runs one process: leave `ranks` out")
        return self


class ExecutionRequest(WithProject):
    """The body of ``POST /v1/executions``. ``source`` instead of ``project`` is the shorthand for one C file."""

    options: ExecutionOptions = ExecutionOptions()

    def executions(self) -> list[Execution]:
        """One execution a rank count, in the order given."""
        options = self.options.model_dump(exclude={"ranks", "limits"})
        counts: tuple[int | None, ...] = self.options.ranks or (None,)
        return [Execution(project=self.project, ranks=count, limits=self.options.limits, **options) for count in counts]


class Run(ExecutionResult):
    """What happened at one rank count; ``ranks`` None means without a launcher."""

    ranks: int | None = None


class ExecutionReport(Run):
    """The design's `run` object of the run that decides (the first that is not ok, else the last), and all ``runs``."""

    runs: tuple[Run, ...] = ()


async def execute(request: ExecutionRequest, executor: Executor, progress: Progress) -> ExecutionReport:
    """Run at each rank count in turn; one that is not ok does not keep the others from running, a failed build does."""
    runs: list[Run] = []
    for execution in request.executions():
        result = await executor.execute(execution)
        runs.append(Run(ranks=execution.ranks, **dict(result)))
        await progress.report("run", {"ranks": execution.ranks, "status": result.status, "wall_s": result.wall_s})
        if result.status in {Status.COMPILE_ERROR, Status.REFUSED, Status.UNSUPPORTED}:
            break
    decisive = next((run for run in runs if run.status != Status.OK), runs[-1])
    return ExecutionReport(runs=tuple(runs), **dict(decisive))
