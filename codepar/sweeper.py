"""Sends again what fell silent, and sends what was stored but never queued. Whoever hosts it starts it (the API process does).

Jobs that wait for a GPU which no worker has are ended with the reason. Several sweepers do no harm: a delivery too many finds
the lease taken, acknowledges and ends.
Limits: it only sends; whether a job is still owed an attempt is decided by the lease.
"""

from __future__ import annotations

import logging
import threading
import time

from codepar.errors import BrokerUnavailable, GpuUnavailable, StoreUnavailable
from codepar.jobs import ErrorBody
from codepar.owners import is_dead
from codepar.presence import require_gpu_worker
from codepar.queue import JobQueue, QueueName, queue_of
from codepar.settings import Settings
from codepar.store import JobRef, Store

PURGE_EVERY_S = 3600.0
# A service that starts again has its worker back long before; then what waited is worked on after all.
GPU_PATIENCE_S = 60.0

_log = logging.getLogger(__name__)


class Sweeper:
    """A thread that looks every ``interval_s``. ``start`` it, ``stop`` it. ``store`` and ``queue`` stay the caller's."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        queue: JobQueue,
        interval_s: float | None = None,
        gpu_patience_s: float = GPU_PATIENCE_S,
    ) -> None:
        self._settings = settings
        self._store = store
        self._queue = queue
        self._interval_s = interval_s if interval_s is not None else min(1.0, settings.lease_s / 5)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)
        self._next_purge = 0.0
        self._gpu_patience_s = gpu_patience_s
        self._without_gpu_since: float | None = None

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
        waiting = self._store.waiting(self._settings.lease_s)
        self._refuse_stranded([job for job in waiting if queue_of(job.kind) is QueueName.GPU])
        owed = self._store.unsent(self._interval_s) + self._store.stale(self._settings.lease_s) + self._lost(waiting)
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

    def _refuse_stranded(self, waiting: list[JobRef]) -> None:
        """End what waits for a GPU once no worker has had one for long enough."""
        reason = _why_no_gpu(self._settings) if waiting else None
        if reason is None:
            self._without_gpu_since = None
            return
        moment = time.monotonic()
        self._without_gpu_since = self._without_gpu_since or moment
        if moment - self._without_gpu_since < self._gpu_patience_s:
            return
        for job in waiting:
            self._store.refuse(job.id, reason)

    def _lost(self, waiting: list[JobRef]) -> list[JobRef]:
        # A queue that is empty while a job waits for it has lost the message: the broker was wiped, or died before it synced.
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


def _why_no_gpu(settings: Settings) -> ErrorBody | None:
    """Why no job that asks for a GPU can run, as the error of such a job; None when a worker can."""
    try:
        require_gpu_worker(settings)
    except GpuUnavailable as error:
        return ErrorBody(message=str(error), type=error.type, code=error.code)
    return None
