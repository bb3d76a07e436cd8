"""A translation that does nothing: an entry of the original's name and parameters that launches one kernel with an empty body.

The share of tasks on which it would count as solved says what a judgement is worth. Limits: the types of the parameters must be
CUDA C++ as they stand; where they are not it does not compile, and the task says nothing.
"""

from __future__ import annotations

from codepar.cuda.function import SequentialFunction
from codepar.cuda.read import read_function
from codepar.cuda.translation import Origin, Target, Translation
from codepar.errors import InvalidInput
from codepar.flows.cuda_verify import verify_translation
from codepar.protocols import Executor, SilentProgress, Status
from codepar.settings import Settings

_HEADERS = "".join(f"#include <{name}>\n" for name in ("cfloat", "climits", "cmath", "cstdint", "cstdio", "cstdlib", "cstring"))
_KERNEL = "does_nothing"


async def judged_empty(source: str, function: str | None, executor: Executor, settings: Settings, seed: int) -> Status | None:
    """The final verdict's status on the empty kernel; None where the function cannot be read. An ``ok`` would be false."""
    try:
        original = read_function(source, "original.c", function)
    except InvalidInput:
        return None
    empty = empty_translation(original)
    verdict = await verify_translation(original, empty, executor, SilentProgress(), settings, seed=seed, shrinks=False)
    return verdict.status


def empty_translation(function: SequentialFunction) -> Translation:
    """The file of the original with another body, behind the kernel."""
    data = function.text.encode()
    returned = function.signature.return_type
    answer = "" if returned == "void" else f" return {returned}();"
    body = f"{{ {_KERNEL}<<<1, 256>>>(); cudaDeviceSynchronize();{answer} }}".encode()
    text = (data[: function.body.start] + body + data[function.body.end :]).decode()
    source = f"{_HEADERS}__global__ void {_KERNEL}() {{}}\n{text}"
    return Translation(source=source, entry=function.name, function=function.name, target=Target.CUDA, origin=Origin.USER)
