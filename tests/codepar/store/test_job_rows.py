"""Jobs as clients see them."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import update

from codepar.errors import Conflict, InvalidInput, NotFound, TooManyJobs
from codepar.jobs import JobKind, JobState, now
from codepar.store import open_store
from codepar.store.tables import idempotency_keys


def test_a_stored_job_is_found_again_by_another_connection(store, store_settings):
    request = {"project": {"files": {"a.c": "int main(void){}\0\ud800 \u4e16"}}}
    created = store.create_job(JobKind.EXECUTION, request)
    other = open_store(store_settings)
    assert created.created
    assert other.get(created.job.id) == created.job
    assert other.request_of(created.job.id) == request
    other.close()


def test_times_come_back_in_utc(store):
    job = store.create_job(JobKind.EXECUTION, {}).job
    assert store.get(job.id).created_at.utcoffset() == timedelta(0)


def test_an_unknown_job_is_named(store):
    with pytest.raises(NotFound, match="no-such-job"):
        store.get("no-such-job")
    with pytest.raises(NotFound):
        store.request_of("no-such-job")
    with pytest.raises(NotFound):
        store.request_cancel("no-such-job")


def test_the_same_key_and_body_give_the_same_job(store):
    first = store.create_job(JobKind.EXECUTION, {"a": 1, "b": 2}, "key")
    again = store.create_job(JobKind.EXECUTION, {"b": 2, "a": 1}, "key")
    assert (again.created, again.job.id) == (False, first.job.id)


@pytest.mark.parametrize(("kind", "request_body"), [(JobKind.EXECUTION, {"a": 2}), (JobKind.MPI_COMPLETION, {"a": 1})])
def test_the_same_key_with_another_body_is_a_conflict(store, kind, request_body):
    store.create_job(JobKind.EXECUTION, {"a": 1}, "key")
    with pytest.raises(Conflict):
        store.create_job(kind, request_body, "key")
    assert len(store.list_jobs()) == 1


def test_a_key_is_free_again_after_a_day(store):
    first = store.create_job(JobKind.EXECUTION, {"a": 1}, "key")
    with store.writing() as connection:
        connection.execute(update(idempotency_keys).values(created_at=now() - timedelta(hours=25)))
    second = store.create_job(JobKind.EXECUTION, {"a": 2}, "key")
    assert second.created
    assert second.job.id != first.job.id


def test_the_same_key_at_the_same_time_is_one_job(store):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: store.create_job(JobKind.EXECUTION, {"a": 1}, "key"), range(16)))
    assert len({one.job.id for one in made}) == 1
    assert sum(one.created for one in made) == 1
    assert len(store.list_jobs()) == 1


@pytest.mark.parametrize("key", ["", "k" * 256, "a\0b"])
def test_a_key_has_a_length(store, key):
    with pytest.raises(InvalidInput):
        store.create_job(JobKind.EXECUTION, {}, key)


def test_listing_goes_back_in_time_page_by_page(store):
    ids = [store.create_job(JobKind.EXECUTION, {"n": n}).job.id for n in range(5)]
    page = store.list_jobs(limit=3)
    assert [job.id for job in page] == ids[:1:-1]
    assert [job.id for job in store.list_jobs(limit=3, before=page[-1].id)] == ids[1::-1]


def test_listing_filters_by_state_and_kind(store):
    run = store.create_job(JobKind.EXECUTION, {}).job
    complete = store.create_job(JobKind.MPI_COMPLETION, {}).job
    store.request_cancel(run.id)
    assert [job.id for job in store.list_jobs(state=JobState.QUEUED)] == [complete.id]
    assert [job.id for job in store.list_jobs(kind=JobKind.EXECUTION)] == [run.id]
    assert store.list_jobs(kind=JobKind.EXECUTION, state=JobState.QUEUED) == []


def test_a_queued_job_is_cancelled_at_once(store):
    job = store.request_cancel(store.create_job(JobKind.EXECUTION, {}).job.id)
    assert job.state is JobState.CANCELLED
    assert job.finished_at is not None
    assert store.take_lease(job.id, "owner") is None


def test_a_finished_job_cannot_be_cancelled(store):
    job = store.create_job(JobKind.EXECUTION, {}).job
    lease = store.take_lease(job.id, "owner")
    store.finish(lease, JobState.SUCCEEDED, {"status": "ok"})
    assert store.request_cancel(job.id).state is JobState.SUCCEEDED


def test_no_more_jobs_wait_than_may(store_settings):
    with closing(open_store(store_settings.model_copy(update={"max_queued_jobs": 2}))) as store:
        first, second = (store.create_job(JobKind.EXECUTION, {"n": n}, f"key {n}").job for n in range(2))
        with pytest.raises(TooManyJobs, match="2 jobs wait"):
            store.create_job(JobKind.EXECUTION, {"n": 2}, "key 2")
        # An earlier request asked again is no new job.
        assert store.create_job(JobKind.EXECUTION, {"n": 0}, "key 0").job.id == first.id
        assert [job.id for job in store.list_jobs()] == [second.id, first.id]
        store.take_lease(first.id, "one")
        assert store.create_job(JobKind.EXECUTION, {"n": 2}, "key 2").created
