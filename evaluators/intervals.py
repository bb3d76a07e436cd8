"""Intervals for every rate: bootstrap over clusters, a paired one for two systems, Wilson's where items are independent.

Programs of one repository resemble each other, so whole repositories are drawn; drawing programs makes intervals too narrow.
Limits: percentile intervals at 95 %; with fewer than about ten clusters they are too narrow themselves.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from codepar.errors import InvalidInput
from codepar.protocols import Record

RESAMPLES = 1000
_LEVEL = 0.95
_Z = 1.959963984540054
"""The 97.5 % point of the normal distribution."""

Totals = Sequence[float]
Statistic = Callable[[Totals], float | None]


class Interval(Record):
    """A rate with its 95 % bounds. ``n`` is what it was counted over; the value is None where that is nothing."""

    value: float | None
    low: float | None
    high: float | None
    n: int


class Difference(Record):
    """First minus second system with its 95 % bounds. ``reversed_share``: resamples in which the sign is not the value's."""

    value: float | None
    low: float | None
    high: float | None
    reversed_share: float | None


def sum_by_cluster(rows: Iterable[tuple[str, Totals]]) -> dict[str, list[float]]:
    """Add up the counts of the programs of each cluster."""
    sums: dict[str, list[float]] = {}
    for cluster, totals in rows:
        known = sums.setdefault(cluster, [0.0] * len(totals))
        for index, value in enumerate(totals):
            known[index] += value
    return sums


def cluster_bootstrap(
    clusters: Sequence[Totals], statistics: Mapping[str, tuple[Statistic, int]], *, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Interval]:
    """Intervals of several statistics of the same counts. Each statistic reads the sums of all clusters; with it goes its n."""
    drawn: dict[str, list[float]] = {name: [] for name in statistics}
    for sums in _resampled(clusters, resamples, seed):
        for name, (statistic, _) in statistics.items():
            value = statistic(sums)
            if value is not None:
                drawn[name].append(value)
    whole = _column_sums(clusters)
    return {
        name: _interval(statistic(whole) if clusters else None, drawn[name], n) for name, (statistic, n) in statistics.items()
    }


def paired_bootstrap(
    first: Mapping[str, Totals],
    second: Mapping[str, Totals],
    statistics: Mapping[str, Statistic],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Difference]:
    """Differences of two systems on the same clusters. Raises ``InvalidInput`` where the clusters differ."""
    if first.keys() != second.keys():
        raise InvalidInput("the two systems were not scored on the same repositories", remedy="score both on the same programs")
    width = len(next(iter(first.values()), ()))
    joined = [[*first[name], *second[name]] for name in sorted(first)]
    drawn: dict[str, list[float]] = {name: [] for name in statistics}
    for sums in _resampled(joined, resamples, seed):
        for name, statistic in statistics.items():
            value = _minus(statistic(sums[:width]), statistic(sums[width:]))
            if value is not None:
                drawn[name].append(value)
    whole = _column_sums(joined)
    return {
        name: _difference(_minus(statistic(whole[:width]), statistic(whole[width:])) if joined else None, drawn[name])
        for name, statistic in statistics.items()
    }


def wilson(successes: int, n: int) -> Interval:
    """Of independent items. A zero of n has the bound 3/n, and all of n its mirror image."""
    if not 0 <= successes <= n:
        raise InvalidInput(f"{successes} of {n} is no share")
    if n == 0:
        return Interval(value=None, low=None, high=None, n=0)
    share = successes / n
    if successes in {0, n}:
        bound = min(1.0, 3 / n)
        return Interval(value=share, low=0.0 if share == 0 else 1 - bound, high=bound if share == 0 else 1.0, n=n)
    middle = share + _Z**2 / (2 * n)
    spread = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n * n))
    scale = 1 + _Z**2 / n
    return Interval(value=share, low=(middle - spread) / scale, high=(middle + spread) / scale, n=n)


def bounded_zero(interval: Interval) -> Interval:
    """A share of zero has no spread to draw from: its bound is 3/n."""
    if interval.value == 0 and interval.n:
        return interval.model_copy(update={"low": 0.0, "high": min(1.0, 3 / interval.n)})
    return interval


def _resampled(clusters: Sequence[Totals], resamples: int, seed: int) -> Iterator[list[float]]:
    if not clusters:
        return
    generator = random.Random(seed)
    for _ in range(resamples):
        yield _column_sums(generator.choices(clusters, k=len(clusters)))


def _column_sums(rows: Sequence[Totals]) -> list[float]:
    return [sum(column) for column in zip(*rows, strict=True)]


def _minus(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first - second


def _interval(value: float | None, drawn: list[float], n: int) -> Interval:
    low, high = _bounds(drawn)
    return Interval(value=value, low=low, high=high, n=n)


def _difference(value: float | None, drawn: list[float]) -> Difference:
    low, high = _bounds(drawn)
    if value is None or not drawn:
        return Difference(value=value, low=low, high=high, reversed_share=None)
    against = sum(1 for other in drawn if other * value <= 0)
    return Difference(value=value, low=low, high=high, reversed_share=against / len(drawn))


def _bounds(drawn: list[float]) -> tuple[float | None, float | None]:
    if not drawn:
        return None, None
    ordered = sorted(drawn)
    return _quantile(ordered, (1 - _LEVEL) / 2), _quantile(ordered, (1 + _LEVEL) / 2)


def _quantile(ordered: Sequence[float], share: float) -> float:
    """By linear interpolation between the neighbours."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
