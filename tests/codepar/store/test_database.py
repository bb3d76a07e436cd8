"""Connections, and errors in our words."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from codepar.errors import InvalidInput, StoreUnavailable
from codepar.jobs import JobKind
from codepar.settings import Settings
from codepar.store import open_store


def test_writers_of_one_sqlite_file_wait_for_each_other(tmp_path):
    settings = Settings(data_dir=tmp_path)
    stores = [open_store(settings), open_store(settings)]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: stores[n % 2].create_job(JobKind.EXECUTION, {"n": n}), range(40)))
    assert len(stores[0].list_jobs(limit=100)) == len(made) == 40
    with stores[0].reading() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
    for store in stores:
        store.close()


def test_a_full_disk_is_named(tmp_path):
    store = open_store(Settings(data_dir=tmp_path))
    with store.writing() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()
    # SQLite's own limit gives the very error of a full disk; it counts for one connection, so there must be only one.
    with store.engine.connect() as connection:
        connection.connection.driver_connection.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StoreUnavailable, match="full") as caught:
        store.create_job(JobKind.EXECUTION, {"text": "x" * 100_000})
    assert "free space" in caught.value.remedy
    assert store.list_jobs() == []
    store.close()


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path):
    (tmp_path / "codepar.sqlite3").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreUnavailable, match="not a database"):
        open_store(Settings(data_dir=tmp_path))


def test_a_server_that_is_not_there_is_named_without_its_password():
    with pytest.raises(StoreUnavailable) as caught:
        open_store(Settings(database_url="postgresql://user:secret@/db?host=/nonexistent"))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["mysql://host/db", "sqlite://", "what?", "nosuch+driver://x"])
def test_other_databases_are_refused(url):
    with pytest.raises(InvalidInput):
        open_store(Settings(database_url=url))


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="cannot be made"):
        open_store(Settings(data_dir=tmp_path / "file" / "below"))


def test_a_database_in_use_by_sqlite_itself_is_left_readable(tmp_path):
    store = open_store(Settings(data_dir=tmp_path))
    with sqlite3.connect(tmp_path / "codepar.sqlite3") as other:
        assert other.execute("SELECT count(*) FROM jobs").fetchone() == (0,)
    other.close()
    store.close()
