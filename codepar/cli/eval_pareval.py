"""The part of ``codepar eval`` that is for ``pareval``: bodies of functions, serial, OpenMP and CUDA.

Limits: the problems are a folder given by path; one sample a task.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import platform
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from codepar.cli.common import checked_output, print_json, say
from codepar.cli.eval_files import new_file
from codepar.cli.model import open_model
from codepar.errors import EngineUnavailable, EnvironmentFault, InvalidInput, ToolMissing
from codepar.protocols import Generator
from codepar.settings import Settings
from evaluators.benchmarks import pareval
from evaluators.benchmarks.pareval import Problem
from evaluators.harness import environment_hash
from evaluators.pareval.ask import ask_body
from evaluators.pareval.report import lines_of_pareval, report_pareval
from evaluators.pareval.samples import Answerer, Bench, ParEvalPlan, ParEvalRun, answers_of, run_pareval
from evaluators.pareval.truth import Truths, empty_answer, right_answer
from worker.executor import open_executor

_ASKING = ("model", "default")
SYSTEMS = {
    "model": "the language model alone: one greedy answer (pass@1)",
    "default": "the same: codepar has no rules that write a body from a comment",
    "empty": "a body that does nothing",
    "right": "the right answers that show whether the drivers work: baselines, and kernels of ours",
}


@dataclass(frozen=True)
class Asked:
    """Which tasks, who answers them, and where the samples go. ``every``: each so manieth problem."""

    data: Path
    system: str
    models: tuple[pareval.Model, ...] = pareval.DEFAULT_MODELS
    limit: int | None = None
    every: int = 1
    budget_s: float = 60.0
    output: Path | None = None


def run_pareval_command(asked: Asked, settings: Settings, *, as_json: bool) -> int:
    """Ask a system for each body and judge it; ``system`` may be a file of answers."""
    problems = _problems(asked)
    is_file = Path(asked.system).is_file()
    if not is_file and asked.system not in SYSTEMS:
        remedy = f"{', '.join(SYSTEMS)}, or a file of answers"
        raise InvalidInput(f"there is no system {asked.system!r} for {pareval.NAME}", remedy=remedy)
    name = Path(asked.system).stem if is_file else asked.system
    path = checked_output(asked.output) or new_file(settings, pareval.NAME, name)
    ran, provenance = asyncio.run(_run(asked, problems, path, settings))
    say(f"codepar: {ran.made} samples made, {ran.found} were there: {path}")
    _show(path, len(problems), provenance, as_json=as_json)
    if ran.faults:
        say(f"codepar: {ran.faults} samples failed for what they stand on and are left out; the same command makes them again")
    return 3 if ran.faults else 0


def score_pareval(path: Path, data: Path | None, *, as_json: bool) -> int:
    """Judge the answers of a file anew; without the problems' folder show what was judged here before."""
    if data is None:
        return _show(path, None, None, as_json=as_json)
    answered = {task.partition("/")[0] for task in answers_of(path)}
    models = tuple(model for model in pareval.MODELS if model in answered)
    return run_pareval_command(Asked(data, str(path), models or pareval.DEFAULT_MODELS), Settings(), as_json=as_json)


def is_pareval(path: Path) -> bool:
    """Whether the first row of a file is of this benchmark; what cannot be read is not."""
    try:
        with path.open(encoding="utf-8") as file:
            row = json.loads(file.readline())
    except (OSError, ValueError):
        return False
    if not isinstance(row, dict):
        return False
    return row.get("benchmark") == pareval.NAME or str(row.get("task_id")).partition("/")[0] in pareval.MODELS


def fetch_pareval(folder: Path, commit: str = pareval.COMMIT, url: str = pareval.REPOSITORY) -> int:
    """Clone the repository at a commit into ``folder``. Raises ``ToolMissing``, ``EnvironmentFault``, ``InvalidInput``."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidInput(f"{folder} is not empty", remedy="name another folder")
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise InvalidInput(f"{commit[:60]!r} is no commit", remedy="give all 40 hexadecimal digits")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as name:
            made = Path(name) / "clone"
            _git("init", "-q", str(made))
            _git("fetch", "-q", "--depth", "1", "--", url, commit, at=made)
            _git("checkout", "-q", "FETCH_HEAD", at=made)
            problems = pareval.load(made, pareval.MODELS)
            made.rename(folder)
    except OSError as error:
        raise EnvironmentFault(f"{folder} cannot be made: {error.strerror}", remedy="name another folder") from error
    say(f"codepar: {len(problems)} tasks of {pareval.NAME} at {commit[:12]}: {folder}")
    return 0


def _git(command: str, *arguments: str, at: Path | None = None) -> None:
    place = () if at is None else ("-C", str(at))
    try:
        ran = subprocess.run(["git", *place, command, *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise ToolMissing("git is not installed", remedy="install git, or give --data a clone made elsewhere") from error
    if ran.returncode:
        last = (ran.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise EnvironmentFault(f"git {command} failed: {last}", remedy="see that the repository can be reached (--url)")


def _problems(asked: Asked) -> Sequence[Problem]:
    found = pareval.load(asked.data, asked.models)
    names = list(dict.fromkeys(one.name for one in found))[:: asked.every][: asked.limit]
    return [one for one in found if one.name in set(names)]


async def _run(asked: Asked, problems: Sequence[Problem], path: Path, settings: Settings) -> tuple[ParEvalRun, dict[str, Any]]:
    executor = open_executor(settings, False)
    generator = await open_model(settings, asked.budget_s) if asked.system in _ASKING else None
    if generator is None and asked.system in _ASKING:
        raise EngineUnavailable("there is no language model to ask", remedy="codepar models pull")
    try:
        known = {"model", "artefact", "sha256", "backend"}
        capabilities = (await generator.capabilities()).model_dump(include=known) if generator else {"model": None}
        provenance = {**capabilities, "system": asked.system, "commit": _commit(asked.data)}
        plan = ParEvalPlan(problems, asked.system, _data_hash(problems), environment_hash(provenance))
        truths = Truths(executor, settings.cache_dir / "pareval" / "truths.json", f"{platform.node()} {platform.machine()}")
        bench = Bench(_answerer(asked, generator), executor, truths)
        ran = await run_pareval(plan, path, bench, lambda text: say(f"codepar: {text}"))
    finally:
        if generator is not None:
            await generator.close()
    return ran, provenance


def _answerer(asked: Asked, generator: Generator | None) -> Answerer:
    given = answers_of(Path(asked.system)) if asked.system not in SYSTEMS else {}

    async def answer(problem: Problem) -> str | None:
        if generator is not None:
            return await ask_body(problem, generator, asked.budget_s)
        if asked.system == "right":
            return right_answer(problem)
        return empty_answer(problem) if asked.system == "empty" else given.get(problem.task_id)

    return answer


def _data_hash(problems: Sequence[Problem]) -> str:
    texts = (text for one in problems for text in (one.task_id, one.prompt, one.driver, one.baseline))
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]


def _commit(folder: Path) -> str | None:
    """What the folder's own git says; None for one without."""
    try:
        ran = subprocess.run(["git", "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return ran.stdout.strip() if ran.returncode == 0 and (folder / ".git").exists() else None


def _show(path: Path, tasks: int | None, provenance: dict[str, Any] | None, *, as_json: bool) -> int:
    report = report_pareval(path, tasks, provenance)
    for note in report.notes:
        say(f"codepar: note: {note}")
    if as_json:
        print_json(report)
    else:
        typer.echo("\n".join(lines_of_pareval(report)))
    return 0
