"""What carrying a plan out takes and gives: options, the answer to one item, all of them. Limits: types alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field, field_validator

from codepar.prompts.plan import Step
from codepar.protocols import Message, Record, Sampling

Rung = Literal["first", "retry", "neighbours", "serial"]
Check = Callable[[Step, str], Awaitable[str | None]]
"""Whether an answer is acceptable: None, or the reason why not, which the model is told. A ``CodeparError`` is such a reason."""


class ScheduleOptions(Record):
    """``sampling.max_tokens`` bounds one answer. ``budget_s`` bounds the plan, ``item_budget_s`` an item with all its rungs; an
    engine that is ``grace_s`` late with what it has by then is broken off.

    ``before`` are the turns of the conversation before the request. ``lengths`` are predicted answers in tokens by item, for the
    order alone; without them the length of the step decides. ``warm_s`` is how long the others wait for the first one's prompt to
    be computed; 0 starts all at once. ``accept_cut`` takes an answer that ``max_tokens`` cut off as it is.
    """

    concurrency: int = Field(default=8, ge=1, le=256)
    sampling: Sampling = Sampling(max_tokens=1024)
    before: tuple[Message, ...] = ()
    lengths: dict[str, int] = Field(default_factory=dict)
    budget_s: float | None = Field(default=None, gt=0)
    item_budget_s: float | None = Field(default=120.0, gt=0)
    rungs: tuple[Rung, ...] = ("first", "retry", "neighbours")
    hedge: bool = True
    warm_s: float = Field(default=10.0, ge=0)
    grace_s: float = Field(default=5.0, ge=0)
    accept_cut: bool = False

    @field_validator("rungs")
    @classmethod
    def _check_rungs(cls, rungs: tuple[Rung, ...]) -> tuple[Rung, ...]:
        if "serial" in rungs:
            raise ValueError("the rung `serial` asks the whole request, which is the caller's")
        return rungs


class ItemAnswer(Record):
    """What became of one item. Without ``ok``, ``why`` says so and ``text`` is what there is, which may be a part or nothing;
    ``remedy`` is the option of who asked that would help, which the model is not told.

    ``rung`` is that of the last attempt; tokens are sums over ``attempts``. ``cached_tokens`` of ``prompt_tokens`` came from the
    engine's cache, None where it does not tell. ``seconds`` go from the first request to the last word, checks included.
    """

    id: str
    text: str = ""
    ok: bool = False
    why: str | None = None
    remedy: str | None = None
    attempts: int = 0
    rung: Rung = "first"
    hedged: bool = False
    prompt_tokens: int = 0
    cached_tokens: int | None = None
    answer_tokens: int = 0
    seconds: float = 0.0


@dataclass
class UnderWay:
    """What is there while a plan is carried out, for one who breaks it off: answers in any order, requests that were sent."""

    answers: dict[str, ItemAnswer] = field(default_factory=dict)
    requests: int = 0


class CarriedOut(Record):
    """The answers in the order of the items, and the one to the plan's closing wish where all of them are there.

    ``fault`` is said once where the engine failed for all; ``is_refused`` where it called the requests wrong. ``requests`` were
    sent, ``hedges`` of them for stragglers.
    """

    answers: tuple[ItemAnswer, ...]
    closing: ItemAnswer | None = None
    fault: str | None = None
    is_refused: bool = False
    requests: int = 0
    hedges: int = 0
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether every item has an acceptable answer."""
        return all(answer.ok for answer in self.answers)
