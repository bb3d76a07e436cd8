"""``codepar run``: compile a file or a project, run it behind walls (or trusted), say what happened.

Limits: exit 0 when every run is ok, 2 for what may not or cannot be run, 3 when its worker was lost, 1 for other verdicts.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import typer

from codepar.cli.common import JsonOption, load_program, placed, print_json, read_text, say
from codepar.cli.remote import ServiceOption, run_on
from codepar.errors import InvalidInput, SandboxUnavailable
from codepar.flows.execute import ExecutionOptions, ExecutionReport, ExecutionRequest, Run, execute
from codepar.jobs import JobKind
from codepar.protocols import Limits, Progress, Sends, SilentProgress, Status
from codepar.settings import Settings
from worker.executor import open_executor

_MEBIBYTE = 1024**2
_MEMORY_MEBIBYTES = (16, 65_536)
# What was never run is wrong input; a worker that was lost is the environment's fault; any other verdict is 1.
_EXIT_CODES = {Status.OK: 0, Status.REFUSED: 2, Status.UNSUPPORTED: 2, Status.INFRA_ERROR: 3}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run", context_settings={"allow_interspersed_args": True})(run)


def run(
    program: Annotated[str, typer.Argument(metavar="FILE|DIR|-", help="A source file, a project folder, or - for C on stdin.")],
    arguments: Annotated[list[str] | None, typer.Argument(metavar="[-- ARGS]", help="Arguments of the program.")] = None,
    *,
    np: Annotated[str | None, typer.Option("--np", help="Rank counts, for example 4 or 1,2,4; without it no launcher.")] = None,
    mpi: Annotated[Literal["auto", "mpich", "openmpi"], typer.Option(help="Which MPI.")] = "auto",
    sends: Annotated[
        Sends, typer.Option(help="MPI sends as they are, once more synchronous (finds what needs buffering), or synchronous.")
    ] = "standard",
    delays: Annotated[int | None, typer.Option(metavar="SEED", help="Delay MPI calls at random, by this seed.")] = None,
    trust: Annotated[bool, typer.Option("--trust", help="My own code: my account, my modules, no walls.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds that each run may take.")] = 10.0,
    memory: Annotated[int, typer.Option(help="Mebibytes for all ranks together.")] = 2048,
    stdin: Annotated[Path | None, typer.Option(help="File that becomes the program's standard input.")] = None,
    openmp: Annotated[bool, typer.Option("--openmp", help="Compile with OpenMP.")] = False,
    flag: Annotated[list[str] | None, typer.Option("--flag", help="A compiler flag; may be given several times.")] = None,
    build: Annotated[str | None, typer.Option(help="Command that builds the project in its root.")] = None,
    run_line: Annotated[str | None, typer.Option("--run", help="Program (and arguments) to start after the build.")] = None,
    server: ServiceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Compile and run a program or a project."""
    options = ExecutionOptions(
        ranks=rank_counts(np),
        mpi=mpi,
        sends=sends,
        delay_seed=delays,
        arguments=tuple(arguments or ()),
        stdin="" if stdin is None else read_text(str(stdin), limit=16 * _MEBIBYTE),
        flags=tuple(flag or ()),
        openmp=openmp,
        limits=Limits(wall_s=timeout, memory_bytes=_memory_bytes(memory)),
    )
    request = ExecutionRequest(project=load_program(program, build, run_line), options=options)
    if server is not None:
        report = run_on(server, JobKind.EXECUTION, request, ExecutionReport, trust=trust)
    else:
        report = asyncio.run(_run(request, trust))
    if as_json:
        print_json(report)
    else:
        _show(report)
    return _EXIT_CODES.get(report.status, 1)


def rank_counts(text: str | None) -> tuple[int, ...] | None:
    """The counts of ``--np 1,2,4``. Raises ``InvalidInput`` for what is no number; the request checks the range."""
    if text is None:
        return None
    try:
        return tuple(int(word) for word in text.split(","))
    except ValueError as error:
        raise InvalidInput(f"--np {text}: not a list of rank counts", remedy="for example --np 1,2,4") from error


def _memory_bytes(mebibytes: int) -> int:
    if not _MEMORY_MEBIBYTES[0] <= mebibytes <= _MEMORY_MEBIBYTES[1]:
        low, high = _MEMORY_MEBIBYTES
        raise InvalidInput(f"--memory {mebibytes}: it must lie between {low} and {high} mebibytes")
    return mebibytes * _MEBIBYTE


async def _run(request: ExecutionRequest, trust: bool) -> ExecutionReport:
    executor = open_executor(Settings(), trust)
    progress: Progress = SilentProgress()
    try:
        return await execute(request, executor, progress)
    except SandboxUnavailable as error:
        remedy = (
            f"{error.remedy}; --trust runs your own code without walls"
            if error.remedy
            else "--trust runs your own code without walls"
        )
        raise SandboxUnavailable(error.message, remedy=remedy) from error


def _show(report: ExecutionReport) -> None:
    """The program's own output on stdout and stderr, then one line a run on stderr with what was found."""
    for run in report.runs:
        typer.echo(run.stdout, nl=False)
        typer.echo(run.stderr, nl=False, err=True)
        say(_status_line(run))
        for found in run.diagnostics:
            say(f"codepar:   {found.kind}: {placed(found)}")


def _status_line(run: Run) -> str:
    ranks = "" if run.ranks is None else f" at {run.ranks} rank{'' if run.ranks == 1 else 's'}"
    code = "" if run.exit_code is None else f", exit code {run.exit_code}"
    return f"codepar: {run.status}{ranks}{code}, {run.wall_s:.2f} s, {run.executor}"
