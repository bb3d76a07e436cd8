"""The parts of the service and how each is started: broker, engine, API, workers, one more where a GPU is. Starts nothing itself.

What workers that were killed left at work is a part too, as it has to be stopped: before the broker, as it says so there.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil

from codepar.broker import EmbeddedBroker
from codepar.cli.child import ChildSpec
from codepar.cli.supervisor import ChildPart, Log, Part, Supervisor
from codepar.engine.models import find_model
from codepar.errors import EnvironmentFault
from codepar.settings import Settings
from worker.toolchains.gpu.device import has_device
from worker.toolchains.gpu.toolchain import require_gpu

# A worker puts its jobs back before it ends; the API lets answers under way go out; the engine only frees memory.
STOP_S = {"worker-jobs": 15.0, "worker-execute": 15.0, "worker-gpu": 15.0, "api": 6.0, "engine": 5.0}
KEEPERS_STOP_S = 10.0


class BrokerPart:
    """The embedded broker as a part."""

    name = "broker"

    def __init__(self, settings: Settings, log: Log) -> None:
        self._broker = EmbeddedBroker(settings)
        self._log = log
        self._last_pid = 0

    @property
    def pid(self) -> int | None:
        return self._broker.pid

    def start(self) -> None:
        self._broker.start()
        self._log(self.name, f"started, process {self._broker.pid}")

    def poll(self) -> str | None:
        return None if self._broker.pid is not None else "is gone"

    def ask_to_end(self) -> None:
        """Nothing yet: workers that put their jobs back need it to the end."""

    def stop(self, idle: Callable[[], bool]) -> None:
        self._broker.stop()

    def kill(self) -> None:
        self._broker.stop()


class KeepersPart:
    """Keepers that outlived their workers. They are adopted, not started: orphans of this process, which is a subreaper."""

    name = "keepers"
    pid = None

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    def start(self) -> None:
        """Nothing: workers start them."""

    def poll(self) -> str | None:
        return None

    def ask_to_end(self) -> None:
        """Nothing yet: those that have a worker are told by it."""

    def stop(self, idle: Callable[[], bool]) -> None:
        self._end(psutil.Process.terminate)
        deadline = time.monotonic() + KEEPERS_STOP_S
        while self._left() and time.monotonic() < deadline and not idle():
            pass
        self.kill()

    def kill(self) -> None:
        self._end(psutil.Process.kill)

    def _left(self) -> list[psutil.Process]:
        parts = {part.pid for part in self._supervisor.parts}
        return [child for child in psutil.Process().children() if child.pid not in parts]

    def _end(self, how: Callable[[psutil.Process], None]) -> None:
        for process in self._left():
            with suppress(psutil.Error):
                how(process)


def engine_socket(settings: Settings) -> Path:
    """Where the engine process of this service listens; beside the broker, whose folder has a short enough name."""
    return settings.broker_socket.parent / "engine.sock"


def runs_own_engine(settings: Settings, *, engine: bool) -> bool:
    """Whether the service starts an engine process: wanted, not given by URL, and there is a model to load."""
    if not engine or settings.engine_url is not None:
        return False
    return settings.engine_backend != "openvino" or find_model(settings.models_dir, settings.model) is not None


def has_gpu(settings: Settings, log: Log) -> bool:
    """Whether a worker for the queue ``gpu`` can work here. Says why not where there is a device that cannot be used."""
    try:
        require_gpu(settings)
    except EnvironmentFault as error:
        if has_device():
            log("worker-gpu", f"not started: {error}")
        return False
    return True


def make_parts(settings: Settings, supervisor: Supervisor, listener: socket.socket, *, engine: bool) -> list[Part]:
    """The parts in the order of their start. ``settings`` are those of the API and the workers."""
    parts: list[Part] = []
    if settings.redis_url is None:
        parts.append(BrokerPart(settings, supervisor.log))
    parts.append(KeepersPart(supervisor))
    specs = [
        _worker(settings, "execute", settings.execute_workers),
        _worker(settings, "jobs", settings.job_workers),
        replace(_spec(settings, "api", "codepar.api", "--fd", str(listener.fileno())), descriptors=(listener.fileno(),)),
    ]
    if has_gpu(settings, supervisor.log):
        specs.insert(2, _worker(settings, "gpu", settings.gpu_workers))
    if engine:
        # The engine itself must not take its own address for somebody else's.
        own = settings.model_copy(update={"engine_url": None})
        specs.insert(0, _spec(own, "engine", "codepar.engine.server", "--uds", str(engine_socket(settings))))
    return parts + [ChildPart(spec, supervisor) for spec in specs]


def _worker(settings: Settings, queue: str, concurrency: int) -> ChildSpec:
    line = ("worker", "--queues", queue, "--concurrency", str(concurrency), "--with-parent")
    return _spec(settings, f"worker-{queue}", *line)


def _spec(settings: Settings, name: str, *module: str) -> ChildSpec:
    # -P: a folder `worker` or `codepar` where the service was started must not shadow ours.
    return ChildSpec(
        name=name,
        argv=(sys.executable, "-P", "-m", *module),
        folder=settings.data_dir,
        environment=settings.environment(),
        stop_s=STOP_S[name],
    )
