"""What may be asked of translation: the body ``{project, options}`` and its bounds.

Limits: validation alone; nothing here runs.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from codepar.cuda.translation import Target
from codepar.flows.request import WithProject
from codepar.protocols import Record

DEFAULT_CANDIDATES = 8
DEFAULT_REPAIR = 3
DEFAULT_BUDGET_S = 300.0
MAX_FUNCTIONS = 64
_NAME = r"^[A-Za-z_]\w*$"


class TranslationOptions(Record):
    """Options of ``cuda translate``.

    ``function`` names one function of the project, ``file`` the file that it is in where several have one of that name; without
    a function all that can be made parallel are translated. ``candidates`` model answers are asked side by side, each repaired
    up to ``repair`` times; ``budget_s`` bounds the language model for each function, not the runs. ``rules`` false leaves the
    proposals to the model alone, ``model`` false to the rules. ``seed`` decides the tests that judge; fresh ones without it.
    """

    function: str | None = Field(default=None, pattern=_NAME, max_length=256)
    file: str | None = None
    entry: str | None = Field(default=None, pattern=_NAME, max_length=256, description="name of the new function; NAME_cuda")
    target: Target = Target.CUDA
    candidates: int = Field(default=DEFAULT_CANDIDATES, ge=0, le=64)
    repair: int = Field(default=DEFAULT_REPAIR, ge=0, le=10)
    rules: bool = True
    model: bool = Field(default=True, description="ask the language model; false leaves the rules alone")
    tester: bool = Field(default=False, description="let the model propose test inputs beside the rule-made ones")
    budget_s: float = Field(default=DEFAULT_BUDGET_S, gt=0, le=3600)
    seed: int | None = Field(default=None, ge=0, lt=2**63)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.rules and (not self.model or self.candidates == 0):
            raise ValueError("neither the rules nor the model may propose: nothing would be tried")
        if self.entry is not None and self.function is None:
            raise ValueError("`entry` names one new function: say with `function` which is meant")
        return self


class CudaTranslationRequest(WithProject):
    """Sequential C or C++ in a file or project, whose functions are to be made parallel. ``source`` is one C file."""

    options: TranslationOptions = TranslationOptions()

    @model_validator(mode="after")
    def _check_file(self) -> Self:
        if self.options.file is not None and self.options.file not in self.project.files:
            raise ValueError(f"`file` {self.options.file!r} is not in the project")
        return self
