"""The report of a file of decompositions: rates with intervals, right answers by kind of prompt, what went wrong where.

What went wrong is not shown for the half that is set aside: it would be read by who writes rules.
Limits: prompts without a sample are named, not counted.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codepar import __version__
from codepar.errors import InvalidInput
from codepar.protocols import Record
from evaluators.benchmarks.codepp import HIDDEN, NAME, Case, Part, load_part
from evaluators.decompositions import DecompositionSample, data_hash, read_decompositions
from evaluators.intervals import RESAMPLES, Interval
from evaluators.metrics.decomposition import Match, match, rates

_SHARES = (
    ("split_precision", "split: precision"),
    ("split_recall", "split: recall"),
    ("items_exact", "items exact, of prompts split rightly"),
    ("items_f1", "items, F1"),
    ("edges_f1", "edges, F1"),
    ("refusal_agrees", "reason for keeping whole"),
    ("grounded", "grounded splits"),
)


class KindCount(Record):
    """Prompts of one kind and how many of them are right in everything (decision, items, edges)."""

    right: int
    n: int


class DecompositionReport(Record):
    """The design's shape of a score, with what is needed to read it. ``wrong`` says what is wrong with which prompt."""

    benchmark: str = NAME
    model: str
    part: Part
    prompts: int
    metrics: dict[str, Interval]
    kinds: dict[str, KindCount]
    statuses: dict[str, int]
    wrong: dict[str, str]
    notes: tuple[str, ...] = ()
    samples_file: str
    provenance: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Scored:
    case: Case
    sample: DecompositionSample
    match: Match


def report_decompositions(
    path: Path, cases: Sequence[Case], part: Part, provenance: dict[str, Any] | None = None
) -> DecompositionReport:
    """Score the samples of ``path``. Raises ``InvalidInput`` where none is of these prompts."""
    rows = {row.task_id: row for row in read_decompositions(path)}
    scored = [_score(case, rows[case.prompt.id]) for case in cases if case.prompt.id in rows]
    if not scored:
        raise InvalidInput(f"{path} holds no sample of the {part} prompts", remedy="name the part that the samples are of")
    first, data = scored[0].sample, data_hash(load_part(part))
    known = {"codepar": __version__, "python": platform.python_version(), "resamples": RESAMPLES, "seed": 0}
    return DecompositionReport(
        model=first.system or path.stem,
        part=part,
        prompts=len(scored),
        metrics=rates([one.match for one in scored], _spent(scored)),
        kinds=_by_kind(scored),
        statuses=dict(Counter(one.sample.status.value for one in scored).most_common()),
        wrong={} if part in HIDDEN else {one.case.prompt.id: _fault(one) for one in scored if not one.match.is_right},
        notes=tuple(_notes(scored, cases, data)),
        samples_file=str(path),
        provenance={**known, "data": data, "environment": first.environment or None, **(provenance or {})},
    )


def _score(case: Case, sample: DecompositionSample) -> _Scored:
    return _Scored(case, sample, match(case.prompt.text, case.prompt.files, case.gold, sample.decomposition))


def _spent(scored: Sequence[_Scored]) -> dict[str, list[float]]:
    samples = [one.sample for one in scored]
    return {
        "extraction_ms": [one.seconds for one in samples if one.seconds is not None],
        "extraction_cpu_ms": [one.cpu_seconds for one in samples if one.cpu_seconds is not None],
    }


def _by_kind(scored: Sequence[_Scored]) -> dict[str, KindCount]:
    all_of = Counter(one.case.prompt.kind for one in scored)
    right = Counter(one.case.prompt.kind for one in scored if one.match.is_right)
    return {kind: KindCount(right=right[kind], n=n) for kind, n in sorted(all_of.items())}


def _fault(one: _Scored) -> str:
    """In a few words."""
    found = one.match
    if one.sample.decomposition is None:
        return f"{one.sample.status.value}: {one.sample.message}"
    if found.is_wanted != found.is_proposed:
        return "split, should stay whole" if found.is_proposed else f"kept whole ({one.sample.decomposition.refusal})"
    if not found.is_exact:
        common, proposed, wanted = found.items
        return f"items: {common} right of {proposed} proposed and {wanted} wanted"
    common, proposed, wanted = found.edges
    return f"edges: {common} right of {proposed} proposed and {wanted} wanted"


def _notes(scored: Sequence[_Scored], cases: Sequence[Case], data: str) -> Iterator[str]:
    if len(scored) < len(cases):
        yield f"{len(scored)} of {len(cases)} prompts have a sample"
    if any(one.sample.data not in {"", data} for one in scored):
        yield "the samples were made from another state of the prompts or labels"


def lines_of_decompositions(report: DecompositionReport) -> Iterator[str]:
    """The report as lines of text."""
    yield f"{report.benchmark}, {report.model}: {report.prompts} {report.part} prompts; 95 % intervals"
    yield ""
    for name, title in _SHARES:
        interval = report.metrics[name]
        yield f"  {title:<42}{_shown(interval, 3):<26}n = {interval.n}"
    for name, title in (("extraction_ms", "extraction"), ("extraction_cpu_ms", "extraction, processor time")):
        for percent in (50, 95):
            if f"{name}_p{percent}" in report.metrics:
                yield f"  {f'{title}, p{percent}':<42}{_shown(report.metrics[f'{name}_p{percent}'], 2)} ms"
    yield ""
    yield f"  {'kind':<24}right"
    yield from (f"  {kind:<24}{count.right} of {count.n}" for kind, count in report.kinds.items())
    if report.wrong:
        yield ""
        yield from (f"  {task}: {fault}" for task, fault in report.wrong.items())
    yield f"samples: {', '.join(f'{number} {status}' for status, number in report.statuses.items())}"


def _shown(interval: Interval, digits: int) -> str:
    if interval.value is None:
        return "-"
    low, high = (f"{bound:.{digits}f}" if bound is not None else "-" for bound in (interval.low, interval.high))
    return f"{interval.value:.{digits}f} [{low}, {high}]"
