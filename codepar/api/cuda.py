"""``POST /v1/cuda/translations``: sequential functions made parallel, each with its verdict, as a job.

Limits: nothing is answered at once; without a verdict a translation is worth nothing, and a verdict takes its time.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Body, Response
from fastapi.openapi.models import Example

from codepar.api.submission import SubmissionOf, submission_route
from codepar.flows.cuda_choice import chosen_functions
from codepar.flows.cuda_request import CudaTranslationRequest
from codepar.jobs import JobKind

router = APIRouter(prefix="/v1/cuda/translations", tags=["cuda"])

SAXPY = """void saxpy(int n, float a, const float *x, float *y) {
    for (int i = 0; i < n; i++)
        y[i] = a * x[i] + y[i];
}
"""
HEAT = """void heat(const double *now, double *next, int rows, int cols, double k) {
    for (int i = 1; i < rows - 1; i++)
        for (int j = 1; j < cols - 1; j++)
            next[i * cols + j] = now[i * cols + j] + k * (now[(i - 1) * cols + j] + now[(i + 1) * cols + j]
                + now[i * cols + j - 1] + now[i * cols + j + 1] - 4 * now[i * cols + j]);
}
"""
EXAMPLES = {
    "rules": Example(
        summary="By the rules alone, no language model is asked",
        value={"project": {"source": SAXPY}, "options": {"model": False}},
    ),
    "default": Example(
        summary="Rules, then eight answers of the model side by side, each repaired up to three times",
        value={"project": {"source": HEAT}, "options": {"function": "heat", "candidates": 8, "repair": 3}},
    ),
    "project": Example(
        summary="One function of a project, with OpenMP pragmas",
        value={
            "project": {"files": {"src/saxpy.c": SAXPY, "src/heat.c": HEAT}},
            "options": {"function": "saxpy", "target": "openmp"},
        },
    ),
}


@submission_route(router, "Translate sequential functions to CUDA or OpenMP")
async def create_translation(
    submission: SubmissionOf, body: Annotated[CudaTranslationRequest, Body(openapi_examples=EXAMPLES)]
) -> Response:
    """A job of kind `cuda_translation`. Its result holds the source, the verdict with each check, the tests, and a patch."""
    # What no worker could translate is refused here, not after a wait.
    await asyncio.to_thread(chosen_functions, body)
    if not body.options.rules:
        # Nothing answers in the model's place: without one the job could only fail.
        await submission.services.generator()
    return await submission.submit(JobKind.CUDA_TRANSLATION, body)
