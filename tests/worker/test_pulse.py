"""The pulse ends the work it guards, and says why."""

import asyncio
import threading
from contextlib import suppress

import pytest

from codepar.errors import BrokerUnavailable, StoreUnavailable
from worker.pulse import Pulse, Stop, Stopped


async def _forever():
    await asyncio.Event().wait()


def test_work_that_ends_gives_its_result_and_stops_the_pulse():
    async def main():
        return await Pulse(lambda: None, 0.01, lambda: False).guard(asyncio.sleep(0.05, "result"))

    assert asyncio.run(main()) == "result"
    assert "pulse" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("reason", [Stop.CANCELLED, Stop.LOST])
def test_a_beat_that_says_stop_cancels_the_work(reason):
    async def main():
        await Pulse(lambda: reason, 0.01, lambda: False).guard(_forever())

    with pytest.raises(Stopped) as caught:
        asyncio.run(main())
    assert caught.value.reason is reason


def test_a_shutdown_cancels_the_work():
    with pytest.raises(Stopped) as caught:
        asyncio.run(Pulse(lambda: None, 60, lambda: True).guard(_forever()))
    assert caught.value.reason is Stop.SHUTDOWN


def test_a_cancellation_that_was_swallowed_is_repeated(monkeypatch):
    monkeypatch.setattr("worker.pulse._CANCEL_AGAIN_S", 0.05)

    async def swallow():
        with suppress(asyncio.CancelledError):
            await _forever()
        await _forever()

    with pytest.raises(Stopped):
        asyncio.run(Pulse(lambda: Stop.CANCELLED, 0.01, lambda: False).guard(swallow()))


def test_a_store_that_is_away_does_not_stop_the_work():
    beats = []

    def beat():
        beats.append(1)
        raise StoreUnavailable("away")

    async def main():
        return await Pulse(beat, 0.01, lambda: False).guard(asyncio.sleep(0.1, "result"))

    assert asyncio.run(main()) == "result"
    assert len(beats) > 1


def test_a_failure_of_the_work_is_raised_as_it_is():
    async def fail():
        raise ValueError("its own")

    with pytest.raises(ValueError, match="its own"):
        asyncio.run(Pulse(lambda: None, 0.01, lambda: False).guard(fail()))


def test_work_that_computes_without_awaiting_does_not_fall_silent():
    beats = []

    async def compute():
        while len(beats) < 3:
            pass

    asyncio.run(Pulse(lambda: beats.append(1), 0.01, lambda: False).guard(compute()))
    assert len(beats) >= 3


def test_a_reason_to_hurry_makes_it_beat_at_once():
    hurry = threading.Event()

    async def main():
        asyncio.get_running_loop().call_later(0.1, hurry.set)
        pulse = Pulse(lambda: Stop.CANCELLED if hurry.is_set() else None, 3600, lambda: False, hurry.is_set)
        await asyncio.wait_for(pulse.guard(_forever()), 30)

    with pytest.raises(Stopped) as caught:
        asyncio.run(main())
    assert caught.value.reason is Stop.CANCELLED


def test_a_store_that_is_away_is_no_reason_to_hurry():
    asked = threading.Event()

    def hurry():
        asked.set()
        raise StoreUnavailable("away")

    async def main():
        pulse = Pulse(lambda: Stop.CANCELLED, 3600, lambda: False, hurry)
        return await pulse.guard(asyncio.to_thread(asked.wait, 30))

    assert asyncio.run(main())


def test_work_whose_worker_died_ends_when_nothing_is_heard_for_long(monkeypatch):
    monkeypatch.setattr("worker.pulse.OUTAGE_S", 0.05)

    def beat():
        raise BrokerUnavailable("away")

    with pytest.raises(Stopped) as caught:
        asyncio.run(Pulse(beat, 0.01, lambda: False, alone=lambda: True).guard(_forever()))
    assert caught.value.reason is Stop.LOST
