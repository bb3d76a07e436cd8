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
from codepar.cuda.cases.spec import TestCase
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
    """One function on its way, with what is known of it so far."""

    member: CFunction
    task: Task
    court: CudaCourt
    asking: Asking
    counted: CountingExecutor
    options: MuslOptions
    slots: asyncio.Semaphore
    tried: list[Tried] = field(default_factory=list)
    ruled: tuple[str, ...] = ()
    admitted: tuple[TestCase, ...] = ()
    mutated: int | None = None
    kills: list[Kill] = field(default_factory=list)
    untestable: str | None = None


async def examine(member: CFunction, proposals: TestProposals, turn: int, options: MuslOptions, means: Means) -> Outcome:
    """What becomes of the function in round ``turn``; what was found before its time was up is kept.

    Raises what the engine or the environment raises.
    """
    begun = time.monotonic()
    try:
        case = await _opened(member, turn, options, means)
    except InvalidInput as fault:
        return Outcome(function=member.id, untestable=fault.message, wall_s=time.monotonic() - begun)
    try:
        async with asyncio.timeout(options.function_s):
            await _examine(case, proposals)
    except InvalidInput as fault:
        # No values can be made for a parameter.
        case.untestable = fault.message
    except TimeoutError:
        if not any(one.is_verified for one in case.tried):
            case.untestable = "it took too long"
    return _outcome(case, round(time.monotonic() - begun, 2))


async def _opened(member: CFunction, turn: int, options: MuslOptions, means: Means) -> _Case:
    function, counted = member.read(), CountingExecutor(means.executor)
    seed = seed_of("judge", options.seed, turn, member.id)
    court = await open_court(function, counted, means.settings, seed=seed)
    task = Task(function, Target.CUDA, f"{function.name}_cuda")
    return _Case(member, task, court, Asking(means.generator, options.budget_s), counted, options, means.slots)


async def _examine(case: _Case, proposals: TestProposals) -> None:
    bench = await case.court.ranking()
    if not bench.is_valid:
        case.untestable = bench.check.message
        return
    case.ruled = tuple(one.name for one in bench.tests.cases)
    said = tuple(one for answer in proposals.answers for one in answer)
    alike = in_testers_form(case.member, bench.tests.cases, case.court.seed)
    case.admitted = await case.court.admit((*said, *alike))
    await _translate(case)
    await _mutate(case)


def _outcome(case: _Case, wall_s: float) -> Outcome:
    bench = case.court.rank_bench
    return Outcome(
        function=case.member.id,
        attempts=tuple(map(_attempt, case.tried)),
        admitted=case.admitted,
        telling=tuple(sorted(bench.telling)) if bench is not None else (),
        ruled=case.ruled,
        kills=tuple(case.kills),
        mutated=case.mutated,
        untestable=case.untestable,
        judge_seed=case.court.seed,
        rank_seed=RANK_SEED,
        answers=case.asking.answers,
        tokens=case.asking.tokens,
        executions=case.counted.executions,
        generation_s=round(case.asking.spent_s, 2),
        wall_s=wall_s,
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
        try:
            answers = await asker.ask(turn, failures)
        except InvalidInput as fault:
            # No prompt fits: what the rules proposed stays.
            case.tried.append(Tried("model", Origin.MODEL, 0, turn, None, problem=fault.message))
            return
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


async def _mutate(case: _Case) -> None:
    """Plant faults in a verified translation, the model's own where there is one, and note what the cases notice."""
    verified = [at for at, one in enumerate(case.tried) if one.is_verified]
    for at in sorted(verified, key=lambda at: case.tried[at].origin is Origin.RULES):
        translation = case.tried[at].translation
        assert translation is not None
        async with case.slots:
            case.kills = await kills(case.court, translation, case.options.mutants, case.court.seed)
        if case.kills:
            case.mutated = at
            return


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
