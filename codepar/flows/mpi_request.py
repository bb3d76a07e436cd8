"""What may be asked of MPI completion and verification: the body ``{project, options}`` and its bounds.

Limits: validation alone; nothing here runs.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from codepar.flows.request import RunOptions, WithProject
from codepar.project import Project
from codepar.protocols import MAX_RANKS


def _distinct(ranks: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(ranks)) != len(ranks):
        raise ValueError("a rank count is listed twice")
    return tuple(sorted(ranks))


def _not_blank(command: str) -> str:
    if not command.strip():
        raise ValueError("an empty command judges nothing")
    return command


def _as_project(value: Any) -> Any:
    return {"source": value} if isinstance(value, str) else value


SERIAL_RANKS = (1, 2, 3, 4)
SERIAL_BUDGET_S = 300.0

OracleCommand = Annotated[str, AfterValidator(_not_blank)]
Ranks = Annotated[int, Field(ge=1, le=MAX_RANKS)]
RankCounts = Annotated[tuple[Ranks, ...], Field(min_length=1, max_length=8), AfterValidator(_distinct)]
ProjectOrSource = Annotated[Project, BeforeValidator(_as_project)]


class OracleOptions(RunOptions):
    """What the right output is (design, "oracle"), and how the program is run. Several oracles must all agree."""

    ranks: RankCounts = (1, 2, 4)
    reference: ProjectOrSource | None = Field(default=None, description="the original parallel program")
    serial: ProjectOrSource | None = Field(default=None, description="the sequential program")
    invariant: bool = Field(default=False, description="the same output at every rank count")
    oracle: OracleCommand | None = Field(default=None, max_length=4096, description="the user's own test; at the shell only")

    @property
    def has_oracle(self) -> bool:
        return bool(self.reference or self.serial or self.invariant or self.oracle)


Level = Literal["calls", "declarations", "serial"]


class CompletionOptions(OracleOptions):
    """Options of ``mpi complete``. ``line`` (1-based) with ``column`` asks for one call at the cursor of ``file``.

    ``column`` is 1-based in characters; the call goes where the cursor is. ``budget_s`` bounds the language model, not the runs.
    ``level`` says what is missing: the calls alone, also the declarations that they need, or (`serial`) everything: a sequential
    program is made parallel, judged at 1, 2, 3 and 4 ranks if nothing else is asked; ``candidates`` answers are each repaired up
    to ``repair`` times.
    """

    level: Level = "declarations"
    candidates: int = Field(default=1, ge=1, le=8)
    repair: int = Field(default=3, ge=0, le=10)
    verify: bool = True
    model: bool = Field(default=True, description="ask the language model; false leaves the rules alone")
    abstain: float = Field(default=0.0, ge=0, lt=1, description="leave out calls less probable than this; the setup stays")
    budget_s: float = Field(default=60.0, gt=0, le=600)
    file: str | None = Field(default=None, description="path in the project of the cursor, or the only file to complete")
    line: int | None = Field(default=None, ge=1)
    column: int | None = Field(default=None, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _fill_in_for_serial(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("level") == "serial":
            return {"ranks": SERIAL_RANKS, "budget_s": SERIAL_BUDGET_S, **value}
        return value

    @model_validator(mode="after")
    def _check_cursor(self) -> Self:
        if self.column is not None and self.line is None:
            raise ValueError("`column` needs `line`")
        if self.level == "serial" and (self.line is not None or self.file is not None):
            raise ValueError("level `serial` rewrites the whole program: leave `line` and `file` out")
        return self


class MpiCompletionRequest(WithProject):
    """A program or project whose MPI calls are missing. ``source`` is the shorthand for one C file."""

    options: CompletionOptions = CompletionOptions()

    @model_validator(mode="after")
    def _check_file(self) -> Self:
        if self.options.file is not None and self.options.file not in self.project.files:
            raise ValueError(f"`file` {self.options.file!r} is not in the project")
        sources = self.project.sources() or [*self.project.fortran_sources(), *self.project.python_sources()]
        if self.options.line is not None and self.options.file is None and len(sources) != 1:
            raise ValueError("`line` needs `file` where the project has several sources")
        return self


class MpiVerifyRequest(WithProject):
    """An MPI program or project as it is, to be judged."""

    options: OracleOptions = OracleOptions()
