"""The system call filter of the box: an allow list, assembled to BPF here because no binding of libseccomp is needed for it.

Refused calls fail with EPERM; clone3 and io_uring with ENOSYS, so that callers fall back to older calls. 32-bit and x32 calls
kill the process. Limits: x86_64 only; a filter sees numbers, never what a pointer points to.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from codepar.errors import SandboxUnavailable
from worker.sandbox.syscalls import ALLOWED, BULK_MEMORY, LAST_KNOWN, NOT_THERE, X86_64

_LOAD, _JUMP_EQUAL, _JUMP_ABOVE, _JUMP_FROM, _JUMP_ANY, _RETURN, _AND = 0x20, 0x15, 0x25, 0x35, 0x45, 0x06, 0x54
_ARCH_X86_64, _X32_BIT = 0xC000003E, 0x40000000
_NUMBER, _ARCH = 0, 4
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_EPERM, _ENOSYS, _IGNORED = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS, 0x00050000

NAMESPACE_FLAGS = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16
_NETLINK_ROUTE = 0
_SOL_SOCKET, _BUFFER_SIZES = 1, (7, 8, 32, 33)  # SO_SNDBUF, SO_RCVBUF, and both FORCE
_PERSONALITIES = (0, 0xFFFFFFFF, 0x00040000)  # Linux, the query, and ADDR_NO_RANDOMIZE, which sanitizers set
TERMINAL_AND_INTERFACE_REQUESTS = (
    *(0x5401, 0x5402, 0x5403, 0x5404, 0x540F, 0x5410, 0x5413, 0x5414),  # TCGETS, TCSETS*, TIOC[GS]PGRP, TIOC[GS]WINSZ
    *(0x541B, 0x5421, 0x5450, 0x5451, 0x80045430, 0x40045431),  # FIONREAD, FIONBIO, FIO[N]CLEX, TIOCGPTN, TIOCSPTLCK
    *(0x8910, 0x8912, 0x8913, 0x8915, 0x8917, 0x8919, 0x891B, 0x8921, 0x8927, 0x8933),  # SIOCGIF*: MPI lists its interfaces
)
# NVIDIA's drivers: requests of type 'F' for the device and its control node; of the unified memory driver plain numbers, whose
# tests begin at 200, and two calls that open and close it.
_TYPE_BITS, _NVIDIA_TYPE = 0xFF00, 0x4600
_LAST_UNIFIED_MEMORY, _UNIFIED_MEMORY_ENDS = 199, (0x30000001, 0x30000002)


@dataclass(frozen=True)
class Instruction:
    """One BPF instruction: code, jump distances when true and when false, constant."""

    code: int
    value: int
    when_true: int = 0
    when_false: int = 0

    def pack(self) -> bytes:
        return struct.pack("<HBBI", self.code, self.when_true, self.when_false, self.value)


def _argument(index: int) -> Instruction:
    return Instruction(_LOAD, 16 + 8 * index)  # the low half: the kernel itself truncates these arguments to 32 bits


def _only(number: int, body: Sequence[Instruction]) -> list[Instruction]:
    """``body``, which must return, for that call alone."""
    return [Instruction(_JUMP_EQUAL, number, 0, len(body)), *body]


def _one_of(values: Iterable[int]) -> list[Instruction]:
    """Allow where the loaded word is one of ``values``, refuse otherwise."""
    body = []
    for value in values:
        body += [Instruction(_JUMP_EQUAL, value, 0, 1), Instruction(_RETURN, _ALLOW)]
    return [*body, Instruction(_RETURN, _EPERM)]


def _without_namespaces() -> list[Instruction]:
    forbidden = Instruction(_JUMP_ANY, NAMESPACE_FLAGS, 0, 1)
    return [_argument(0), forbidden, Instruction(_RETURN, _EPERM), Instruction(_RETURN, _ALLOW)]


def _socket_families() -> list[Instruction]:
    netlink = [_argument(2), *_one_of((_NETLINK_ROUTE,))]
    return [_argument(0), *_only(_AF_NETLINK, netlink), *_one_of((_AF_UNIX, _AF_INET, _AF_INET6))]


def _nvidia_requests() -> list[Instruction]:
    """Allow what NVIDIA's device files are asked; the caller's next instructions decide the rest."""
    allowed = Instruction(_RETURN, _ALLOW)
    plain = [_argument(1), Instruction(_JUMP_ABOVE, _LAST_UNIFIED_MEMORY, 1, 0), allowed]
    typed = [Instruction(_AND, _TYPE_BITS), Instruction(_JUMP_EQUAL, _NVIDIA_TYPE, 0, 1), allowed]
    return [*plain, *typed, _argument(1), *(_one_of(_UNIFIED_MEMORY_ENDS)[:-1])]


def _without_buffer_sizes() -> list[Instruction]:
    """A wish for larger socket buffers is answered with success and ignored: pid 1 counts sockets, not what they hold."""
    sizes = [Instruction(_JUMP_EQUAL, value, 0, 1) for value in _BUFFER_SIZES]
    ignored = [part for test in sizes for part in (test, Instruction(_RETURN, _IGNORED))]
    body = [_argument(2), *ignored, Instruction(_RETURN, _ALLOW)]
    return [_argument(1), *_only(_SOL_SOCKET, body), Instruction(_RETURN, _ALLOW)]


def _ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges


def _allow_list(numbers: Iterable[int]) -> list[Instruction]:
    """Ascending ranges, each with its own returns, so that no jump is long."""
    body = []
    for low, high in _ranges(numbers):
        body += [Instruction(_JUMP_FROM, low, 1, 0), Instruction(_RETURN, _EPERM)]
        body += [Instruction(_JUMP_ABOVE, high, 1, 0), Instruction(_RETURN, _ALLOW)]
    return [*body, Instruction(_RETURN, _EPERM)]


def _program(*, bulk_memory: bool, devices: bool) -> list[Instruction]:
    allowed = set(ALLOWED) | (set(BULK_MEMORY) if bulk_memory else set())
    absent = set(NOT_THERE) | (set() if bulk_memory else set(BULK_MEMORY))
    program = [Instruction(_LOAD, _ARCH), Instruction(_JUMP_EQUAL, _ARCH_X86_64, 1, 0), Instruction(_RETURN, _KILL)]
    program += [Instruction(_LOAD, _NUMBER), Instruction(_JUMP_FROM, _X32_BIT, 0, 1), Instruction(_RETURN, _KILL)]
    program += [Instruction(_JUMP_ABOVE, LAST_KNOWN, 0, 1), Instruction(_RETURN, _ENOSYS)]
    for name in sorted(absent):
        program += _only(X86_64[name], [Instruction(_RETURN, _ENOSYS)])
    program += _only(X86_64["clone"], _without_namespaces())
    program += _only(X86_64["socket"], _socket_families())
    program += _only(X86_64["socketpair"], [_argument(0), *_one_of((_AF_UNIX,))])
    requests = _nvidia_requests() if devices else []
    program += _only(X86_64["ioctl"], [*requests, _argument(1), *_one_of(TERMINAL_AND_INTERFACE_REQUESTS)])
    program += _only(X86_64["personality"], [_argument(0), *_one_of(_PERSONALITIES)])
    if not bulk_memory:
        program += _only(X86_64["setsockopt"], _without_buffer_sizes())
    return program + _allow_list(X86_64[name] for name in allowed)


def build_filter(*, bulk_memory: bool, devices: bool = False, machine: str | None = None) -> bytes:
    """The filter as bubblewrap reads it. ``bulk_memory`` allows memory files and large socket buffers, which only a control
    group can count; ``devices`` what NVIDIA's device files are asked. Raises ``SandboxUnavailable`` on a machine other than
    x86_64."""
    machine = machine or platform.machine()
    if machine != "x86_64":
        raise SandboxUnavailable(
            f"the system call filter knows x86_64, not {machine}", remedy="run your own code with --trust, or use an x86_64 host"
        )
    return b"".join(instruction.pack() for instruction in _program(bulk_memory=bulk_memory, devices=devices))
