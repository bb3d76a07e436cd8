"""Boxes that show a device: what they may ask it, and that their walls are tried before anything runs in one."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from codepar.errors import SandboxUnavailable
from worker.runner import Command
from worker.sandbox import bubblewrap
from worker.sandbox.bubblewrap import Bind

ASK = """#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
int main(void) {
    unsigned long requests[] = {0xc0384600, 0x30000001, 37, 0x5412};
    int zero = open("/dev/zero", O_RDWR);
    for (int i = 0; i < 4; i++) printf("%d ", ioctl(zero, requests[i], "") ? errno : 0);
    return 0;
}
"""
ENOTTY, EPERM = 25, 1


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """A program that sends /dev/zero two drivers' requests, a plain number, and TIOCSTI; it prints what was answered."""
    target = tmp_path_factory.mktemp("ask") / "ask"
    subprocess.run(["gcc", "-x", "c", "-", "-o", str(target)], input=ASK.encode(), check=True)
    return target.read_bytes()


@pytest.mark.parametrize(("devices", "answers"), [((), [EPERM] * 4), ((Path("/dev/zero"),), [*[ENOTTY] * 3, EPERM])])
def test_drivers_are_asked_only_where_a_device_is_shown(runner, ask, devices, answers):
    command = Command(argv=("./ask",), files={"ask": ask}, executables=frozenset({"ask"}), devices=devices)
    outcome = asyncio.run(runner.run(command))
    assert [int(word) for word in outcome.stdout.split()] == answers


def test_a_device_that_opens_a_wall_is_refused_and_other_boxes_go_on(runner):
    async def both():
        with pytest.raises(SandboxUnavailable, match="host files"):
            await runner.run(Command(argv=("/bin/true",), devices=(Path("/var/tmp"),)))
        return await runner.run(Command(argv=("/bin/true",)))

    assert asyncio.run(both()).exit_code == 0


@pytest.mark.parametrize("root", ["", "/image"])
def test_devices_are_bound_as_devices_before_dev_becomes_read_only(root):
    line = bubblewrap.host(root, (), [Bind(Path("/dev/nvidia0"), device=True)])
    at = line.index("/dev/nvidia0") - 1
    assert line[at : at + 3] == ["--dev-bind", "/dev/nvidia0", f"{root}/dev/nvidia0"]
    assert line.index(f"{root}/dev") < at < line.index("--remount-ro")
