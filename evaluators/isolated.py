"""A system in a process of its own: whatever it does, a crash, a loop without end, an exit, costs one sample.

Requests go to its standard input, answers come on a pipe of their own, so that libraries may print what they like. Limits: one
request at a time; no walls, since what is scored here proposes and does not run anything.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Self

from codepar.errors import EnvironmentFault, InvalidInput
from codepar.lifetime import die_with_parent
from codepar.protocols import Status

START_S = 900.0
"""Loading weights may take this long."""
_READ_BYTES = 65536


class _Silent(Exception):
    """Nothing came in time."""


class _Ended(Exception):
    """The process is gone."""


class IsolatedSystem:
    """Starts the command when it is first needed, and again after it broke down. Use it as a context manager.

    The command gets ``--answers FD`` and writes JSON lines there: first ``{"ready": provenance}`` or ``{"fault", "remedy",
    "exit_code"}``, then one object for each request that it reads from its standard input.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], limit_s: float) -> None:
        self._command = command
        self._environment = environment
        self._limit_s = limit_s
        self._process: subprocess.Popen[bytes] | None = None
        self._answers = -1
        self._pending = b""

    @property
    def pid(self) -> int | None:
        """Of the running process."""
        return self._process.pid if self._process else None

    def start(self) -> dict[str, Any]:
        """Start it and hear who it is. Raises ``InvalidInput`` or ``EnvironmentFault`` with what it says, or when it ends."""
        self.close()
        reading, writing = os.pipe()
        self._process = subprocess.Popen(
            [*self._command, "--answers", str(writing)],
            stdin=subprocess.PIPE,
            stdout=sys.stderr.fileno() if sys.stderr.isatty() else subprocess.DEVNULL,
            env={**os.environ, **self._environment},
            pass_fds=(writing,),
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one system call, and this process has one thread
        )
        os.close(writing)
        self._answers, self._pending = reading, b""
        try:
            said = self._hear(START_S)
        except (_Silent, _Ended) as error:
            reason = self._end()
            raise EnvironmentFault(f"the system under test did not start: {reason}", remedy="codepar doctor") from error
        if "fault" in said:
            self.close()
            kind = InvalidInput if said.get("exit_code") == 2 else EnvironmentFault
            raise kind(str(said["fault"]), remedy=said.get("remedy"))
        ready: dict[str, Any] = said.get("ready", {})
        return ready

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """One answer; ``status`` and ``message`` say what went wrong. Never raises for what the system does."""
        if self._process is None:
            self.start()
        try:
            self._tell(request)
            return self._hear(self._limit_s)
        except _Silent:
            self.close()
            return {"status": Status.TIMEOUT.value, "message": f"no answer within {self._limit_s:g} s"}
        except _Ended:
            return {"status": Status.RUNTIME_ERROR.value, "message": f"the system under test {self._end()}"}

    def _tell(self, request: Mapping[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise _Ended from error

    def _hear(self, limit_s: float) -> dict[str, Any]:
        """The next line as an object."""
        deadline = time.monotonic() + limit_s
        while b"\n" not in self._pending:
            readable, _, _ = select.select([self._answers], [], [], max(0.0, deadline - time.monotonic()))
            if not readable:
                raise _Silent
            data = os.read(self._answers, _READ_BYTES)
            if not data:
                raise _Ended
            self._pending += data
        line, _, self._pending = self._pending.partition(b"\n")
        try:
            said = json.loads(line)
        except json.JSONDecodeError as error:
            raise _Ended from error
        return said if isinstance(said, dict) else {}

    def _end(self) -> str:
        """How it ended; it is killed where it still runs."""
        assert self._process is not None
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.close()
            return "does not answer any more"
        self.close()
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    def close(self) -> None:
        """Kill it with what it left in its process group."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert process.stdin is not None
        with suppress(BrokenPipeError):
            process.stdin.close()
        os.close(self._answers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
