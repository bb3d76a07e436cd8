"""``POST /v1/decompositions``: the parts of a request and their plan at once, or, with ``run``, all parts answered as a job.

Limits: the plan is not stored; what is carried out needs a language model unless capabilities answer every part.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Body, Request, Response
from fastapi.openapi.models import Example

from codepar.api.hangup import HungUp, unless_hung_up
from codepar.api.json_response import AsciiJSONResponse
from codepar.api.services import Services
from codepar.api.submission import NOBODY_LISTENS, SubmissionOf, submission_route
from codepar.errors import EngineUnavailable, InvalidInput
from codepar.flows.decompose import decompose
from codepar.flows.decompose_read import Read, read_request
from codepar.flows.decompose_request import DecompositionRequest
from codepar.flows.decompose_result import DecompositionResult
from codepar.jobs import Job, JobKind, JobState, new_id, now
from codepar.prompts.items import Refusal
from codepar.protocols import Generator, SilentProgress

router = APIRouter(prefix="/v1/decompositions", tags=["decompositions"])

KERNELS = """void scale(int n, float a, float *x) {
    for (int i = 0; i < n; i++)
        x[i] = a * x[i];
}

void add(int n, const float *x, float *y) {
    for (int i = 0; i < n; i++)
        y[i] = x[i] + y[i];
}
"""
EXAMPLES = {
    "plan": Example(
        summary="The parts and their plan, at once; nothing is asked",
        value={"prompt": "Write unit tests for scale and add.", "files": {"kernels.c": KERNELS}},
    ),
    "verified": Example(
        summary="Carried out: each function a verified translation",
        value={
            "prompt": "Translate these two functions to CUDA",
            "files": {"kernels.c": KERNELS},
            "options": {"run": True},
        },
    ),
    "prose": Example(
        summary="Carried out by the language model, side by side",
        value={
            "prompt": "Explain in one sentence each: mutexes, semaphores and condition variables.",
            "options": {"run": True, "max_tokens": 120},
        },
    ),
}


@submission_route(router, "Find the parts of a request, plan them, answer them")
async def create_decomposition(
    submission: SubmissionOf, body: Annotated[DecompositionRequest, Body(openapi_examples=EXAMPLES)]
) -> Response:
    """Without `run` the plan, at once. With it a job of kind `decomposition`, whose events `item` come in the parts' order."""
    if not body.options.run:
        return await _plan(submission.services, submission.request, body)
    read = await asyncio.to_thread(read_request, body)
    if read.found.refusal is Refusal.EMPTY:
        raise InvalidInput("nothing is asked", remedy="say what is to be done", param="prompt")
    if _needs_model(read):
        # Nothing answers in the model's place: without one the job could only fail.
        await submission.services.generator()
    return await submission.submit(JobKind.DECOMPOSITION, body)


def _needs_model(read: Read) -> bool:
    return not read.wants or not read.found.split or read.request.options.split == "never"


async def _plan(services: Services, request: Request, body: DecompositionRequest) -> Response:
    begun = now()
    try:
        result = await unless_hung_up(request, _planned(services, body))
    except HungUp:
        return Response(status_code=NOBODY_LISTENS)
    job = Job(
        id=new_id(),
        kind=JobKind.DECOMPOSITION,
        state=JobState.SUCCEEDED,
        attempt=1,
        created_at=begun,
        started_at=begun,
        finished_at=now(),
        result=result.model_dump(mode="json", by_alias=True),
    )
    return AsciiJSONResponse(job.model_dump(mode="json"))


async def _planned(services: Services, body: DecompositionRequest) -> DecompositionResult:
    return await decompose(body, await _generator(services), None, SilentProgress(), services.settings)


async def _generator(services: Services) -> Generator | None:
    # Only the forecast of seconds depends on the engine.
    try:
        return await services.generator()
    except EngineUnavailable:
        return None
