"""Python programs (mpi4py): nothing is built; the syntax of the project's files is checked in the box, then the interpreter runs.

The interpreter is that of codepar itself where it has mpi4py, else ``python3`` on the PATH. With ranks a program runs under
``python -m mpi4py``, so that an exception of one rank aborts all of them. Limits: an mpi4py that is no wheel must have been
built for the MPI that starts the ranks; sanitizers, coverage and compiler flags are those of C; lines of Python are not named
where ranks wait.
"""

from __future__ import annotations

import functools
import json
import posixpath
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from codepar.errors import ToolMissing
from codepar.project import Project
from codepar.protocols import Execution, Status
from worker.build import Builder, Built, failure
from worker.runner import MEBIBYTE, Bounds, Command
from worker.toolchains import custom
from worker.toolchains.mpi import Launcher

_INTERPRETER = re.compile(r"python[\d.]*$")
_IMPORTS_MPI = re.compile(r"^[ \t]*(?:from|import)[ \t]+mpi4py\b", re.MULTILINE)
_IS_MAIN = re.compile(r"^if[ \t]+__name__[ \t]*==", re.MULTILINE)
_MAINS = ("main.py", "__main__.py")
_SYSTEM_ROOTS = ("/usr", "/lib", "/lib64", "/bin")
_TRIAL_S = 30
_DESCRIBE = (
    "import importlib.util as u, json, sys; f = u.find_spec('mpi4py')\n"
    "print(json.dumps({'version': sys.version, 'prefixes': [sys.prefix, sys.base_prefix], 'mpi4py': f.origin if f else None}))"
)
# The file names come as arguments, so nothing of the project is ever executed here; messages look like a compiler's.
_CHECK = """\
import sys
bad = 0
for name in sys.argv[1:]:
    try:
        with open(name, "rb") as file:
            compile(file.read(), name, "exec", dont_inherit=True)
    except SyntaxError as error:
        print(f"{name}:{error.lineno or 1}:{error.offset or 1}: error: {error.msg}", file=sys.stderr)
        bad = 1
    except (ValueError, RecursionError, MemoryError) as error:
        print(f"{name}:1:1: error: {error}", file=sys.stderr)
        bad = 1
sys.exit(bad)
"""


@dataclass(frozen=True)
class Interpreter:
    """A Python that can run what is asked for. ``roots`` are the folders that a box must show for it."""

    program: Path
    version: str
    roots: tuple[Path, ...]
    mpi4py: Path | None


def is_python(project: Project) -> bool:
    """Whether the project is run by an interpreter: it names a Python file to run, or holds nothing that could be compiled."""
    words = _run_words(project)
    if words and words[0].endswith(".py"):
        return project.build is None
    compiled = project.sources() or project.cuda_sources() or project.fortran_sources()
    return project.build is None and bool(project.python_sources()) and not compiled


def uses_mpi(project: Project) -> bool:
    """Whether any Python file imports mpi4py."""
    return any(_IMPORTS_MPI.search(project.files[path]) for path in project.python_sources())


def find_interpreter(path: str, needs_mpi: bool) -> Interpreter:
    """The interpreter of this process, else that on ``path`` (a PATH string). Raises ``ToolMissing`` where mpi4py is lacking."""
    own = Path(sys.prefix, "bin", "python")
    other = shutil.which("python3", path=path)
    for program in (own, *((Path(other),) if other else ())):
        found = _describe(program)
        if found is not None and (found.mpi4py is not None or not needs_mpi):
            return found
    raise ToolMissing("no Python here has mpi4py", remedy=f"{own} -m pip install mpi4py")


@functools.cache
def _describe(program: Path) -> Interpreter | None:
    """Asked outside the box, with nothing of the user's on the import path."""
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            [str(program), "-I", "-c", _DESCRIBE], env=environment, capture_output=True, text=True, timeout=_TRIAL_S, check=True
        )
        told = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    # The program may be a link into another prefix, and that prefix a link again.
    prefixes = [Path(prefix) for prefix in told["prefixes"]]
    roots = dict.fromkeys(root for prefix in prefixes for root in (prefix, prefix.resolve()) if not _is_system(root))
    return Interpreter(program, told["version"], tuple(roots), Path(told["mpi4py"]) if told["mpi4py"] else None)


def _is_system(folder: Path) -> bool:
    return any(folder.is_relative_to(root) for root in _SYSTEM_ROOTS)


async def check(builder: Builder, execution: Execution, interpreter: Interpreter) -> Built:
    """The program to start, or why there is none: syntax errors with their lines, or something only compilers can do."""
    reason = _unsupported(execution)
    if reason is not None:
        return failure(Status.UNSUPPORTED, "unsupported", reason)
    try:
        entry = entry_of(execution.project)
    except custom.Unbuilt as error:
        return failure(Status.REFUSED, "run", str(error))
    files = {name: text.encode(errors="surrogateescape") for name, text in execution.project.files.items()}
    command = Command(
        argv=(str(interpreter.program), "-I", "-c", _CHECK, *execution.project.python_sources()),
        files=files,
        environment={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
        read_only=interpreter.roots,
        artifacts=(entry,),
        bounds=Bounds(wall_s=execution.limits.compile_s, memory_bytes=1024 * MEBIBYTE, processes=16),
    )
    built = await builder.make(execution, command, {"python": f"{interpreter.program} {interpreter.version}"})
    return built if built.program is None else replace(built, program=replace(built.program, name=entry))


def command(single: Command, execution: Execution, interpreter: Interpreter, launcher: Launcher | None) -> Command:
    """``single`` (whose first word is the program) run by the interpreter."""
    with_ranks = launcher is not None and execution.ranks is not None
    options = ("-m", "mpi4py") if with_ranks and uses_mpi(execution.project) else ()
    arguments = (*run_arguments(execution.project), *execution.arguments)
    return replace(
        single,
        argv=(str(interpreter.program), *options, single.argv[0], *arguments),
        environment={**single.environment, **_environment(launcher)},
        read_only=tuple(dict.fromkeys((*single.read_only, *interpreter.roots))),
    )


def _environment(launcher: Launcher | None) -> Mapping[str, str]:
    """The same order of sets in every run, nothing written beside the sources, and the launcher's own library for mpi4py."""
    plain = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "PYTHONNOUSERSITE": "1", "LC_ALL": "C.UTF-8"}
    if launcher is None:
        return plain
    library = next(iter(sorted((launcher.prefix / "lib").glob("libmpi.so*"))), None)
    chosen = {"MPI4PY_LIBMPI": str(library)} if library is not None and not launcher.is_system() else {}
    return {**plain, **chosen, "MPI4PY_MPIABI": launcher.kind}


def run_arguments(project: Project) -> tuple[str, ...]:
    """The arguments that the project's ``run`` gives the program."""
    return tuple(_run_words(project)[1:])


def entry_of(project: Project) -> str:
    """The file to start: what ``run`` names, the only one, ``main.py``, else the only one that says it is a program.

    Raises ``Unbuilt`` when that cannot be told.
    """
    words = _run_words(project)
    if words:
        name = posixpath.normpath(words[0])
        if name not in project.files:
            raise custom.Unbuilt(f"the run command names {words[0]}, which is not in the project")
        return name
    sources = project.python_sources()
    named = [path for path in sources if path in _MAINS]
    guarded = [path for path in sources if _IS_MAIN.search(project.files[path])]
    importing = [path for path in sources if _IMPORTS_MPI.search(project.files[path])]
    for candidates in (sources, named[:1], guarded, importing):
        if len(candidates) == 1:
            return candidates[0]
    raise custom.Unbuilt(f"the project has {len(sources)} Python files; name the one to start with `run`")


def _run_words(project: Project) -> list[str]:
    """The words of ``run`` without the interpreter."""
    try:
        words = shlex.split(project.run or "")
    except ValueError:
        return []
    return words[1:] if words and _INTERPRETER.match(posixpath.basename(words[0])) else words


def _unsupported(execution: Execution) -> str | None:
    asked = {
        "sanitizers": bool(execution.sanitize),
        "coverage": execution.coverage or execution.count_work,
        "compiler flags": bool(execution.flags),
        "OpenMP": execution.openmp,
    }
    return next((f"{name} are for compiled programs, not for Python" for name, wanted in asked.items() if wanted), None)
