"""Entry point of the ``codepar`` command. Turns every error into one message on stderr and the design's exit code.

Limits: no logic of its own; each sub-command lives in a file of its name and is registered here.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import Annotated

import click
import typer
from pydantic import ValidationError
from typer.exceptions import TyperException

from codepar import __version__
from codepar.errors import CodeparError

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


def _register() -> None:
    """Add the sub-commands. Each module brings a ``register(app)``."""
    from codepar.cli import doctor, jobs, models, mpi, mpi_complete, run, serve

    doctor.register(app)
    jobs.register(app)
    models.register(app)
    mpi.register(app)
    mpi_complete.register(app)
    run.register(app)
    serve.register(app)


def _fail(message: str, exit_code: int) -> int:
    typer.echo(f"codepar: {message}", err=True)
    return exit_code


def _validation_message(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    message = str(first["msg"]).removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


def _wrong_use(error: Exception) -> int:
    """Print the usage that the parser knows, and its message."""
    show = getattr(error, "show", None)
    if show is None:
        return _fail(str(error), 2)
    show()
    return 2


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 1 a verdict that is not, 2 wrong use, 3 the environment."""
    _register()
    try:
        result = app(args=arguments, prog_name="codepar", standalone_mode=False)
    except CodeparError as error:
        return _fail(str(error), error.exit_code)
    except ValidationError as error:
        return _fail(_validation_message(error), 2)
    except (click.exceptions.Abort, typer.Abort):
        return _fail("interrupted", 130)
    except (click.ClickException, TyperException) as error:
        return _wrong_use(error)
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    except BrokenPipeError:
        # The reader of our output went away; what it did not read is not an error. Keep the interpreter from flushing again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _fail(f"{error.strerror or error}: {error.filename or ''} (free space or permissions, then try again)", 3)
    except Exception as error:
        if os.environ.get("CODEPAR_LOG_LEVEL") == "debug":
            traceback.print_exc()
        return _fail(f"internal error: {type(error).__name__}: {error} (CODEPAR_LOG_LEVEL=debug prints the traceback)", 3)
    return result if isinstance(result, int) else 0


def main() -> None:
    """The console script."""
    sys.exit(run())
