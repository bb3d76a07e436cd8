"""``GET /v1/jobs/{id}/events``: the progress of a job as server-sent events. Limits: events older than a day are gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from codepar.api.errors import documented
from codepar.api.jobs import JobId
from codepar.api.json_response import ascii_json
from codepar.api.services import Services, ServicesOf
from codepar.events import checked_event_id
from codepar.jobs import Event

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

HEARTBEAT_S = 10.0
RETRY_MS = 1000
EXAMPLE = """retry: 1000

id: 1763721600000-0
event: started
data: {"id":"1763721600000-0","type":"started","attempt":1,"data":{"kind":"execution"}}

"""

LastEventId = Annotated[str | None, Header(description="Id of the last event heard; the stream goes on after it.")]


@router.get(
    "/{id}/events",
    summary="The progress of a job as server-sent events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"example": EXAMPLE}}}, **documented(404, 422, 503)},
)
async def job_events(services: ServicesOf, id: JobId, last_event_id: LastEventId = None) -> StreamingResponse:
    """Each event with its id, type and data, from the first or after ``Last-Event-ID``; ends after the terminal event."""
    checked_event_id(last_event_id)
    await asyncio.to_thread(services.store.get, id)
    return StreamingResponse(
        _stream(services, id, last_event_id),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _stream(services: Services, job_id: str, after: str | None) -> AsyncIterator[str]:
    yield f"retry: {RETRY_MS}\n\n"
    while True:
        batch = await services.events.read(job_id, after, HEARTBEAT_S)
        for event in batch.events:
            after = event.id
            yield _frame(event)
        if batch.ended:
            return
        if not batch.events:
            yield ": heartbeat\n\n"


def _frame(event: Event) -> str:
    return f"id: {event.id}\nevent: {event.type}\ndata: {ascii_json(event)}\n\n"
