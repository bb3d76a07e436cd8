"""A parallel version of a function: its text, its entry, and who made it.

``DevicePart`` is what a proposer (rules or a model) writes; ``wrapper.py`` turns it into a ``Translation`` whose entry has the
parameters of the original. Limits: text alone; whether it is right is for the verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from codepar.protocols import Record


class Target(StrEnum):
    """What is written: CUDA C++ (``.cu``), or C/C++ with OpenMP pragmas."""

    CUDA = "cuda"
    OPENMP = "openmp"


class Origin(StrEnum):
    """Who proposed a translation."""

    RULES = "rules"
    MODEL = "model"
    REPAIR = "repair"
    USER = "user"


@dataclass(frozen=True, slots=True)
class DevicePart:
    """Kernels, device helpers and one host function ``launcher`` that chooses the geometry and launches.

    The launcher has the parameters of the original in their order, each buffer being a pointer to device memory, and, where the
    original returns a value, one more parameter ``RETURN_TYPE *result``, device memory of one element, set to zero before.
    It allocates what it needs besides itself, frees it, and neither copies nor touches a buffer of the host.
    """

    text: str
    launcher: str
    notes: tuple[str, ...] = ()


class Translation(Record):
    """``source`` is a whole file; ``entry`` is its host function with the parameters and the return type of ``function``."""

    source: str
    entry: str
    function: str
    target: Target
    origin: Origin
    notes: tuple[str, ...] = ()
