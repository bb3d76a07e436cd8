"""What is worked on: source files with the commands that build and run them. One file is a project of one.

Limits: text files in UTF-8 only; names are relative POSIX paths inside the project; nothing here touches a compiler.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

MAX_FILES = 2_000
MAX_FILE_BYTES = 2 * 1024 * 1024
MAX_PROJECT_BYTES = 16 * 1024 * 1024
MAX_PATH_BYTES = 240
RESERVED_FOLDER = ".codepar"

C_SUFFIXES = frozenset({".c"})
CXX_SUFFIXES = frozenset({".cc", ".cpp", ".cxx", ".c++", ".C"})
CUDA_SUFFIXES = frozenset({".cu"})
FIXED_FORTRAN_SUFFIXES = frozenset({".f", ".for", ".ftn", ".f77", ".F", ".FOR", ".FTN", ".F77"})
FORTRAN_SUFFIXES = FIXED_FORTRAN_SUFFIXES | {".f90", ".f95", ".f03", ".f08", ".f18", ".F90", ".F95", ".F03", ".F08", ".F18"}
PYTHON_SUFFIXES = frozenset({".py"})
HEADER_SUFFIXES = frozenset({".h", ".hh", ".hpp", ".hxx", ".inc", ".cuh"})


def checked_path(path: str) -> str:
    """Return ``path`` when it names a place inside the project, else raise ``ValueError`` with the reason."""
    if not path or len(path.encode()) > MAX_PATH_BYTES:
        raise ValueError(f"file name {path[:40]!r} is empty or longer than {MAX_PATH_BYTES} bytes")
    if any(ord(character) < 32 or ord(character) == 127 for character in path) or "\\" in path:
        raise ValueError(f"file name {path!r} holds a control character or a backslash")
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or str(pure) != path or path == ".":
        raise ValueError(f"file name {path!r} must be a plain relative path inside the project")
    return path


def _is_encodable(text: str, errors: str) -> bool:
    try:
        text.encode(errors=errors)
    except UnicodeEncodeError:
        return False
    return True


class CompileCommand(BaseModel):
    """One entry of a ``compile_commands.json`` (Clang JSON compilation database)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    file: str
    directory: str = "."
    command: str | None = None
    arguments: tuple[str, ...] | None = None
    output: str | None = None

    @field_validator("file", "directory", "command", "arguments")
    @classmethod
    def _check_text(cls, value: Any) -> Any:
        if not _is_encodable("".join(value or ()), "strict"):
            raise ValueError("an entry of the compilation database cannot hold half of a surrogate pair")
        return value


class Project(BaseModel):
    """Files by relative path and how they become a program. ``source`` is the shorthand for a single C file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: dict[str, str] = Field(min_length=1, max_length=MAX_FILES)
    compile_commands: tuple[CompileCommand, ...] | None = None
    build: str | None = Field(default=None, max_length=4096, description="shell command that builds the project in its root")
    run: str | None = Field(default=None, max_length=4096, description="program (and arguments) to start after the build")

    @model_validator(mode="before")
    @classmethod
    def _expand_source(cls, value: Any) -> Any:
        if isinstance(value, dict) and "source" in value:
            if "files" in value:
                raise ValueError("give either `files` or `source`, not both")
            value = dict(value)
            value["files"] = {"main.c": value.pop("source")}
        return value

    @field_validator("build", "run")
    @classmethod
    def _check_command(cls, command: str | None) -> str | None:
        if command is not None and "\0" in command:
            raise ValueError("a command cannot hold a NUL character")
        if command is not None and not _is_encodable(command, "strict"):
            raise ValueError("a command cannot hold half of a surrogate pair")
        return command

    @field_validator("files")
    @classmethod
    def _check_files(cls, files: dict[str, str]) -> dict[str, str]:
        total = 0
        folders = {str(parent) for path in files for parent in PurePosixPath(path).parents}
        for path, text in files.items():
            checked_path(path)
            if path in folders:
                raise ValueError(f"{path} is the name of a file and of a folder")
            if PurePosixPath(path).parts[0] == RESERVED_FOLDER:
                raise ValueError(f"{path}: the folder {RESERVED_FOLDER} is used by codepar itself")
            if not _is_encodable(text, "surrogateescape"):  # that is how bytes that are no UTF-8 are kept
                raise ValueError(f"{path} holds half of a surrogate pair")
            size = len(text.encode(errors="surrogatepass"))
            if size > MAX_FILE_BYTES:
                raise ValueError(f"{path} has {size} bytes, more than the {MAX_FILE_BYTES} allowed for one file")
            total += size
        if total > MAX_PROJECT_BYTES:
            raise ValueError(f"the project has {total} bytes, more than the {MAX_PROJECT_BYTES} allowed")
        return files

    @classmethod
    def of_source(cls, text: str, path: str = "main.c") -> Self:
        """The project of one file."""
        return cls(files={path: text})

    def with_files(self, changed: dict[str, str]) -> Self:
        """The same project with some files replaced or added."""
        return type(self)(
            files={**self.files, **changed},
            compile_commands=self.compile_commands,
            build=self.build,
            run=self.run,
        )

    def sources(self) -> list[str]:
        """Paths of the translation units in C and C++, in the order given."""
        return [path for path in self.files if PurePosixPath(path).suffix in C_SUFFIXES | CXX_SUFFIXES]

    def fortran_sources(self) -> list[str]:
        """Paths of the Fortran files, in the order given."""
        return [path for path in self.files if PurePosixPath(path).suffix in FORTRAN_SUFFIXES]

    def python_sources(self) -> list[str]:
        """Paths of the Python files, in the order given."""
        return [path for path in self.files if PurePosixPath(path).suffix in PYTHON_SUFFIXES]

    def cuda_sources(self) -> list[str]:
        """Paths of the translation units in CUDA C++, in the order given."""
        return [path for path in self.files if PurePosixPath(path).suffix in CUDA_SUFFIXES]
