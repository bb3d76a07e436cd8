"""A request that holds several tasks, from end to end: its parts found, the plan, each part answered, the answers joined.

Without ``run`` the plan is the answer and nothing is asked. Limits: the parts are those that ``codepar.prompts`` finds; what the
language model says in words is joined, never checked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from codepar.errors import EngineUnavailable, InvalidInput
from codepar.flows.cuda_one import Means
from codepar.flows.decompose_accept import Acceptance
from codepar.flows.decompose_check import FileCompiler
from codepar.flows.decompose_extract import read as read_parts
from codepar.flows.decompose_join import join
from codepar.flows.decompose_mode import Mode, cost_of, mode_of, predicted_of, schedule_for
from codepar.flows.decompose_parts import PartsRun, Prepared, asked_once
from codepar.flows.decompose_read import Read, Spent, planned, result_of, schedule_of, with_files
from codepar.flows.decompose_request import DecompositionRequest
from codepar.flows.decompose_result import DecompositionResult, ItemResult
from codepar.flows.provenance import ModelProvenance
from codepar.prompts.items import Refusal
from codepar.prompts.schedule import ScheduleOptions
from codepar.protocols import Executor, Generator, Progress, SilentProgress
from codepar.settings import Settings

OnItem = Callable[[ItemResult], Awaitable[None]]
_WHOLE_TOKENS = 4
_MAX_TITLE = 200
_MAX_EVENT_TEXT = 60_000


@dataclass(frozen=True)
class Hands:
    """What a run works with; ``on_item`` hears each finished item in the order of the items."""

    generator: Generator | None
    executor: Executor | None
    progress: Progress
    settings: Settings
    on_item: OnItem | None = None
    on_broken_off: Callable[[DecompositionResult], None] | None = None


async def decompose(
    request: DecompositionRequest,
    generator: Generator | None,
    executor: Executor | None,
    progress: Progress,
    settings: Settings | None = None,
    *,
    on_item: OnItem | None = None,
    on_broken_off: Callable[[DecompositionResult], None] | None = None,
) -> DecompositionResult:
    """Answer a request. ``on_item`` hears each finished item in the order of the items, as the events ``item`` tell them;
    ``on_broken_off`` what is there when this is cancelled.

    Raises ``InvalidInput`` where nothing is asked, ``EngineUnavailable`` where everything needs a model and there is none, or the
    engine failed for all; otherwise failures are named in the result.
    """
    begun = time.monotonic()
    settings = settings or Settings()
    read = await predicted(await read_parts(request, generator), generator, settings)
    if not request.options.run:
        return planned(read, begun)
    if read.found.refusal is Refusal.EMPTY:
        raise InvalidInput("nothing is asked", remedy="say what is to be done", param="prompt")
    mode = mode_of(read.found, request.options.split, judged=len(read.wants))
    await progress.report("plan", {"mode": mode.name, "items": len(read.found.items), "reason": mode.reason})
    if mode.name == "whole":
        return await _whole(read, mode, generator, begun)
    return await _parts(read, mode, Hands(generator, executor, progress, settings, on_item, on_broken_off), begun)


async def predicted(read: Read, generator: Generator | None, settings: Settings) -> Read:
    """The same with what the cost model expects of it."""
    if read.plan is None:
        return read
    if len(read.wants) == len(read.found.items):
        # Nothing is asked of the model alone: to load it for a forecast would cost more than it tells.
        generator = None
    cost = await cost_of(generator, settings)
    seconds = predicted_of(read.found, read.plan, cost, read.request.options.concurrency)
    return replace(read, found=read.found.model_copy(update={"predicted": seconds}), cost=cost)


async def _whole(read: Read, mode: Mode, generator: Generator | None, begun: float) -> DecompositionResult:
    """The request asked as it is."""
    if generator is None:
        raise EngineUnavailable("there is no language model to ask", remedy="codepar models pull")
    request = read.request
    tokens = request.options.max_tokens * (_WHOLE_TOKENS if read.found.split else 1)
    schedule = schedule_of(request)
    generation = await asked_once(generator, with_files(request), schedule, tokens, schedule.budget_s)
    is_cut = generation.finish_reason != "stop"
    return result_of(
        read,
        mode="whole",
        why_mode=mode.reason,
        whole=generation.text,
        text=generation.text,
        fault=None if generation.text.strip() else "the answer is empty (ask again, or ask another model)",
        notes=(f"the answer was cut off ({generation.finish_reason})",) if is_cut else (),
        cost=Spent(extra=[generation], requests=1).cost(read, begun),
        provenance=ModelProvenance.of(await generator.capabilities()),
    )


async def _parts(read: Read, mode: Mode, hands: Hands, begun: float) -> DecompositionResult:
    run = parts_run(read, hands)
    try:
        await run.run()
    except asyncio.CancelledError:
        if hands.on_broken_off is not None:
            run.break_off()
            run.notes.append("it was broken off: what is there is not all")
            run.acceptance.compiler.executor = None
            hands.on_broken_off(await parts_result(read, mode.reason, run, begun))
        raise
    return await parts_result(read, mode.reason, run, begun)


def parts_run(read: Read, hands: Hands, schedule: ScheduleOptions | None = None) -> PartsRun:
    """A run over the parts of a request that splits, not yet begun. Without an executor nothing is judged or compiled."""
    assert read.plan is not None
    assert read.merger is not None
    options = read.request.options
    executor = hands.executor if options.verify else None
    slots = asyncio.Semaphore(hands.settings.execute_workers)
    prepared = Prepared(
        prompt=with_files(read.request),
        found=read.found,
        plan=read.plan,
        merger=read.merger,
        wants=read.wants if executor is not None else {},
        options=options,
        schedule=schedule_for(schedule or schedule_of(read.request), read.found, read.plan, read.cost),
    )
    means = Means(hands.generator, executor, SilentProgress(), hands.settings) if executor is not None else None
    acceptance = Acceptance(read.merger, FileCompiler(executor, read.merger.targets.texts(), slots))
    return PartsRun(prepared, hands.generator, means, acceptance, _told(hands, len(read.found.items)))


def _told(hands: Hands, count: int) -> OnItem:
    """Tells an item as an event, then the listener."""

    async def tell(result: ItemResult) -> None:
        event = result.model_dump(mode="json", exclude={"translation", "completion", "answer", "form"})
        told = {**event, "title": result.title[:_MAX_TITLE], "of": count, "answer": result.answer[:_MAX_EVENT_TEXT]}
        await hands.progress.report("item", told)
        if hands.on_item is not None:
            await hands.on_item(result)

    return tell


async def parts_result(read: Read, why_mode: str, run: PartsRun, begun: float) -> DecompositionResult:
    """What a run came to, also one that was broken off: items that are not there are missing."""
    joined = await join(run)
    capabilities = await run.generator.capabilities() if run.generator is not None and run.requests else None
    return result_of(
        read,
        mode="parts",
        why_mode=why_mode,
        answers=joined.answers,
        whole=run.whole,
        closing=run.closing,
        text=joined.text,
        files=joined.files,
        patch=joined.patch,
        compiled=joined.compiled,
        findings=joined.findings,
        missing=tuple(item.id for item in read.found.items if not (one := run.results.get(item.id)) or not one.ok),
        fault=run.fault,
        notes=(*run.acceptance.compiler.notes, *run.notes),
        cost=Spent(joined.answers, run.extra, run.requests, run.hedges).cost(read, begun),
        provenance=ModelProvenance.of(capabilities),
    )
