"""The parts of a request answered: by capabilities that judge their own answer, by the language model within the plan's bounds,
and as the last rung by the whole request, asked serially.

An item is told to the listener as soon as all before it are settled. Limits: what is verified goes one by one, what is asked goes
side by side; an item whose last rung did not help stays without an accepted answer, and is named.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from codepar.errors import CodeparError, EngineUnavailable, InvalidInput
from codepar.flows.cuda_one import Means
from codepar.flows.decompose_accept import Acceptance
from codepar.flows.decompose_judged import Judged, judged
from codepar.flows.decompose_request import DecompositionOptions
from codepar.flows.decompose_result import ItemResult
from codepar.flows.decompose_wants import Want
from codepar.prompts.answer_code import replacement_of
from codepar.prompts.in_order import InOrder
from codepar.prompts.items import Decomposition
from codepar.prompts.merge import Merger
from codepar.prompts.merged import Form
from codepar.prompts.plan import Plan, Step
from codepar.prompts.schedule import CarriedOut, ItemAnswer, ScheduleOptions, UnderWay, carry_out
from codepar.prompts.targets import TargetKind
from codepar.prompts.wording import clipped, closing_request, first_prompt
from codepar.protocols import Generation, Generator, Prompt, Sampling

OnItem = Callable[[ItemResult], Awaitable[None]]
NO_MODEL = "there is no language model to ask (codepar models pull)"
_MAX_GIVEN = 12_000
_WHOLE_TIMES = 4
_MAX_WHOLE = 8_192


@dataclass(frozen=True)
class Prepared:
    """A request as it was read. ``wants`` are the items that a capability answers; ``means`` is None where nothing may run."""

    prompt: str
    found: Decomposition
    plan: Plan
    merger: Merger
    wants: Mapping[str, Want]
    options: DecompositionOptions
    schedule: ScheduleOptions


@dataclass
class PartsRun:
    """One run over the parts. ``results`` grow as items are settled, so that a run that is broken off keeps what it has."""

    prepared: Prepared
    generator: Generator | None
    means: Means | None
    acceptance: Acceptance
    on_item: OnItem
    results: dict[str, ItemResult] = field(default_factory=dict)
    judged: dict[str, Judged] = field(default_factory=dict)
    whole: str | None = None
    closing: str | None = None
    fault: str | None = None
    notes: list[str] = field(default_factory=list)
    requests: int = 0
    hedges: int = 0
    extra: list[Generation] = field(default_factory=list)
    """Generations beside those of the items: the whole request, the closing wish."""

    def __post_init__(self) -> None:
        self._numbers = {item.id: number for number, item in enumerate(self.prepared.found.items, 1)}
        self._order = InOrder(list(self._numbers), self._tell)
        self._begun = time.monotonic()
        self._failed: list[ItemAnswer] = []
        self._under_way = UnderWay()
        self._is_refused = False

    def break_off(self) -> None:
        """Take what was answered and could not be told yet, since an item before it was not there."""
        for item, answer in self._under_way.answers.items():
            self.results.setdefault(item, self._asked(answer))
        self.requests += self._under_way.requests

    async def run(self) -> None:
        """Answer everything; failures are in the results. Raises ``EngineUnavailable`` where the engine failed for all,
        ``InvalidInput`` where it called them all wrong."""
        await _side_by_side(self._answer_all(), self._order.run())
        await self._close()

    async def _answer_all(self) -> None:
        wants = self.prepared.wants
        waits = any(set(step.needs) & wants.keys() for step in self.prepared.plan.steps if step.item not in wants)
        if waits:
            await self._judge_all()
            await self._ask_all()
        else:
            await _side_by_side(self._judge_all(), self._ask_all())
        failed = await self._last_rung(self._failed)
        is_any = any(one.ok for one in self.results.values()) or any(one.ok for one in failed)
        if self.fault is not None and not is_any:
            raise (InvalidInput if self._is_refused else EngineUnavailable)(f"no part was answered: {self.fault}")
        for answer in failed:
            self._settle(self._asked(answer))

    async def _tell(self, result: ItemResult) -> None:
        await self.on_item(result)

    def _settle(self, result: ItemResult) -> None:
        self.results[result.id] = result
        self._order.put(result.id, result)

    async def _judge_all(self) -> None:
        """What capabilities answer, in the order of the items."""
        for item, want in self.prepared.wants.items():
            self._settle(await self._judge(item, want))

    async def _judge(self, item: str, want: Want) -> ItemResult:
        begun = time.monotonic()
        known = {"id": item, "number": self._numbers[item], "title": self._title(item), "capability": want.capability}
        assert self.means is not None
        try:
            texts = self.prepared.merger.targets.texts()
            one = await judged(want, texts, self.prepared.options, self.means)
        except CodeparError as fault:
            return ItemResult(**known, ok=False, verified=False, why=str(fault), seconds=time.monotonic() - begun)
        self.judged[item] = one
        return ItemResult(
            **known,
            ok=one.is_there,
            verified=one.verified,
            why=one.why,
            answer=one.text,
            form=Form.NEW_CODE if one.translation else Form.SPLICED,
            attempts=1,
            seconds=time.monotonic() - begun,
            translation=one.translation,
            completion=one.completion,
        )

    async def _ask_all(self) -> None:
        """What the language model answers; those without an acceptable answer are not settled yet."""
        plan = _without(self.prepared.plan, {item: self._given(item) for item in self.prepared.wants})
        if not plan.steps:
            return
        if self.generator is None:
            self._failed = [ItemAnswer(id=step.item, why=NO_MODEL) for step in plan.steps]
            self.fault = NO_MODEL
            return
        carried = await carry_out(
            plan,
            self.generator,
            self.prepared.schedule,
            check=self.acceptance.check,
            on_answer=self._on_answer,
            under_way=self._under_way,
        )
        self._take(carried)

    async def _on_answer(self, answer: ItemAnswer) -> None:
        if answer.ok:
            self._settle(self._asked(answer))

    def _take(self, carried: CarriedOut) -> None:
        self.requests += carried.requests
        self._under_way.requests = 0
        self.hedges += carried.hedges
        self.fault, self._is_refused = carried.fault, carried.is_refused
        self._failed = [answer for answer in carried.answers if not answer.ok]

    def _given(self, item: str) -> str:
        one = self.judged.get(item)
        return one.text if one is not None else "(there is none)"

    def _asked(self, answer: ItemAnswer) -> ItemResult:
        return ItemResult(
            id=answer.id,
            number=self._numbers[answer.id],
            title=self._title(answer.id),
            ok=answer.ok,
            compiled=self.acceptance.compiled.get(answer.id) if answer.ok else None,
            why=f"{answer.why} ({answer.remedy})" if answer.remedy and not answer.ok else answer.why,
            answer=answer.text,
            rung=answer.rung,
            attempts=answer.attempts,
            hedged=answer.hedged,
            prompt_tokens=answer.prompt_tokens,
            cached_tokens=answer.cached_tokens,
            answer_tokens=answer.answer_tokens,
            seconds=answer.seconds,
        )

    def _title(self, item: str) -> str:
        return self.prepared.merger.targets[item].title.strip("`")

    async def _last_rung(self, failed: list[ItemAnswer]) -> list[ItemAnswer]:
        """Ask the whole request once for what has no answer; code of an item in it is accepted by the same rule."""
        if not any(answer.seconds < self.prepared.options.item_budget_s for answer in failed):
            return failed  # the whole takes longer than an item, and the time for those is up
        if self.fault is not None or self.generator is None or not self.prepared.options.repair:
            return failed
        try:
            self.whole = (await self.ask(self.prepared.prompt, self.whole_tokens())).text
        except (CodeparError, TimeoutError) as fault:
            self.notes.append(f"the whole request was not answered either: {str(fault) or 'it took too long'}")
            return failed
        return [await self._from_whole(answer) for answer in failed]

    async def _from_whole(self, answer: ItemAnswer) -> ItemAnswer:
        target = self.prepared.merger.targets[answer.id]
        if target.kind is not TargetKind.UNIT or self.whole is None or not self.prepared.merger.replaces(target, self.whole):
            return answer
        if replacement_of(self.whole, target).problem is not None:
            return answer
        reason = await self.acceptance.check(Step(answer.id, "", ()), self.whole)
        if reason is not None:
            return answer
        return answer.model_copy(
            update={"ok": True, "why": None, "text": self.whole, "rung": "serial", "attempts": answer.attempts + 1}
        )

    async def _close(self) -> None:
        """Answer the closing wish from the answers that are there."""
        plan = self.prepared.plan
        given = [(item, one.answer) for item in self._numbers if (one := self.results[item]).ok]
        if plan.reduce is None or self.generator is None or not given or self.fault is not None:
            return
        try:
            self.closing = (await self.ask(closing_request(plan, given), self.prepared.options.max_tokens)).text
        except (CodeparError, TimeoutError) as fault:
            self.notes.append(f"the closing wish has no answer: {str(fault) or 'it took too long'}")

    async def ask(self, text: str, max_tokens: int) -> Generation:
        """One request beside those of the items, with the turns before it."""
        assert self.generator is not None
        left = _time_left(self.prepared.schedule, self._begun)
        self.requests += 1
        generation = await asked_once(self.generator, text, self.prepared.schedule, max_tokens, left)
        self.extra.append(generation)
        return generation

    def whole_tokens(self) -> int:
        """Room for the whole answer: that of several parts."""
        return min(_MAX_WHOLE, self.prepared.options.max_tokens * min(_WHOLE_TIMES, len(self._numbers)))


async def _side_by_side(*work: Coroutine[Any, Any, None]) -> None:
    """All of them; the first error ends the others and is raised as it is."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _time_left(schedule: ScheduleOptions, begun: float) -> float | None:
    """Seconds of the budget. Raises ``TimeoutError`` where there are none."""
    left = None if schedule.budget_s is None else schedule.budget_s - (time.monotonic() - begun)
    if left is not None and left <= 0:
        raise TimeoutError
    return left


async def asked_once(
    generator: Generator, text: str, schedule: ScheduleOptions, max_tokens: int, left: float | None
) -> Generation:
    """One answer within ``left`` seconds. Raises what the engine raises, ``TimeoutError`` where it overdraws them."""
    capabilities = await generator.capabilities()
    sampling = schedule.sampling.model_copy(update={"max_tokens": max_tokens, "budget_s": left})
    prompt = first_prompt(schedule.before, text, chat=capabilities.chat)
    return await _complete(generator, prompt, sampling, left)


async def _complete(generator: Generator, prompt: Prompt, sampling: Sampling, left: float | None) -> Generation:
    async with asyncio.timeout(None if left is None else left + 5.0):
        return await generator.complete(prompt, sampling)


def _without(plan: Plan, given: Mapping[str, str]) -> Plan:
    """The plan without the items that are answered elsewhere; who needs one of them is given its answer."""
    steps = []
    for step in plan.steps:
        if step.item in given:
            continue
        texts = [f"The answer to part {need}:\n{clipped(given[need], _MAX_GIVEN)}" for need in step.needs if need in given]
        needs = tuple(need for need in step.needs if need not in given)
        steps.append(replace(step, prompt="\n\n".join([step.prompt, *texts]), needs=needs))
    waves = tuple(tuple(item for item in wave if item not in given) for wave in plan.waves)
    return Plan(tuple(wave for wave in waves if wave), tuple(steps), plan.contract, None)
