"""A sequential function as the other modules see it: signature, text, what it needs besides, how large its buffers are.

Limits: types alone; ``read.py`` makes them from a file, ``extents.py`` finds the sizes. One level of pointers: a parameter is a
scalar, or a buffer of scalars or plain structs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from codepar.syntax.language import Language
from codepar.syntax.tree import Span


class Role(StrEnum):
    """What a function does with a parameter. An ``OUT`` buffer is written before it is read, perhaps not everywhere."""

    SCALAR = "scalar"
    IN = "in"
    OUT = "out"
    INOUT = "inout"

    @property
    def is_written(self) -> bool:
        return self in {Role.OUT, Role.INOUT}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter. ``type`` is that of the scalar or of one element, unqualified (``unsigned int``, ``struct cell``).

    ``declaration`` is its own text (``const float *restrict a``, ``double a[N][M]``); ``dimensions`` are the texts between its
    brackets, outermost first, empty text where not given, and empty for a plain pointer.
    """

    name: str
    type: str
    declaration: str
    role: Role
    is_const: bool = False
    is_reference: bool = False
    dimensions: tuple[str, ...] = ()

    @property
    def is_buffer(self) -> bool:
        return self.role is not Role.SCALAR


@dataclass(frozen=True, slots=True)
class Signature:
    """``return_type`` is ``void`` or that of a scalar or plain struct."""

    name: str
    return_type: str
    parameters: tuple[Parameter, ...]

    @property
    def buffers(self) -> tuple[Parameter, ...]:
        return tuple(one for one in self.parameters if one.is_buffer)

    @property
    def scalars(self) -> tuple[Parameter, ...]:
        return tuple(one for one in self.parameters if not one.is_buffer)

    def parameter(self, name: str) -> Parameter | None:
        return next((one for one in self.parameters if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Extent:
    """How many elements a buffer has at least, for one call.

    ``expression`` is a C expression of integers over the scalar parameters and file-level constants (``nz * nx``), None where no
    such expression is known. ``inspector`` is then, where it can be had, the body of a C++ function with the parameters of the
    original that computes it on the host (see ``inspect.py``). ``reads_buffers`` names the buffers whose contents it needs.
    ``reason`` says why there is neither. ``is_exact``: every element below it may be touched; else ``expression`` is only an
    upper bound that holds, and the inspector is the better of the two. A value below zero means no element.

    ``bound`` is an upper bound for tests where contents decide: besides the scalars it may name ``BUFFER_max``, the largest
    value that the integer buffer ``BUFFER`` holds, all values being at least 0. ``is_filled``: every call writes every element.
    ``assumes`` names the scalars that the expression takes not to be negative (a stride, a width); the entry checks them.
    """

    expression: str | None = None
    inspector: str | None = None
    reads_buffers: tuple[str, ...] = ()
    is_exact: bool = False
    reason: str | None = None
    bound: str | None = None
    is_filled: bool = False
    assumes: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        return self.expression is not None or self.inspector is not None


@dataclass(frozen=True, slots=True)
class SequentialFunction:
    """A function with a body. ``text`` is the whole file, ``span`` (bytes) and ``line`` (1-based) the function's place in it.

    ``helpers`` are the functions of the same file that it calls, directly or not, callees first; ``needs`` are the spans of the
    file-level declarations (structs, typedefs, constants, macros, includes) that it and its helpers use, in order.
    ``extents`` has a key for every buffer.
    """

    text: str
    path: str
    language: Language
    signature: Signature
    span: Span
    body: Span
    line: int
    helpers: tuple[str, ...] = ()
    needs: tuple[Span, ...] = ()
    extents: dict[str, Extent] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.signature.name

    def slice(self, span: Span) -> str:
        """The text of a span."""
        return self.text.encode()[span.start : span.end].decode()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a function is not translated. ``code`` is a stable word (``recursion``, ``input_output``, ``global_state``...)."""

    code: str
    message: str
    line: int | None = None
