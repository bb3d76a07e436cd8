"""A runner of each kind: memory and processes counted by control groups where they can be made, and by pid 1 of the box."""

import asyncio
import contextlib
import itertools
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from codepar.errors import SandboxUnavailable, ToolMissing
from codepar.protocols import ExecutionResult
from codepar.settings import Settings
from worker.executor import LocalExecutor
from worker.sandbox import SandboxedRunner, cgroups, image


def _missing(reason):
    """A laptop may lack a service; the build machine may not."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def settings(tmp_path_factory):
    return Settings(data_dir=tmp_path_factory.mktemp("sandbox-data"))


@pytest.fixture(scope="session")
def runners(settings):
    made = {kind: SandboxedRunner(settings, control_groups=kind == "groups") for kind in ("groups", "pid1")}
    try:
        report = asyncio.run(made["pid1"].probe())
    except SandboxUnavailable as error:
        _missing(str(error))
    assert report.holds, report.broken
    return made


@pytest.fixture(params=["groups", "pid1"])
def runner(request, runners):
    if request.param == "groups" and cgroups.find() is None:
        pytest.skip("control groups are not writable here, so pid 1 of the box counts; the other half of this test covers that")
    return runners[request.param]


@pytest.fixture
def alive():
    """The processes of this host with that token in their command line."""

    def look(token):
        raw = token.encode()
        return [entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit() and raw in _command_line(entry)]

    return look


@pytest.fixture
def gone(alive):
    """Fails when a process with that token in its command line, or a control group of this process, is left."""

    def check(token):
        assert alive(token) == []
        assert _left_groups() == []

    return check


def _command_line(process):
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def _left_groups():
    hierarchy = cgroups.find()
    if hierarchy is None:
        return []
    return [folder for parent in hierarchy.parents.values() for folder in parent.glob(f"codepar-{os.getpid()}-*")]


ORDINARY_UID = 61_234


@dataclass(frozen=True)
class Baits:
    """What hostile programs look for on this host; ``secret`` must appear in nothing that they answer."""

    secret: str
    secret_file: Path
    data_folder: Path
    tcp: int
    udp: int
    unix: Path
    abstract: str
    broker: Path

    def arguments(self):
        """In the order in which the programs of ``hostile/`` take them; the secret by itself is marked, so as to be no leak."""
        places = (self.secret_file, self.data_folder, Path.home(), f"?{self.secret}")
        return [str(value) for value in (*places, self.tcp, self.udp, self.unix, self.abstract, self.broker)]


@pytest.fixture(scope="module")
def baits(house):
    with contextlib.ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="hostile-"))
        stack.callback(shutil.rmtree, folder)
        folder.chmod(0o755)
        secret = f"top-secret-{secrets.token_hex(8)}"
        (folder / "secret.h").write_text(f"int {secret.replace('-', '_')}; // {secret}\n")
        stack.enter_context(pytest.MonkeyPatch.context()).setenv("CODEPAR_BAIT", secret)
        listeners = [stack.enter_context(socket.socket(*kind)) for kind in _LISTENERS]
        tcp, udp, _unix, _abstract, _broker = listeners
        name = f"hostile-{secrets.token_hex(8)}"
        places = (("127.0.0.1", 0), ("127.0.0.1", 0), str(folder / "socket"), f"\0{name}", str(house.data_folder / "broker.sock"))
        for listener, place in zip(listeners, places, strict=True):
            listener.bind(place)
            if listener is not udp:
                listener.listen()
        for path in (folder / "socket", house.data_folder / "broker.sock"):
            path.chmod(0o777)
        ports = (listener.getsockname()[1] for listener in (tcp, udp))
        yield Baits(
            secret, folder / "secret.h", house.data_folder, *ports, folder / "socket", name, house.data_folder / "broker.sock"
        )


_LISTENERS = (
    (socket.AF_INET, socket.SOCK_STREAM),
    (socket.AF_INET, socket.SOCK_DGRAM),
    *[(socket.AF_UNIX, socket.SOCK_STREAM)] * 3,
)


class _Here:
    """An executor in this process."""

    def __init__(self, settings, runner):
        self.pid = os.getpid()
        self.folder = settings.data_dir
        self._executor = LocalExecutor(settings, runner)

    def execute(self, execution):
        try:
            return asyncio.run(self._executor.execute(execution))
        except ToolMissing as error:
            _missing(str(error))

    def execute_all(self, executions):
        async def together():
            return await asyncio.gather(*map(self._executor.execute, executions))

        return asyncio.run(together())


class _Ordinary:
    """The executor of a process that root starts as an ordinary user."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        os.chown(folder, ORDINARY_UID, ORDINARY_UID)
        needed = dict.fromkeys(map(str, (Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), _REPOSITORY, folder)))
        line = [_HOSTILE / "ordinary.sh", str(ORDINARY_UID), *needed, "--", sys.executable, _HOSTILE / "ordinary.py", folder]
        environment = {**os.environ, "HOME": str(folder), "PYTHONPATH": str(_REPOSITORY), "TMPDIR": str(folder)}
        self._process = subprocess.Popen(
            line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd="/", start_new_session=True
        )
        self.pid = self._process.pid

    def execute(self, execution):
        self._process.stdin.write(execution.model_dump_json() + "\n")
        self._process.stdin.flush()
        return ExecutionResult.model_validate_json(self._process.stdout.readline())

    def close(self):
        with self._process as process:
            process.stdin.close()
            process.wait(30)


class House:
    """The executors that hostile programs are given to, made when first asked for."""

    def __init__(self, settings, runners, folder):
        self.data_folder = settings.data_dir
        self._settings, self._runners, self._folder = settings, runners, folder
        self._made = {}

    def executor(self, kind):
        if kind == "groups" and cgroups.find() is None:
            pytest.skip("control groups are not writable here, so pid 1 of the box counts; the other runs cover that")
        if kind == "ordinary" and os.geteuid() != 0:
            pytest.skip("this is an ordinary user already")
        if kind == "ordinary" and not image.may_mount():
            pytest.skip("root without CAP_SYS_ADMIN cannot show an ordinary user this installation")
        if kind not in self._made:
            self._made[kind] = self._make(kind)
        return self._made[kind]

    def _make(self, kind):
        if kind == "ordinary":
            return _Ordinary(self._folder / "ordinary")
        return _Here(self._settings, self._runners[kind])

    def close(self):
        for executor in self._made.values():
            if isinstance(executor, _Ordinary):
                executor.close()


@pytest.fixture(scope="module")
def house(settings, runners, tmp_path_factory):
    folder = tmp_path_factory.mktemp("house")
    made = House(settings, runners, folder)
    yield made
    made.close()


class Traces:
    """What a box could leave on this host: seen before and after, the difference must be empty."""

    def __init__(self):
        self._serial = itertools.count()
        self._run = secrets.token_hex(6)
        self._hierarchy = cgroups.find()

    def token(self):
        return f"hostile-{self._run}-{next(self._serial)}-end"

    def look(self, executor, token):
        """Descendants, processes and files that carry the token, mounts, control groups, files of the service."""
        return {
            *(f"process {child}" for child in self._children(executor)),
            *(f"marked process {pid}" for pid in self._marked(token)),
            *(f"mount {line}" for line in Path("/proc/self/mountinfo").read_text().splitlines()),
            *(f"group {folder}" for folder in self._groups(executor.pid)),
            *(f"file {path}" for path in self._files(executor, token)),
            *(f"socket {line}" for line in Path("/proc/net/unix").read_text().splitlines() if token in line),
        }

    @staticmethod
    def _children(executor):
        for child in psutil.Process(executor.pid).children(recursive=True):
            # What is gone by now has left nothing; a database of other tests starts and ends processes of its own.
            with contextlib.suppress(psutil.NoSuchProcess):
                if (name := child.name()) != "postgres":
                    yield f"{child.pid} {name}"

    @staticmethod
    def _marked(token):
        raw = token.encode()
        return [entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit() and raw in _command_line(entry)]

    def _groups(self, pid):
        parents = self._hierarchy.parents.values() if self._hierarchy is not None else ()
        return [folder for parent in parents for folder in parent.glob(f"codepar-{pid}-*")]

    @staticmethod
    def _files(executor, token):
        for place in map(Path, ("/", "/tmp", "/var/tmp", "/dev/shm", "/box", "/run", str(Path.home()), str(Path.cwd()))):
            with contextlib.suppress(OSError):
                yield from (path for path in place.iterdir() if token in path.name)
        for path in executor.folder.rglob("*"):
            if executor.folder / "cache" not in (path, *path.parents):
                yield path


@pytest.fixture(scope="module")
def traces():
    return Traces()


_HOSTILE = Path(__file__).with_name("hostile")
_REPOSITORY = Path(__file__).resolve().parents[3]
