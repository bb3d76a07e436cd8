"""What requests of several kinds share: ``project``, or ``source`` as its shorthand, and how a program is built and run.

Limits: validation alone; nothing here runs.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from codepar.project import Project
from codepar.protocols import Limits, Record


class RunOptions(Record):
    """How a program is built and run, whatever is asked of it."""

    mpi: Literal["auto", "mpich", "openmpi"] = "auto"
    arguments: tuple[str, ...] = Field(default=(), max_length=256)
    stdin: str = Field(default="", max_length=16 * 1024**2)
    flags: tuple[str, ...] = Field(default=(), max_length=64)
    openmp: bool = False
    limits: Limits = Limits()


class WithProject(Record):
    """A body ``{project, ...}``. ``source`` instead of ``project`` is the shorthand for one C file."""

    project: Project

    @model_validator(mode="before")
    @classmethod
    def _expand_source(cls, value: Any) -> Any:
        if isinstance(value, dict) and "source" in value:
            if "project" in value:
                raise ValueError("give either `project` or `source`, not both")
            value = dict(value)
            value["project"] = {"source": value.pop("source")}
        return value
