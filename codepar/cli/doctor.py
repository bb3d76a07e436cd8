"""``codepar doctor``: what works, what is missing, and the command that mends it. Limits: looks at this machine alone."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.table import Table

from codepar.cli.common import JsonOption, print_json, say
from codepar.cli.doctor_check import Check
from codepar.cli.doctor_checks import all_checks
from codepar.settings import Settings


def register(app: typer.Typer) -> None:
    """Add `doctor` to the command."""
    app.command("doctor")(doctor)


def doctor(json: JsonOption = False) -> int:
    """Print a table of everything the main flow stands on. Exit 0 when it works, 3 when something it needs is missing."""
    checks = list(all_checks(Settings()))
    broken = [check for check in checks if check.needed and check.state != "ok"]
    if json:
        print_json({"works": not broken, "checks": [check.model_dump(mode="json") for check in checks]})
    else:
        _show(checks)
    if broken:
        say(f"codepar: the main flow does not work: {', '.join(check.name for check in broken)}")
        return 3
    return 0


def _show(checks: list[Check]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "part", "found", "mends it"):
        table.add_column(heading, overflow="fold")
    for check in checks:
        mark = "ok" if check.state == "ok" else "MISSING" if check.needed else "missing"
        table.add_row(mark, check.name, check.detail, check.remedy or "")
    Console(soft_wrap=False, markup=False, highlight=False).print(table)
