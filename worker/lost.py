"""What is stored of a job whose worker died in each attempt: the shape that its kind has otherwise, where there is one.

Limits: a completion has no such shape, as every one of its fields is about a program that was never made.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from codepar.flows.execute import ExecutionReport, ExecutionRequest, Run
from codepar.jobs import JobKind
from codepar.remote import lost_worker


def lost_result(kind: JobKind, request: dict[str, Any], attempts: int) -> dict[str, Any] | None:
    """The result of ``request`` after ``attempts`` lost workers, None where the error of the job says all there is."""
    if kind not in {JobKind.EXECUTION, JobKind.GPU_EXECUTION}:
        return None
    try:
        executions = ExecutionRequest.model_validate(request).executions()
    except ValidationError:
        # Stored by another version; the error says what happened.
        return None
    lost = dict(lost_worker(attempts))
    runs = tuple(Run(ranks=execution.ranks, **lost) for execution in executions)
    return ExecutionReport(runs=runs, **dict(runs[0])).model_dump(mode="json")
