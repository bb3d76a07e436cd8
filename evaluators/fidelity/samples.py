"""Each prompt answered at once and in parts by the flow that serves ``codepar split --run``, and both answers executed.

Append-only JSONL, one row a prompt; the same command goes on where it stopped. Which way comes first alternates, so that neither
always finds the engine as the other left it. Limits: greedy, one answer a prompt and way.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from codepar.errors import Conflict, EnvironmentFault, InvalidInput
from codepar.flows.decompose import decompose
from codepar.flows.decompose_request import DecompositionOptions, DecompositionRequest
from codepar.flows.decompose_result import DecompositionResult
from codepar.protocols import Executor, Generator, SilentProgress, Status
from codepar.settings import Settings
from evaluators.benchmarks.codepp_generated import GeneratedCase
from evaluators.fidelity.cases import NAME, keeps_signatures
from evaluators.fidelity.judge import ItemVerdict, judge_function
from evaluators.fidelity.rows import FidelitySample, Way, read_fidelity
from evaluators.samples import SampleWriter
from evaluators.systems.answerers import ANSWERERS, MADE, MadeAnswers

_REPORT_EVERY_S = 20.0
_MAX_FAULTS_IN_A_ROW = 5
Split = Literal["never", "always"]


@dataclass(frozen=True)
class FidelityPlan:
    """What is run, how each prompt is asked, and what identifies a row. ``together`` prompts are under way at a time: more fill a
    batching engine, but then seconds are those of prompts that wait for each other."""

    cases: Sequence[GeneratedCase]
    system: str
    options: DecompositionOptions
    data: str
    environment: str = ""
    together: int = 1


@dataclass(frozen=True)
class Hands:
    """What answers and what runs. The executor also judges the answers of systems that compile nothing."""

    generator: Generator | None
    executor: Executor
    settings: Settings


@dataclass
class FidelityRun:
    """What a run did."""

    found: int = 0
    made: int = 0
    faults: int = 0
    faults_in_a_row: int = 0
    _told: float = field(default_factory=time.monotonic)

    def note(self, sample: FidelitySample) -> None:
        """Count one new row."""
        is_fault = sample.status is Status.INFRA_ERROR
        self.made += 1
        self.faults += is_fault
        self.faults_in_a_row = self.faults_in_a_row + 1 if is_fault else 0

    def is_due(self) -> bool:
        """Whether it is time to say how far the run is."""
        now = time.monotonic()
        if now - self._told < _REPORT_EVERY_S:
            return False
        self._told = now
        return True


def options_of(system: str, *, budget_s: float, max_tokens: int) -> DecompositionOptions:
    """How a system is asked. Raises ``InvalidInput`` for one that is not there."""
    if system not in ANSWERERS:
        remedy = "codepar eval list names them; a file of samples is scored"
        raise InvalidInput(f"there is no system {system!r} for {NAME}", remedy=remedy)
    is_all = system == "default"
    return DecompositionOptions(
        run=True, verify=is_all, repair=2 if is_all else 0, budget_s=budget_s, item_budget_s=budget_s, max_tokens=max_tokens
    )


async def run_fidelity(plan: FidelityPlan, path: Path, hands: Hands, report: Callable[[str], None]) -> FidelityRun:
    """Fill the file of samples; rows that are there stay. Raises ``Conflict`` for a file of another run."""
    with SampleWriter(path) as writer:
        known = _known(plan, path)
        ran = FidelityRun(found=len(known))
        waiting = iter([case for case in plan.cases if case.prompt.id not in known])

        async def work() -> None:
            for case in waiting:
                sample = await _sample(plan, case, hands)
                writer.append(sample)
                ran.note(sample)
                if ran.faults_in_a_row >= _MAX_FAULTS_IN_A_ROW:
                    report(
                        f"{ran.faults_in_a_row} samples in a row failed for what they stand on; the run stops: {sample.message}"
                    )
                    return
                if ran.is_due():
                    report(f"{ran.found + ran.made} of {len(plan.cases)} samples")

        await asyncio.gather(*(work() for _ in range(plan.together)))
    return ran


async def _sample(plan: FidelityPlan, case: GeneratedCase, hands: Hands) -> FidelitySample:
    known = {
        "task_id": case.prompt.id,
        "system": plan.system,
        "data": plan.data,
        "environment": plan.environment,
        "code": case.prompt.code,
        "keeps_signatures": keeps_signatures(case),
    }
    if plan.system in MADE:
        hands = replace(hands, generator=MadeAnswers(case, MADE[plan.system]))
    ways: dict[Split, Way] = {}
    try:
        for split in _order(case):
            ways[split] = await _way(case, split, plan.options, hands)
    except (EnvironmentFault, TimeoutError) as fault:
        return FidelitySample.model_validate({**known, "status": Status.INFRA_ERROR, "message": str(fault) or "it took too long"})
    except Exception as error:  # one prompt's crash never ends a run
        message = f"{type(error).__name__}: {error}"
        return FidelitySample.model_validate({**known, "status": Status.RUNTIME_ERROR, "message": message})
    return FidelitySample.model_validate({**known, "serial": ways["never"], "parallel": ways["always"]})


def _order(case: GeneratedCase) -> tuple[Split, Split]:
    return ("never", "always") if int(case.prompt.id[1:]) % 2 else ("always", "never")


async def _way(case: GeneratedCase, split: Split, options: DecompositionOptions, hands: Hands) -> Way:
    chosen = options.model_copy(update={"split": split})
    request = DecompositionRequest(prompt=case.prompt.text, files=case.prompt.files, options=chosen)
    begun = time.monotonic()
    executor = hands.executor if options.verify else None
    result = await decompose(request, hands.generator, executor, SilentProgress(), hands.settings)
    seconds = time.monotonic() - begun
    cost = result.cost
    return Way(
        mode="parts" if result.mode == "parts" else "whole",
        seconds=round(seconds, 3),
        prompt_tokens=cost.prompt_tokens,
        cached_tokens=cost.cached_tokens,
        answer_tokens=cost.answer_tokens,
        requests=cost.requests,
        cut=any("cut off" in one for one in (*result.notes, *(answer.why or "" for answer in result.answers))),
        compiled=result.compiled,
        missing=result.missing,
        items=await _verdicts(case, result, hands.executor),
    )


async def _verdicts(case: GeneratedCase, result: DecompositionResult, executor: Executor) -> tuple[ItemVerdict, ...]:
    """One a function that the request means, in its order."""
    texts = _texts(case, result)
    verdicts = []
    for function in case.functions.values():
        text, entry, offset = texts.get(function, ("", None, 0))
        verdict = await judge_function(case.collection, function, text, executor, entry=entry)
        place = None if verdict.place is None else verdict.place + offset
        verdicts.append(verdict.model_copy(update={"place": place}))
    return tuple(verdicts)


def _texts(case: GeneratedCase, result: DecompositionResult) -> Mapping[str, tuple[str, str | None, int]]:
    """By function the text to look in, the name that a translation has, and where the text begins in the whole answer."""
    if result.mode != "parts":
        return dict.fromkeys(case.functions.values(), (result.text, None, 0))
    wanted = {(item.file, item.span): case.functions[item.id] for item in case.gold.items}
    placed = {item.id: wanted.get((item.file, item.span)) for item in result.items}
    texts: dict[str, tuple[str, str | None, int]] = {}
    position = 0
    for answer in result.answers:
        function = placed.get(answer.id)
        # As the whole text has it: an accepted answer, else what there is.
        position = max(position, result.text.find(answer.answer.strip(), position))
        if function is not None and answer.ok:
            entry = answer.translation.entry if answer.translation is not None else None
            texts[function] = (answer.answer, entry, position)
    return texts


def _known(plan: FidelityPlan, path: Path) -> set[str]:
    """The prompts that need no new row. Raises ``Conflict`` where the file is of something else."""
    if not path.read_bytes().strip():
        return set()
    rows = read_fidelity(path)
    wanted = {"system": plan.system, "data": plan.data, "environment": plan.environment}
    for row in rows:
        other = next((name for name, value in wanted.items() if getattr(row, name) != value), None)
        if other is not None:
            raise Conflict(f"{path} holds samples of another {other}", remedy="name another file with -o")
    return {row.task_id for row in rows if row.status is not Status.INFRA_ERROR}
