"""Whether a request is answered part by part or as it is, and what the cost model expects of either.

Limits: the prediction is as good as the calibration of the connected engine; without one the model of an idle default engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from codepar.errors import CodeparError
from codepar.flows.calibrate import load_cost
from codepar.flows.decompose_request import SplitChoice
from codepar.prompts.cost import ASSUMED_COST, CostModel, best_workers, pays, predict, tuned
from codepar.prompts.items import Decomposition, Predicted
from codepar.prompts.lengths import answer_lengths
from codepar.prompts.plan import Plan
from codepar.prompts.schedule import ScheduleOptions
from codepar.protocols import Generator
from codepar.settings import Settings


@dataclass(frozen=True, slots=True)
class Mode:
    """How it is answered, and why, for the person who asked."""

    name: Literal["whole", "parts"]
    reason: str


def mode_of(found: Decomposition, choice: SplitChoice, *, judged: int) -> Mode:
    """``judged`` items are answered by a capability, with a verdict, which is worth more than time."""
    if not found.split:
        return Mode("whole", found.reason)
    count = f"{len(found.items)} parts"
    if choice == "never":
        return Mode("whole", f"{count}, but splitting was not wanted")
    if choice == "always":
        return Mode("parts", f"{count}, as was wanted")
    if judged:
        return Mode("parts", f"{count}, {'each' if judged == len(found.items) else judged} with a verdict of its own")
    if found.predicted is not None and not pays(found.predicted):
        gain = f"{found.predicted.serial_s:.1f} s at once, {found.predicted.parallel_s:.1f} s side by side"
        return Mode("whole", f"{count}, but it is not expected to pay: {gain}")
    return Mode("parts", count)


def predicted_of(found: Decomposition, plan: Plan, cost: CostModel, most: int) -> Predicted:
    """Seconds at once, and side by side with ``most`` answers at a time or fewer."""
    lengths = answer_lengths(found, plan)
    return predict(plan, lengths, cost, min(most, best_workers(plan, lengths, cost)))


def schedule_for(options: ScheduleOptions, found: Decomposition, plan: Plan, cost: CostModel) -> ScheduleOptions:
    """The options as they suit the engine: longest answers first, no more side by side than it gains by."""
    return tuned(options, plan, answer_lengths(found, plan), cost)


async def cost_of(generator: Generator | None, settings: Settings) -> CostModel:
    """What was measured of the connected engine, else the assumption."""
    if generator is None:
        return ASSUMED_COST
    try:
        capabilities = await generator.capabilities()
    except CodeparError:
        return ASSUMED_COST
    return load_cost(settings, capabilities) or ASSUMED_COST
