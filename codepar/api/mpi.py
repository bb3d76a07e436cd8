"""``POST /v1/mpi/completions``: the MPI calls that a program lacks; verified as a job, or at once for an editor.

Limits: an answer at once (``verify`` false) is not stored; a test command of the user's is for the shell alone.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Body, Request, Response
from fastapi.openapi.models import Example

from codepar.api.aside import FromElsewhere, aside
from codepar.api.hangup import HungUp, unless_hung_up
from codepar.api.json_response import AsciiJSONResponse
from codepar.api.services import Services
from codepar.api.submission import NOBODY_LISTENS, SubmissionOf, submission_route
from codepar.errors import EngineUnavailable, EnvironmentFault, Unsupported
from codepar.flows.foreign import check_readable
from codepar.flows.levels import complete_level
from codepar.flows.mpi_request import MpiCompletionRequest
from codepar.flows.mpi_result import MpiCompletion
from codepar.flows.parallel_tried import checked_serial, rule_proposals
from codepar.jobs import Job, JobKind, JobState, new_id, now
from codepar.mpi.headers import load_signatures
from codepar.protocols import Generator, SilentProgress

router = APIRouter(prefix="/v1/mpi/completions", tags=["mpi"])

# What rules and headers may take beyond the model's budget.
RULES_S = 30.0

SUM = """#include <mpi.h>
#include <stdio.h>

int main(int argc, char **argv) {
    int rank, size, total;
    printf("rank %d of %d\\n", rank, size);
    return 0;
}
"""
SERIAL = """#include <stdio.h>

int main(void) {
    long sum = 0;
    for (long i = 1; i <= 1000000; i++)
        sum += i * i % 7;
    printf("%ld\\n", sum);
    return 0;
}
"""
EXAMPLES = {
    "verified": Example(
        summary="Complete and run at 1, 2 and 4 ranks; the output must be the same at each",
        value={"project": {"source": SUM}, "options": {"ranks": [1, 2, 4], "invariant": True}},
    ),
    "serial": Example(
        summary="A sequential program made parallel, judged at 1, 2, 3 and 4 ranks, repaired up to three times",
        value={"project": {"source": SERIAL}, "options": {"level": "serial", "candidates": 2}},
    ),
    "editor": Example(
        summary="At once, nothing is run; one call at the cursor",
        value={"project": {"source": SUM}, "options": {"verify": False, "line": 6, "budget_s": 5}},
    ),
}


@submission_route(router, "Complete the MPI calls of a program")
async def create_completion(
    submission: SubmissionOf, body: Annotated[MpiCompletionRequest, Body(openapi_examples=EXAMPLES)]
) -> Response:
    """A job of kind `mpi_completion`. With `verify` false the answer comes at once, unverified, and is not stored."""
    if body.options.oracle is not None:
        raise Unsupported(
            "options.oracle: a test command runs at the shell only",
            remedy="send `reference`, `serial` or `invariant`, or use `codepar mpi complete --oracle`",
            param="options.oracle",
        )
    if body.options.level == "serial" and not rule_proposals(body.project, submission.services.settings.cache_dir):
        # Nothing answers in the model's place: without one the job could only fail.
        await submission.services.generator()
    if not body.options.verify:
        return await _at_once(submission.services, submission.request, body)
    await asyncio.to_thread(_check_readable, submission.services, body)
    return await submission.submit(JobKind.MPI_COMPLETION, body)


def _check_readable(services: Services, body: MpiCompletionRequest) -> None:
    # What no worker could complete is refused here, not after a wait. A machine without MPI leaves it to the workers.
    if body.options.level == "serial":
        checked_serial(body.project)
        return
    with suppress(EnvironmentFault):
        check_readable(body, load_signatures(cache=services.settings.cache_dir))


async def _at_once(services: Services, request: Request, body: MpiCompletionRequest) -> Response:
    begun = now()
    try:
        result = await unless_hung_up(request, _complete(services, body))
    except HungUp:
        return Response(status_code=NOBODY_LISTENS)
    job = Job(
        id=new_id(),
        kind=JobKind.MPI_COMPLETION,
        state=JobState.SUCCEEDED,
        attempt=1,
        created_at=begun,
        started_at=begun,
        finished_at=now(),
        result=result.model_dump(mode="json"),
    )
    return AsciiJSONResponse(job.model_dump(mode="json"))


async def _complete(services: Services, body: MpiCompletionRequest) -> MpiCompletion:
    generator = await _generator(services)
    budget_s = body.options.budget_s + RULES_S
    try:
        async with asyncio.timeout(budget_s):
            asked = None if generator is None else FromElsewhere(generator)
            return await aside(services.thinkers, lambda: complete_level(body, asked, None, SilentProgress(), services.settings))
    except TimeoutError:
        raise EngineUnavailable(
            f"no answer within {budget_s:.0f} s", remedy="send a smaller program or a larger budget_s"
        ) from None


async def _generator(services: Services) -> Generator | None:
    # The rules answer without a model too, and the answer says that there was none.
    try:
        return await services.generator()
    except EngineUnavailable:
        return None
