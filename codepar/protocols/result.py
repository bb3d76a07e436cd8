"""What an Executor answers, and the judgement at one rank count.

Limits: a status says what was seen in this run, never that a fault is absent.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from codepar.protocols.execution import Check, Diagnostic, Status
from codepar.protocols.measured import Coverage, DeviceWork, Traffic
from codepar.record import Record


class CheckResult(Record):
    """What one check saw. ``clean`` is None where it could not be carried through; it never proves the absence of a fault."""

    check: Check
    clean: bool | None
    message: str


class ExecutionResult(Record):
    """What happened. ``rank_stdout[i]`` is the standard output of rank i; empty when no launcher was used.

    ``traffic`` is None where nothing counts it (no launcher, or a sanitizer in the way). ``work[i]`` is how many lines rank i
    executed, repetitions included; empty where it was not asked for or could not be counted. ``device`` is there for emulated
    runs that ended by themselves.

    ``wall_s``, ``cpu_s`` and ``peak_memory_bytes`` are of the run alone; ``compile_s`` is 0 when the program came from the cache.
    """

    status: Status
    exit_code: int | None = None
    stdout: str = ""
    stderr: str = ""
    rank_stdout: tuple[str, ...] = ()
    wall_s: float = 0.0
    compile_s: float = 0.0
    cpu_s: float = 0.0
    peak_memory_bytes: int = 0
    emulated: bool = False
    gpu: str | None = Field(default=None, description="the device it ran on, by name; None where no GPU was used")
    executor: Literal["sandboxed", "trusted"] = "sandboxed"
    cached: bool = False
    checks: tuple[CheckResult, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    coverage: Coverage | None = None
    traffic: Traffic | None = None
    work: tuple[int, ...] = ()
    device: DeviceWork | None = None


class Verdict(Record):
    """The judgement at one rank count. ``agrees`` is None where no oracle could speak; ``reason`` says why it is not True."""

    ranks: int
    status: Status
    agrees: bool | None = None
    reason: str | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    traffic: Traffic | None = None
