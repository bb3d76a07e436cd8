"""Jobs as rows: create, read, list, cancel. Limits: who may work on one is decided in ``lease_rows``."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from codepar.errors import Conflict, InvalidInput, NotFound, TooManyJobs
from codepar.jobs import ErrorBody, Job, JobKind, JobState, new_id, now
from codepar.store.database import Database
from codepar.store.records import CreatedJob
from codepar.store.tables import idempotency_keys, jobs

KEY_LIFE = timedelta(hours=24)
MAX_KEY_CHARACTERS = 255

_LISTED = tuple(column for column in jobs.c if column.name not in {"request", "result"})
_SHOWN = (*_LISTED, jobs.c.result)


class JobRows(Database):
    """The part of the store that clients see. ``max_queued`` jobs may wait; processes that add at once may add a few more."""

    max_queued: int

    def create_job(self, kind: JobKind, request: dict[str, Any], idempotency_key: str | None = None) -> CreatedJob:
        """Store a queued job. The same key and request within 24 h give the same job again.

        Raises ``Conflict`` for the same key with another request, ``TooManyJobs``, ``StoreUnavailable``.
        """
        if idempotency_key is not None and not _is_key(idempotency_key):
            raise InvalidInput(f"an idempotency key is 1 to {MAX_KEY_CHARACTERS} printable characters", param="Idempotency-Key")
        body = _dump(request)
        body_hash = hashlib.sha256(f"{kind}\n{body}".encode()).hexdigest()
        if idempotency_key is not None and (known := self._find_key(idempotency_key, body_hash)):
            return CreatedJob(known, created=False)
        job = Job(id=new_id(), kind=kind, state=JobState.QUEUED, attempt=0, created_at=now())
        try:
            with self.writing() as connection:
                _check_room(connection, self.max_queued)
                _insert(connection, job, body, idempotency_key, body_hash)
        except Conflict:
            # Somebody else stored the key since we looked.
            known = self._find_key(idempotency_key or "", body_hash)
            if known is None:
                raise
            return CreatedJob(known, created=False)
        return CreatedJob(job, created=True)

    def get(self, job_id: str) -> Job:
        """The job. Raises ``NotFound``."""
        with self.reading() as connection:
            return _get(connection, job_id)

    def request_of(self, job_id: str) -> dict[str, Any]:
        """What was asked for. Raises ``NotFound``."""
        with self.reading() as connection:
            body = connection.execute(select(jobs.c.request).where(jobs.c.id == job_id)).scalar()
        if body is None:
            raise _no_job(job_id)
        request: dict[str, Any] = json.loads(body)
        return request

    def list_jobs(
        self, limit: int = 50, before: str | None = None, state: JobState | None = None, kind: JobKind | None = None
    ) -> list[Job]:
        """The newest jobs first, those older than the job ``before``. ``result`` is left out: ask for one job to see it."""
        query = select(*_LISTED).order_by(jobs.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(jobs.c.id < before)
        if state is not None:
            query = query.where(jobs.c.state == state.value)
        if kind is not None:
            query = query.where(jobs.c.kind == kind.value)
        with self.reading() as connection:
            return [_job_of(row) for row in connection.execute(query)]

    def request_cancel(self, job_id: str) -> Job:
        """Cancel a queued job at once, ask the owner of a running one; a finished job stays as it is. Raises ``NotFound``."""
        with self.writing() as connection:
            moment = self.moment(connection)
            mine = jobs.c.id == job_id
            connection.execute(
                update(jobs)
                .where(mine, jobs.c.state == JobState.QUEUED.value)
                .values(state=JobState.CANCELLED.value, finished_at=moment, cancel_requested=True)
            )
            connection.execute(update(jobs).where(mine, jobs.c.state == JobState.RUNNING.value).values(cancel_requested=True))
            return _get(connection, job_id)

    def refuse(self, job_id: str, error: ErrorBody) -> bool:
        """End a queued job as failed, because nothing here can work on it. False when it is not queued any more."""
        with self.writing() as connection:
            query = (
                update(jobs)
                .where(jobs.c.id == job_id, jobs.c.state == JobState.QUEUED.value)
                .values(state=JobState.FAILED.value, finished_at=self.moment(connection), error=_dump(error.model_dump()))
            )
            return connection.execute(query).rowcount == 1

    def _find_key(self, key: str, body_hash: str) -> Job | None:
        with self.reading() as connection:
            oldest = self.moment(connection) - KEY_LIFE
            query = select(idempotency_keys).where(idempotency_keys.c.key == key, idempotency_keys.c.created_at > oldest)
            row = connection.execute(query).one_or_none()
            if row is None:
                return None
            if row.body_hash != body_hash:
                raise Conflict(
                    "this idempotency key was used with another request",
                    remedy="use a new key for a new request",
                    param="Idempotency-Key",
                )
            return _get(connection, row.job_id)


def _is_key(text: str) -> bool:
    # PostgreSQL's text holds no NUL.
    return 0 < len(text) <= MAX_KEY_CHARACTERS and text.isprintable()


def _check_room(connection: Connection, most: int) -> None:
    waiting = select(jobs.c.id).where(jobs.c.state == JobState.QUEUED.value).limit(most).subquery()
    if connection.execute(select(func.count()).select_from(waiting)).scalar_one() >= most:
        raise TooManyJobs(f"{most} jobs wait already", remedy="send it again later, or raise CODEPAR_MAX_QUEUED_JOBS")


def _insert(connection: Connection, job: Job, body: str, key: str | None, body_hash: str) -> None:
    connection.execute(
        jobs.insert().values(
            id=job.id,
            kind=job.kind.value,
            state=job.state.value,
            attempt=0,
            request=body,
            created_at=job.created_at,
            cancel_requested=False,
        )
    )
    if key is None:
        return
    expired = idempotency_keys.c.created_at <= job.created_at - KEY_LIFE
    connection.execute(delete(idempotency_keys).where(idempotency_keys.c.key == key, expired))
    try:
        connection.execute(
            idempotency_keys.insert().values(key=key, body_hash=body_hash, job_id=job.id, created_at=job.created_at)
        )
    except IntegrityError as error:
        raise Conflict("this idempotency key was stored a moment ago", param="Idempotency-Key") from error


def _dump(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _get(connection: Connection, job_id: str) -> Job:
    row = connection.execute(select(*_SHOWN).where(jobs.c.id == job_id)).one_or_none()
    if row is None:
        raise _no_job(job_id)
    return _job_of(row)


def _no_job(job_id: str) -> NotFound:
    return NotFound(f"there is no job {job_id[:64]!r}", remedy="list them with `codepar jobs list`", param="id")


def _job_of(row: Row[Any]) -> Job:
    result = getattr(row, "result", None)
    return Job(
        id=row.id,
        kind=JobKind(row.kind),
        state=JobState(row.state),
        attempt=row.attempt,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        result=None if result is None else json.loads(result),
        error=None if row.error is None else ErrorBody.model_validate(json.loads(row.error)),
    )
