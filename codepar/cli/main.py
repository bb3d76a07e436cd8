"""Entry point of the ``codepar`` command. Turns every error into one message on stderr and the design's exit code.

Limits: no logic of its own; each sub-command lives in a file of its name and is registered here.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from tomllib import TOMLDecodeError
from types import FrameType
from typing import Annotated

import click
import typer
from pydantic import ValidationError
from typer.exceptions import TyperException

from codepar import __version__
from codepar.errors import CodeparError

_COMMANDS = ("doctor", "run", "serve", "jobs", "models", "mpi", "cuda", "finetune", "eval", "split", "calibrate")
_LIGHT_MPI = frozenset({"strip", "insert", "check"})
# Set by the shell that asks for completions.
_COMPLETING = "_CODEPAR_COMPLETE"

_INTERRUPTED = 130
_MAX_SHOWN = 40
# Fields of requests by the options that set them.
_OPTIONS = {
    "ranks": "--np",
    "wall_s": "--timeout",
    "budget_s": "--budget",
    "item_budget_s": "--item-budget",
    "max_tokens": "--max-tokens",
    "seed": "--seed",
    "line": "--line",
    "column": "--column",
    "file": "--file",
    "oracle": "--oracle",
    "build": "--build",
    "run": "--run",
    "arguments": "--arg",
    "flags": "--flag",
    "sanitize": "--sanitize",
    "function": "--function",
    "candidates": "--candidates",
    "repair": "--repair",
    "entry": "--entry",
}

app = typer.Typer(
    name="codepar",
    help="The assistant for people who write parallel code: it proposes, compiles, runs and judges.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"codepar {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """The assistant for people who write parallel code."""


def _register(arguments: Sequence[str]) -> None:
    """Add the sub-command that is named; all of them for a page of help. Importing the others would cost half a second."""
    words = [word for word in arguments if not word.startswith("-")]
    if not words and "--version" in arguments:
        return
    named = words[0] if words and words[0] in _COMMANDS and _COMPLETING not in os.environ else None
    for name in _COMMANDS if named is None else (named,):
        _load(name)
    if named in {None, "mpi"} and words[1:2] not in (["strip"], ["insert"]):
        import_module("codepar.cli.mpi_check")
    if named in {None, "mpi"} and not set(words[1:2]) & _LIGHT_MPI:
        # Its commands join the group `mpi` when it is imported.
        import_module("codepar.cli.mpi_complete")
        import_module("codepar.cli.mpi_parallelize")
        import_module("codepar.cli.mpi_trace")
    if named in {None, "cuda"}:
        import_module("codepar.cli.cuda_translate")


@cache
def _load(name: str) -> None:
    """Import the module of a command; each brings a ``register(app)``."""
    import_module(f"codepar.cli.{name}").register(app)


def _fail(message: str, exit_code: int) -> int:
    typer.echo(f"codepar: {message}", err=True)
    return exit_code


def _validation_message(error: ValidationError) -> str:
    """The first fault, named by the option or variable that a person can change."""
    first = error.errors()[0]
    parts = [str(part) for part in first["loc"]]
    message = str(first["msg"]).removeprefix("Value error, ").replace("Input should be", "it must be")
    place = next((_OPTIONS[part] for part in parts if part in _OPTIONS), ".".join(parts))
    if error.title == "Settings" and parts:
        place = f"CODEPAR_{parts[0].upper()}, or {parts[0]} in config.toml"
    given = first["input"]
    if isinstance(given, int | float | str) and place.startswith("--") and len(str(given)) <= _MAX_SHOWN:
        place = f"{place} {given}"
    return f"{place}: {message}" if place else message


def _wrong_use(error: Exception) -> int:
    """Print the usage that the parser knows, and its message."""
    show = getattr(error, "show", None)
    if show is None:
        return _fail(str(error), 2)
    show()
    return 2


def _internal(error: Exception) -> int:
    if os.environ.get("CODEPAR_LOG_LEVEL") == "debug":
        traceback.print_exc()
    return _fail(f"internal error: {type(error).__name__}: {error} (CODEPAR_LOG_LEVEL=debug prints the traceback)", 3)


def _reader_left() -> int:
    # What the reader of our output did not read is not an error. Keep the interpreter from flushing again.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _explain(error: BaseException) -> int:
    """Say on stderr what went wrong; the exit code that goes with it."""
    match error:
        case CodeparError():
            return _fail(str(error), error.exit_code)
        case ValidationError():
            return _fail(_validation_message(error), 2)
        case TOMLDecodeError():
            return _fail(f"config.toml cannot be read: {error} (mend it, or remove it)", 2)
        case KeyboardInterrupt() | click.exceptions.Abort() | typer.Abort():
            return _fail("interrupted", _INTERRUPTED)
        case click.ClickException() | TyperException():
            return _wrong_use(error)
        case BrokenPipeError():
            return _reader_left()
        case OSError():
            place = f": {error.filename}" if error.filename else ""
            remedy = "free space or permissions; CODEPAR_DATA_DIR names another data folder"
            return _fail(f"{error.strerror or error}{place} ({remedy})", 3)
        case Exception():
            return _internal(error)
    raise error


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 1 a verdict that is not, 2 wrong use, 3 the environment."""
    try:
        _register(sys.argv[1:] if arguments is None else arguments)
        result = app(args=arguments, prog_name="codepar", standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:
        return _explain(error)
    return result if isinstance(result, int) else 0


def _open_standard_streams() -> None:
    """Give what the caller closed a null device: another file under its number would be written to by every child."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))


def _end_as_by_ctrl_c() -> list[int]:
    """Let the other signals that ask for the end clean up as Ctrl-C does; the list receives the one that came."""
    received: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        received.append(number)
        # A shell's background job has SIGINT ignored; else what runs on an event loop is cancelled by its handler of SIGINT.
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    for number in (signal.SIGTERM, signal.SIGHUP):
        # `nohup` ignores it on purpose.
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, interrupt)
    return received


def main() -> None:
    """The console script."""
    _open_standard_streams()
    received = _end_as_by_ctrl_c()
    code = run()
    sys.exit(128 + received[0] if received and code == _INTERRUPTED else code)
