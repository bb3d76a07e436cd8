"""What every sub-command shares: reading input, writing JSON, progress on stderr. Limits: no sub-command logic."""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from codepar.errors import EnvironmentFault, InputTooLarge, InvalidInput, NotFound
from codepar.project import MAX_FILE_BYTES, Project
from codepar.project_folder import load_project
from codepar.protocols import Diagnostic
from codepar.syntax.fortran import FortranForm, form_of
from codepar.syntax.language import Language, language_of

JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def read_text(name: str, limit: int = MAX_FILE_BYTES) -> str:
    """The text of a file, or of standard input for ``-``. Raises ``InvalidInput`` when it is missing, too large or not UTF-8."""
    raw = _read_bytes(name, limit)
    if len(raw) > limit:
        raise InputTooLarge(f"{name} is larger than {limit} bytes", remedy="split the file, or send the part that matters")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{name} is not UTF-8: byte {error.start} is 0x{raw[error.start]:02x}",
            remedy=f"convert it first: iconv -f latin1 -t utf-8 {name}",
        ) from error


def _read_bytes(name: str, limit: int) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(limit + 1)
    path = Path(name)
    try:
        _refuse_named_pipe(path)
        with path.open("rb") as file:
            return file.read(limit + 1)
    except FileNotFoundError as error:
        raise NotFound(f"{name} does not exist", remedy="check the path") from error
    except IsADirectoryError as error:
        raise InvalidInput(f"{name} is a folder", remedy="name a file in it") from error
    except PermissionError as error:
        raise InvalidInput(f"{name} cannot be read: permission denied", remedy=f"chmod u+r {name}") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InvalidInput(f"{name[:200]} cannot be read: {reason}", remedy="name a file of text") from error


def _refuse_named_pipe(path: Path) -> None:
    """A pipe without a writer would be waited for without end; one that the shell opened for us is fine."""
    if stat.S_ISFIFO(path.stat().st_mode) and path.parent not in {Path("/dev/fd"), Path("/dev"), Path("/proc/self/fd")}:
        raise InvalidInput(f"{path} is a named pipe", remedy=f"give its content as standard input: codepar ... - < {path}")


def checked_output(path: Path | None) -> Path | None:
    """``path`` when a file can be made there. Raises ``InvalidInput``; asked before long work, so that none is lost."""
    if path is None:
        return None
    if str(path) == "-":
        raise InvalidInput("`-` names no file: standard output needs no option", remedy="name a file, or take --json")
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder", remedy="name a file in it")
    if not path.parent.is_dir():
        raise InvalidInput(f"{path} cannot be written: {path.parent} is no folder", remedy=f"mkdir -p {path.parent}")
    return path


def write_file(path: Path, data: bytes) -> None:
    """Write one result. Raises ``EnvironmentFault`` on a full disk, ``InvalidInput`` where the place is a wrong one."""
    try:
        path.write_bytes(data)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EIO}:
            raise EnvironmentFault(
                f"{path} cannot be written: {error.strerror}", remedy="free some space, then try again"
            ) from error
        raise InvalidInput(f"{path} cannot be written: {error.strerror}", remedy="name another file") from error


def load_programs(names: Sequence[str], build: str | None, run: str | None, on_stdin: str) -> Project:
    """The project of several files and folders, named as seen from the folder that holds them all."""
    if len(names) == 1:
        return load_program(names[0], build, run, on_stdin)
    if "-" in names:
        raise InvalidInput("standard input cannot be joined with files", remedy="write it to a file")
    paths = [Path(name).absolute() for name in names]
    root = Path(os.path.commonpath([path if path.is_dir() else path.parent for path in paths]))
    files: dict[str, str] = {}
    for path in paths:
        place = path if path.is_dir() else path.parent
        found = load_project(path, build, run)
        files |= {(place / name).relative_to(root).as_posix(): text for name, text in found.files.items()}
    return Project(files=files, build=build, run=run)


def load_program(name: str, build: str | None, run: str | None, on_stdin: str = "main.c") -> Project:
    """The project at a path, or of the program on standard input for ``-``. Raises ``InvalidInput`` for an empty one."""
    if name == "-":
        text = read_text("-")
        project = Project(files={_name_on_stdin(on_stdin, text): text}, build=build, run=run)
    else:
        project = load_project(Path(name), build, run)
    if len(project.files) == 1 and not "".join(project.files.values()).strip():
        raise InvalidInput(f"{'the input' if name == '-' else name} is empty", remedy="give a C or C++ program")
    return project


def _name_on_stdin(usual: str, text: str) -> str:
    """The name of a program without one: what shows Fortran or Python is called so."""
    language = language_of(None, text) if usual == "main.c" else None
    if language is Language.FORTRAN:
        return "main.f90" if form_of(text) is FortranForm.FREE else "main.f"
    return "main.py" if language is Language.PYTHON else usual


def print_json(value: Any) -> None:
    """Write one JSON document to standard output. Pydantic models are dumped by their wire names."""
    if hasattr(value, "model_dump"):
        value = value.model_dump(mode="json", by_alias=True)
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def say(message: str) -> None:
    """One line of progress on standard error."""
    typer.echo(message, err=True)


def placed(found: Diagnostic) -> str:
    """The message of a finding with its place, unless it names the place itself."""
    place = f"{found.file}:{found.line}" if found.file and found.line else ""
    return found.message if place in found.message else f"{found.message} ({place})"
