import os
import signal

import pytest

from finetune.train.interrupt import stop_on_signal


@pytest.fixture(autouse=True)
def own_handlers():
    """A run in the background inherits signals that are ignored."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_first_signal_asks_and_the_second_ends():
    before = signal.getsignal(signal.SIGINT)
    with stop_on_signal() as stops:
        assert not stops()
        os.kill(os.getpid(), signal.SIGINT)
        assert stops()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_launcher_may_repeat_the_signal():
    with stop_on_signal(again=False) as stops:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
        assert stops()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
