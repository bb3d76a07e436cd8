"""Laws of the scheduler, with a scripted engine as the double of the model: order, bounds, failure of one and of all, cancel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codepar.errors import EngineUnavailable, InvalidInput, ToolMissing, Unsupported
from codepar.prompts.plan import Plan, Step
from codepar.prompts.schedule import CarriedOut, ItemAnswer, ScheduleOptions, carry_out
from codepar.protocols import Capabilities, Chunk, FinishReason, Generation, Message, Prompt, Sampling

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


@given(order=st.permutations(range(1, 7)))
@settings(max_examples=25, deadline=None)
def test_answers_are_heard_in_the_order_of_the_items_whatever_ends_first(order):
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
            carry_out(items(6), Engine(script), ScheduleOptions(concurrency=6, warm_s=0), on_answer=listen)
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
def test_never_more_than_the_bound_run_and_all_of_it_is_used(count, most):
    engine = Engine(answer)
    assert carried(items(count), engine, concurrency=most, warm_s=0).ok
    assert engine.most_running == min(count, most)
    assert sorted(engine.begun, key=int) == [str(n) for n in range(1, count + 1)]


@given(lengths=st.lists(st.integers(1, 5), min_size=1, max_size=12))
@settings(max_examples=25, deadline=None)
def test_the_longest_go_first_and_equal_ones_in_their_order(lengths):
    engine = Engine(answer)
    known = {str(number): length for number, length in enumerate(lengths, 1)}
    carried(items(len(lengths)), engine, concurrency=1, lengths=known)
    assert engine.begun == sorted(known, key=lambda item: (-known[item], int(item)))


def test_without_lengths_the_longest_request_goes_first():
    engine = Engine(answer)
    carried(plan(step("a", own="<a>"), step("b", own="<b>" + "x" * 50), step("c", own="<c> y")), engine, concurrency=1)
    assert engine.begun == ["b", "c", "a"]


def test_the_others_wait_until_the_shared_beginning_is_computed():
    seen: list[list[str]] = []

    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        for _ in range(20):
            await asyncio.sleep(0)
        seen.append(list(engine.begun))
        return "answer"

    engine = Engine(script)
    carried(items(3), engine)
    assert seen[0] == ["1"]
    engine.begun.clear()
    seen.clear()
    carried(items(3), engine, warm_s=0)
    assert seen[0] == ["1", "2", "3"]


def test_a_short_beginning_is_not_waited_for():
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        for _ in range(20):
            await asyncio.sleep(0)
        return "answer"

    engine = Engine(script)
    carried(plan(*(Step(str(n), f"Explain <{n}>", (), f"<{n}>") for n in range(3))), engine)
    assert engine.most_running == 3


def test_every_request_begins_with_the_same_bytes():
    engine = Engine(answer)
    carried(items(3), engine, before=(Message(role="system", content="You write C."),))
    assert {prompt.messages[0] for prompt in engine.asked} == {Message(role="system", content="You write C.")}
    assert all(said(prompt).startswith(SHARED) for prompt in engine.asked)


def test_a_model_that_does_not_chat_gets_text():
    engine = Engine(answer, chat=False)
    assert carried(items(2), engine).ok
    assert all(prompt.messages is None and prompt.text.startswith(SHARED) for prompt in engine.asked)


def test_an_item_waits_for_its_needs_alone_and_gets_their_answers():
    slow = asyncio.Event()

    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        if item == "slow":
            await slow.wait()
        if item == "last":
            slow.set()
        return f"answer {item}"

    engine = Engine(script)
    result = carried(plan(step("slow"), step("first"), step("last", "first")), engine, warm_s=0, hedge=False)
    assert result.ok
    request = next(said(prompt) for prompt in engine.asked if item_of(prompt) == "last")
    assert request.startswith(SHARED + "<last>")
    assert "answer first" in request
    assert "answer slow" not in request


def test_what_needs_a_failed_item_is_not_asked_and_says_why():
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        return Unsupported("not this one") if item == "1" else f"answer {item}"

    engine = Engine(script)
    result = carried(plan(step("1"), step("2"), step("3", "1"), step("4", "3")), engine)
    assert [one.ok for one in result.answers] == [False, True, False, False]
    assert "needs the answer to part 1" in result.answers[2].why
    assert "needs the answer to part 3" in result.answers[3].why
    assert "3" not in engine.begun


def test_the_ladder_gives_the_fault_back_and_then_the_neighbours():
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        return f"try {nth} of {item}"

    async def check(step: Step, text: str) -> str | None:
        return "line 3 is wrong" if step.item == "2" and not text.startswith("try 2") else None

    engine = Engine(script)
    result = carried(items(3), engine, check=check)
    second = result.answers[1]
    assert (second.ok, second.rung, second.attempts, second.why) == (True, "neighbours", 3, None)
    assert [one.rung for one in result.answers] == ["first", "neighbours", "first"]
    _, retry, neighbours = (prompt for prompt in engine.asked if item_of(prompt) == "2")
    assert [turn.role for turn in retry.messages] == ["user", "assistant", "user"]
    assert retry.messages[1].content == "try 0 of 2"
    assert "line 3 is wrong" in said(retry)
    assert said(neighbours).startswith(SHARED + "<2>")
    assert all(text in said(neighbours) for text in ("<1>", "<3>", "line 3 is wrong"))
    assert second.answer_tokens == 3 * len("try 0 of 2")
    assert second.prompt_tokens == 30


def test_an_item_that_never_passes_keeps_its_answer_and_the_reason():
    async def check(step: Step, text: str) -> str | None:
        if step.item == "1":
            raise ToolMissing("there is no compiler")
        return None

    result = carried(items(2), Engine(answer), check=check)
    assert [one.ok for one in result.answers] == [False, True]
    assert result.answers[0].text == "answer 1"
    assert "no compiler" in result.answers[0].why
    assert result.answers[0].attempts == 3
    assert result.fault is None


def test_an_engine_that_fails_for_one_item_is_asked_again_and_loses_no_other():
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        return EngineUnavailable("out of memory") if item == "2" and nth == 0 else "answer"

    engine = Engine(script)
    result = carried(items(5), engine)
    assert result.ok
    assert [one.attempts for one in result.answers] == [1, 2, 1, 1, 1]
    first, again = (said(prompt) for prompt in engine.asked if item_of(prompt) == "2")
    assert first == again


def test_an_engine_that_always_fails_for_one_item_leaves_the_others():
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        return EngineUnavailable("out of memory") if item == "2" else "answer"

    result = carried(items(4), Engine(script), rungs=("first", "retry"))
    assert [one.ok for one in result.answers] == [True, False, True, True]
    assert result.answers[1].why == "out of memory"
    assert result.fault is None


@pytest.mark.parametrize("count", [2, 10_000])
def test_an_engine_that_fails_for_all_says_why_once(count):
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        return EngineUnavailable("the engine at x cannot be reached", remedy="start it")

    engine = Engine(script)
    result = carried(items(count), engine, rungs=("first", "retry"))
    assert len(result.answers) == count
    assert not any(one.ok for one in result.answers)
    assert result.fault == "the engine at x cannot be reached (start it)"
    # Two rounds of the four that run side by side, and what was under way then.
    assert len(engine.begun) <= 16
    assert sum(one.why == result.fault for one in result.answers) <= 16


def test_an_engine_that_does_not_even_introduce_itself_is_not_asked():
    class Dead(Engine):
        async def capabilities(self) -> Capabilities:
            raise EngineUnavailable("there is no language model to ask", remedy="codepar models pull")

    engine = Dead(answer)
    result = carried(items(3), engine)
    assert result.fault == "there is no language model to ask (codepar models pull)"
    assert engine.begun == []
    assert all("not asked" in one.why for one in result.answers)


def test_a_request_too_long_says_nothing_about_the_others():
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        return InvalidInput("the prompt has 9000 tokens", param="prompt") if int(item) < 30 else "answer"

    result = carried(items(32), Engine(script), concurrency=2)
    assert [one.ok for one in result.answers[-3:]] == [True] * 3
    assert result.answers[0].attempts == 1
    assert result.fault is None


def test_ten_thousand_items():
    heard: list[str] = []

    async def listen(one: ItemAnswer) -> None:
        heard.append(one.id)

    engine = Engine(answer)
    result = carried(items(10_000), engine, on_answer=listen, concurrency=16)
    assert result.ok
    assert heard == [str(n) for n in range(1, 10_001)]
    assert engine.most_running == 16


def test_cancelling_leaves_no_request_running():
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        if item != "1":
            look()
            await asyncio.Event().wait()
        return "answer"

    all_busy = asyncio.Event()
    heard: list[str] = []
    engine = Engine(script)

    def look() -> None:
        if len(engine.begun) == 5 and heard:
            all_busy.set()

    async def listen(one: ItemAnswer) -> None:
        heard.append(one.id)
        look()

    async def cancel() -> None:
        options = ScheduleOptions(concurrency=4, lengths={"1": 1000})
        task = asyncio.ensure_future(carry_out(items(20), engine, options, on_answer=listen))
        await all_busy.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(cancel())
    assert heard == ["1"]
    assert engine.running == 0
    assert engine.broken_off == 4


def test_a_listener_that_fails_ends_everything():
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        if item != "1":
            await asyncio.Event().wait()
        return "answer"

    async def listen(one: ItemAnswer) -> None:
        raise BrokenPipeError("nobody reads")

    engine = Engine(script)
    with pytest.raises(BrokenPipeError):
        carried(items(4), engine, on_answer=listen)
    assert engine.running == 0


def test_a_straggler_is_asked_for_twice_and_the_loser_is_broken_off():
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        if item == "2" and nth == 0:
            await asyncio.Event().wait()
        return f"answer {item} number {nth}"

    engine = Engine(script)
    result = carried(items(3), engine)
    assert result.ok
    assert [one.hedged for one in result.answers] == [False, True, False]
    assert result.answers[1].text == "answer 2 number 1"
    assert (result.hedges, result.requests, engine.broken_off, engine.running) == (1, 4, 1, 0)


def test_a_twin_that_fails_does_not_end_the_first_request():
    twin_failed = asyncio.Event()

    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        if item == "2" and nth == 0:
            await twin_failed.wait()
        if item == "2" and nth == 1:
            twin_failed.set()
            return EngineUnavailable("busy")
        return f"answer {item} number {nth}"

    result = carried(items(3), Engine(script))
    assert result.answers[1].text == "answer 2 number 0"
    assert result.answers[1].attempts == 1


def test_without_hedging_a_straggler_is_bounded_by_its_budget():
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        # An engine of ours ends an answer in time and gives what there is.
        return ended("half an ans", "budget") if item == "2" else "answer"

    engine = Engine(script)
    result = carried(items(3), engine, hedge=False, item_budget_s=7.0)
    half = result.answers[1]
    assert (half.ok, half.text, half.attempts) == (False, "half an ans", 1)
    assert "time" in half.why
    assert [one.ok for one in result.answers] == [True, False, True]
    assert all(0 < sampling.budget_s <= 7.0 for sampling in engine.samplings)


def test_when_the_time_of_the_plan_is_up_the_rest_is_not_asked():
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        if item == "2":
            await asyncio.sleep(0.2)
        return "answer"

    engine = Engine(script)
    result = carried(items(4), engine, concurrency=1, budget_s=0.1, hedge=False)
    assert [one.ok for one in result.answers] == [True, True, False, False]
    assert [one.attempts for one in result.answers] == [1, 1, 0, 0]
    assert "time was up" in result.answers[3].why
    assert engine.begun == ["1", "2"]


def test_an_engine_that_overdraws_its_time_is_broken_off():
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        await asyncio.Event().wait()
        return "never"

    engine = Engine(script)
    result = carried(items(2), engine, item_budget_s=0.01, hedge=False, warm_s=0, grace_s=0.1)
    assert [one.ok for one in result.answers] == [False, False]
    assert "no answer within" in result.answers[0].why
    assert (engine.running, engine.broken_off) == (0, 2)


def test_the_whole_request_is_not_a_rung_of_an_item():
    with pytest.raises(ValueError, match="the caller's"):
        ScheduleOptions(rungs=("first", "serial"))


def test_an_answer_that_was_cut_off_gets_twice_the_room():
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        return ended("int f(", "length") if nth == 0 else "int f(void);"

    engine = Engine(script)
    result = carried(items(1), engine, sampling=Sampling(max_tokens=50))
    assert (result.answers[0].text, result.answers[0].rung) == ("int f(void);", "retry")
    assert [sampling.max_tokens for sampling in engine.samplings] == [50, 100]
    assert said(engine.asked[0]) == said(engine.asked[1])
    taken = carried(items(1), Engine(script), accept_cut=True)
    assert (taken.answers[0].text, taken.answers[0].ok) == ("int f(", True)


def test_an_empty_answer_is_none():
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        return " \n" if nth == 0 else "answer"

    assert carried(items(1), Engine(script)).answers[0].attempts == 2


def test_cached_tokens_are_summed_where_the_engine_tells():
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        return ended("answer", cached=8 if item == "2" else None)

    first, second = carried(items(2), Engine(script)).answers
    assert (first.cached_tokens, second.cached_tokens) == (None, 8)


def test_the_closing_wish_is_asked_last_with_all_answers():
    closing: list[str] = []

    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        if "a table of <all>" in said(prompt):
            closing.append(said(prompt))
            return "| the table |"
        return f"<all> of {item}"

    result = carried(plan(step("1"), step("2"), reduce="a table of <all>"), Engine(script))
    assert result.closing.text == "| the table |"
    assert result.closing.ok
    assert closing[0].index("<all> of 1") < closing[0].index("<all> of 2") < closing[0].index("a table of <all>")


def test_there_is_no_closing_answer_where_an_item_is_missing():
    async def script(item: str, nth: int, prompt: Prompt) -> Reply:
        return Unsupported("no") if item == "1" else "answer"

    assert carried(plan(step("1"), step("2"), reduce="a table"), Engine(script)).closing is None
