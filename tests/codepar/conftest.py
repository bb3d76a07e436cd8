"""The real service: ``codepar serve`` in an empty data folder, talked to over HTTP, its processes seen from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from codepar.settings import Settings

COMMAND = Path(sys.executable).with_name("codepar")


class Served:
    """One running service. ``log`` is its standard error, ``out`` its standard output."""

    def __init__(self, folder: Path, *options: str, **settings: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.data_dir = folder / "data"
        self.log, self.out = folder / "log", folder / "out"
        quick = {"heartbeat_s": "0.5", "lease_s": "3", "data_dir": str(self.data_dir), **settings}
        variables = {f"CODEPAR_{name.upper()}": value for name, value in quick.items()}
        with self.log.open("wb") as log, self.out.open("wb") as out:
            command = [COMMAND, "serve", "--port", "0", *options]
            self.process = subprocess.Popen(command, env=os.environ | variables, stdout=out, stderr=log)
        self.url = self._wait_until_ready()
        self.http = httpx.Client(base_url=self.url, timeout=90, trust_env=False)

    def _wait_until_ready(self) -> str:
        deadline = time.monotonic() + 120
        while not (text := self.out.read_text()).startswith("listening on "):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)
        return text.split()[-1]

    @property
    def runtime_dir(self) -> Path:
        return Settings(data_dir=self.data_dir).runtime_dir

    def part(self, name: str) -> psutil.Process:
        """The process of a part."""
        return psutil.Process(self._pid_of(name))

    def _pid_of(self, name: str) -> int:
        started = [line for line in self.log.read_text().splitlines() if line.startswith(name) and "started, process" in line]
        return int(started[-1].split()[-1])

    def wait_ready(self, timeout_s: float = 40) -> None:
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                if self.http.get("/ready").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def kill_part(self, name: str) -> None:
        """``kill -9`` it, and wait until the service has started it again and is ready."""
        part = self.part(name)
        part.kill()
        deadline = time.monotonic() + 40
        while self._pid_of(name) == part.pid:
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)
        self.wait_ready()

    def kill_named(self, words: str) -> None:
        """``kill -9`` every process of the service with these words in its command line, as ``pkill -f`` does."""
        for process in self.processes():
            with suppress(psutil.Error):
                if words in " ".join(process.cmdline()):
                    process.kill()

    def processes(self) -> list[psutil.Process]:
        """The service and everything below it."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def stop(self, number: int = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.http.close()
        return self.process.wait(60)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, shared_cache: Callable[[Path], Path]) -> Iterator[Served]:
    """One service without a language model, for all tests."""
    folder = tmp_path_factory.mktemp("served")
    shared_cache(folder / "data")
    service = Served(folder, "--no-engine")
    yield service
    assert service.stop() == 0, service.log.read_text()


@pytest.fixture(scope="module")
def new_service(shared_cache: Callable[[Path], Path]) -> Iterator[Callable[..., Served]]:
    """Starts services that the tests of a module share."""
    started: list[Served] = []

    def start(folder: Path, *options: str, **settings: str) -> Served:
        shared_cache(folder / "data")
        started.append(Served(folder, *options, **settings))
        return started[-1]

    yield start
    for service in started:
        assert service.stop() == 0


@pytest.fixture
def serve(tmp_path: Path, shared_cache: Callable[[Path], Path]) -> Iterator[Callable[..., Served]]:
    """Starts services that a test may break."""
    started: list[Served] = []

    def start(*options: str, folder: Path = tmp_path, **settings: str) -> Served:
        shared_cache(folder / "data")
        started.append(Served(folder, *options, **settings))
        return started[-1]

    yield start
    for service in started:
        service.stop()
