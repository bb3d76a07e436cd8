"""Lets event loops run between the steps of the pipeline.

`step` of OpenVINO GenAI holds the global lock of Python. Between two steps a loop gets it for one iteration; a new request,
which takes about ten iterations to be read and admitted, would wait for ten steps. Limits: a loop that always has work delays
the next step by `_MOST_TURNS` iterations.
"""

from __future__ import annotations

import asyncio
import threading
import time
import weakref

_MOST_TURNS = 16
_QUIET_TURNS = 3
_QUIET_S = 0.0003
_PATIENCE_S = 0.05


class LoopTurns:
    """The loops that have sent requests. ``give`` is called by the pipeline's thread, ``know`` by a loop's own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loops: weakref.WeakSet[asyncio.AbstractEventLoop] = weakref.WeakSet()

    def know(self, loop: asyncio.AbstractEventLoop) -> None:
        """Remember a loop as one to wait for."""
        with self._lock:
            self._loops.add(loop)

    def give(self) -> None:
        """Wait while the loops are busy: each until some iterations in a row found nothing to do."""
        with self._lock:
            loops = list(self._loops)
        for loop in loops:
            if not self._settle(loop):
                with self._lock:
                    self._loops.discard(loop)

    def _settle(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether the loop is still there."""
        quiet = 0
        for _ in range(_MOST_TURNS):
            turned = threading.Event()
            started = time.perf_counter()
            try:
                loop.call_soon_threadsafe(turned.set)
            except RuntimeError:
                return False
            # A loop that does not turn at all is blocked by somebody else's code; the pipeline goes on.
            if not turned.wait(_PATIENCE_S):
                return True
            quiet = quiet + 1 if time.perf_counter() - started < _QUIET_S else 0
            if quiet == _QUIET_TURNS:
                break
        return True
