"""C and C++ (with OpenMP, sanitizers, coverage and, through its wrapper's flags, MPI): from a project to the build command.

One invocation where all units share language and flags, else a short script of compile steps and one link; a project with a
``build`` command runs that. Limits: gcc and clang; Fortran and CUDA units are left to a build command.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from codepar.project import C_SUFFIXES, CXX_SUFFIXES, HEADER_SUFFIXES, CompileCommand, Project
from codepar.protocols import Sanitizer
from worker.toolchains import coverage, sanitizers
from worker.toolchains.compilers import Compiler
from worker.toolchains.diagnostics import project_name
from worker.toolchains.flags import joined, sort_flags
from worker.toolchains.mpi import Launcher

PROGRAM = "a.out"
Language = Literal["c", "cxx"]

_MPI_HEADER = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]mpi\.h[>"]', re.MULTILINE)
# Optimised code must still do what is judged: wait where its source says, allocate and write what it asks for, loop without end.
_FAITHFUL = ("-fno-optimize-sibling-calls", "-fno-builtin-malloc", "-fno-builtin-calloc", "-fno-finite-loops")
_FAITHFUL_GCC = (*_FAITHFUL, "-fno-allocation-dce", "-fno-tree-dse", "-fno-tree-dce", "-fno-dse", "-fno-dce")
_ORDER_SOURCE = ".codepar/omp_tsan.c"
_ORDER_OBJECT = ".codepar/omp_tsan.o"


@dataclass(frozen=True)
class Extras:
    """What a build puts into the program besides the project; ``order`` is what ``sanitizers.needs_order`` says."""

    sanitize: tuple[Sanitizer, ...] = ()
    openmp: bool = False
    order: bool = False
    coverage: bool = False


@dataclass(frozen=True)
class Recipe:
    """How a project is compiled: the steps to run one after the other, and the flags that were asked for but may not be used.

    ``files`` are what the steps need besides the project; ``notes`` is what they leave for those who count coverage.
    """

    steps: tuple[tuple[str, ...], ...]
    dropped: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def argv(self) -> tuple[str, ...]:
        """One command line for all steps; the first that fails ends it."""
        if len(self.steps) == 1:
            return self.steps[0]
        return ("/bin/sh", "-ec", "\n".join(shlex.join(step) for step in self.steps))


@dataclass(frozen=True)
class _Unit:
    path: str
    language: Language
    flags: tuple[str, ...]


def uses_mpi(project: Project) -> bool:
    """Whether any file includes ``mpi.h``."""
    return any(_MPI_HEADER.search(text) for text in project.files.values())


def recipe(
    project: Project,
    program: str,
    *,
    flags: Sequence[str],
    compiler: Compiler,
    launcher: Launcher | None,
    roots: Sequence[Path],
    extras: Extras = Extras(),
) -> Recipe:
    """The commands that turn the project's C and C++ units into ``program``. ``flags`` have passed the allow list."""
    units, dropped = _units(project, roots)
    plan = _Plan(project, program, compiler, launcher, _all_flags(flags, compiler, extras))
    first = (_order_step(compiler),) if extras.order else ()
    objects = (_ORDER_OBJECT,) if extras.order else ()
    files = {f".codepar/{path.name}": path.read_bytes() for path in sanitizers.OPENMP_ORDER} if extras.order else {}
    if len({(unit.language, unit.flags) for unit in units}) == 1 and not extras.coverage:
        steps = (*first, plan.at_once(units, objects))
    else:
        steps = (*first, *plan.one_by_one(units, objects))
    # The steps write beside these: an empty file makes the folder.
    files |= {".codepar/objects": b""} if len(steps) > 1 else {}
    notes = tuple(coverage.note_name(number) for number in range(len(units))) if extras.coverage else ()
    return Recipe(steps, dropped, files, notes)


@dataclass(frozen=True)
class _Plan:
    """What the steps of one project share. ``common`` are its flags, defaults first."""

    project: Project
    program: str
    compiler: Compiler
    launcher: Launcher | None
    common: tuple[str, ...]

    @property
    def options(self) -> tuple[str, ...]:
        return tuple(flag for flag in self.common if not flag.startswith("-l"))

    @property
    def headers(self) -> tuple[str, ...]:
        return tuple(f"-I{folder}" for folder in _header_folders(self.project))

    def at_once(self, units: Sequence[_Unit], objects: Sequence[str]) -> tuple[str, ...]:
        """One invocation for units that share language and flags."""
        language = units[0].language
        sources = tuple(_safe(unit.path) for unit in units)
        step = (_driver(self.compiler, language), *self.options, *units[0].flags, *self.headers, *sources, *objects)
        return (*step, "-o", self.program, *self._last(language))

    def one_by_one(self, units: Sequence[_Unit], objects: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """A step for each unit, and one that links."""
        names = tuple(f".codepar/{number}.o" for number in range(len(units)))
        compiled = [self._compile(unit, name) for unit, name in zip(units, names, strict=True)]
        language: Language = "cxx" if any(unit.language == "cxx" for unit in units) else "c"
        driver = (_driver(self.compiler, language), *_for_language(self.options, language))
        return (*compiled, (*driver, *names, *objects, "-o", self.program, *self._last(language)))

    def _compile(self, unit: _Unit, name: str) -> tuple[str, ...]:
        own = (_driver(self.compiler, unit.language), *_for_language(self.options, unit.language), *unit.flags, *self.headers)
        mpi = tuple(flag for flag in _mpi_flags(self.launcher, unit.language) if not flag.startswith(("-l", "-L", "-Wl,")))
        return (*own, *mpi, "-c", _safe(unit.path), "-o", name)

    def _last(self, language: Language) -> tuple[str, ...]:
        """What must come after the objects that need it."""
        libraries = (flag for flag in self.common if flag.startswith("-l"))
        return (*_mpi_flags(self.launcher, language), *libraries, "-lm")


def _all_flags(flags: Sequence[str], compiler: Compiler, extras: Extras) -> tuple[str, ...]:
    made = (
        *sanitizers.compile_flags(extras.sanitize, flags, compiler),
        *(coverage.compile_flags(flags) if extras.coverage else ()),
        *(("-fopenmp",) if extras.openmp else ()),
    )
    return (*_defaults((*made, *flags), compiler), *made, *flags)


def _order_step(compiler: Compiler) -> tuple[str, ...]:
    return (compiler.cc, "-O2", "-c", _ORDER_SOURCE, "-o", _ORDER_OBJECT)


def _mpi_flags(launcher: Launcher | None, language: Language) -> tuple[str, ...]:
    return launcher.wrapper_flags(language) if launcher is not None else ()


def _driver(compiler: Compiler, language: Language) -> str:
    return compiler.cxx if language == "cxx" else compiler.cc


def _safe(path: str) -> str:
    """A source name that cannot be read as an option or a response file."""
    return f"./{path}" if path.startswith(("-", "@")) else path


def _defaults(flags: Sequence[str], compiler: Compiler) -> tuple[str, ...]:
    """Optimise, and keep line numbers (they say where a rank waits), unless the flags say otherwise; both cost a few ms."""
    optimise = () if any(flag.startswith("-O") for flag in flags) else ("-O2",)
    debug = () if any(flag.startswith("-g") for flag in flags) else ("-g1",)
    return (*optimise, *debug, *(_FAITHFUL_GCC if compiler.is_gcc else _FAITHFUL))


def _for_language(options: tuple[str, ...], language: Language) -> tuple[str, ...]:
    """The options without a ``-std`` of the other language."""
    return tuple(flag for flag in options if not flag.startswith("-std=") or ("++" in flag) == (language == "cxx"))


def _header_folders(project: Project) -> list[str]:
    parents = {str(PurePosixPath(path).parent) for path in project.files if PurePosixPath(path).suffix in HEADER_SUFFIXES}
    return sorted(parents)


def _units(project: Project, roots: Sequence[Path]) -> tuple[list[_Unit], tuple[str, ...]]:
    """The translation units with their flags from the compilation database, and the flags of it that may not be used."""
    database = _database(project)
    listed = [path for path in project.sources() if path in database]
    units: list[_Unit] = []
    dropped: list[str] = []
    for path in listed or project.sources():
        found = sort_flags(database.get(path, ()), roots)
        dropped += found.refused
        units.append(_Unit(path, "cxx" if PurePosixPath(path).suffix in CXX_SUFFIXES else "c", found.allowed))
    return units, tuple(dict.fromkeys(dropped))


def _database(project: Project) -> dict[str, tuple[str, ...]]:
    """Flags by unit. Absolute folders are taken relative to the root that the names of the files reveal."""
    flags: dict[str, tuple[str, ...]] = {}
    for command in project.compile_commands or ():
        place = posixpath.normpath(posixpath.join(command.directory, command.file))
        path = project_name(place, project.files)
        if path in project.files:
            root = place[: len(place) - len(path)] if place.startswith("/") else ""
            flags[path] = tuple(_inside(word, command.directory, root) for word in _words(command))
    return flags


def _words(command: CompileCommand) -> list[str]:
    """The flags of one entry, without the compiler, the file, the output and what makes dependency files."""
    try:
        words = list(command.arguments or shlex.split(command.command or ""))[1:]
    except ValueError:
        return []
    kept: list[str] = []
    skip = False
    for word in joined(words):
        if skip:
            skip = False
        elif word in {"-o", "-MF", "-MT", "-MQ"}:
            skip = True
        elif word not in {"-c", "-MD", "-MMD", "-MP"} and not _is_source(word):
            kept.append(word)
    return kept


def _is_source(word: str) -> bool:
    return not word.startswith("-") and PurePosixPath(word).suffix in C_SUFFIXES | CXX_SUFFIXES


def _inside(word: str, directory: str, root: str) -> str:
    """An include folder as seen from the project's root, where our compiler runs; other words as they are."""
    for option in ("-isystem", "-iquote", "-I"):
        value = word.removeprefix(option)
        if word.startswith(option) and value:
            place = posixpath.normpath(posixpath.join(directory, value))
            if root and f"{place}/".startswith(root):
                return option + (place[len(root) :] or ".")
            return option + place
    return word
