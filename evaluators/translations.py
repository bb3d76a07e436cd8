"""Samples of translation benchmarks: append-only JSONL, one row a task, with the verdict, the recorded tests and the cost.

The tests that judge are made anew for each run; their seed is in the row. Limits: one sample a task, in order, in this process:
what runs strangers' code is the executor's sandbox.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from codepar.cuda.translation import Origin
from codepar.cuda.verdict import CheckName
from codepar.errors import Conflict, EnvironmentFault, InvalidInput
from codepar.flows.cuda_one import NOBODY_ASKED
from codepar.flows.cuda_request import CudaTranslationRequest, TranslationOptions
from codepar.flows.cuda_result import Cost, CudaTranslation
from codepar.flows.translate import translate
from codepar.project import Project
from codepar.protocols import Executor, Generator, SilentProgress, Status
from codepar.settings import Settings
from evaluators.benchmarks.babeltower import NAME, Pair
from evaluators.empty_kernel import judged_empty
from evaluators.recorded_tests import baseline, passes
from evaluators.samples import SampleWriter, Variant, latest_rows

_REPORT_EVERY_S = 20.0
_MAX_FAULTS_IN_A_ROW = 5


class TranslationSample(BaseModel):
    """What a system made of one pair. ``status`` is the verdict's; ``infra_error`` says nothing of the system.

    ``recorded`` tells whether the translation passes the recorded tests, ``original_recorded`` whether the original itself does
    here, ``empty_recorded`` whether a function that does nothing does; ``empty_judged`` is the whole ladder's status on an empty
    kernel, None where it was not judged. ``rules`` are the rules' reasons.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    benchmark: str = NAME
    task_id: str
    system: str = ""
    variant: Variant = "original"
    data: str = ""
    environment: str = ""
    function: str = ""
    status: Status
    verified: bool = False
    compiled: bool = False
    recorded: bool = False
    original_recorded: bool = False
    empty_recorded: bool = False
    empty_judged: Status | None = None
    origin: Origin | None = None
    rank: bool = False
    reason: str = ""
    rules: tuple[str, ...] = ()
    seed: int | None = None
    cost: Cost = Cost()
    seconds: float = 0.0
    source: str = ""


@dataclass(frozen=True)
class TranslationPlan:
    """What is run: the pairs, how each is asked for, and what identifies a row."""

    pairs: Sequence[Pair]
    system: str
    options: TranslationOptions
    data: str
    environment: str = ""
    variant: Variant = "original"


@dataclass(frozen=True)
class TranslationMeans:
    """What answers and what runs; ``generator`` is None where the rules alone are asked."""

    generator: Generator | None
    executor: Executor
    settings: Settings


TRANSLATORS: Mapping[str, str] = {
    "rules": "the rules alone; a refusal counts as not solved",
    "model": "the language model alone: one greedy answer, no repair (pass@1)",
    "default": "what `codepar cuda translate` answers: rules, candidates, repair",
}


def options_of(system: str, candidates: int, repair: int, budget_s: float) -> TranslationOptions:
    """How a system is asked. ``model`` is one greedy sample without repair: a pass@1. Raises ``InvalidInput``."""
    if system == "rules":
        return TranslationOptions(model=False, candidates=0)
    if system == "model":
        return TranslationOptions(rules=False, candidates=1, repair=0, budget_s=budget_s)
    if system == "default":
        return TranslationOptions(candidates=candidates, repair=repair, budget_s=budget_s)
    raise InvalidInput(f"there is no system {system!r} for {NAME}", remedy=f"{', '.join(TRANSLATORS)}, or a file of samples")


@dataclass
class TranslationRun:
    """What a run did."""

    found: int = 0
    made: int = 0
    faults: int = 0
    faults_in_a_row: int = 0

    def note(self, sample: TranslationSample) -> None:
        """Count one new row."""
        is_fault = sample.status is Status.INFRA_ERROR
        self.made += 1
        self.faults += is_fault
        self.faults_in_a_row = self.faults_in_a_row + 1 if is_fault else 0


async def run_translations(
    plan: TranslationPlan, path: Path, means: TranslationMeans, report: Callable[[str], None]
) -> TranslationRun:
    """Fill the file of samples; rows that are there stay. Raises ``Conflict`` for a file of another run."""
    ran, told = TranslationRun(), time.monotonic()
    with SampleWriter(path) as writer:
        known = _known(plan, path)
        ran.found = len(known)
        for pair in plan.pairs:
            if pair.task_id in known:
                continue
            sample = await _sample(plan, pair, means)
            writer.append(sample)
            ran.note(sample)
            if ran.faults_in_a_row == _MAX_FAULTS_IN_A_ROW:
                report(f"{ran.faults_in_a_row} samples in a row failed for what they stand on; the run stops: {sample.reason}")
                break
            if time.monotonic() - told > _REPORT_EVERY_S:
                told = time.monotonic()
                report(f"{ran.found + ran.made} of {len(plan.pairs)} samples")
    return ran


async def _sample(plan: TranslationPlan, pair: Pair, means: TranslationMeans) -> TranslationSample:
    """One row; what breaks down in a system or under it never ends a run."""
    names = {
        "task_id": pair.task_id,
        "system": plan.system,
        "variant": plan.variant,
        "data": plan.data,
        "environment": plan.environment,
    }
    try:
        fields = await _measured(plan, pair, means)
    except InvalidInput as error:
        fields = {"status": Status.REFUSED, "reason": str(error)}
    except EnvironmentFault as error:
        fields = {"status": Status.INFRA_ERROR, "reason": str(error)}
    except Exception as error:
        fields = {"status": Status.RUNTIME_ERROR, "reason": f"{type(error).__name__}: {error}"}
    return TranslationSample.model_validate({**names, **fields})


async def _measured(plan: TranslationPlan, pair: Pair, means: TranslationMeans) -> dict[str, object]:
    """The answer with its verdict, and beside it what the original and the empty kernel do."""
    executor = means.executor
    before = await baseline(pair, executor)
    known: dict[str, object] = {"original_recorded": before.original_passes, "empty_recorded": before.empty_passes}
    options = plan.options.model_copy(update={"function": pair.function})
    begun = time.monotonic()
    try:
        request = CudaTranslationRequest(project=Project.of_source(pair.source), options=options)
        answer = await translate(request, means.generator, executor, SilentProgress(), means.settings)
    except InvalidInput as error:
        return {**known, "status": Status.REFUSED, "reason": str(error)}
    silent = next((note for note in answer.notes if note.startswith(NOBODY_ASKED)), None)
    if means.generator is not None and silent is not None and not answer.verified:
        raise EnvironmentFault(silent, remedy="start the engine, then run the same command again")
    seconds = round(time.monotonic() - begun, 2)
    recorded = bool(answer.source) and await passes(pair, answer.source, answer.entry, executor)
    empty = await judged_empty(pair.source, pair.function, executor, means.settings, answer.verdict.seed)
    return {**known, **_row(answer), "recorded": recorded, "empty_judged": empty, "seconds": seconds}


def _row(answer: CudaTranslation) -> dict[str, object]:
    compiled = answer.verdict.check(CheckName.COMPILED)
    return {
        "function": answer.function,
        "status": answer.verdict.status,
        "verified": answer.verified,
        "compiled": compiled is not None and compiled.passed is True,
        "origin": answer.origin,
        "rank": any(one.chosen and one.status is Status.OK for one in answer.candidates),
        "reason": answer.reason or "",
        "rules": tuple(f"{one.code}: {one.message}" for one in answer.rules),
        "seed": answer.verdict.seed,
        "cost": answer.cost,
        "source": answer.source,
    }


def read_translations(path: Path) -> tuple[TranslationSample, ...]:
    """The rows of a file; of several for a task the last. Torn lines are passed over. Raises ``NotFound``, ``InvalidInput``."""
    rows = latest_rows(path, TranslationSample)
    if not rows:
        raise InvalidInput(f"{path} holds no sample of {NAME}", remedy="codepar eval run babeltower makes one")
    return rows


def _known(plan: TranslationPlan, path: Path) -> set[str]:
    """The tasks that need no new sample. Raises ``Conflict`` where the file is of something else."""
    if not path.read_bytes().strip():
        return set()
    rows = read_translations(path)
    for row in rows:
        wanted = {
            "system": plan.system,
            "variant": plan.variant,
            "data file": plan.data,
            "environment (codepar's code, model or Python)": plan.environment,
        }
        given = (row.system, row.variant, row.data, row.environment)
        other = next((name for (name, mine), theirs in zip(wanted.items(), given, strict=True) if mine != theirs), None)
        if other is not None:
            raise Conflict(f"{path} holds samples of another {other}", remedy="name another file with -o")
    return {row.task_id for row in rows if row.status is not Status.INFRA_ERROR}
