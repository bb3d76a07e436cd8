"""A first interrupt or termination asks a run to stop after its step, with a checkpoint; a second one ends it as usual.

Limits: main thread only.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_Handler = Callable[[int, FrameType | None], Any] | int | None


@contextmanager
def stop_on_signal(*, again: bool = True) -> Iterator[Callable[[], bool]]:
    """Gives a function that says whether a signal came; the handlers are put back at the end.

    ``again`` False: a second signal changes nothing. A launcher passes on what the terminal has sent already.
    """
    before: dict[int, _Handler] = {number: signal.getsignal(number) for number in _SIGNALS}
    asked = False

    def hear(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        if again:
            signal.signal(number, before[number])

    for number in _SIGNALS:
        signal.signal(number, hear)
    try:
        yield lambda: asked
    finally:
        for known, handler in before.items():
            signal.signal(known, handler)
