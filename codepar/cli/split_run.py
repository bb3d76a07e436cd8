"""``codepar split --run``: the parts answered, each printed as soon as all before it are there; then what they came to.

Limits: runs in this process, or with ``--server`` on a service; what is broken off keeps the parts that are there.
"""

from __future__ import annotations

import asyncio
from typing import Any

from codepar.cli.common import say
from codepar.cli.late_model import LateModel
from codepar.cli.split_output import Output, dumped
from codepar.client import ServiceClient
from codepar.errors import EnvironmentFault, InvalidInput
from codepar.flows.decompose import decompose
from codepar.flows.decompose_request import DecompositionRequest
from codepar.flows.decompose_result import DecompositionResult, ItemResult
from codepar.jobs import Event, Job, JobKind
from codepar.protocols import SilentProgress
from codepar.settings import Settings
from worker.executor import open_executor

_BROKEN_OFF = 130


def run_split(request: DecompositionRequest, output: Output, *, trust: bool, server: str | None) -> int:
    """Carry the request out and print it. 0 where everything has an answer and no verdict is against it, else 1."""
    if server is not None:
        if trust:
            raise InvalidInput("--trust and --server exclude each other: a service runs nothing outside its sandbox")
        return _on_service(server, request, output)
    kept: list[DecompositionResult] = []
    try:
        return output.finish(asyncio.run(_here(request, trust, output, kept)))
    except KeyboardInterrupt:
        for result in kept:
            output.finish(result)
        say("codepar: interrupted")
        return _BROKEN_OFF


async def _here(
    request: DecompositionRequest, trust: bool, output: Output, kept: list[DecompositionResult]
) -> DecompositionResult:
    settings = Settings()
    executor = open_executor(settings, trust) if request.options.verify else None
    generator = LateModel(settings, request.options.budget_s)

    async def show(item: ItemResult) -> None:
        output.show(dumped(item))

    try:
        return await decompose(request, generator, executor, _Spoken(), settings, on_item=show, on_broken_off=kept.append)
    finally:
        await generator.close()


class _Spoken(SilentProgress):
    """Progress as lines on standard error."""

    async def report(self, type: str, data: dict[str, Any]) -> None:
        if type == "plan":
            say(f"codepar: {_planned(data)}")


def _planned(data: dict[str, Any]) -> str:
    how = "asked as it is" if data["mode"] == "whole" else "answered part by part"
    return f"{how}: {data['reason']}"


def _on_service(server: str, request: DecompositionRequest, output: Output) -> int:
    with ServiceClient(server) as client:
        job = client.submit(JobKind.DECOMPOSITION, request)
        try:
            for event in client.events(job.id):
                _hear(event, output)
            job = client.wait(job)
        except KeyboardInterrupt:
            say(f"codepar: interrupted: job {job.id} goes on (codepar jobs show {job.id} --server {server}, or jobs cancel)")
            return _BROKEN_OFF
    return output.finish(_result_of(job, server))


def _result_of(job: Job, server: str) -> DecompositionResult:
    if job.result is None:
        message = job.error.message if job.error is not None else f"the job was {job.state.value}"
        raise EnvironmentFault(message, remedy=f"codepar jobs events {job.id} --server {server}")
    return DecompositionResult.model_validate(job.result)


def _hear(event: Event, output: Output) -> None:
    if event.type == "item":
        output.show(event.data)
    elif event.type == "plan":
        say(f"codepar: {_planned(event.data)}")
