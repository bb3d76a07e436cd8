"""`codepar cuda verify`: is a translation right, clean, and parallel? The group that the other `cuda` commands join.

Limits: one function of one file against one file; exit 0 only when every check passed.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from codepar.cli.common import JsonOption, print_json, read_text, say
from codepar.cli.headers import read_with_headers
from codepar.cuda.verdict import CudaVerdict, NamedCheck
from codepar.flows.cuda_verify import CudaVerification, CudaVerifyRequest, verify
from codepar.protocols import Status
from codepar.settings import Settings
from worker.executor import open_executor

app = typer.Typer(help="Sequential C and C++ to CUDA or OpenMP: translate, verify.", no_args_is_help=True)

MARKS = {True: "ok", False: "FAIL", None: "?"}
"""How a check is shown: passed, failed, not carried through."""


def register(root: typer.Typer) -> None:
    """Add `cuda` to the command."""
    root.add_typer(app, name="cuda")


@app.command("verify")
def verify_command(
    original: Annotated[str, typer.Argument(help="The C or C++ file with the sequential function; `-` is standard input.")],
    translation: Annotated[str, typer.Argument(help="The translation: CUDA C++ (.cu), or C/C++ with OpenMP.")],
    *,
    function: Annotated[str | None, typer.Option(help="The function, where the file has several.")] = None,
    entry: Annotated[
        str | None, typer.Option(help="The host function that stands for it; found by name or parameters if not given.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the tests; a fresh one if not given.")] = None,
    accept_same_value: Annotated[
        bool, typer.Option("--accept-same-value", help="Accept races in which all threads write one same value.")
    ] = False,
    trust: Annotated[bool, typer.Option("--trust", help="My own code: my account, no walls.")] = False,
    json: JsonOption = False,
) -> int:
    """Compile and run a translation without a GPU, on fresh tests, and say what was verified."""
    request = CudaVerifyRequest(
        original=read_with_headers(original),
        original_path="original.c" if original == "-" else original,
        translation=read_text(translation),
        translation_path=translation,
        function=function,
        entry=entry,
        seed=seed,
        accept_same_value=accept_same_value,
    )
    settings = Settings()
    verification = asyncio.run(verify(request, open_executor(settings, trust), _Spoken(), settings))
    if json:
        print_json(verification)
    else:
        show(verification)
    status = verification.verdict.status
    return 0 if verification.verdict.verified else 3 if status is Status.INFRA_ERROR else 1


class _Spoken:
    """Progress on standard error."""

    async def report(self, type: str, data: dict[str, Any]) -> None:
        if type == "tests":
            say(f"the original on {data['cases']} cases ...")
        elif type == "run":
            say(f"run: {data['status']}, {data['wall_s']:.2f} s")
        elif type == "shrinking":
            say(f"looking for a smaller case on which `{data['rung']}` fails ...")


def show(verification: CudaVerification) -> None:
    """The rungs, then the verdict, then how to get it again."""
    verdict = verification.verdict
    for check in verdict.checks:
        typer.echo(f"  {MARKS[check.passed]:<5}{check.name:<10}{_placed(check)}")
    for note in verdict.notes:
        typer.echo(f"  note {note}")
    for line in least_lines(verdict):
        typer.echo(f"  {line}")
    what = f"`{verification.entry}` as {verification.target} of `{verification.function}`"
    typer.echo(f"verified: {what}" if verdict.verified else f"not verified ({verdict.status}): {what}: {verdict.reason}")
    typer.echo(f"again: {verdict.reproduce}")


def least_lines(verdict: CudaVerdict) -> list[str]:
    """The smallest failing case, and what is wrong there; nothing where none was found."""
    least = verdict.least
    return [] if least is None else [f"least {least.inputs}", f"      {least.rung}: {least.message}"]


def _placed(check: NamedCheck) -> str:
    place = f" (line {check.line})" if check.line is not None and f":{check.line}" not in check.message else ""
    return f"{check.message}{place}"
