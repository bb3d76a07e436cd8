"""``GET /metrics`` in the Prometheus text format: requests, latency, jobs by kind and state, queue lengths, parts.

Limits: request counts are of this API process since its start; the others are read at the moment of the scrape.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from codepar.api.health import states_of_parts
from codepar.api.services import Services, ServicesOf
from codepar.errors import BrokerUnavailable, StoreUnavailable

router = APIRouter(tags=["operation"])


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
async def metrics(services: ServicesOf) -> Response:
    """Requests, latency, jobs by kind and state, queue lengths and which parts can work, in the Prometheus text format."""
    await asyncio.gather(_read_store(services), _read_queues(services), _read_parts(services))
    return Response(generate_latest(services.metrics.registry), media_type=CONTENT_TYPE_LATEST)


async def _read_store(services: Services) -> None:
    with suppress(StoreUnavailable):
        for count in await asyncio.to_thread(services.store.counts):
            services.metrics.jobs.labels(count.kind.value, count.state.value).set(count.number)


async def _read_queues(services: Services) -> None:
    with suppress(BrokerUnavailable):
        for name, length in (await asyncio.to_thread(services.queue.depths)).items():
            services.metrics.queues.labels(name.value).set(length)


async def _read_parts(services: Services) -> None:
    for name, state in (await states_of_parts(services)).items():
        if state.status == "absent":
            services.metrics.up.remove(name)  # it may have been there before
        else:
            services.metrics.up.labels(name).set(state.status == "ok")
