"""Read a project from disk: one file, or a folder with its sources, data, Makefile and compilation database.

Hidden entries, binary files and build outputs are passed over. Limits: text in UTF-8 only; the bounds of ``Project`` hold; a link
that leads out of the folder is an error, not a way to read other files.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from codepar.errors import InputTooLarge, InvalidInput, NotFound
from codepar.project import (
    C_SUFFIXES,
    CXX_SUFFIXES,
    HEADER_SUFFIXES,
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_PROJECT_BYTES,
    CompileCommand,
    Project,
)

_DATABASES = ("compile_commands.json", "build/compile_commands.json")
_MAKEFILES = ("Makefile", "makefile", "GNUmakefile")
_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "CMakeFiles"})
_OUTPUT_SUFFIXES = frozenset({".o", ".obj", ".a", ".so", ".d", ".gch", ".pyc", ".class", ".exe", ".dylib"})
_SOURCE_SUFFIXES = C_SUFFIXES | CXX_SUFFIXES | HEADER_SUFFIXES


def load_project(path: Path, build: str | None = None, run: str | None = None) -> Project:
    """The project at ``path``. A folder with a Makefile and no ``build`` is built by ``make``.

    Raises ``NotFound``, ``InvalidInput`` (not UTF-8, a link that climbs out, a broken database) or ``InputTooLarge``.
    """
    try:
        there = path.exists()
    except OSError as error:
        raise InvalidInput(f"{str(path)[:200]} cannot be read: {error.strerror}", remedy="check the path") from error
    if not there:
        raise NotFound(f"{path} does not exist", remedy="check the path")
    if path.is_file():
        return _checked({path.name: _source_text(path)}, None, build, run)
    if not path.is_dir():
        raise InvalidInput(f"{path} is neither a file nor a folder")
    files = _read_folder(path)
    if build is None and any(name in files for name in _MAKEFILES):
        build = "make"
    commands = _database(path, files)
    return _checked(files, commands, build, run)


def _checked(files: dict[str, str], commands: list[CompileCommand] | None, build: str | None, run: str | None) -> Project:
    try:
        return Project(files=files, compile_commands=tuple(commands) if commands else None, build=build, run=run)
    except ValidationError as error:
        raise InvalidInput(str(error.errors()[0]["msg"]).removeprefix("Value error, ")) from error


def _read_folder(root: Path) -> dict[str, str]:
    files: dict[str, str] = {}
    total = 0
    for path in _walk(root):
        text = _text(root, path)
        if text is None:
            continue
        total += len(text)
        if len(files) == MAX_FILES or total > MAX_PROJECT_BYTES:
            raise InputTooLarge(
                f"{root} holds more than {MAX_FILES} text files or {MAX_PROJECT_BYTES} bytes", remedy="name a smaller folder"
            )
        files[path.relative_to(root).as_posix()] = text
    if not files:
        raise InvalidInput(f"{root} holds no text file", remedy="name the folder that holds the sources")
    return files


def _walk(root: Path) -> list[Path]:
    """The candidate files, in a stable order."""
    found: list[Path] = []
    for folder, names, files in os.walk(root):
        here = Path(folder)
        for name in [name for name in names if (here / name).is_symlink()]:
            _refuse_escape(root, here / name)
        names[:] = sorted(name for name in names if not name.startswith(".") and name not in _SKIPPED_FOLDERS)
        found += [here / name for name in sorted(files) if not name.startswith(".") and Path(name).suffix not in _OUTPUT_SUFFIXES]
    return found


def _refuse_escape(root: Path, path: Path) -> None:
    if not path.resolve().is_relative_to(root.resolve()):
        raise InvalidInput(f"{path} is a link that leads out of {root}", remedy="copy what it names into the project")


def _text(root: Path, path: Path) -> str | None:
    """The text of one file; None for what is no text. A source that is not UTF-8 or too large is an error."""
    if path.is_symlink():
        _refuse_escape(root, path)
    if not path.is_file():
        return None
    if path.suffix in _SOURCE_SUFFIXES:
        return _source_text(path)
    if path.stat().st_size > MAX_FILE_BYTES:
        return None
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError:
        return None
    except OSError as error:
        raise _unreadable(path, error) from error
    return None if "\0" in text else text


def _unreadable(path: Path, error: OSError) -> InvalidInput:
    return InvalidInput(f"{path} cannot be read: {error.strerror}", remedy=f"chmod u+r {path}, or move it out of the project")


def _source_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, error) from error
    if len(raw) > MAX_FILE_BYTES:
        raise InputTooLarge(f"{path} is larger than {MAX_FILE_BYTES} bytes", remedy="split the file")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{path} is not UTF-8: byte {error.start} is 0x{raw[error.start]:02x}",
            remedy=f"convert it first: iconv -f latin1 -t utf-8 {path}",
        ) from error


def _database(root: Path, files: dict[str, str]) -> list[CompileCommand] | None:
    """The compilation database with folders relative to the root."""
    for name in _DATABASES:
        if name in files:
            try:
                entries = [CompileCommand.model_validate(entry) for entry in json.loads(files[name])]
            except (ValueError, TypeError, RecursionError) as error:
                cause = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
                raise InvalidInput(
                    f"{name} is not a compilation database: {cause}", remedy="make it again, or remove it"
                ) from error
            relative = [_relative(entry, root.resolve().as_posix()) for entry in entries]
            _refuse_foreign(name, relative, files)
            return relative
    return None


def _refuse_foreign(database: str, entries: list[CompileCommand], files: dict[str, str]) -> None:
    """Every entry must name a file of the project; one made before the folder was moved is known by the end of its name."""
    for entry in entries:
        place = posixpath.normpath(posixpath.join(entry.directory, entry.file))
        outside = place.startswith("../") or posixpath.isabs(place)
        if outside and not any(place.endswith(f"/{path}") for path in files):
            raise InvalidInput(f"{database} names {entry.file}, which is not in the project", remedy="take that entry out")


def _relative(entry: CompileCommand, root: str) -> CompileCommand:
    """The entry with every mention of the root written as seen from the entry's own folder."""
    directory = posixpath.normpath(posixpath.join(root, entry.directory))
    mention = re.compile(re.escape(root) + r"(?=/|\s|$)")
    up = posixpath.relpath(root, directory)
    changed: dict[str, Any] = {"directory": posixpath.relpath(directory, root), "file": mention.sub(up, entry.file)}
    if entry.arguments is not None:
        changed["arguments"] = tuple(mention.sub(up, word) for word in entry.arguments)
    if entry.command is not None:
        changed["command"] = mention.sub(up, entry.command)
    return entry.model_copy(update=changed)
