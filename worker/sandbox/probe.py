"""Proves the walls of the sandbox by trying to break each one, with bait laid out on the host.

A runner executes nothing before every wall has held (``Report.holds``); ``codepar doctor`` prints the table. Limits: a proof that
these attempts fail on this host now, not that no other could succeed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import socket
import struct
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from codepar.errors import SandboxUnavailable
from worker.runner import MEBIBYTE, Bounds, Cause, Command, Outcome

EXPECTED = (
    *("host files", "writing outside", "kernel settings", "secrets in /proc", "pid 1", "host loopback", "host unix sockets"),
    *("host processes", "user namespaces", "clone into namespaces", "clone3", "mount", "ptrace", "bpf", "keys", "io_uring"),
    *("packet sockets", "privileges", "system call filter", "inherited descriptors", "environment"),
)
_LIMITS: tuple[tuple[str, Cause, Bounds], ...] = (
    ("memory", "memory", Bounds(wall_s=5, memory_bytes=64 * MEBIBYTE, file_bytes=MEBIBYTE)),
    ("processes", "processes", Bounds(wall_s=5, processes=16)),
    ("flood", "output", Bounds(wall_s=5, output_bytes=4096)),
    ("sleep", "wall", Bounds(wall_s=0.05)),
)

Run = Callable[[Command], Awaitable[Outcome]]


@dataclass(frozen=True)
class Wall:
    """One attempt: its name, whether the wall held, and what was seen."""

    name: str
    holds: bool
    detail: str


@dataclass(frozen=True)
class Report:
    """All walls. ``counters`` says who counts memory and processes; ``bubblewrap`` names program and version."""

    walls: tuple[Wall, ...]
    counters: str
    bubblewrap: str
    took_s: float

    @property
    def holds(self) -> bool:
        return all(wall.holds for wall in self.walls)

    @property
    def broken(self) -> tuple[Wall, ...]:
        return tuple(wall for wall in self.walls if not wall.holds)


@dataclass(frozen=True)
class _Bait:
    """What the box must not reach, and the two ends of the one socket it is given."""

    file: Path
    port: int
    path: Path
    abstract: str
    ours: socket.socket
    theirs: socket.socket


def _listen(stack: ExitStack, family: int, address: object) -> socket.socket:
    listener = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
    listener.bind(address)  # type: ignore[arg-type]  # an address is a tuple or a text, by family
    listener.listen(8)
    return listener


@contextlib.contextmanager
def _bait() -> Iterator[_Bait]:
    """Everything readable and connectable by anyone, so that only a wall can be what stops the box."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="codepar-probe-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        file, path, abstract = folder / "secret", folder / "socket", f"codepar-probe-{secrets.token_hex(8)}"
        file.write_text("secret")
        file.chmod(0o644)
        tcp = _listen(stack, socket.AF_INET, ("127.0.0.1", 0))
        _listen(stack, socket.AF_UNIX, str(path))
        path.chmod(0o777)
        _listen(stack, socket.AF_UNIX, f"\0{abstract}")
        ours, theirs = (stack.enter_context(end) for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM))
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        ours.setblocking(False)
        yield _Bait(file, tcp.getsockname()[1], path, abstract, ours, theirs)


def _host_user(bait: _Bait) -> Wall:
    """Which user of the host the box really is, from the credentials the kernel attached to its message."""
    try:
        _, extra, _, _ = bait.ours.recvmsg(1, socket.CMSG_SPACE(struct.calcsize("3i")))
    except BlockingIOError:
        return Wall("host user", False, "the box did not say")
    uid = next((struct.unpack("3i", data)[1] for _, kind, data in extra if kind == socket.SCM_CREDENTIALS), 0)
    return Wall("host user", uid not in {0, *([os.geteuid()] if os.geteuid() == 0 else [])}, f"runs as {uid}")


def _parsed(outcome: Outcome) -> list[Wall]:
    """Walls that were not heard of are broken."""
    seen = {}
    for line in outcome.stdout.decode(errors="replace").splitlines():
        name, _, rest = line.partition("\t")
        verdict, _, detail = rest.partition("\t")
        seen[name] = Wall(name, verdict == "holds", detail)
    silent = f"not proved: the probe ended by {outcome.cause}, exit code {outcome.exit_code}, signal {outcome.signal}"
    return [seen.get(name, Wall(name, False, silent)) for name in EXPECTED]


async def _walls(run: Run, program: bytes) -> list[Wall]:
    with _bait() as bait:
        names = (str(bait.file), str(bait.port), str(bait.path), bait.abstract, str(bait.theirs.fileno()))
        outcome = await run(
            Command(
                argv=("./probe", "walls", *names),
                files={"probe": program},
                executables=frozenset({"probe"}),
                inherit=(bait.theirs.fileno(),),
                bounds=Bounds(wall_s=10),
            )
        )
        return [*_parsed(outcome), _host_user(bait)]


async def _limit(run: Run, program: bytes, name: str, cause: Cause, bounds: Bounds) -> Wall:
    command = Command(argv=("./probe", name), files={"probe": program}, executables=frozenset({"probe"}), bounds=bounds)
    outcome = await run(command)
    return Wall(f"limit: {cause}", outcome.cause == cause, f"a program that exceeds it ended by {outcome.cause}")


async def examine(run: Run, program: bytes, counters: str, bubblewrap: str) -> Report:
    """Try every wall with the compiled ``probe.c``. Raises ``SandboxUnavailable`` when no box can be started at all."""
    started = time.monotonic()
    try:
        first = await _walls(run, program)
    except SandboxUnavailable as error:
        raise SandboxUnavailable(error.message, remedy=remedy(error.message)) from error
    limits = await asyncio.gather(*(_limit(run, program, *limit) for limit in _LIMITS))
    return Report((*first, *limits), counters, bubblewrap, time.monotonic() - started)


def _setting(path: str) -> str | None:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return None


def _namespace_advice() -> list[str]:
    """The settings of this host that forbid user namespaces."""
    advice = []
    if _setting("/proc/sys/kernel/unprivileged_userns_clone") == "0":
        advice.append("sysctl kernel.unprivileged_userns_clone=1")
    if _setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":
        advice.append("sysctl kernel.apparmor_restrict_unprivileged_userns=0")
    if _setting("/proc/sys/user/max_user_namespaces") == "0":
        advice.append("sysctl user.max_user_namespaces=15000")
    if not advice and Path("/.dockerenv").exists():
        advice.append("start the container with a seccomp profile that permits user namespaces and with systempaths=unconfined")
    return advice


def _advice(reason: str) -> list[str]:
    """By what was seen: the name of a broken wall, or why no box could be started."""
    if "seccomp" in reason.lower() or "system call filter" in reason:
        return ["use a kernel built with CONFIG_SECCOMP_FILTER, and a container runtime that lets seccomp filters be installed"]
    if "limit: memory" in reason or "limit: processes" in reason:
        return ["give the service a control group of its own (systemd: Delegate=yes)", "lighten the load on this machine"]
    return _namespace_advice()


def remedy(reason: str = "") -> str:
    """What most likely mends it, and the way out that needs no walls. ``reason`` names a wall or says why no box started."""
    return "; ".join([*_advice(reason), "your own code runs without walls: codepar run --trust"])


def refuse(report: Report) -> SandboxUnavailable:
    """The error of a runner whose walls do not all hold."""
    broken = "; ".join(f"{wall.name} ({wall.detail})" for wall in report.broken)
    return SandboxUnavailable(f"nothing is executed, because walls of the sandbox do not hold: {broken}", remedy=remedy(broken))
