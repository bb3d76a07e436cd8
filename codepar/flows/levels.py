"""One door for all levels of completion: `calls` and `declarations` insert, `serial` rewrites.

Limits: chooses the flow, nothing else.
"""

from __future__ import annotations

from codepar.flows.complete import complete
from codepar.flows.mpi_request import MpiCompletionRequest
from codepar.flows.mpi_result import MpiCompletion
from codepar.flows.parallelize import parallelize
from codepar.mpi.oracle import CommandRunner
from codepar.protocols import Executor, Generator, Progress
from codepar.settings import Settings


async def complete_level(
    request: MpiCompletionRequest,
    generator: Generator | None,
    executor: Executor | None,
    progress: Progress,
    settings: Settings | None = None,
    *,
    command: CommandRunner | None = None,
) -> MpiCompletion:
    """Answer one request by the flow of its level. Raises what that flow raises."""
    flow = parallelize if request.options.level == "serial" else complete
    return await flow(request, generator, executor, progress, settings, command=command)
