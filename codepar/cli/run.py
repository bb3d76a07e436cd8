"""``codepar run``: compile a file or a project, run it behind walls (or trusted), say what happened.

Limits: exit 0 when every run is ok, 2 for what may not or cannot be run, 3 when its worker was lost, 1 for other verdicts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args

import typer
from typer.core import TyperCommand

from codepar.cli.common import JsonOption, load_programs, placed, print_json, read_text, say
from codepar.cli.remote import ServiceOption, run_on
from codepar.errors import InvalidInput, SandboxUnavailable
from codepar.flows.execute import ExecutionOptions, ExecutionReport, ExecutionRequest, Run, execute
from codepar.jobs import JobKind
from codepar.project import (
    C_SUFFIXES,
    CUDA_SUFFIXES,
    CXX_SUFFIXES,
    FORTRAN_SUFFIXES,
    HEADER_SUFFIXES,
    PYTHON_SUFFIXES,
)
from codepar.protocols import Check, CompilerName, Coverage, Limits, Progress, Sanitizer, Sends, SilentProgress, Status
from codepar.settings import Settings
from worker.executor import open_executor
from worker.toolchains.cuda_cpu.library import is_built

_PROGRAM_ARGUMENTS = "codepar.program_arguments"
_MEBIBYTE = 1024**2
_MEMORY_MEBIBYTES = (16, 65_536)
_MAX_MISSED = 40
# What was never run is wrong input; a worker that was lost is the environment's fault; any other verdict is 1.
_SOURCES = C_SUFFIXES | CXX_SUFFIXES | CUDA_SUFFIXES | HEADER_SUFFIXES | FORTRAN_SUFFIXES | PYTHON_SUFFIXES
_EXIT_CODES = {Status.OK: 0, Status.REFUSED: 2, Status.UNSUPPORTED: 2, Status.INFRA_ERROR: 3}


@dataclass(frozen=True)
class Words:
    """What the words of the command line name: the project's places, and the program's arguments."""

    sources: tuple[str, ...]
    arguments: tuple[str, ...]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run", cls=_RunCommand, context_settings={"allow_interspersed_args": True})(run)


class _RunCommand(TyperCommand):
    """Keeps what stands after ``--`` apart: before it, the name of a source file is a file of the project."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        place = args.index("--") if "--" in args else len(args)
        ctx.meta[_PROGRAM_ARGUMENTS] = tuple(args[place + 1 :])
        return super().parse_args(ctx, args[:place])


def run(
    context: typer.Context,
    program: Annotated[str, typer.Argument(metavar="FILE|DIR|-", help="A source file, a project folder, or - for stdin.")],
    more: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE|DIR]... [-- ARGS]", help="More sources and headers; its arguments.")
    ] = None,
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
    compiler: Annotated[CompilerName, typer.Option(help="Which compiler of C and C++.")] = "auto",
    sanitize: Annotated[
        str | None, typer.Option(metavar="LIST", help="Sanitizers: address,undefined or thread; leak with --trust.")
    ] = None,
    coverage: Annotated[bool, typer.Option("--coverage", help="Count the lines and branches that the run takes.")] = False,
    flag: Annotated[list[str] | None, typer.Option("--flag", help="A compiler flag; may be given several times.")] = None,
    build: Annotated[str | None, typer.Option(help="Command that builds the project in its root.")] = None,
    run_line: Annotated[str | None, typer.Option("--run", help="Program (and arguments) to start after the build.")] = None,
    emulate: Annotated[bool, typer.Option("--emulate", help="Run CUDA on the CPU; no GPU is needed or used.")] = False,
    gpu: Annotated[bool, typer.Option("--gpu", help="Run CUDA on this machine's GPU, or on the service's.")] = False,
    check: Annotated[
        str | None,
        typer.Option(metavar="CHECKS", help="With --emulate: memory,race,schedule; with --gpu: memory,race,sync,init."),
    ] = None,
    server: ServiceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Compile and run a program or a project."""
    words = split_words(program, more or [], context.meta.get(_PROGRAM_ARGUMENTS, ()))
    options = ExecutionOptions(
        ranks=rank_counts(np),
        mpi=mpi,
        sends=sends,
        delay_seed=delays,
        arguments=words.arguments,
        stdin="" if stdin is None else read_text(str(stdin), limit=16 * _MEBIBYTE),
        flags=tuple(flag or ()),
        openmp=openmp,
        compiler=compiler,
        sanitize=_sanitizers(sanitize),
        coverage=coverage,
        emulate=emulate,
        gpu=gpu,
        checks=check_names(check),
        limits=Limits(wall_s=timeout, memory_bytes=_memory_bytes(memory)),
    )
    project = load_programs(words.sources, build, run_line, on_stdin="main.cu" if emulate or gpu else "main.c")
    request = ExecutionRequest(project=project, options=options)
    if server is not None:
        report = run_on(server, JobKind.EXECUTION, request, ExecutionReport, trust=trust)
    else:
        report = asyncio.run(_run(request, trust))
    if as_json:
        print_json(report)
    else:
        _show(report)
    is_unproved = any(result.clean is None for result in report.checks)
    return 1 if report.status == Status.OK and is_unproved else _EXIT_CODES.get(report.status, 1)


def split_words(program: str, more: Sequence[str], after: Sequence[str]) -> Words:
    """Words before ``--`` join the project up to the first that names no source or folder; the rest are arguments."""
    count = next((at for at, word in enumerate(more) if not _is_source(word)), len(more))
    return Words((program, *more[:count]), (*more[count:], *after))


def _is_source(word: str) -> bool:
    path = Path(word)
    return path.is_dir() or (path.suffix in _SOURCES and path.is_file())


def check_names(text: str | None) -> tuple[Check, ...]:
    """The checks of ``--check memory,race``. Raises ``InvalidInput`` for a name that is none."""
    names = [word.strip() for word in (text or "").split(",") if word.strip()]
    for name in names:
        if name not in get_args(Check):
            raise InvalidInput(f"--check {name}: it must be one of {', '.join(get_args(Check))}")
    return tuple(check for check in get_args(Check) if check in names)


def rank_counts(text: str | None) -> tuple[int, ...] | None:
    """The counts of ``--np 1,2,4``. Raises ``InvalidInput`` for what is no number; the request checks the range."""
    if text is None:
        return None
    try:
        return tuple(int(word) for word in text.split(","))
    except ValueError as error:
        raise InvalidInput(f"--np {text}: not a list of rank counts", remedy="for example --np 1,2,4") from error


def _sanitizers(text: str | None) -> tuple[Sanitizer, ...]:
    """The names of ``--sanitize address,undefined``. Raises ``InvalidInput``; the request checks which go together."""
    known = get_args(Sanitizer)
    names = [word.strip() for word in (text or "").split(",") if word.strip()]
    for name in names:
        if name not in known:
            raise InvalidInput(f"--sanitize {name}: no such sanitizer", remedy=f"one or more of {','.join(known)}")
    return tuple(cast("Sanitizer", name) for name in names)


def _memory_bytes(mebibytes: int) -> int:
    if not _MEMORY_MEBIBYTES[0] <= mebibytes <= _MEMORY_MEBIBYTES[1]:
        low, high = _MEMORY_MEBIBYTES
        raise InvalidInput(f"--memory {mebibytes}: it must lie between {low} and {high} mebibytes")
    return mebibytes * _MEBIBYTE


async def _run(request: ExecutionRequest, trust: bool) -> ExecutionReport:
    settings = Settings()
    executor = open_executor(settings, trust)
    if request.options.emulate and not is_built(settings.cache_dir):
        say("codepar: the CUDA runtime is compiled first, once; this takes about 10 s")
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
        for result in run.checks:
            # What is not clean has its findings below.
            reason = "" if result.clean is False and run.diagnostics else f": {result.message}"
            say(f"codepar:   {result.check}: {_CLEAN[result.clean]}{reason}")
        for found in run.diagnostics:
            say(f"codepar:   {found.kind}: {placed(found)}")
        if run.coverage is not None:
            _say_coverage(run.coverage)


_CLEAN = {True: "clean", False: "not clean", None: "unknown"}


def _status_line(run: Run) -> str:
    ranks = "" if run.ranks is None else f" at {run.ranks} rank{'' if run.ranks == 1 else 's'}"
    code = "" if run.exit_code is None else f", exit code {run.exit_code}"
    where = ", emulated" if run.emulated else f", on {run.gpu}" if run.gpu else ""
    return f"codepar: {run.status}{ranks}{code}, {run.wall_s:.2f} s, {run.executor}{where}"


def _say_coverage(coverage: Coverage) -> None:
    """Totals, and the lines that were not reached, file by file."""
    lines, branches = coverage.lines, coverage.branches
    say(f"codepar:   coverage: {lines.taken} of {lines.total} lines, {branches.taken} of {branches.total} branches")
    for file in coverage.files:
        missed = [str(one.line) for one in file.lines if not one.count]
        if missed:
            more = f" and {len(missed) - _MAX_MISSED} more" if len(missed) > _MAX_MISSED else ""
            say(f"codepar:   coverage: {file.file}: not reached: {', '.join(missed[:_MAX_MISSED])}{more}")
