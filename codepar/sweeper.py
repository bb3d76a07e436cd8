"""Sends again what fell silent, and sends what was stored but never queued. Whoever hosts it starts it (the API process does).

Several sweepers do no harm: a delivery too many finds the lease taken, acknowledges and ends.
Limits: it only sends; whether a job is still owed an attempt is decided by the lease.
"""

from __future__ import annotations

import logging
import threading
import time

from codepar.errors import BrokerUnavailable, StoreUnavailable
from codepar.owners import is_dead
from codepar.queue import JobQueue, queue_of
from codepar.settings import Settings
from codepar.store import JobRef, Store

PURGE_EVERY_S = 3600.0

_log = logging.getLogger(__name__)


class Sweeper:
    """A thread that looks every ``interval_s``. ``start`` it, ``stop`` it. ``store`` and ``queue`` stay the caller's."""

    def __init__(self, settings: Settings, store: Store, queue: JobQueue, interval_s: float | None = None) -> None:
        self._settings = settings
        self._store = store
        self._queue = queue
        self._interval_s = interval_s if interval_s is not None else min(1.0, settings.lease_s / 5)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)
        self._next_purge = 0.0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the look that is under way."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def sweep(self) -> int:
        """Look once. Returns how many jobs were sent. Raises ``StoreUnavailable``, ``BrokerUnavailable``."""
        self._expire_dead()
        owed = self._store.unsent(self._interval_s) + self._store.stale(self._settings.lease_s) + self._lost()
        for job in owed:
            self._queue.send_job(job.id, job.kind)
            self._store.mark_sent(job.id)
            _log.info("sent again", extra={"job_id": job.id})
        return len(owed)

    def _expire_dead(self) -> None:
        # Of a process on this machine it is known that it died; of all others only that they are silent.
        for job_id, owner in self._store.owners().items():
            if is_dead(owner):
                self._store.expire_lease(job_id, owner)

    def _lost(self) -> list[JobRef]:
        # A queue that is empty while a job waits for it has lost the message: the broker was wiped, or died before it synced.
        waiting = self._store.waiting(self._settings.lease_s)
        if not waiting:
            return []
        depths = self._queue.depths()
        return [job for job in waiting if depths[queue_of(job.kind)] == 0]

    def _run(self) -> None:
        while not self._stopped.wait(self._interval_s):
            try:
                self.sweep()
                self._purge()
            except (StoreUnavailable, BrokerUnavailable) as error:
                _log.warning("the sweep was put off: %s", error)
                self._stopped.wait(self._interval_s)

    def _purge(self) -> None:
        if time.monotonic() < self._next_purge:
            return
        self._next_purge = time.monotonic() + PURGE_EVERY_S
        count = self._store.purge(self._settings.retention_days)
        if count:
            _log.info("deleted %d jobs older than %g days", count, self._settings.retention_days)
