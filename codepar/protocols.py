"""The few protocols that join the rooms, and the typed things they take and give.

``Generator`` is a language model, ``Executor`` compiles and runs code, ``Progress`` hears what happens. Limits: no
implementation lives here; a variant of any of them is a new file elsewhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from enum import StrEnum
from typing import Any, Literal, Protocol, Self, runtime_checkable

from pydantic import Field, field_validator

from codepar.project import Project
from codepar.record import Record as Record  # noqa: PLC0414 - handed on
from codepar.site_protocols import (
    SiteModel as SiteModel,  # noqa: PLC0414 - handed on
)
from codepar.site_protocols import (
    SiteScore as SiteScore,  # noqa: PLC0414 - handed on
)
from codepar.site_protocols import (
    SiteScorer as SiteScorer,  # noqa: PLC0414 - handed on
)
from codepar.site_protocols import (
    SiteScores as SiteScores,  # noqa: PLC0414 - handed on
)
from codepar.site_protocols import (
    SiteText as SiteText,  # noqa: PLC0414 - handed on
)

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


class CheckResult(Record):
    """What one check saw. ``clean`` is None where it could not be carried through; it never proves the absence of a fault."""

    check: Check
    clean: bool | None
    message: str


class LineCount(Record):
    """How often a line was executed. ``line`` is 1-based."""

    line: int
    count: int


class BranchCount(Record):
    """How often one way out of a decision was taken; ``index`` counts the ways of a line, in the compiler's order."""

    line: int
    index: int
    count: int


class FileCoverage(Record):
    """The executable lines and branches of one file of the project, in order."""

    file: str
    lines: tuple[LineCount, ...]
    branches: tuple[BranchCount, ...] = ()


class Coverage(Record):
    """What a run (all its ranks and threads) took of the project's files. Counted by the program itself: it explains, no more."""

    files: tuple[FileCoverage, ...] = ()

    @property
    def lines(self) -> Ratio:
        """Lines executed at least once, of all that can be."""
        return Ratio.of(one.count for file in self.files for one in file.lines)

    @property
    def branches(self) -> Ratio:
        """Branches taken at least once, of all that can be."""
        return Ratio.of(one.count for file in self.files for one in file.branches)


class Ratio(Record):
    """``taken`` of ``total``."""

    taken: int
    total: int

    @classmethod
    def of(cls, counts: Iterable[int]) -> Self:
        """How many counts are not zero."""
        known = list(counts)
        return cls(taken=sum(1 for count in known if count), total=len(known))


class KernelWork(Record):
    """The launches of one kernel in one test case (None: outside of any; the driver says where one begins).

    ``grid``, ``block`` and ``threads`` are those of the largest launch. What follows only an instrumented run counts:
    ``writers`` and ``active`` are the threads of the launch with most of them that wrote to shared or global memory, and that
    accessed global memory; ``accesses`` is the sum over all threads and launches, ``busiest`` the sum over launches of the
    thread with most accesses, ``atomics`` the accesses to global memory that were atomic, ``same_address`` those on the address
    with most of them.
    """

    case: int | None
    kernel: str
    launches: int
    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    threads: int
    writers: int = 0
    active: int = 0
    accesses: int = 0
    busiest: int = 0
    atomics: int = 0
    same_address: int = 0


class HostWork(Record):
    """What host code did itself in one test case with one of the driver's buffers, or with ``stack`` or ``other`` memory.

    ``elements`` counts the distinct ones that it loaded or stored one by one, ``loads`` and ``stores`` apart; ``copied`` what it
    copied or filled in bulk (elements of a buffer, else bytes).
    """

    case: int | None
    buffer: str
    elements: int
    loads: int
    stores: int
    copied: int


class DeviceWork(Record):
    """What ran on the (emulated) device and what the host did beside it, as the process under test counted it: may demote only.

    ``is_counted``: the figures of an instrumented run are there. ``is_complete`` is False where records were dropped or part
    of the memory was not watched.
    """

    launches: int = 0
    kernels: tuple[KernelWork, ...] = ()
    host: tuple[HostWork, ...] = ()
    is_counted: bool = False
    is_complete: bool = True


class Traffic(Record):
    """What the ranks of one run gave each other, as they counted it themselves: it may demote a result, never prove one.

    ``messages`` went from one rank to another (point to point or one-sided), ``collectives`` counts the calls that move data, on
    all ranks; ``bytes`` are those of both. ``ranks`` is how many took part.
    """

    messages: int = 0
    collectives: int = 0
    bytes: int = 0
    ranks: int = 0

    @property
    def is_seen(self) -> bool:
        """Whether data passed between ranks at all."""
        return self.ranks > 1 and self.bytes > 0


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


class Message(Record):
    """One turn of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


class Grammar(Record):
    """A constraint on the generated text: a regular expression, an EBNF grammar (start symbol ``root``) or a JSON schema."""

    kind: Literal["regex", "ebnf", "json_schema"]
    text: str


class Sampling(Record):
    """How tokens are chosen. Temperature 0 is greedy. ``budget_s`` ends the generation with what is there by then."""

    max_tokens: int = Field(default=256, ge=1, le=32_768)
    temperature: float = Field(default=0.0, ge=0, le=5)
    top_p: float = Field(default=1.0, gt=0, le=1)
    stop: tuple[str, ...] = ()
    seed: int | None = None
    logprobs: int | None = Field(default=None, ge=0, le=20, description="alternatives listed a token; 0: the chosen token alone")
    grammar: Grammar | None = None
    budget_s: float | None = Field(default=None, gt=0)


class Prompt(Record):
    """What is completed: raw ``text``, optionally with a ``suffix`` (fill in the middle), or ``messages`` (chat)."""

    text: str = ""
    suffix: str | None = None
    messages: tuple[Message, ...] | None = None


class TokenLogprob(Record):
    """One generated token with its log-probability (natural logarithm) and the listed alternatives."""

    token: str
    logprob: float
    alternatives: tuple[tuple[str, float], ...] = ()


FinishReason = Literal["stop", "length", "budget", "cancelled"]


class Generation(Record):
    """The text of one generation. Token counts are those of the model's own tokenizer.

    ``cached_tokens`` of ``prompt_tokens`` were not computed again but found in the engine's prefix cache; None: it does not tell.
    """

    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int | None = None
    logprobs: tuple[TokenLogprob, ...] | None = None
    model: str = ""


class Chunk(Record):
    """A piece of a stream. The last one carries ``generation``, whose text is all pieces joined."""

    text: str
    generation: Generation | None = None


class Capabilities(Record):
    """What a backend can do; asking for more raises ``Unsupported`` with the reason.

    ``model`` is the name asked for, ``artefact`` and ``sha256`` say which weights really answer, where that is known.
    """

    model: str
    artefact: str = ""
    sha256: str = ""
    backend: str
    context_tokens: int
    chat: bool = False
    infill: bool = False
    grammar: frozenset[Literal["regex", "ebnf", "json_schema"]] = frozenset()
    logprobs: bool = False
    scoring: bool = False
    sites: bool = False
    site_model: SiteModel | None = None


@runtime_checkable
class Generator(Protocol):
    """A language model. Cancelling the awaiting task cancels the generation and frees its place in the batch."""

    async def capabilities(self) -> Capabilities: ...

    async def complete(self, prompt: Prompt, sampling: Sampling) -> Generation:
        """One generation. Raises ``EngineUnavailable``, ``Unsupported``, ``InvalidInput`` (prompt longer than the context)."""
        ...

    def stream(self, prompt: Prompt, sampling: Sampling) -> AsyncIterator[Chunk]:
        """The same, piece by piece."""
        ...

    async def batch(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Generation]:
        """Several generations side by side, answered in order; a common prefix is computed once where the backend can."""
        ...

    async def score(self, prompt: Prompt, choices: Sequence[str]) -> list[float]:
        """Log-probability of each choice as continuation of the prompt, summed over its tokens."""
        ...

    async def count_tokens(self, text: str) -> int: ...

    async def close(self) -> None: ...


@runtime_checkable
class Executor(Protocol):
    """Compiles and runs. Never raises for what the code under test does: that is a status. Cancelling ends the processes."""

    async def execute(self, execution: Execution) -> ExecutionResult: ...


@runtime_checkable
class Progress(Protocol):
    """Hears the events of a job. ``data`` must be JSON-serialisable."""

    async def report(self, type: str, data: dict[str, Any]) -> None: ...


class SilentProgress:
    """Hears everything, says nothing."""

    async def report(self, type: str, data: dict[str, Any]) -> None:
        return None
