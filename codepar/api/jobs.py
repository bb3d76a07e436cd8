"""``/v1/jobs``: list them, look at one or wait for it, cancel it. Limits: events are in ``job_events``."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel

from codepar.api.errors import documented
from codepar.api.json_response import AsciiJSONResponse
from codepar.api.services import ServicesOf
from codepar.api.submission import Wait, answer, job_response
from codepar.errors import NotFound
from codepar.jobs import Job, JobKind, JobState

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])


class JobList(BaseModel):
    """A page of jobs, newest first, without their results. ``next_before`` asks for the following page; None: there is none."""

    jobs: list[Job]
    next_before: str | None = None


def _known_form(id: Annotated[str, Path(description="Id of a job.")]) -> str:
    # Nothing but a UUID reaches the database: PostgreSQL refuses a NUL with an error that would look like our own.
    with suppress(ValueError):
        if str(uuid.UUID(id)) == id:
            return id
    raise NotFound(f"there is no job {id[:64]!r}", remedy="list them with `codepar jobs list`", param="id")


JobId = Annotated[str, Depends(_known_form)]


@router.get("", summary="List jobs, newest first", responses=documented(422, 503))
async def list_jobs(
    services: ServicesOf,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: Annotated[uuid.UUID | None, Query(description="`next_before` of the page before.")] = None,
    state: JobState | None = None,
    kind: JobKind | None = None,
) -> JobList:
    """Jobs without their results, newest first; ask for one job to see its result."""
    start = None if before is None else str(before)
    found = await asyncio.to_thread(services.store.list_jobs, limit + 1, start, state, kind)
    page = found[:limit]
    return JobList(jobs=page, next_before=page[-1].id if len(found) > limit else None)


@router.get(
    "/{id}",
    summary="A job, at once or when it is finished",
    response_model=Job,
    response_class=AsciiJSONResponse,
    responses=documented(404, 422, 503),
)
async def get_job(services: ServicesOf, request: Request, id: JobId, wait: Wait = 0) -> Response:
    """The job as it is, or as soon as it is finished within ``wait`` seconds."""
    job = await asyncio.to_thread(services.store.get, id)
    response = await answer(services, request, job, wait, {})
    if response.status_code == 202:
        response.status_code = 200
    return response


@router.post(
    "/{id}/cancel",
    summary="Cancel a job",
    response_model=Job,
    response_class=AsciiJSONResponse,
    responses={202: {"model": Job, "description": "It is running and was asked to stop"}, **documented(404, 503)},
)
async def cancel_job(services: ServicesOf, id: JobId) -> Response:
    """A queued job ends at once, a running one is asked to stop, a finished one stays as it is."""
    job = await asyncio.to_thread(services.store.request_cancel, id)
    if not job.state.is_terminal:
        return job_response(job, 202)
    await services.tell_end(job)
    return job_response(job, 200)
