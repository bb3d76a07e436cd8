"""Kinds, states and events of jobs: the wire format of REST, store and progress stream.

Limits: no behaviour beyond validation; leases and storage live in ``codepar.store``, sending in ``codepar.queue``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import uuid_utils
from pydantic import BaseModel, ConfigDict


class JobKind(StrEnum):
    """What a job does; each kind has one flow (``codepar.flows.registry.FLOWS``)."""

    MPI_COMPLETION = "mpi_completion"
    CUDA_TRANSLATION = "cuda_translation"
    DECOMPOSITION = "decomposition"
    EXECUTION = "execution"
    # The same where a device is: its kind alone tells every sender the queue.
    GPU_EXECUTION = "gpu_execution"


class JobState(StrEnum):
    """``succeeded`` means that a verdict exists, whatever it is; ``failed`` is the infrastructure's fault."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        return self in {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}


class ErrorBody(BaseModel):
    """The common error shape; ``{"error": ErrorBody}`` on the wire."""

    model_config = ConfigDict(frozen=True)

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class Job(BaseModel):
    """A job as clients see it. ``result`` is the flow's result as JSON, ``error`` is set when the state is failed."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: JobKind
    state: JobState
    attempt: int
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    result: dict[str, Any] | None = None
    error: ErrorBody | None = None


class Event(BaseModel):
    """One step of a job. ``id`` grows within a job and is what ``Last-Event-ID`` names."""

    model_config = ConfigDict(frozen=True)

    id: str
    type: str
    attempt: int
    data: dict[str, Any]


def new_id() -> str:
    """A UUIDv7 in its canonical form: unique and ordered by time."""
    return str(uuid_utils.uuid7())


def now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)
