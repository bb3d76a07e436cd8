"""Laws of the scheduler, with a scripted engine as the double of the model: order, bounds, needs, the closing wish."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codepar.errors import Unsupported
from codepar.prompts.plan import Step
from codepar.prompts.schedule import CarriedOut, ItemAnswer, ScheduleOptions, carry_out
from codepar.protocols import Generation, Message, Prompt

Reply = str | Exception | Generation


@given(order=st.permutations(range(1, 7)))
@settings(max_examples=25, deadline=None)
def test_answers_are_heard_in_the_order_of_the_items_whatever_ends_first(doubles, order):
    ends = {str(item): asyncio.Event() for item in order}
    heard: list[str] = []
    finished: set[str] = set()

    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        await ends[item].wait()
        return f"answer {item}"

    async def listen(one: ItemAnswer) -> None:
        heard.append(one.id)

    async def end_them_all() -> CarriedOut:
        task = asyncio.ensure_future(
            carry_out(doubles.items(6), doubles.Engine(script), ScheduleOptions(concurrency=6, warm_s=0), on_answer=listen)
        )
        for item in map(str, order):
            ends[item].set()
            finished.add(item)
            for _ in range(30):
                await asyncio.sleep(0)
            # Each is heard as soon as all before it are there, and not sooner.
            there = next((n for n in range(1, 7) if str(n) not in finished), 7) - 1
            assert heard == [str(n) for n in range(1, there + 1)]
        return await task

    result = asyncio.run(end_them_all())
    assert [one.text for one in result.answers] == [f"answer {n}" for n in range(1, 7)]
    assert result.ok


@given(count=st.integers(1, 30), most=st.integers(1, 9))
@settings(max_examples=25, deadline=None)
def test_never_more_than_the_bound_run_and_all_of_it_is_used(doubles, count, most):
    engine = doubles.Engine(doubles.answer)
    assert doubles.carried(doubles.items(count), engine, concurrency=most, warm_s=0).ok
    assert engine.most_running == min(count, most)
    assert sorted(engine.begun, key=int) == [str(n) for n in range(1, count + 1)]


@given(lengths=st.lists(st.integers(1, 5), min_size=1, max_size=12))
@settings(max_examples=25, deadline=None)
def test_the_longest_go_first_and_equal_ones_in_their_order(doubles, lengths):
    engine = doubles.Engine(doubles.answer)
    known = {str(number): length for number, length in enumerate(lengths, 1)}
    doubles.carried(doubles.items(len(lengths)), engine, concurrency=1, lengths=known)
    assert engine.begun == sorted(known, key=lambda item: (-known[item], int(item)))


def test_without_lengths_the_longest_request_goes_first(doubles):
    engine = doubles.Engine(doubles.answer)
    doubles.carried(
        doubles.plan(doubles.step("a", own="<a>"), doubles.step("b", own="<b>" + "x" * 50), doubles.step("c", own="<c> y")),
        engine,
        concurrency=1,
    )
    assert engine.begun == ["b", "c", "a"]


def test_the_others_wait_until_the_shared_beginning_is_computed(doubles):
    seen: list[list[str]] = []

    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        for _ in range(20):
            await asyncio.sleep(0)
        seen.append(list(engine.begun))
        return "answer"

    engine = doubles.Engine(script)
    doubles.carried(doubles.items(3), engine)
    assert seen[0] == ["1"]
    engine.begun.clear()
    seen.clear()
    doubles.carried(doubles.items(3), engine, warm_s=0)
    assert seen[0] == ["1", "2", "3"]


def test_a_short_beginning_is_not_waited_for(doubles):
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        for _ in range(20):
            await asyncio.sleep(0)
        return "answer"

    engine = doubles.Engine(script)
    doubles.carried(doubles.plan(*(Step(str(n), f"Explain <{n}>", (), f"<{n}>") for n in range(3))), engine)
    assert engine.most_running == 3


def test_every_request_begins_with_the_same_bytes(doubles):
    engine = doubles.Engine(doubles.answer)
    doubles.carried(doubles.items(3), engine, before=(Message(role="system", content="You write C."),))
    assert {prompt.messages[0] for prompt in engine.asked} == {Message(role="system", content="You write C.")}
    assert all(doubles.said(prompt).startswith(doubles.SHARED) for prompt in engine.asked)


def test_a_model_that_does_not_chat_gets_text(doubles):
    engine = doubles.Engine(doubles.answer, chat=False)
    assert doubles.carried(doubles.items(2), engine).ok
    assert all(prompt.messages is None and prompt.text.startswith(doubles.SHARED) for prompt in engine.asked)


def test_an_item_waits_for_its_needs_alone_and_gets_their_answers(doubles):
    slow = asyncio.Event()

    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        if item == "slow":
            await slow.wait()
        if item == "last":
            slow.set()
        return f"answer {item}"

    engine = doubles.Engine(script)
    result = doubles.carried(
        doubles.plan(doubles.step("slow"), doubles.step("first"), doubles.step("last", "first")), engine, warm_s=0, hedge=False
    )
    assert result.ok
    request = next(doubles.said(prompt) for prompt in engine.asked if doubles.item_of(prompt) == "last")
    assert request.startswith(doubles.SHARED + "<last>")
    assert "answer first" in request
    assert "answer slow" not in request


def test_what_needs_a_failed_item_is_not_asked_and_says_why(doubles):
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        return Unsupported("not this one") if item == "1" else f"answer {item}"

    engine = doubles.Engine(script)
    result = doubles.carried(
        doubles.plan(doubles.step("1"), doubles.step("2"), doubles.step("3", "1"), doubles.step("4", "3")), engine
    )
    assert [one.ok for one in result.answers] == [False, True, False, False]
    assert "needs the answer to part 1" in result.answers[2].why
    assert "needs the answer to part 3" in result.answers[3].why
    assert "3" not in engine.begun


def test_ten_thousand_items(doubles):
    heard: list[str] = []

    async def listen(one: ItemAnswer) -> None:
        heard.append(one.id)

    engine = doubles.Engine(doubles.answer)
    result = doubles.carried(doubles.items(10_000), engine, on_answer=listen, concurrency=16)
    assert result.ok
    assert heard == [str(n) for n in range(1, 10_001)]
    assert engine.most_running == 16


def test_a_listener_that_fails_ends_everything(doubles):
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        if item != "1":
            await asyncio.Event().wait()
        return "answer"

    async def listen(one: ItemAnswer) -> None:
        raise BrokenPipeError("nobody reads")

    engine = doubles.Engine(script)
    with pytest.raises(BrokenPipeError):
        doubles.carried(doubles.items(4), engine, on_answer=listen)
    assert engine.running == 0


def test_the_closing_wish_is_asked_last_with_all_answers(doubles):
    closing: list[str] = []

    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        if "a table of <all>" in doubles.said(prompt):
            closing.append(doubles.said(prompt))
            return "| the table |"
        return f"<all> of {item}"

    result = doubles.carried(
        doubles.plan(doubles.step("1"), doubles.step("2"), reduce="a table of <all>"), doubles.Engine(script)
    )
    assert result.closing.text == "| the table |"
    assert result.closing.ok
    assert closing[0].index("<all> of 1") < closing[0].index("<all> of 2") < closing[0].index("a table of <all>")


def test_there_is_no_closing_answer_where_an_item_is_missing(doubles):
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        return Unsupported("no") if item == "1" else "answer"

    assert (
        doubles.carried(doubles.plan(doubles.step("1"), doubles.step("2"), reduce="a table"), doubles.Engine(script)).closing
        is None
    )
