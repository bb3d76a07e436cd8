"""`codepar mpi strip|insert`: take the MPI calls out of a program, put them back. The group that the other `mpi` commands join.

Limits: programs are UTF-8; bytes are written as they are, no newline is translated.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import ValidationError

from codepar.cli.common import JsonOption, checked_output, print_json, read_text, say, write_file
from codepar.errors import InvalidInput
from codepar.mpi.insert import insert
from codepar.mpi.remove import strip
from codepar.mpi.stripped import Stripped
from codepar.project import MAX_FILE_BYTES
from codepar.syntax.language import Language

app = typer.Typer(help="MPI programs: complete, verify, strip, insert.", no_args_is_help=True)

_OBJECT_LIMIT = 8 * MAX_FILE_BYTES
"""A stripped program as JSON: its text twice, the calls, and the escapes."""

OutputOption = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead of standard output.")]
LanguageOption = Annotated[
    Literal["c", "c++", "fortran", "python"] | None,
    typer.Option(help="Language of the text; told from the name or the text if not given."),
]


def register(root: typer.Typer) -> None:
    """Add `mpi` to the command."""
    root.add_typer(app, name="mpi")


@app.command("strip")
def strip_command(
    file: Annotated[str, typer.Argument(help="A C, C++, Fortran or mpi4py program; `-` is standard input.")],
    output: OutputOption = None,
    language: LanguageOption = None,
    level: Annotated[
        Literal["calls", "declarations"], typer.Option(help="calls alone, or also the declarations that only calls need.")
    ] = "calls",
    json: JsonOption = False,
) -> None:
    """Remove all MPI calls. Prints the program without them; with --json the object that `codepar mpi insert` reads."""
    checked_output(output)
    stripped = strip(read_text(file), file, Language(language) if language else None, level)
    for place in stripped.refused:
        say(f"{file}, line {place.line}: {place.reason}; left as it is")
    if json:
        _write(output, (stripped.model_dump_json(indent=2) + "\n").encode()) if output else print_json(stripped)
    else:
        _write(output, stripped.source.encode())


@app.command("insert")
def insert_command(
    file: Annotated[str, typer.Argument(help="The object of `codepar mpi strip --json`; `-` is standard input.")],
    output: OutputOption = None,
    language: LanguageOption = None,
    json: JsonOption = False,
) -> None:
    """Put the calls back: the original byte for byte, also after its `source` was edited elsewhere. --json: {"source": ...}."""
    checked_output(output)
    program = insert(_read_object(file), Language(language) if language else None)
    if json:
        print_json({"source": program})
    else:
        _write(output, program.encode())


def _read_object(name: str) -> Stripped:
    text = read_text(name, _OBJECT_LIMIT)
    try:
        return Stripped.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the object"
        raise InvalidInput(f"{name}: {place}: {first['msg']}", remedy="give what `codepar mpi strip --json` printed") from error


def _write(output: Path | None, data: bytes) -> None:
    if output is not None:
        write_file(output, data)
        return
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
