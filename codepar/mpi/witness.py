"""What a right program prints at one rank count: run several times, with what varies from run to run masked.

A value that happens to come out the same every time (a short time in milliseconds) is not known to vary. So before a program that
could print such values is contradicted, it is run as often again. Limits: standard output and exit codes only, not files; of what
the ranks exchange only whether there is any (shared memory windows and files are not seen).
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field

from codepar.mpi.agree import Expectation, difference, expect
from codepar.mpi.tokens import Tolerance
from codepar.protocols import Execution, ExecutionResult, Executor, Status

_DATE = re.compile(r"\b(?:time|ctime|localtime|gmtime|clock_gettime|gettimeofday|random_device|getpid)\b")
_CHANCE = re.compile(r"\b(?:MPI_Wti\w+|omp_get_wti\w+|clock|\w*rand\w*|chrono|MPI_ANY_SOURCE|pthread\w*|omp)\b")


@dataclass(frozen=True)
class Judgement:
    """Whether an output agrees; None where the oracle cannot speak. ``reason`` says why it is not True, or not parallel.

    ``is_parallel`` False: the output agrees, but no data passes between the ranks although it does in the right program.
    """

    agrees: bool | None
    reason: str | None = None
    is_parallel: bool = True


@dataclass(frozen=True)
class Measure:
    """How outputs are compared: runs of the oracle, and the tolerance of numbers."""

    runs: int = 3
    tolerance: Tolerance = field(default_factory=Tolerance)


_SILENT = Judgement(True, "nothing is sent between ranks although the reference does", is_parallel=False)
_UNCOUNTED = Judgement(None, "nothing counts what its ranks exchange here, and the reference sends data between ranks")


@dataclass(frozen=True)
class _Known:
    """What the runs have shown. ``sends``: in each of them data passed between ranks."""

    streams: tuple[Expectation, ...] = ()
    exit_code: int | None = 0
    fault: str | None = None
    sends: bool = False


class Witness:
    """A program and an execution of it. ``whole`` compares all ranks' output as one stream instead of rank by rank.

    ``must_send``: where the program sends data between ranks in each of its runs, what is judged must send some too.
    """

    def __init__(
        self,
        executor: Executor,
        execution: Execution,
        measure: Measure,
        name: str,
        *,
        whole: bool = False,
        must_send: bool = False,
    ) -> None:
        self._executor = executor
        self._execution = execution
        self._measure = measure
        self._name = name
        self._whole = whole
        self._must_send = must_send
        self._results: list[ExecutionResult] = []
        self._known: _Known | None = None
        texts = execution.project.files.values()
        self._tells_time = any(_DATE.search(text) for text in texts)
        self._may_vary = self._tells_time or any(_CHANCE.search(text) for text in texts)

    @property
    def wall_s(self) -> float | None:
        """How long the slowest run took, once there is one."""
        return max((result.wall_s for result in self._results), default=0.0) or None

    async def fault(self) -> str | None:
        """Why it cannot be a witness, or None."""
        return (await self._learned()).fault

    async def judge(self, result: ExecutionResult) -> Judgement:
        """Compare an output with what the program prints."""
        judgement = self._compare(await self._learned(), result)
        contradicts = judgement.agrees is False or not judgement.is_parallel
        if contradicts and self._may_vary and len(self._results) < 2 * self._measure.runs:
            judgement = self._compare(await self._learn(), result)
        return judgement

    async def _learned(self) -> _Known:
        return self._known or await self._learn()

    async def _learn(self) -> _Known:
        """Run ``measure.runs`` more times. Programs that tell the time start in different seconds, or dates would look stable."""
        for run in range(self._measure.runs):
            started = int(time.time())
            self._results.append(await self._executor.execute(self._execution))
            if self._results[-1].status is not Status.OK:
                break
            if self._tells_time and run + 1 < self._measure.runs:
                await asyncio.sleep(max(0.0, started + 1.02 - time.time()))
        self._known = self._summary()
        return self._known

    def _summary(self) -> _Known:
        last = self._results[-1]
        where = f"at {self._execution.ranks} ranks" if self._execution.ranks else "by itself"
        if last.status is not Status.OK:
            detail = f": {last.diagnostics[0].message}" if last.diagnostics else ""
            return _Known(fault=f"{self._name} itself ends as {last.status} {where}{detail}")
        outputs = [self._streams(result) for result in self._results]
        streams = tuple(expect([run[i] for run in outputs], self._measure.tolerance) for i in range(len(outputs[0])))
        if any(stream.is_evidence for stream in streams):
            return _Known(streams, last.exit_code, sends=all(map(_is_seen, self._results)))
        printed = any(stream.patterns or stream.open_ended for stream in streams)
        if printed:
            return _Known(fault=f"everything {self._name} prints {where} varies from run to run")
        return _Known(fault=f"{self._name} prints nothing {where}")

    def _streams(self, result: ExecutionResult) -> tuple[str, ...]:
        return (result.stdout,) if self._whole or not result.rank_stdout else result.rank_stdout

    def _compare(self, known: _Known, result: ExecutionResult) -> Judgement:
        if known.fault is not None:
            return Judgement(None, known.fault)
        if result.exit_code != known.exit_code:
            return Judgement(False, f"exit code {result.exit_code}, expected {known.exit_code}")
        outputs = self._streams(result)
        if len(outputs) != len(known.streams):
            return Judgement(False, f"{len(outputs)} output streams, expected {len(known.streams)}")
        for rank, (expectation, output) in enumerate(zip(known.streams, outputs, strict=True)):
            found = difference(expectation, output, self._measure.tolerance)
            if found is not None:
                place = "" if len(outputs) == 1 else f"rank {rank} "
                said = [f"does not print {found.missing!r}"] if found.missing is not None else []
                said += [f"prints {found.surplus!r} which is not expected"] if found.surplus is not None else []
                return Judgement(False, (place + " and ".join(said)).strip())
        if self._must_send and known.sends and not _is_seen(result):
            return _UNCOUNTED if result.traffic is None else _SILENT
        return Judgement(True)


def _is_seen(result: ExecutionResult) -> bool:
    """Whether data is known to have passed between the ranks of a run."""
    return result.traffic is not None and result.traffic.is_seen
