"""Carries a plan out: items side by side within a bound, longest first, each as soon as what it needs is there.

The first request goes alone until its first text comes: by then the beginning that all items share is computed, and the others
find it in the engine's cache. A straggler is asked for twice (``pace.py``). An answer that is not acceptable is asked for again
with the reason, then with its neighbours' code; the last rung, the whole request serially, is the caller's. One item that fails
never loses the others; an engine that fails for all is not asked about each. Cancelling leaves no request running. Limits: the
order of a later wave is that of ``Step.needs``; nothing is merged here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from codepar.errors import CodeparError
from codepar.prompts.asking import Asker, Budget, now_s
from codepar.prompts.carried import CarriedOut as CarriedOut  # noqa: PLC0414 - handed on
from codepar.prompts.carried import Check as Check  # noqa: PLC0414 - handed on
from codepar.prompts.carried import ItemAnswer as ItemAnswer  # noqa: PLC0414 - handed on
from codepar.prompts.carried import Rung as Rung  # noqa: PLC0414 - handed on
from codepar.prompts.carried import ScheduleOptions as ScheduleOptions  # noqa: PLC0414 - handed on
from codepar.prompts.carried import UnderWay as UnderWay  # noqa: PLC0414 - handed on
from codepar.prompts.in_order import InOrder
from codepar.prompts.ladder import Health, Ladder
from codepar.prompts.pace import Pace
from codepar.prompts.plan import Plan, Step
from codepar.prompts.waiting import Waiting
from codepar.prompts.wording import closing_request, shared_beginning, with_needs
from codepar.protocols import Generator

_LEAST_SHARED = 256
_CLOSING = "closing"


async def carry_out(
    plan: Plan,
    generator: Generator,
    options: ScheduleOptions,
    *,
    check: Check | None = None,
    on_answer: Callable[[ItemAnswer], Awaitable[None]] | None = None,
    under_way: UnderWay | None = None,
) -> CarriedOut:
    """Ask ``generator`` for all items of the plan. Failures are in the answers; raises only what ``on_answer`` raises.

    ``on_answer`` hears each answer in the order of the items as soon as all before it are there; ``under_way`` has each at once.
    """
    return await _Run(plan, generator, options, check, under_way or UnderWay()).carry_out(on_answer)


_Running = dict[asyncio.Task[ItemAnswer], Step]


class _Run:
    """One plan being carried out."""

    def __init__(
        self, plan: Plan, generator: Generator, options: ScheduleOptions, check: Check | None, under_way: UnderWay
    ) -> None:
        self._plan = plan
        self._generator = generator
        self._options = options
        self._check = check
        self._begun = now_s()
        self._deadline = None if options.budget_s is None else self._begun + options.budget_s
        self._pace = Pace(len(plan.steps)) if options.hedge else None
        self._health = Health(2 * options.concurrency + 2)
        self._asker = Asker(generator, asyncio.Semaphore(options.concurrency), self._pace, options.grace_s)
        self._waiting = Waiting(plan.steps, options.lengths)
        self._under_way = under_way
        self._answers = under_way.answers
        self._chat = True
        self._is_warm = False
        self._ladder: Ladder

    async def carry_out(self, on_answer: Callable[[ItemAnswer], Awaitable[None]] | None) -> CarriedOut:
        """All items, then the closing wish."""
        order = InOrder([step.item for step in self._plan.steps], on_answer or _silent)
        listener = asyncio.ensure_future(order.run())
        running: _Running = {}
        try:
            await self._introduce()
            while not self._waiting.is_done:
                await self._start(running)
                for answer in await self._ended(running, listener):
                    self._answers[answer.id] = answer
                    order.put(answer.id, answer)
            await listener
            closing = await self._closing()
        finally:
            self._under_way.requests = self._asker.requests
            for task in (*running, listener):
                task.cancel()
            await asyncio.gather(*running, listener, return_exceptions=True)
        return self._result(closing)

    async def _introduce(self) -> None:
        """Ask what the engine can do; one that cannot say so is not asked anything else."""
        try:
            self._chat = (await self._generator.capabilities()).chat
        except CodeparError as error:
            self._health.give_up(error)
        self._ladder = Ladder(self._plan, self._asker, self._health, self._options, self._check, chat=self._chat)

    async def _start(self, running: _Running) -> None:
        """Start what can be asked; the very first goes ahead until its prompt is computed."""
        # Twice the bound: while the answers of some are checked, others use the engine.
        while len(running) < 2 * self._options.concurrency and (step := self._waiting.next()) is not None:
            computed = asyncio.Event()
            task = asyncio.ensure_future(self._item(step, computed.set))
            running[task] = step
            if not self._is_warm:
                self._is_warm = True
                await self._await_first(task, computed)

    async def _await_first(self, task: asyncio.Task[ItemAnswer], computed: asyncio.Event) -> None:
        if not self._options.warm_s or self._shared_characters() < _LEAST_SHARED:
            return
        seen = asyncio.ensure_future(computed.wait())
        try:
            await asyncio.wait({task, seen}, timeout=self._options.warm_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            seen.cancel()
            await asyncio.gather(seen, return_exceptions=True)

    def _shared_characters(self) -> int:
        return len(shared_beginning(self._plan)) + sum(len(turn.content) for turn in self._options.before)

    async def _item(self, step: Step, on_first: Callable[[], None]) -> ItemAnswer:
        missing = [need for need in step.needs if not self._answers[need].ok]
        if missing:
            return ItemAnswer(id=step.item, why=f"not asked: it needs the answer to part {missing[0]}, which there is not")
        asked = with_needs(step, {need: self._answers[need].text for need in step.needs})
        return await self._ladder.climb(step, asked, Budget(self._options.item_budget_s, self._deadline), on_first)

    async def _ended(self, running: _Running, listener: asyncio.Task[None]) -> list[ItemAnswer]:
        """The answers that are there when the next one is. Raises what the listener raised."""
        watched: set[asyncio.Task[Any]] = {*running, *(() if listener.done() else (listener,))}
        await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
        if listener.done():
            listener.result()
        ended = [task for task in running if task.done()]
        for task in ended:
            self._waiting.settle(running.pop(task).item)
        # Of several that broke down one is raised, and none is left unheard.
        return list(await asyncio.gather(*ended))

    async def _closing(self) -> ItemAnswer | None:
        """The answer to the wish over all answers, where there is one and all of them are there."""
        if not self._plan.reduce or not all(answer.ok for answer in self._answers.values()):
            return None
        texts = [(step.item, self._answers[step.item].text) for step in self._plan.steps]
        asked = closing_request(self._plan, texts)
        step = Step(_CLOSING, asked, ())
        ladder = Ladder(self._plan, self._asker, self._health, self._options, None, chat=self._chat)
        return await ladder.climb(step, asked, Budget(self._options.item_budget_s, self._deadline))

    def _result(self, closing: ItemAnswer | None) -> CarriedOut:
        answers = tuple(self._answers[step.item] for step in self._plan.steps)
        fault = self._health.cause or (self._health.last if not self._health.answers else None)
        return CarriedOut(
            answers=answers,
            closing=closing,
            fault=fault,
            is_refused=fault is not None and self._health.is_refused,
            requests=self._asker.requests,
            hedges=self._pace.hedged if self._pace else 0,
            seconds=now_s() - self._begun,
        )


async def _silent(answer: ItemAnswer) -> None:
    return None
