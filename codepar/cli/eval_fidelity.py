"""The part of ``codepar eval`` that is for ``codepp-fidelity``: prompts of several functions answered at once and in parts, run.

Limits: the prompts are those that ship with codepar; what an answer holds runs in the sandbox.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from codepar.cli.common import checked_output, print_json, say
from codepar.cli.eval_files import new_file
from codepar.cli.model import open_model
from codepar.errors import EngineUnavailable
from codepar.settings import Settings
from evaluators.fidelity.cases import NAME, cases_hash, load_cases
from evaluators.fidelity.report import lines_of_fidelity, report_fidelity
from evaluators.fidelity.samples import FidelityPlan, FidelityRun, Hands, options_of, run_fidelity
from evaluators.harness import environment_hash
from worker.executor import open_executor

_MAX_TOKENS = 512


@dataclass(frozen=True)
class Chosen:
    """Which prompts, who answers them, and where the samples go. ``budget_s`` bounds the asking of one prompt one way.
    ``together`` are under way at a time."""

    system: str
    limit: int | None = None
    every: int = 1
    budget_s: float = 300.0
    output: Path | None = None
    together: int = 1


def run_fidelity_command(chosen: Chosen, settings: Settings, *, as_json: bool) -> int:
    """Ask both ways and run the answers; ``system`` may be a file of samples. 3 where the infrastructure failed for some."""
    if Path(chosen.system).is_file():
        return score_fidelity(Path(chosen.system), as_json=as_json)
    options = options_of(chosen.system, budget_s=chosen.budget_s, max_tokens=_MAX_TOKENS)
    cases = load_cases(chosen.limit, chosen.every)
    path = checked_output(chosen.output) or new_file(settings, NAME, chosen.system)
    plan = FidelityPlan(cases, chosen.system, options, cases_hash(load_cases()), together=chosen.together)
    ran, provenance = asyncio.run(_run(plan, path, settings))
    say(f"codepar: {ran.made} samples made, {ran.found} were there: {path}")
    _show(path, len(cases), provenance, as_json=as_json)
    if ran.faults:
        say(f"codepar: {ran.faults} samples failed for what they stand on and are left out; the same command makes them again")
    return 3 if ran.faults else 0


def score_fidelity(path: Path, *, as_json: bool) -> int:
    """Show the report of a file of samples."""
    return _show(path, None, None, as_json=as_json)


def is_fidelity(path: Path) -> bool:
    """Whether the first row of a file is of this benchmark; what cannot be read is not."""
    try:
        with path.open(encoding="utf-8") as file:
            row = json.loads(file.readline())
    except (OSError, ValueError):
        return False
    return isinstance(row, dict) and row.get("benchmark") == NAME


async def _run(plan: FidelityPlan, path: Path, settings: Settings) -> tuple[FidelityRun, dict[str, Any]]:
    executor = open_executor(settings, False)
    is_asked = plan.system in {"model", "default"}
    generator = await open_model(settings, plan.options.budget_s) if is_asked else None
    if generator is None and is_asked:
        raise EngineUnavailable("there is no language model to ask", remedy="codepar models pull")
    try:
        known = {"model", "artefact", "sha256", "backend"}
        capabilities = (await generator.capabilities()).model_dump(include=known) if generator else {"model": None}
        provenance = {**capabilities, "options": plan.options.model_dump(mode="json")}
        told = replace(plan, environment=environment_hash(provenance))
        ran = await run_fidelity(told, path, Hands(generator, executor, settings), lambda text: say(f"codepar: {text}"))
    finally:
        if generator is not None:
            await generator.close()
    return ran, provenance


def _show(path: Path, prompts: int | None, provenance: dict[str, Any] | None, *, as_json: bool) -> int:
    report = report_fidelity(path, prompts, provenance)
    for note in report.notes:
        say(f"codepar: note: {note}")
    if as_json:
        print_json(report)
    else:
        typer.echo("\n".join(lines_of_fidelity(report)))
    return 0
