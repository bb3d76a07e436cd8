"""From an Execution to a program that can be started: compile or build it in the box, or take it from the cache.

Requests for the same program that arrive together share one build. Limits: only builds that succeed are kept.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from codepar.errors import EnvironmentFault
from codepar.protocols import Diagnostic, Execution, ExecutionResult, Status
from worker.cache import Program, ProgramCache, key_of
from worker.runner import Command, Outcome, Runner
from worker.toolchains import custom, cxx, diagnostics, instruments
from worker.toolchains.compile_bounds import compile_bounds
from worker.toolchains.compilers import Compiler
from worker.toolchains.flags import sort_flags
from worker.toolchains.instruments import Instruments
from worker.toolchains.mpi import Launcher

_NO_SPACE = b"No space left on device"
_WHY = {
    "wall": "stopped after {bounds.wall_s:g} s",
    "memory": "stopped at {bounds.memory_bytes} bytes of memory",
    "output": "stopped: its messages exceed {bounds.output_bytes} bytes",
    "processes": "stopped at {bounds.processes} processes",
    "files": "stopped: a file exceeds {bounds.file_bytes} bytes",
}


@dataclass(frozen=True)
class Built:
    """The program, or why there is none: ``status``, the messages of the compiler and what they say."""

    program: Program | None
    status: Status = Status.OK
    messages: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()
    wall_s: float = 0.0
    cached: bool = False

    def as_result(self, executor: str) -> ExecutionResult:
        """What an execution comes to that had no program to run."""
        return ExecutionResult(
            status=self.status,
            stderr=self.messages,
            compile_s=self.wall_s,
            executor=executor,
            diagnostics=self.diagnostics,
        )


@dataclass(frozen=True)
class Tools:
    """What builds find: a PATH, a compiler, and the host folders that a box must show."""

    path: str
    compiler: Compiler
    roots: tuple[Path, ...] = ()


@dataclass
class _Flight:
    """A build under way and how many wait for it."""

    task: asyncio.Task[Built]
    waiting: int = 0


@dataclass
class Builder:
    """Builds with one runner. Safe for concurrent use; processes share the cache."""

    runner: Runner
    cache: ProgramCache
    tools: Tools
    _flights: dict[tuple[int, str], _Flight] = field(default_factory=dict)

    async def build(self, execution: Execution, launcher: Launcher | None) -> Built:
        """Never raises for what the project does. Raises ``EnvironmentFault`` when a tool or the sandbox is missing."""
        refusal = _refusal(execution, self.tools.roots)
        if refusal is not None:
            return refusal
        chosen = instruments.choose(execution, self.tools.path)
        reason = instruments.unsupported(execution, chosen, self.runner.name)
        if reason is not None:
            return failure(Status.UNSUPPORTED, "unsupported", reason)
        command, notes = self._command(execution, launcher, chosen)
        tools = {"compiler": chosen.compiler.identity, "mpi": launcher.identity() if launcher is not None else None}
        built = await self.make(execution, command, tools)
        reason = instruments.left_out(execution, built.program.content) if built.program is not None else None
        return _with_notes(built if reason is None else failure(Status.UNSUPPORTED, "unsupported", reason), notes)

    async def make(self, execution: Execution, command: Command, tools: Mapping[str, object]) -> Built:
        """The program that ``command`` makes, or the same one from the cache; ``tools`` (JSON) tells what else decides it."""
        if not execution.cache:
            return await self._run(execution, command)
        key = self._key(execution, command, tools)
        program = await asyncio.to_thread(self.cache.get, key)
        if program is not None:
            return _success(execution, program, 0.0, cached=True)
        return await self._together(key, execution, command)

    async def _together(self, key: str, execution: Execution, command: Command) -> Built:
        """One build for all who ask for the same key at the same time; it ends when the last of them has gone."""
        place = (id(asyncio.get_running_loop()), key)
        flight = self._flights.get(place)
        if flight is None:
            flight = self._flights[place] = _Flight(asyncio.ensure_future(self._run(execution, command, key)))
            flight.task.add_done_callback(lambda _: self._flights.pop(place, None))
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if flight.waiting == 0 and not flight.task.done():
                self._flights.pop(place, None)
                flight.task.cancel()
                await asyncio.gather(flight.task, return_exceptions=True)

    async def _run(self, execution: Execution, command: Command, key: str | None = None) -> Built:
        outcome = await self.runner.run(command)
        # A box has a disk of its own, which the project fills; this one is the machine's.
        if self.runner.name == "trusted" and outcome.exit_code != 0 and _NO_SPACE in outcome.stderr:
            raise EnvironmentFault("the disk was full while the program was built", remedy="free some space, or set TMPDIR")
        built = _judge(execution, command, outcome)
        if key is not None and built.program is not None:
            await asyncio.to_thread(self.cache.put, key, built.program)
        return built

    def _key(self, execution: Execution, command: Command, tools: Mapping[str, object]) -> str:
        return key_of(
            {
                "runner": self.runner.name,
                "argv": command.argv,
                "environment": dict(command.environment),
                "files": {name: hashlib.sha256(content).hexdigest() for name, content in command.files.items()},
                "artifacts": command.artifacts,
                "run": custom.run_line(execution.project.run).program,
                **tools,
            }
        )

    def _command(
        self, execution: Execution, launcher: Launcher | None, chosen: Instruments
    ) -> tuple[Command, tuple[Diagnostic, ...]]:
        project = execution.project
        files = {name: text.encode(errors="surrogateescape") for name, text in project.files.items()}
        base = Command(
            argv=(),
            files=files,
            environment=self._environment(launcher, chosen),
            read_only=(*self.tools.roots, *(launcher.read_only() if launcher is not None else ())),
            bounds=compile_bounds(execution),
        )
        if project.build is not None:
            made = {**files, **custom.build_files()}
            return replace(base, argv=custom.build_command(project.build), files=made, artifacts=(custom.ARCHIVE,)), ()
        name = _program_name(execution)
        plan = cxx.recipe(
            project,
            name,
            flags=sort_flags(execution.flags).allowed,
            compiler=chosen.compiler,
            launcher=launcher,
            roots=self.tools.roots,
            extras=chosen.extras(),
        )
        notes = tuple(
            Diagnostic(kind="note", message=f"the flag {flag} of compile_commands.json is not allowed and was left out")
            for flag in plan.dropped
        )
        return replace(base, argv=plan.argv(), files={**files, **plan.files}, artifacts=(name, *plan.notes)), notes

    def _environment(self, launcher: Launcher | None, chosen: Instruments) -> dict[str, str]:
        path = self.tools.path
        cc, cxx_driver = chosen.drivers()
        environment = {"LC_ALL": "C", "CC": cc, "CXX": cxx_driver}
        if launcher is not None:
            path = f"{launcher.mpicc.parent}:{path}"
            environment |= launcher.environment() | launcher.build_environment(cc, cxx_driver)
        return {**environment, "PATH": path}


def _refusal(execution: Execution, roots: tuple[Path, ...]) -> Built | None:
    refused = sort_flags(execution.flags, roots).refused
    if refused:
        return failure(Status.REFUSED, "flags", f"the compiler flag {refused[0]} is not allowed")
    try:
        custom.run_line(execution.project.run)
    except custom.Unbuilt as error:
        return failure(Status.REFUSED, "run", str(error))
    if execution.project.build is None and not execution.project.sources():
        return failure(Status.UNSUPPORTED, "project", "the project has no C or C++ source file and no build command")
    return None


def failure(status: Status, kind: str, message: str) -> Built:
    """No program, for a reason that is told as a finding of ``kind``."""
    return Built(None, status, message + "\n", (Diagnostic(kind=kind, message=message),))


def _program_name(execution: Execution) -> str:
    """The name that ``run`` gives the program, so that its arguments fit; else the compiler's own."""
    named = custom.run_line(execution.project.run).program
    return named if named is not None and named not in execution.project.files else cxx.PROGRAM


def _judge(execution: Execution, command: Command, outcome: Outcome) -> Built:
    messages = (outcome.stderr or outcome.stdout).decode(errors="replace")
    if outcome.cause != "exit" or outcome.exit_code != 0:
        return _compile_error(execution, command, outcome, messages)
    try:
        program = _collect(execution, command, outcome, messages)
    except custom.Unbuilt as error:
        unbuilt = failure(Status.COMPILE_ERROR, "build", str(error))
        return replace(unbuilt, messages=f"{messages}{unbuilt.messages}", wall_s=outcome.wall_s)
    return _success(execution, program, outcome.wall_s, cached=False)


def _collect(execution: Execution, command: Command, outcome: Outcome, messages: str) -> Program:
    wanted = command.artifacts[0]
    content = outcome.artifacts.get(wanted)
    if content is None:
        raise custom.Unbuilt(f"the build left no result, or one larger than {command.bounds.artifact_bytes} bytes")
    if execution.project.build is not None:
        return custom.program_of(execution.project, content, messages)
    return Program(wanted, dict(outcome.artifacts), frozenset({wanted}), messages)


def _success(execution: Execution, program: Program, wall_s: float, *, cached: bool) -> Built:
    found = diagnostics.parse(program.messages, execution.project.files)
    return Built(program, Status.OK, program.messages, found, wall_s, cached)


def _compile_error(execution: Execution, command: Command, outcome: Outcome, messages: str) -> Built:
    found = diagnostics.parse(messages, execution.project.files)
    if outcome.cause != "exit":
        why = "the build was " + _WHY.get(outcome.cause, "stopped").format(bounds=command.bounds)
        found = (Diagnostic(kind=outcome.cause, message=why), *found)
        messages = f"{messages}{why}\n"
    elif not any(diagnostic.kind == "error" for diagnostic in found):
        how = f"signal {outcome.signal}" if outcome.signal else f"exit code {outcome.exit_code}"
        found = (Diagnostic(kind="error", message=f"the build ended with {how}"), *found)
    return Built(None, Status.COMPILE_ERROR, messages, found, outcome.wall_s)


def _with_notes(built: Built, notes: tuple[Diagnostic, ...]) -> Built:
    return replace(built, diagnostics=(*built.diagnostics, *notes)) if notes else built
