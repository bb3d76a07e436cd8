"""A connection to SQLite (WAL) or PostgreSQL, its transactions, and its errors in our words. Limits: knows no table.

Leases compare moments of one clock: the database server's for PostgreSQL, this machine's for SQLite.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from codepar.errors import InvalidInput, StoreUnavailable
from codepar.jobs import now

BUSY_TIMEOUT_S = 10
POSTGRESQL_DISK_FULL = "53100"


class Database:
    """One engine with its pool. Safe to share between threads; not between processes (open it after a fork)."""

    def __init__(self, url: str, pool_size: int = 5) -> None:
        self.url = _checked_url(url)
        self.engine = _make_engine(self.url, pool_size)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @property
    def name(self) -> str:
        """The URL without its password, for messages."""
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads. Raises ``StoreUnavailable``."""
        with self._translated(), self.engine.connect() as connection:
            yield connection.execution_options(codepar_reading=True)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that commits at its end; SQLite's one write lock is held from its start. Raises ``StoreUnavailable``."""
        with self._translated(), self.engine.begin() as connection:
            yield connection

    def moment(self, connection: Connection) -> datetime:
        """The present moment by the clock that all owners of leases share."""
        if self.is_sqlite:
            return now()
        moment: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return moment

    def ping(self) -> None:
        """Raise ``StoreUnavailable`` unless the database answers."""
        with self.reading() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, PoolTimeout) as error:
            raise unavailable(self.name, error) from error


def _checked_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise InvalidInput(
            "the database URL cannot be read", remedy="set CODEPAR_DATABASE_URL, e.g. postgresql://host/codepar"
        ) from error
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in {"sqlite", "postgresql"} or (
        parsed.get_backend_name() == "sqlite" and not parsed.database
    ):
        raise InvalidInput(
            f"{parsed.get_backend_name()} is no database codepar can use",
            remedy="set CODEPAR_DATABASE_URL to a SQLite file or PostgreSQL",
        )
    return parsed


def _make_engine(url: URL, pool_size: int) -> Engine:
    options: dict[str, Any] = {"pool_size": pool_size, "max_overflow": pool_size, "pool_timeout": BUSY_TIMEOUT_S}
    if url.get_backend_name() == "sqlite":
        options["connect_args"] = {"timeout": BUSY_TIMEOUT_S}
    else:
        options |= {"connect_args": {"connect_timeout": 5}, "pool_pre_ping": True}
    try:
        engine = create_engine(url, **options)
    except (NoSuchModuleError, SQLAlchemyError) as error:
        raise InvalidInput(f"the database URL cannot be used: {error}", remedy="set CODEPAR_DATABASE_URL") from error
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not open transactions by itself: it would start them as readers and fail on the upgrade to a writer.
    connection.isolation_level = None
    cursor = connection.cursor()
    _use_write_ahead_log(cursor)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _use_write_ahead_log(cursor: Any) -> None:
    # SQLite does not ask its busy handler while the journal mode changes: two processes that open a new file at once would fail.
    deadline = monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                raise
        sleep(0.005)


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get("codepar_reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def unavailable(name: str, error: Exception) -> StoreUnavailable:
    """The driver's error as ``StoreUnavailable``; a full disk is named as such."""
    cause = getattr(error, "orig", None) or error
    if "disk is full" in str(cause) or getattr(cause, "sqlstate", None) == POSTGRESQL_DISK_FULL:
        return StoreUnavailable(f"the disk that holds {name} is full", remedy="free space on it, then try again")
    reason = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    return StoreUnavailable(f"the database {name} does not answer: {reason}", remedy="check it with `codepar doctor`")


def sqlite_file(url: URL) -> Path | None:
    """The file of a SQLite database, None for another one."""
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None
