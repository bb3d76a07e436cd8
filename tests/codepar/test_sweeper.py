"""What the sweep sends, seen in the queue itself; jobs that run are in tests/worker."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import update

from codepar.errors import BrokerUnavailable
from codepar.jobs import ErrorBody, JobKind, JobState, now
from codepar.owners import new_owner
from codepar.presence import Announcer, workers_present
from codepar.queue import JobQueue, QueueName
from codepar.store.tables import jobs
from codepar.sweeper import Sweeper


@pytest.fixture
def queue(service_settings):
    opened = JobQueue(service_settings)
    yield opened
    opened.close()


@pytest.fixture
def sweeper(service_settings, service_store, queue):
    return Sweeper(service_settings, service_store, queue, interval_s=1.0)


def _age(store, job_id, **seconds):
    with store.writing() as connection:
        values = {column: now() - timedelta(seconds=age) for column, age in seconds.items()}
        connection.execute(update(jobs).where(jobs.c.id == job_id).values(values))


def _stored(store):
    return store.create_job(JobKind.EXECUTION, {}).job.id


def test_a_job_stored_but_never_queued_is_sent_once(broker, sweeper, service_store, queue):
    job_id = _stored(service_store)
    assert sweeper.sweep() == 0
    _age(service_store, job_id, created_at=2)
    assert [sweeper.sweep(), sweeper.sweep()] == [1, 0]
    assert queue.depths()[QueueName.EXECUTE] == 1


def test_a_silent_job_is_sent_once_each_silence(broker, sweeper, service_store):
    job_id = _stored(service_store)
    service_store.mark_sent(job_id)
    service_store.take_lease(job_id, "one")
    _age(service_store, job_id, sent_at=60)
    assert sweeper.sweep() == 0
    _age(service_store, job_id, heartbeat_at=60)
    assert [sweeper.sweep(), sweeper.sweep()] == [1, 0]
    _age(service_store, job_id, heartbeat_at=60, sent_at=60)
    assert sweeper.sweep() == 1


def test_a_job_whose_owner_died_on_this_machine_is_sent_at_once(broker, sweeper, service_store):
    job_id = _stored(service_store)
    service_store.mark_sent(job_id)
    living = new_owner()
    place, pid, started, unique = living.rsplit("/", 3)
    service_store.take_lease(job_id, f"{place}/{pid}/{int(started) - 1}/{unique}")
    assert [sweeper.sweep(), sweeper.sweep()] == [1, 0]
    service_store.take_lease(job_id, living)
    assert sweeper.sweep() == 0


def test_a_job_in_a_long_queue_is_left_there(broker, sweeper, service_store, queue):
    job_id = _stored(service_store)
    queue.send_job(job_id, JobKind.EXECUTION)
    service_store.mark_sent(job_id)
    _age(service_store, job_id, created_at=3600, sent_at=3600)
    assert sweeper.sweep() == 0


def test_a_job_whose_message_the_broker_lost_is_sent_again(broker, sweeper, service_store, queue):
    job_id = _stored(service_store)
    service_store.mark_sent(job_id)
    _age(service_store, job_id, created_at=3600, sent_at=3600)
    assert [sweeper.sweep(), sweeper.sweep()] == [1, 0]


def test_a_job_is_not_taken_for_sent_while_the_broker_is_away(sweeper, service_store):
    job_id = _stored(service_store)
    _age(service_store, job_id, created_at=2)
    with pytest.raises(BrokerUnavailable):
        sweeper.sweep()
    assert [ref.id for ref in service_store.unsent(1)] == [job_id]


def test_it_lives_through_a_broker_that_is_away_and_ends_when_told(service_settings, service_store, queue):
    sweeper = Sweeper(service_settings, service_store, queue, interval_s=0.01)
    _age(service_store, _stored(service_store), created_at=2)
    sweeper.start()
    assert sweeper._thread.is_alive()
    sweeper.stop()
    assert not sweeper._thread.is_alive()


def _waits_for_a_gpu(store, age_s):
    job_id = store.create_job(JobKind.GPU_EXECUTION, {}).job.id
    store.mark_sent(job_id)
    _age(store, job_id, sent_at=age_s)
    return job_id


def test_a_job_that_waits_for_a_gpu_nobody_has_is_ended_with_the_reason(broker, service_settings, service_store, queue):
    job_id = _waits_for_a_gpu(service_store, 3600)
    queue.send_job(job_id, JobKind.GPU_EXECUTION)
    Sweeper(service_settings, service_store, queue, gpu_patience_s=0.0).sweep()
    job = service_store.get(job_id)
    assert (job.state, job.error.code) == (JobState.FAILED, "gpu_unavailable")
    assert "no GPU worker" in job.error.message
    assert "--queues gpu" in job.error.message
    assert job.finished_at is not None


def test_a_service_that_starts_again_leaves_its_gpu_worker_time_to_come(broker, service_settings, service_store, queue):
    job_id = _waits_for_a_gpu(service_store, 3600)
    queue.send_job(job_id, JobKind.GPU_EXECUTION)
    sweeper = Sweeper(service_settings, service_store, queue, gpu_patience_s=3600.0)
    sweeper.sweep()
    assert service_store.get(job_id).state == JobState.QUEUED
    announcer = Announcer(service_settings, [QueueName.GPU], lambda: None)
    announcer.start()
    try:
        while not workers_present(service_settings, QueueName.GPU):
            time.sleep(0.01)
        sweeper._gpu_patience_s = 0.0
        sweeper.sweep()
        assert service_store.get(job_id).state == JobState.QUEUED
    finally:
        announcer.stop()


def test_only_queued_jobs_are_refused(service_store):
    job_id = _waits_for_a_gpu(service_store, 0)
    service_store.take_lease(job_id, "one")
    assert not service_store.refuse(job_id, ErrorBody(message="m", type="t"))
    assert service_store.get(job_id).state == JobState.RUNNING
