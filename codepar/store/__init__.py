"""Jobs that survive: SQLite (WAL) or PostgreSQL behind one synchronous ``Store``; async callers use it in threads.

Limits: no message is sent from here and no job is run; see ``codepar.queue`` and ``worker``.
"""

from __future__ import annotations

from codepar.errors import StoreUnavailable
from codepar.settings import Settings
from codepar.store.database import sqlite_file
from codepar.store.job_rows import JobRows
from codepar.store.lease_rows import LeaseRows
from codepar.store.lock import FolderLock
from codepar.store.migrate import migrate
from codepar.store.records import CreatedJob, Heartbeat, JobCount, JobRef, Lease
from codepar.store.upkeep import Upkeep

__all__ = ["CreatedJob", "FolderLock", "Heartbeat", "JobCount", "JobRef", "Lease", "Store", "open_store"]


class Store(JobRows, LeaseRows, Upkeep):
    """The store. Every method may raise ``StoreUnavailable``. Open it with ``open_store`` and close it."""

    def __init__(self, settings: Settings, pool_size: int) -> None:
        super().__init__(settings.store_url, pool_size)
        self.lease_s = settings.lease_s
        self.max_attempts = settings.max_attempts
        self.max_queued = settings.max_queued_jobs


def open_store(settings: Settings, pool_size: int = 5) -> Store:
    """Connect, and bring the schema up to date. Raises ``StoreUnavailable``: unreachable, disk full, newer schema."""
    store = Store(settings, pool_size)
    file = sqlite_file(store.url)
    try:
        if file is not None:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        migrate(store)
    except OSError as error:
        store.close()
        raise StoreUnavailable(
            f"{file} cannot be made: {error.strerror}", remedy="check permissions and space, or set CODEPAR_DATA_DIR"
        ) from error
    except BaseException:
        store.close()
        raise
    return store
