"""The trusted runner: real processes, real limits, nothing left behind."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import psutil
import pytest

from codepar.errors import ToolMissing
from worker.runner import MEBIBYTE, Bounds, Command
from worker.trusted import TrustedRunner


def run(*argv, watch=None, **fields):
    return asyncio.run(TrustedRunner().run(Command(argv=argv, **fields), watch))


def shell(script, **fields):
    return run("/bin/sh", "-c", script, **fields)


def test_output_exit_code_files_and_artifacts():
    done = shell(
        "cat; cat in/data; echo err >&2; ./tool > out; exit 3",
        files={"in/data": b"data\n", "tool": b"#!/bin/sh\necho tool\n"},
        executables=frozenset({"tool"}),
        stdin=b"stdin\n",
        artifacts=("out", "absent"),
    )
    assert (done.cause, done.exit_code, done.signal) == ("exit", 3, None)
    assert (done.stdout, done.stderr) == (b"stdin\ndata\n", b"err\n")
    assert done.artifacts == {"out": b"tool\n"}


def test_a_signal_is_told_from_an_exit():
    done = shell("kill -SEGV $$")
    assert (done.cause, done.exit_code, done.signal) == ("exit", None, 11)


def test_the_wall_ends_it():
    done = shell("sleep 60", bounds=Bounds(wall_s=0.3))
    assert done.cause == "wall"
    assert done.wall_s < 30


def test_output_is_capped_also_at_the_very_end():
    assert shell("yes", bounds=Bounds(output_bytes=1000)).cause == "output"
    quick = shell("head -c 3000 /dev/zero", bounds=Bounds(output_bytes=1000))
    assert quick.cause == "output"
    assert len(quick.stdout) == 1000


def test_memory_is_bounded():
    hog = "import time; x = bytearray(300_000_000); time.sleep(30)"
    assert run("python3", "-c", hog, bounds=Bounds(memory_bytes=100 * MEBIBYTE, wall_s=25)).cause == "memory"


def test_the_watcher_ends_it():
    async def soon():
        await asyncio.sleep(0.1)

    assert shell("sleep 60", watch=soon).cause == "watch"


def test_no_folder_and_no_daemon_is_left(tmp_path):
    where = tmp_path / "where"
    shell(f"pwd > {where}; setsid sleep 61.5 & sleep 0.2")
    assert not Path(where.read_text().strip()).exists()
    assert not [one for one in psutil.process_iter(["cmdline"]) if "61.5" in (one.info["cmdline"] or [])]


def test_a_pipe_held_open_does_not_keep_it_waiting():
    assert shell("sleep 62.5 & echo done").stdout == b"done\n"


def test_cancelling_ends_the_processes():
    async def cancelled():
        task = asyncio.ensure_future(TrustedRunner().run(Command(argv=("sleep", "63.5"))))
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert not [one for one in psutil.process_iter(["cmdline"]) if "63.5" in (one.info["cmdline"] or [])]


def test_a_missing_program_is_named():
    with pytest.raises(ToolMissing, match="no-such-tool"):
        run("no-such-tool")


def test_inherited_descriptors_keep_their_numbers():
    reader, writer = os.pipe()
    try:
        shell(f"echo through > /proc/self/fd/{writer}", inherit=(writer,))
        assert os.read(reader, 100) == b"through\n"
    finally:
        os.close(reader)
        os.close(writer)


def test_several_at_once_do_not_wait_for_each_other():
    async def many():
        runner = TrustedRunner()
        return await asyncio.gather(*(runner.run(Command(argv=("sleep", "1"))) for _ in range(5)))

    started = time.monotonic()
    assert {one.exit_code for one in asyncio.run(many())} == {0}
    assert time.monotonic() - started < 5
