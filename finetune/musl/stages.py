"""The stages of a round that ask models and run programs: a file a function, so that a killed run loses at most those in work.

Limits: the two roles are asked one after the other, so that one model is in memory at a time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from codepar.errors import CodeparError
from codepar.protocols import Executor, Generator, Record
from codepar.settings import Settings
from finetune.musl.examine import Means, examine
from finetune.musl.files import read_one, write_one
from finetune.musl.functions import CFunction
from finetune.musl.options import MuslOptions, Role
from finetune.musl.rows import Outcome, TestProposals, seed_of
from finetune.musl.testing import propose
from finetune.train.log import Tell

Opened = Callable[[Role, Path | None], AbstractAsyncContextManager[Generator]]
_BETWEEN_LINES_S = 10.0


@dataclass(frozen=True)
class Hands:
    """What a run works with. ``opened`` gives the model of a role with an adapter; ``workers`` functions go side by side."""

    opened: Opened
    executor: Executor
    settings: Settings
    tell: Tell
    stops: Callable[[], bool]
    workers: int


@dataclass(frozen=True)
class Stage:
    """A round's place, its functions, and the adapters with which it works."""

    number: int
    folder: Path
    members: Sequence[CFunction]
    adapters: dict[Role, Path | None]

    def proposal(self, member: CFunction) -> Path:
        return self.folder / "proposals" / f"{member.id}.json"

    def outcome(self, member: CFunction) -> Path:
        return self.folder / "outcomes" / f"{member.id}.json"


async def propose_tests(stage: Stage, options: MuslOptions, hands: Hands) -> bool:
    """What the Tester says of each function; False when somebody stopped it."""
    missing = [one for one in stage.members if not stage.proposal(one).is_file()]
    if not missing or options.tests == 0:
        for member in missing:
            write_one(stage.proposal(member), TestProposals(function=member.id))
        return True
    async with hands.opened("tester", stage.adapters["tester"]) as generator:
        model = await _name(generator)

        async def work(member: CFunction) -> Record:
            seed = seed_of("tester", options.seed, stage.number, member.id)
            said = await propose(member, generator, options.tests, seed, options.budget_s)
            return said.model_copy(update={"model": model})

        return await _each(missing, work, stage.proposal, hands, f"round {stage.number}, tests proposed")


async def translate(stage: Stage, options: MuslOptions, hands: Hands) -> bool:
    """What becomes of each function; False when somebody stopped it."""
    missing = [one for one in stage.members if not stage.outcome(one).is_file()]
    if not missing:
        return True
    slots = asyncio.Semaphore(hands.settings.execute_workers)
    async with hands.opened("translator", stage.adapters["translator"]) as generator:
        model = await _name(generator)
        means = Means(generator, hands.executor, hands.settings, slots)

        async def work(member: CFunction) -> Record:
            proposals = read_one(stage.proposal(member), TestProposals)
            try:
                outcome = await examine(member, proposals, stage.number, options, means)
            except CodeparError:
                raise
            except Exception as fault:
                # One function of thousands must not end a run of days; it is told, and counted as untestable.
                said = f"internal error: {type(fault).__name__}: {fault}"
                hands.tell(f"`{member.name}` of {member.repository}: {said}")
                outcome = Outcome(function=member.id, untestable=said)
            return outcome.model_copy(update={"model": model})

        return await _each(missing, work, stage.outcome, hands, f"round {stage.number}, translated and tested")


def outcomes_of(stage: Stage) -> list[Outcome]:
    """In the order of the members."""
    return [read_one(stage.outcome(one), Outcome) for one in stage.members]


def proposals_of(stage: Stage) -> list[TestProposals]:
    """In the order of the members."""
    return [read_one(stage.proposal(one), TestProposals) for one in stage.members]


async def _name(generator: Generator) -> str:
    capabilities = await generator.capabilities()
    return capabilities.artefact or capabilities.model


async def _each(
    members: Sequence[CFunction],
    work: Callable[[CFunction], Awaitable[Record]],
    place: Callable[[CFunction], Path],
    hands: Hands,
    what: str,
) -> bool:
    """Do the work on all members, ``workers`` at a time, and write each result where it belongs; False when it was stopped."""
    waiting = list(reversed(members))
    meter = _Meter(hands.tell, what, len(members))

    async def worker() -> None:
        while waiting and not hands.stops():
            member = waiting.pop()
            write_one(place(member), await work(member))
            meter.hear(member)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(hands.workers, len(members))):
                group.create_task(worker())
    except ExceptionGroup as found:
        # The first says what is wrong; the others mostly follow from it.
        raise found.exceptions[0] from found
    return not waiting


class _Meter:
    """Says every few seconds how far a stage is, and for how long still."""

    def __init__(self, tell: Tell, what: str, number: int) -> None:
        self._tell = tell
        self._what = what
        self._number = number
        self._done = 0
        self._begun = time.monotonic()
        self._told = float("-inf")

    def hear(self, member: CFunction) -> None:
        """One more is done."""
        self._done += 1
        now = time.monotonic()
        if now - self._told < _BETWEEN_LINES_S and self._done < self._number:
            return
        self._told = now
        left = (now - self._begun) / self._done * (self._number - self._done)
        self._tell(f"{self._what}: {self._done} of {self._number} functions (`{member.name}`), {left / 60:.1f} min left")
