"""From samples to rates: pairs rows with programs, counts, and puts an interval by repository around each rate.

A sample that broke down or took too long counts as an empty answer; one that the infrastructure spoilt is left out and said so.
Limits: programs without any sample are named, not counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from codepar.errors import InvalidInput
from codepar.mpi.headers import Signatures
from codepar.protocols import Record, Status
from codepar.syntax.language import Language
from evaluators.benchmarks.task import Task
from evaluators.calls import LabelKind, PlacedCall, read_published
from evaluators.intervals import (
    Difference,
    Interval,
    Statistic,
    bounded_zero,
    cluster_bootstrap,
    paired_bootstrap,
    sum_by_cluster,
)
from evaluators.metrics.mpi_foreign import find_foreign_faults
from evaluators.metrics.mpi_published import score_published
from evaluators.metrics.mpi_strict import LEVELS, f1, match_calls, precision, recall
from evaluators.metrics.mpi_wellformed import find_faults, words_of
from evaluators.samples import Sample

_RATES: Mapping[str, Callable[[float, float, float], float | None]] = {"precision": precision, "recall": recall, "f1": f1}
_STRICT_WIDTH = len(LEVELS) + 2
_VARIANCES = (0, 1, 2)
_PUBLISHED = ("location", "function", "arguments")
WITHOUT = "_without_four"


class Report(Record):
    """The design's shape of a score, with what is needed to read it. ``labels`` are those of the metrics without prefix."""

    benchmark: str
    model: str
    variant: str
    labels: LabelKind
    programs: int
    repositories: int
    metrics: dict[str, Interval]
    differences: dict[str, Difference] | None = None
    statuses: dict[str, int]
    notes: tuple[str, ...] = ()
    samples_file: str | None = None
    provenance: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pair:
    """A sample with its program; None where the program of a released answer is not in the data."""

    sample: Sample
    task: Task | None

    @property
    def labels(self) -> str:
        return self.task.labels if self.task is not None else self.sample.label or ""

    @property
    def language(self) -> Language:
        return self.task.language if self.task is not None else Language.C

    def wanted(self, kind: LabelKind) -> Sequence[PlacedCall]:
        """The calls to be found; where the program is not in the data, those that the sample's own label says."""
        if self.task is None:
            return [call.placed(kind) for call in read_published(self.labels)]
        return [self.task.at_gap(call) for call in self.task.wanted(kind)]

    def given(self, kind: LabelKind) -> Sequence[PlacedCall]:
        """The proposed calls as they are matched with those."""
        if self.task is None:
            return self.sample.placed(kind)
        return [self.task.at_gap(call) for call in self.sample.placed(kind, self.task.language)]

    @property
    def cluster(self) -> str:
        return self.task.repository if self.task is not None else f"? {self.sample.label}"


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of one program, as one vector a metric group (see ``_layout``)."""

    pair: Pair
    strict: tuple[float, ...]
    published: tuple[float, ...]
    faults: tuple[float, ...]


def pair_up(samples: Iterable[Sample], tasks: Sequence[Task]) -> list[Pair]:
    """Find the program of each sample: by ``task_id``, else by the text of its labels. Raises ``InvalidInput`` for none."""
    by_id = {task.task_id: task for task in tasks}
    by_labels: dict[str, deque[Task]] = defaultdict(deque)
    for task in tasks:
        by_labels[_plain(task.labels)].append(task)
    pairs = [Pair(sample, _task_of(sample, by_id, by_labels)) for sample in samples]
    pairs = [pair for pair in pairs if pair.task is not None or not pair.sample.task_id]
    if tasks and not any(pair.task for pair in pairs):
        raise InvalidInput("no sample belongs to a program of the data", remedy="give the file that the samples were made from")
    return pairs


def _task_of(sample: Sample, by_id: Mapping[str, Task], by_labels: Mapping[str, deque[Task]]) -> Task | None:
    if sample.task_id:
        return by_id.get(sample.task_id)
    same = by_labels.get(_plain(sample.label or ""))
    if not same:
        return None
    # Several programs have the same labels: each is taken in turn, the last one again.
    return same.popleft() if len(same) > 1 else same[0]


def _plain(labels: str) -> str:
    return " ".join(labels.replace("<|endoftext|>", "").split())


def count(pairs: Iterable[Pair], kinds: Sequence[LabelKind], signatures: Signatures | None) -> list[Counts]:
    """Count each pair. Without ``signatures`` no faults are looked for."""
    return [
        Counts(pair, tuple(_strict(pair, kinds)), tuple(_published(pair)), _faults(pair, signatures))
        for pair in pairs
        if pair.sample.status != Status.INFRA_ERROR
    ]


def _strict(pair: Pair, kinds: Sequence[LabelKind]) -> Iterator[float]:
    for kind in kinds:
        for boilerplate in (True, False):
            yield from match_calls(pair.given(kind), pair.wanted(kind), boilerplate=boilerplate).totals


def _published(pair: Pair) -> Iterator[float]:
    """For each variance and score its value and whether it exists, for means over programs; C alone has it."""
    if not pair.language.is_c_family:
        yield from (0.0,) * (2 * len(_VARIANCES) * len(_PUBLISHED))
        return
    answer = pair.sample.as_published()
    for variance in _VARIANCES:
        found = score_published(pair.labels, answer, variance)
        for name in _PUBLISHED:
            value = getattr(found, name) if found is not None else None
            yield from (0.0, 0.0) if value is None else (value, 1.0)


def _faults(pair: Pair, signatures: Signatures | None) -> tuple[float, ...]:
    if signatures is None or pair.task is None:
        return (0.0, 0.0, 0.0)
    words = words_of(pair.task.source, pair.language)
    find = find_faults if pair.language.is_c_family else partial(find_foreign_faults, language=pair.language)
    found = [find(call, words, signatures) for call in pair.sample.calls()]
    return (len(found), sum(bool(fault.unknown) for fault in found), sum(fault.wrong_arity for fault in found))


def rates(counts: Sequence[Counts], kinds: Sequence[LabelKind]) -> dict[str, Interval]:
    """All metrics. Strict ones and shares are over programs of the data, the published metric over all rows."""
    inside = [one for one in counts if one.pair.task is not None] or list(counts)
    found = _group(inside, lambda one: one.strict, _strict_statistics(kinds, inside))
    found |= {name: bounded_zero(rate) for name, rate in _fault_rates(inside).items()}
    return found | _group(counts, lambda one: one.published, _published_statistics(counts))


def compare(first: Sequence[Counts], second: Sequence[Counts], kinds: Sequence[LabelKind]) -> dict[str, Difference]:
    """Differences of the F1 of two systems on the programs that both have. Raises ``InvalidInput`` where there is none."""
    mine, theirs = _by_task(first), _by_task(second)
    common = sorted(mine.keys() & theirs.keys())
    if not common:
        raise InvalidInput("the two files share no program", remedy="score both on the same data")
    sums = [sum_by_cluster((one[key].pair.cluster, one[key].strict) for key in common) for one in (mine, theirs)]
    chosen = {name: rate for name, (rate, _) in _strict_statistics(kinds, []).items() if "_f1" in name}
    return paired_bootstrap(sums[0], sums[1], chosen)


def _by_task(counts: Iterable[Counts]) -> dict[str, Counts]:
    return {one.pair.task.task_id: one for one in counts if one.pair.task is not None}


def _group(
    counts: Sequence[Counts], vector: Callable[[Counts], Sequence[float]], statistics: Mapping[str, tuple[Statistic, int]]
) -> dict[str, Interval]:
    sums = sum_by_cluster((one.pair.cluster, vector(one)) for one in counts)
    return cluster_bootstrap([sums[name] for name in sorted(sums)], statistics)


def _strict_statistics(kinds: Sequence[LabelKind], counts: Sequence[Counts]) -> dict[str, tuple[Statistic, int]]:
    statistics: dict[str, tuple[Statistic, int]] = {}
    for block, (kind, suffix) in enumerate((kind, suffix) for kind in kinds for suffix in ("", WITHOUT)):
        prefix = "" if kind == kinds[0] else f"{kind}_"
        end = (block + 1) * _STRICT_WIDTH
        proposed, wanted = (int(sum(one.strict[end + offset] for one in counts)) for offset in (-2, -1))
        for index, level in enumerate(LEVELS):
            place = block * _STRICT_WIDTH + index
            for name, rate in _RATES.items():
                n = proposed if name == "precision" else wanted
                statistics[f"{prefix}{level}_{name}{suffix}"] = (partial(_rate, rate, place, end), n)
    return statistics


def _rate(rate: Callable[[float, float, float], float | None], place: int, end: int, sums: Sequence[float]) -> float | None:
    return rate(sums[place], sums[end - 2], sums[end - 1])


def _published_statistics(counts: Sequence[Counts]) -> dict[str, tuple[Statistic, int]]:
    names = [f"published_{name}_v{variance}" for variance in _VARIANCES for name in _PUBLISHED]
    return {
        name: (partial(_share, 2 * index, 2 * index + 1), int(sum(one.published[2 * index + 1] for one in counts)))
        for index, name in enumerate(names)
    }


def _fault_rates(counts: Sequence[Counts]) -> dict[str, Interval]:
    calls = int(sum(one.faults[0] for one in counts))
    names = ("unknown_identifier_share", "wrong_arity_share")
    return _group(counts, lambda one: one.faults, {name: (partial(_share, at, 0), calls) for at, name in enumerate(names, 1)})


def _share(part: int, whole: int, sums: Sequence[float]) -> float | None:
    return sums[part] / sums[whole] if sums[whole] else None


def count_statuses(pairs: Iterable[Pair]) -> dict[str, int]:
    """Samples by status, the most frequent first."""
    return dict(Counter(pair.sample.status.value for pair in pairs).most_common())
