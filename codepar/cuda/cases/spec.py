"""Test specifications: scalars, buffers of stated size, distributions and seeds. A model can write them, and the rules do.

Sizes and bounds may be C expressions of the scalars (``nz * nx``, ``n - 1``), so that a case stays sensible when it shrinks.
Limits: inputs alone; what the function should answer is never part of a test.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator

from codepar.cuda.expression import evaluate
from codepar.cuda.function import Role
from codepar.errors import InvalidInput
from codepar.protocols import Record

MAX_CASES = 64
USUAL_ELEMENTS = 64 * 1024
"""Elements of all buffers of a case together, but for the one large case of a set (``codepar.cuda.cases.large``)."""
MAX_ELEMENTS = 1024 * 1024
"""What no case may exceed: each element is written down and compared."""

Scalar = int | float
Bound = int | float | str
Kind = Literal["uniform", "sorted", "permutation", "ramp", "values"]
Purpose = Literal["rank", "judge"]
Special = Literal["nan", "inf", "-inf"]
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,48}")


class Distribution(Record):
    """Where the numbers of a buffer come from.

    ``uniform`` and ``sorted`` (ascending, the ends being ``low`` and ``high``) draw from low to high, both included;
    ``permutation`` is low, low + 1, ... in random order; ``ramp`` is low, low + high, low + 2 high, ...; ``values`` repeats
    ``values``. A third of uniform draws come from ``include`` where that is given. ``nonzero``: no zero is drawn.
    ``bits``: floating-point draws lie on a grid with that many steps (as a power of two) between low and high.
    """

    distribution: Kind = "uniform"
    low: Bound = 0
    high: Bound = 1
    values: tuple[Scalar | Special, ...] = Field(default=(), max_length=4096)
    include: tuple[Scalar | Special, ...] = Field(default=(), max_length=64)
    nonzero: bool = False
    bits: int | None = Field(default=None, ge=1, le=44)


class BufferSpec(Distribution):
    """A buffer. ``size`` counts elements; ``type`` and ``role`` follow from the signature and are filled in from it.

    ``members`` overrides the distribution for members of a struct, by name (``weight``, ``position.x``).
    """

    size: int | str
    type: str = ""
    role: Role = Role.IN
    members: dict[str, Distribution] = Field(default_factory=dict, max_length=256)


class TestCase(Record):
    """One call. ``seed`` and the name of a buffer alone decide its contents."""

    __test__ = False

    name: str
    scalars: dict[str, Scalar | dict[str, Scalar]] = Field(default_factory=dict)
    buffers: dict[str, BufferSpec] = Field(default_factory=dict)
    seed: int = Field(default=0, ge=0, lt=2**63)

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError("the name of a case is 1 to 48 letters, digits, dots, dashes or underscores")
        return name

    @field_validator("scalars")
    @classmethod
    def _check_scalars(cls, scalars: dict[str, Any]) -> dict[str, Any]:
        if any(isinstance(value, float) and not math.isfinite(value) for value in scalars.values()):
            raise ValueError("a scalar must be finite")
        return scalars

    def number(self, bound: Bound, constants: Mapping[str, int] | None = None) -> Scalar:
        """The value of a size or bound. Raises ``InvalidInput`` where it has none."""
        if not isinstance(bound, str):
            return bound
        known = {name: value for name, value in self.scalars.items() if not isinstance(value, dict)}
        return evaluate(bound, {**(constants or {}), **known})

    def size(self, buffer: str, constants: Mapping[str, int] | None = None) -> int:
        """Elements of a buffer; a negative count is none. Raises ``InvalidInput`` where they are too many or unknown."""
        size = self.number(self.buffers[buffer].size, constants)
        if not size <= MAX_ELEMENTS:
            raise InvalidInput(f"case {self.name}: the buffer {buffer} has {size} elements, more than {MAX_ELEMENTS}")
        return max(0, math.floor(max(size, 0)))


class TestSet(Record):
    """Cases for one function. ``purpose``: those that rank and repair candidates never judge them."""

    __test__ = False

    function: str
    cases: tuple[TestCase, ...] = Field(max_length=MAX_CASES)
    purpose: Purpose = "rank"
    seed: int = 0

    def only(self, names: tuple[str, ...] | frozenset[str]) -> TestSet:
        """The set with the named cases alone, in its own order."""
        return self.model_copy(update={"cases": tuple(one for one in self.cases if one.name in names)})

    @classmethod
    def schema_text(cls) -> dict[str, Any]:
        """The JSON schema under which a model writes a set."""
        return cls.model_json_schema()
