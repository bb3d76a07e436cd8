"""What a request costs in seconds, asked at once and as a plan, and whether the plan pays.

``serial = a + b * sum(k)``, ``plan = extract + sum over waves (a + b(m) * max k) + merge + P(fail) * repair``: ``k`` are answers
in tokens, ``a`` the seconds of a request without its tokens, ``b(m)`` the seconds a token of each of ``m`` answers that come side
by side. Two refinements: tokens of prompts that are not in the engine's cache cost ``prefill_s_per_token`` each, and ``m`` falls
as answers end, items beyond the workers following on; for equal lengths within the workers it is the formula. Limits: other
clients are in the model only as they were when it was fitted; lengths are guesses (``lengths.py``) unless the caller knows them.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, Self

from pydantic import Field, model_validator

from codepar.prompts.carried import ScheduleOptions
from codepar.prompts.items import Predicted
from codepar.prompts.lengths import tokens_of
from codepar.prompts.plan import Plan
from codepar.prompts.wording import shared_beginning
from codepar.protocols import Record

LEAST_GAIN = 1.2
_EXTRACT_S = 0.005
_MERGE_S = 0.005
_GOOD_ENOUGH = 1.03
_SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)


class CostModel(Record):
    """Seconds of one engine. ``batch`` holds ``(m, b(m))`` for rising ``m``, from 1 on.

    ``failure`` is the share of items that need a second request. ``source`` says whether the engine was measured.
    """

    a_s: float = Field(ge=0)
    b_s_per_token: float = Field(gt=0)
    batch: tuple[tuple[int, float], ...] = Field(min_length=1)
    prefill_s_per_token: float = Field(default=0.0, ge=0)
    failure: float = Field(default=0.0, ge=0, le=1)
    source: Literal["measured", "assumed", "published"] = "measured"

    @model_validator(mode="after")
    def _check_batch(self) -> Self:
        sizes = [size for size, _ in self.batch]
        if sizes[0] != 1 or any(a >= b for a, b in pairwise(sizes)) or any(seconds <= 0 for _, seconds in self.batch):
            raise ValueError("`batch` rises from 1 answer on, with seconds above 0")
        return self

    def token_s(self, answers: int) -> float:
        """Seconds a token of each of ``answers`` that come side by side: between two sizes by a line, beyond the last in
        proportion, as of an engine that is full."""
        last, slowest = self.batch[-1]
        if answers >= last:
            return slowest * answers / last
        (low, fast), (high, slow) = next(pair for pair in pairwise(self.batch) if answers < pair[1][0])
        return fast + (slow - fast) * (answers - low) / (high - low)


ASSUMED_COST = CostModel(
    a_s=0.05,
    b_s_per_token=0.022,
    batch=((1, 0.022), (4, 0.025), (8, 0.028)),
    prefill_s_per_token=0.0011,
    source="assumed",
)
"""The default model under the embedded engine on two idle cores, for an engine that was never measured."""

PUBLISHED_COST = CostModel(a_s=0.774, b_s_per_token=0.0308, batch=((1, 0.0308), (256, 0.0308)), source="published")
"""The law of ParallelPrompt's paper (0.774 s + 30.8 ms a token), which knows no slowing down in a batch."""


@dataclass(frozen=True, slots=True)
class Work:
    """One request: prompt tokens that must be computed for it alone, and the tokens of its answer."""

    prompt_tokens: int
    answer_tokens: int


def serial_s(cost: CostModel, whole: Work) -> float:
    """Seconds of the whole request asked at once."""
    return cost.a_s + cost.prefill_s_per_token * whole.prompt_tokens + cost.b_s_per_token * whole.answer_tokens


def plan_s(cost: CostModel, waves: Iterable[Sequence[Work]], shared_tokens: int, workers: int) -> float:
    """Seconds of a plan whose requests share ``shared_tokens`` of their prompts, with extraction, merge and repairs."""
    seconds = _EXTRACT_S + cost.prefill_s_per_token * shared_tokens + _MERGE_S
    for wave in waves:
        seconds += cost.a_s + cost.prefill_s_per_token * sum(work.prompt_tokens for work in wave)
        longest = max((work.answer_tokens for work in wave), default=0)
        seconds += _decode_s(cost, wave, workers) + cost.failure * (cost.a_s + cost.b_s_per_token * longest)
    return seconds


def _decode_s(cost: CostModel, wave: Sequence[Work], workers: int) -> float:
    """Seconds until the last answer of a wave is there, the longest first, ``workers`` side by side."""
    waiting = deque(sorted((work.answer_tokens for work in wave), reverse=True))
    opening = cost.a_s / cost.b_s_per_token
    running = [float(waiting.popleft()) for _ in range(min(workers, len(waiting)))]
    heapq.heapify(running)
    seconds = shown = 0.0
    while running:
        ends = running[0]
        seconds += (ends - shown) * cost.token_s(len(running))
        shown = ends
        if waiting:
            heapq.heapreplace(running, shown + opening + waiting.popleft())
        else:
            heapq.heappop(running)
    return seconds


def predict(plan: Plan, lengths: Mapping[str, int], cost: CostModel, workers: int | None = None) -> Predicted:
    """What the plan and the whole request cost, with answers of ``lengths`` tokens by item."""
    shared = tokens_of(shared_beginning(plan))
    work = {step.item: Work(max(0, tokens_of(step.prompt) - shared), lengths.get(step.item, 0)) for step in plan.steps}
    waves = [[work[item] for item in wave] for wave in plan.waves]
    whole = Work(shared + sum(one.prompt_tokens for one in work.values()), sum(one.answer_tokens for one in work.values()))
    workers = workers or best_workers(plan, lengths, cost)
    return Predicted(serial_s=serial_s(cost, whole), parallel_s=plan_s(cost, waves, shared, workers))


def pays(predicted: Predicted) -> bool:
    """Whether the plan is worth its trouble: 1.2 times as quick as the whole request, or quicker."""
    return predicted.serial_s >= LEAST_GAIN * predicted.parallel_s


def best_workers(plan: Plan, lengths: Mapping[str, int], cost: CostModel) -> int:
    """How many answers to ask for side by side: the fewest that are about as quick as any up to what was measured."""
    waves = [[Work(0, lengths.get(item, 0)) for item in wave] for wave in plan.waves]
    widest = max(len(wave) for wave in waves)
    most = min(widest, cost.batch[-1][0])
    sizes = sorted({most, *(size for size in (*_SIZES, *(size for size, _ in cost.batch)) if size < most)})
    seconds = {size: plan_s(cost, waves, 0, size) for size in sizes}
    return next(size for size in sizes if seconds[size] <= _GOOD_ENOUGH * min(seconds.values()))


def tuned(options: ScheduleOptions, plan: Plan, lengths: Mapping[str, int], cost: CostModel) -> ScheduleOptions:
    """``options`` with the order and the warming that the cost model advises, and its concurrency if that is less."""
    warm_s = options.warm_s if warming_pays(plan, cost) else 0.0
    workers = min(options.concurrency, best_workers(plan, lengths, cost))
    return options.model_copy(update={"lengths": dict(lengths), "concurrency": workers, "warm_s": warm_s})


def warming_pays(plan: Plan, cost: CostModel) -> bool:
    """Whether computing the shared beginning once, before the others start, costs less than computing it side by side."""
    side_by_side = max(len(wave) for wave in plan.waves) - 1
    return cost.prefill_s_per_token * tokens_of(shared_beginning(plan)) * side_by_side > cost.a_s
