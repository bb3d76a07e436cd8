"""What a compiler may use while it builds a project, the same in every toolchain.

Limits: bounds alone; the time is the execution's own ``compile_s``, the memory at least what compilers are known to need.
"""

from __future__ import annotations

from codepar.protocols import Execution
from worker.runner import MEBIBYTE, Bounds

_MEMORY_BYTES = 2048 * MEBIBYTE
NVCC_MEMORY_BYTES = 4096 * MEBIBYTE
_PROCESSES = 128
_ARTIFACT_BYTES = 128 * MEBIBYTE


def compile_bounds(execution: Execution, memory_bytes: int = _MEMORY_BYTES) -> Bounds:
    """The bounds of a build: never less memory than ``memory_bytes``, more where the execution allows its program more."""
    limits = execution.limits
    return Bounds(
        wall_s=limits.compile_s,
        memory_bytes=max(limits.memory_bytes, memory_bytes),
        output_bytes=limits.output_bytes,
        processes=_PROCESSES,
        file_bytes=_ARTIFACT_BYTES,
        artifact_bytes=_ARTIFACT_BYTES,
    )
