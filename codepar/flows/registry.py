"""The registry that the worker uses: one flow for each kind of job. Limits: importing it imports every capability."""

from __future__ import annotations

from codepar.errors import EnvironmentFault
from codepar.flows.cuda_request import CudaTranslationRequest
from codepar.flows.decompose import decompose
from codepar.flows.decompose_request import DecompositionRequest
from codepar.flows.execute import ExecutionReport, ExecutionRequest, execute
from codepar.flows.flow import Flow
from codepar.flows.levels import complete_level
from codepar.flows.mpi_request import MpiCompletionRequest
from codepar.flows.translate import translate
from codepar.jobs import JobKind
from codepar.protocols import Executor, Generator, Progress
from codepar.settings import Settings


async def _execute(
    request: ExecutionRequest,
    generator: Generator | None,
    executor: Executor | None,
    progress: Progress,
    settings: Settings | None = None,
) -> ExecutionReport:
    if executor is None:
        raise EnvironmentFault("nothing here can run programs", remedy="codepar doctor")
    return await execute(request, executor, progress)


FLOWS: dict[JobKind, Flow] = {
    JobKind.MPI_COMPLETION: Flow(request_model=MpiCompletionRequest, run=complete_level, needs_engine=True),
    JobKind.CUDA_TRANSLATION: Flow(request_model=CudaTranslationRequest, run=translate, needs_engine=True),
    JobKind.DECOMPOSITION: Flow(request_model=DecompositionRequest, run=decompose, needs_engine=True),
    JobKind.EXECUTION: Flow(request_model=ExecutionRequest, run=_execute, needs_engine=False),
    JobKind.GPU_EXECUTION: Flow(request_model=ExecutionRequest, run=_execute, needs_engine=False),
}
