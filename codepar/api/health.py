"""``/health`` (this process lives) and ``/ready`` (what it stands on answers, each part named).

Limits: a part that answers may still be slow; readiness is of this moment.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from codepar import __version__
from codepar.api.errors import error_body
from codepar.api.json_response import AsciiJSONResponse
from codepar.api.services import Services, ServicesOf
from codepar.engine.factory import open_generator
from codepar.errors import CodeparError, GpuUnavailable
from codepar.jobs import ErrorBody
from codepar.presence import require_gpu_worker, workers_present
from codepar.queue import QueueName

router = APIRouter(tags=["operation"])

CHECK_TIMEOUT_S = 5.0

_log = logging.getLogger(__name__)


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"
    version: str = __version__


class PartState(BaseModel):
    """``absent`` is a part that this service runs without; ``down`` one that it needs."""

    status: Literal["ok", "absent", "down"]
    detail: str = ""


class Readiness(BaseModel):
    """Every part by name. ``error`` is set when one is down."""

    status: Literal["ready", "not_ready"]
    parts: dict[str, PartState]
    error: ErrorBody | None = None


@router.get("/health", summary="Whether the process is alive")
async def health() -> Health:
    """Always 200 while the process can answer; touches nothing else."""
    return Health()


@router.get(
    "/ready",
    summary="Whether the service can work",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "A part is down"}},
)
async def ready(services: ServicesOf) -> Response:
    """Store, broker, engine, and the workers of each queue (with the walls of the sandbox), each by name."""
    parts = await states_of_parts(services)
    down = [f"{name} ({state.detail})" for name, state in parts.items() if state.status == "down"]
    if not down:
        return AsciiJSONResponse(Readiness(status="ready", parts=parts).model_dump(mode="json"))
    error = error_body(503, f"not ready: {', '.join(down)}", code="not_ready")
    answer = Readiness(status="not_ready", parts=parts, error=error)
    return AsciiJSONResponse(answer.model_dump(mode="json"), status_code=503)


async def states_of_parts(services: Services) -> dict[str, PartState]:
    """Every part, asked at the same time, within ``CHECK_TIMEOUT_S``; never raises."""
    checks: dict[str, Callable[[Services], Awaitable[PartState]]] = {
        "store": _store,
        "broker": _broker,
        "engine": _engine,
        "workers-jobs": _job_workers,
        "workers-execute": _execute_workers,
        "workers-gpu": _gpu_workers,
    }
    states = await asyncio.gather(*(_checked(check(services)) for check in checks.values()))
    return dict(zip(checks, states, strict=True))


async def _checked(check: Awaitable[PartState]) -> PartState:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            return await check
    except TimeoutError:
        return PartState(status="down", detail=f"no answer within {CHECK_TIMEOUT_S:.0f} s")
    except CodeparError as error:
        return PartState(status="down", detail=str(error))
    except Exception as error:
        # A check that breaks says something of its part; the others must still be heard.
        _log.exception("a readiness check broke")
        return PartState(status="down", detail=f"internal error: {type(error).__name__}")


async def _store(services: Services) -> PartState:
    await asyncio.to_thread(services.store.ping)
    return PartState(status="ok", detail=services.store.name)


async def _broker(services: Services) -> PartState:
    await asyncio.to_thread(services.queue.ping)
    return PartState(status="ok")


async def _engine(services: Services) -> PartState:
    if services.settings.engine_url is None:
        return PartState(status="absent", detail="runs without a language model: codepar models pull, then start it again")
    # Asked anew each time: the generator in use remembers what it was told when it was opened.
    generator = await open_generator(services.settings)
    try:
        return PartState(status="ok", detail=(await generator.capabilities()).model)
    finally:
        await generator.close()


async def _job_workers(services: Services) -> PartState:
    return await _workers(services, QueueName.JOBS)


async def _execute_workers(services: Services) -> PartState:
    return await _workers(services, QueueName.EXECUTE)


async def _gpu_workers(services: Services) -> PartState:
    try:
        await asyncio.to_thread(require_gpu_worker, services.settings)
    except GpuUnavailable as error:
        return PartState(status="absent", detail=str(error))
    return await _workers(services, QueueName.GPU)


async def _workers(services: Services, queue: QueueName) -> PartState:
    present: Any = await asyncio.to_thread(workers_present, services.settings, queue)
    if not present:
        return PartState(status="down", detail="no worker; `codepar serve` starts one, or python -m worker --queues " + queue)
    faults = [worker.fault for worker in present if worker.fault]
    if len(faults) == len(present):
        return PartState(status="down", detail=faults[0])
    return PartState(status="ok", detail=f"{len(present) - len(faults)} at work")
