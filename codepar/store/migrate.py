"""Brings a database to this version's schema, under a lock, and refuses one that is newer.

Limits: forward only; a downgrade needs a backup of the older database.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from codepar.errors import StoreUnavailable
from codepar.store.database import Database, sqlite_file
from codepar.store.lock import exclusive

# Known here so that a process which has nothing to migrate need not load alembic; a test compares it with the scripts.
HEAD = "0001"
KNOWN = frozenset({HEAD})
SCRIPTS = Path(__file__).parent / "migrations"
ADVISORY_LOCK = 0x636F6465706172


def migrate(database: Database) -> None:
    """Upgrade to ``HEAD``. Raises ``StoreUnavailable`` when the schema is of a newer codepar."""
    if _revision(database) == HEAD:
        return
    file = sqlite_file(database.url)
    if file is not None:
        with exclusive(file.with_name(file.name + ".lock")):
            _upgrade(database)
    else:
        _upgrade(database)


def _revision(database: Database) -> str | None:
    with database.reading() as connection:
        return _revision_of(connection, database.name)


def _revision_of(connection: Connection, name: str) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if revision is not None and revision not in KNOWN:
        raise StoreUnavailable(
            f"the database {name} has schema {revision}, which this version of codepar does not know (it knows up to {HEAD})",
            remedy="install the newer codepar that made it, or name another database with CODEPAR_DATABASE_URL",
        )
    return revision


def _upgrade(database: Database) -> None:
    from alembic import command
    from alembic.config import Config

    with database.writing() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        if _revision_of(connection, database.name) == HEAD:
            return
        config = Config()
        config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
