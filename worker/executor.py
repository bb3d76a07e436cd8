"""The local Executor: build, run, and say what happened. Sandboxed in the service, trusted where a person asks for it.

What the code under test does is a status, never an exception; what the environment lacks is raised. Limits: nothing here
queues, so callers bound how many executions run at once.
"""

from __future__ import annotations

import os

from codepar.protocols import Diagnostic, Execution, ExecutionResult, Executor, Status
from codepar.settings import Settings
from worker.build import Builder, Built, Tools
from worker.cache import Program, ProgramCache
from worker.judge import Judgement, judge, with_buffering
from worker.ranked import RankedOutcome, run_ranks, stress_of
from worker.runner import MEBIBYTE, Bounds, Command, Outcome, Runner
from worker.sandbox.runner import SandboxedRunner
from worker.toolchains import compilers, coverage, cuda, custom, cxx, fortran, instruments, mpi, python, sanitizers, work
from worker.toolchains.cuda import NativeCuda
from worker.toolchains.cuda_cpu.toolchain import EmulatedCuda
from worker.toolchains.gpu.toolchain import GpuCuda
from worker.toolchains.instruments import Instruments
from worker.toolchains.places import Place, find_places
from worker.toolchains.shim import ShimLibraries
from worker.toolchains.traffic import traffic_of
from worker.trusted import TrustedRunner

_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
# A launcher, its helpers and the threads that an MPI library starts come on top of the program's own processes.
_LAUNCHER_PROCESSES = 16
_PROCESSES_A_RANK = 8
# MPICH maps one file that all ranks share, about 1 MiB a rank.
_SHARED_BYTES_A_RANK = 4 * MEBIBYTE


class LocalExecutor:
    """An ``Executor`` on this machine. ``path`` is the PATH on which compilers and MPI are looked for."""

    def __init__(self, settings: Settings, runner: Runner, path: str = _SYSTEM_PATH) -> None:
        self._runner = runner
        self._launchers = mpi.find_launchers(path)
        self._tools = Tools(path, compilers.find_compiler(path), settings.sandbox_binds)
        cache = ProgramCache(settings.cache_dir / "programs", settings.compile_cache_bytes)
        self._builder = Builder(runner, cache, self._tools)
        self._shims = ShimLibraries(cache)
        self.gpu = GpuCuda(settings, runner, self._builder, self._tools)
        self.cuda = NativeCuda(settings, runner, self._builder, self._tools, self.gpu)
        self._emulated = EmulatedCuda(settings, runner, self._builder, self._tools)

    async def execute(self, execution: Execution) -> ExecutionResult:
        """Build and run once. Raises ``SandboxUnavailable``, ``ToolMissing`` or another ``EnvironmentFault``."""
        if execution.emulate:
            return await self._emulated.execute(execution)
        if execution.gpu:
            return await self.gpu.execute(execution)
        if cuda.uses_cuda(execution.project):
            return await self.cuda.execute(execution)
        launcher = self._launcher(execution)
        interpreter = self._interpreter(execution)
        built = await self._build(execution, launcher, interpreter)
        if built.program is None:
            return built.as_result(self._runner.name)
        chosen = instruments.choose(execution, self._tools.path)
        command = self._command(execution, built.program, launcher, chosen)
        if interpreter is not None:
            command = python.command(command, execution, interpreter, launcher)
        if execution.ranks is None or launcher is None:
            outcome = await self._runner.run(command)
            result = self._result(built, outcome, judge(execution, outcome), outcome.stdout)
            return await self._with_coverage(execution, built.program, outcome, result)
        # A sanitizer's runtime insists on being loaded first.
        shims = None if sanitizers.reserves_address_space(chosen.active) else self._shims
        ranked = await run_ranks(self._runner, command, launcher, execution.ranks, shims, stress=stress_of(execution))
        places = await self._places(execution, built.program, ranked)
        judgement = judge(execution, ranked.outcome, ranked.states, places, ranked.counters)
        if execution.sends == "check" and judgement.status == Status.OK:
            again = await run_ranks(self._runner, command, launcher, execution.ranks, shims, stress=stress_of(execution, True))
            places = await self._places(execution, built.program, again)
            judgement = with_buffering(judgement, again, places)
        result = self._result(built, ranked.outcome, judgement, ranked.stdout, ranked.rank_stdout)
        result = result.model_copy(update={"traffic": traffic_of(ranked.counters)})
        return await self._with_coverage(execution, built.program, ranked.outcome, result)

    def _launcher(self, execution: Execution) -> mpi.Launcher | None:
        """The MPI that the execution needs; None when it needs none."""
        if fortran.is_fortran(execution.project):
            needs_mpi = execution.ranks is not None or fortran.uses_mpi(execution.project)
            return fortran.choose_launcher(self._launchers, execution.mpi) if needs_mpi else None
        needs_mpi = execution.ranks is not None or cxx.uses_mpi(execution.project)
        return mpi.choose(self._launchers, execution.mpi) if needs_mpi else None

    async def _build(self, execution: Execution, launcher: mpi.Launcher | None, interpreter: python.Interpreter | None) -> Built:
        """The program, by the toolchain of its language."""
        if interpreter is not None:
            return await python.check(self._builder, execution, interpreter)
        if fortran.is_fortran(execution.project):
            compiler = fortran.find_compiler(self._tools.path)
            return await fortran.build(self._builder, execution, compiler, launcher, self._tools.roots)
        return await self._builder.build(execution, launcher)

    def _interpreter(self, execution: Execution) -> python.Interpreter | None:
        """What runs a Python project; None for all others."""
        if not python.is_python(execution.project):
            return None
        return python.find_interpreter(self._tools.path, python.uses_mpi(execution.project))

    async def _with_coverage(
        self, execution: Execution, program: Program, outcome: Outcome, result: ExecutionResult
    ) -> ExecutionResult:
        """The result with the counts of the run where they were asked for, or with the reason why there are none."""
        if execution.count_work:
            counted = await work.read(self._runner, execution, program.files, outcome.artifacts, self._tools.path)
            return result.model_copy(update={"work": counted})
        if not execution.coverage:
            return result
        names = execution.project.files.keys()
        found = await coverage.read(self._runner, program.files, outcome.artifacts, names, self._tools.path)
        why = coverage.NO_COUNTS if found is None else coverage.OUTLINED if instruments.has_openmp(execution) else None
        notes = () if why is None else (Diagnostic(kind="note", message=why),)
        return result.model_copy(update={"coverage": found, "diagnostics": (*result.diagnostics, *notes)})

    async def _places(self, execution: Execution, program: Program, ranked: RankedOutcome) -> dict[int, Place]:
        """Where the ranks are in the source, looked up only when that explains something."""
        if ranked.is_well or python.is_python(execution.project):
            return {}
        return await find_places(self._runner, program.content, ranked.sites(), execution.project.files.keys(), self._tools.path)

    def _command(self, execution: Execution, program: Program, launcher: mpi.Launcher | None, chosen: Instruments) -> Command:
        """The program by itself: without a launcher, with all files of the project and of the build beside it."""
        files = {name: text.encode(errors="surrogatepass") for name, text in execution.project.files.items()}
        environment = {"PATH": self._tools.path}
        if launcher is not None:
            environment = launcher.environment() | {"PATH": f"{launcher.mpiexec.parent}:{self._tools.path}"}
        return Command(
            argv=(f"./{program.name}", *custom.run_line(execution.project.run).arguments, *execution.arguments),
            files={**files, **program.files},
            executables=program.executables,
            stdin=execution.stdin.encode(errors="surrogatepass"),
            environment={**environment, **chosen.environment(), **work.environment(execution)},
            read_only=(*self._tools.roots, *(launcher.read_only() if launcher is not None else ())),
            artifacts=_artifacts(execution, program),
            bounds=_bounds(execution),
            address_space=not sanitizers.reserves_address_space(chosen.active),
        )

    def _result(
        self, built: Built, outcome: Outcome, judgement: Judgement, stdout: bytes, rank_stdout: tuple[bytes, ...] = ()
    ) -> ExecutionResult:
        # With ranks apart, the launcher's own standard output holds only its remarks.
        stderr = outcome.stderr + (outcome.stdout if rank_stdout else b"")
        return ExecutionResult(
            status=judgement.status,
            exit_code=outcome.exit_code,
            stdout=stdout.decode(errors="replace"),
            stderr=stderr.decode(errors="replace"),
            rank_stdout=tuple(content.decode(errors="replace") for content in rank_stdout),
            wall_s=outcome.wall_s,
            compile_s=built.wall_s,
            cpu_s=outcome.cpu_s,
            peak_memory_bytes=outcome.peak_memory_bytes,
            executor=self._runner.name,
            cached=built.cached,
            diagnostics=(*judgement.diagnostics, *built.diagnostics),
        )


def _bounds(execution: Execution) -> Bounds:
    limits = execution.limits
    ranks = execution.ranks or 0
    extra = _LAUNCHER_PROCESSES + _PROCESSES_A_RANK * ranks if ranks else 0
    return Bounds(
        wall_s=limits.wall_s,
        memory_bytes=limits.memory_bytes,
        output_bytes=limits.output_bytes,
        processes=limits.processes + extra,
        file_bytes=limits.file_bytes + _SHARED_BYTES_A_RANK * ranks,
        artifact_bytes=coverage.artifact_bytes(execution.coverage or execution.count_work),
    )


def _artifacts(execution: Execution, program: Program) -> tuple[str, ...]:
    """The counts that a run leaves where they are asked for; by rank, they are not those of the whole run too."""
    names = program.files.keys()
    return coverage.count_names(names) if execution.coverage and not execution.count_work else work.artifacts(execution, names)


def open_executor(settings: Settings, trusted: bool) -> Executor:
    """The executor of this machine. Raises ``SandboxUnavailable`` when walls are asked for and do not hold."""
    if trusted:
        # A person's own modules and compilers are on the person's own PATH.
        return LocalExecutor(settings, TrustedRunner(), os.environ.get("PATH", _SYSTEM_PATH))
    return LocalExecutor(settings, SandboxedRunner(settings))
