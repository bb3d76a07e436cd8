"""``codepar jobs list|show|cancel|events``: what a running service does. Limits: over REST only; one service at a time."""

from __future__ import annotations

from typing import Annotated

import typer

from codepar.cli.common import JsonOption, print_json
from codepar.client import ServiceClient
from codepar.jobs import Job, JobKind, JobState
from codepar.settings import Settings

_app = typer.Typer(help="Jobs of a running service.", no_args_is_help=True)

ServerOption = Annotated[
    str | None, typer.Option("--server", metavar="URL", help="Address of the service.", envvar="CODEPAR_SERVER_URL")
]
JobId = Annotated[str, typer.Argument(metavar="ID", help="Id of a job.")]


def register(app: typer.Typer) -> None:
    """Add `jobs` to the command."""
    app.add_typer(_app, name="jobs")


def connect(server: str | None) -> ServiceClient:
    """A client of the service at ``server``, or where the settings say."""
    return ServiceClient(server or Settings().server_url)


@_app.command("list")
def list_command(
    server: ServerOption = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many.")] = 20,
    state: Annotated[JobState | None, typer.Option(help="Only those in this state.")] = None,
    kind: Annotated[JobKind | None, typer.Option(help="Only those of this kind.")] = None,
    json: JsonOption = False,
) -> None:
    """The newest jobs first."""
    with connect(server) as client:
        found = client.jobs(limit, state, kind)
    if json:
        print_json({"jobs": [job.model_dump(mode="json") for job in found]})
        return
    for job in found:
        typer.echo(_line(job))


@_app.command("show")
def show_command(
    id: JobId,
    server: ServerOption = None,
    wait: Annotated[float, typer.Option(min=0, help="Wait so many seconds for its end.")] = 0,
    json: JsonOption = False,
) -> None:
    """One job with its result."""
    with connect(server) as client:
        job = client.job(id)
        job = client.wait(job, wait) if wait else job
    if json:
        print_json(job)
        return
    typer.echo(_line(job))
    if job.error is not None:
        typer.echo(f"error: {job.error.message}")
    if job.result is not None:
        print_json(job.result)


@_app.command("cancel")
def cancel_command(id: JobId, server: ServerOption = None, json: JsonOption = False) -> None:
    """Stop a queued or running job."""
    with connect(server) as client:
        job = client.cancel(id)
    if json:
        print_json(job)
    else:
        typer.echo(_line(job))


@_app.command("events")
def events_command(
    id: JobId,
    server: ServerOption = None,
    after: Annotated[str | None, typer.Option(help="Begin after this event.")] = None,
    json: JsonOption = False,
) -> None:
    """Follow a job to its end, one event a line."""
    with connect(server) as client:
        for event in client.events(id, after):
            typer.echo(event.model_dump_json() if json else f"{event.id}  {event.type}  {event.data}")


def _line(job: Job) -> str:
    status = (job.result or {}).get("status", "")
    spent = "" if job.finished_at is None else f"{(job.finished_at - job.created_at).total_seconds():.1f} s"
    created = job.created_at.isoformat(timespec="seconds")
    return "  ".join(part for part in (job.id, job.kind.value, job.state.value, status, created, spent) if part)
