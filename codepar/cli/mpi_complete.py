"""``codepar mpi complete|verify``: put the missing MPI calls into a program, or judge one that has them.

Limits: runs in this process, or with ``--server`` on a service. Exit 0 only when the answer is verified; 1 says why it is not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from codepar.cli.common import JsonOption, checked_output, load_program, placed, print_json, read_text, say, write_file
from codepar.cli.model import open_model
from codepar.cli.mpi import app
from codepar.cli.mpi_oracle import shell_oracle
from codepar.cli.remote import ServiceOption, run_on
from codepar.errors import InvalidInput
from codepar.flows.foreign import check_readable
from codepar.flows.levels import complete_level
from codepar.flows.mpi_request import MpiCompletionRequest, MpiVerifyRequest
from codepar.flows.mpi_result import MpiCompletion, MpiParallelization
from codepar.flows.parallel_tried import checked_serial
from codepar.flows.verify import MpiVerification, verify
from codepar.jobs import JobKind
from codepar.mpi.headers import load_signatures
from codepar.mpi.oracle import CommandRunner
from codepar.project_folder import load_project
from codepar.protocols import SilentProgress, Status, Verdict
from codepar.settings import Settings
from worker.executor import open_executor

_MEBIBYTE = 1024**2

Program = Annotated[str, typer.Argument(metavar="FILE|DIR|-", help="A source file, a project folder, or - for C on stdin.")]
Reference = Annotated[Path | None, typer.Option(metavar="FILE|DIR", help="The original parallel program: same output wanted.")]
Serial = Annotated[Path | None, typer.Option(metavar="FILE|DIR", help="The sequential program: same output wanted.")]
OracleCommand = Annotated[
    str | None, typer.Option("--oracle", metavar="CMD", help="My own test, run in the folder; exit 0 agrees.")
]
IsInvariant = Annotated[bool, typer.Option("--invariant", help="The output must be the same at every rank count.")]
RankCounts = Annotated[str | None, typer.Option("--np", help="Rank counts to run at: 1,2,4; level serial: 1,2,3,4.")]
Trust = Annotated[bool, typer.Option("--trust", help="My own code: my account, my modules, no walls.")]
Build = Annotated[str | None, typer.Option(help="Command that builds the project in its root.")]
RunLine = Annotated[str | None, typer.Option("--run", help="Program (and arguments) to start after the build.")]
Timeout = Annotated[float, typer.Option(help="Seconds that each run may take.")]
Mpi = Annotated[Literal["auto", "mpich", "openmpi"], typer.Option(help="Which MPI.")]
Arguments = Annotated[list[str] | None, typer.Option("--arg", help="An argument of the program; may be given several times.")]
Stdin = Annotated[Path | None, typer.Option(help="File that becomes the program's standard input.")]
Flags = Annotated[list[str] | None, typer.Option("--flag", help="A compiler flag; may be given several times.")]


class _Spoken(SilentProgress):
    """Progress as lines on standard error."""

    async def report(self, type: str, data: dict[str, Any]) -> None:
        if type == "candidate":
            ranks = f"{data['ranks']} rank{'' if data['ranks'] == 1 else 's'}"
            say(f"codepar: {data['name']}: {data['status']} at {ranks}{_agreement(data['agrees'])}")
        elif type == "proposing" and "round" in data:
            say(f"codepar: round {data['round']}: asking the language model")
        elif type == "attempt":
            where = f" at {data['ranks']} rank{'' if data['ranks'] == 1 else 's'}" if data["ranks"] else ""
            why = f": {data['reason']}" if data["reason"] else ""
            say(f"codepar: {data['name']}: {data['status'] or 'not run'}{where}{why}")


def register(root: typer.Typer) -> None:
    """The commands join the group `mpi` when this module is imported; that group is registered by its own."""


@app.command("complete")
def complete_command(
    program: Program,
    *,
    reference: Reference = None,
    serial: Serial = None,
    oracle: OracleCommand = None,
    invariant: IsInvariant = False,
    np: RankCounts = None,
    level: Annotated[
        Literal["calls", "declarations", "serial"],
        typer.Option(help="What is missing: calls; also the declarations they need; everything (see mpi parallelize)."),
    ] = "declarations",
    file: Annotated[str | None, typer.Option(help="The one file of the project to complete.")] = None,
    line: Annotated[int | None, typer.Option(help="The cursor's line, 1-based: one call wanted there.")] = None,
    column: Annotated[int | None, typer.Option(help="The cursor's column, 1-based.")] = None,
    no_model: Annotated[bool, typer.Option("--no-model", help="Leave the language model out; the rules propose.")] = False,
    no_verify: Annotated[bool, typer.Option("--no-verify", help="Propose only; run nothing.")] = False,
    abstain: Annotated[float, typer.Option(min=0.0, max=0.99, help="Leave out calls less probable than this.")] = 0.0,
    budget: Annotated[float | None, typer.Option(help="Seconds that the language model may take: 60; level serial: 300.")] = None,
    trust: Trust = False,
    build: Build = None,
    run: RunLine = None,
    mpi: Mpi = "auto",
    arg: Arguments = None,
    stdin: Stdin = None,
    flag: Flags = None,
    timeout: Timeout = 10.0,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the completed source to this file.")] = None,
    patch: Annotated[Path | None, typer.Option(help="Write the unified diff to this file.")] = None,
    diff: Annotated[bool, typer.Option("--diff", help="Print the diff instead of the source.")] = False,
    server: ServiceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Propose the missing MPI calls, compile and run the result, and say whether it is right."""
    checked_output(output)
    checked_output(patch)
    shared = run_options(np, oracle, invariant, mpi, arg, stdin, flag, timeout)
    chosen: dict[str, Any] = {"level": level, "file": file, "line": line, "column": column}
    chosen |= {"model": not no_model, "verify": not no_verify}
    chosen |= {"abstain": abstain} if abstain else {}
    chosen |= {} if budget is None else {"budget_s": budget}
    body = body_of(program, (reference, serial), build, run, {**shared, **chosen})
    return answer_completion(body, server, trust=trust, output=output, patch=patch, diff=diff, as_json=as_json)


def answer_completion(
    body: dict[str, Any], server: str | None, *, trust: bool, output: Path | None, patch: Path | None, diff: bool, as_json: bool
) -> int:
    """Carry the request out, here or on a service, and print the answer in the form that was asked for."""
    request = MpiCompletionRequest.model_validate(body)
    if server is not None:
        result = MpiParallelization if request.options.level == "serial" else MpiCompletion
        answer: MpiCompletion = run_on(server, JobKind.MPI_COMPLETION, request, result, trust=trust)
    else:
        answer = asyncio.run(_complete(request, trust, shell_oracle(request.options)))
    if patch is not None:
        write_file(patch, answer.diff.encode())
    if output is not None:
        write_file(output, answer.source.encode())
    if as_json:
        print_json(answer)
    elif request.options.line is not None:
        for suggestion in answer.suggestions:
            typer.echo(f"{suggestion.confidence:.2f}  {suggestion.text}")
    elif output is None or diff:
        typer.echo(answer.diff if diff or len(answer.files) > 1 else answer.source, nl=False)
    _summarise(answer)
    return exit_code_of(answer.verification, answer.verified)


@app.command("verify")
def verify_command(
    program: Program,
    *,
    reference: Reference = None,
    serial: Serial = None,
    oracle: OracleCommand = None,
    invariant: IsInvariant = False,
    np: RankCounts = None,
    trust: Trust = False,
    build: Build = None,
    run: RunLine = None,
    mpi: Mpi = "auto",
    arg: Arguments = None,
    stdin: Stdin = None,
    flag: Flags = None,
    timeout: Timeout = 10.0,
    as_json: JsonOption = False,
) -> int:
    """Compile an MPI program, run it at each rank count and judge it."""
    body = body_of(program, (reference, serial), build, run, run_options(np, oracle, invariant, mpi, arg, stdin, flag, timeout))
    request = MpiVerifyRequest.model_validate(body)
    answer = asyncio.run(_verify(request, trust, shell_oracle(request.options)))
    if as_json:
        print_json(answer)
    say_verdicts(answer.verification, answer.verified, answer.reason)
    return exit_code_of(answer.verification, answer.verified)


def run_options(
    np: str | None,
    oracle: str | None,
    invariant: bool,
    mpi: str,
    arguments: Sequence[str] | None,
    *rest: Any,
) -> dict[str, Any]:
    """The part of a request that says how its program is run; what is not said is left to the request."""
    stdin, flags, timeout = rest
    return {
        **({} if np is None else {"ranks": _ranks(np)}),
        "oracle": oracle,
        "invariant": invariant,
        "mpi": mpi,
        "arguments": list(arguments or ()),
        "stdin": "" if stdin is None else read_text(str(stdin), limit=16 * _MEBIBYTE),
        "flags": list(flags or ()),
        "limits": {"wall_s": timeout},
    }


def _ranks(text: str) -> list[int]:
    try:
        return [int(word) for word in text.split(",")]
    except ValueError as error:
        raise InvalidInput(f"--np {text}: not a list of rank counts", remedy="for example --np 1,2,4") from error


def body_of(
    program: str, oracles: tuple[Path | None, Path | None], build: str | None, run: str | None, options: dict[str, Any]
) -> dict[str, Any]:
    """The request: the program, the programs that say what is right, and the options."""
    reference, serial = oracles
    return {
        "project": load_program(program, build, run),
        "options": {
            **options,
            "reference": load_project(reference, build, run) if reference else None,
            "serial": load_project(serial, build, run) if serial else None,
        },
    }


async def _complete(request: MpiCompletionRequest, trust: bool, command: CommandRunner | None) -> MpiCompletion:
    settings = Settings()
    # What is no program is refused before walls are probed and weights are loaded.
    if request.options.level == "serial":
        checked_serial(request.project)
    else:
        check_readable(request, load_signatures(cache=settings.cache_dir))
    executor = open_executor(settings, trust) if request.options.verify else None
    generator = await open_model(settings, request.options.budget_s) if request.options.model else None
    try:
        return await complete_level(request, generator, executor, _Spoken(), settings, command=command)
    finally:
        if generator is not None:
            await generator.close()


async def _verify(request: MpiVerifyRequest, trust: bool, command: CommandRunner | None) -> MpiVerification:
    settings = Settings()
    return await verify(request, None, open_executor(settings, trust), _Spoken(), settings, command=command)


def _summarise(answer: MpiCompletion) -> None:
    if isinstance(answer, MpiParallelization):
        shares = f"; the busiest rank does {answer.shares.busiest:.0%} of the work" if answer.shares.busiest else ""
        say(f"codepar: the best of {len(answer.attempts)} proposals: {answer.candidate}{shares}")
    else:
        count = sum(edit.kind == "call" for edit in answer.edits)
        say(f"codepar: {count} call{'' if count == 1 else 's'} put in ({answer.candidate}), {len(answer.dropped)} dropped")
    for note in answer.notes:
        say(f"codepar: note: {note}")
    if answer.baseline.verified is not None:
        said = "is verified too" if answer.baseline.verified else "is not verified"
        say(f"codepar: the four-call baseline {said}")
    say_verdicts(answer.verification, answer.verified, answer.reason)


def say_verdicts(verdicts: Sequence[Verdict], verified: bool, reason: str | None) -> None:
    """One line a rank count and one a finding, then the verdict."""
    for verdict in verdicts:
        ranks = f"{verdict.ranks} rank{'' if verdict.ranks == 1 else 's'}"
        say(f"codepar: at {ranks}: {verdict.status}{_agreement(verdict.agrees)}")
        for found in verdict.diagnostics:
            say(f"codepar:   {found.kind}: {placed(found)}")
    say("codepar: verified" if verified else f"codepar: unverified: {reason}")


def exit_code_of(verdicts: Sequence[Verdict], verified: bool) -> int:
    """0 verified; 2 where the request asked for what may not or cannot be run; 1 any other verdict."""
    if verified:
        return 0
    return 2 if any(verdict.status in {Status.REFUSED, Status.UNSUPPORTED} for verdict in verdicts) else 1


def _agreement(agrees: bool | None) -> str:
    return {True: ", agrees", False: ", disagrees", None: ""}[agrees]
