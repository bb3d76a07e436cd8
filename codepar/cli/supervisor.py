"""Keeps the parts of the service running: starts them in order, restarts what dies, stops them together, the broker last.

One thread, one loop: the kernel ends children with the thread that made them. Limits: Linux; a part that dies again and
again is restarted for ever, at most every ``MAX_BACKOFF_S``.
"""

from __future__ import annotations

import ctypes
import os
import selectors
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

import psutil

from codepar.cli.child import Child, ChildSpec
from codepar.errors import CodeparError

FIRST_BACKOFF_S = 0.2
MAX_BACKOFF_S = 10.0
# A part that lived so long starts again at once.
HEALTHY_S = 10.0
TICK_S = 0.2
_PR_SET_CHILD_SUBREAPER = 36

Log = Callable[[str, str], None]


class Part(Protocol):
    """Something that is kept running. ``poll`` is None while it runs, else why it ended."""

    name: str

    @property
    def pid(self) -> int | None: ...

    def start(self) -> None: ...

    def poll(self) -> str | None: ...

    def ask_to_end(self) -> None:
        """Begin to end it, where others need not wait for that; returns at once."""
        ...

    def stop(self, idle: Callable[[], bool]) -> None:
        """End it; ``idle`` passes a moment and is True when there is no more time."""
        ...

    def kill(self) -> None: ...


class ChildPart:
    """A part that is a child process of ours, its output read by the supervisor."""

    def __init__(self, spec: ChildSpec, supervisor: Supervisor) -> None:
        self.name = spec.name
        self._spec = spec
        self._supervisor = supervisor
        self._child: Child | None = None
        self._asked = False

    @property
    def pid(self) -> int | None:
        return None if self._child is None else self._child.pid

    def start(self) -> None:
        self._child = Child(self._spec)
        self._supervisor.listen(self._child)
        self._supervisor.log(self.name, f"started, process {self._child.pid}")

    def poll(self) -> str | None:
        if self._child is None:
            return "not started"
        code = self._child.exit_code
        if code is None:
            return None
        self._forget()
        return f"ended with exit code {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"

    def ask_to_end(self) -> None:
        # Once: a second SIGTERM makes a worker drop what it has in hand.
        if self._child is not None and not self._asked:
            self._asked = True
            self._child.terminate()

    def stop(self, idle: Callable[[], bool]) -> None:
        if self._child is None:
            return
        self.ask_to_end()
        deadline = time.monotonic() + self._spec.stop_s
        while self._child.exit_code is None and time.monotonic() < deadline and not idle():
            pass
        self.kill()

    def kill(self) -> None:
        if self._child is not None:
            self._forget()

    def _forget(self) -> None:
        assert self._child is not None
        child, self._child = self._child, None
        child.kill_group()
        self._supervisor.unlisten(child)


class Supervisor:
    """Runs the parts until a signal says stop. ``log`` takes the name of a part and one line of it."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.parts: list[Part] = []
        self._selector = selectors.DefaultSelector()
        self._due: dict[str, float] = {}
        self._backoff: dict[str, float] = {}
        self._started: dict[str, float] = {}
        self._signals = 0
        self._wake_r, self._wake_w = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector.register(self._wake_r, selectors.EVENT_READ)

    @property
    def stopping(self) -> bool:
        return self._signals > 0

    def run(self, parts: Sequence[Part], on_tick: Callable[[], None]) -> None:
        """Start the parts and keep them running until SIGINT, SIGTERM or SIGHUP; then stop them all. A second signal kills.

        Raises what the first start of a part raises, after stopping the others.
        """
        self._prepare()
        self.parts = list(parts)
        try:
            for part in self.parts:
                if self.stopping:
                    break
                self._start(part)
            while not self.stopping:
                self.idle()
                self._tend()
                on_tick()
        finally:
            self._stop_all()

    def idle(self) -> bool:
        """Hear the children for a moment. True after a second signal: no more time."""
        for key, _ in self._selector.select(TICK_S):
            if key.data is None:
                with suppress(BlockingIOError):
                    os.read(self._wake_r, 1024)
            else:
                self._relay(key.data)
        self._reap_orphans()
        return self._signals > 1

    def listen(self, child: Child) -> None:
        """Read the child's output from now on."""
        self._selector.register(child.output, selectors.EVENT_READ, child)

    def unlisten(self, child: Child) -> None:
        """Read what is left of its output, then stop reading."""
        self._relay(child)
        self._deafen(child)
        child.close()

    def _prepare(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        signal.set_wakeup_fd(self._wake_w, warn_on_full_buffer=False)
        # What a killed child leaves behind becomes our child, so that it can be found and ended.
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._signals += 1

    def _relay(self, child: Child) -> None:
        lines = child.lines()
        if lines is None:
            self._deafen(child)
        for line in lines or ():
            self.log(child.spec.name, line)

    def _deafen(self, child: Child) -> None:
        with suppress(KeyError):
            self._selector.unregister(child.output)

    def _start(self, part: Part) -> None:
        self._started[part.name] = time.monotonic()
        part.start()

    def _tend(self) -> None:
        moment = time.monotonic()
        for part in self.parts:
            if part.name in self._due:
                if moment >= self._due[part.name]:
                    self._restart(part)
            elif (reason := part.poll()) is not None:
                self._schedule(part, reason)

    def _schedule(self, part: Part, reason: str) -> None:
        lived = time.monotonic() - self._started[part.name]
        pause = 0.0 if lived > HEALTHY_S else self._backoff.get(part.name, 0.0)
        self._backoff[part.name] = min(max(pause * 2, FIRST_BACKOFF_S), MAX_BACKOFF_S)
        self._due[part.name] = time.monotonic() + pause
        self.log(part.name, f"{reason}; starting it again" + (f" in {pause:.1f} s" if pause else ""))

    def _restart(self, part: Part) -> None:
        del self._due[part.name]
        try:
            self._start(part)
        except (CodeparError, OSError) as error:
            self._schedule(part, str(error))

    def _reap_orphans(self) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
                # Our own parts are not reaped here: their exit codes are asked for by their handles.
                if ended.si_pid in {part.pid for part in self.parts}:
                    return
                os.waitpid(ended.si_pid, os.WNOHANG)

    def _stop_all(self) -> None:
        if self._signals < 2:
            for part in reversed(self.parts):
                self.log(part.name, "stopping")
                part.ask_to_end()
        for part in reversed(self.parts):
            with suppress(CodeparError):
                if self._signals > 1:
                    part.kill()
                else:
                    part.stop(self.idle)
        self._kill_orphans()

    def _kill_orphans(self) -> None:
        left = psutil.Process().children(recursive=True)
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=5)
