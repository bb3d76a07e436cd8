"""One function in one round: the Tester's cases join those that rank, translations are ranked and judged, faults are planted.

Translator and Tester check each other: a translation must pass the cases, and a case counts by the faults it notices in a
translation that the strict verdict passed on other, fresh tests. Limits: CUDA; what fails is told to the model ``repair`` times.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from codepar.cuda.ask import Failure, Task
from codepar.cuda.rules import translate_by_rule
from codepar.cuda.translation import Origin, Target
from codepar.cuda.verdict import CheckName
from codepar.errors import CodeparError, InvalidInput
from codepar.flows.asking import Asking
from codepar.flows.counting import CountingExecutor
from codepar.flows.cuda_asker import TranslationAsker
from codepar.flows.cuda_court import RANK_SEED, CudaCourt, open_court
from codepar.flows.cuda_files import write_part
from codepar.flows.cuda_tried import Tried, is_hopeless, tried_of
from codepar.protocols import Executor, Generator
from codepar.settings import Settings
from finetune.musl.functions import CFunction
from finetune.musl.kills import Kill, kills
from finetune.musl.options import MuslOptions
from finetune.musl.rows import Attempt, Outcome, TestProposals, seed_of
from finetune.musl.testing import in_testers_form


@dataclass(frozen=True)
class Means:
    """What a function is examined with. ``slots`` bounds the executions of all functions together."""

    generator: Generator
    executor: Executor
    settings: Settings
    slots: asyncio.Semaphore


@dataclass
class _Case:
    """One function on its way."""

    member: CFunction
    task: Task
    court: CudaCourt
    asking: Asking
    counted: CountingExecutor
    options: MuslOptions
    slots: asyncio.Semaphore
    seed: int
    tried: list[Tried] = field(default_factory=list)


async def examine(member: CFunction, proposals: TestProposals, turn: int, options: MuslOptions, means: Means) -> Outcome:
    """What becomes of the function in round ``turn``. Raises what the engine or the environment raises."""
    begun = time.monotonic()
    seed = seed_of("judge", options.seed, turn, member.id)
    try:
        function = member.read()
        counted = CountingExecutor(means.executor)
        court = await open_court(function, counted, means.settings, seed=seed)
        asking = Asking(means.generator, options.budget_s)
        task = Task(function, Target.CUDA, f"{function.name}_cuda")
        case = _Case(member, task, court, asking, counted, options, means.slots, seed)
        async with asyncio.timeout(options.function_s):
            outcome = await _outcome(case, proposals)
    except InvalidInput as fault:
        # No values can be made for a parameter, or no prompt fits.
        return Outcome(function=member.id, untestable=fault.message, wall_s=time.monotonic() - begun)
    except TimeoutError:
        return Outcome(function=member.id, untestable="it took too long", wall_s=time.monotonic() - begun)
    return outcome.model_copy(update={"wall_s": round(time.monotonic() - begun, 2)})


async def _outcome(case: _Case, proposals: TestProposals) -> Outcome:
    bench = await case.court.ranking()
    if not bench.is_valid:
        return Outcome(function=case.member.id, untestable=bench.check.message)
    ruled = tuple(one.name for one in bench.tests.cases)
    said = tuple(one for answer in proposals.answers for one in answer)
    admitted = await case.court.admit((*said, *in_testers_form(case.member, bench.tests.cases, case.seed)))
    await _translate(case)
    mutated, found = await _mutated(case)
    bench = await case.court.ranking()
    return Outcome(
        function=case.member.id,
        attempts=tuple(map(_attempt, case.tried)),
        admitted=admitted,
        telling=tuple(sorted(bench.telling)),
        ruled=ruled,
        kills=tuple(found),
        mutated=mutated,
        judge_seed=case.seed,
        rank_seed=RANK_SEED,
        answers=case.asking.answers,
        tokens=case.asking.tokens,
        executions=case.counted.executions,
        generation_s=round(case.asking.spent_s, 2),
    )


async def _translate(case: _Case) -> None:
    """Rules, then rounds of the model's answers; each is ranked, the right ones are judged until enough are verified."""
    if case.options.rules:
        await _take(case, _by_rules(case.task))
    if case.options.candidates == 0 or any(is_hopeless(one.ranked) for one in case.tried):
        return
    asker = TranslationAsker(case.asking, case.task)
    failures: dict[int, Failure | None] = dict.fromkeys(range(case.options.candidates))
    for turn in range(1 + case.options.repair):
        answers = await asker.ask(turn, failures)
        proposed = [tried_of(answer, case.task, candidate, turn) for candidate, answer in answers.items()]
        await _take(case, proposed)
        failures = {one.candidate: one.failure() for one in proposed if not one.is_ranked_ok}
        if not failures or _enough(case):
            break


def _enough(case: _Case) -> bool:
    own = {one.written.source for one in case.tried if one.is_verified and one.origin is not Origin.RULES and one.written}
    return len(own) >= case.options.keep


def _by_rules(task: Task) -> list[Tried]:
    part = translate_by_rule(task.function, task.target).part
    if part is None:
        return []
    try:
        written = write_part(task.function, part, task.entry)
    except CodeparError:
        return []
    return [Tried("rules", Origin.RULES, -1, 0, written, part.text)]


async def _take(case: _Case, proposed: Sequence[Tried]) -> None:
    """Rank side by side, then judge those that pass, the best first; the same text is run once."""
    known = {one.written.source: one for one in case.tried if one.written is not None}
    fresh: list[Tried] = []
    twins: list[tuple[Tried, Tried]] = []
    for one in proposed:
        same = known.get(one.written.source) if one.written is not None else None
        if same is not None:
            twins.append((one, same))
        elif one.written is not None:
            known[one.written.source] = one
            fresh.append(one)
    await asyncio.gather(*(_rank(case, one) for one in fresh))
    case.tried += proposed
    for one in sorted(fresh, key=lambda one: one.merit, reverse=True):
        translation = one.translation
        if translation is not None and one.is_ranked_ok and not (one.origin is not Origin.RULES and _enough(case)):
            one.judged = await case.court.judge(translation)
    for one, same in twins:
        one.ranked, one.judged = same.ranked, same.judged


async def _rank(case: _Case, one: Tried) -> None:
    translation = one.translation
    if translation is not None:
        async with case.slots:
            one.ranked = await case.court.rank(translation)


async def _mutated(case: _Case) -> tuple[int | None, list[Kill]]:
    """Which attempt faults were planted in, and what the cases noticed: the model's own where one is verified."""
    verified = [at for at, one in enumerate(case.tried) if one.is_verified]
    verified.sort(key=lambda at: case.tried[at].origin is Origin.RULES)
    for at in verified:
        translation = case.tried[at].translation
        assert translation is not None
        async with case.slots:
            found = await kills(case.court, translation, case.options.mutants, case.seed)
        if found:
            return at, found
    return None, []


def _attempt(one: Tried) -> Attempt:
    compiled = one.ranked.check(CheckName.COMPILED) if one.ranked is not None else None
    verdict = one.judged or one.ranked
    return Attempt(
        origin=one.origin,
        candidate=one.candidate,
        round=one.round,
        code=one.code,
        source=one.written.source if one.written is not None else "",
        entry=one.written.entry if one.written is not None else "",
        problem=one.problem,
        compiled=compiled is not None and compiled.passed is True,
        ranked=one.ranked.status if one.ranked is not None else None,
        reason=(verdict.reason or None) if verdict is not None else None,
        verdict=one.judged,
    )
