"""A request as it is read before anything is asked: its parts, their plan, who answers which; and the answer as it is built up.

Limits: nothing is asked here.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from codepar.flows.decompose_judged import is_workable
from codepar.flows.decompose_request import DecompositionRequest
from codepar.flows.decompose_result import DecompositionCost, DecompositionResult, ItemResult, PlannedStep
from codepar.flows.decompose_wants import Want, wants_of
from codepar.prompts.by_model import ModelExtraction
from codepar.prompts.cost import ASSUMED_COST, CostModel
from codepar.prompts.extract import extract
from codepar.prompts.items import Decomposition
from codepar.prompts.merge import Merger
from codepar.prompts.part_wording import fenced
from codepar.prompts.plan import Plan, plan_of
from codepar.prompts.schedule import Rung, ScheduleOptions
from codepar.protocols import Generation, Sampling

RUNGS: tuple[Rung, ...] = ("first", "retry", "neighbours")


@dataclass(frozen=True)
class Read:
    """A request after reading: ``plan`` and ``merger`` are there where it splits; ``wants`` are for capabilities.

    ``cost`` is that of the engine it is asked of; ``extraction`` is there where a model was asked for the parts.
    """

    request: DecompositionRequest
    found: Decomposition
    plan: Plan | None
    merger: Merger | None
    wants: dict[str, Want]
    notes: tuple[str, ...]
    seconds: float
    cost: CostModel = ASSUMED_COST
    extraction: ModelExtraction | None = None


def read_request(request: DecompositionRequest, found: Decomposition | None = None) -> Read:
    """Find the parts (unless they are ``found``), plan them, and see which of them a capability answers. Asks nothing."""
    begun = time.monotonic()
    found = found or extract(request.prompt, request.files)
    seconds = time.monotonic() - begun
    if not found.split:
        return Read(request, found, None, None, {}, (), seconds)
    plan = plan_of(found, request.prompt, request.files)
    merger = Merger(found, request.prompt, request.files)
    wants, notes = _workable(merger) if request.options.verify else ({}, ())
    return Read(request, found, plan, merger, wants, notes, seconds)


def _workable(merger: Merger) -> tuple[dict[str, Want], tuple[str, ...]]:
    texts = merger.targets.texts()
    wants, notes = dict[str, Want](), list[str]()
    for item, want in wants_of(merger.targets).items():
        why = is_workable(want, texts)
        if why is None:
            wants[item] = want
        else:
            notes.append(f"item {item} is asked of the language model, not verified: {why}")
    return wants, tuple(notes)


def planned(read: Read, begun: float) -> DecompositionResult:
    """The plan as the answer."""
    return result_of(read, mode="plan", why_mode="nothing was asked: `run` is not set", cost=Spent().cost(read, begun))


def result_of(read: Read, **fields: Any) -> DecompositionResult:
    """The answer with what is known of the request, and ``fields``."""
    known = {name: getattr(read.found, name) for name in Decomposition.model_fields}
    plan = read.plan
    if plan is not None:
        steps = tuple(_step(step.item, step.needs, read.wants) for step in plan.steps)
        known |= {"waves": plan.waves, "steps": steps, "contract": plan.contract, "closing_wish": plan.reduce}
    notes = (*read.notes, *fields.pop("notes", ()))
    return DecompositionResult.model_validate({**known, **fields, "notes": notes})


def _step(item: str, needs: tuple[str, ...], wants: dict[str, Want]) -> PlannedStep:
    want = wants.get(item)
    return (
        PlannedStep(item=item, needs=needs) if want is None else PlannedStep(item=item, needs=needs, capability=want.capability)
    )


def schedule_of(request: DecompositionRequest) -> ScheduleOptions:
    """How the parts are asked."""
    options = request.options
    return ScheduleOptions(
        concurrency=options.concurrency,
        sampling=Sampling(max_tokens=options.max_tokens, temperature=options.temperature),
        budget_s=options.budget_s,
        item_budget_s=options.item_budget_s,
        rungs=RUNGS[: 1 + options.repair],
    )


def with_files(request: DecompositionRequest) -> str:
    """The request with its attachments behind it, each under its name."""
    pieces = [f"{name}:\n{fenced(text.rstrip(), '')}" for name, text in request.files.items()]
    return "\n\n".join([request.prompt, *pieces])


@dataclass(frozen=True)
class Spent:
    """What a run asked: items, generations beside them, and how often."""

    answers: Sequence[ItemResult] = ()
    extra: Sequence[Generation] = ()
    requests: int = 0
    hedges: int = 0

    def cost(self, read: Read, begun: float) -> DecompositionCost:
        """With the seconds since ``begun``."""
        told = [*(one.cached_tokens for one in self.answers), *(one.cached_tokens for one in self.extra)]
        cached = [tokens for tokens in told if tokens is not None]
        asked = read.extraction or ModelExtraction(decomposition=read.found)
        return DecompositionCost(
            extract_s=read.seconds,
            wall_s=time.monotonic() - begun,
            requests=self.requests + asked.asked,
            hedges=self.hedges,
            prompt_tokens=asked.prompt_tokens
            + sum(one.prompt_tokens for one in self.answers)
            + sum(one.prompt_tokens for one in self.extra),
            cached_tokens=sum(cached) if cached else None,
            answer_tokens=asked.completion_tokens
            + sum(one.answer_tokens for one in self.answers)
            + sum(one.completion_tokens for one in self.extra),
        )
