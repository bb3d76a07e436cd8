"""``POST /v1/executions``: build a project and run it at each rank count, behind walls. Limits: nothing is judged here."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Body, Response
from fastapi.openapi.models import Example

from codepar.api.submission import SubmissionOf, submission_route
from codepar.flows.execute import ExecutionRequest
from codepar.jobs import JobKind
from codepar.presence import require_gpu_worker

router = APIRouter(prefix="/v1/executions", tags=["executions"])

HELLO = """#include <mpi.h>
#include <stdio.h>

int main(int argc, char **argv) {
    int rank;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    printf("hello from %d\\n", rank);
    MPI_Finalize();
    return 0;
}
"""
KERNEL = """#include <cstdio>

__global__ void squares(int *out, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = i * i;
}

int main() {
    int *out;
    cudaMallocManaged(&out, 100 * sizeof(int));
    squares<<<4, 32>>>(out, 100);
    cudaDeviceSynchronize();
    printf("%d\\n", out[99]);
    cudaFree(out);
}
"""
EXAMPLES = {
    "source": Example(
        summary="One C file at 1 and 2 ranks",
        value={"project": {"source": HELLO}, "options": {"ranks": [1, 2]}},
    ),
    "project": Example(
        summary="A project with a Makefile, without a launcher",
        value={
            "project": {
                "files": {"main.c": "int main(void) { return 3; }\n", "Makefile": "demo: main.c\n\t$(CC) main.c -o demo\n"},
                "build": "make",
                "run": "./demo",
            },
            "options": {"limits": {"wall_s": 5}},
        },
    ),
    "cuda": Example(
        summary="CUDA on the CPU, with checks",
        value={
            "project": {"files": {"squares.cu": KERNEL}},
            "options": {"emulate": True, "checks": ["memory", "race", "schedule"]},
        },
    ),
}


@submission_route(router, "Build and run a program")
async def create_execution(
    submission: SubmissionOf, body: Annotated[ExecutionRequest, Body(openapi_examples=EXAMPLES)]
) -> Response:
    """A job of kind `execution`; its result is the `run` of the design, with one entry a rank count in `runs`.

    With `gpu` its kind is `gpu_execution`, and it is refused (503) while no worker has a device.
    """
    if not body.options.gpu:
        return await submission.submit(JobKind.EXECUTION, body)
    await asyncio.to_thread(require_gpu_worker, submission.services.settings)
    return await submission.submit(JobKind.GPU_EXECUTION, body)
