"""Runs commands as the person who calls: own account, own environment, own modules, no walls (``--trust``).

Wall time, output, memory and process count are still bounded, and afterwards no process and no file of the command is left:
descendants are found by a variable that they inherit. Limits: a program that clears its environment *and* leaves its process
group outlives its run; memory is sampled, not enforced by the kernel; nothing here may run code of strangers.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

import psutil

from codepar.errors import EnvironmentFault, ToolMissing
from worker.runner import Cause, Command, Outcome, Watch

_MARK = "CODEPAR_RUN"
_POLL_S = 0.2
_CHUNK = 65536


@dataclass
class _Process:
    """One running command: its folder, its pipes and what has been seen of it."""

    command: Command
    folder: Path
    mark: str
    popen: subprocess.Popen[bytes]
    ended: asyncio.Future[Cause]
    started: float
    streams: tuple[bytearray, bytearray] = field(default_factory=lambda: (bytearray(), bytearray()))
    peak_bytes: int = 0
    overflowed: bool = False

    def pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self.popen.stdout is not None
        assert self.popen.stderr is not None
        return self.popen.stdout, self.popen.stderr

    def end(self, cause: Cause) -> None:
        if not self.ended.done():
            self.ended.set_result(cause)


class TrustedRunner:
    """A ``Runner`` without walls. ``environment`` None takes that of this process, which is what trusted means."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = dict(os.environ if environment is None else environment)

    @property
    def name(self) -> Literal["sandboxed", "trusted"]:
        return "trusted"

    async def run(self, command: Command, watch: Watch | None = None) -> Outcome:
        """Run to its end. Raises ``ToolMissing`` when the program does not exist, ``EnvironmentFault`` without disk space."""
        with _folder(command) as folder:
            process = self._start(command, folder)
            try:
                cause = await _supervise(process, watch)
            finally:
                status, usage = _finish(process)
            return _outcome(process, cause, status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)

    def _start(self, command: Command, folder: Path) -> _Process:
        mark = uuid.uuid4().hex
        environment = {**self._environment, **command.environment, _MARK: mark}
        with tempfile.TemporaryFile() as stdin:
            stdin.write(command.stdin)
            stdin.seek(0)
            try:
                popen = subprocess.Popen(
                    command.argv,
                    cwd=folder,
                    env=environment,
                    stdin=stdin,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    pass_fds=command.inherit,
                    start_new_session=True,
                )
            except (FileNotFoundError, PermissionError) as error:
                # A folder of PATH that may not be entered makes "not found" a "permission denied".
                raise ToolMissing(f"{command.argv[0]} is not installed", remedy="install it, or put it on PATH") from error
        return _Process(command, folder, mark, popen, asyncio.get_running_loop().create_future(), time.monotonic())


@contextlib.contextmanager
def _folder(command: Command) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="codepar-run-"))
    try:
        try:
            _write_files(command, folder)
        except OSError as error:
            raise EnvironmentFault(f"{folder}: {error.strerror}", remedy="free some disk space, or set TMPDIR") from error
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_files(command: Command, folder: Path) -> None:
    for name, content in command.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if name in command.executables:
            path.chmod(0o755)


async def _supervise(process: _Process, watch: Watch | None) -> Cause:
    """Wait for whichever comes first: the end of the command, a limit, or the watcher."""
    loop = asyncio.get_running_loop()
    pidfd = os.pidfd_open(process.popen.pid)
    loop.add_reader(pidfd, process.end, "exit")
    for pipe, sink in zip(process.pipes(), process.streams, strict=True):
        os.set_blocking(pipe.fileno(), False)
        loop.add_reader(pipe.fileno(), _read, process, pipe, sink)
    alarm = loop.call_later(process.command.bounds.wall_s, process.end, "wall")
    helpers = [asyncio.ensure_future(_poll(process))]
    if watch is not None:
        helpers.append(asyncio.ensure_future(_watch(process, watch)))
    try:
        return await process.ended
    finally:
        alarm.cancel()
        loop.remove_reader(pidfd)
        os.close(pidfd)
        for pipe in process.pipes():
            loop.remove_reader(pipe.fileno())
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)


async def _watch(process: _Process, watch: Watch) -> None:
    try:
        await watch()
        process.end("watch")
    except Exception as error:
        if not process.ended.done():
            process.ended.set_exception(error)


def _read(process: _Process, pipe: IO[bytes], sink: bytearray) -> bool:
    """Take what the pipe holds, up to the cap; return whether there may be more."""
    try:
        piece = os.read(pipe.fileno(), _CHUNK)
    except BlockingIOError:
        return False
    if not piece:
        asyncio.get_running_loop().remove_reader(pipe.fileno())
        return False
    room = process.command.bounds.output_bytes - len(sink)
    sink += piece[:room]
    if len(piece) > room:
        process.overflowed = True
        process.end("output")
        return False
    return True


async def _poll(process: _Process) -> None:
    """Sample memory and process count of the tree and end it when a bound is passed."""
    while True:
        await asyncio.sleep(_POLL_S)
        try:
            root = psutil.Process(process.popen.pid)
            tree = [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
        memory = sum(_resident_bytes(member) for member in tree)
        process.peak_bytes = max(process.peak_bytes, memory)
        if memory > process.command.bounds.memory_bytes:
            process.end("memory")
        elif len(tree) > process.command.bounds.processes:
            process.end("processes")


def _resident_bytes(member: psutil.Process) -> int:
    try:
        return int(member.memory_info().rss)
    except psutil.Error:
        return 0


@dataclass(frozen=True)
class _Usage:
    """Seconds of CPU and the largest resident set (KiB) of one process among the descendants that were waited for."""

    ru_utime: float
    ru_stime: float
    ru_maxrss: int


def _finish(process: _Process) -> tuple[int, _Usage]:
    """Kill what is left, reap the command and take the last of its output."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.popen.pid, signal.SIGKILL)
    _, status, usage = os.wait4(process.popen.pid, 0)
    process.popen.returncode = os.waitstatus_to_exitcode(status)
    _kill_marked(process.mark)
    for pipe, sink in zip(process.pipes(), process.streams, strict=True):
        os.set_blocking(pipe.fileno(), False)
        while _read(process, pipe, sink):
            pass
        pipe.close()
    return process.popen.returncode, _Usage(usage.ru_utime, usage.ru_stime, usage.ru_maxrss)


def _kill_marked(mark: str) -> None:
    """Kill every process that inherited the mark, until none is found; launchers put ranks into groups of their own."""
    wanted = f"{_MARK}={mark}".encode()
    while _kill_once(wanted):
        time.sleep(0.001)


def _kill_once(wanted: bytes) -> int:
    found = 0
    for entry in os.listdir("/proc"):  # noqa: PTH208 - read at each job's end; plain names are cheapest
        if not entry.isdecimal():
            continue
        with contextlib.suppress(OSError):
            if wanted in Path(f"/proc/{entry}/environ").read_bytes():
                os.kill(int(entry), signal.SIGKILL)
                found += 1
    return found


def _outcome(process: _Process, cause: Cause, returncode: int, cpu_s: float, largest_bytes: int) -> Outcome:
    artifacts: dict[str, bytes] = {}
    for name in process.command.artifacts:
        content = _artifact(process.folder / name, process.command.bounds.artifact_bytes)
        if content is not None:
            artifacts[name] = content
    return Outcome(
        cause="output" if process.overflowed and cause == "exit" else cause,
        exit_code=returncode if returncode >= 0 else None,
        signal=-returncode if returncode < 0 else None,
        stdout=bytes(process.streams[0]),
        stderr=bytes(process.streams[1]),
        artifacts=artifacts,
        wall_s=time.monotonic() - process.started,
        cpu_s=cpu_s,
        peak_memory_bytes=max(process.peak_bytes, largest_bytes),
    )


def _artifact(path: Path, cap: int) -> bytes | None:
    """The content of a regular file within the cap, else None; a link is not followed."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > cap:
        return None
    return path.read_bytes()
