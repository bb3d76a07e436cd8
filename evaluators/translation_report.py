"""One report of a file of translation samples, as a record and as text.

Limits: pairs count as independent (Wilson's intervals).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

from codepar.protocols import Record, Status
from evaluators.intervals import Interval, wilson
from evaluators.translations import TranslationSample, read_translations

_TITLES = {
    "solved": "solved: verified by the whole ladder on fresh tests",
    "solved_recorded": "under MuSL's own recorded tests",
    "compiled": "compiled",
    "verified_or_untestable": "solved, pairs without a telling test left out",
    "empty_passes_recorded": "an empty kernel passes the recorded tests",
    "original_passes_recorded": "the original itself prints what was recorded, here",
}


class CostShares(Record):
    """Per task, in seconds: the mean of each part and the median of the whole; and how much an accepted answer took."""

    median_s: float
    mean_s: float
    generation_s: float
    compile_s: float
    run_s: float
    generations_per_accepted: float | None
    executions_per_accepted: float | None


class TranslationReport(Record):
    """The design's shape: rates with intervals, who made the verified ones, why the others are not."""

    benchmark: str
    model: str
    metrics: dict[str, Interval]
    origins: dict[str, int]
    statuses: dict[str, int]
    cost: CostShares | None
    notes: tuple[str, ...] = ()
    samples_file: str
    provenance: dict[str, Any]


def report_translations(path: Path, tasks: int | None, provenance: dict[str, Any] | None = None) -> TranslationReport:
    """Score a file; ``tasks`` is how many the benchmark has. Raises ``InvalidInput`` where the infrastructure failed for all."""
    every = read_translations(path)
    rows = [row for row in every if row.status is not Status.INFRA_ERROR]
    notes = [f"{len(every) - len(rows)} samples failed for what they stand on and are left out"] if len(rows) < len(every) else []
    if tasks is not None and len(every) < tasks:
        notes.append(f"{len(every)} of {tasks} pairs have a sample")
    notes.append("pairs are taken as independent: their repositories are not known")
    return TranslationReport(
        benchmark=every[0].benchmark,
        model=every[0].system or path.stem,
        metrics=_metrics(rows),
        origins=dict(Counter(row.origin.value for row in rows if row.verified and row.origin is not None)),
        statuses=dict(Counter(row.status.value for row in rows).most_common()),
        cost=_cost(rows),
        notes=tuple(notes),
        samples_file=str(path),
        provenance={"data": every[0].data or None, "environment": every[0].environment or None, **(provenance or {})},
    )


def _metrics(rows: Sequence[TranslationSample]) -> dict[str, Interval]:
    testable = [row for row in rows if row.status is not Status.INVALID_TESTS]
    return {
        "solved": wilson(sum(row.verified for row in rows), len(rows)),
        "solved_recorded": wilson(sum(row.recorded for row in rows), len(rows)),
        "compiled": wilson(sum(row.compiled for row in rows), len(rows)),
        "verified_or_untestable": wilson(sum(row.verified for row in testable), len(testable)),
        "empty_passes_recorded": wilson(sum(row.empty_recorded for row in rows), len(rows)),
        "original_passes_recorded": wilson(sum(row.original_recorded for row in rows), len(rows)),
    }


def _cost(rows: Sequence[TranslationSample]) -> CostShares | None:
    if not rows:
        return None
    accepted = sum(row.verified for row in rows)
    return CostShares(
        median_s=median(row.cost.wall_s for row in rows),
        mean_s=mean(row.cost.wall_s for row in rows),
        generation_s=mean(row.cost.generation_s for row in rows),
        compile_s=mean(row.cost.compile_s for row in rows),
        run_s=mean(row.cost.run_s for row in rows),
        generations_per_accepted=sum(row.cost.generations for row in rows) / accepted if accepted else None,
        executions_per_accepted=sum(row.cost.executions for row in rows) / accepted if accepted else None,
    )


def lines_of_translations(report: TranslationReport) -> Iterator[str]:
    """The report as lines of text."""
    yield f"{report.benchmark}, {report.model}: {report.metrics['solved'].n} pairs; 95 % intervals (Wilson)"
    for name, title in _TITLES.items():
        interval = report.metrics[name]
        if interval.value is not None:
            yield f"  {title:<56}{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}] of {interval.n}"
    by = ", ".join(f"{number} by {origin}" for origin, number in report.origins.items()) or "none"
    yield f"verified: {by}"
    yield f"verdicts: {', '.join(f'{number} {status}' for status, number in report.statuses.items())}"
    cost = report.cost
    if cost is not None:
        yield (
            f"a translation takes {cost.median_s:.1f} s (median), {cost.mean_s:.1f} s (mean); in the mean "
            f"{cost.generation_s:.1f} s for the model, {cost.compile_s:.1f} s compiling, "
            f"{cost.run_s:.1f} s running (summed over what ran side by side)"
        )
        if cost.generations_per_accepted is not None and cost.executions_per_accepted is not None:
            yield (
                f"an accepted answer took {cost.generations_per_accepted:.1f} answers of the model and "
                f"{cost.executions_per_accepted:.1f} executions"
            )
