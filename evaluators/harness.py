"""Run a system over the tasks of a benchmark: one row a sample, written as it comes; the same command goes on where it stopped.

What is there already is kept when it is of the same benchmark file, system, variant and environment; rows of the infrastructure's
faults are made again. Limits: one sample a task, in order, one after the other.
"""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import codepar
from codepar import __version__
from codepar.errors import Conflict, InvalidInput
from codepar.protocols import Status
from evaluators.benchmarks.task import Task
from evaluators.isolated import IsolatedSystem
from evaluators.samples import Sample, SampleWriter, Variant, read_samples

_REPORT_EVERY_S = 5.0
_MAX_FAULTS_IN_A_ROW = 5


@dataclass(frozen=True)
class Plan:
    """What is run: the tasks, and what identifies a row of theirs. ``data`` is the beginning of the file's sha256."""

    benchmark: str
    tasks: Sequence[Task]
    system: str
    variant: Variant
    data: str


@dataclass
class Ran:
    """What a run did: rows found, rows made, and who proposed."""

    found: int = 0
    made: int = 0
    faults: int = 0
    faults_in_a_row: int = 0
    provenance: dict[str, Any] = field(default_factory=dict)
    _reported: float = field(default_factory=time.monotonic)

    def note(self, sample: Sample) -> None:
        """Count one new row."""
        is_fault = sample.status == Status.INFRA_ERROR
        self.made += 1
        self.faults += is_fault
        self.faults_in_a_row = self.faults_in_a_row + 1 if is_fault else 0

    def is_due(self) -> bool:
        """Whether it is time to say how far the run is; true every few seconds."""
        now = time.monotonic()
        if now - self._reported < _REPORT_EVERY_S:
            return False
        self._reported = now
        return True


def run_tasks(plan: Plan, system: IsolatedSystem, path: Path, report: Callable[[str], None]) -> Ran:
    """Fill the file of samples. Raises what starting the system raises, and ``Conflict`` for a file of another run."""
    provenance = system.start()
    environment = environment_hash(provenance)
    with SampleWriter(path) as writer:
        known = _known(plan, path, environment)
        ran = Ran(found=len(known), provenance={**provenance, "environment": environment})
        for sample in _samples(plan, known, system, environment):
            writer.append(sample)
            ran.note(sample)
            if ran.faults_in_a_row == _MAX_FAULTS_IN_A_ROW:
                report(f"{ran.faults_in_a_row} samples in a row failed for what they stand on; the run stops: {sample.message}")
                break
            if ran.is_due():
                report(f"{ran.found + ran.made} of {len(plan.tasks)} samples")
    return ran


def _samples(plan: Plan, known: set[str], system: IsolatedSystem, environment: str) -> Iterator[Sample]:
    for task in plan.tasks:
        if task.task_id not in known:
            yield _sample(plan, task, system, environment)


def _sample(plan: Plan, task: Task, system: IsolatedSystem, environment: str) -> Sample:
    answer = system.ask({"source": task.source, "path": PurePosixPath(task.path).name})
    return Sample.model_validate(
        {
            "benchmark": plan.benchmark,
            "task_id": task.task_id,
            "system": plan.system,
            "variant": plan.variant,
            "data": plan.data,
            "environment": environment,
            **answer,
        }
    )


def _known(plan: Plan, path: Path, environment: str) -> set[str]:
    """The tasks that need no new sample. Raises ``Conflict`` where the file is of something else."""
    if path.stat().st_size == 0:
        return set()
    try:
        rows = read_samples(path).rows
    except InvalidInput:
        if path.read_bytes().strip():
            raise
        return set()
    wanted = (plan.benchmark, plan.system, plan.variant, plan.data, environment)
    for row in rows:
        given = (row.benchmark, row.system, row.variant, row.data, row.environment)
        if given != wanted:
            names = ("benchmark", "system", "variant", "data file", "environment (codepar's code, model, Python or mpi.h)")
            other = next(name for name, mine, theirs in zip(names, wanted, given, strict=True) if mine != theirs)
            raise Conflict(f"{path} holds samples of another {other}", remedy="name another file with -o")
    return {row.task_id for row in rows if row.status != Status.INFRA_ERROR}


def environment_hash(provenance: dict[str, Any]) -> str:
    """Twelve hex digits that change with codepar's code, Python, the machine's kind, the model and the MPI header."""
    known = {**provenance, "codepar": __version__, "python": platform.python_version(), "machine": platform.machine()}
    return hashlib.sha256(json.dumps({**known, "code": _code_hash()}, sort_keys=True).encode()).hexdigest()[:12]


@cache
def _code_hash() -> str:
    """Of what proposes: samples of an older program are not those of this one."""
    package = Path(codepar.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
