"""What the sweep and the metrics ask: jobs that nobody sent, that fell silent, that are old. Limits: sends nothing itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Select, delete, func, or_, select, update

from codepar.jobs import JobKind, JobState
from codepar.store.database import Database
from codepar.store.job_rows import KEY_LIFE
from codepar.store.records import JobCount, JobRef
from codepar.store.tables import idempotency_keys, jobs

BATCH = 200


class Upkeep(Database):
    """The part of the store that keeps it tidy and nothing forgotten."""

    def mark_sent(self, job_id: str) -> None:
        """Remember that a message for the job was handed to the broker."""
        with self.writing() as connection:
            connection.execute(update(jobs).where(jobs.c.id == job_id).values(sent_at=self.moment(connection)))

    def unsent(self, older_than_s: float) -> list[JobRef]:
        """Queued jobs, at least so old, that never reached the broker."""
        return self._refs(jobs.c.state == JobState.QUEUED.value, jobs.c.sent_at.is_(None), before=("created_at", older_than_s))

    def waiting(self, older_than_s: float) -> list[JobRef]:
        """Queued jobs whose message was sent at least so long ago."""
        return self._refs(jobs.c.state == JobState.QUEUED.value, before=("sent_at", older_than_s))

    def stale(self, lease_s: float) -> list[JobRef]:
        """Running jobs whose owner has been silent for ``lease_s``, and that were not sent again since."""
        with self.reading() as connection:
            limit = self.moment(connection) - timedelta(seconds=lease_s)
            silent = or_(jobs.c.heartbeat_at.is_(None), jobs.c.heartbeat_at < limit)
            unsent = or_(jobs.c.sent_at.is_(None), jobs.c.sent_at < limit)
            query = _refs_query().where(jobs.c.state == JobState.RUNNING.value, silent, unsent)
            return [JobRef(row.id, JobKind(row.kind)) for row in connection.execute(query)]

    def purge(self, retention_days: float) -> int:
        """Delete jobs that finished before then, and keys past their 24 h. Returns how many jobs."""
        with self.writing() as connection:
            moment = self.moment(connection)
            connection.execute(delete(idempotency_keys).where(idempotency_keys.c.created_at <= moment - KEY_LIFE))
            return connection.execute(delete(jobs).where(jobs.c.finished_at < moment - timedelta(days=retention_days))).rowcount

    def counts(self) -> list[JobCount]:
        """How many jobs of each kind are in each state; every pair is there."""
        query = select(jobs.c.kind, jobs.c.state, func.count()).group_by(jobs.c.kind, jobs.c.state)
        with self.reading() as connection:
            found = {(row[0], row[1]): int(row[2]) for row in connection.execute(query)}
        return [JobCount(kind, state, found.get((kind.value, state.value), 0)) for kind in JobKind for state in JobState]

    def _refs(self, *conditions: Any, before: tuple[str, float]) -> list[JobRef]:
        column, age_s = before
        with self.reading() as connection:
            limit = self.moment(connection) - timedelta(seconds=age_s)
            query = _refs_query().where(*conditions, jobs.c[column] < limit)
            return [JobRef(row.id, JobKind(row.kind)) for row in connection.execute(query)]


def _refs_query() -> Select[Any]:
    return select(jobs.c.id, jobs.c.kind).order_by(jobs.c.id).limit(BATCH)
