"""``codepar mpi parallelize``: a serial program in, an MPI program out, judged against the serial one: the level `serial`.

Limits: the request of ``codepar mpi complete --level serial``, with the options that matter to it. Exit 0 only when verified.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codepar.cli.common import JsonOption, checked_output
from codepar.cli.mpi import app
from codepar.cli.mpi_complete import (
    Arguments,
    Build,
    Flags,
    IsInvariant,
    Mpi,
    OracleCommand,
    Program,
    RunLine,
    Stdin,
    Timeout,
    Trust,
    answer_completion,
    body_of,
    run_options,
)
from codepar.cli.remote import ServiceOption


@app.command("parallelize")
def parallelize_command(
    program: Program,
    *,
    np: Annotated[str | None, typer.Option("--np", help="Rank counts to judge at: 1,2,3,4.")] = None,
    candidates: Annotated[int, typer.Option("--candidates", "-n", help="Answers asked side by side, ranked by verdict.")] = 1,
    repair: Annotated[int, typer.Option(help="How often a failed answer is given back with what is wrong.")] = 3,
    oracle: OracleCommand = None,
    invariant: IsInvariant = False,
    no_model: Annotated[bool, typer.Option("--no-model", help="Leave the language model out; the rules propose.")] = False,
    no_verify: Annotated[bool, typer.Option("--no-verify", help="Propose only; run nothing.")] = False,
    budget: Annotated[float, typer.Option(help="Seconds that the language model may take in all.")] = 300.0,
    trust: Trust = False,
    build: Build = None,
    run: RunLine = None,
    mpi: Mpi = "auto",
    arg: Arguments = None,
    stdin: Stdin = None,
    flag: Flags = None,
    timeout: Timeout = 10.0,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the MPI program to this file.")] = None,
    patch: Annotated[Path | None, typer.Option(help="Write the unified diff to this file.")] = None,
    diff: Annotated[bool, typer.Option("--diff", help="Print the diff instead of the source.")] = False,
    server: ServiceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Turn a serial program into an MPI program that prints the same at each rank count and shares the work."""
    for path in (output, patch):
        checked_output(path)
    options = run_options(np, oracle, invariant, mpi, arg, stdin, flag, timeout)
    options |= {"level": "serial", "candidates": candidates, "repair": repair, "budget_s": budget}
    options |= {"model": not no_model, "verify": not no_verify}
    body = body_of(program, (None, None), build, run, options)
    return answer_completion(body, server, trust=trust, output=output, patch=patch, diff=diff, as_json=as_json)
