"""``--server URL``: a running service carries out the same request. Limits: no trusted runs, no commands of the user."""

from __future__ import annotations

from typing import Annotated, TypeVar

import typer
from pydantic import BaseModel

from codepar.client import ServiceClient
from codepar.errors import EnvironmentFault, InvalidInput
from codepar.jobs import Job, JobKind

ServiceOption = Annotated[str | None, typer.Option("--server", metavar="URL", help="Let this codepar service do the work.")]
Result = TypeVar("Result", bound=BaseModel)


def run_on(server: str, kind: JobKind, request: BaseModel, result: type[Result], *, trust: bool) -> Result:
    """Submit, wait for the end and return the typed result, which a failed job may have too (status ``infra_error``).

    Raises ``InvalidInput`` for ``trust``, the service's errors, and ``EnvironmentFault`` when the job has no result.
    """
    if trust:
        raise InvalidInput("--trust and --server exclude each other: a service runs nothing outside its sandbox")
    with ServiceClient(server) as client:
        job = client.run(kind, request)
    if job.result is None:
        raise _failure(job, server)
    return result.model_validate(job.result)


def _failure(job: Job, server: str) -> EnvironmentFault:
    if job.error is None:
        return EnvironmentFault(f"job {job.id} was {job.state.value}", remedy="send it again")
    return EnvironmentFault(
        f"job {job.id} failed after {job.attempt} attempt{'' if job.attempt == 1 else 's'}: {job.error.message}",
        remedy=f"codepar jobs events {job.id} --server {server}",
    )
