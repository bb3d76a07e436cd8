"""One report of a file of samples, as a record and as text for a person. Limits: MPI completion alone."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from codepar import __version__
from codepar.errors import CodeparError, InvalidInput
from codepar.mpi.headers import Signatures, load_signatures
from codepar.settings import Settings
from evaluators.benchmarks.renamed import renamed
from evaluators.benchmarks.task import Task
from evaluators.calls import LabelKind
from evaluators.intervals import RESAMPLES, Interval
from evaluators.metrics.mpi_strict import LEVELS
from evaluators.samples import Samples, read_samples
from evaluators.scoring import WITHOUT, Counts, Pair, Report, compare, count, count_statuses, pair_up, rates

_TITLES = {
    "function": "function",
    "line_function": "line + function",
    "function_arguments": "function + arguments",
    "whole_call": "line + function + arguments",
}


def build_report(
    path: Path,
    tasks: Sequence[Task],
    kinds: Sequence[LabelKind],
    settings: Settings,
    *,
    against: Path | None = None,
    provenance: dict[str, Any] | None = None,
) -> Report:
    """Score the samples of ``path``; ``tasks`` is empty where released answers are scored by their own labels.

    The first of ``kinds`` gives the metrics without prefix. Raises ``InvalidInput`` for samples that fit nothing.
    """
    samples = read_samples(path)
    pairs = _pairs(samples, tasks)
    signatures, notes = _signatures(settings)
    notes += _remarks(samples, pairs, tasks)
    counts = count(pairs, kinds, signatures)
    if not counts:
        raise InvalidInput(f"{path} holds no sample that says anything: the infrastructure failed for all", remedy="run it again")
    first = samples.rows[0]
    return Report(
        benchmark=first.benchmark or "hpcorpusmpi",
        model=first.system or path.stem,
        variant=first.variant,
        labels=kinds[0],
        programs=sum(one.pair.task is not None for one in counts) or len(counts),
        repositories=len({one.pair.task.repository for one in counts if one.pair.task is not None}),
        metrics=rates(counts, kinds),
        differences=compare(counts, _other(against, tasks, kinds, signatures), kinds) if against else None,
        statuses=count_statuses(pairs),
        notes=tuple(notes),
        samples_file=str(path),
        provenance=_provenance(samples, provenance or {}),
    )


def _pairs(samples: Samples, tasks: Sequence[Task]) -> list[Pair]:
    """The samples with their programs, renamed ones with renamed programs."""
    variants = {row.variant for row in samples.rows}
    if len(variants) > 1:
        raise InvalidInput("the samples are of several variants", remedy="score each variant from a file of its own")
    return pair_up(samples.rows, [renamed(task) for task in tasks] if variants == {"renamed"} else tasks)


def _other(
    path: Path | None, tasks: Sequence[Task], kinds: Sequence[LabelKind], signatures: Signatures | None
) -> Sequence[Counts]:
    assert path is not None
    return count(_pairs(read_samples(path), tasks), kinds, signatures)


def _signatures(settings: Settings) -> tuple[Signatures | None, list[str]]:
    try:
        return load_signatures(cache=settings.cache_dir), []
    except CodeparError as error:
        return None, [f"unknown names and wrong numbers of arguments were not looked for: {error}"]


def _remarks(samples: Samples, pairs: Sequence[Pair], tasks: Sequence[Task]) -> list[str]:
    notes: list[str] = []
    if samples.unreadable:
        notes.append(f"{samples.unreadable} lines of the samples could not be read")
    with_task = sum(pair.task is not None for pair in pairs)
    foreign = len(samples.rows) - len(pairs)
    if foreign:
        notes.append(f"{foreign} samples name programs that are not in the data; they are left out")
    if tasks and with_task < len(pairs):
        notes.append(
            f"{with_task} of {len(pairs)} answers belong to a program of the data; the published metric counts all of them, "
            "by their own labels, the strict one those alone"
        )
    elif tasks and len({pair.task.task_id for pair in pairs if pair.task}) < len(tasks):
        notes.append(f"{with_task} of {len(tasks)} programs have a sample")
    return notes


def _provenance(samples: Samples, given: dict[str, Any]) -> dict[str, Any]:
    first = samples.rows[0]
    known = {"codepar": __version__, "python": platform.python_version(), "resamples": RESAMPLES, "seed": 0}
    return {**known, "data": first.data or None, "environment": first.environment or None, **given}


def lines_of_report(report: Report, kinds: Sequence[LabelKind]) -> Iterator[str]:
    """The report as lines of text."""
    yield (
        f"{report.benchmark}, {report.model}{' (renamed)' if report.variant == 'renamed' else ''}: "
        f"{report.programs} programs of {report.repositories} repositories; 95 % intervals by repository"
    )
    for kind in kinds:
        prefix = "" if kind == kinds[0] else f"{kind}_"
        yield from _strict_table(report, kind, prefix, "")
        yield from _strict_table(report, kind, prefix, WITHOUT)
    if report.metrics["published_location_v0"].n:
        yield from _published_table(report)
    for name, title in (("unknown_identifier_share", "name an unknown identifier"), ("wrong_arity_share", "have a wrong arity")):
        if name in report.metrics and report.metrics[name].n:
            yield f"calls that {title}: {_shown(report.metrics[name])} of {report.metrics[name].n}"
    if report.differences is not None:
        yield ""
        yield "difference to the other file (F1, paired by repository)"
        for name, difference in report.differences.items():
            yield f"  {name:<42}{_signed(difference.value)} [{_signed(difference.low)}, {_signed(difference.high)}]"
    yield f"samples: {', '.join(f'{number} {status}' for status, number in report.statuses.items())}"


def _strict_table(report: Report, kind: str, prefix: str, suffix: str) -> Iterator[str]:
    what = "without the four" if suffix else "all calls"
    title = f"strict, {kind} labels, {what}"
    yield ""
    yield f"{title:<52}{'precision':<20}{'recall':<20}F1"
    for level in LEVELS:
        cells = [_shown(report.metrics[f"{prefix}{level}_{rate}{suffix}"]) for rate in ("precision", "recall", "f1")]
        yield f"  {_TITLES[level]:<50}{cells[0]:<20}{cells[1]:<20}{cells[2]}"


def _published_table(report: Report) -> Iterator[str]:
    title = f"published metric ({report.metrics['published_location_v0'].n} programs)"
    yield ""
    yield f"{title:<52}{'V=0':<20}{'V=1':<20}V=2"
    for name in ("location", "function", "arguments"):
        cells = [_shown(report.metrics[f"published_{name}_v{variance}"]) for variance in (0, 1, 2)]
        yield f"  {name:<50}{cells[0]:<20}{cells[1]:<20}{cells[2]}"
    yield ""


def _shown(interval: Interval) -> str:
    if interval.value is None:
        return "-"
    return f"{_short(interval.value)} [{_short(interval.low)}, {_short(interval.high)}]"


def _short(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}".removeprefix("0") if value < 1 else "1.00"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"
