from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codepar.prompts.carried import ScheduleOptions
from codepar.prompts.cost import (
    ASSUMED_COST,
    PUBLISHED_COST,
    CostModel,
    Work,
    best_workers,
    pays,
    plan_s,
    predict,
    serial_s,
    tuned,
    warming_pays,
)
from codepar.prompts.items import Predicted
from codepar.prompts.plan import Plan, Step

OVERHEAD_S = 0.01
lengths = st.lists(st.integers(1, 2000), min_size=1, max_size=40)


@st.composite
def costs(draw):
    """Engines that get slower a token, and never less productive, with more answers side by side."""
    token_s = draw(st.floats(0.001, 0.1))
    batch = [(1, token_s)]
    for size in (2, 4, 8, 16):
        low, high = batch[-1]
        batch.append((size, high * draw(st.floats(1, size / low))))
    return CostModel(a_s=draw(st.floats(0, 2)), b_s_per_token=token_s, batch=tuple(batch))


def plan_of_waves(*waves: int, shared: int = 0) -> Plan:
    steps, names = [], []
    for wave in waves:
        names.append(tuple(str(len(steps) + number) for number in range(wave)))
        steps += [Step(name, "s" * shared + name, ()) for name in names[-1]]
    return Plan(tuple(names), tuple(steps), "", None)


@given(cost=costs(), tokens=st.integers(1, 2000), count=st.integers(1, 20), waves=st.integers(1, 4))
def test_for_equal_lengths_within_the_workers_it_is_the_formula(cost, tokens, count, waves):
    seconds = plan_s(cost, [[Work(0, tokens)] * count] * waves, 0, count)
    assert seconds == pytest.approx(OVERHEAD_S + waves * (cost.a_s + cost.token_s(count) * tokens))


@given(cost=costs(), wave=lengths, workers=st.integers(1, 20))
def test_a_wave_takes_as_long_as_its_longest_answer_and_at_most_as_one_after_the_other(cost, wave, workers):
    seconds = plan_s(cost, [[Work(0, tokens) for tokens in wave]], 0, workers) - OVERHEAD_S - cost.a_s
    assert seconds >= cost.b_s_per_token * max(wave) * 0.999999
    # Graham's bound; requests that follow on in a place pay their opening again.
    busy = cost.token_s(min(workers, len(wave)))
    opening = cost.a_s / cost.b_s_per_token
    assert seconds <= busy * (sum(tokens + opening for tokens in wave) / min(workers, len(wave)) + max(wave) + opening) * 1.000001


@given(wave=lengths)
def test_with_one_worker_a_plan_is_the_serial_time_with_a_request_an_item(wave):
    cost = CostModel(a_s=0.5, b_s_per_token=0.02, batch=((1, 0.02),))
    assert plan_s(cost, [[Work(0, tokens) for tokens in wave]], 0, 1) == pytest.approx(
        OVERHEAD_S + serial_s(cost, Work(0, sum(wave))) + 0.5 * (len(wave) - 1)
    )


@given(cost=costs(), answers=st.integers(1, 100))
def test_more_side_by_side_are_slower_a_token_and_never_slower_in_all(cost, answers):
    assert cost.token_s(answers + 1) >= cost.token_s(answers) * 0.999999
    assert (answers + 1) / cost.token_s(answers + 1) >= answers / cost.token_s(answers) * 0.999999


def test_between_two_sizes_a_line_and_beyond_the_last_in_proportion():
    cost = CostModel(a_s=0, b_s_per_token=1, batch=((1, 1.0), (3, 2.0)))
    assert [cost.token_s(answers) for answers in (1, 2, 3, 6)] == [1.0, 1.5, 2.0, 4.0]


@pytest.mark.parametrize(("items", "least"), [(4, 2.2), (8, 4.0)])
def test_under_the_published_law_equal_answers_reach_the_gain_asked_for(items, least):
    plan = plan_of_waves(items)
    predicted = predict(plan, {step.item: 150 for step in plan.steps}, PUBLISHED_COST, items)
    assert predicted.serial_s / predicted.parallel_s >= least
    assert pays(predicted)


def test_what_waits_for_each_other_does_not_pay():
    plan = plan_of_waves(1, 1, 1)
    assert not pays(predict(plan, {step.item: 150 for step in plan.steps}, PUBLISHED_COST))


def test_a_gain_of_a_fifth_pays():
    assert pays(Predicted(serial_s=1.2, parallel_s=1.0))
    assert not pays(Predicted(serial_s=1.19, parallel_s=1.0))


def test_failures_and_uncached_prompts_cost():
    base = plan_s(ASSUMED_COST, [[Work(0, 100)] * 4], 0, 4)
    assert plan_s(ASSUMED_COST.model_copy(update={"failure": 0.5}), [[Work(0, 100)] * 4], 0, 4) > base
    assert plan_s(ASSUMED_COST, [[Work(100, 100)] * 4], 0, 4) == pytest.approx(base + 400 * ASSUMED_COST.prefill_s_per_token)
    assert plan_s(ASSUMED_COST, [[Work(0, 100)] * 4], 100, 4) == pytest.approx(base + 100 * ASSUMED_COST.prefill_s_per_token)


def test_no_more_workers_than_help():
    even = {str(number): 100 for number in range(16)}
    one = {**dict.fromkeys(even, 1), "0": 1000}
    full = CostModel(a_s=0, b_s_per_token=0.02, batch=((1, 0.02), (4, 0.02), (16, 0.08)))
    assert best_workers(plan_of_waves(16), even, full) == 4
    assert best_workers(plan_of_waves(16), even, PUBLISHED_COST) == 16
    assert best_workers(plan_of_waves(16), one, PUBLISHED_COST) < 16
    assert best_workers(plan_of_waves(2), even, full) == 2


def test_options_are_tuned_to_the_engine():
    plan = plan_of_waves(4, shared=20_000)
    known = {step.item: 50 for step in plan.steps}
    options = tuned(ScheduleOptions(), plan, known, ASSUMED_COST)
    assert (options.concurrency, options.lengths, options.warm_s) == (4, known, 10.0)
    # The published law has no cost of prompts: one more request before all others is lost time.
    assert tuned(ScheduleOptions(), plan, known, PUBLISHED_COST).warm_s == 0
    assert not warming_pays(plan_of_waves(4), ASSUMED_COST)
    assert tuned(ScheduleOptions(concurrency=2), plan, known, ASSUMED_COST).concurrency == 2


@pytest.mark.parametrize("batch", [(), ((2, 1.0),), ((1, 1.0), (1, 1.0)), ((1, 0.0),), ((1, 1.0), (4, 1.0), (2, 1.0))])
def test_a_batch_that_does_not_rise_from_one_is_refused(batch):
    with pytest.raises(ValueError, match="batch"):
        CostModel(a_s=0, b_s_per_token=1, batch=batch)


def test_a_cost_model_goes_through_json():
    assert CostModel.model_validate_json(ASSUMED_COST.model_dump_json()) == ASSUMED_COST
