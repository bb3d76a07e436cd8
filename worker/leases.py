"""One delivery of a job: take the lease, run the flow under its pulse, write the outcome once, tell it.

A delivery that cannot take the lease has nothing to do. Limits: whether a job is delivered again is the sweep's affair.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from codepar.errors import CodeparError, InvalidInput, StoreUnavailable
from codepar.events import JobProgress
from codepar.flows.flow import Flow
from codepar.flows.registry import FLOWS
from codepar.jobs import ErrorBody, JobKind, JobState
from codepar.logs import job_context
from codepar.owners import is_dead, new_owner
from codepar.protocols import ExecutionResult, Executor, Status
from codepar.store import Lease
from worker.lost import lost_result
from worker.memory import JobMemory, RememberingExecutor, RememberingGenerator
from worker.pulse import Pulse, Stop, Stopped
from worker.runtime import Runtime

FINISH_RETRY_S = 60.0

_log = logging.getLogger(__name__)


class ShuttingDown(Exception):
    """The work was put back because this worker ends; its message belongs into the queue again."""


@dataclass(frozen=True)
class Outcome:
    """What is written of one attempt."""

    state: JobState
    result: dict[str, Any] | None = None
    error: ErrorBody | None = None


def deliver_job(runtime: Runtime, job_id: str) -> None:
    """Work on the job unless somebody else does. Raises ``ShuttingDown``, ``StoreUnavailable`` before work began."""
    with job_context(job_id):
        lease = _take(runtime, job_id)
        if lease is None:
            _log.info("nothing to do for this delivery")
        else:
            _log.info("attempt %d of %s begins", lease.attempt, lease.kind)
            if not _work(runtime, lease):
                return
        _tell_end(runtime, job_id)


def _take(runtime: Runtime, job_id: str) -> Lease | None:
    lease = runtime.store.take_lease(job_id, new_owner(), lost_result)
    if lease is not None:
        return lease
    owner = runtime.store.owner_of(job_id)
    # A dead neighbour need not be waited for: its message was put back the moment it died.
    if owner is None or not is_dead(owner) or not runtime.store.expire_lease(job_id, owner):
        return None
    return runtime.store.take_lease(job_id, new_owner(), lost_result)


def _work(runtime: Runtime, lease: Lease) -> bool:
    """Run the flow and write what came of it. False: the lease was lost, the result is somebody else's."""
    pulse = Pulse(
        lambda: _beat(runtime, lease),
        runtime.settings.heartbeat_s,
        runtime.shutdown,
        lambda: runtime.store.is_cancel_requested(lease.job_id),
        runtime.alone,
    )
    memory = JobMemory(runtime.redis, lease.job_id)
    try:
        outcome = runtime.run(pulse.guard(_attempt(runtime, lease, memory)))
    except Stopped as stopped:
        if stopped.reason is Stop.SHUTDOWN:
            runtime.store.release(lease, sent=not runtime.alone())
            raise ShuttingDown from None
        if stopped.reason is Stop.LOST:
            _log.warning("attempt %d lost its lease", lease.attempt)
            return False
        outcome = Outcome(JobState.CANCELLED)
    written = _finish(runtime, lease, outcome)
    memory.forget()
    return written


def _beat(runtime: Runtime, lease: Lease) -> Stop | None:
    heartbeat = runtime.store.heartbeat(lease)
    if not heartbeat.valid:
        return Stop.LOST
    return Stop.CANCELLED if heartbeat.cancel_requested else None


async def _attempt(runtime: Runtime, lease: Lease, memory: JobMemory) -> Outcome:
    """The flow's outcome; every error becomes one."""
    progress = JobProgress(runtime.events, lease.job_id, lease.attempt)
    await progress.report("started", {"kind": lease.kind.value})
    try:
        flow = FLOWS[lease.kind]
        request = _validated(flow, lease.request)
        generator = await runtime.generator() if flow.needs_engine else None
        remembering = None if generator is None else RememberingGenerator(generator, memory)
        executor = RememberingExecutor(_executor(runtime, lease.kind), memory)
        result = await flow.run(request, remembering, executor, progress, runtime.settings)
    except CodeparError as error:
        _log.warning("attempt %d failed: %s", lease.attempt, error)
        return Outcome(JobState.FAILED, error=_body_of(error))
    except Exception as error:
        _log.exception("attempt %d failed", lease.attempt)
        message = f"internal error: {type(error).__name__}: {error}"
        return Outcome(JobState.FAILED, error=ErrorBody(message=message, type="server_error", code="internal_error"))
    return _judged(result.model_dump(mode="json", by_alias=True), result)


def _validated(flow: Flow, body: dict[str, Any]) -> BaseModel:
    # The API has checked it; this is for jobs stored by another version.
    try:
        return flow.request_model.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"{place}: {first['msg']}" if place else str(first["msg"]), param=place or None) from error


def _executor(runtime: Runtime, kind: JobKind) -> Executor:
    # A bare execution was sent to where code runs; any other flow sends its executions there.
    is_bare = kind in {JobKind.EXECUTION, JobKind.GPU_EXECUTION}
    return runtime.local_executor() if is_bare else runtime.remote_executor()


def _judged(dumped: dict[str, Any], result: object) -> Outcome:
    if isinstance(result, ExecutionResult) and result.status is Status.INFRA_ERROR:
        message = result.diagnostics[0].message if result.diagnostics else "the execution was lost"
        error = ErrorBody(message=message, type="server_error", code=Status.INFRA_ERROR.value)
        return Outcome(JobState.FAILED, dumped, error)
    return Outcome(JobState.SUCCEEDED, dumped)


def _body_of(error: CodeparError) -> ErrorBody:
    return ErrorBody(message=str(error), type=error.type, param=error.param, code=error.code)


def _finish(runtime: Runtime, lease: Lease, outcome: Outcome) -> bool:
    """Write it, trying on while the store is away: the work would be lost with it."""
    deadline = time.monotonic() + FINISH_RETRY_S
    while True:
        try:
            return runtime.store.finish(lease, outcome.state, outcome.result, outcome.error)
        except StoreUnavailable as error:
            if time.monotonic() > deadline:
                raise
            _log.warning("the result cannot be stored yet: %s", error)
            time.sleep(min(1.0, runtime.settings.heartbeat_s))


def _tell_end(runtime: Runtime, job_id: str) -> None:
    """Publish the terminal event of a finished job. Lost with the broker, it is rebuilt by the reader."""
    try:
        job = runtime.store.get(job_id)
        if job.state.is_terminal:
            runtime.run(runtime.events.publish_end(job))
    except CodeparError as error:
        _log.warning("the end was not published: %s", error)
