"""``codepar eval run|score|list|fetch``: what a system is worth, on hpcorpusmpi and mpi-languages (MPI), babeltower and pareval
(CUDA), codepp or codepp-fidelity (requests of several tasks).

Limits: --labels is for hpcorpusmpi alone, --variant for it and babeltower, --part and --batch for codepp, --target for pareval.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from codepar.cli.common import JsonOption, checked_output, print_json, say
from codepar.cli.eval_codepp import is_codepp, run_codepp, score_codepp
from codepar.cli.eval_fidelity import Chosen, is_fidelity, run_fidelity_command, score_fidelity
from codepar.cli.eval_files import new_file
from codepar.cli.eval_pareval import SYSTEMS as PAREVAL_SYSTEMS
from codepar.cli.eval_pareval import Asked, fetch_pareval, is_pareval, run_pareval_command, score_pareval
from codepar.cli.eval_translation import Part as PairsPart
from codepar.cli.eval_translation import is_babeltower, run_babeltower, score_babeltower
from codepar.errors import InvalidInput
from codepar.settings import Settings
from evaluators.benchmarks import babeltower, codepp, hpcorpusmpi, mpi_languages, pareval
from evaluators.benchmarks.renamed import renamed
from evaluators.benchmarks.task import Task
from evaluators.calls import LabelKind
from evaluators.fidelity import cases as fidelity
from evaluators.harness import Plan, Ran, run_tasks
from evaluators.isolated import IsolatedSystem
from evaluators.report import build_report, lines_of_report
from evaluators.samples import Variant
from evaluators.scoring import Report
from evaluators.systems import SYSTEMS
from evaluators.systems.answerers import ANSWERERS
from evaluators.systems.decomposers import DECOMPOSERS
from evaluators.translations import TRANSLATORS

_app = typer.Typer(help="Benchmarks: run a system, score its samples.", no_args_is_help=True)
_PLACED: tuple[LabelKind, ...] = ("corrected",)
_BOTH: tuple[LabelKind, ...] = ("original", "corrected")

Labels = Annotated[
    Literal["original", "corrected"] | None,
    typer.Option(help="Places as published, or corrected for their drift; without it both, the published ones first."),
]

Part = Annotated[
    codepp.Part, typer.Option(help="Of codepp and mpi-languages: for development, set aside; of codepp also generated ones.")
]


@_app.callback()
def _group() -> None:
    """Benchmarks: run a system, score its samples."""


def register(app: typer.Typer) -> None:
    """Add `eval` to the command."""
    app.add_typer(_app, name="eval")


@_app.command("run")
def run_command(
    benchmark: Annotated[str, typer.Argument(help="hpcorpusmpi, mpi-languages, babeltower, pareval, codepp or codepp-fidelity.")],
    *,
    data: Annotated[
        Path | None, typer.Option(help="The benchmark's JSONL file (hpcorpusmpi, babeltower) or folder (pareval).")
    ] = None,
    part: Part = "development",
    system: Annotated[str, typer.Option(help=f"{', '.join(SYSTEMS)}, or a JSONL file of samples.")] = "default",
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many programs only.")] = None,
    labels: Labels = None,
    variant: Annotated[Variant, typer.Option(help="renamed: the programs' own names replaced.")] = "original",
    model: Annotated[str | None, typer.Option(help="Name of an installed model, or of one at the engine.")] = None,
    budget: Annotated[float, typer.Option(min=0.1, help="Seconds that the language model may take for a program.")] = 60.0,
    language: Annotated[Literal["fortran", "python"], typer.Option(help="Of mpi-languages: which of its languages.")] = "fortran",
    timeout: Annotated[float, typer.Option(min=1.0, help="Seconds after which a program counts as not answered.")] = 300.0,
    every: Annotated[int, typer.Option(min=1, help="Of babeltower, pareval, codepp-fidelity: each so manieth problem only.")] = 1,
    together: Annotated[int, typer.Option(min=1, max=64, help="Of codepp-fidelity: prompts asked at a time.")] = 1,
    target: Annotated[str, typer.Option(help="Of pareval: which of cuda, omp and serial, with commas.")] = "cuda,omp",
    candidates: Annotated[int, typer.Option("--candidates", "-n", min=0, help="Of babeltower: answers of the model.")] = 8,
    repair: Annotated[int, typer.Option(min=0, help="Of babeltower: how often a failed answer is given back.")] = 3,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Samples; the same command goes on where it stopped.")
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Ask a system for each program or prompt of a benchmark, and score what it proposes."""
    if benchmark == codepp.NAME:
        return run_codepp(part, system, limit, timeout, output, as_json=as_json)
    settings = Settings(model=model) if model else Settings()
    if benchmark == fidelity.NAME:
        return run_fidelity_command(Chosen(system, limit, every, timeout, output, together), settings, as_json=as_json)
    if data is None:
        raise InvalidInput(f"{benchmark} needs --data", remedy="name the benchmark's file")
    if benchmark == babeltower.NAME:
        asked = {"candidates": candidates, "repair": repair, "budget_s": budget}
        pairs = PairsPart(limit, every, variant)
        return run_babeltower(data, system, pairs, output, settings=settings, asked=asked, as_json=as_json)
    if benchmark == pareval.NAME:
        asked_for = Asked(data, system, pareval.models_of(target), limit, every, budget, output)
        return run_pareval_command(asked_for, settings, as_json=as_json)
    tasks = _tasks(benchmark, data, limit, language, part)
    kinds = _kinds(labels) if benchmark == hpcorpusmpi.NAME else _PLACED
    if system not in SYSTEMS and Path(system).is_file():
        return _show(build_report(Path(system), tasks, kinds, settings), kinds, as_json)
    if system not in SYSTEMS:
        raise InvalidInput(f"there is no system {system!r}", remedy=f"one of {', '.join(SYSTEMS)}, or a file of samples")
    path = checked_output(output) or new_file(settings, benchmark, system, variant)
    chosen = [renamed(task) for task in tasks] if variant == "renamed" else tasks
    plan = Plan(benchmark, chosen, system, variant, hashlib.sha256(data.read_bytes()).hexdigest()[:12])
    command = [sys.executable, "-P", "-m", "evaluators.child", "--system", system, "--budget", str(budget)]
    with IsolatedSystem(command, settings.environment(), timeout) as isolated:
        ran = run_tasks(plan, isolated, path, lambda text: say(f"codepar: {text}"))
    say(f"codepar: {ran.made} samples made, {ran.found} were there: {path}")
    _show(build_report(path, tasks, kinds, settings, provenance=ran.provenance), kinds, as_json)
    return _exit_code(ran)


@_app.command("score")
def score_command(
    samples: Annotated[
        Path, typer.Argument(metavar="FILE|-", help="JSONL of task_id and edits or answer, or of pred and label.")
    ],
    *,
    data: Annotated[
        Path | None, typer.Option(help="The benchmark's programs; without it pred and label are scored by themselves.")
    ] = None,
    part: Part = "development",
    batch: Annotated[
        int | None, typer.Option(min=1, max=2, help="Of codepp: the first or second batch of prompts alone.")
    ] = None,
    labels: Labels = None,
    against: Annotated[Path | None, typer.Option(help="Samples of another system: paired differences to it.")] = None,
    as_json: JsonOption = False,
) -> int:
    """Score a file of samples, whoever made it."""
    if is_fidelity(samples):
        return score_fidelity(samples, as_json=as_json)
    if is_codepp(samples):
        return score_codepp(samples, part, as_json=as_json, batch=batch)
    if is_babeltower(samples):
        return score_babeltower(samples, babeltower.load(data) if data else None, as_json=as_json)
    if is_pareval(samples):
        return score_pareval(samples, data, as_json=as_json)
    kinds = _kinds(labels)
    tasks: Sequence[Task] = _tasks(hpcorpusmpi.NAME, data, None) if data and not mpi_languages.is_languages(samples) else ()
    if mpi_languages.is_languages(samples):
        if data is None:
            raise InvalidInput(f"samples of {mpi_languages.NAME} need --data", remedy="name the benchmark's file")
        kinds, tasks = _PLACED, mpi_languages.load(data)
    if against is not None and data is None:
        raise InvalidInput("--against needs --data", remedy="name the benchmark's file")
    path = Path("/dev/stdin") if str(samples) == "-" else samples
    return _show(build_report(path, tasks, kinds, Settings(), against=against), kinds, as_json)


@_app.command("fetch")
def fetch_command(
    benchmark: Annotated[str, typer.Argument(help="The benchmark: pareval.")],
    *,
    data: Annotated[Path, typer.Option(help="The folder to make.")],
    commit: Annotated[str, typer.Option(help="Another commit than the one that the adapter was tried on.")] = pareval.COMMIT,
    url: Annotated[str, typer.Option(help="Where to clone it from: a mirror, or a folder.")] = pareval.REPOSITORY,
) -> int:
    """Clone a benchmark's repository at a pinned commit; its text never becomes part of codepar."""
    if benchmark != pareval.NAME:
        raise InvalidInput(f"{benchmark!r} is not fetched", remedy=f"codepar eval fetch {pareval.NAME} --data FOLDER")
    return fetch_pareval(data, commit, url)


@_app.command("list")
def list_command(as_json: JsonOption = False) -> None:
    """Which benchmarks and systems there are."""
    if as_json:
        print_json(
            {
                "benchmarks": [hpcorpusmpi.NAME, mpi_languages.NAME, babeltower.NAME, pareval.NAME, codepp.NAME, fidelity.NAME],
                "systems": dict(SYSTEMS),
                "translators": dict(TRANSLATORS),
                "writers": dict(PAREVAL_SYSTEMS),
                "decomposers": dict(DECOMPOSERS),
                "answerers": dict(ANSWERERS),
            }
        )
        return
    typer.echo(f"benchmark  {hpcorpusmpi.NAME}: MPI completion on the test programs of MPIrigen, given as a file")
    typer.echo(f"benchmark  {mpi_languages.NAME}: the same of Fortran and mpi4py programs, given as a file")
    for name, what in SYSTEMS.items():
        typer.echo(f"system     {name}: {what}")
    typer.echo(f"benchmark  {babeltower.NAME}: sequential functions to CUDA, MuSL's pairs with tests, given as a file")
    for name, what in TRANSLATORS.items():
        typer.echo(f"system     {name}: {what}")
    typer.echo(f"benchmark  {pareval.NAME}: bodies of functions, serial, OpenMP and CUDA, given as a folder")
    for name, what in PAREVAL_SYSTEMS.items():
        typer.echo(f"system     {name}: {what}")
    typer.echo(f"benchmark  {codepp.NAME}: decomposition of prompts, part of codepar")
    for name, what in DECOMPOSERS.items():
        typer.echo(f"system     {name}: {what}")
    typer.echo(
        f"benchmark  {fidelity.NAME}: prompts of several functions answered at once and in parts, and run; part of codepar"
    )
    for name, what in ANSWERERS.items():
        typer.echo(f"system     {name}: {what}")


def _tasks(
    benchmark: str, data: Path, limit: int | None, language: mpi_languages.LanguageName = "fortran", part: str | None = None
) -> Sequence[Task]:
    if benchmark == mpi_languages.NAME:
        return mpi_languages.load(data, language, part)[:limit]
    if benchmark != hpcorpusmpi.NAME:
        raise InvalidInput(f"there is no benchmark {benchmark!r}", remedy="codepar eval list")
    return hpcorpusmpi.load(data)[:limit]


def _kinds(labels: LabelKind | None) -> tuple[LabelKind, ...]:
    return _BOTH if labels is None else (labels,)


def _show(report: Report, kinds: Sequence[LabelKind], as_json: bool) -> int:
    for note in report.notes:
        say(f"codepar: note: {note}")
    if as_json:
        print_json(report)
    else:
        typer.echo("\n".join(lines_of_report(report, kinds)))
    return 0


def _exit_code(ran: Ran) -> int:
    """3 where what the system stands on failed for some samples: the figures say nothing about those."""
    if ran.faults:
        say(f"codepar: {ran.faults} samples failed for what they stand on and are left out; the same command makes them again")
    return 3 if ran.faults else 0
