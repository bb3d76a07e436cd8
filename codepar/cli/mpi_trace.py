"""``codepar mpi trace -- mpiexec -n 4 ./app``: a person's own MPI run, watched: deadlock with lines, time in MPI, traffic.

The program's standard output and error stay its own; the report goes to standard error, with ``--output`` as JSON to a file. With
``--json`` standard output holds the JSON alone, so the program's output then goes to standard error. Limits: no sandbox (the
program is the person's own), one machine. Exit 0 done, 1 deadlock, timeout or a failed program, 2 wrong use, 3 the environment.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from codepar.cli.common import JsonOption, checked_output, print_json, write_file
from codepar.cli.mpi import app
from codepar.errors import EnvironmentFault, InvalidInput
from codepar.protocols import Status
from codepar.settings import Settings
from worker.cache import ProgramCache
from worker.toolchains.shim import ShimLibraries, Stress
from worker.trace.installation import installation_of
from worker.trace.lines import find_lines
from worker.trace.picture import render_svg
from worker.trace.report import TraceReport, addresses, report_of
from worker.trace.session import Session, trace
from worker.trace.text import render_text


@app.command("trace", context_settings={"allow_interspersed_args": False})
def trace_command(
    command: Annotated[list[str] | None, typer.Argument(metavar="-- mpiexec ...", help="My own launcher and program.")] = None,
    *,
    picture: Annotated[Path | None, typer.Option(help="Draw times and traffic into this SVG file.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the report as JSON to this file.")] = None,
    sync_sends: Annotated[
        bool, typer.Option("--sync-sends", help="Sends wait for their receive: finds needed buffering.")
    ] = False,
    delays: Annotated[int | None, typer.Option(metavar="SEED", min=0, help="Delay MPI calls at random, by this seed.")] = None,
    timeout: Annotated[float | None, typer.Option(help="Stop after so many seconds.")] = None,
    as_json: JsonOption = False,
) -> int:
    """Run my own MPI command and say where it hangs, what time MPI took, and who sent what to whom."""
    if not command:
        raise InvalidInput("no command to trace", remedy="for example: codepar mpi trace -- mpiexec -n 4 ./app")
    if timeout is not None and timeout <= 0:
        raise InvalidInput(f"--timeout {timeout:g}: it must be more than 0 seconds")
    checked_output(picture)
    checked_output(output)
    report = _report(command, Stress(synchronous_sends=sync_sends, delay_seed=delays), timeout, as_json)
    if picture is not None:
        write_file(picture, render_svg(report).encode())
    if output is not None:
        write_file(output, (report.model_dump_json(indent=2) + "\n").encode())
    if as_json:
        print_json(report)
    else:
        typer.echo(render_text(report), nl=False, err=True)
    if not report.ranks and report.status == Status.OK:
        raise EnvironmentFault("no rank was seen", remedy="the program must be linked to MPI dynamically and run on this machine")
    return 0 if report.status == Status.OK else 1


def _report(command: list[str], stress: Stress, timeout_s: float | None, as_json: bool) -> TraceReport:
    settings = Settings()
    launcher = installation_of(command, os.environ.get("PATH", os.defpath))
    shims = ShimLibraries(ProgramCache(settings.cache_dir / "programs", settings.compile_cache_bytes))
    # The JSON has standard output to itself.
    stdout = sys.stderr.fileno() if as_json else None
    run = trace(command, os.environ, launcher, shims, stress=stress, timeout_s=timeout_s, stdout=stdout)
    session: Session = asyncio.run(run)
    program = next((state.program for state in session.states if state.program), "")
    return report_of(session, launcher.version, find_lines(program, addresses(session), Path.cwd()))
