"""CUDA with NVIDIA's own compiler: is the program valid, and what does it do on a GPU of this machine.

``check`` needs no GPU: nvcc's front end says with file and line what it would refuse. Limits: the check compiles for the device
and does not link; running needs ``--trust``, because the box shows no device yet; no compute-sanitizer, MPI or coverage here.
The CPU runtime (``cuda_cpu``) runs programs where no GPU is.
"""

from __future__ import annotations

from pathlib import Path

from codepar.errors import EnvironmentFault, ToolMissing
from codepar.project import Project
from codepar.protocols import Diagnostic, Execution, ExecutionResult, Status
from codepar.settings import Settings
from worker.build import Builder, Built, Tools
from worker.judge import judge
from worker.runner import MEBIBYTE, Bounds, Command, Runner
from worker.toolchains import custom, cxx, nvcc
from worker.toolchains.nvcc import Nvcc

_EMULATE = "--emulate runs it on the CPU"
_COMPILE_MEMORY_BYTES = 4096 * MEBIBYTE
_ARTIFACT_BYTES = 128 * MEBIBYTE
_DEVICES = Path("/dev")


def uses_cuda(project: Project) -> bool:
    """Whether nvcc is the compiler of the project; one with a build command calls what it wants."""
    return project.build is None and bool(project.cuda_sources())


def has_device() -> bool:
    """Whether this machine has an NVIDIA GPU that programs can open."""
    return any(_DEVICES.glob("nvidia[0-9]*")) or (_DEVICES / "dxg").exists()


class NativeCuda:
    """An ``Executor`` for CUDA projects as they are. ``tools`` names the PATH and the folders that boxes show."""

    def __init__(self, settings: Settings, runner: Runner, builder: Builder, tools: Tools) -> None:
        self._settings = settings
        self._runner = runner
        self._builder = builder
        self._tools = tools

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
        """Run on the GPU, or say what is wrong with the program. Raises ``EnvironmentFault`` where no GPU is."""
        reason = _unsupported(execution)
        if reason is not None:
            return self._unbuilt(_failure(Status.UNSUPPORTED, reason))
        if not has_device():
            return await self._without_device(execution)
        if self._runner.name == "sandboxed":
            reason = f"the box shows no GPU yet: run your own code with --trust, or {_EMULATE}"
            return self._unbuilt(_failure(Status.UNSUPPORTED, reason))
        built = await self._build(execution)
        return self._unbuilt(built) if built.program is None else await self._run(execution, built)

    async def _without_device(self, execution: Execution) -> ExecutionResult:
        try:
            built = await self.check(execution)
        except ToolMissing as error:
            raise EnvironmentFault(
                "this machine has no CUDA device", remedy=f"{_EMULATE}; to check it alone: {error.remedy}"
            ) from error
        if built.program is None:
            return self._unbuilt(built)
        raise EnvironmentFault(
            f"nvcc {self.find().version} accepts the program, but this machine has no CUDA device", remedy=_EMULATE
        )

    async def _build(self, execution: Execution) -> Built:
        sorted_flags = nvcc.sort_options(execution.flags, self._tools.roots)
        if sorted_flags.refused:
            return _failure(Status.REFUSED, f"nvcc's option {sorted_flags.refused[0]} is not allowed")
        found = self.find()
        options = (*sorted_flags.allowed, *(("-Xcompiler", "-fopenmp") if execution.openmp else ()))
        line = nvcc.build_command(found, execution.project, cxx.PROGRAM, options)
        command = self._command(execution, found, line, (cxx.PROGRAM,))
        return await self._builder.make(execution, command, {"nvcc": found.identity})

    def _command(self, execution: Execution, found: Nvcc, line: tuple[str, ...], artifacts: tuple[str, ...]) -> Command:
        files = {name: text.encode(errors="surrogateescape") for name, text in execution.project.files.items()}
        return Command(
            argv=line,
            files={**files, ".codepar/objects": b""},
            environment={"PATH": f"{found.root}/bin:{self._tools.path}", "LC_ALL": "C"},
            read_only=(*self._tools.roots, *found.read_only()),
            artifacts=artifacts,
            bounds=Bounds(
                wall_s=execution.limits.compile_s,
                memory_bytes=max(execution.limits.memory_bytes, _COMPILE_MEMORY_BYTES),
                output_bytes=execution.limits.output_bytes,
                file_bytes=_ARTIFACT_BYTES,
                artifact_bytes=_ARTIFACT_BYTES,
            ),
            address_space=False,
        )

    async def _run(self, execution: Execution, built: Built) -> ExecutionResult:
        assert built.program is not None
        files = {name: text.encode(errors="surrogatepass") for name, text in execution.project.files.items()}
        limits = execution.limits
        command = Command(
            argv=(f"./{built.program.name}", *custom.run_line(execution.project.run).arguments, *execution.arguments),
            files={**files, **built.program.files},
            executables=built.program.executables,
            stdin=execution.stdin.encode(errors="surrogatepass"),
            environment={"PATH": self._tools.path},
            bounds=Bounds(limits.wall_s, limits.memory_bytes, limits.output_bytes, limits.processes, limits.file_bytes, 0),
            # The driver maps device memory into the address space.
            address_space=False,
        )
        outcome = await self._runner.run(command)
        judgement = judge(execution, outcome)
        return ExecutionResult(
            status=judgement.status,
            exit_code=outcome.exit_code,
            stdout=outcome.stdout.decode(errors="replace"),
            stderr=outcome.stderr.decode(errors="replace"),
            wall_s=outcome.wall_s,
            compile_s=built.wall_s,
            cpu_s=outcome.cpu_s,
            peak_memory_bytes=outcome.peak_memory_bytes,
            executor=self._runner.name,
            cached=built.cached,
            diagnostics=(*judgement.diagnostics, *built.diagnostics),
        )

    def _unbuilt(self, built: Built) -> ExecutionResult:
        return ExecutionResult(
            status=built.status,
            stderr=built.messages,
            compile_s=built.wall_s,
            executor=self._runner.name,
            diagnostics=built.diagnostics,
        )


def _unsupported(execution: Execution) -> str | None:
    if execution.ranks is not None:
        return "MPI and CUDA together need a build command: name it with --build"
    if execution.sanitize or execution.coverage:
        return f"sanitizers and coverage are of C and C++: {_EMULATE}, and --check memory,race looks at the kernels"
    return None


def _failure(status: Status, message: str) -> Built:
    return Built(None, status, f"{message}\n", (Diagnostic(kind=str(status), message=message),))
