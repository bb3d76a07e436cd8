"""Progress streams: resumed, ended exactly once, and rebuilt from the store."""

import asyncio

import pytest

from codepar.errors import InvalidInput, NotFound
from codepar.events import FINISHED, MAX_DATA_BYTES, Events, JobProgress
from codepar.jobs import JobKind, JobState
from codepar.queue import JobQueue


@pytest.fixture
def with_events(service_settings, service_store):
    """Runs a coroutine function with events of its own."""

    def run(function):
        async def main():
            events = Events(service_settings, service_store)
            try:
                async with asyncio.timeout(60):
                    return await function(events)
            finally:
                await events.close()

        return asyncio.run(main())

    return run


@pytest.fixture
def running(service_store):
    job = service_store.create_job(JobKind.EXECUTION, {}).job
    return service_store.take_lease(job.id, "owner")


def _wipe(settings):
    queue = JobQueue(settings)
    queue._redis.flushall()
    queue.close()


async def _all(events, job_id, after=None):
    return [event async for event in events.follow(job_id, after)]


def test_events_come_in_order_and_end_with_the_terminal_one(broker, with_events, service_store, running):
    async def main(events):
        progress = JobProgress(events, running.job_id, 1)
        for number in range(3):
            await progress.report("step", {"number": number, "text": "ä\0"})
        service_store.finish(running, JobState.SUCCEEDED, {})
        await events.publish_end(service_store.get(running.job_id))
        return await _all(events, running.job_id)

    heard = with_events(main)
    assert [(event.type, event.data.get("number")) for event in heard] == [
        ("step", 0),
        ("step", 1),
        ("step", 2),
        (FINISHED, None),
    ]
    assert heard[-1].data == {"state": "succeeded", "error": None}
    assert heard[0].data["text"] == "ä\0"


def test_reading_resumes_after_any_event(broker, with_events, service_store, running):
    async def main(events):
        for number in range(4):
            await events.publish(running.job_id, "step", 1, {"number": number})
        service_store.finish(running, JobState.SUCCEEDED, {})
        await events.publish_end(service_store.get(running.job_id))
        whole = await _all(events, running.job_id)
        for place, event in enumerate(whole):
            assert await _all(events, running.job_id, event.id) == whole[place + 1 :]

    with_events(main)


def test_the_terminal_event_is_there_once_and_last(broker, with_events, service_store, running):
    async def main(events):
        service_store.finish(running, JobState.SUCCEEDED, {})
        job = service_store.get(running.job_id)
        await asyncio.gather(*(events.publish_end(job) for _ in range(10)))
        await events.publish(running.job_id, "late", 1, {})
        return await _all(events, running.job_id)

    assert [event.type for event in with_events(main)] == [FINISHED]


def test_an_end_that_was_never_published_is_rebuilt_once(broker, with_events, service_store, running):
    async def main(events):
        await events.publish(running.job_id, "step", 1, {})
        service_store.finish(running, JobState.FAILED)
        heard = await asyncio.gather(*(_all(events, running.job_id) for _ in range(3)))
        assert heard[0] == heard[1] == heard[2]
        return heard[0]

    assert [event.type for event in with_events(main)] == ["step", FINISHED]


def test_a_reader_of_a_wiped_broker_comes_to_an_end(broker, with_events, service_store, service_settings, running):
    async def main(events):
        await events.publish(running.job_id, "step", 1, {})
        step = (await events.read(running.job_id)).events[-1]
        service_store.finish(running, JobState.CANCELLED)
        await asyncio.to_thread(_wipe, service_settings)
        end = await _all(events, running.job_id, step.id)
        assert [(event.type, event.data["state"]) for event in end] == [(FINISHED, "cancelled")]
        assert await _all(events, running.job_id, end[0].id) == []

    with_events(main)


def test_a_reader_without_a_broker_comes_to_an_end(with_events, service_store, running):
    async def main(events):
        reader = asyncio.create_task(_all(events, running.job_id, "99999999999999-5"))
        await asyncio.sleep(0.2)
        assert not reader.done()
        service_store.finish(running, JobState.SUCCEEDED, {})
        return await reader

    assert [(event.id, event.type) for event in with_events(main)] == [("99999999999999-6", FINISHED)]


def test_reading_returns_empty_handed_when_nothing_happens(broker, with_events, running):
    async def main(events):
        return await events.read(running.job_id, block_s=0.1)

    batch = with_events(main)
    assert (batch.events, batch.ended) == ((), False)


def test_waiting_ends_with_the_job_or_with_the_time(broker, with_events, service_store, running):
    async def main(events):
        assert (await events.wait(running.job_id, 0.05)).state is JobState.RUNNING
        waiters = [asyncio.create_task(events.wait(running.job_id, 30)) for _ in range(20)]
        await asyncio.sleep(0.1)
        service_store.finish(running, JobState.SUCCEEDED, {"n": 1})
        await events.publish_end(service_store.get(running.job_id))
        return await asyncio.gather(*waiters)

    assert [job.result for job in with_events(main)] == [{"n": 1}] * 20


def test_waiting_works_without_a_broker(with_events, service_store, running):
    async def main(events):
        waiter = asyncio.create_task(events.wait(running.job_id, 30))
        await asyncio.sleep(0.1)
        service_store.finish(running, JobState.SUCCEEDED, {})
        return await waiter

    assert with_events(main).state is JobState.SUCCEEDED


def test_unknown_jobs_and_ids_are_named(broker, with_events, running):
    async def main(events):
        with pytest.raises(NotFound):
            await events.wait("nobody", 1)
        with pytest.raises(NotFound):
            await events.read("nobody", block_s=0.1)
        for text in ("", "x", "1-2-3", "9" * 30, "-1"):
            with pytest.raises(InvalidInput, match="event id"):
                await events.read(running.job_id, text)

    with_events(main)


def test_progress_without_a_broker_does_not_fail_a_job(with_events):
    async def main(events):
        await JobProgress(events, "id", 1).report("step", {})

    with_events(main)


def test_an_event_is_bounded(broker, with_events, running):
    async def main(events):
        await events.publish(running.job_id, "step", 1, {"text": "x" * MAX_DATA_BYTES})
        return (await events.read(running.job_id)).events

    assert with_events(main)[0].data["omitted_bytes"] > MAX_DATA_BYTES
