"""What a kernel and its launcher are called and take: the original's parameters, each buffer a pointer to device memory.

Limits: a buffer is one flat pointer; the brackets of ``double a[N][M]`` are kept where they are constant, so that ``a[i][j]``
works.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from codepar.cuda.as_cxx import as_cxx, cxx_name
from codepar.cuda.function import Parameter, SequentialFunction
from codepar.cuda.source import source_of

RESULT = "result"


@dataclass(frozen=True, slots=True)
class DeviceSignature:
    """``parameters`` and ``names`` are in the launcher's order, the result's pointer last where there is one."""

    kernel: str
    launcher: str
    parameters: tuple[str, ...]
    names: tuple[str, ...]
    scalars: tuple[str, ...]
    result: str | None = None

    @property
    def kernel_head(self) -> str:
        """The kernel up to its opening brace."""
        return f"__global__ void {self.kernel}({', '.join(self.parameters)})"

    @property
    def launcher_head(self) -> str:
        """The launcher up to its opening brace."""
        return f"void {self.launcher}({', '.join(self.parameters)})"


def device_signature(function: SequentialFunction) -> DeviceSignature:
    """Names and parameters of the kernel and launcher that a proposer writes for ``function``."""
    signature = function.signature
    constants = source_of(function.text, function.language).constants
    parameters = [as_cxx(_declared(one, constants), function.language) for one in signature.parameters]
    names = [cxx_name(one.name) for one in signature.parameters]
    result = None
    if signature.return_type != "void":
        result = RESULT
        while result in names:
            result += "_"
        parameters.append(f"{as_cxx(signature.return_type, function.language)} *{result}")
        names.append(result)
    scalars = tuple(cxx_name(one.name) for one in signature.scalars)
    return DeviceSignature(
        f"{signature.name}_kernel", f"{signature.name}_launch", tuple(parameters), tuple(names), scalars, result
    )


def _declared(one: Parameter, constants: dict[str, int]) -> str:
    const = "const " if one.is_const and one.is_buffer else ""
    if not one.is_buffer:
        return f"{one.type} {one.name}"
    inner = [text.strip() for text in one.dimensions[1:]]
    if inner and all(re.fullmatch(r"\d+", text) or text in constants for text in inner):
        return f"{const}{one.type} {one.name}[]{''.join(f'[{text}]' for text in inner)}"
    return f"{const}{one.type} *{one.name}"
