"""Requests of several tasks asked at once and as a plan, on the connected engine: seconds, tokens, cache, prediction.

Usage: python benchmarks/decomposition.py [--part development|shared] [--limit 20] [--load 0] [--max-tokens 160] [--out FILE]
Every request of a part of codepp that splits is asked both ways in random order, each time behind a number of its own so that
neither finds the other's prompt in the cache. Seconds of the plan go from before the extraction to after the merge. ``--load N``
keeps N other clients generating meanwhile. The cost model is fitted at the start, under the same load. Limits: greedy answers of
the engine's model, which differ both ways; of an answer it is only looked at whether it names each function that is an item (what
is in it, the fidelity suite checks); an answer is cut at ``--max-tokens``, the serial one at that times the items.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import re
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

from decomposition_requests import shared_requests

from codepar.engine.factory import open_generator
from codepar.flows.calibrate import calibrate
from codepar.prompts.cost import ASSUMED_COST, CostModel, Work, pays, plan_s, predict, serial_s, tuned
from codepar.prompts.extract import extract
from codepar.prompts.lengths import answer_lengths
from codepar.prompts.merge import Merger
from codepar.prompts.plan import Plan, plan_of
from codepar.prompts.schedule import CarriedOut, ScheduleOptions, carry_out
from codepar.prompts.wording import shared_beginning
from codepar.protocols import Generation, Generator, Message, Prompt, Record, Sampling, SilentProgress
from codepar.settings import Settings
from evaluators.benchmarks.codepp import Part, load_part

_LEAST_SHARED_TOKENS = 64
_BLOCK_TOKENS = 32
_TEMPLATE_TOKENS = 8
"""What the chat template puts before the turns' own words, about."""
_CLIENT_TOKENS = 96
_CONCURRENCY = 16
_FUNCTION = re.compile(r"\b([A-Za-z_]\w*)\s*\(")


class Row(Record):
    """One request both ways. ``cached_share`` is of the shared beginning, over all requests but the one that went ahead;
    ``unsaid`` are functions among the items that the serial answer does not name."""

    id: str
    items: int
    waves: int
    serial_s: float
    plan_s: float
    serial_tokens: int
    plan_tokens: int
    serial_cut: bool
    unsaid: int
    answered: int
    cached_share: float | None
    shared_tokens: int
    cached_tokens: int
    whole_blocks: int
    pays: bool
    predicted_gain: float
    plan_error: float
    serial_error: float


class Bench:
    """Asks both ways and compares."""

    def __init__(self, generator: Generator, cost: CostModel, max_tokens: int, seed: int) -> None:
        self._generator = generator
        self._cost = cost
        self._max_tokens = max_tokens
        self._chance = random.Random(seed)

    async def row(self, name: str, prompt: str, files: dict[str, str]) -> Row | None:
        """Both ways of one request; None where it stays whole."""
        if not extract(prompt, files).split:
            return None
        if self._chance.random() < 0.5:
            whole, serial = await self._serial(prompt, files)
            parts = await self._parts(prompt, files)
        else:
            parts = await self._parts(prompt, files)
            whole, serial = await self._serial(prompt, files)
        plan, carried, seconds, before = parts
        lengths = answer_lengths(extract(prompt, files), plan)
        expected = predict(plan, lengths, self._cost)
        whole_work = Work(whole.prompt_tokens - (whole.cached_tokens or 0), whole.completion_tokens)
        answers = [*carried.answers, *([carried.closing] if carried.closing else [])]
        return Row(
            id=name,
            items=len(plan.steps),
            waves=len(plan.waves),
            serial_s=serial,
            plan_s=seconds,
            serial_tokens=whole.completion_tokens,
            plan_tokens=sum(answer.answer_tokens for answer in answers),
            serial_cut=whole.finish_reason == "length",
            unsaid=sum(name not in whole.text for name in functions_of(plan)),
            answered=sum(answer.ok for answer in carried.answers),
            **(await self._cached(plan, carried, before)),
            pays=pays(expected),
            predicted_gain=expected.serial_s / expected.parallel_s,
            plan_error=self._plan_seconds(plan, carried) / seconds - 1,
            serial_error=serial_s(self._cost, whole_work) / serial - 1,
        )

    async def _serial(self, prompt: str, files: dict[str, str]) -> tuple[Generation, float]:
        count = len(extract(prompt, files).items)
        attached = "".join(f"\n\n{name}:\n```\n{text}\n```" for name, text in files.items())
        messages = (self._salt(), Message(role="user", content=prompt + attached))
        begun = time.perf_counter()
        sampling = Sampling(max_tokens=self._max_tokens * count)
        return await self._generator.complete(Prompt(messages=messages), sampling), time.perf_counter() - begun

    async def _parts(self, prompt: str, files: dict[str, str]) -> tuple[Plan, CarriedOut, float, Message]:
        salt = self._salt()
        begun = time.perf_counter()
        found = extract(prompt, files)
        plan = plan_of(found, prompt, files)
        base = ScheduleOptions(
            concurrency=_CONCURRENCY,
            sampling=Sampling(max_tokens=self._max_tokens),
            before=(salt,),
            accept_cut=True,
            item_budget_s=None,
            rungs=("first",),
        )
        options = tuned(base, plan, answer_lengths(found, plan), self._cost)
        carried = await carry_out(plan, self._generator, options)
        Merger(found, prompt, files).merge({answer.id: answer.text for answer in carried.answers if answer.ok})
        return plan, carried, time.perf_counter() - begun, salt

    def _salt(self) -> Message:
        return Message(role="system", content=f"{self._chance.randrange(10**9)}. You are a helpful assistant.")

    async def _cached(self, plan: Plan, carried: CarriedOut, before: Message) -> dict[str, Any]:
        """The shared beginning of all but the first request: its tokens, those from the cache, those in whole blocks."""
        shared = await self._generator.count_tokens(before.content + shared_beginning(plan))
        cached = sorted(answer.cached_tokens for answer in carried.answers if answer.cached_tokens is not None)
        if shared < _LEAST_SHARED_TOKENS or len(cached) < 2:
            return {"cached_share": None, "shared_tokens": 0, "cached_tokens": 0, "whole_blocks": 0}
        others = len(cached) - 1
        found = sum(min(one, shared) for one in cached[1:])
        blocks = (shared + _TEMPLATE_TOKENS) // _BLOCK_TOKENS * _BLOCK_TOKENS
        return {
            "cached_share": found / (shared * others),
            "shared_tokens": shared * others,
            "cached_tokens": found,
            "whole_blocks": min(shared, blocks) * others,
        }

    def _plan_seconds(self, plan: Plan, carried: CarriedOut) -> float:
        """The cost model's seconds for the tokens that came."""
        work = {
            answer.id: Work(answer.prompt_tokens - (answer.cached_tokens or 0), answer.answer_tokens)
            for answer in carried.answers
        }
        waves = [[work[item] for item in wave] for wave in plan.waves]
        if carried.closing is not None:
            waves.append([Work(carried.closing.prompt_tokens, carried.closing.answer_tokens)])
        lengths = {answer.id: answer.answer_tokens for answer in carried.answers}
        workers = tuned(ScheduleOptions(concurrency=_CONCURRENCY), plan, lengths, self._cost).concurrency
        return plan_s(self._cost, waves, 0, workers)


@contextlib.asynccontextmanager
async def other_clients(generator: Generator, count: int) -> AsyncIterator[None]:
    """``count`` clients that ask for one answer after the other."""

    async def client(number: int) -> None:
        while True:
            asked = f"Client {number}, request {random.randrange(10**6)}: tell a story about a parallel machine."
            await generator.complete(Prompt(messages=(Message(role="user", content=asked),)), Sampling(max_tokens=_CLIENT_TOKENS))

    tasks = [asyncio.ensure_future(client(number)) for number in range(count)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def functions_of(plan: Plan) -> list[str]:
    """The names of items that are functions."""
    found = (_FUNCTION.search(step.own) for step in plan.steps)
    return [match[1] for match in found if match is not None]


def cuts(values: Sequence[float]) -> str:
    """Geometric mean and percentiles."""
    parts = statistics.quantiles(values, n=20, method="inclusive") if len(values) > 1 else [values[0]] * 19
    return f"{statistics.geometric_mean(values):.2f}  p5 {parts[0]:.2f}  p50 {parts[9]:.2f}  p95 {parts[18]:.2f}"


def report(rows: Sequence[Row]) -> Iterator[str]:
    """The lines of the table."""
    yield f"{len(rows)} requests, {sum(row.items for row in rows)} items, {sum(row.answered for row in rows)} answered"
    yield f"raw speedup, always as a plan   {cuts([row.serial_s / row.plan_s for row in rows])}"
    chosen = [row.plan_s if row.pays else row.serial_s for row in rows]
    yield f"raw speedup, as the model chose {cuts([row.serial_s / one for row, one in zip(rows, chosen, strict=True)])}"
    mean = statistics.geometric_mean(row.serial_s / one for row, one in zip(rows, chosen, strict=True))
    oracle = statistics.geometric_mean(row.serial_s / min(row.serial_s, row.plan_s) for row in rows)
    yield f"of the oracle's speedup ({oracle:.2f}) {mean / oracle:.2f}; {sum(row.pays for row in rows)} asked as a plan"
    worst = max(one / row.serial_s for row, one in zip(rows, chosen, strict=True))
    slower = sum(one > 1.05 * row.serial_s for row, one in zip(rows, chosen, strict=True))
    yield f"slower than serial by more than 5 %: {slower}; the worst took {worst:.2f} of the serial time"
    yield short_line(rows)
    total = sum(row.plan_tokens for row in rows) / sum(row.serial_tokens for row in rows)
    yield f"token inflation {total:.2f} in all, by request {cuts([row.plan_tokens / row.serial_tokens for row in rows])}"
    even = [row.serial_s / row.plan_s * row.plan_tokens / row.serial_tokens for row in rows]
    yield f"speedup a token (serial s/token over plan s/token) {cuts(even)}"
    yield cache_line(rows)
    for name, errors in (("plan", [row.plan_error for row in rows]), ("serial", [row.serial_error for row in rows])):
        yield f"predicted {name} time given the tokens: median |error| {statistics.median(map(abs, errors)):.2f}"
    yield f"serial answers cut off: {sum(row.serial_cut for row in rows)}"


def short_line(rows: Sequence[Row]) -> str:
    """What is left of slowness and inflation where both ways answer all."""
    all_said = [row for row in rows if row.unsaid == 0 and not row.serial_cut]
    slower = sum((row.plan_s if row.pays else row.serial_s) > 1.05 * row.serial_s for row in all_said)
    tokens = sum(row.serial_tokens for row in all_said)
    inflation = f"{sum(row.plan_tokens for row in all_said) / tokens:.2f}" if tokens else "none"
    return (
        f"serial answers that say no word of a function that was asked for: {sum(row.unsaid > 0 for row in rows)}; "
        f"of the {len(all_said)} that name all and were not cut off: slower {slower}, token inflation {inflation}"
    )


def cache_line(rows: Sequence[Row]) -> str:
    """The shared beginnings: of their tokens, and of those that stand in whole blocks, which is all that a cache can keep."""
    shares = [row.cached_share for row in rows if row.cached_share is not None]
    shared, cached = sum(row.shared_tokens for row in rows), sum(row.cached_tokens for row in rows)
    if not shares:
        return "no request has a shared beginning that is long enough"
    possible = sum(row.whole_blocks for row in rows)
    return (
        f"shared beginning from the cache: {cached / shared:.3f} of {shared} tokens "
        f"({possible / shared:.3f} stand in whole blocks), mean {statistics.mean(shares):.3f} over {len(shares)} requests"
    )


async def fitted_cost(generator: Generator, budget_s: float) -> CostModel:
    """The cost model under the load there is; the assumed one where no time is given to fit it."""
    if not budget_s:
        return ASSUMED_COST
    with tempfile.TemporaryDirectory() as folder:
        found = await calibrate(generator, Settings(data_dir=Path(folder)), SilentProgress(), budget_s=budget_s)
    print(f"the cost model is off by {found.error:+.2f} on a mix it was not fitted to; notes: {found.notes}")
    return found.cost


async def measure(options: argparse.Namespace) -> None:
    """Everything once."""
    generator = await open_generator(Settings())
    rows: list[Row] = []
    try:
        async with other_clients(generator, options.load):
            cost = await fitted_cost(generator, options.calibration)
            print(f"load of the machine {os.getloadavg()[0]:.1f}, other clients {options.load}; {cost}", flush=True)
            bench = Bench(generator, cost, options.max_tokens, options.seed)
            for case in shared_requests() if options.part == "shared" else load_part(options.part):
                if len(rows) == options.limit:
                    break
                row = await bench.row(case.prompt.id, case.prompt.text, dict(case.prompt.files))
                if row is not None:
                    rows.append(row)
                    print(f"{row.id}: {row.items} items, {row.serial_s:.1f} s / {row.plan_s:.1f} s", flush=True)
    finally:
        await generator.close()
        if options.out is not None:
            options.out.write_text("".join(row.model_dump_json() + "\n" for row in rows))
    print(*report(rows), sep="\n")


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=(*get_args(Part), "shared"), default="development")
    parser.add_argument("--limit", type=int, default=20)
    parser.add_argument("--load", type=int, default=0, help="other clients that keep generating")
    parser.add_argument("--max-tokens", type=int, default=160)
    parser.add_argument("--calibration", type=float, default=60.0, help="seconds for fitting the cost model; 0: assumed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
