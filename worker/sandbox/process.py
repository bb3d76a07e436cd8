"""One box from start to end: pipes drained, clocks and counters watched, everything dead before the answer.

The verdict is the host's: its clock, its byte counts, the kernel's counters. Nothing waits for the end of a pipe; the end is
that of the process outside, which comes after that of pid 1, which comes after that of everything inside. Limits: Linux, asyncio.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Callable

from codepar.errors import EnvironmentFault, SandboxUnavailable
from worker.runner import Cause, Command, Outcome, Watch
from worker.sandbox import wire
from worker.sandbox.cgroups import Group, Usage
from worker.sandbox.launch import Pipes, Started

START_S = 30.0
TRANSFER_S = 60.0
_POLL_S = 0.03
_STUBBORN_S = 5.0
_CHUNK = 1 << 18
_REACHABLE = "install it where others can read, or give the root worker CAP_SYS_ADMIN"
_CANNOT_EXECUTE = {13: 126}  # EACCES; anything else is 127, as shells have it


class Drain:
    """Reads one pipe as it fills, once it ``listen``s. Keeps ``limit`` bytes; ``full`` is called once more has come."""

    def __init__(self, descriptor: int, limit: int | None, full: Callable[[], None], taker: Callable[[bytes], None]) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor, self._room, self._full, self._taker = descriptor, limit, full, taker
        self._loop = asyncio.get_running_loop()

    def listen(self) -> None:
        self._loop.add_reader(self._descriptor, self._ready)

    def _ready(self) -> bool:
        try:
            data = os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return False
        if not data:
            self._loop.remove_reader(self._descriptor)
            return False
        self._take(data)
        return True

    def _take(self, data: bytes) -> None:
        if self._room is None:
            self._taker(data)
            return
        self._taker(data[: self._room])
        if len(data) > self._room:
            self._full()
        self._room = max(0, self._room - len(data))

    def finish(self) -> None:
        """Take what is left and let go; for when no writer is alive."""
        while self._ready():
            pass
        self._loop.remove_reader(self._descriptor)


class Monitor:
    """Watches one started box. ``finish`` must be awaited; afterwards nothing of the box is alive."""

    def __init__(self, started: Started, command: Command, group: Group | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._process, self._command, self._group = started.process, command, group
        self._pipes = started.pipes
        self._decoder = wire.Decoder(command.artifacts)
        self._stdout, self._stderr, self._info = bytearray(), bytearray(), bytearray()
        self._cause: Cause | None = None
        self._fault: BaseException | None = None
        self._started_at: float | None = None
        self._ended_at: float | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._inside: int | None = None
        self._kill_wanted = False
        self._setup_cpu_s = 0.0
        self._outside = os.pidfd_open(started.process.pid)
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(self._outside, self._exited)
        self._about_inside, *others = self._drains = self._drain(started.pipes)
        for drain in others:
            drain.listen()
        self._later(START_S, self._not_started)

    def _drain(self, pipes: Pipes) -> list[Drain]:
        cap, over = self._command.bounds.output_bytes, lambda: self.stop("output")
        return [
            Drain(pipes.info, None, over, self._informed),
            Drain(pipes.result, None, over, self._answered),
            Drain(pipes.stdout, cap, over, self._stdout.extend),
            Drain(pipes.stderr, cap, over, self._stderr.extend),
        ]

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        self._timers.append(self._loop.call_later(seconds, call))

    def _forget_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def _informed(self, data: bytes) -> None:
        self._info += data
        with contextlib.suppress(ValueError, ProcessLookupError):
            self._inside = os.pidfd_open(int(json.loads(self._info)["child-pid"]))
            if self._kill_wanted:
                self.kill()

    def _answered(self, data: bytes) -> None:
        self._decoder.feed(data)
        answer = self._decoder.answer
        if answer.started and self._started_at is None:
            self._begin()
        if answer.ending is not None and self._ended_at is None:
            self._ended_at = self._loop.time()
            self._forget_timers()
            self._later(TRANSFER_S, lambda: self._break(EnvironmentFault("the box did not hand back its files")))

    def _begin(self) -> None:
        self._started_at = self._loop.time()
        self._about_inside.finish()  # all of it was written before pid 1 began; each of its pieces would wake this process
        self._setup_cpu_s = self._group.cpu_s() or 0.0 if self._group is not None else 0.0
        self._forget_timers()
        self._later(self._command.bounds.wall_s, lambda: self.stop("wall"))
        if self._group is not None:
            self._later(_POLL_S, self._poll)

    def _poll(self) -> None:
        assert self._group is not None
        cause = _exceeded(self._group.alarms())
        if cause is not None:
            self.stop(cause)
        elif self._ended_at is None:
            self._later(_POLL_S, self._poll)

    def _not_started(self) -> None:
        self._break(SandboxUnavailable(f"the box did not start within {START_S:.0f} s", remedy="codepar doctor"))

    def _break(self, fault: BaseException) -> None:
        self._fault = self._fault or fault
        self.kill()

    def stop(self, cause: Cause) -> None:
        """End the box for that reason; the first reason counts."""
        self._cause = self._cause or cause
        self.kill()

    def kill(self) -> None:
        """Kill pid 1, and with it its namespace; the process outside follows by itself."""
        self._kill_wanted = True
        if self._gone.done():
            return
        with contextlib.suppress(ProcessLookupError):
            if self._inside is None:
                self._about_inside.listen()
            else:
                signal.pidfd_send_signal(self._inside, signal.SIGKILL)
        self._later(_STUBBORN_S, self._kill_outside)

    def _kill_outside(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._outside, signal.SIGKILL)

    def _exited(self) -> None:
        self._loop.remove_reader(self._outside)
        _, status = os.waitpid(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self._about_inside.finish()  # the process id may still lie in its pipe
        if self._inside is None:
            self._gone.set_result(None)
        else:  # pid 1 can outlive the process outside only when the kernel killed that one first
            self._loop.add_reader(self._inside, self._inside_gone)
            self.kill()

    def _inside_gone(self) -> None:
        assert self._inside is not None
        self._loop.remove_reader(self._inside)
        self._gone.set_result(None)

    async def finish(self, watch: Watch | None) -> None:
        """Wait for the end; kill on cancellation and when ``watch`` returns. What ``watch`` raises is raised."""
        watcher = asyncio.ensure_future(watch()) if watch is not None else None
        if watcher is not None:
            watcher.add_done_callback(self._watched)
        try:
            await asyncio.shield(self._gone)
        finally:
            self.kill()
            if watcher is not None:
                watcher.cancel()
            await _despite_cancellation(self._gone)
            self._close()
        if self._fault is not None:
            raise self._fault

    def _watched(self, watcher: asyncio.Future[None]) -> None:
        if watcher.cancelled():
            return
        error = watcher.exception()
        if error is None:
            self.stop("watch")
        else:
            self._break(error)

    def _close(self) -> None:
        self._forget_timers()
        for drain in self._drains:
            drain.finish()
        for descriptor in (self._pipes.stdout, self._pipes.stderr, self._pipes.result, self._pipes.info):
            os.close(descriptor)
        os.close(self._outside)
        if self._inside is not None:
            os.close(self._inside)

    def outcome(self) -> Outcome:
        """The result, after ``finish``. Raises ``SandboxUnavailable`` when the walls could not be set up."""
        usage = self._group.usage() if self._group is not None else Usage()
        cause = self._final_cause(usage)
        ending = self._decoder.answer.ending
        if cause is None:
            raise self._broken()
        status = ending.status if ending is not None else signal.SIGKILL.value
        code: int | None = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
        if ending is not None and ending.failure:
            code = _CANNOT_EXECUTE.get(ending.failure, 127)
            self._stderr += f"codepar: cannot start {self._command.argv[0]}: {os.strerror(ending.failure)}\n".encode()
        return Outcome(
            cause=cause,
            exit_code=code,
            signal=os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
            stdout=bytes(self._stdout),
            stderr=bytes(self._stderr),
            artifacts=dict(self._decoder.answer.artifacts),
            wall_s=self._wall_s(),
            cpu_s=self._cpu_s(usage),
            peak_memory_bytes=usage.peak_memory_bytes or (ending or self._decoder.answer).peak_memory_bytes,
        )

    def _cpu_s(self, usage: Usage) -> float:
        """Of the command alone where that is known: without what setting up the box took."""
        if usage.cpu_s is not None:
            return max(0.0, usage.cpu_s - self._setup_cpu_s)
        answer = self._decoder.answer
        return (answer.ending or answer).cpu_s

    def _wall_s(self) -> float:
        if self._started_at is None:
            return 0.0
        return (self._ended_at or self._loop.time()) - self._started_at

    def _final_cause(self, usage: Usage) -> Cause | None:
        """None: the box broke without a reason of the command's."""
        counted, ending = _exceeded(usage), self._decoder.answer.ending
        if self._cause is not None or counted is not None:
            return counted or self._cause
        if ending is None:
            return None
        if self._decoder.answer.too_large or ending.status == signal.SIGXFSZ:
            return "files"
        return _HITS[ending.hit]

    def _broken(self) -> EnvironmentFault:
        said = bytes(self._stderr[-600:]).decode(errors="replace").strip()
        if "find source path" in said:
            return SandboxUnavailable(f"a folder to bind cannot be reached by the box's user: {said}", remedy=_REACHABLE)
        if self._started_at is None:
            return SandboxUnavailable(f"the box could not be set up: {said or 'no message'}", remedy="codepar doctor")
        return EnvironmentFault(f"the box ended before its command: exit status {self._process.returncode}: {said}")


_HITS: dict[wire.Hit, Cause] = {
    wire.Hit.NONE: "exit",
    wire.Hit.MEMORY: "memory",
    wire.Hit.PROCESSES: "processes",
    wire.Hit.FILES: "files",
}


def _exceeded(usage: Usage) -> Cause | None:
    if usage.oom_kills:
        return "memory"
    return "processes" if usage.refused_forks else None


async def _despite_cancellation(future: asyncio.Future[None]) -> None:
    """Wait for a future that is sure to come; a cancellation meanwhile is raised afterwards."""
    cancelled: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.shield(future)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
