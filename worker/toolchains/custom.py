"""Projects that bring a ``build`` command: it runs in the box, and what it made is packed and looked through outside.

The program is what ``run`` names, else the one executable that appeared. Limits: what the build makes must fit the artifact
bound; object files are left behind; links are not followed.
"""

from __future__ import annotations

import io
import posixpath
import shlex
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass

from codepar.project import Project, checked_path
from worker.cache import Program

ARCHIVE = ".codepar/built.tar"
SCRIPT = ".codepar/build"

# Build output joins the messages of the compiler on standard error.
_BUILD_SCRIPT = """\
/bin/sh -c "$1" >&2 || exit $?
exec tar -cf .codepar/built.tar --exclude=./.codepar --exclude='*.o' --exclude='*.d' --exclude=./.git .
"""
_LAUNCHERS = frozenset({"mpirun", "mpiexec", "orterun", "prterun", "srun"})
_ELF = b"\x7fELF"
_LOADABLE_TYPES = (2, 3)


class Unbuilt(Exception):
    """The build ended well, but what it left cannot be run; the message says why."""


@dataclass(frozen=True)
class RunLine:
    """The program that ``run`` names (None: not named) and the arguments it gives."""

    program: str | None
    arguments: tuple[str, ...]


def run_line(run: str | None) -> RunLine:
    """Split the project's ``run``. Raises ``Unbuilt`` when it does not name a program inside the project."""
    if not run or not run.strip():
        return RunLine(None, ())
    try:
        words = shlex.split(run)
    except ValueError as error:
        raise Unbuilt(f"the run command {run!r} cannot be read: {error}") from error
    if posixpath.basename(words[0]) in _LAUNCHERS:
        raise Unbuilt(f"the run command starts with {words[0]}: name the program alone, the rank count is given apart")
    name = posixpath.normpath(words[0])
    try:
        return RunLine(checked_path(name), tuple(words[1:]))
    except ValueError as error:
        raise Unbuilt(f"the run command must name a program inside the project: {error}") from error


def build_command(build: str) -> tuple[str, ...]:
    """The command line that runs ``build`` and packs what it made."""
    return ("/bin/sh", SCRIPT, build)


def build_files() -> dict[str, bytes]:
    """The script that ``build_command`` starts."""
    return {SCRIPT: _BUILD_SCRIPT.encode()}


def program_of(project: Project, archive: bytes, messages: str) -> Program:
    """What the build made, less the project's own unchanged files. Raises ``Unbuilt`` when no program can be told."""
    files, executables = _unpack(project, archive)
    wanted = run_line(project.run).program
    if wanted is not None:
        if wanted not in files and wanted not in project.files:
            raise Unbuilt(f"the build made no file {wanted!r}, which the run command names")
        return Program(wanted, files, executables | {wanted}, messages)
    candidates = sorted(name for name in executables if _is_program(name, files[name]))
    if len(candidates) != 1:
        found = f"several programs ({', '.join(candidates[:8])})" if candidates else "no executable program"
        raise Unbuilt(f"the build made {found}; name the one to start with `run`")
    return Program(candidates[0], files, executables, messages)


def _unpack(project: Project, archive: bytes) -> tuple[Mapping[str, bytes], frozenset[str]]:
    """Regular files with harmless names; the archive comes from the box and is only read, never extracted."""
    files: dict[str, bytes] = {}
    executables: set[str] = set()
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
            for member in tar:
                name = member.name.removeprefix("./")
                if not member.isreg() or not _is_plain(name):
                    continue
                source = tar.extractfile(member)
                content = source.read() if source is not None else b""
                if name in project.files and project.files[name].encode() == content:
                    continue
                files[name] = content
                if member.mode & 0o111:
                    executables.add(name)
    except (tarfile.TarError, ValueError, EOFError, OSError) as error:
        raise Unbuilt(f"what the build made cannot be read: {error}") from error
    return files, frozenset(executables)


def _is_plain(name: str) -> bool:
    try:
        return bool(checked_path(name))
    except ValueError:
        return False


def _is_program(name: str, content: bytes) -> bool:
    """An ELF file that can be started: executable type and not named like a library."""
    loadable = content.startswith(_ELF) and int.from_bytes(content[16:18], "little") in _LOADABLE_TYPES
    return loadable and ".so" not in posixpath.basename(name)
