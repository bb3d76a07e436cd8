"""CUDA with NVIDIA's own compiler: is the program valid, and the way to where it runs.

``check`` needs no GPU: nvcc's front end says with file and line what it would refuse. Limits: the check compiles for the device
and does not link. ``gpu`` runs programs on a device, the CPU runtime (``cuda_cpu``) where none is.
"""

from __future__ import annotations

from codepar.errors import EnvironmentFault, ToolMissing
from codepar.project import Project
from codepar.protocols import Diagnostic, Execution, ExecutionResult, Status
from codepar.settings import Settings
from worker.build import Builder, Built, Tools
from worker.runner import Command, Runner
from worker.toolchains import nvcc
from worker.toolchains.compile_bounds import NVCC_MEMORY_BYTES, compile_bounds
from worker.toolchains.gpu.device import has_device
from worker.toolchains.gpu.toolchain import GpuCuda
from worker.toolchains.nvcc import Nvcc

_EMULATE = "--emulate runs it on the CPU"


def uses_cuda(project: Project) -> bool:
    """Whether nvcc is the compiler of the project; one with a build command calls what it wants."""
    return project.build is None and bool(project.cuda_sources())


class NativeCuda:
    """An ``Executor`` for CUDA projects as they are. ``tools`` names the PATH and the folders that boxes show."""

    def __init__(self, settings: Settings, runner: Runner, builder: Builder, tools: Tools, gpu: GpuCuda) -> None:
        self._settings = settings
        self._runner = runner
        self._builder = builder
        self._tools = tools
        self._gpu = gpu

    def find(self) -> Nvcc:
        """The nvcc in use. Raises ``ToolMissing``."""
        return nvcc.find_nvcc(self._tools.path, self._settings.nvcc)

    async def check(self, execution: Execution) -> Built:
        """Whether nvcc accepts the project's CUDA units: status ``ok`` (the program is their PTX) or ``compile_error`` with
        file and line. Raises ``ToolMissing``."""
        sorted_flags = nvcc.sort_options(execution.flags, self._tools.roots)
        if sorted_flags.refused:
            return _failure(Status.REFUSED, f"nvcc's option {sorted_flags.refused[0]} is not allowed")
        found, project = self.find(), execution.project
        line = nvcc.check_command(found, project, sorted_flags.allowed)
        command = self._command(execution, found, line, nvcc.check_artifacts(project))
        return await self._builder.make(execution, command, {"nvcc": found.identity})

    async def execute(self, execution: Execution) -> ExecutionResult:
        """What nvcc says of the program; trusted code runs where a GPU is. Raises ``EnvironmentFault`` where none is."""
        reason = _unsupported(execution)
        if reason is not None:
            return _failure(Status.UNSUPPORTED, reason).as_result(self._runner.name)
        if not has_device():
            return await self._without_device(execution)
        if self._runner.name == "sandboxed":
            reason = f"a box shows the GPU only to what asks for it: --gpu runs it there, {_EMULATE}"
            return _failure(Status.UNSUPPORTED, reason).as_result(self._runner.name)
        return await self._gpu.execute(execution)

    async def _without_device(self, execution: Execution) -> ExecutionResult:
        try:
            built = await self.check(execution)
        except ToolMissing as error:
            raise EnvironmentFault(
                "this machine has no CUDA device", remedy=f"{_EMULATE}; to check it alone: {error.remedy}"
            ) from error
        if built.program is None:
            return built.as_result(self._runner.name)
        raise EnvironmentFault(
            f"nvcc {self.find().version} accepts the program, but this machine has no CUDA device", remedy=_EMULATE
        )

    def _command(self, execution: Execution, found: Nvcc, line: tuple[str, ...], artifacts: tuple[str, ...]) -> Command:
        files = {name: text.encode(errors="surrogateescape") for name, text in execution.project.files.items()}
        return Command(
            argv=line,
            files={**files, ".codepar/objects": b""},
            environment={"PATH": f"{found.root}/bin:{self._tools.path}", "LC_ALL": "C"},
            read_only=(*self._tools.roots, *found.read_only()),
            artifacts=artifacts,
            bounds=compile_bounds(execution, NVCC_MEMORY_BYTES),
            address_space=False,
        )


def _unsupported(execution: Execution) -> str | None:
    if execution.ranks is not None:
        return "MPI and CUDA together need a build command: name it with --build"
    if execution.sanitize or execution.coverage:
        return f"sanitizers and coverage are of C and C++: {_EMULATE}, and --check memory,race looks at the kernels"
    return None


def _failure(status: Status, message: str) -> Built:
    return Built(None, status, f"{message}\n", (Diagnostic(kind=str(status), message=message),))
