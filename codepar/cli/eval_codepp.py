"""The part of ``codepar eval`` that is for ``codepp``: decompositions of prompts.

Limits: the prompts are those that ship with codepar.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from codepar.cli.common import checked_output, print_json, say
from codepar.cli.eval_files import new_file
from codepar.settings import Settings
from evaluators.benchmarks import codepp
from evaluators.decomposition_report import lines_of_decompositions, report_decompositions
from evaluators.decompositions import DecompositionPlan, data_hash, run_decomposer
from evaluators.isolated import IsolatedSystem
from evaluators.systems.decomposers import open_decomposer


def run_codepp(part: codepp.Part, system: str, limit: int | None, timeout_s: float, output: Path | None, *, as_json: bool) -> int:
    """Ask a system for each prompt of a part, and score its answers; ``system`` may be a file of samples."""
    if Path(system).is_file():
        return score_codepp(Path(system), part, as_json=as_json)
    open_decomposer(system)
    every = codepp.load_part(part)
    plan = DecompositionPlan(every[:limit], part, data_hash(every), system)
    path = checked_output(output) or new_file(Settings(), codepp.NAME, part, system)
    command = [sys.executable, "-P", "-m", "evaluators.child_decomposer", "--system", system]
    with IsolatedSystem(command, Settings().environment(), timeout_s) as isolated:
        ran = run_decomposer(plan, isolated, path)
    say(f"codepar: {ran.made} samples made, {ran.found} were there: {path}")
    return _show(path, plan.cases, part, ran.provenance, as_json=as_json)


def score_codepp(path: Path, part: codepp.Part, *, as_json: bool, batch: int | None = None) -> int:
    """Score a file of samples, whoever made it; of one batch of the prompts, or of all."""
    cases = [case for case in codepp.load_part(part) if batch is None or case.prompt.batch == batch]
    return _show(path, cases, part, None, as_json=as_json)


def is_codepp(path: Path) -> bool:
    """Whether the first row of a file is of this benchmark; what cannot be read is not."""
    try:
        with path.open(encoding="utf-8") as file:
            row = json.loads(file.readline())
    except (OSError, ValueError):
        return False
    return isinstance(row, dict) and (row.get("benchmark") == codepp.NAME or "decomposition" in row)


def _show(
    path: Path, cases: Sequence[codepp.Case], part: codepp.Part, provenance: dict[str, Any] | None, *, as_json: bool
) -> int:
    report = report_decompositions(path, cases, part, provenance)
    for note in report.notes:
        say(f"codepar: note: {note}")
    if as_json:
        print_json(report)
    else:
        typer.echo("\n".join(lines_of_decompositions(report)))
    return 0
