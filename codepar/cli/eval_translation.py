"""The part of ``codepar eval`` that is for ``babeltower``: sequential functions to CUDA, judged and run.

Limits: the pairs are a file given by path; one sample a pair.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from codepar.cli.common import checked_output, print_json, say
from codepar.cli.eval_files import new_file
from codepar.cli.model import open_model
from codepar.errors import EngineUnavailable
from codepar.settings import Settings
from evaluators.benchmarks import babeltower
from evaluators.benchmarks.renamed import renamed_pair
from evaluators.harness import environment_hash
from evaluators.samples import Variant
from evaluators.translation_report import lines_of_translations, report_translations
from evaluators.translations import TranslationMeans, TranslationPlan, TranslationRun, options_of, run_translations
from worker.executor import open_executor


@dataclass(frozen=True)
class Part:
    """Which pairs: each so manieth, at most so many, under which names."""

    limit: int | None = None
    every: int = 1
    variant: Variant = "original"


def run_babeltower(
    data: Path,
    system: str,
    part: Part,
    output: Path | None,
    *,
    settings: Settings,
    asked: dict[str, Any],
    as_json: bool,
) -> int:
    """Ask a system for each pair and judge what it answers; ``system`` may be a file of samples."""
    pairs = babeltower.load(data)[:: part.every][: part.limit]
    if Path(system).is_file():
        return score_babeltower(Path(system), pairs, as_json=as_json)
    options = options_of(system, **asked)
    path = checked_output(output) or new_file(settings, babeltower.NAME, system, part.variant)
    chosen = [renamed_pair(pair) for pair in pairs] if part.variant == "renamed" else pairs
    plan = TranslationPlan(chosen, system, options, hashlib.sha256(data.read_bytes()).hexdigest()[:12], variant=part.variant)
    ran, provenance = asyncio.run(_run(plan, path, settings))
    say(f"codepar: {ran.made} samples made, {ran.found} were there: {path}")
    score_babeltower(path, pairs, provenance, as_json=as_json)
    return 3 if ran.faults else 0


async def _run(plan: TranslationPlan, path: Path, settings: Settings) -> tuple[TranslationRun, dict[str, Any]]:
    executor, options = open_executor(settings, False), plan.options
    generator = await open_model(settings, options.budget_s) if options.model else None
    if generator is None and not options.rules:
        raise EngineUnavailable("there is no language model to ask", remedy="codepar models pull")
    try:
        known = {"model", "artefact", "sha256", "backend"}
        capabilities = (await generator.capabilities()).model_dump(include=known) if generator else {"model": None}
        provenance = {**capabilities, "options": options.model_dump(mode="json")}
        told = replace(plan, environment=environment_hash(provenance))
        means = TranslationMeans(generator, executor, settings)
        ran = await run_translations(told, path, means, lambda text: say(f"codepar: {text}"))
    finally:
        if generator is not None:
            await generator.close()
    return ran, provenance


def score_babeltower(
    path: Path, pairs: Sequence[babeltower.Pair] | None, provenance: dict[str, Any] | None = None, *, as_json: bool
) -> int:
    """Show the report of a file of samples; with the pairs also how alike the kernels are."""
    references = {pair.task_id: pair.kernel for pair in pairs or ()}
    report = report_translations(path, len(pairs) if pairs is not None else None, provenance, references)
    for note in report.notes:
        say(f"codepar: note: {note}")
    if as_json:
        print_json(report)
    else:
        typer.echo("\n".join(lines_of_translations(report)))
    return 0


def is_babeltower(path: Path) -> bool:
    """Whether the first row of a file is a sample of this benchmark; what cannot be read is not."""
    try:
        with path.open(encoding="utf-8") as file:
            row = json.loads(file.readline())
    except (OSError, ValueError):
        return False
    return isinstance(row, dict) and row.get("benchmark") == babeltower.NAME
