"""``GET /metrics`` in the Prometheus text format: requests, latency, jobs by state, queue lengths.

Limits: request counts are of this API process since its start; jobs and queues are read at the moment of the scrape.
"""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from codepar.api.services import Services, ServicesOf
from codepar.errors import BrokerUnavailable, StoreUnavailable

router = APIRouter(tags=["operation"])


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
async def metrics(services: ServicesOf) -> Response:
    """Requests, latency, jobs by state, queue lengths, in the Prometheus text format."""
    await _read_store(services)
    await _read_queues(services)
    return Response(generate_latest(services.metrics.registry), media_type=CONTENT_TYPE_LATEST)


async def _read_store(services: Services) -> None:
    gauges = services.metrics
    try:
        counts = await asyncio.to_thread(services.store.counts)
    except StoreUnavailable:
        gauges.up.labels("store").set(0)
        return
    gauges.up.labels("store").set(1)
    for state, number in counts.items():
        gauges.jobs.labels(state.value).set(number)


async def _read_queues(services: Services) -> None:
    gauges = services.metrics
    try:
        depths = await asyncio.to_thread(services.queue.depths)
    except BrokerUnavailable:
        gauges.up.labels("broker").set(0)
        return
    gauges.up.labels("broker").set(1)
    for name, length in depths.items():
        gauges.queues.labels(name.value).set(length)
