"""The report of a file of fidelity samples: pass rates both ways, paired; completeness, order, signatures; tokens and seconds.

Functions of one prompt are answered together, so prompts are drawn for the intervals, not functions. Limits: prompts with an
infrastructure's fault are left out; seconds are those of the machine as it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import geometric_mean, quantiles
from typing import Any

from codepar.errors import InvalidInput
from codepar.protocols import Record, Status
from evaluators.fidelity.cases import NAME
from evaluators.fidelity.rows import FidelitySample, Way, read_fidelity
from evaluators.intervals import Difference, Interval, Totals, cluster_bootstrap, paired_bootstrap, wilson
from evaluators.systems.answerers import MADE

_TITLES = {
    "passed": "functions whose own test passes",
    "complete": "prompts with every function there",
    "in_order": "prompts with the functions in order",
    "same_signature": "functions there with the exact declaration",
    "foreign": "functions whose answer rewrites others",
}
_WAYS = ("serial", "parallel")


class Spread(Record):
    """A ratio over prompts."""

    mean: float
    p5: float
    p50: float
    p95: float


class FidelityReport(Record):
    """Rates by ``serial_NAME`` and ``parallel_NAME``; ``difference`` is parallel minus serial of the pass rate.

    ``pairs`` counts functions by which way passed; ``inflation`` is tokens of the answers, parallel over serial, ``speedup``
    seconds, serial over parallel (none where no model was asked); ``cut`` are prompts with an answer that ended at its bound.
    """

    benchmark: str = NAME
    model: str
    prompts: int
    functions: int
    metrics: dict[str, Interval]
    difference: Difference
    pairs: dict[str, int]
    by_code: dict[str, dict[str, Interval]]
    statuses: dict[str, dict[str, int]]
    split: Interval
    inflation_in_all: float | None
    inflation: Spread | None
    speedup: Spread | None
    cut: dict[str, int]
    notes: tuple[str, ...] = ()
    samples_file: str
    provenance: dict[str, Any]


def report_fidelity(path: Path, prompts: int | None, provenance: dict[str, Any] | None = None) -> FidelityReport:
    """Score a file; ``prompts`` is how many were asked for. Raises ``NotFound``, ``InvalidInput``."""
    every = read_fidelity(path)
    rows = [row for row in every if row.serial is not None and row.parallel is not None]
    if not rows:
        raise InvalidInput(f"{path} holds no prompt that was answered: {every[0].message}", remedy="run the same command again")
    ways = {name: {row.task_id: _way(row, name) for row in rows} for name in _WAYS}
    metrics = {f"{name}_{metric}": one for name in _WAYS for metric, one in _rates(rows, name).items()}
    passed = {name: {task: _passed(way) for task, way in ways[name].items()} for name in _WAYS}
    return FidelityReport(
        model=every[0].system or path.stem,
        prompts=len(rows),
        functions=sum(len(way.items) for way in ways["serial"].values()),
        metrics=metrics,
        difference=paired_bootstrap(passed["parallel"], passed["serial"], {"passed": _ratio})["passed"],
        pairs=_pairs(rows),
        by_code={code: _by_code([row for row in rows if row.code == code]) for code in sorted({row.code for row in rows})},
        statuses={
            name: dict(Counter(one.status.value for way in ways[name].values() for one in way.items).most_common())
            for name in _WAYS
        },
        split=wilson(sum(way.mode == "parts" for way in ways["parallel"].values()), len(rows)),
        inflation_in_all=_over(sum(_tokens(rows, "parallel")), sum(_tokens(rows, "serial"))),
        inflation=_spread(_tokens(rows, "parallel"), _tokens(rows, "serial")),
        speedup=None if every[0].system in MADE else _spread(*([_way(row, name).seconds for row in rows] for name in _WAYS)),
        cut={name: sum(way.cut for way in ways[name].values()) for name in _WAYS},
        notes=tuple(_notes(every, rows, prompts)),
        samples_file=str(path),
        provenance={"data": every[0].data or None, "environment": every[0].environment or None, **(provenance or {})},
    )


def _way(row: FidelitySample, name: str) -> Way:
    way = row.serial if name == "serial" else row.parallel
    assert way is not None
    return way


def _passed(way: Way) -> Totals:
    return [sum(one.passed for one in way.items), len(way.items)]


def _ratio(totals: Totals) -> float | None:
    return totals[0] / totals[1] if totals[1] else None


def _rates(rows: Sequence[FidelitySample], name: str) -> dict[str, Interval]:
    """Shares of functions by a bootstrap over prompts, shares of prompts by Wilson."""
    ways = [_way(row, name) for row in rows]
    strict = [_way(row, name) for row in rows if row.keeps_signatures]
    there = [[one for one in way.items if one.place is not None] for way in strict]
    any_there = [[one for one in way.items if one.place is not None] for way in ways]
    return {
        "passed": _share([_passed(way) for way in ways]),
        "complete": wilson(sum(way.is_complete for way in ways), len(ways)),
        "in_order": wilson(sum(way.is_in_order for way in ways), len(ways)),
        "same_signature": _share([[sum(one.same_signature for one in items), len(items)] for items in there]),
        "foreign": _share([[sum(bool(one.foreign) for one in items), len(items)] for items in any_there]),
    }


def _share(clusters: Sequence[Totals]) -> Interval:
    """With Wilson's bounds where the bootstrap has nothing to draw from: all, or none."""
    right, n = (int(sum(one[place] for one in clusters)) for place in (0, 1))
    if right in {0, n}:
        return wilson(right, n)
    return cluster_bootstrap(clusters, {"share": (_ratio, n)})["share"]


def _pairs(rows: Sequence[FidelitySample]) -> dict[str, int]:
    names = {(True, True): "both", (True, False): "serial alone", (False, True): "parallel alone", (False, False): "neither"}
    found = Counter(
        names[one.passed, other.passed]
        for row in rows
        for one, other in zip(_way(row, "serial").items, _way(row, "parallel").items, strict=True)
    )
    return {name: found[name] for name in names.values()}


def _by_code(rows: Sequence[FidelitySample]) -> dict[str, Interval]:
    return {name: _share([_passed(_way(row, name)) for row in rows]) for name in _WAYS}


def _tokens(rows: Sequence[FidelitySample], name: str) -> list[float]:
    return [float(_way(row, name).answer_tokens) for row in rows]


def _over(above: float, below: float) -> float | None:
    return above / below if below else None


def _spread(above: Sequence[float], below: Sequence[float]) -> Spread | None:
    ratios = [one / other for one, other in zip(above, below, strict=True) if one > 0 and other > 0]
    if not ratios:
        return None
    cuts = quantiles(ratios, n=20, method="inclusive") if len(ratios) > 1 else ratios * 19
    return Spread(mean=geometric_mean(ratios), p5=cuts[0], p50=cuts[9], p95=cuts[18])


def _notes(every: Sequence[FidelitySample], rows: Sequence[FidelitySample], prompts: int | None) -> Iterator[str]:
    faults = sum(row.status is Status.INFRA_ERROR for row in every)
    if faults:
        yield f"{faults} prompts failed for what they stand on and are left out"
    crashed = len(every) - len(rows) - faults
    if crashed:
        message = next(row.message for row in every if row.status is Status.RUNTIME_ERROR)
        yield f"{crashed} prompts broke codepar down and are left out: {message}"
    if prompts is not None and len(every) < prompts:
        yield f"{len(every)} of {prompts} prompts have a sample"


def lines_of_fidelity(report: FidelityReport) -> Iterator[str]:
    """The report as lines of text."""
    counted = f"{report.prompts} prompts, {report.functions} functions"
    yield f"{report.benchmark}, {report.model}: {counted}; 95 % intervals over prompts"
    yield f"  {'':<46}{'at once':<26}in parts"
    for name, title in _TITLES.items():
        yield f"  {title:<46}{_shown(report.metrics[f'serial_{name}']):<26}{_shown(report.metrics[f'parallel_{name}'])}"
    for code, rates in report.by_code.items():
        yield f"    {f'passes, {code}':<44}{_shown(rates['serial']):<26}{_shown(rates['parallel'])}"
    one = report.difference
    if one.value is not None:
        bounds = "" if one.low is None or one.high is None else f" [{one.low:+.3f}, {one.high:+.3f}]"
        yield f"pass rate in parts minus at once, paired: {one.value:+.3f}{bounds}"
    yield f"functions that pass: {', '.join(f'{name} {number}' for name, number in report.pairs.items())}"
    for name, statuses in report.statuses.items():
        yield f"tests, {name}: {', '.join(f'{number} {status}' for status, number in statuses.items())}"
    yield from _lines_of_cost(report)


def _lines_of_cost(report: FidelityReport) -> Iterator[str]:
    yield f"prompts answered in parts: {_shown(report.split)}; cut off: {_said(report.cut)}"
    if report.inflation is not None:
        yield f"token inflation {report.inflation_in_all:.2f} in all, by prompt {_spread_shown(report.inflation)}"
    if report.speedup is not None:
        yield f"raw speedup {_spread_shown(report.speedup)}"


def _said(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counts.items())


def _spread_shown(spread: Spread) -> str:
    return f"{spread.mean:.2f} (geometric mean; p5 {spread.p5:.2f}, p50 {spread.p50:.2f}, p95 {spread.p95:.2f})"


def _shown(interval: Interval) -> str:
    if interval.value is None:
        return "-"
    low, high = ("-" if bound is None else f"{bound:.3f}" for bound in (interval.low, interval.high))
    return f"{interval.value:.3f} [{low}, {high}]"
