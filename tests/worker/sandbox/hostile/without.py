"""Starts a command on a host that lacks something: ``without.py seccomp|namespaces COMMAND...``.

A filter answers as such a kernel would: installing a filter is EINVAL, making a user namespace is EPERM.
"""

import ctypes
import os
import struct
import sys

LOAD, EQUAL, ANY, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, EPERM, EINVAL = 0x7FFF0000, 0x50001, 0x50016
CLONE, PRCTL, UNSHARE, SECCOMP = 56, 157, 272, 317
NEW_USER, SET_SECCOMP = 0x10000000, 22


def _calls(number, flag, operation, answer):
    """That call fails where its first argument has the flag or the value."""
    return [(EQUAL, number, 0, 4), (LOAD, 16, 0, 0), (operation, flag, 0, 1), (RETURN, answer, 0, 0), (RETURN, ALLOW, 0, 0)]


FILTERS = {
    "seccomp": [*_calls(PRCTL, SET_SECCOMP, EQUAL, EINVAL), (EQUAL, SECCOMP, 0, 1), (RETURN, EINVAL, 0, 0)],
    "namespaces": [*_calls(CLONE, NEW_USER, ANY, EPERM), *_calls(UNSHARE, NEW_USER, ANY, EPERM)],
}


def install(lack):
    program = [(LOAD, 0, 0, 0), *FILTERS[lack], (RETURN, ALLOW, 0, 0)]
    packed = b"".join(struct.pack("<HBBI", code, true, false, value) for code, value, true, false in program)
    buffer = ctypes.create_string_buffer(packed)
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert (
        libc.prctl(SET_SECCOMP, 2, ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(program), ctypes.addressof(buffer))))
        == 0
    )


if __name__ == "__main__":
    install(sys.argv[1])
    os.execvp(sys.argv[2], sys.argv[2:])
