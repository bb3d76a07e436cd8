"""``codepar split --run``: the parts answered, each printed as soon as all before it are there; then what they came to.

Limits: runs in this process, or with ``--server`` on a service; what is broken off keeps the parts that are there.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from codepar.cli.common import print_json, say, write_file
from codepar.cli.late_model import LateModel
from codepar.client import ServiceClient
from codepar.errors import EnvironmentFault, InvalidInput
from codepar.flows.decompose import decompose
from codepar.flows.decompose_request import DecompositionRequest
from codepar.flows.decompose_result import Capability, DecompositionResult, ItemResult
from codepar.jobs import Event, JobKind
from codepar.protocols import SilentProgress
from codepar.settings import Settings
from worker.executor import open_executor

_BROKEN_OFF = 130


@dataclass(frozen=True)
class Output:
    """What is done with the result: ``as_json`` prints it whole, ``folder`` gets the files, ``patch`` the patch."""

    as_json: bool
    folder: Path | None
    patch: Path | None


def run_split(request: DecompositionRequest, output: Output, *, trust: bool, server: str | None) -> int:
    """Carry the request out and print it. 0 where everything has an answer and no verdict is against it, else 1."""
    if server is not None:
        if trust:
            raise InvalidInput("--trust and --server exclude each other: a service runs nothing outside its sandbox")
        return _finish(_on_service(server, request, output), output)
    kept: list[DecompositionResult] = []
    try:
        return _finish(asyncio.run(_here(request, trust, output, kept)), output)
    except KeyboardInterrupt:
        for result in kept:
            _finish(result, output)
        say("codepar: interrupted")
        return _BROKEN_OFF


async def _here(
    request: DecompositionRequest, trust: bool, output: Output, kept: list[DecompositionResult]
) -> DecompositionResult:
    settings = Settings()
    executor = open_executor(settings, trust) if request.options.verify else None
    generator = LateModel(settings, request.options.budget_s)

    async def show(item: ItemResult) -> None:
        _show(item.model_dump(mode="json"), output)

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


def _on_service(server: str, request: DecompositionRequest, output: Output) -> DecompositionResult:
    with ServiceClient(server) as client:
        job = client.submit(JobKind.DECOMPOSITION, request)
        for event in client.events(job.id):
            _hear(event, output)
        job = client.wait(job)
    if job.result is None:
        message = job.error.message if job.error is not None else f"the job was {job.state.value}"
        raise EnvironmentFault(message, remedy=f"codepar jobs events {job.id} --server {server}")
    return DecompositionResult.model_validate(job.result)


def _hear(event: Event, output: Output) -> None:
    if event.type == "item":
        _show(event.data, output)
    elif event.type == "plan":
        say(f"codepar: {_planned(event.data)}")


def _show(item: dict[str, Any], output: Output) -> None:
    """A finished part: its answer on standard output, how it went on standard error."""
    if not output.as_json:
        text = item["answer"].strip() if item["ok"] else f"(No accepted answer: {item['why']})\n\n{item['answer']}".strip()
        typer.echo(f"### {item['number']}. {item['title']}\n\n{text}\n")
    say(f"codepar: {item['number']}. {item['title']}: {_how(item)}, {item['seconds']:.1f} s")


def _how(item: dict[str, Any]) -> str:
    if item["capability"] != Capability.CHAT:
        kind = item["capability"].replace("_", " ").replace("cuda", "CUDA").replace("openmp", "OpenMP").replace("mpi", "MPI")
        return f"{kind}, verified" if item["verified"] else f"{kind}, unverified: {item['why']}"
    if not item["ok"]:
        return f"no accepted answer: {item['why']}"
    compiled = {True: ", compiles", False: ", does not compile", None: ""}[item["compiled"]]
    again = "" if item["attempts"] == 1 else f" after {item['attempts']} attempts ({item['rung']})"
    return f"answered{compiled}{again}"


def _finish(result: DecompositionResult, output: Output) -> int:
    if output.patch is not None:
        write_file(output.patch, result.patch.encode())
    if output.folder is not None:
        _write(result.files, output.folder)
    if output.as_json:
        print_json(json.loads(result.model_dump_json(by_alias=True)))
    else:
        _print_rest(result)
    _summarise(result, output)
    return 0 if result.is_complete else 1


def _write(files: dict[str, str], folder: Path) -> None:
    for path, text in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        write_file(place, text.encode())


def _print_rest(result: DecompositionResult) -> None:
    """What is no part: the answer to the request as it is, the closing wish."""
    if result.mode == "whole":
        typer.echo(result.text)
        return
    if result.whole is not None and result.missing:
        typer.echo(f"### The request as a whole\n\n{result.whole.strip()}\n")
    if result.closing is not None:
        typer.echo(result.closing.strip())


def _summarise(result: DecompositionResult, output: Output) -> None:
    for finding in result.findings:
        say(f"codepar: {', '.join(finding.items)}: {finding.message}")
    for note in result.notes:
        say(f"codepar: note: {note}")
    if result.fault is not None:
        say(f"codepar: {result.fault}")
    if result.missing:
        say(f"codepar: without an answer: {', '.join(result.missing)}")
    if result.files:
        where = f"in {output.folder}" if output.folder is not None else "(-o FOLDER or --patch FILE writes them)"
        compiled = {True: ", which compile", False: ", which do not compile", None: ""}[result.compiled]
        say(f"codepar: changed or new files{compiled} {where}: {', '.join(result.files)}")
    cost = result.cost
    tokens = f", {cost.answer_tokens} tokens" if cost.requests else ""
    say(f"codepar: {cost.wall_s:.1f} s, {cost.requests} request{'' if cost.requests == 1 else 's'} of the model{tokens}")
