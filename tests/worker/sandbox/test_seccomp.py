"""Runs the assembled filter on a small BPF interpreter: what it answers to a call, not how it is written."""

import errno
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codepar.errors import SandboxUnavailable
from worker.sandbox import seccomp
from worker.sandbox.syscalls import ALLOWED, EXAMINED, LAST_KNOWN, NOT_THERE, X86_64

X86, I386 = 0xC000003E, 0x40000003
ALLOW, KILL, IGNORED, EPERM, ENOSYS = "allow", "kill", "ignored", errno.EPERM, errno.ENOSYS
FILTER = seccomp.build_filter(bulk_memory=True)
GPU_FILTER = seccomp.build_filter(bulk_memory=True, devices=True)


def answer(number, *arguments, arch=X86, program=FILTER):
    data = struct.pack("<iIQ6Q", number - (1 << 32) if number >= 1 << 31 else number, arch, 0, *(*arguments, *[0] * 6)[:6])
    code = list(struct.iter_unpack("<HBBI", program))
    at = accumulator = 0
    while True:
        operation, true, false, value = code[at]
        at += 1
        if operation == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif operation == 0x06:
            return {0x7FFF0000: ALLOW, 0x80000000: KILL, 0x00050000: IGNORED}.get(value, value & 0xFFFF)
        elif operation == 0x54:
            accumulator &= value
        else:
            test = {0x15: accumulator == value, 0x25: accumulator > value, 0x35: accumulator >= value, 0x45: accumulator & value}
            at += true if test[operation] else false


@given(st.integers(0, 0x3FFFFFFF))
def test_exactly_the_listed_calls_pass(number):
    names = {X86_64[name] for name in ALLOWED} | {X86_64["memfd_create"]}
    if number in {X86_64[name] for name in EXAMINED}:
        return
    if number in names:
        assert answer(number) == ALLOW
    elif number > LAST_KNOWN or number in {X86_64[name] for name in NOT_THERE}:
        assert answer(number) == ENOSYS
    else:
        assert answer(number) == EPERM


@pytest.mark.parametrize("name", sorted(set(ALLOWED)))
def test_every_allowed_call_is_found_by_its_number(name):
    assert answer(X86_64[name]) == ALLOW


@given(st.integers(0, 0xFFFFFFFF), st.sampled_from([I386, 0x40000028, 0xC00000B7, 0]))
def test_other_architectures_kill(number, arch):
    assert answer(number, arch=arch) == KILL


@given(st.integers(0x40000000, 0xFFFFFFFF))
def test_x32_calls_kill(number):
    assert answer(number) == KILL


@given(st.integers(0, (1 << 64) - 1))
def test_clone_passes_only_without_new_namespaces(flags):
    assert answer(X86_64["clone"], flags) == (EPERM if flags & 0x7E020000 else ALLOW)


@given(st.integers(0, (1 << 32) - 1), st.integers(0, 1 << 32), st.integers(0, 40))
def test_socket_families(family, kind, protocol):
    expected = ALLOW if family in {1, 2, 10} or (family == 16 and protocol == 0) else EPERM
    assert answer(X86_64["socket"], family, kind, protocol) == expected


@pytest.mark.parametrize(
    ("request_", "expected"),
    [(0x5401, ALLOW), (0x5412, EPERM), (0x541C, EPERM), (0x1_0000_5412, EPERM), (0x80045430, ALLOW)],
    ids=["TCGETS", "TIOCSTI", "TIOCLINUX", "TIOCSTI with high bits", "TIOCGPTN"],
)
def test_ioctl_requests(request_, expected):
    assert answer(X86_64["ioctl"], 1, request_) == expected


@given(st.one_of(st.integers(0, 512), st.integers(0x4500, 0x4800), st.integers(0, (1 << 32) - 1), st.sampled_from([0x30000001])))
def test_a_box_with_a_gpu_may_ask_its_driver_and_nothing_more(request_):
    with_devices = answer(X86_64["ioctl"], 1, request_, program=GPU_FILTER)
    is_drivers = request_ >> 8 & 0xFF == 0x46 or request_ < 200 or request_ in {0x30000001, 0x30000002}
    assert with_devices == (ALLOW if is_drivers else answer(X86_64["ioctl"], 1, request_))


@given(st.integers(0, 0x3FFFFFFF).filter(lambda number: number != X86_64["ioctl"]), st.integers(0, (1 << 32) - 1))
def test_a_box_with_a_gpu_has_no_other_calls(number, argument):
    assert answer(number, argument, program=GPU_FILTER) == answer(number, argument)


@pytest.mark.parametrize("number", [101, 165, 166, 272, 308, 250, 298, 321, 323, 155, 161, 175, 246, 304, 312, 154, 103])
def test_dangerous_calls_are_refused(number):
    assert answer(number) == EPERM


def test_memory_files_are_absent_where_only_pid_1_counts():
    assert answer(X86_64["memfd_create"], program=seccomp.build_filter(bulk_memory=False)) == ENOSYS


@given(st.integers(0, 3), st.integers(0, 80))
def test_socket_buffers_keep_their_size_where_only_pid_1_counts(level, option):
    without_groups = answer(X86_64["setsockopt"], 3, level, option, program=seccomp.build_filter(bulk_memory=False))
    assert without_groups == (IGNORED if level == 1 and option in {7, 8, 32, 33} else ALLOW)
    assert answer(X86_64["setsockopt"], 3, level, option) == ALLOW


def test_another_machine_is_refused_with_the_reason():
    with pytest.raises(SandboxUnavailable, match="aarch64"):
        seccomp.build_filter(bulk_memory=True, machine="aarch64")
