"""Sending by name, and a broker that is away."""

import time

import pytest

from codepar.errors import BrokerUnavailable
from codepar.jobs import JobKind
from codepar.queue import JobQueue, QueueName, celery_url, make_app, queue_of


@pytest.fixture
def queue(service_settings):
    opened = JobQueue(service_settings)
    yield opened
    opened.close()


def test_each_kind_of_job_goes_to_its_queue(broker, queue):
    for kind in JobKind:
        queue.send_job("some-id", kind)
    flows = len(JobKind) - 2
    assert queue.depths() == {QueueName.JOBS: flows, QueueName.EXECUTE: 1, QueueName.GPU: 1}
    assert {kind: queue_of(kind) for kind in JobKind if queue_of(kind) is not QueueName.JOBS} == {
        JobKind.EXECUTION: QueueName.EXECUTE,
        JobKind.GPU_EXECUTION: QueueName.GPU,
    }
    queue.send_execution("one", 1, {"gpu": True})
    queue.send_execution("other", 1, {"gpu": False})
    assert queue.depths() == {QueueName.JOBS: flows, QueueName.EXECUTE: 2, QueueName.GPU: 2}


def test_an_execution_goes_ahead_of_jobs_that_wait_on_the_same_queue(broker, queue, service_settings):
    queue.send_job("job", JobKind.EXECUTION)
    queue.send_execution("execution", 1, {"n": 1})
    app = make_app(service_settings)
    with app.connection_for_read() as connection:
        simple = connection.SimpleQueue("execute")
        first, second = (simple.get(timeout=5) for _ in range(2))
        assert [message.headers["task"] for message in (first, second)] == ["codepar.execute", "codepar.job"]
        assert first.payload[0] == ["execution", 1, {"n": 1}]
        for message in (first, second):
            message.ack()
        simple.close()
    app.close()


def test_a_broker_that_is_away_is_said_to_be_away_within_seconds(queue):
    begun = time.monotonic()
    for call in (lambda: queue.send_job("id", JobKind.EXECUTION), queue.depths, queue.ping):
        with pytest.raises(BrokerUnavailable, match="cannot be reached") as caught:
            call()
        assert caught.value.remedy
    # Not a measurement: the transport's own default is to try for ever.
    assert time.monotonic() - begun < 30


def test_a_broker_that_comes_back_is_used_again(broker, queue):
    queue.send_job("first", JobKind.EXECUTION)
    broker.stop()
    with pytest.raises(BrokerUnavailable):
        queue.send_job("lost", JobKind.EXECUTION)
    broker.start()
    queue.send_job("second", JobKind.EXECUTION)
    assert queue.depths()[QueueName.EXECUTE] == 2


def test_a_broker_that_can_hold_no_more_says_so(broker, queue):
    queue._redis.config_set("maxmemory", "1")
    with pytest.raises(BrokerUnavailable, match="cannot write"):
        queue.send_job("id", JobKind.EXECUTION)


@pytest.mark.parametrize(
    ("redis_url", "expected"),
    [
        ("redis://host:6379/1", "redis://host:6379/1"),
        ("rediss://u:p@host/0", "rediss://u:p@host/0"),
        ("unix:///run/a%20b/s.sock", "redis+socket:///run/a%20b/s.sock"),
        ("unix:///run/s.sock?db=3", "redis+socket:///run/s.sock?virtual_host=3"),
    ],
)
def test_urls_as_celery_spells_them(redis_url, expected):
    assert celery_url(redis_url) == expected
