"""How well requests are decomposed: the decision to split, the items as exact spans, the edges between them.

- ``split_precision``, ``split_recall``: of the decision, over prompts; ``split_accuracy`` both ways.
- ``items_exact``: prompts split rightly whose items are the gold's, every span and the order; over prompts split rightly.
- ``items_precision``, ``items_recall``, ``items_f1``: single items over all prompts; a missed split costs all its items, a wrong
  one adds all of its own.
- ``edges_*``: edges by the places of both ends and their kind, over all prompts likewise.
- ``refusal_agrees``: the stated reason is the gold's, over prompts rightly kept whole.
- ``grounded``: splits whose items all have the text that stands at their span.
- ``extraction_ms_p50``, ``_p95``: time of the extraction alone on the clock; ``extraction_cpu_ms_*``: of the processor, which
  other programs of the machine do not lengthen as much.

Shares of prompts have Wilson's interval, the others a bootstrap over prompts. Limits: an item that is off by one character counts
as wrong.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from codepar.prompts.items import Decomposition, Item, Refusal
from evaluators.intervals import RESAMPLES, Interval, Statistic, cluster_bootstrap, wilson
from evaluators.metrics.mpi_strict import f1, precision, recall

_NOTHING = Decomposition(split=False, reason="no answer", refusal=Refusal.UNSUPPORTED)
_RATES: Mapping[str, Callable[[float, float, float], float | None]] = {"precision": precision, "recall": recall, "f1": f1}


@dataclass(frozen=True, slots=True)
class Match:
    """What one answer shares with the gold. ``items`` and ``edges`` are common, proposed and wanted ones.

    Where ``is_answer`` is false the system broke down: nothing is proposed, and that is right nowhere.
    """

    is_wanted: bool
    is_proposed: bool
    is_exact: bool
    has_reason: bool
    is_grounded: bool
    items: tuple[int, int, int]
    edges: tuple[int, int, int]
    is_answer: bool = True

    @property
    def is_right(self) -> bool:
        """Whether nothing is wrong with it, the reason for keeping a prompt whole aside."""
        common, proposed, wanted = self.edges
        return (
            self.is_answer
            and self.is_wanted == self.is_proposed
            and (not self.is_wanted or (self.is_exact and common == proposed == wanted))
        )


def match(prompt: str, files: Mapping[str, str], gold: Decomposition, answer: Decomposition | None) -> Match:
    """Compare one answer with the gold; None where the system broke down."""
    proposed = answer or _NOTHING
    return Match(
        is_wanted=gold.split,
        is_proposed=proposed.split,
        is_exact=gold.split and [_place(item) for item in proposed.items] == [_place(item) for item in gold.items],
        has_reason=not gold.split and gold.refusal == proposed.refusal,
        is_grounded=all(_is_grounded(item, prompt, files) for item in proposed.items),
        items=_common([_place(item) for item in proposed.items], [_place(item) for item in gold.items]),
        edges=_common(_edges(proposed), _edges(gold)),
        is_answer=answer is not None,
    )


def _place(item: Item) -> tuple[str, int, int]:
    return item.file or "", *item.span


def _edges(one: Decomposition) -> list[Hashable]:
    places = {item.id: _place(item) for item in one.items}
    return [(places[edge.from_], places[edge.to], edge.kind) for edge in one.edges]


def _common(proposed: Sequence[Hashable], wanted: Sequence[Hashable]) -> tuple[int, int, int]:
    return (Counter(proposed) & Counter(wanted)).total(), len(proposed), len(wanted)


def _is_grounded(item: Item, prompt: str, files: Mapping[str, str]) -> bool:
    text = files.get(item.file) if item.file is not None else prompt
    return text is not None and text.encode()[slice(*item.span)] == item.text.encode()


def rates(matches: Sequence[Match], spent: Mapping[str, Sequence[float]] | None = None) -> dict[str, Interval]:
    """All metrics, by name. ``spent``: seconds of the prompts by what they are called in milliseconds (``extraction_ms``)."""
    both = [one for one in matches if one.is_wanted and one.is_proposed]
    whole = [one for one in matches if one.is_answer and not one.is_wanted and not one.is_proposed]
    proposed = [one for one in matches if one.is_proposed]
    found = {
        "split_precision": wilson(len(both), len(proposed)),
        "split_recall": wilson(len(both), sum(one.is_wanted for one in matches)),
        "split_accuracy": wilson(len(both) + len(whole), len(matches)),
        "items_exact": wilson(sum(one.is_exact for one in both), len(both)),
        "refusal_agrees": wilson(sum(one.has_reason for one in whole), len(whole)),
        "grounded": wilson(sum(one.is_grounded for one in proposed), len(proposed)),
    }
    found |= cluster_bootstrap([(*one.items, *one.edges) for one in matches], _statistics(matches))
    for name, seconds in (spent or {}).items():
        if seconds:
            found |= {f"{name}_p{percent}": _percentile(seconds, percent) for percent in (50, 95)}
    return found


def _statistics(matches: Sequence[Match]) -> dict[str, tuple[Statistic, int]]:
    statistics: dict[str, tuple[Statistic, int]] = {}
    for offset, name in ((0, "items"), (3, "edges")):
        counts = [(*one.items, *one.edges) for one in matches]
        for rate, function in _RATES.items():
            n = sum(row[offset + (1 if rate == "precision" else 2)] for row in counts)
            statistics[f"{name}_{rate}"] = (partial(_rate, function, offset), n)
    return statistics


def _rate(function: Callable[[float, float, float], float | None], offset: int, sums: Sequence[float]) -> float | None:
    return function(sums[offset], sums[offset + 1], sums[offset + 2])


def _percentile(seconds: Sequence[float], percent: int) -> Interval:
    """In milliseconds; the interval from samples drawn again."""
    generator = random.Random(0)
    drawn = sorted(_nearest(generator.choices(seconds, k=len(seconds)), percent) for _ in range(RESAMPLES))
    low, high = drawn[int(0.025 * RESAMPLES)], drawn[int(0.975 * RESAMPLES) - 1]
    return Interval(value=_nearest(seconds, percent), low=low, high=high, n=len(seconds))


def _nearest(seconds: Sequence[float], percent: int) -> float:
    """The smallest value that at least ``percent`` of them do not exceed, in milliseconds."""
    ordered = sorted(seconds)
    return 1000 * ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
