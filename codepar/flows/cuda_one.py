"""Translate one function: what the rules propose, then rounds of the model's answers, each ranked, the best ones judged.

Limits: candidates run side by side as far as the executor lets them; the first that is verified ends the search.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from codepar.cuda.ask import Failure, Task
from codepar.cuda.function import Refusal, SequentialFunction
from codepar.cuda.refuse import refusal
from codepar.cuda.rules import translate_by_rule
from codepar.cuda.translation import Origin
from codepar.cuda.verdict import CheckName, CudaVerdict, completed, failed, status_of
from codepar.errors import CodeparError, EngineUnavailable, InvalidInput
from codepar.flows.asking import Asking
from codepar.flows.counting import CountingExecutor
from codepar.flows.cuda_asker import TranslationAsker
from codepar.flows.cuda_court import CudaCourt, open_court
from codepar.flows.cuda_files import Written, write_part
from codepar.flows.cuda_request import TranslationOptions
from codepar.flows.cuda_result import Cost, Explained, TranslatedFunction
from codepar.flows.cuda_tester import proposed_cases
from codepar.flows.cuda_tried import Tried, is_hopeless, tried_of
from codepar.protocols import Diagnostic, Executor, Generator, Progress, Status
from codepar.settings import Settings

NOBODY_ASKED = "no language model was asked:"
"""How the note begins that tells that the engine is gone."""


@dataclass(frozen=True)
class Means:
    """What a translation works with; ``generator`` is None where the rules alone propose."""

    generator: Generator | None
    executor: Executor
    progress: Progress
    settings: Settings


@dataclass(frozen=True)
class Found:
    """The answer for one function, and the best proposal, for the project's new files."""

    answer: TranslatedFunction
    best: Tried | None = None
    asked: bool = False

    @property
    def written(self) -> Written | None:
        return self.best.written if self.best is not None else None


@dataclass
class Search:
    """The proposals for one function, as they are tried."""

    task: Task
    court: CudaCourt
    progress: Progress
    slots: asyncio.Semaphore
    tried: list[Tried] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """Whether one is verified, or none can be."""
        return any(one.is_verified for one in self.tried) or any(is_hopeless(one.ranked) for one in self.tried)

    async def take(self, proposals: Sequence[Tried]) -> None:
        """Rank the proposals side by side, then judge those that pass, the best first, until one is verified."""
        await asyncio.gather(*map(self._rank, proposals))
        self.tried += proposals
        for one in sorted(proposals, key=lambda one: one.merit, reverse=True):
            if one.is_ranked_ok and one.judged is None and not self.is_over:
                translation = one.translation
                assert translation is not None
                one.judged = await self.court.judge(translation)
                await self.progress.report("attempt", one.event())

    async def _rank(self, one: Tried) -> None:
        translation = one.translation
        if translation is None:
            return
        same = next((other for other in self.tried if other.written and other.written.source == translation.source), None)
        if same is not None:
            one.ranked, one.judged = same.ranked, same.judged
            return
        async with self.slots:
            one.ranked = await self.court.rank(translation)
        await self.progress.report("attempt", one.event())


async def translate_one(function: SequentialFunction, options: TranslationOptions, means: Means) -> Found:
    """The best translation that was found, whatever its verdict.

    Raises what the engine raises at its first answer; that there is none is a note where the rules were asked, too.
    """
    begun = time.monotonic()
    task = Task(function, options.target, options.entry or f"{function.name}_{options.target.value}")
    counted = CountingExecutor(means.executor)
    why = refusal(function)
    if why is not None:
        return Found(_refused(task, why))
    court = await open_court(function, counted, means.settings, seed=options.seed, progress=means.progress)
    search = Search(task, court, means.progress, asyncio.Semaphore(means.settings.execute_workers))
    reasons: tuple[Refusal, ...] = ()
    asks = means.generator is not None and options.model and options.candidates > 0
    asking = Asking(means.generator, options.budget_s) if means.generator is not None and asks else None
    try:
        if options.rules:
            proposed, reasons = _by_rules(task)
            await search.take(proposed)
        if asking is not None and not search.is_over:
            await _asked(search, asking, options)
    except InvalidInput as fault:
        # No values can be made for a parameter, or no prompt fits: what is there stays, unverified.
        return Found(_unjudged(task, fault, reasons))
    answer = await _answer(search, asking, reasons)
    cost = Cost(
        generations=asking.answers if asking else 0,
        tokens=asking.tokens if asking else 0,
        executions=counted.executions,
        generation_s=asking.spent_s if asking else 0.0,
        compile_s=counted.compile_s,
        run_s=counted.run_s,
        wall_s=time.monotonic() - begun,
    )
    return Found(answer.model_copy(update={"cost": cost}), _best(search.tried), bool(asking and asking.answers))


def _by_rules(task: Task) -> tuple[list[Tried], tuple[Refusal, ...]]:
    """What the rules propose, or why they do not."""
    outcome = translate_by_rule(task.function, task.target)
    if not outcome.is_translated:
        return [], outcome.refusals
    tried = Tried("rules", Origin.RULES, -1, 0, None)
    try:
        if outcome.part is not None:
            tried.written, tried.notes = write_part(task.function, outcome.part, task.entry), outcome.part.notes
            tried.code = outcome.part.text
        elif outcome.translation is not None:
            one = outcome.translation
            source = re.sub(rf"\b{re.escape(one.entry)}\b", task.entry, one.source)
            tried.written = Written(task.function, task.entry, one.target, source, "")
            tried.notes, tried.code = one.notes, source
    except CodeparError as fault:
        return [], (Refusal("host_side", fault.message, task.function.line),)
    return [tried], ()


async def _asked(search: Search, asking: Asking, options: TranslationOptions) -> None:
    """Ask the model; without one what the rules say is the answer, where they were asked."""
    try:
        await _by_model(search, asking, options)
    except EngineUnavailable as fault:
        if not options.rules:
            raise
        asking.note(f"{NOBODY_ASKED} {fault}")


async def _by_model(search: Search, asking: Asking, options: TranslationOptions) -> None:
    """All rounds: the candidates of one are asked side by side; what fails is given back with what is wrong."""
    if options.tester:
        await _propose_tests(search, asking)
    asker = TranslationAsker(asking, search.task)
    failures: dict[int, Failure | None] = dict.fromkeys(range(options.candidates))
    for turn in range(1 + options.repair):
        await search.progress.report("proposing", {"round": turn, "candidates": len(failures)})
        answers = await asker.ask(turn, failures)
        proposals = [tried_of(answer, search.task, candidate, turn) for candidate, answer in answers.items()]
        for one in proposals:
            if one.problem is not None:
                await search.progress.report("attempt", one.event())
        await search.take(proposals)
        failures = {one.candidate: one.failure() for one in proposals}
        if search.is_over or not failures:
            break


async def _propose_tests(search: Search, asking: Asking) -> None:
    """Let the model name inputs; those that are valid join the tests that rank."""
    cases = await proposed_cases(asking, search.task.function, search.court.seed)
    kept = await search.court.admit(cases) if cases else ()
    asking.note(f"the model proposed {len(cases)} valid test cases, {len(kept)} of them joined those that rank")
    await search.progress.report("tester", {"proposed": len(cases), "kept": len(kept)})


def _best(tried: Sequence[Tried]) -> Tried | None:
    return max((one for one in tried if one.written is not None), key=lambda one: one.merit, default=None)


async def _answer(search: Search, asking: Asking | None, reasons: Sequence[Refusal]) -> TranslatedFunction:
    task, best = search.task, _best(search.tried)
    notes = list(asking.notes) if asking else []
    if asking is None and not any(one.written for one in search.tried):
        notes.append("no language model was asked: the rules alone proposed")
    if best is None:
        verdict = _nothing(task, search, reasons)
    else:
        verdict = best.judged or best.ranked or _nothing(task, search, reasons)
        if best.translation is not None and not best.is_verified:
            verdict = await search.court.with_least(best.translation, verdict)
        if best.judged is None:
            # What failed says more than what an early end kept from being seen.
            checks = completed(verdict.checks, task.target)
            verdict = verdict.model_copy(update={"checks": checks, "status": status_of(checks, task.target)})
        notes += best.notes
    return _row(
        task,
        verdict.model_copy(update={"tests": None, "seed": search.court.seed}),
        source=best.written.source if best and best.written else "",
        origin=best.origin if best else None,
        tests=verdict.tests,
        candidates=tuple(one.summary(best) for one in sorted(search.tried, key=lambda one: one.merit, reverse=True)),
        verified=best is not None and best.is_verified,
        reason=None if best is not None and best.is_verified else _reason(search, verdict),
        rules=tuple(_explained(one) for one in reasons),
        notes=tuple(dict.fromkeys(notes)),
    )


def _reason(search: Search, verdict: CudaVerdict) -> str:
    problem = next((one.problem for one in search.tried if one.problem), None)
    return verdict.reason or problem or "nothing was proposed"


def _nothing(task: Task, search: Search, reasons: Sequence[Refusal]) -> CudaVerdict:
    """The verdict where there is no text to judge."""
    first = next(iter(reasons), None)
    problem = next((one.problem for one in search.tried if one.problem), None)
    message = problem or (f"the rules: {first.message}" if first else "nothing was proposed")
    return _verdict(task, Status.REFUSED, message, first.line if first and problem is None else None)


def _unjudged(task: Task, fault: CodeparError, reasons: Sequence[Refusal]) -> TranslatedFunction:
    verdict = _verdict(task, Status.INVALID_TESTS, fault.message, None)
    return _row(task, verdict, reason=fault.message, rules=tuple(_explained(one) for one in reasons))


def _refused(task: Task, why: Refusal) -> TranslatedFunction:
    line = why.line or task.function.line
    verdict = _verdict(task, Status.REFUSED, why.message, line)
    return _row(task, verdict, reason=f"{task.function.path}:{line}: {why.message}", refusal=_explained(why))


def _verdict(task: Task, status: Status, message: str, line: int | None) -> CudaVerdict:
    place = Diagnostic(kind=status.value, message=message, file=task.function.path, line=line)
    check = failed(CheckName.PARSED, status, message, found=place)
    return CudaVerdict(status=status, checks=completed([check], task.target))


def _row(task: Task, verdict: CudaVerdict, **fields: Any) -> TranslatedFunction:
    known = {"source": "", "origin": None, **fields}
    function = task.function
    return TranslatedFunction(
        entry=task.entry,
        function=function.name,
        target=task.target,
        verdict=verdict,
        path=function.path,
        line=function.line,
        **known,
    )


def _explained(one: Refusal) -> Explained:
    return Explained(code=one.code, message=one.message, line=one.line)
