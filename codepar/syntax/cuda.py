"""Views of one CUDA file: kernels, device functions, launches, barriers, shared variables. Lines are 1-based, spans are bytes.

Functions and their parameters come from tree-sitter-cuda; launches and shared variables from the lexical scan, which holds in
macros too. Limits: macros are not expanded; a function that the preprocessor splits may be missing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from codepar.syntax import brackets
from codepar.syntax.cuda_declarations import SharedDeclaration, shared_declarations
from codepar.syntax.cuda_scan import CudaScan, find_aliases
from codepar.syntax.language import Language
from codepar.syntax.tree import Function, Span, SyntaxTree

# The grammar knows __launch_bounds__ but not these; blanked, they leave every place where it is.
_UNKNOWN_TO_GRAMMAR = re.compile(
    rb"\b(?:__align__|__grid_constant__|__maxnreg__|__cluster_dims__)\b(?:\s*\([^()]*(?:\([^()]*\)[^()]*)*\))?"
)
_BARRIER = re.compile(r"^(?:__syncthreads(?:_count|_and|_or)?|__syncwarp|\w+(?:\.|->|::)sync)$")


@dataclass(frozen=True, slots=True)
class DeviceFunction:
    """A function that runs on the device; ``is_kernel`` for ``__global__``, ``is_host_too`` for ``__host__ __device__``."""

    function: Function
    is_kernel: bool
    is_host_too: bool


@dataclass(frozen=True, slots=True)
class LaunchView:
    """A launch: what is launched, the texts of its configuration (grid, block, ...) and of its arguments."""

    kernel: str
    configuration: tuple[str, ...]
    arguments: tuple[str, ...]
    span: Span
    line: int
    in_macro: bool


@dataclass(frozen=True, slots=True)
class Barrier:
    """A call that waits for other threads."""

    name: str
    span: Span
    line: int


class CudaSource:
    """The views of ``text``."""

    def __init__(self, text: str) -> None:
        data = text.encode()
        self._aliases = find_aliases([CudaScan(data)])
        self._scan = CudaScan(data, self._aliases)
        masked = _UNKNOWN_TO_GRAMMAR.sub(lambda match: re.sub(rb"[^\n]", b" ", match.group()), data)
        self.tree = SyntaxTree(masked.decode(), Language.CUDA)

    @cached_property
    def device_functions(self) -> tuple[DeviceFunction, ...]:
        """Kernels and device functions with a body, in order."""
        found = []
        for function in self.tree.functions:
            body = next((one for one in self._scan.bodies if function.span.start <= one.start < function.span.end), None)
            qualifiers = body.qualifiers if body is not None else frozenset()
            if qualifiers & {"__global__", "__device__"}:
                found.append(DeviceFunction(function, "__global__" in qualifiers, "__host__" in qualifiers))
        return tuple(found)

    @property
    def kernels(self) -> tuple[Function, ...]:
        return tuple(one.function for one in self.device_functions if one.is_kernel)

    @cached_property
    def launches(self) -> tuple[LaunchView, ...]:
        found = []
        for launch in self._scan.launches:
            code = self._scan.around(launch.callee[0])[0]
            start, end = launch.callee[0], (launch.arguments or (0, launch.config[1] + 2))[1] + 1
            found.append(
                LaunchView(
                    kernel=_text(code[slice(*launch.callee)]),
                    configuration=tuple(map(_text, brackets.split_commas(code[slice(*launch.config)]))),
                    arguments=tuple(map(_text, brackets.split_commas(code[slice(*launch.arguments)])))
                    if launch.arguments
                    else (),
                    span=Span(start, end),
                    line=self._scan.lexis.line_at(start),
                    in_macro=launch.macro is not None,
                )
            )
        return tuple(found)

    @cached_property
    def barriers(self) -> tuple[Barrier, ...]:
        calls = [call for call in self.tree.calls if _BARRIER.match(call.function)]
        return tuple(Barrier(call.function, call.span, call.first_line) for call in calls)

    @cached_property
    def shared_variables(self) -> tuple[SharedDeclaration, ...]:
        return shared_declarations(self._scan, self._aliases)


def _text(code: bytes) -> str:
    return re.sub(r"\s+", " ", code.decode(errors="replace")).strip()
