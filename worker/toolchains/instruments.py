"""What one execution puts into its program besides the project: the chosen compiler, OpenMP, sanitizers, coverage.

Chosen once, then asked for the flags of the build, the variables of the run, and what cannot be had and why. Limits: C and C++;
knows nothing of how commands are run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from codepar.errors import ToolMissing
from codepar.protocols import Execution, Sanitizer
from worker.toolchains import compilers, coverage, cxx, sanitizers
from worker.toolchains.compilers import Compiler

RunnerName = Literal["sandboxed", "trusted"]


@dataclass(frozen=True)
class Instruments:
    """``sanitize`` are those of the option, ``active`` also those that flags ask for."""

    compiler: Compiler
    sanitize: tuple[Sanitizer, ...]
    active: tuple[Sanitizer, ...]
    openmp: bool
    coverage: bool

    def extras(self) -> cxx.Extras:
        """What the recipe of the project's units needs to know."""
        order = sanitizers.needs_order(self.active, self.openmp, self.compiler)
        return cxx.Extras(self.sanitize, self.openmp, order, self.coverage)

    def drivers(self) -> tuple[str, str]:
        """The C and C++ compilers as a build command is given them: with the sanitizers' flags."""
        flags = sanitizers.compile_flags(self.sanitize, (), self.compiler)
        debug = ("-g1",) if flags else ()
        return " ".join((self.compiler.cc, *flags, *debug)), " ".join((self.compiler.cxx, *flags, *debug))

    def environment(self) -> dict[str, str]:
        """Variables of the run."""
        counts = coverage.environment() if self.coverage else {}
        return {**sanitizers.environment(self.active, self.openmp, self.compiler), **counts}


def has_openmp(execution: Execution) -> bool:
    """Whether the program is compiled with OpenMP."""
    return execution.openmp or "-fopenmp" in execution.flags


def choose(execution: Execution, path: str) -> Instruments:
    """What the execution asks for, found on ``path``. Raises ``ToolMissing`` for what is not installed."""
    compiler = compilers.find_compiler(path, execution.compiler)
    openmp = has_openmp(execution)
    counted = execution.coverage or execution.count_work
    chosen = Instruments(compiler, execution.sanitize, sanitizers.requested(execution), openmp, counted)
    if openmp:
        compilers.require_openmp(compiler)
    compilers.require_sanitizers(compiler, chosen.active)
    if openmp and "thread" in chosen.active and not compiler.is_gcc and compiler.archer is None:
        raise ToolMissing(
            "clang's OpenMP runtime has no libarcher.so, without which every OpenMP program looks racy",
            remedy="apt-get install libomp-dev, or --compiler gcc",
        )
    if chosen.coverage:
        coverage.require_gcov(path)
    return chosen


def unsupported(execution: Execution, chosen: Instruments, runner: RunnerName) -> str | None:
    """Why the execution cannot be had like this; None when it can."""
    if chosen.coverage and execution.project.build is not None:
        return "coverage counts the units of the project itself: leave the build command out, or name the sources alone"
    if chosen.coverage and not chosen.compiler.is_gcc:
        return "coverage is counted by gcc's gcov: leave the compiler to auto, or ask for gcc"
    if "leak" in chosen.active and runner == "sandboxed":
        return "LeakSanitizer stops the program's threads with ptrace, which the box refuses: run your own code with --trust"
    if "leak" in chosen.active and execution.ranks is not None:
        return "MPI libraries keep memory on purpose: look for leaks without a launcher"
    return None


def left_out(execution: Execution, program: bytes) -> str | None:
    """Why a program that a build command made cannot be judged by the sanitizers that were asked for; None when it can."""
    if execution.project.build is None:
        return None
    for name in execution.sanitize:
        if not sanitizers.is_in(program, name):
            return (
                f"the build command left the {name} sanitizer out: compile and link with $(CC) or $(CXX), which carry its flags"
            )
    if "thread" in execution.sanitize and b"GOMP_parallel" in program:
        return "ThreadSanitizer cannot follow gcc's OpenMP runtime in a program of a build command: name its sources alone"
    return None
