"""C and C++ (with OpenMP, sanitizers and, through its wrapper's flags, MPI): from a project to the command that builds it.

One invocation where all units share language and flags, else a short script of compile steps and one link; a project with a
``build`` command runs that. Limits: gcc and clang; Fortran and CUDA units are left to a build command.
"""

from __future__ import annotations

import functools
import posixpath
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from codepar.errors import ToolMissing
from codepar.project import C_SUFFIXES, CXX_SUFFIXES, HEADER_SUFFIXES, CompileCommand, Project
from worker.toolchains.diagnostics import project_name
from worker.toolchains.flags import joined, sort_flags
from worker.toolchains.mpi import Launcher

PROGRAM = "a.out"
Language = Literal["c", "cxx"]

_MPI_HEADER = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]mpi\.h[>"]', re.MULTILINE)
# Optimised code must still do what is judged: wait where its source says, allocate and write what it asks for, loop without end.
_FAITHFUL = ("-fno-optimize-sibling-calls", "-fno-builtin-malloc", "-fno-builtin-calloc", "-fno-finite-loops")
_FAITHFUL_GCC = (*_FAITHFUL, "-fno-allocation-dce", "-fno-tree-dse", "-fno-tree-dce", "-fno-dse", "-fno-dce")
_SANITIZED = re.compile(r"-fsanitize=.*(address|thread|leak)")


@dataclass(frozen=True)
class Compiler:
    """A C compiler and its C++ sibling. ``identity`` changes when they do."""

    cc: str
    cxx: str
    identity: str
    is_gcc: bool = True


@dataclass(frozen=True)
class Recipe:
    """How a project is compiled: the steps to run one after the other, and the flags that were asked for but may not be used."""

    steps: tuple[tuple[str, ...], ...]
    dropped: tuple[str, ...] = ()

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


@functools.cache
def find_compiler(path: str) -> Compiler:
    """gcc, else clang, on ``path`` (a PATH string). Raises ``ToolMissing``."""
    for cc, cxx in (("gcc", "g++"), ("clang", "clang++")):
        found = shutil.which(cc, path=path)
        if found is not None:
            return Compiler(found, shutil.which(cxx, path=path) or cxx, _identity(found), cc == "gcc")
    raise ToolMissing("no C compiler is installed", remedy="apt-get install gcc g++")


def _identity(compiler: str) -> str:
    shown = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=False).stdout
    stat = Path(compiler).resolve().stat()
    return f"{compiler} {next(iter(shown.splitlines()), '')} {stat.st_size} {stat.st_mtime_ns}"


def uses_mpi(project: Project) -> bool:
    """Whether any file includes ``mpi.h``."""
    return any(_MPI_HEADER.search(text) for text in project.files.values())


def is_sanitized(flags: Sequence[str]) -> bool:
    """Whether the program will reserve terabytes of address space for a sanitizer's shadow memory."""
    return any(_SANITIZED.match(flag) for flag in flags)


def recipe(
    project: Project, program: str, *, flags: Sequence[str], compiler: Compiler, launcher: Launcher | None, roots: Sequence[Path]
) -> Recipe:
    """The commands that turn the project's C and C++ units into ``program``. ``flags`` have passed the allow list."""
    units, dropped = _units(project, roots)
    common = (*_defaults(flags, compiler), *flags)
    libraries = tuple(flag for flag in common if flag.startswith("-l"))
    options = tuple(flag for flag in common if not flag.startswith("-l"))
    headers = tuple(f"-I{folder}" for folder in _header_folders(project))
    language: Language = "cxx" if any(unit.language == "cxx" for unit in units) else "c"
    mpi = _mpi_flags(launcher, language)
    if len({(unit.language, unit.flags) for unit in units}) == 1:
        sources = tuple(_safe(unit.path) for unit in units)
        step = (_driver(compiler, language), *options, *units[0].flags, *headers, *sources)
        return Recipe(((*step, "-o", program, *mpi, *libraries, "-lm"),), dropped)
    steps: list[tuple[str, ...]] = []
    objects: list[str] = []
    for number, unit in enumerate(units):
        objects.append(f".codepar/{number}.o")
        own = (_driver(compiler, unit.language), *_for_language(options, unit.language), *unit.flags, *headers)
        compile_only = tuple(flag for flag in _mpi_flags(launcher, unit.language) if not flag.startswith(("-l", "-L", "-Wl,")))
        steps.append((*own, *compile_only, "-c", _safe(unit.path), "-o", objects[-1]))
    link = (_driver(compiler, language), *_for_language(options, language), *objects, "-o", program, *mpi, *libraries, "-lm")
    return Recipe((*steps, link), dropped)


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
