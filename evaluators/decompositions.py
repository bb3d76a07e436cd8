"""Samples of ``codepp``: append-only JSONL, one row a prompt; a run fills the file and goes on where it stopped.

A row of others needs ``task_id`` and ``decomposition`` (the wire shape of ``codepar split --plan``). Where a system
broke down, took too long or refused, nothing is split and that is right nowhere.
Limits: one sample a prompt, in order, one after the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator

from codepar.errors import Conflict, InvalidInput
from codepar.prompts.items import Decomposition
from codepar.protocols import Record, Status
from evaluators.benchmarks.codepp import NAME, Case, Part
from evaluators.harness import environment_hash
from evaluators.isolated import IsolatedSystem
from evaluators.samples import SampleWriter, latest_rows


class DecompositionSample(BaseModel):
    """What a system made of one prompt. ``seconds`` (clock) and ``cpu_seconds`` (processor) are those of the extraction alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    benchmark: str = NAME
    part: Part | None = None
    task_id: str
    system: str = ""
    data: str = ""
    status: Status = Status.OK
    decomposition: Decomposition | None = None
    seconds: float | None = None
    cpu_seconds: float | None = None
    environment: str = ""
    message: str = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.status == Status.OK and self.decomposition is None:
            raise ValueError("no `decomposition`")
        return self


@dataclass(frozen=True)
class DecompositionPlan:
    """What is run: some of the cases of a part, with the hash of all of them, and the name of what is asked."""

    cases: Sequence[Case]
    part: Part
    data: str
    system: str


class DecompositionRun(Record):
    """What a run did: rows found, rows made."""

    found: int
    made: int
    provenance: dict[str, Any]


def read_decompositions(path: Path) -> tuple[DecompositionSample, ...]:
    """The rows of a file; of several for a prompt the last. Torn lines are passed over. Raises ``NotFound``, ``InvalidInput``."""
    rows = latest_rows(path, DecompositionSample)
    if not rows:
        raise InvalidInput(f"{path} holds no sample", remedy="each line must be a JSON object with task_id and decomposition")
    return rows


def data_hash(cases: Sequence[Case]) -> str:
    """Twelve hex digits of the prompts and their labels."""
    digest = hashlib.sha256()
    for case in cases:
        digest.update(f"{case.prompt.model_dump_json()}\n{case.gold.model_dump_json()}\n".encode())
    return digest.hexdigest()[:12]


def run_decomposer(plan: DecompositionPlan, system: IsolatedSystem, path: Path) -> DecompositionRun:
    """Fill the file of samples. Raises what starting the system raises, and ``Conflict`` for a file of another run."""
    provenance = system.start()
    environment = environment_hash(provenance)
    common = {"part": plan.part, "system": plan.system, "data": plan.data, "environment": environment}
    made = 0
    with SampleWriter(path) as writer:
        known = _known(path, common)
        for case in plan.cases:
            if case.prompt.id in known:
                continue
            answer = system.ask({"prompt": case.prompt.text, "files": case.prompt.files})
            writer.append(DecompositionSample.model_validate({"task_id": case.prompt.id, **common, **answer}))
            made += 1
    return DecompositionRun(found=len(known), made=made, provenance={**provenance, "environment": environment})


def _known(path: Path, common: dict[str, str]) -> set[str]:
    """The prompts that need no new sample. Raises ``Conflict`` where the file is of something else."""
    if path.stat().st_size == 0:
        return set()
    rows = read_decompositions(path)
    for row in rows:
        other = next((name for name, value in common.items() if getattr(row, name) != value), None)
        if other is not None:
            raise Conflict(f"{path} holds samples of another {other}", remedy="name another file with -o")
    return {row.task_id for row in rows}
