"""Who may work on a job, and that exactly one result is written."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codepar.jobs import ErrorBody, JobKind, JobState


@pytest.fixture
def job_id(store):
    return store.create_job(JobKind.EXECUTION, {"n": 1}).job.id


def test_a_lease_carries_the_request_and_starts_the_job(store, job_id):
    lease = store.take_lease(job_id, "one")
    job = store.get(job_id)
    assert (lease.kind, lease.attempt, lease.request) == (JobKind.EXECUTION, 1, {"n": 1})
    assert (job.state, job.attempt) == (JobState.RUNNING, 1)
    assert job.started_at is not None


def test_a_living_lease_is_not_given_away(store, job_id):
    store.take_lease(job_id, "one")
    assert store.take_lease(job_id, "two") is None


def test_a_lease_taken_by_many_at_once_is_given_to_one(store, job_id):
    with ThreadPoolExecutor(8) as pool:
        leases = list(pool.map(lambda n: store.take_lease(job_id, f"owner {n}"), range(16)))
    assert sum(lease is not None for lease in leases) == 1


def test_a_heartbeat_keeps_the_lease(store, job_id, clock):
    lease = store.take_lease(job_id, "one")
    clock.age(job_id, "heartbeat_at", 60)
    assert store.heartbeat(lease).valid
    assert store.take_lease(job_id, "two") is None


def test_a_silent_lease_is_taken_over_and_its_result_refused(store, job_id, clock):
    silent = store.take_lease(job_id, "one")
    clock.age(job_id, "heartbeat_at", 60)
    heir = store.take_lease(job_id, "two")
    assert heir.attempt == 2
    assert not store.heartbeat(silent).valid
    assert not store.finish(silent, JobState.SUCCEEDED, {"by": "one"})
    assert store.finish(heir, JobState.SUCCEEDED, {"by": "two"})
    assert store.get(job_id).result == {"by": "two"}


def test_a_result_is_written_once(store, job_id):
    lease = store.take_lease(job_id, "one")
    assert store.finish(lease, JobState.SUCCEEDED, {"n": 1})
    assert not store.finish(lease, JobState.FAILED, error=ErrorBody(message="late", type="server_error"))
    assert store.get(job_id).result == {"n": 1}
    assert store.take_lease(job_id, "two") is None


def test_an_error_comes_back(store, job_id):
    error = ErrorBody(message="no compiler", type="server_error", code="tool_missing")
    store.finish(store.take_lease(job_id, "one"), JobState.FAILED, error=error)
    assert store.get(job_id).error == error


@pytest.mark.parametrize("text", ["a\0b\0", "\ud800 alone", "\U0001f600 \x1b[0m \u2028 \\u0000", "".join(map(chr, range(32)))])
def test_whatever_a_program_printed_comes_back_as_it_was(store, text):
    job_id = store.create_job(JobKind.EXECUTION, {"stdin": text, text: [text]}).job.id
    lease = store.take_lease(job_id, "one")
    assert lease.request == store.request_of(job_id) == {"stdin": text, text: [text]}
    store.finish(lease, JobState.FAILED, {"stdout": text}, ErrorBody(message=text, type="server_error", code="x"))
    job = store.get(job_id)
    assert (job.result, job.error.message) == ({"stdout": text}, text)
    assert [listed.error.message for listed in store.list_jobs()] == [text]


def test_three_silent_attempts_end_as_infra_error(store, job_id, clock):
    for attempt in range(1, 4):
        assert store.take_lease(job_id, f"owner {attempt}").attempt == attempt
        clock.age(job_id, "heartbeat_at", 60)
    asked = []
    assert store.take_lease(job_id, "owner 4", lambda *of: asked.append(of) or {"lost": True}) is None
    job = store.get(job_id)
    assert (job.state, job.attempt, job.error.code) == (JobState.FAILED, 3, "infra_error")
    assert "3 attempts" in job.error.message
    assert (asked, job.result) == ([(JobKind.EXECUTION, {"n": 1}, 3)], {"lost": True})


def test_a_running_job_hears_of_its_cancellation(store, job_id):
    lease = store.take_lease(job_id, "one")
    assert not store.is_cancel_requested(job_id)
    assert store.request_cancel(job_id).state is JobState.RUNNING
    assert store.is_cancel_requested(job_id)
    heartbeat = store.heartbeat(lease)
    assert heartbeat.valid
    assert heartbeat.cancel_requested
    assert store.finish(lease, JobState.CANCELLED)


def test_a_cancelled_job_whose_owner_died_is_not_run_again(store, job_id, clock):
    store.take_lease(job_id, "one")
    store.request_cancel(job_id)
    clock.age(job_id, "heartbeat_at", 60)
    assert store.take_lease(job_id, "two") is None
    assert store.get(job_id).state is JobState.CANCELLED


def test_a_released_job_can_be_taken_at_once_and_the_attempt_does_not_count(store, job_id):
    first = store.take_lease(job_id, "one")
    assert store.release(first)
    second = store.take_lease(job_id, "two")
    assert second.attempt == 1
    assert not store.finish(first, JobState.SUCCEEDED)
    assert not store.release(first)


def test_a_dead_owner_need_not_be_waited_for(store, job_id):
    store.take_lease(job_id, "one")
    assert store.owner_of(job_id) == "one"
    assert store.owners() == {job_id: "one"}
    assert not store.expire_lease(job_id, "two")
    assert store.expire_lease(job_id, "one")
    assert (store.owners(), [ref.id for ref in store.stale(10)]) == ({}, [job_id])
    assert store.take_lease(job_id, "two").attempt == 2


_STEPS = st.lists(st.tuples(st.sampled_from(["take", "finish", "release", "silence", "cancel"]), st.integers(0, 2)), max_size=12)


@given(steps=_STEPS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_there_is_at_most_one_result(store, clock, steps):
    job_id = store.create_job(JobKind.EXECUTION, {}).job.id
    leases, written, taken = {}, 0, 0
    for step, who in steps:
        if step == "take":
            taken += 1
            lease = store.take_lease(job_id, f"{who}/{taken}")
            leases[who] = lease or leases.get(who)
        elif step == "silence":
            clock.age(job_id, "heartbeat_at", 60)
        elif step == "cancel":
            store.request_cancel(job_id)
        elif leases.get(who) is not None:
            if step == "finish":
                written += store.finish(leases[who], JobState.SUCCEEDED, {"who": who})
            else:
                store.release(leases[who])
    job = store.get(job_id)
    assert written == (job.state is JobState.SUCCEEDED)
    assert job.attempt <= 3
    assert (job.finished_at is not None) == job.state.is_terminal
