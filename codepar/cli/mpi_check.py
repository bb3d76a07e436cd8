"""``codepar mpi check``: what is wrong with the MPI calls of a program that already has them, told from its text alone.

Nothing is compiled or run. Limits: exit 0 when nothing was found, 1 with findings, 2 for input that cannot be checked. A program
that could not be followed through all ranks is named on standard error, and its calls are checked one by one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codepar.cli.common import JsonOption, load_program, print_json, say
from codepar.cli.mpi import app
from codepar.errors import InvalidInput
from codepar.mpi.check.finding import CheckReport, Finding
from codepar.mpi.check.run import check_project
from codepar.mpi.headers import load_signatures
from codepar.settings import Settings

_STDIN = {"c": "main.c", "c++": "main.cpp", "fortran": "main.f90", "python": "main.py"}


@app.command("check")
def check_command(
    program: Annotated[str, typer.Argument(metavar="FILE|DIR|-", help="A source file, a project folder, or - for stdin.")],
    *,
    language: Annotated[str, typer.Option(help="Language of standard input: c, c++, fortran or python.")] = "c",
    as_json: JsonOption = False,
) -> int:
    """Find mistakes in MPI calls: requests, partners, collectives, counts, datatypes, threads, what is never freed."""
    if language not in _STDIN:
        raise InvalidInput(f"--language {language}: it must be c, c++, fortran or python")
    project = load_program(program, None, None, on_stdin=_STDIN[language])
    signatures = load_signatures(cache=Settings().cache_dir)
    report = check_project(project, signatures)
    if as_json:
        print_json(report)
    else:
        _show(report, _folder(program))
    return 1 if report.findings else 0


def _folder(program: str) -> str:
    """What stands before a file of the project to name it as seen from here."""
    if program == "-":
        return ""
    path = Path(program)
    parent = path if path.is_dir() else path.parent
    return "" if str(parent) == "." else f"{parent}/"


def _show(report: CheckReport, folder: str) -> None:
    for finding in report.findings:
        for line in _lines(finding, folder):
            typer.echo(line)
    for reason in report.skipped:
        say(f"codepar: calls of different ranks were not compared: {folder}{reason}")
    count = len(report.findings)
    say(f"codepar: {count} finding{'' if count == 1 else 's'} in {report.files} file{'' if report.files == 1 else 's'}")


def _lines(finding: Finding, folder: str) -> list[str]:
    """A finding as compilers print it, with its notes."""
    lines = [f"{folder}{finding.file}:{finding.line}: {finding.severity}: {finding.message} [{finding.kind}]"]
    lines += [f"{folder}{other.file}:{other.line}: note: {other.message}" for other in finding.related]
    if finding.fix:
        lines.append(f"{folder}{finding.file}:{finding.line}: note: fix: {finding.fix}")
    return lines
