"""What the store gives back: named types, never rows. Limits: no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from codepar.jobs import Job, JobKind, JobState


@dataclass(frozen=True)
class CreatedJob:
    """``created`` is False when an idempotency key found the job of an earlier, equal request."""

    job: Job
    created: bool


@dataclass(frozen=True)
class JobRef:
    """Just enough to send a job."""

    id: str
    kind: JobKind


@dataclass(frozen=True)
class JobCount:
    """How many jobs of a kind are in a state."""

    kind: JobKind
    state: JobState
    number: int


@dataclass(frozen=True)
class Lease:
    """The right to work on a job and to write its result, until another owner takes it or the job ends."""

    job_id: str
    kind: JobKind
    owner: str
    attempt: int
    request: dict[str, Any]


@dataclass(frozen=True)
class Heartbeat:
    """``valid`` False: the lease is lost, nothing may be written any more."""

    valid: bool
    cancel_requested: bool
