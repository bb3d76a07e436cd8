"""Leases: who may work on a job, and that exactly one result is written.

A lease is an owner and an attempt in the job's row, kept alive by heartbeats. The result is written by compare-and-swap on both.
Limits: side effects of an attempt that lost its lease are not undone; only its result is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, select, update

from codepar.jobs import ErrorBody, JobKind, JobState
from codepar.protocols import Status
from codepar.store.database import Database
from codepar.store.records import Heartbeat, Lease
from codepar.store.tables import jobs

_RUNNING = JobState.RUNNING.value

# What to store of a job whose worker was lost in each attempt: its kind, its request, how many attempts.
LostResult = Callable[[JobKind, dict[str, Any], int], dict[str, Any] | None]


class LeaseRows(Database):
    """The part of the store that workers use. ``lease_s`` is the silence after which a lease may be taken over."""

    lease_s: float
    max_attempts: int

    def take_lease(self, job_id: str, owner: str, lost_result: LostResult | None = None) -> Lease | None:
        """Begin the next attempt, or None when there is nothing to do: unknown, finished, or alive elsewhere.

        A job that was asked to stop becomes cancelled, one that used up its attempts failed, with the error ``infra_error``
        and the result that ``lost_result`` makes of its kind, its request and the number of attempts.
        ``owner`` must be new for every call.
        """
        with self.writing() as connection:
            moment = self.moment(connection)
            row = connection.execute(select(jobs).where(jobs.c.id == job_id).with_for_update()).one_or_none()
            if row is None or not self._is_free(row, moment):
                return None
            if row.cancel_requested:
                _end(connection, jobs.c.id == job_id, moment, JobState.CANCELLED)
                return None
            if row.attempt >= self.max_attempts:
                _give_up(connection, row, moment, lost_result)
                return None
            return _begin_attempt(connection, row, owner, moment)

    def heartbeat(self, lease: Lease) -> Heartbeat:
        """Say that the owner is alive, and hear whether the job shall stop."""
        with self.writing() as connection:
            query = update(jobs).where(_held(lease)).values(heartbeat_at=self.moment(connection))
            flag = connection.execute(query.returning(jobs.c.cancel_requested)).scalar_one_or_none()
        return Heartbeat(valid=flag is not None, cancel_requested=bool(flag))

    def is_cancel_requested(self, job_id: str) -> bool:
        """Whether the job was asked to stop; cheaper than a heartbeat."""
        with self.reading() as connection:
            return bool(connection.execute(select(jobs.c.cancel_requested).where(jobs.c.id == job_id)).scalar())

    def finish(self, lease: Lease, state: JobState, result: dict[str, Any] | None = None, error: ErrorBody | None = None) -> bool:
        """Write the outcome. False: the lease was lost, and nothing was written."""
        with self.writing() as connection:
            return _end(connection, _held(lease), self.moment(connection), state, result=result, error=error)

    def release(self, lease: Lease, *, sent: bool = True) -> bool:
        """Put the job back as queued, the attempt uncounted: the owner stops, and not because of the job.

        ``sent`` says that the owner puts the message back too; otherwise the sweep sends one.
        """
        with self.writing() as connection:
            moment = self.moment(connection)
            query = (
                update(jobs)
                .where(_held(lease))
                .values(state=JobState.QUEUED.value, attempt=lease.attempt - 1, owner=None, heartbeat_at=None)
                .values(sent_at=moment if sent else None)
            )
            return connection.execute(query).rowcount == 1

    def expire_lease(self, job_id: str, owner: str) -> bool:
        """Declare an owner dead before its time, by one who knows; the job counts as unsent. False when it holds no lease."""
        with self.writing() as connection:
            held = and_(jobs.c.id == job_id, jobs.c.owner == owner, jobs.c.state == _RUNNING)
            return connection.execute(update(jobs).where(held).values(heartbeat_at=None, sent_at=None)).rowcount == 1

    def owner_of(self, job_id: str) -> str | None:
        """The owner of a running job, None for any other."""
        with self.reading() as connection:
            query = select(jobs.c.owner).where(jobs.c.id == job_id, jobs.c.state == _RUNNING)
            owner: str | None = connection.execute(query).scalar()
            return owner

    def owners(self) -> dict[str, str]:
        """The owner of each running job, by the job's id."""
        with self.reading() as connection:
            query = select(jobs.c.id, jobs.c.owner).where(jobs.c.state == _RUNNING, jobs.c.heartbeat_at.is_not(None))
            return {row.id: row.owner for row in connection.execute(query)}

    def _is_free(self, row: Row[Any], moment: datetime) -> bool:
        if row.state == JobState.QUEUED.value:
            return True
        silent = row.heartbeat_at is None or row.heartbeat_at < moment - timedelta(seconds=self.lease_s)
        return bool(row.state == _RUNNING and silent)


def _held(lease: Lease) -> ColumnElement[bool]:
    return and_(
        jobs.c.id == lease.job_id,
        jobs.c.state == _RUNNING,
        jobs.c.owner == lease.owner,
        jobs.c.attempt == lease.attempt,
    )


def _begin_attempt(connection: Connection, row: Row[Any], owner: str, moment: datetime) -> Lease:
    attempt = row.attempt + 1
    connection.execute(
        update(jobs)
        .where(jobs.c.id == row.id)
        .values(state=_RUNNING, owner=owner, attempt=attempt, heartbeat_at=moment, started_at=row.started_at or moment)
    )
    return Lease(row.id, JobKind(row.kind), owner, attempt, json.loads(row.request))


def _give_up(connection: Connection, row: Row[Any], moment: datetime, lost_result: LostResult | None) -> None:
    message = f"the worker was lost in each of {row.attempt} attempts"
    error = ErrorBody(message=message, type="server_error", code=Status.INFRA_ERROR.value)
    result = lost_result(JobKind(row.kind), json.loads(row.request), row.attempt) if lost_result is not None else None
    _end(connection, jobs.c.id == row.id, moment, JobState.FAILED, result=result, error=error)


def _end(
    connection: Connection,
    which: ColumnElement[bool],
    moment: datetime,
    state: JobState,
    *,
    result: dict[str, Any] | None = None,
    error: ErrorBody | None = None,
) -> bool:
    values = {
        "state": state.value,
        "finished_at": moment,
        "result": None if result is None else json.dumps(result, separators=(",", ":")),
        "error": None if error is None else json.dumps(error.model_dump(), separators=(",", ":")),
        "owner": None,
        "heartbeat_at": None,
    }
    return connection.execute(update(jobs).where(which).values(values)).rowcount == 1
