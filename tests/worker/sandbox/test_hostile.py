"""Programs that mean harm, each with the outcome it must have; after each, no process and no control group is left."""

import asyncio
import contextlib
import os
import signal
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest

from worker.runner import MEBIBYTE, Bounds, Command

FOLDER = Path(__file__).with_name("hostile")
SMALL = Bounds(wall_s=20, memory_bytes=128 * MEBIBYTE, file_bytes=32 * MEBIBYTE, processes=32)
SHORT = Bounds(wall_s=0.4)


@dataclass(frozen=True)
class Row:
    """One program: file, mode, bounds, and the outcome it must have. ``signal`` None leaves the exit code to tell."""

    file: str
    mode: str
    cause: str
    bounds: Bounds = SMALL
    exit_code: int | None = None
    signal: int | None = signal.SIGKILL
    stdout: bytes | None = b""


BOMBS = [
    Row("bombs", "forks", "processes"),
    Row("bombs", "threads", "processes"),
    Row("bombs", "memory", "memory"),
    Row("bombs", "many small", "memory"),
    Row("bombs", "shared", "memory"),
    Row("bombs", "system v", "memory"),
    Row("bombs", "dev shm", "files", signal=signal.SIGXFSZ),
    Row("bombs", "file", "files", signal=signal.SIGXFSZ),
    Row("bombs", "stdout", "output", stdout=None),
    Row("bombs", "stderr", "output"),
]
LIFETIMES = [
    Row("lifetimes", "daemon", "exit", exit_code=0, signal=None, stdout=b"started\n"),
    Row("lifetimes", "orphans", "exit", bounds=Bounds(), exit_code=0, signal=None),
    Row("lifetimes", "closed", "wall", SHORT),
    Row("lifetimes", "stopped", "wall", SHORT),
    Row("lifetimes", "ignoring", "wall", SHORT),
    Row("lifetimes", "endless", "wall", SHORT),
    Row("lifetimes", "respawn", "exit", SHORT, exit_code=0, signal=None),
]
ESCAPES = (
    *("ptrace", "mount", "remount", "unshare", "setns", "chroot", "device", "keys", "bpf", "perf", "io_uring", "userfaultfd"),
    *("handles", "root", "pid 1", "terminal"),
)
SECRETS = (
    "/etc/shadow",
    "/proc/1/environ",
    "/proc/kcore",
    "/proc/1/root/etc/shadow",
    "/dev/mem",
    "/dev/kmsg",
    "/sys/kernel/debug",
)
PLACES = ("/x", "/usr/bin/x", "/etc/x", "/dev/x", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/.codepar-init")


@pytest.fixture(scope="module")
def programs(runners):
    """The corpus, compiled in boxes."""

    async def build():
        sources = {path.stem: path.read_bytes() for path in FOLDER.glob("*.c")}
        line = "for f in *.c; do gcc -O1 -w -pthread $f -o ${f%.c}; done"
        files = {f"{name}.c": text for name, text in sources.items()}
        command = Command(argv=("/bin/sh", "-c", line), files=files, artifacts=tuple(sources), bounds=Bounds(wall_s=60))
        outcome = await runners["pid1"].run(command)
        assert set(outcome.artifacts) == set(sources), outcome.stderr
        return outcome.artifacts

    return asyncio.run(build())


def _command(programs, file, *arguments, **more):
    return Command(argv=(f"./{file}", *arguments), files={file: programs[file]}, executables=frozenset({file}), **more)


def _check(runner, programs, row, gone):
    token = f"hostile-{os.getpid()}-{row.mode}"
    outcome = asyncio.run(runner.run(_command(programs, row.file, row.mode, token, bounds=row.bounds)))
    assert (outcome.cause, outcome.exit_code, outcome.signal) == (row.cause, row.exit_code, row.signal)
    assert row.stdout is None or outcome.stdout == row.stdout
    assert len(outcome.stdout) <= row.bounds.output_bytes
    assert len(outcome.stderr) <= row.bounds.output_bytes
    gone(token)


@pytest.mark.parametrize("row", BOMBS, ids=lambda row: row.mode)
def test_bombs(runner, programs, row, gone):
    _check(runner, programs, row, gone)


def test_an_inode_bomb(runner, runners, programs, gone):
    """Where a control group counts, the inodes are memory; where pid 1 counts, they are files."""
    bounds = Bounds(wall_s=60, memory_bytes=64 * MEBIBYTE)
    outcome = asyncio.run(runner.run(_command(programs, "bombs", "inodes", "inode-token", bounds=bounds)))
    assert outcome.cause == ("files" if runner is runners["pid1"] else "memory")
    gone("inode-token")


@pytest.mark.parametrize("row", LIFETIMES, ids=lambda row: row.mode)
def test_lifetimes(runner, programs, row, gone):
    _check(runner, programs, row, gone)


def _attempts(runner, programs, attempts):
    """Several attempts, a box each, side by side."""

    async def all_of_them():
        return await asyncio.gather(*(runner.run(_command(programs, "escapes", *attempt)) for attempt in attempts))

    for attempt, outcome in zip(attempts, asyncio.run(all_of_them()), strict=True):
        assert (outcome.cause, outcome.exit_code, outcome.stdout) == ("exit", 0, b""), (attempt, outcome)


def test_escapes(runner, programs):
    _attempts(runner, programs, [(name,) for name in ESCAPES])


def test_secrets_and_foreign_places(runner, programs, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    home = Path.home() / ".bashrc"
    _attempts(runner, programs, [("read", str(path)) for path in (*SECRETS, secret, home, Path(__file__))])
    _attempts(runner, programs, [("write", str(path)) for path in (*PLACES, tmp_path / "new")])
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("mode", ["x32", "32 bit"])
def test_foreign_system_calls_kill(runner, programs, mode):
    outcome = asyncio.run(runner.run(_command(programs, "escapes", mode)))
    assert (outcome.cause, outcome.signal, outcome.stdout) == ("exit", signal.SIGSYS, b"")


def test_no_network_and_no_socket_of_the_host(runner, programs, tmp_path):
    with contextlib.ExitStack() as stack:
        tcp, path, abstract = (stack.enter_context(socket.socket(family)) for family in (socket.AF_INET, *[socket.AF_UNIX] * 2))
        tcp.bind(("127.0.0.1", 0))
        path.bind(str(tmp_path / "broker.sock"))
        abstract.bind(f"\0hostile-{os.getpid()}")
        for listener in (tcp, path, abstract):
            listener.listen()
        attempts = [("tcp", "127.0.0.1", str(tcp.getsockname()[1])), ("tcp", "192.0.2.1", "80"), ("udp", "192.0.2.1", "53")]
        _attempts(runner, programs, [*attempts, ("unix", str(tmp_path / "broker.sock")), ("abstract", f"hostile-{os.getpid()}")])


def _compile(runner, source, suffix="c", *flags, bounds=SMALL):
    compiler = "g++" if suffix == "cc" else "gcc"
    command = Command(argv=(compiler, *flags, f"a.{suffix}", "-o", "a"), files={f"a.{suffix}": source}, bounds=bounds)
    return asyncio.run(runner.run(command))


def test_the_compiler_reads_no_host_file(runner, tmp_path):
    secret = tmp_path / "secret.h"
    secret.write_text("int top_secret;\n")
    sources = [
        f'#include "{secret}"\nint main(){{}}',
        f'__asm__(".incbin \\"{secret}\\"");\nint main(){{}}',
        f'#if __has_include("{secret}")\n#error FOUND\n#endif\n#error absent\n',
    ]
    for source in sources:
        outcome = _compile(runner, source.encode(), bounds=Bounds(wall_s=20))
        assert outcome.exit_code == 1
        assert b"top_secret" not in outcome.stderr
        assert b"FOUND" not in outcome.stderr


FIBONACCI = b"constexpr int f(int n){return n<2?1:f(n-1)+f(n-2);} constexpr int x=f(60); int main(){}"


@pytest.mark.parametrize(
    ("source", "suffix", "cause"),
    [
        (b'#include "/dev/zero"\nint main(){}', "c", "memory"),
        (b'#include "a.c"\n#include "a.c"\nint main(){}', "c", "output"),
        (b"template<int N> struct A { A<N+1> a; }; A<0> a; int main(){}", "cc", "exit"),
        (FIBONACCI, "cc", "wall"),
        (b"char a[8ul << 30] = {1}; int main(){}", "c", "exit"),
    ],
    ids=["/dev/zero", "self", "templates", "constexpr", "8 GB array"],
)
def test_endless_compiles_end(runner, gone, source, suffix, cause):
    token = f"-DENDLESS_{os.getpid()}"
    bounds = Bounds(wall_s=1.5 if cause == "wall" else 30, memory_bytes=256 * MEBIBYTE, file_bytes=32 * MEBIBYTE)
    outcome = _compile(runner, source, suffix, token, bounds=bounds)
    assert outcome.cause == cause
    assert outcome.exit_code != 0
    gone(token)


def test_a_neighbour_is_unharmed_while_bombs_go_off(runner, programs):
    async def together():
        bombs = [runner.run(_command(programs, "bombs", mode, bounds=SMALL)) for mode in ("forks", "memory", "stdout")]
        job = Command(argv=("/bin/sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo $i"))
        return await asyncio.gather(runner.run(job), *bombs)

    job, *bombs = asyncio.run(together())
    assert (job.cause, job.exit_code, job.stdout) == ("exit", 0, b"20000\n")
    assert [bomb.cause for bomb in bombs] == ["processes", "memory", "output"]
