"""Stores on real databases: a SQLite file, and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from codepar.jobs import now
from codepar.settings import Settings
from codepar.store import Store, open_store
from codepar.store.tables import jobs


@pytest.fixture(params=["sqlite", "postgresql"])
def store_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of an empty database, once for each kind."""
    if request.param == "sqlite":
        return Settings(data_dir=tmp_path)
    return Settings(data_dir=tmp_path, database_url=request.getfixturevalue("new_database")())


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
