"""From a project of CUDA to the command that builds it with a host compiler and the CPU runtime.

Units of CUDA are compiled as nvcc compiles them: its macros defined, ``cuda_runtime.h`` included before the first line; other
units see the headers, no more. A project with a build command finds a stand-in for ``nvcc`` on its PATH. Limits: flags of a
compilation database are not read.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from codepar.project import CXX_SUFFIXES, HEADER_SUFFIXES, Project
from worker.toolchains import custom
from worker.toolchains.compilers import Compiler
from worker.toolchains.cuda_cpu.library import DEFINES, NVCC_DEFINES, PRELUDE, Library, Mode
from worker.toolchains.cuda_cpu.nvcc_flags import Wrapping, stand_in

TOOLS = ".codepar/cuda"
_STANDARD = "-std=gnu++17"
# A GPU wraps integers, has no type-based aliasing worth the name, and reads address 0 as it comes.
_FAITHFUL = ("-fno-strict-aliasing", "-fwrapv", "-fno-delete-null-pointer-checks", "-pthread", "-Wno-unknown-pragmas")
# A thread has a small stack with a guard below it, which no large frame may step over.
_GUARDED = ("-fstack-clash-protection",)
_FAITHFUL_GCC = ("-fno-finite-loops", "-fsanitize=return", "-fsanitize-undefined-trap-on-error")
_FAITHFUL_CLANG = ("-fno-finite-loops", "-fsanitize=return", "-fsanitize-trap=return")
# The checks bring the functions that this instrumentation calls; the compiler must leave accesses where they are.
_CHECKED = ("-O1", "-fno-tree-loop-im", "-fno-tree-dse", "-Wno-tsan", "-fsanitize=thread,bounds,alignment,return")
_CHECKED_PARAMETERS = ("tsan-distinguish-volatile=1", "tsan-instrument-func-entry-exit=0")
_LIBRARIES = ("-pthread", "-lm", "-ldl")
# A build that compiles and links in one step would link gcc's own library of checks: its default libraries are named by hand.
_OWN_LIBRARIES = ("-nodefaultlibs",)
_COMPILER_LIBRARIES = ("-lstdc++", "-lm", "-lgcc_s", "-lgcc", "-lpthread", "-lc", "-lgcc_s", "-lgcc")
_DEFINES = ".codepar/defines.h"
_DEFINITION = re.compile(r"-D(?P<name>\w+)(?P<parameters>\([^)]*\))?(?:=(?P<value>.*))?", re.DOTALL)


@dataclass(frozen=True)
class Options:
    """Options of one mode. ``precompiled`` are all that a precompiled header depends on; ``after`` override the user's."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    user: tuple[str, ...]

    @property
    def precompiled(self) -> tuple[str, ...]:
        shaping = tuple(flag for flag in self.user if not flag.startswith(("-I", "-D", "-U", "-l", "-W", "-isystem", "-iquote")))
        return (*self.before, *NVCC_DEFINES, *shaping, *self.after)


def options(mode: Mode, compiler: Compiler, flags: Sequence[str]) -> Options:
    """The options of every C++ unit; ``flags`` are the user's, allowed and free of nvcc's own."""
    standard = () if any(flag.startswith("-std=") for flag in flags) else (_STANDARD,)
    before = (*standard, "-O2", "-g1", *_FAITHFUL, *_GUARDED, *DEFINES[mode])
    if mode == "plain":
        return Options((*before, *(_FAITHFUL_GCC if compiler.is_gcc else _FAITHFUL_CLANG)), (), tuple(flags))
    parameters = tuple(word for parameter in _CHECKED_PARAMETERS for word in ("--param", parameter))
    return Options((*before, "-fno-finite-loops"), (*_CHECKED, *parameters), tuple(flags))


def headers(library: Library) -> tuple[str, ...]:
    """Where any unit finds the runtime's headers."""
    return ("-isystem", str(library.include))


def prelude(library: Library) -> tuple[str, ...]:
    """What a unit of CUDA gets besides."""
    precompiled = ("-I", str(library.precompiled)) if library.precompiled is not None else ()
    return (*precompiled, *NVCC_DEFINES, "-include", PRELUDE)


def compile_command(project: Project, program: str, compiler: Compiler, library: Library, chosen: Options) -> tuple[str, ...]:
    """The command line that builds a project without a build command of its own."""
    folders = tuple(f"-I{folder}" for folder in _folders(project))
    common = (*chosen.before, *chosen.user, *folders, *chosen.after)
    # The runtime's headers are read before the user's macros, which could have any name.
    user = tuple(flag for flag in chosen.user if not flag.startswith(("-D", "-U")))
    shaped = (*chosen.before, *user, *folders, *chosen.after)
    cuda = (compiler.cxx, *prelude(library), "-include", _DEFINES, *shaped, *headers(library))
    link = (str(library.archive), *_libraries(chosen.user), *_LIBRARIES, "-o", program)
    others = project.sources()
    # Instrumented units are linked apart: with the option that asks for them, gcc would link its own library of checks.
    if not others and not chosen.after:
        sources = tuple(_safe(path) for path in project.cuda_sources())
        return (*cuda, "-x", "c++", *sources, "-x", "none", *link)
    steps: list[tuple[str, ...]] = []
    objects: list[str] = []
    for number, path in enumerate((*project.cuda_sources(), *others)):
        objects.append(f".codepar/{number}.o")
        step = _other(path, compiler, library, common) if path in others else (*cuda, "-x", "c++")
        steps.append((*step, "-c", _safe(path), "-o", objects[-1]))
    steps.append((compiler.cxx, *_for_link(chosen.user), *objects, *link))
    return ("/bin/sh", "-ec", "\n".join(shlex.join(step) for step in steps))


def compile_files(chosen: Options) -> dict[str, bytes]:
    """What ``compile_command`` reads and writes besides the project: the user's macros, and a place for objects."""
    lines = []
    for flag in chosen.user:
        match = _DEFINITION.fullmatch(flag)
        if match is not None:
            value = "1" if match["value"] is None else match["value"]
            lines.append(f"#define {match['name']}{match['parameters'] or ''} {value}\n")
        elif flag.startswith("-U"):
            lines.append(f"#undef {flag[2:]}\n")
    return {_DEFINES: "".join(lines).encode()}


def _other(path: str, compiler: Compiler, library: Library, common: tuple[str, ...]) -> tuple[str, ...]:
    if PurePosixPath(path).suffix in CXX_SUFFIXES:
        return (compiler.cxx, *common, *headers(library))
    own = tuple(flag for flag in common if flag.startswith(("-I", "-D", "-U", "-f", "-m", "-O")) and "sanitize" not in flag)
    return (compiler.cc, "-g1", *(flag for flag in own if flag != "-fno-finite-loops"), *headers(library))


def _for_link(flags: Sequence[str]) -> tuple[str, ...]:
    return tuple(flag for flag in flags if flag in {"-fopenmp", "-pthread"})


def _libraries(flags: Sequence[str]) -> tuple[str, ...]:
    return tuple(flag for flag in flags if flag.startswith("-l"))


def _safe(path: str) -> str:
    """A source name that cannot be read as an option or a response file."""
    return f"./{path}" if path.startswith(("-", "@")) else path


def _folders(project: Project) -> list[str]:
    parents = {str(PurePosixPath(path).parent) for path in project.files if PurePosixPath(path).suffix in HEADER_SUFFIXES}
    return sorted({".", *parents})


def build_command(build: str) -> tuple[str, ...]:
    """The command line of a project's own build, which finds the stand-in by PATH and by ``CUDA_HOME``."""
    script = f'PATH="$PWD/{TOOLS}/bin:$PATH" CUDA_HOME="$PWD/{TOOLS}" CUDA_PATH="$PWD/{TOOLS}" && export PATH CUDA_HOME CUDA_PATH'
    return ("/bin/sh", "-c", f'{script} && exec "$@"', "sh", *custom.build_command(build))


def build_files(compiler: Compiler, library: Library, chosen: Options) -> dict[str, bytes]:
    """The stand-in and the script of the build."""
    wrapping = Wrapping(
        before=(*chosen.before, *chosen.user),
        cuda=prelude(library),
        after=(*chosen.after, *headers(library)),
        link=(
            *(_OWN_LIBRARIES if chosen.after else ()),
            str(library.archive),
            *_LIBRARIES,
            *(_COMPILER_LIBRARIES if chosen.after else ()),
        ),
    )
    return {f"{TOOLS}/bin/nvcc": stand_in(compiler.cxx, wrapping).encode(), **custom.build_files()}
