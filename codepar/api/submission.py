"""What every submission shares: its route, store, queue, wait for the end if asked, answer 200 or 202.

Limits: knows no kind of job.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel

from codepar.api.errors import documented
from codepar.api.hangup import HungUp, unless_hung_up
from codepar.api.json_response import AsciiJSONResponse
from codepar.api.services import Services, ServicesOf
from codepar.errors import InvalidInput
from codepar.jobs import Job, JobKind

Wait = Annotated[
    float,
    Query(ge=0, allow_inf_nan=False, description="Seconds to wait for the end; capped by the service's `max_wait_s`."),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        description="The same key with the same body gives the same job for 24 h; with another body, 409.",
        min_length=1,
        max_length=255,
    ),
]
NOBODY_LISTENS = 499

_Endpoint = TypeVar("_Endpoint", bound=Callable[..., Any])

SUBMISSION_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"model": Job, "description": "The finished job"},
    202: {"model": Job, "description": "The job, still queued or running; `Location` names it"},
    **documented(400, 408, 409, 413, 415, 422, 429, 503),
}


@dataclass(frozen=True)
class Submission:
    """One request for work: how many seconds it waits for the end, and the key that tells it from another."""

    services: Services
    request: Request
    wait: float
    key: str | None

    async def submit(self, kind: JobKind, body: BaseModel) -> Response:
        """Store the job, queue it, and answer with it; 200 when it finished in the time to wait, else 202.

        Once stored it is never lost, whether or not the broker or the client is still there.
        """
        if self.key is not None and not (self.key.isascii() and self.key.isprintable()):
            raise InvalidInput("an idempotency key is printable ASCII", param="Idempotency-Key")
        stored = await asyncio.to_thread(self.services.store.create_job, kind, body.model_dump(mode="json"), self.key)
        if stored.created:
            await self.services.send(stored.job)
        headers = {} if stored.created else {"Idempotency-Replayed": "true"}
        return await answer(self.services, self.request, stored.job, self.wait, headers)


def _submission_of(services: ServicesOf, request: Request, wait: Wait = 0, idempotency_key: IdempotencyKey = None) -> Submission:
    return Submission(services, request, wait, idempotency_key)


SubmissionOf = Annotated[Submission, Depends(_submission_of)]


def submission_route(router: APIRouter, summary: str) -> Callable[[_Endpoint], _Endpoint]:
    """Decorates the endpoint of ``router`` that takes work: ``POST`` at its prefix, answered with a job."""
    return router.post("", summary=summary, response_model=Job, response_class=AsciiJSONResponse, responses=SUBMISSION_RESPONSES)


async def answer(services: Services, request: Request, job: Job, wait: float, headers: dict[str, str]) -> Response:
    """The job after at most ``wait`` seconds. A client that hangs up ends the wait, not the job."""
    seconds = min(wait, services.settings.max_wait_s)
    if seconds > 0 and not job.state.is_terminal:
        try:
            job = await unless_hung_up(request, services.events.wait(job.id, seconds))
        except HungUp:
            return Response(status_code=NOBODY_LISTENS)
    return job_response(job, 200 if job.state.is_terminal else 202, headers)


def job_response(job: Job, status: int, headers: dict[str, str] | None = None) -> Response:
    """A job on the wire, with its address."""
    return AsciiJSONResponse(
        job.model_dump(mode="json"), status_code=status, headers={**(headers or {}), "Location": f"/v1/jobs/{job.id}"}
    )
