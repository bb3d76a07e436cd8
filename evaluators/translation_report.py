"""One report of a file of translation samples, as a record and as text.

BLEU, chrF and CodeBLEU compare the kernels of each translation with the published one, where the pairs are given; no answer
counts as an empty text. They say how alike the texts are, which is no measure of being right. Limits: pairs count as
independent (Wilson's intervals); no interval for the likeness of texts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

from codepar.errors import ToolMissing
from codepar.protocols import Record, Status
from codepar.syntax.cuda import CudaSource
from evaluators.intervals import Interval, wilson
from evaluators.metrics.code_bleu import CodeBleu, corpus_code_bleu
from evaluators.metrics.text_overlap import Overlap, overlap
from evaluators.samples import Variant
from evaluators.translations import TranslationSample, read_translations

_TITLES = {
    "solved": "solved: verified by the whole ladder on fresh tests",
    "solved_recorded": "under MuSL's own recorded tests",
    "compiled": "compiled",
    "refused": "refused: nothing that could be judged",
    "verified_or_untestable": "solved, pairs without a telling test left out",
    "empty_passes": "an empty kernel is verified by the whole ladder",
    "empty_passes_recorded": "an empty kernel passes the recorded tests",
    "original_passes_recorded": "the original itself prints what was recorded, here",
}
_SAYS_NOTHING = (None, Status.COMPILE_ERROR, Status.INFRA_ERROR)


class CostShares(Record):
    """Per task, in seconds: the mean of each part and the median of the whole; and how much an answer, an accepted one, took.

    An accepted answer bears what the others took, too: the totals over the accepted ones.
    """

    median_s: float
    mean_s: float
    generation_s: float
    compile_s: float
    run_s: float
    generations_per_answer: float
    executions_per_answer: float
    generations_per_accepted: float | None
    executions_per_accepted: float | None


class Likeness(Record):
    """How alike the kernels and the published ones are. ``overlap`` is None without ``sacrebleu``."""

    pairs: int
    overlap: Overlap | None
    code_bleu: CodeBleu


class TranslationReport(Record):
    """The design's shape: rates with intervals, who made the verified ones, why the others are not."""

    benchmark: str
    model: str
    variant: Variant = "original"
    metrics: dict[str, Interval]
    origins: dict[str, int]
    statuses: dict[str, int]
    cost: CostShares | None
    likeness: Likeness | None = None
    notes: tuple[str, ...] = ()
    samples_file: str
    provenance: dict[str, Any]


def report_translations(
    path: Path, tasks: int | None, provenance: dict[str, Any] | None = None, references: Mapping[str, str] | None = None
) -> TranslationReport:
    """Score a file; ``tasks`` is how many the benchmark has, ``references`` are published kernels by task.

    Raises ``InvalidInput`` where the infrastructure failed for all.
    """
    every = read_translations(path)
    rows = [row for row in every if row.status is not Status.INFRA_ERROR]
    notes = [f"{len(every) - len(rows)} samples failed for what they stand on and are left out"] if len(rows) < len(every) else []
    if tasks is not None and len(every) < tasks:
        notes.append(f"{len(every)} of {tasks} pairs have a sample")
    notes.append("pairs are taken as independent: their repositories are not known")
    return TranslationReport(
        benchmark=every[0].benchmark,
        model=every[0].system or path.stem,
        variant=every[0].variant,
        metrics=_metrics(rows),
        origins=dict(Counter(row.origin.value for row in rows if row.verified and row.origin is not None)),
        statuses=dict(Counter(row.status.value for row in rows).most_common()),
        cost=_cost(rows),
        likeness=_likeness(rows, references or {}),
        notes=tuple(notes),
        samples_file=str(path),
        provenance={"data": every[0].data or None, "environment": every[0].environment or None, **(provenance or {})},
    )


def _metrics(rows: Sequence[TranslationSample]) -> dict[str, Interval]:
    testable = [row for row in rows if row.status is not Status.INVALID_TESTS]
    empty = [row.empty_judged for row in rows if row.empty_judged not in _SAYS_NOTHING]
    return {
        "solved": wilson(sum(row.verified for row in rows), len(rows)),
        "solved_recorded": wilson(sum(row.recorded for row in rows), len(rows)),
        "compiled": wilson(sum(row.compiled for row in rows), len(rows)),
        "refused": wilson(sum(row.status is Status.REFUSED for row in rows), len(rows)),
        "verified_or_untestable": wilson(sum(row.verified for row in testable), len(testable)),
        "empty_passes": wilson(sum(one is Status.OK for one in empty), len(empty)),
        "empty_passes_recorded": wilson(sum(row.empty_recorded for row in rows), len(rows)),
        "original_passes_recorded": wilson(sum(row.original_recorded for row in rows), len(rows)),
    }


def _likeness(rows: Sequence[TranslationSample], references: Mapping[str, str]) -> Likeness | None:
    pairs = [(kernels_of(row.source), references[row.task_id]) for row in rows if references.get(row.task_id)]
    if not pairs:
        return None
    try:
        found = overlap([one for one, _ in pairs], [other for _, other in pairs])
    except ToolMissing:
        found = None
    return Likeness(pairs=len(pairs), overlap=found, code_bleu=corpus_code_bleu(pairs))


def kernels_of(source: str) -> str:
    """The kernels of a translation and the functions that they call, without what is for the host."""
    view = CudaSource(source)
    data = source.encode()
    spans = sorted((one.function.span.start, one.function.span.end) for one in view.device_functions)
    return "\n".join(data[start:end].decode(errors="replace") for start, end in spans)


def _cost(rows: Sequence[TranslationSample]) -> CostShares | None:
    if not rows:
        return None
    accepted = sum(row.verified for row in rows)
    generations, executions = (sum(getattr(row.cost, name) for row in rows) for name in ("generations", "executions"))
    return CostShares(
        median_s=median(row.cost.wall_s for row in rows),
        mean_s=mean(row.cost.wall_s for row in rows),
        generation_s=mean(row.cost.generation_s for row in rows),
        compile_s=mean(row.cost.compile_s for row in rows),
        run_s=mean(row.cost.run_s for row in rows),
        generations_per_answer=generations / len(rows),
        executions_per_answer=executions / len(rows),
        generations_per_accepted=generations / accepted if accepted else None,
        executions_per_accepted=executions / accepted if accepted else None,
    )


def lines_of_translations(report: TranslationReport) -> Iterator[str]:
    """The report as lines of text."""
    renamed = " (renamed)" if report.variant == "renamed" else ""
    yield f"{report.benchmark}, {report.model}{renamed}: {report.metrics['solved'].n} pairs; 95 % intervals (Wilson)"
    for name, title in _TITLES.items():
        interval = report.metrics[name]
        if interval.value is not None:
            yield f"  {title:<56}{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}] of {interval.n}"
    by = ", ".join(f"{number} by {origin}" for origin, number in report.origins.items()) or "none"
    yield f"verified: {by}"
    yield f"verdicts: {', '.join(f'{number} {status}' for status, number in report.statuses.items())}"
    yield from _lines_of_likeness(report.likeness)
    cost = report.cost
    if cost is not None:
        yield (
            f"a translation takes {cost.median_s:.1f} s (median), {cost.mean_s:.1f} s (mean); in the mean "
            f"{cost.generation_s:.1f} s for the model, {cost.compile_s:.1f} s compiling, "
            f"{cost.run_s:.1f} s running (summed over what ran side by side)"
        )
        yield (
            f"a task took {cost.generations_per_answer:.1f} answers of the model and {cost.executions_per_answer:.1f} executions"
        )
        if cost.generations_per_accepted is not None and cost.executions_per_accepted is not None:
            yield (
                f"a verified answer took {cost.generations_per_accepted:.1f} answers of the model and "
                f"{cost.executions_per_accepted:.1f} executions, those for the others included"
            )


def _lines_of_likeness(likeness: Likeness | None) -> Iterator[str]:
    if likeness is None:
        return
    code = likeness.code_bleu
    flow = "-" if code.flow is None else f"{code.flow:.3f}"
    yield (
        f"likeness to {likeness.pairs} published kernels: CodeBLEU {code.score:.3f} (n-grams {code.ngram:.3f}, "
        f"weighted {code.weighted:.3f}, syntax {code.syntax:.3f}, data flow {flow})"
    )
    found = likeness.overlap
    if found is None:
        yield "  BLEU and chrF need sacrebleu: pip install 'codepar[metrics]'"
    else:
        yield f"  BLEU {found.bleu:.1f} ({found.bleu_signature}), chrF {found.chrf:.1f} ({found.chrf_signature})"
