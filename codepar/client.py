"""A client of a running service: submit, wait, look, cancel, follow. What ``--server URL`` uses.

Errors come back as the exceptions of ``codepar.errors``. Limits: synchronous; one connection pool a client; close it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Self

import httpx
from pydantic import BaseModel, ValidationError

from codepar.errors import CodeparError, EnvironmentFault, InvalidInput
from codepar.jobs import Event, Job, JobKind, JobState, new_id

PATHS = {
    JobKind.MPI_COMPLETION: "/v1/mpi/completions",
    JobKind.CUDA_TRANSLATION: "/v1/cuda/translations",
    JobKind.DECOMPOSITION: "/v1/decompositions",
    JobKind.EXECUTION: "/v1/executions",
    JobKind.GPU_EXECUTION: "/v1/executions",
}
# Shorter than what proxies cut off.
WAIT_STEP_S = 30.0
TIMEOUT = httpx.Timeout(30.0, connect=5.0)
STREAM_PAUSE_S = 1.0


class ServiceUnreachable(EnvironmentFault):
    """No service answers at the address."""

    code = "service_unreachable"


class ServiceClient:
    """Talks to the service at ``url``, as a context manager. Methods raise ``ServiceUnreachable`` and the service's errors."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        address = _checked_url(self.url)
        # A proxy of the environment must not come between us and this machine.
        self._http = httpx.Client(base_url=self.url, timeout=TIMEOUT, trust_env=not _is_loopback(address))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def submit(self, kind: JobKind, request: BaseModel | dict[str, Any], *, key: str | None = None, wait_s: float = 0) -> Job:
        """Submit and get the job, finished if it ended within ``wait_s``. A lost answer is asked for again, never sent twice."""
        body = request.model_dump(mode="json") if isinstance(request, BaseModel) else request
        headers = {"Idempotency-Key": key or new_id()}
        sent = {"json": body, "headers": headers, "params": {"wait": wait_s}, "timeout": _waiting(wait_s)}
        return _job(self._request("POST", PATHS[kind], **sent))

    def run(self, kind: JobKind, request: BaseModel | dict[str, Any]) -> Job:
        """Submit and wait for the end, however long it takes."""
        return self.wait(self.submit(kind, request, wait_s=WAIT_STEP_S))

    def wait(self, job: Job, timeout_s: float | None = None) -> Job:
        """The job once it is finished, or as it is after ``timeout_s``."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not job.state.is_terminal:
            left = WAIT_STEP_S if deadline is None else min(WAIT_STEP_S, deadline - time.monotonic())
            if left <= 0:
                break
            job = self.job(job.id, wait_s=left)
        return job

    def job(self, job_id: str, wait_s: float = 0) -> Job:
        """The job, at once or when it is finished within ``wait_s``."""
        return _job(self._request("GET", f"/v1/jobs/{_segment(job_id)}", params={"wait": wait_s}, timeout=_waiting(wait_s)))

    def jobs(self, limit: int = 50, state: JobState | None = None, kind: JobKind | None = None) -> list[Job]:
        """The newest jobs, without results."""
        params = {"limit": limit, "state": state and state.value, "kind": kind and kind.value}
        answer = self._request("GET", "/v1/jobs", params={name: value for name, value in params.items() if value is not None})
        return [Job.model_validate(job) for job in answer.json()["jobs"]]

    def cancel(self, job_id: str) -> Job:
        """Ask it to stop; a finished job stays as it is."""
        return _job(self._request("POST", f"/v1/jobs/{_segment(job_id)}/cancel"))

    def events(self, job_id: str, after: str | None = None) -> Iterator[Event]:
        """Every event after ``after`` up to the terminal one, over as many connections as it takes."""
        while True:
            try:
                for event in self._stream(job_id, after):
                    after = event.id
                    yield event
                return
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.ReadTimeout):
                # The service restarts: go on where we were.
                time.sleep(STREAM_PAUSE_S)

    def _stream(self, job_id: str, after: str | None) -> Iterator[Event]:
        headers = {} if after is None else {"Last-Event-ID": after}
        path = f"/v1/jobs/{_segment(job_id)}/events"
        try:
            with self._http.stream("GET", path, headers=headers) as response:
                if response.is_error:
                    response.read()
                    raise _error_of(response)
                for line in response.iter_lines():
                    if line.startswith("data: "):
                        yield Event.model_validate_json(line.removeprefix("data: "))
        except httpx.ConnectError as error:
            raise self._unreachable(error) from error

    def _request(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **options)
        except httpx.ReadTimeout as error:
            raise ServiceUnreachable(
                f"the service at {self.url} has not answered {method} {path} in time: it may be busy, or the work long",
                remedy="ask for a job instead: leave --no-verify out, or try again later",
            ) from error
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        if response.is_error:
            raise _error_of(response)
        return response

    def _unreachable(self, error: Exception) -> ServiceUnreachable:
        return ServiceUnreachable(
            f"no codepar service answers at {self.url}: {error or type(error).__name__}",
            remedy="start it with `codepar serve`, or name another with --server",
        )


def _checked_url(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise InvalidInput(f"--server {text}: {error}", remedy="for example http://127.0.0.1:8421") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise InvalidInput(f"--server {text} is no http or https address", remedy="for example http://127.0.0.1:8421")
    return url


def _is_loopback(url: httpx.URL) -> bool:
    try:
        return url.host == "localhost" or ip_address(url.host).is_loopback
    except ValueError:
        return False


def _segment(job_id: str) -> str:
    if not job_id or not all(character.isalnum() or character == "-" for character in job_id):
        raise InvalidInput(f"{job_id[:64]!r} is no id of a job", remedy="list them with `codepar jobs list`")
    return job_id


def _waiting(wait_s: float) -> httpx.Timeout:
    return httpx.Timeout(30.0 + wait_s, connect=5.0)


def _job(response: httpx.Response) -> Job:
    try:
        return Job.model_validate(response.json())
    except (json.JSONDecodeError, ValidationError) as error:
        raise EnvironmentFault(f"{response.url} answered, but is no codepar service", remedy="check --server") from error


def _error_of(response: httpx.Response) -> CodeparError:
    """The service's error as one of ours, of the class that has its code."""
    try:
        body = response.json()["error"]
        message, code, param = str(body["message"]), body["code"], body["param"]
    except (ValueError, KeyError, TypeError):
        return EnvironmentFault(f"{response.url} answered {response.status_code}, not as codepar does", remedy="check --server")
    found = {kind.code: kind for kind in _subclasses(CodeparError)}.get(code)
    kind = found or (InvalidInput if response.is_client_error else EnvironmentFault)
    return kind(message, param=param)


def _subclasses(root: type[CodeparError]) -> Iterator[type[CodeparError]]:
    for kind in root.__subclasses__():
        yield kind
        yield from _subclasses(kind)
