"""What an Executor is asked: a program, how to build and run it, within which limits; and the words for what became of it.

Limits: carries nothing out and judges nothing.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field, field_validator

from codepar.project import Project
from codepar.record import Record

MAX_RANKS = 64


class Status(StrEnum):
    """What became of one execution or check; the one vocabulary used everywhere (design, "Words that mean one thing")."""

    OK = "ok"
    COMPILE_ERROR = "compile_error"
    RUNTIME_ERROR = "runtime_error"
    WRONG_OUTPUT = "wrong_output"
    TIMEOUT = "timeout"
    DEADLOCK = "deadlock"
    RACE = "race"
    BARRIER_DIVERGENCE = "barrier_divergence"
    MEMORY_ERROR = "memory_error"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    PROCESS_LIMIT = "process_limit"
    NOT_PARALLEL = "not_parallel"
    INVALID_TESTS = "invalid_tests"
    UNSUPPORTED = "unsupported"
    REFUSED = "refused"
    INFRA_ERROR = "infra_error"


class Diagnostic(Record):
    """One finding, with its place where known. ``line`` is 1-based."""

    kind: str
    message: str
    file: str | None = None
    line: int | None = None
    rank: int | None = None


class Limits(Record):
    """Bounds of one execution. ``wall_s`` bounds the run, ``compile_s`` the build; memory is for all ranks together."""

    wall_s: float = Field(default=10.0, gt=0, le=3600)
    compile_s: float = Field(default=30.0, gt=0, le=3600)
    memory_bytes: int = Field(default=2 * 1024**3, ge=16 * 1024**2, le=64 * 1024**3)
    output_bytes: int = Field(default=1024**2, ge=1024, le=64 * 1024**2)
    processes: int = Field(default=128, ge=1, le=4096)
    file_bytes: int = Field(default=64 * 1024**2, ge=0, le=4 * 1024**3)


# Standard sends of an MPI program as the library makes them; those, and once more synchronous to see whether an ok depends on
# buffering (a diagnostic, the status stays); or synchronous, where a program that depends on buffering is a deadlock.
Sends = Literal["standard", "check", "synchronous"]
CompilerName = Literal["auto", "gcc", "clang"]
Sanitizer = Literal["address", "undefined", "thread", "leak"]
# `schedule` is of emulated CUDA, `sync` (barriers) and `init` (memory read before it was written) of a run on a GPU.
Check = Literal["memory", "race", "schedule", "sync", "init"]
EMULATED_CHECKS: tuple[Check, ...] = ("memory", "race", "schedule")
GPU_CHECKS: tuple[Check, ...] = ("memory", "race", "sync", "init")


class Emulation(Record):
    """How CUDA on the CPU runs. ``schedule`` is the order of blocks and threads, None: as they come, blocks side by side.

    ``fill`` is the byte that fresh device and shared memory holds, None: the runtime's own choice. With ``skip_launches`` no
    kernel runs: what is then still right, the host computed.
    """

    schedule: str | None = Field(default=None, pattern=r"^(forward|reverse|random:\d{1,18})$")
    fill: int | None = Field(default=None, ge=0, le=255)
    skip_launches: bool = False


def checked_sanitizers(names: tuple[Sanitizer, ...]) -> tuple[Sanitizer, ...]:
    """``names`` without repeats, when one program can hold them all; else ``ValueError``."""
    if "thread" in names and {"address", "leak"} & set(names):
        raise ValueError("the sanitizer `thread` goes with neither `address` nor `leak`: run them one after the other")
    return tuple(dict.fromkeys(names))


class Execution(Record):
    """Build a project and run it once. ``ranks`` None starts the program without an MPI launcher.

    ``flags`` are extra compiler flags, checked against an allow list by the toolchain.
    """

    project: Project
    ranks: int | None = Field(default=None, ge=1, le=MAX_RANKS)
    mpi: Literal["auto", "mpich", "openmpi"] = "auto"
    sends: Sends = "standard"
    delay_seed: int | None = Field(default=None, ge=0, lt=2**64, description="random delays before MPI calls, by this seed")
    arguments: tuple[str, ...] = Field(default=(), max_length=256)
    stdin: str = Field(default="", max_length=16 * 1024**2)
    flags: tuple[str, ...] = Field(default=(), max_length=64)
    openmp: bool = False
    compiler: CompilerName = "auto"
    sanitize: tuple[Sanitizer, ...] = ()
    coverage: bool = Field(default=False, description="count the lines and branches of C and C++ that the run takes")
    count_work: bool = Field(default=False, description="count how many lines of C and C++ each rank executes")
    emulate: bool = Field(default=False, description="run CUDA on the CPU: no GPU is needed, and none is used")
    gpu: bool = Field(default=False, description="run CUDA on a GPU, under compute-sanitizer for each check")
    checks: tuple[Check, ...] = Field(default=(), max_length=8, description="what else to look for in a run of CUDA")
    emulation: Emulation = Emulation()
    limits: Limits = Limits()
    cache: bool = Field(default=True, description="reuse a compiled program with the same sources, flags and compiler")

    @field_validator("sanitize")
    @classmethod
    def _check_sanitizers(cls, names: tuple[Sanitizer, ...]) -> tuple[Sanitizer, ...]:
        return checked_sanitizers(names)

    @field_validator("arguments")
    @classmethod
    def _check_arguments(cls, arguments: tuple[str, ...]) -> tuple[str, ...]:
        if any("\0" in argument for argument in arguments):
            raise ValueError("an argument cannot hold a NUL character")
        for argument in arguments:
            argument.encode(errors="surrogateescape")  # its error is a ValueError, too
        return arguments

    @field_validator("flags")
    @classmethod
    def _check_flags(cls, flags: tuple[str, ...]) -> tuple[str, ...]:
        for flag in flags:
            flag.encode()
        return flags


def checked_checks(checks: tuple[Check, ...], emulate: bool, gpu: bool = False) -> tuple[Check, ...]:
    """``checks`` without repeats; ``ValueError`` where no CUDA runs that could be checked, or not in the way that finds it."""
    if emulate and gpu:
        raise ValueError("`emulate` runs on the CPU and `gpu` on a device: ask for one of them")
    if checks and not emulate and not gpu:
        raise ValueError("checks look into CUDA that is emulated or runs on a GPU: ask for `emulate` or `gpu` too")
    known = GPU_CHECKS if gpu else EMULATED_CHECKS
    for check in checks:
        if check not in known:
            where = "a run on a GPU" if gpu else "emulated CUDA"
            raise ValueError(f"the check `{check}` is not one of {where}: {', '.join(known)}")
    return tuple(dict.fromkeys(checks))
