"""Doubles for carrying plans out: a scripted engine, plans whose items are told by angle brackets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from codepar.prompts.plan import Plan, Step
from codepar.prompts.schedule import CarriedOut, ScheduleOptions, carry_out
from codepar.protocols import Capabilities, Chunk, FinishReason, Generation, Prompt, Sampling


@pytest.fixture
def rules_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are read without the network, as where there is no numpy."""
    monkeypatch.setattr("codepar.prompts.choice.own_network", lambda: None)


SHARED = "All of these functions belong to one file. " * 8


def step(item: str, *needs: str, own: str | None = None) -> Step:
    own = own or f"<{item}>"
    return Step(item, SHARED + own, needs, own)


def plan(*steps: Step, reduce: str | None = None) -> Plan:
    return Plan((tuple(one.item for one in steps),), steps, "", reduce)


def items(count: int) -> Plan:
    return plan(*(step(str(number)) for number in range(1, count + 1)))


def said(prompt: Prompt) -> str:
    return prompt.messages[-1].content if prompt.messages else prompt.text


def item_of(prompt: Prompt) -> str:
    """Which item a prompt is for: every first turn about one holds it in angle brackets."""
    first = next(turn for turn in prompt.messages if turn.role == "user").content if prompt.messages else prompt.text
    return first.split("<", 1)[1].split(">", 1)[0]


Reply = str | Exception | Generation


Script = Callable[[str, int, Prompt], Awaitable[Reply]]


def ended(text: str, reason: FinishReason = "stop", cached: int | None = None) -> Generation:
    return Generation(text=text, finish_reason=reason, prompt_tokens=10, completion_tokens=len(text), cached_tokens=cached)


@dataclass
class Engine:
    """Answers as ``script(item, nth request for it, prompt)`` says, and remembers what went on."""

    script: Script
    chat: bool = True
    asked: list[Prompt] = field(default_factory=list)
    samplings: list[Sampling] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    running: int = 0
    most_running: int = 0
    broken_off: int = 0

    async def capabilities(self) -> Capabilities:
        return Capabilities(model="scripted", backend="test", context_tokens=4096, chat=self.chat)

    async def stream(self, prompt: Prompt, sampling: Sampling) -> AsyncIterator[Chunk]:
        item = item_of(prompt)
        nth = self.begun.count(item)
        self.asked.append(prompt)
        self.samplings.append(sampling)
        self.begun.append(item)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        whole = False
        try:
            reply = await self.script(item, nth, prompt)
            whole = True
            if isinstance(reply, Exception):
                raise reply
            generation = ended(reply) if isinstance(reply, str) else reply
            yield Chunk(text=generation.text)
            yield Chunk(text="", generation=generation)
        finally:
            self.running -= 1
            self.broken_off += not whole


async def answer(item: str, nth: int, prompt: Prompt) -> Reply:
    await asyncio.sleep(0)
    return f"answer {item}"


def carried(plan: Plan, engine: Engine, check=None, on_answer=None, **options) -> CarriedOut:
    options.setdefault("concurrency", 4)
    return asyncio.run(carry_out(plan, engine, ScheduleOptions(**options), check=check, on_answer=on_answer))


@pytest.fixture(scope="session")
def doubles() -> SimpleNamespace:
    """The names above."""
    return SimpleNamespace(
        SHARED=SHARED,
        Engine=Engine,
        answer=answer,
        carried=carried,
        ended=ended,
        item_of=item_of,
        items=items,
        plan=plan,
        said=said,
        step=step,
    )
