"""CUDA on the CPU, from an ``Execution`` to its result: rewrite, build with the runtime, run, check, judge.

The first run gives output, times and status; ``memory`` and ``race`` are looked for in one run of an instrumented build,
``schedule`` in further runs in other orders. Each of these may take four times the time allowed to the first. Limits: one
process, no MPI launcher; sanitizers and coverage are of the native toolchain.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from codepar.protocols import Check, CheckResult, Diagnostic, Emulation, Execution, ExecutionResult, Status
from codepar.settings import Settings
from worker.build import Builder, Built, Tools, failure
from worker.cache import Program
from worker.judge import Judgement
from worker.runner import Bounds, Command, Outcome, Runner
from worker.toolchains import custom
from worker.toolchains.compile_bounds import compile_bounds
from worker.toolchains.compilers import Compiler, find_compiler, require_cxx
from worker.toolchains.cuda_cpu import messages, schedules, units, verdict
from worker.toolchains.cuda_cpu.library import Libraries, Library, Mode
from worker.toolchains.cuda_cpu.nvcc_flags import host_flags
from worker.toolchains.cuda_cpu.report import Report, ReportMemory, symbolised
from worker.toolchains.cuda_cpu.rewrite import rewrite_project
from worker.toolchains.cuda_cpu.schedules import BASELINE, OTHERS, Schedule, Trial
from worker.toolchains.cuda_cpu.symbols import find_lines
from worker.toolchains.flags import sort_flags

_PROGRAM = "a.out"
_CHECK_PATIENCE = 4.0
_MAX_WALL_S = 3600.0
# The runtime's own threads come on top of what the program may start.
_RUNTIME_PROCESSES = 64


@dataclass(frozen=True)
class _Job:
    """What every step needs: the execution as asked for, and with its files rewritten."""

    asked: Execution
    rewritten: Execution
    compiler: Compiler
    flags: tuple[str, ...]


@dataclass(frozen=True)
class _Ran:
    """One run, with its report in terms of lines."""

    outcome: Outcome
    report: Report
    judgement: Judgement


class EmulatedCuda:
    """An ``Executor`` for executions with ``emulate``. ``tools`` names the PATH and the folders that boxes show."""

    def __init__(self, settings: Settings, runner: Runner, builder: Builder, tools: Tools) -> None:
        self._cache = settings.cache_dir
        self._runner = runner
        self._builder = builder
        self._tools = tools
        self._libraries: dict[Compiler, Libraries] = {}

    async def execute(self, execution: Execution) -> ExecutionResult:
        """Build, run and check once. Raises ``SandboxUnavailable``, ``ToolMissing`` or another ``EnvironmentFault``."""
        flags = host_flags((*execution.flags, *(("-fopenmp",) if execution.openmp else ())))
        refusal = _refusal(execution, flags, self._tools.roots)
        if refusal is not None:
            return self._unbuilt(refusal)
        compiler = find_compiler(self._tools.path, execution.compiler)
        require_cxx(compiler)
        files = await asyncio.to_thread(rewrite_project, execution.project.files)
        rewritten = execution.model_copy(update={"project": execution.project.with_files(files)})
        job = _Job(execution, rewritten, compiler, sort_flags(flags, self._tools.roots).allowed)
        built = await self._build(job, "plain")
        if built.program is None:
            return self._unbuilt(built)
        first = await self._run(job, built.program, {}, 1.0)
        result = self._result(built, first)
        return await self._check(job, built.program, first, result)

    async def _build(self, job: _Job, mode: Mode) -> Built:
        options = units.options(mode, job.compiler, job.flags)
        library = await self._library(job.compiler).ready(mode, options.precompiled)
        command = self._build_command(job, library, options)
        built = await self._builder.make(job.rewritten, command, {"compiler": job.compiler.identity, "runtime": library.identity})
        return _in_user_terms(built, job.asked, str(library.folder))

    def _library(self, compiler: Compiler) -> Libraries:
        if compiler not in self._libraries:
            self._libraries[compiler] = Libraries(self._cache, compiler, self._tools.path)
        return self._libraries[compiler]

    def _build_command(self, job: _Job, library: Library, options: units.Options) -> Command:
        project = job.rewritten.project
        files = {name: text.encode(errors="surrogateescape") for name, text in project.files.items()}
        base = Command(
            argv=(),
            files=files,
            environment={"PATH": self._tools.path, "LC_ALL": "C", "CC": job.compiler.cc, "CXX": job.compiler.cxx},
            read_only=(*self._tools.roots, library.folder),
            bounds=compile_bounds(job.asked),
        )
        if project.build is not None:
            made = units.build_files(job.compiler, library, options)
            tools = frozenset(name for name in made if name.startswith(units.TOOLS))
            line = units.build_command(project.build)
            return replace(base, argv=line, files={**files, **made}, executables=tools, artifacts=(custom.ARCHIVE,))
        name = _program_name(job.asked)
        line = units.compile_command(project, name, job.compiler, library, options)
        return replace(base, argv=line, files={**files, **units.compile_files(options)}, artifacts=(name,))

    async def _run(self, job: _Job, program: Program, variables: Mapping[str, str], patience: float) -> _Ran:
        """One run of a program. ``patience`` multiplies the time it may take."""
        execution = job.asked
        with ReportMemory() as memory:
            variables = {
                "CODEPAR_CUDA_MEMORY": str(execution.limits.memory_bytes),
                **_variables(execution.emulation),
                **variables,
            }
            environment = {"PATH": self._tools.path, **variables, "CODEPAR_CUDA_REPORT": f"fd:{memory.descriptor}"}
            command = Command(
                argv=(f"./{program.name}", *custom.run_line(execution.project.run).arguments, *execution.arguments),
                files={**_data_files(execution), **program.files},
                executables=program.executables,
                stdin=execution.stdin.encode(errors="surrogatepass"),
                environment=environment,
                read_only=self._tools.roots,
                inherit=(memory.descriptor,),
                bounds=_run_bounds(execution, patience),
                address_space=False,  # device memory is a large reserved range
            )
            outcome = await self._runner.run(command)
            report = memory.read()
        report = await self._with_lines(report, execution, program)
        return _Ran(outcome, report, verdict.judge_run(execution, outcome, report))

    async def _with_lines(self, report: Report, execution: Execution, program: Program) -> Report:
        addresses = [address for finding in report.findings for address in finding.addresses]
        content = program.files.get(program.name, b"")
        files = execution.project.files.keys()
        places = await find_lines(self._runner, content, addresses, files, self._tools.path)
        return symbolised(report, places, files)

    async def _check(self, job: _Job, program: Program, first: _Ran, result: ExecutionResult) -> ExecutionResult:
        """The result with what the checks found: their results, diagnostics, and the worse status."""
        checks = job.asked.checks
        instrumented = [check for check in checks if check != "schedule"]
        if instrumented:
            result = await self._instrumented(job, instrumented, result)
        if "schedule" in checks:
            result = await self._schedules(job, program, first, result)
        ordered = sorted(result.checks, key=lambda found: checks.index(found.check))
        return result.model_copy(update={"checks": tuple(ordered)})

    async def _instrumented(self, job: _Job, checks: Sequence[Check], result: ExecutionResult) -> ExecutionResult:
        built = await self._build(job, "checked")
        if built.program is None:
            reason = "the instrumented build failed"
            return _with_checks(result, [CheckResult(check=check, clean=None, message=reason) for check in checks])
        ran = await self._run(job, built.program, {"CODEPAR_CUDA_CHECKS": ",".join(checks)}, _CHECK_PATIENCE)
        status, wall_s = ran.judgement.status, ran.outcome.wall_s
        results = [verdict.check_result(check, status, ran.report, wall_s) for check in checks]
        stopped = verdict.was_stopped(status)
        if ran.report.summary is not None:
            result = result.model_copy(update={"device": ran.report.summary.device})
        return _with_checks(
            result,
            results,
            status=result.status if stopped else status,
            diagnostics=() if stopped else ran.judgement.diagnostics,
            compile_s=built.wall_s,
        )

    async def _schedules(self, job: _Job, program: Program, first: _Ran, result: ExecutionResult) -> ExecutionResult:
        if first.judgement.status != Status.OK:
            reason = f"not tried: the program already ends as {first.judgement.status}"
            return _with_checks(result, [CheckResult(check="schedule", clean=None, message=reason)])
        baselines = [await self._trial(job, program, BASELINE) for _ in range(2)]
        others = [await self._trial(job, program, schedule) for schedule in OTHERS]
        usual = Trial(Schedule("blocks side by side", "forward"), first.outcome, first.judgement, first.report)
        compared = schedules.compare(baselines, [*others, usual])
        if compared.diagnostic is None:
            return _with_checks(result, [compared.result])
        status = Status.MEMORY_ERROR if compared.diagnostic.kind == "uninitialised" else Status.RACE
        return _with_checks(result, [compared.result], status=status, diagnostics=(compared.diagnostic,))

    async def _trial(self, job: _Job, program: Program, schedule: Schedule) -> Trial:
        ran = await self._run(job, program, schedule.environment(), _CHECK_PATIENCE)
        return Trial(schedule, ran.outcome, ran.judgement, ran.report)

    def _unbuilt(self, built: Built) -> ExecutionResult:
        return ExecutionResult(
            status=built.status,
            stderr=built.messages,
            compile_s=built.wall_s,
            emulated=True,
            executor=self._runner.name,
            diagnostics=built.diagnostics,
        )

    def _result(self, built: Built, ran: _Ran) -> ExecutionResult:
        outcome = ran.outcome
        return ExecutionResult(
            status=ran.judgement.status,
            exit_code=outcome.exit_code,
            stdout=outcome.stdout.decode(errors="replace"),
            stderr=outcome.stderr.decode(errors="replace"),
            wall_s=outcome.wall_s,
            compile_s=built.wall_s,
            cpu_s=outcome.cpu_s,
            peak_memory_bytes=outcome.peak_memory_bytes,
            emulated=True,
            executor=self._runner.name,
            cached=built.cached,
            diagnostics=(*ran.judgement.diagnostics, *built.diagnostics),
            device=ran.report.summary.device if ran.report.summary is not None else None,
        )


def _variables(emulation: Emulation) -> dict[str, str]:
    """The runtime's settings for one way to run; an order is told for certain only on one worker."""
    chosen: dict[str, str] = {}
    if emulation.schedule is not None:
        chosen |= {"CODEPAR_CUDA_SCHEDULE": emulation.schedule, "CODEPAR_CUDA_WORKERS": "1"}
    if emulation.fill is not None:
        chosen["CODEPAR_CUDA_FILL"] = str(emulation.fill)
    if emulation.skip_launches:
        chosen["CODEPAR_CUDA_SKIP"] = "1"
    return chosen


def _with_checks(
    result: ExecutionResult,
    checks: Sequence[CheckResult],
    *,
    status: Status = Status.OK,
    diagnostics: Sequence[Diagnostic] = (),
    compile_s: float = 0.0,
) -> ExecutionResult:
    """The result made worse by what checks found."""
    return result.model_copy(
        update={
            "status": verdict.worst((result.status, status)),
            "checks": (*result.checks, *checks),
            "diagnostics": tuple(dict.fromkeys((*diagnostics, *result.diagnostics))),
            "compile_s": result.compile_s + compile_s,
        }
    )


def _refusal(execution: Execution, flags: tuple[str, ...], roots: tuple[Path, ...]) -> Built | None:
    refused = sort_flags(flags, roots).refused
    if refused:
        return failure(Status.REFUSED, "flags", f"the compiler flag {refused[0]} is not allowed")
    if execution.sanitize or execution.coverage or any("-fsanitize" in flag for flag in flags):
        return failure(Status.UNSUPPORTED, "flags", "sanitizers and coverage do not go with emulation: use its own checks")
    try:
        custom.run_line(execution.project.run)
    except custom.Unbuilt as error:
        return failure(Status.REFUSED, "run", str(error))
    if execution.project.build is None and not execution.project.cuda_sources():
        return failure(Status.UNSUPPORTED, "project", "the project has no CUDA source file (.cu) and no build command")
    return None


def _in_user_terms(built: Built, execution: Execution, runtime: str) -> Built:
    """Messages and diagnostics without the runtime's own places; a lack of the runtime is no error of the program."""
    found = messages.parse(built.messages, execution.project.files, runtime)
    others = tuple(one for one in built.diagnostics if one.kind not in {"error", "warning"})
    unplaced = tuple(one for one in built.diagnostics if one.kind == "error" and one.file is None)
    is_unsupported = built.program is None and any(one.kind == "unsupported" for one in found)
    if built.program is None and not is_unsupported and not found:
        found = unplaced
    return replace(
        built,
        status=Status.UNSUPPORTED if is_unsupported else built.status,
        messages=messages.shorten(built.messages, runtime),
        diagnostics=(*others, *sorted(found, key=lambda one: one.kind != "unsupported")),
    )


def _program_name(execution: Execution) -> str:
    """The name that ``run`` gives the program, so that its arguments fit; else the compiler's own."""
    named = custom.run_line(execution.project.run).program
    return named if named is not None and named not in execution.project.files else _PROGRAM


def _data_files(execution: Execution) -> dict[str, bytes]:
    return {name: text.encode(errors="surrogatepass") for name, text in execution.project.files.items()}


def _run_bounds(execution: Execution, patience: float) -> Bounds:
    limits = execution.limits
    return Bounds(
        wall_s=min(limits.wall_s * patience, _MAX_WALL_S),
        memory_bytes=limits.memory_bytes,
        output_bytes=limits.output_bytes,
        processes=limits.processes + _RUNTIME_PROCESSES,
        file_bytes=limits.file_bytes,
        artifact_bytes=0,
    )
