"""What every sub-command shares: reading input, writing JSON, progress on stderr. Limits: no sub-command logic."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from codepar.errors import InputTooLarge, InvalidInput, NotFound
from codepar.project import MAX_FILE_BYTES

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
        with path.open("rb") as file:
            return file.read(limit + 1)
    except FileNotFoundError as error:
        raise NotFound(f"{name} does not exist", remedy="check the path") from error
    except IsADirectoryError as error:
        raise InvalidInput(f"{name} is a folder", remedy="name a file in it") from error
    except PermissionError as error:
        raise InvalidInput(f"{name} cannot be read: permission denied", remedy=f"chmod u+r {name}") from error


def print_json(value: Any) -> None:
    """Write one JSON document to standard output. Pydantic models are dumped by their wire names."""
    if hasattr(value, "model_dump"):
        value = value.model_dump(mode="json", by_alias=True)
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def say(message: str) -> None:
    """One line of progress on standard error."""
    typer.echo(message, err=True)
