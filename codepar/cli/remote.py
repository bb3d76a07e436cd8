"""``--server URL``: a running service carries out the same request. Limits: no trusted runs, no commands of the user."""

from __future__ import annotations

from typing import Annotated, TypeVar

import typer
from pydantic import BaseModel

from codepar.client import ServiceClient
from codepar.errors import EnvironmentFault, InvalidInput
from codepar.jobs import JobKind, JobState

ServiceOption = Annotated[str | None, typer.Option("--server", metavar="URL", help="Let this codepar service do the work.")]
Result = TypeVar("Result", bound=BaseModel)


def run_on(server: str, kind: JobKind, request: BaseModel, result: type[Result], *, trust: bool) -> Result:
    """Submit, wait for the end and return the typed result. Raises ``InvalidInput`` for ``trust``, the service's errors,
    and ``EnvironmentFault`` when the job failed or was cancelled."""
    if trust:
        raise InvalidInput("--trust and --server exclude each other: a service runs nothing outside its sandbox")
    with ServiceClient(server) as client:
        job = client.run(kind, request)
    if job.state is not JobState.SUCCEEDED or job.result is None:
        cause = job.error.message if job.error is not None else f"it was {job.state.value}"
        raise EnvironmentFault(f"job {job.id} has no result: {cause}", remedy=f"codepar jobs events {job.id} --server {server}")
    return result.model_validate(job.result)
