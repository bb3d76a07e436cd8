"""CUDA on a GPU, from an ``Execution`` to its result: find the device, build for it, run, and run again under each check.

The first run gives output, times and status; each check is a run of its own under compute-sanitizer, which may take ten times as
long. In a box the device is visible to these runs alone; the build happens in an ordinary one. Limits: written without a device
at hand; one process, no MPI launcher, no build command, no sanitizers or coverage of C and C++. Host memory is bounded by
counters and not by RLIMIT_AS (the driver reserves more address space than there is memory), device memory by the device alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from codepar.protocols import Check, CheckResult, Diagnostic, Execution, ExecutionResult, Status
from codepar.settings import Settings
from worker.build import Builder, Built, Tools, failure
from worker.cache import Program
from worker.judge import judge
from worker.runner import MEBIBYTE, Bounds, Command, Outcome, Runner
from worker.toolchains import custom, cxx, nvcc
from worker.toolchains.compile_bounds import NVCC_MEMORY_BYTES, compile_bounds
from worker.toolchains.cuda_cpu.verdict import was_stopped, worst
from worker.toolchains.gpu import box, verdict
from worker.toolchains.gpu.compiler import require_fit, target
from worker.toolchains.gpu.device import Device, Gpu, Places, find_gpu
from worker.toolchains.gpu.report import Report, parse
from worker.toolchains.gpu.sanitizer import REPORT, ComputeSanitizer, find_sanitizer
from worker.toolchains.nvcc import Nvcc

BOX_PATH = "/usr/local/bin:/usr/bin:/bin"
_EMULATE = "--emulate runs it on the CPU"
_CHECK_PATIENCE = 10.0
_MAX_WALL_S = 3600.0
_REPORT_BYTES = 16 * MEBIBYTE
# The driver's threads; the tool's own processes, threads and shadow of what it watches.
_DRIVER_PROCESSES = 32
_TOOL_PROCESSES = 96
_TOOL_BYTES = 2048 * MEBIBYTE


@dataclass(frozen=True)
class _Site:
    """What all steps of one execution stand on. ``options`` are nvcc's, allowed."""

    execution: Execution
    gpu: Gpu
    device: Device
    nvcc: Nvcc
    options: tuple[str, ...]
    sanitizer: ComputeSanitizer | None


class GpuCuda:
    """An ``Executor`` for executions with ``gpu``. ``places`` is where devices are looked for."""

    def __init__(self, settings: Settings, runner: Runner, builder: Builder, tools: Tools, places: Places | None = None) -> None:
        self._settings = settings
        self._runner = runner
        self._builder = builder
        self._tools = tools
        self._places = places
        self._gpu: Gpu | None = None

    async def execute(self, execution: Execution) -> ExecutionResult:
        """Build, run and check once. Raises ``GpuUnavailable``, ``ToolMissing`` or another ``EnvironmentFault``."""
        refusal = _refusal(execution)
        options = nvcc.sort_options(execution.flags, self._tools.roots)
        if options.refused:
            refusal = failure(Status.REFUSED, "flags", f"nvcc's option {options.refused[0]} is not allowed")
        if refusal is not None:
            return refusal.as_result(self._runner.name)
        site = await self._survey(execution, options.allowed)
        built = await self._build(site)
        if built.program is None:
            return built.as_result(self._runner.name)
        outcome = await self._runner.run(self._command(site, built.program))
        result = self._result(site, built, outcome)
        for check in execution.checks:
            result = await self._check(site, built.program, check, result)
        return result

    async def find(self) -> Gpu:
        """The GPU, asked for until there is one. Raises ``GpuUnavailable``."""
        if self._gpu is None:
            self._gpu = await asyncio.to_thread(find_gpu, self._places)
        return self._gpu

    async def _survey(self, execution: Execution, options: tuple[str, ...]) -> _Site:
        gpu = await self.find()
        if self._runner.name == "sandboxed":
            box.require_reachable(gpu)
        found = await asyncio.to_thread(nvcc.find_nvcc, self._tools.path, self._settings.nvcc)
        device = await asyncio.to_thread(require_fit, found, gpu)
        tool = None
        if execution.checks:
            named = self._settings.compute_sanitizer
            tool = await asyncio.to_thread(find_sanitizer, self._tools.path, named, found.root)
        return _Site(execution, gpu, device, found, options, tool)

    async def _build(self, site: _Site) -> Built:
        """For the device alone, with line numbers and the runtime linked statically: a box needs the driver and nothing else."""
        execution = site.execution
        extra = ("-Xcompiler", "-fopenmp") if execution.openmp else ()
        options = (*target(site.device, site.options), "-lineinfo", "-cudart=static", *site.options, *extra)
        line = nvcc.build_command(site.nvcc, execution.project, cxx.PROGRAM, options)
        files = {name: text.encode(errors="surrogateescape") for name, text in execution.project.files.items()}
        command = Command(
            argv=line,
            files=files,
            environment={"PATH": f"{site.nvcc.root}/bin:{self._tools.path}", "LC_ALL": "C"},
            read_only=(*self._tools.roots, *site.nvcc.read_only()),
            artifacts=(cxx.PROGRAM,),
            bounds=compile_bounds(execution, NVCC_MEMORY_BYTES),
            address_space=False,
        )
        return await self._builder.make(execution, command, {"nvcc": site.nvcc.identity})

    def _command(self, site: _Site, program: Program) -> Command:
        """The program by itself, with the device."""
        execution, limits = site.execution, site.execution.limits
        files = {name: text.encode(errors="surrogatepass") for name, text in execution.project.files.items()}
        boxed = self._runner.name == "sandboxed"
        return Command(
            argv=(f"./{program.name}", *custom.run_line(execution.project.run).arguments, *execution.arguments),
            files={**files, **program.files},
            executables=program.executables,
            stdin=execution.stdin.encode(errors="surrogatepass"),
            environment={"PATH": self._tools.path, **(box.environment(site.gpu) if boxed else {})},
            read_only=(*self._tools.roots, *(box.read_only(site.gpu) if boxed else ())),
            bounds=Bounds(
                wall_s=limits.wall_s,
                memory_bytes=limits.memory_bytes,
                output_bytes=limits.output_bytes,
                processes=limits.processes + _DRIVER_PROCESSES,
                file_bytes=limits.file_bytes,
                artifact_bytes=0,
            ),
            address_space=False,
            devices=site.gpu.nodes if boxed else (),
        )

    async def _check(self, site: _Site, program: Program, check: Check, result: ExecutionResult) -> ExecutionResult:
        """The result made worse by what one check found."""
        assert site.sanitizer is not None, "checks were asked for"
        outcome = await self._runner.run(_under(site.sanitizer, check, self._command(site, program)))
        report = parse(outcome.artifacts.get(REPORT, b"").decode(errors="replace"), check)
        files = tuple(site.execution.project.files)
        found = verdict.check_result(check, report, files, _why_ended(site.execution, outcome))
        return _with_check(result, found, report, files)

    def _result(self, site: _Site, built: Built, outcome: Outcome) -> ExecutionResult:
        judgement = judge(site.execution, outcome)
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
            gpu=site.device.name,
        )


def require_gpu(settings: Settings, places: Places | None = None) -> Gpu:
    """The GPU that boxes of this machine can use. Raises ``GpuUnavailable``, ``ToolMissing`` without an nvcc."""
    gpu = find_gpu(places)
    box.require_reachable(gpu)
    require_fit(nvcc.find_nvcc(BOX_PATH, settings.nvcc), gpu)
    return gpu


def _refusal(execution: Execution) -> Built | None:
    reason = _unsupported(execution)
    if reason is not None:
        return failure(Status.UNSUPPORTED, "unsupported", reason)
    try:
        custom.run_line(execution.project.run)
    except custom.Unbuilt as error:
        return failure(Status.REFUSED, "run", str(error))
    return None


def _unsupported(execution: Execution) -> str | None:
    if execution.ranks is not None:
        return "a run on a GPU is one process: MPI ranks do not share a device here"
    if execution.project.build is not None:
        return f"a run on a GPU builds .cu files by itself, without a build command; {_EMULATE}, with its build command too"
    if not execution.project.cuda_sources():
        return "the project has no CUDA source file (.cu)"
    if execution.sanitize or execution.coverage or execution.count_work:
        return "sanitizers and coverage are of C and C++: --check memory,race looks at the kernels"
    return None


def _under(tool: ComputeSanitizer, check: Check, command: Command) -> Command:
    """The same command under compute-sanitizer."""
    bounds = command.bounds
    return replace(
        command,
        argv=tool.command(check, command.argv),
        read_only=(*command.read_only, *tool.read_only()),
        artifacts=(REPORT,),
        bounds=replace(
            bounds,
            wall_s=min(bounds.wall_s * _CHECK_PATIENCE, _MAX_WALL_S),
            memory_bytes=bounds.memory_bytes + _TOOL_BYTES,
            processes=bounds.processes + _TOOL_PROCESSES,
            file_bytes=max(bounds.file_bytes, _REPORT_BYTES),
            artifact_bytes=_REPORT_BYTES,
        ),
    )


def _why_ended(execution: Execution, outcome: Outcome) -> str | None:
    """Why the host ended a run under the tool, None when it ended by itself."""
    status = judge(execution, outcome).status
    return f"{status} after {outcome.wall_s:.1f} s" if was_stopped(status) else None


def _with_check(result: ExecutionResult, found: CheckResult, report: Report, files: Sequence[str]) -> ExecutionResult:
    told: tuple[Diagnostic, ...] = verdict.diagnostics(report, tuple(files))
    return result.model_copy(
        update={
            "status": worst((result.status, verdict.status_of(report))),
            "checks": (*result.checks, found),
            "diagnostics": tuple(dict.fromkeys((*told, *result.diagnostics))),
        }
    )
