"""One child process of the service: started, heard, ended with its whole group. Limits: decides nothing about restarts."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from codepar.lifetime import die_with_parent

READ_BYTES = 65536
MAX_LINE_BYTES = 65536


@dataclass(frozen=True)
class ChildSpec:
    """How a part is started. ``stop_s`` is how long it may take to end by itself before it is killed."""

    name: str
    argv: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    descriptors: tuple[int, ...] = ()
    stop_s: float = 10.0


class Child:
    """A running child in a session of its own, so that Ctrl-C at the terminal reaches the service alone."""

    def __init__(self, spec: ChildSpec) -> None:
        """Start it. The kernel kills it when this process ends, however it ends. Raises ``OSError``."""
        self.spec = spec
        self._partial = b""
        self._process = subprocess.Popen(
            spec.argv,
            cwd=spec.folder,
            env={**os.environ, **spec.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=spec.descriptors,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one system call, and this process has one thread
        )
        assert self._process.stdout is not None
        self.output = self._process.stdout.fileno()
        os.set_blocking(self.output, False)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self._process.poll()

    def lines(self) -> list[str] | None:
        """The lines it wrote since the last call, None at the end of its output; never blocks."""
        try:
            data = os.read(self.output, READ_BYTES)
        except BlockingIOError:
            return []
        if not data:
            return None
        *whole, self._partial = (self._partial + data).split(b"\n")
        if len(self._partial) > MAX_LINE_BYTES:
            whole.append(self._partial)
            self._partial = b""
        return [line.decode(errors="replace") for line in whole]

    def terminate(self) -> None:
        """Ask it to end."""
        if self.exit_code is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)

    def kill_group(self) -> None:
        """Kill it and what it left in its process group, and forget its pipe."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Close our end of its output."""
        assert self._process.stdout is not None
        self._process.stdout.close()
