"""One report of judged ParEval samples, a column for each model: as upstream sees it, right values, truly parallel, solved.

Tasks whose driver is broken or weak here are listed and left out of every rate. Limits: one sample a problem; problems count as
independent (Wilson's intervals), though five each are of one kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from codepar.protocols import Record, Status
from evaluators.benchmarks.pareval import MODELS, NAME
from evaluators.intervals import Interval, wilson
from evaluators.pareval.samples import ParEvalSample, read_pareval
from evaluators.pareval.truth import Truth

_TITLES = {
    "compiled": "compiled",
    "as_upstream": "as upstream: its program, its verdict on standard output",
    "correct": "right values: our verdict, fresh inputs",
    "true_parallel": "truly parallel: right values by more than one thread",
    "solved": "solved: and no race or memory error observed",
    "gt_pass_rate": "tasks that can be scored here (gt_pass_rate)",
}
_LEFT_OUT = {
    Truth.BROKEN: "the right answer does not pass the driver",
    Truth.WEAK: "an answer that does nothing passes the driver",
}


class ParEvalReport(Record):
    """The design's shape: rates with intervals by ``model_rate``, statuses by model, tasks left out by reason."""

    benchmark: str
    model: str
    metrics: dict[str, Interval]
    statuses: dict[str, dict[str, int]]
    left_out: dict[str, tuple[str, ...]]
    notes: tuple[str, ...] = ()
    samples_file: str
    provenance: dict[str, Any]


def report_pareval(path: Path, tasks: int | None, provenance: dict[str, Any] | None = None) -> ParEvalReport:
    """Score a file of judged samples; ``tasks`` is how many were asked for. Raises ``NotFound``, ``InvalidInput``."""
    every = read_pareval(path)
    rows = [row for row in every if row.status is not Status.INFRA_ERROR]
    notes = [f"{len(every) - len(rows)} samples failed for what they stand on and are left out"] if len(rows) < len(every) else []
    if tasks is not None and len(every) < tasks:
        notes.append(f"{len(every)} of {tasks} tasks have a sample")
    unknown = sum(row.truth is Truth.UNKNOWN for row in rows)
    if unknown:
        notes.append(f"of {unknown} tasks it is not known whether the driver works here; they are counted")
    models = [model for model in MODELS if any(_model(row) == model for row in rows)]
    metrics: dict[str, Interval] = {}
    for model in models:
        metrics |= {f"{model}_{name}": one for name, one in _rates([row for row in rows if _model(row) == model]).items()}
    counted = [row for row in rows if row.truth not in _LEFT_OUT]
    return ParEvalReport(
        benchmark=NAME,
        model=every[0].system or path.stem,
        metrics=metrics,
        statuses={
            model: dict(Counter(row.status.value for row in counted if _model(row) == model).most_common()) for model in models
        },
        left_out={why: tuple(row.task_id for row in rows if row.truth is truth) for truth, why in _LEFT_OUT.items()},
        notes=tuple(notes),
        samples_file=str(path),
        provenance={"data": every[0].data or None, "environment": every[0].environment or None, **(provenance or {})},
    )


def _model(row: ParEvalSample) -> str:
    return row.task_id.partition("/")[0]


def _rates(rows: Sequence[ParEvalSample]) -> dict[str, Interval]:
    counted = [row for row in rows if row.truth not in _LEFT_OUT]
    n = len(counted)
    parallel = {} if _model(rows[0]) == "serial" else {"true_parallel": wilson(sum(map(_is_parallel, counted)), n)}
    return {
        "compiled": wilson(sum(row.compiled for row in counted), n),
        "as_upstream": wilson(sum(row.upstream is True for row in counted), n),
        "correct": wilson(sum(row.correct is True for row in counted), n),
        **parallel,
        "solved": wilson(sum(row.status is Status.OK for row in counted), n),
        "gt_pass_rate": wilson(sum(row.truth is Truth.OK for row in rows), len(rows)),
    }


def _is_parallel(row: ParEvalSample) -> bool:
    return row.correct is True and row.parallel is True


def lines_of_pareval(report: ParEvalReport) -> Iterator[str]:
    """The report as lines of text."""
    yield f"{report.benchmark}, {report.model}; 95 % intervals (Wilson)"
    for model, statuses in report.statuses.items():
        yield f"{model}: {report.metrics[f'{model}_solved'].n} tasks counted"
        for name, title in _TITLES.items():
            rate = report.metrics.get(f"{model}_{name}")
            if rate is not None and rate.value is not None:
                yield f"  {title:<58}{rate.value:.3f} [{rate.low:.3f}, {rate.high:.3f}] of {rate.n}"
        yield f"  statuses: {', '.join(f'{number} {status}' for status, number in statuses.items())}"
    for why, tasks in report.left_out.items():
        if tasks:
            yield f"left out, {why}: {', '.join(tasks)}"
