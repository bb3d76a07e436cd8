"""From rung to rung, with a scripted engine: what is asked again and how, and how failures of one and of all are kept."""

from __future__ import annotations

import pytest

from codepar.errors import EngineUnavailable, InvalidInput, ToolMissing
from codepar.prompts.plan import Step
from codepar.prompts.schedule import ScheduleOptions
from codepar.protocols import Capabilities, Generation, Prompt, Sampling

Reply = str | Exception | Generation


def test_the_ladder_gives_the_fault_back_and_then_the_neighbours(doubles):
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        return f"try {nth} of {item}"

    async def check(step: Step, text: str) -> str | None:
        return "line 3 is wrong" if step.item == "2" and not text.startswith("try 2") else None

    engine = doubles.Engine(script)
    result = doubles.carried(doubles.items(3), engine, check=check)
    second = result.answers[1]
    assert (second.ok, second.rung, second.attempts, second.why) == (True, "neighbours", 3, None)
    assert [one.rung for one in result.answers] == ["first", "neighbours", "first"]
    _, retry, neighbours = (prompt for prompt in engine.asked if doubles.item_of(prompt) == "2")
    assert [turn.role for turn in retry.messages] == ["user", "assistant", "user"]
    assert retry.messages[1].content == "try 0 of 2"
    assert "line 3 is wrong" in doubles.said(retry)
    assert doubles.said(neighbours).startswith(doubles.SHARED + "<2>")
    assert all(text in doubles.said(neighbours) for text in ("<1>", "<3>", "line 3 is wrong"))
    assert second.answer_tokens == 3 * len("try 0 of 2")
    assert second.prompt_tokens == 30


def test_an_item_that_never_passes_keeps_its_answer_and_the_reason(doubles):
    async def check(step: Step, text: str) -> str | None:
        if step.item == "1":
            raise ToolMissing("there is no compiler")
        return None

    result = doubles.carried(doubles.items(2), doubles.Engine(doubles.answer), check=check)
    assert [one.ok for one in result.answers] == [False, True]
    assert result.answers[0].text == "answer 1"
    assert "no compiler" in result.answers[0].why
    assert result.answers[0].attempts == 3
    assert result.fault is None


def test_an_engine_that_fails_for_one_item_is_asked_again_and_loses_no_other(doubles):
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        return EngineUnavailable("out of memory") if item == "2" and nth == 0 else "answer"

    engine = doubles.Engine(script)
    result = doubles.carried(doubles.items(5), engine)
    assert result.ok
    assert [one.attempts for one in result.answers] == [1, 2, 1, 1, 1]
    first, again = (doubles.said(prompt) for prompt in engine.asked if doubles.item_of(prompt) == "2")
    assert first == again


def test_an_engine_that_always_fails_for_one_item_leaves_the_others(doubles):
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        return EngineUnavailable("out of memory") if item == "2" else "answer"

    result = doubles.carried(doubles.items(4), doubles.Engine(script), rungs=("first", "retry"))
    assert [one.ok for one in result.answers] == [True, False, True, True]
    assert result.answers[1].why == "out of memory"
    assert result.fault is None


@pytest.mark.parametrize("count", [2, 10_000])
def test_an_engine_that_fails_for_all_says_why_once(doubles, count):
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        return EngineUnavailable("the engine at x cannot be reached", remedy="start it")

    engine = doubles.Engine(script)
    result = doubles.carried(doubles.items(count), engine, rungs=("first", "retry"))
    assert len(result.answers) == count
    assert not any(one.ok for one in result.answers)
    assert result.fault == "the engine at x cannot be reached (start it)"
    # Two rounds of the four that run side by side, and what was under way then.
    assert len(engine.begun) <= 16
    assert sum(one.why == result.fault for one in result.answers) <= 16


def test_an_engine_that_does_not_even_introduce_itself_is_not_asked(doubles):
    class Dead(doubles.Engine):
        async def capabilities(self) -> Capabilities:
            raise EngineUnavailable("there is no language model to ask", remedy="codepar models pull")

    engine = Dead(doubles.answer)
    result = doubles.carried(doubles.items(3), engine)
    assert result.fault == "there is no language model to ask (codepar models pull)"
    assert engine.begun == []
    assert all("not asked" in one.why for one in result.answers)


def test_a_request_too_long_says_nothing_about_the_others(doubles):
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        return InvalidInput("the prompt has 9000 tokens", param="prompt") if int(item) < 30 else "answer"

    result = doubles.carried(doubles.items(32), doubles.Engine(script), concurrency=2)
    assert [one.ok for one in result.answers[-3:]] == [True] * 3
    assert result.answers[0].attempts == 1
    assert result.fault is None


def test_the_whole_request_is_not_a_rung_of_an_item(doubles):
    with pytest.raises(ValueError, match="the caller's"):
        ScheduleOptions(rungs=("first", "serial"))


def test_an_answer_that_was_cut_off_gets_twice_the_room(doubles):
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        return doubles.ended("int f(", "length") if nth == 0 else "int f(void);"

    engine = doubles.Engine(script)
    result = doubles.carried(doubles.items(1), engine, sampling=Sampling(max_tokens=50))
    assert (result.answers[0].text, result.answers[0].rung) == ("int f(void);", "retry")
    assert [sampling.max_tokens for sampling in engine.samplings] == [50, 100]
    assert doubles.said(engine.asked[0]) == doubles.said(engine.asked[1])
    taken = doubles.carried(doubles.items(1), doubles.Engine(script), accept_cut=True)
    assert (taken.answers[0].text, taken.answers[0].ok) == ("int f(", True)


def test_an_empty_answer_is_none(doubles):
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        return " \n" if nth == 0 else "answer"

    assert doubles.carried(doubles.items(1), doubles.Engine(script)).answers[0].attempts == 2
