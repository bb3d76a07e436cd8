"""The simulation runs the real scheduler on a clock of its own; what it shows holds whatever this machine does."""

from __future__ import annotations

import asyncio

import pytest
from decomposition_simulated import A_S, B_S, LawfulEngine, equal, line
from hypothesis import given, settings
from hypothesis import strategies as st
from virtual_time import run

from codepar.prompts.cost import PUBLISHED_COST, Work, plan_s
from codepar.prompts.plan import Plan, Step
from codepar.prompts.schedule import ScheduleOptions, carry_out


def hours() -> float:
    async def wait() -> None:
        await asyncio.gather(asyncio.sleep(3600), asyncio.sleep(7200))

    return run(wait())[1]


def test_the_clock_jumps():
    assert hours() == pytest.approx(7200)


def test_waiting_for_nothing_is_an_error_and_no_endless_wait():
    async def never() -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="nothing is left"):
        run(never())


@pytest.mark.parametrize(("items", "least"), [(4, 2.2), (8, 4.0)])
def test_the_gain_that_was_asked_for_of_the_published_law(items, least):
    assert equal(items, 64) >= least


def plan_of(count: int) -> Plan:
    steps = tuple(Step(str(n), f"item {n:02d}", (), "") for n in range(count))
    return Plan((tuple(step.item for step in steps),), steps, "", None)


def seconds(count: int, slow, *, hedge: bool) -> tuple[float, int]:
    plan = plan_of(count)
    engine = LawfulEngine({step.prompt: 100 for step in plan.steps}, slow)
    carried, passed = run(carry_out(plan, engine, ScheduleOptions(concurrency=count, hedge=hedge, item_budget_s=None)))
    assert carried.ok
    return passed, carried.hedges


def test_a_hanging_request_costs_its_patience_and_one_more_answer_instead_of_ten():
    alone = A_S + B_S * 100

    def slow(asked: str, nth: int) -> float:
        return 10.0 if asked == "item 03" and nth == 0 else 1.0

    unhedged, none = seconds(8, slow, hedge=False)
    hedged, one = seconds(8, slow, hedge=True)
    assert (none, one) == (0, 1)
    assert unhedged == pytest.approx(10 * alone)
    assert hedged == pytest.approx(3 * alone, rel=0.05)


def test_an_even_engine_is_never_asked_twice():
    passed, hedges = seconds(40, lambda asked, nth: 1.0, hedge=True)
    assert (passed, hedges) == (pytest.approx(A_S + B_S * 100), 0)


@given(lengths=st.lists(st.integers(1, 400), min_size=1, max_size=15), workers=st.integers(1, 8))
@settings(max_examples=30, deadline=None)
def test_the_cost_model_predicts_what_the_scheduler_does(lengths, workers):
    plan = plan_of(len(lengths))
    known = {step.item: length for step, length in zip(plan.steps, lengths, strict=True)}
    engine = LawfulEngine({step.prompt: known[step.item] for step in plan.steps}, lambda asked, nth: 1.0)
    options = ScheduleOptions(concurrency=workers, lengths=known, hedge=False, item_budget_s=None)
    _, passed = run(carry_out(plan, engine, options))
    predicted = plan_s(PUBLISHED_COST, [[Work(0, length) for length in lengths]], 0, workers)
    assert passed == pytest.approx(predicted - 0.01, rel=1e-6)


def test_a_line_of_the_table():
    assert " ".join(line("two items", [2.0, 2.0]).split()) == "two items 2.00x p5 2.00 p50 2.00 p95 2.00 (n = 2)"
