"""The local Executor: build, run, and say what happened. Sandboxed in the service, trusted where a person asks for it.

What the code under test does is a status, never an exception; what the environment lacks is raised. Limits: one event loop
an executor; nothing here queues, so callers bound how many executions run at once.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from codepar.protocols import Diagnostic, Execution, ExecutionResult, Executor, Status
from codepar.settings import Settings
from worker.build import Builder, Built, Tools
from worker.cache import Program, ProgramCache
from worker.runner import Bounds, Command, Outcome, Runner
from worker.toolchains import custom, cxx, mpi
from worker.toolchains.ranks import RankOutput
from worker.toolchains.ranks import command as ranks_command
from worker.trusted import TrustedRunner

_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
# A launcher, its helpers and the threads that an MPI library starts come on top of the program's own processes.
_LAUNCHER_PROCESSES = 16
_PROCESSES_A_RANK = 8
_STATUS = {
    "wall": Status.TIMEOUT,
    "memory": Status.MEMORY_LIMIT,
    "output": Status.OUTPUT_LIMIT,
    "processes": Status.PROCESS_LIMIT,
    "files": Status.OUTPUT_LIMIT,
}


class LocalExecutor:
    """An ``Executor`` on this machine. ``path`` is the PATH on which compilers and MPI are looked for."""

    def __init__(self, settings: Settings, runner: Runner, path: str = _SYSTEM_PATH) -> None:
        self._runner = runner
        self._launchers = mpi.find_launchers(path)
        cache = ProgramCache(settings.cache_dir / "programs", settings.compile_cache_bytes)
        tools = Tools(path, cxx.find_compiler(path), settings.sandbox_binds)
        self._tools = tools
        self._builder = Builder(runner, cache, tools)

    async def execute(self, execution: Execution) -> ExecutionResult:
        """Build and run once. Raises ``SandboxUnavailable``, ``ToolMissing`` or another ``EnvironmentFault``."""
        needs_mpi = execution.ranks is not None or cxx.uses_mpi(execution.project)
        launcher = mpi.choose(self._launchers, execution.mpi) if needs_mpi else None
        built = await self._builder.build(execution, launcher)
        if built.program is None:
            return self._unbuilt(built)
        if execution.ranks is None or launcher is None:
            outcome = await self._runner.run(self._command(execution, built.program, launcher))
            return self._result(execution, built, outcome, outcome.stdout, ())
        return await self._launch(execution, built, built.program, launcher, execution.ranks)

    async def _launch(
        self, execution: Execution, built: Built, program: Program, launcher: mpi.Launcher, ranks: int
    ) -> ExecutionResult:
        with RankOutput(ranks, execution.limits.output_bytes) as output:
            single = self._command(execution, program, launcher)
            command = _launched(single, launcher, ranks, output)
            outcome = await self._runner.run(command, output.overflow)
            output.drain()
            if output.overflowed:
                outcome = replace(outcome, cause="output")
            return self._result(execution, built, outcome, output.merged(), output.of_ranks())

    def _command(self, execution: Execution, program: Program, launcher: mpi.Launcher | None) -> Command:
        """The program by itself: without a launcher, with all files of the project and of the build beside it."""
        files = {name: text.encode(errors="surrogateescape") for name, text in execution.project.files.items()}
        environment = {"PATH": self._tools.path}
        if launcher is not None:
            environment = launcher.environment() | {"PATH": f"{launcher.mpiexec.parent}:{self._tools.path}"}
        return Command(
            argv=(f"./{program.name}", *custom.run_line(execution.project.run).arguments, *execution.arguments),
            files={**files, **program.files},
            executables=program.executables,
            stdin=execution.stdin.encode(errors="surrogateescape"),
            environment=environment,
            read_only=(*self._tools.roots, *(launcher.read_only() if launcher is not None else ())),
            bounds=_bounds(execution),
            address_space=not cxx.is_sanitized(execution.flags),
        )

    def _unbuilt(self, built: Built) -> ExecutionResult:
        return ExecutionResult(
            status=built.status,
            stderr=built.messages,
            compile_s=built.wall_s,
            executor=self._runner.name,
            diagnostics=built.diagnostics,
        )

    def _result(
        self, execution: Execution, built: Built, outcome: Outcome, stdout: bytes, rank_stdout: Sequence[bytes]
    ) -> ExecutionResult:
        noise = outcome.stdout if rank_stdout else b""
        judgement = _judge(execution, outcome)
        return ExecutionResult(
            status=judgement.status,
            exit_code=outcome.exit_code,
            stdout=stdout.decode(errors="replace"),
            stderr=(outcome.stderr + noise).decode(errors="replace"),
            rank_stdout=tuple(content.decode(errors="replace") for content in rank_stdout),
            wall_s=outcome.wall_s,
            compile_s=built.wall_s,
            cpu_s=outcome.cpu_s,
            peak_memory_bytes=outcome.peak_memory_bytes,
            executor=self._runner.name,
            cached=built.cached,
            diagnostics=(*judgement.diagnostics, *built.diagnostics),
        )


@dataclass(frozen=True)
class _Judgement:
    status: Status
    diagnostics: tuple[Diagnostic, ...] = ()


def _judge(execution: Execution, outcome: Outcome) -> _Judgement:
    if outcome.cause == "exit":
        if outcome.exit_code == 0:
            return _Judgement(Status.OK)
        how = f"signal {outcome.signal}" if outcome.signal else f"exit code {outcome.exit_code}"
        return _Judgement(Status.RUNTIME_ERROR, (Diagnostic(kind="exit", message=f"the program ended with {how}"),))
    status = _STATUS.get(outcome.cause, Status.TIMEOUT)
    return _Judgement(status, (Diagnostic(kind=outcome.cause, message=_why(execution, status)),))


def _why(execution: Execution, status: Status) -> str:
    limits = execution.limits
    return {
        Status.TIMEOUT: f"stopped after {limits.wall_s:g} s",
        Status.MEMORY_LIMIT: f"stopped at {limits.memory_bytes} bytes of memory",
        Status.OUTPUT_LIMIT: f"stopped: more than {limits.output_bytes} bytes of output, or {limits.file_bytes} in a file",
        Status.PROCESS_LIMIT: f"stopped at {limits.processes} processes and threads",
    }[status]


def _bounds(execution: Execution) -> Bounds:
    limits = execution.limits
    extra = 0 if execution.ranks is None else _LAUNCHER_PROCESSES + _PROCESSES_A_RANK * execution.ranks
    return Bounds(
        wall_s=limits.wall_s,
        memory_bytes=limits.memory_bytes,
        output_bytes=limits.output_bytes,
        processes=limits.processes + extra,
        file_bytes=limits.file_bytes,
        artifact_bytes=0,
    )


def _launched(single: Command, launcher: mpi.Launcher, ranks: int, output: RankOutput) -> Command:
    return replace(
        single,
        argv=ranks_command(launcher.command(ranks), single.argv),
        files={**single.files, **output.files(None, None)},
        inherit=output.inherit,
    )


def open_executor(settings: Settings, trusted: bool) -> Executor:
    """The executor of this machine. Raises ``SandboxUnavailable`` when walls are asked for and do not hold."""
    if trusted:
        # A person's own modules and compilers are on the person's own PATH.
        return LocalExecutor(settings, TrustedRunner(), os.environ.get("PATH", _SYSTEM_PATH))
    from worker.sandbox.runner import SandboxedRunner

    return LocalExecutor(settings, SandboxedRunner(settings))
