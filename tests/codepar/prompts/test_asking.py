"""One request after the other, with a scripted engine: twins of stragglers, budgets, cancelling, cached tokens."""

from __future__ import annotations

import asyncio

import pytest

from codepar.errors import EngineUnavailable
from codepar.prompts.schedule import ItemAnswer, ScheduleOptions, carry_out
from codepar.protocols import Generation, Prompt

Reply = str | Exception | Generation


def test_cancelling_leaves_no_request_running(doubles):
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        if item != "1":
            look()
            await asyncio.Event().wait()
        return "answer"

    all_busy = asyncio.Event()
    heard: list[str] = []
    engine = doubles.Engine(script)

    def look() -> None:
        if len(engine.begun) == 5 and heard:
            all_busy.set()

    async def listen(one: ItemAnswer) -> None:
        heard.append(one.id)
        look()

    async def cancel() -> None:
        options = ScheduleOptions(concurrency=4, lengths={"1": 1000})
        task = asyncio.ensure_future(carry_out(doubles.items(20), engine, options, on_answer=listen))
        await all_busy.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(cancel())
    assert heard == ["1"]
    assert engine.running == 0
    assert engine.broken_off == 4


def test_a_straggler_is_asked_for_twice_and_the_loser_is_broken_off(doubles):
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        if item == "2" and nth == 0:
            await asyncio.Event().wait()
        return f"answer {item} number {nth}"

    engine = doubles.Engine(script)
    result = doubles.carried(doubles.items(3), engine)
    assert result.ok
    assert [one.hedged for one in result.answers] == [False, True, False]
    assert result.answers[1].text == "answer 2 number 1"
    assert (result.hedges, result.requests, engine.broken_off, engine.running) == (1, 4, 1, 0)


def test_a_twin_that_fails_does_not_end_the_first_request(doubles):
    twin_failed = asyncio.Event()

    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        if item == "2" and nth == 0:
            await twin_failed.wait()
        if item == "2" and nth == 1:
            twin_failed.set()
            return EngineUnavailable("busy")
        return f"answer {item} number {nth}"

    result = doubles.carried(doubles.items(3), doubles.Engine(script))
    assert result.answers[1].text == "answer 2 number 0"
    assert result.answers[1].attempts == 1


def test_without_hedging_a_straggler_is_bounded_by_its_budget(doubles):
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        # An engine of ours ends an answer in time and gives what there is.
        return doubles.ended("half an ans", "budget") if item == "2" else "answer"

    engine = doubles.Engine(script)
    result = doubles.carried(doubles.items(3), engine, hedge=False, item_budget_s=7.0)
    half = result.answers[1]
    assert (half.ok, half.text, half.attempts) == (False, "half an ans", 1)
    assert "time" in half.why
    assert [one.ok for one in result.answers] == [True, False, True]
    assert all(0 < sampling.budget_s <= 7.0 for sampling in engine.samplings)


def test_when_the_time_of_the_plan_is_up_the_rest_is_not_asked(doubles):
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        if item == "2":
            await asyncio.sleep(0.2)
        return "answer"

    engine = doubles.Engine(script)
    result = doubles.carried(doubles.items(4), engine, concurrency=1, budget_s=0.1, hedge=False)
    assert [one.ok for one in result.answers] == [True, True, False, False]
    assert [one.attempts for one in result.answers] == [1, 1, 0, 0]
    assert "time was up" in result.answers[3].why
    assert engine.begun == ["1", "2"]


def test_an_engine_that_overdraws_its_time_is_broken_off(doubles):
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        await asyncio.Event().wait()
        return "never"

    engine = doubles.Engine(script)
    result = doubles.carried(doubles.items(2), engine, item_budget_s=0.01, hedge=False, warm_s=0, grace_s=0.1)
    assert [one.ok for one in result.answers] == [False, False]
    assert "no answer within" in result.answers[0].why
    assert (engine.running, engine.broken_off) == (0, 2)


def test_cached_tokens_are_summed_where_the_engine_tells(doubles):
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        return doubles.ended("answer", cached=8 if item == "2" else None)

    first, second = doubles.carried(doubles.items(2), doubles.Engine(script)).answers
    assert (first.cached_tokens, second.cached_tokens) == (None, 8)
