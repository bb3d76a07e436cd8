"""SIMULATED: requests of several tasks carried out by the real scheduler on an engine that keeps the published latency law.

Usage: python benchmarks/decomposition_simulated.py [--seed 1] [--repeat 20]. The engine answers after 0.774 s + 30.8 ms a token,
as ParallelPrompt's paper has it, however many requests run; the clock is virtual. Extraction, plan and merge are done for real
and their seconds of the processor counted in. ``bound`` is what no schedule can beat: the time of the longest answer. Three
tables: answers of equal length; of lengths that vary (lognormal, sigma 0.5), of questions and over the requests of codepp's
development half; and one request in twenty hanging for ten times its time, with and without hedging. Limits: nothing here says
how any real engine behaves; serial answers are exactly the items' answers one after the other.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

from virtual_time import run

from codepar.prompts.cost import PUBLISHED_COST, pays, predict, tuned
from codepar.prompts.extract import extract
from codepar.prompts.lengths import answer_lengths
from codepar.prompts.merge import Merger
from codepar.prompts.plan import Plan, plan_of
from codepar.prompts.schedule import ScheduleOptions, carry_out
from codepar.protocols import Capabilities, Chunk, Generation, Prompt, Sampling
from evaluators.benchmarks.codepp import load_part

A_S, B_S = 0.774, 0.0308
CLOSING_TOKENS = 100
_CHUNK_TOKENS = 8
_TERMS = (
    "mutex", "semaphore", "barrier", "deadlock", "halo exchange", "reduction", "scan", "broadcast", "race condition", "warp",
    "cache line", "false sharing", "critical section", "communicator", "derived datatype", "spin lock",
)  # fmt: skip


@dataclass
class LawfulEngine:
    """Answers of ``tokens`` by the item's request; what is none, is the closing wish.

    ``slowness`` of a request's first and second sending multiplies its time."""

    tokens: Mapping[str, int]
    slowness: Callable[[str, int], float]

    def __post_init__(self) -> None:
        self.sent: dict[str, int] = {}

    async def capabilities(self) -> Capabilities:
        return Capabilities(model="law", backend="simulated", context_tokens=10**6, chat=True)

    async def stream(self, prompt: Prompt, sampling: Sampling) -> AsyncIterator[Chunk]:
        asked = prompt.messages[0].content if prompt.messages else ""
        slow = self.slowness(asked, self.sent.get(asked, 0))
        self.sent[asked] = self.sent.get(asked, 0) + 1
        tokens = next((count for begin, count in self.tokens.items() if asked.startswith(begin)), CLOSING_TOKENS)
        await asyncio.sleep(A_S * slow)
        text = ""
        for begin in range(0, tokens, _CHUNK_TOKENS):
            await asyncio.sleep(B_S * slow * min(_CHUNK_TOKENS, tokens - begin))
            text += "token " * min(_CHUNK_TOKENS, tokens - begin)
            yield Chunk(text="token " * min(_CHUNK_TOKENS, tokens - begin))
        done = Generation(text=text, finish_reason="stop", prompt_tokens=1, completion_tokens=tokens)
        yield Chunk(text="", generation=done)


def speedup(
    prompt: str,
    files: Mapping[str, str],
    lengths_of: Callable[[Plan], Mapping[str, int]],
    slow: Callable[[str, int], float],
    *,
    hedge: bool,
) -> tuple[int, float] | None:
    """Items, and how many times as quick as serially with everything counted in; None where the request stays whole.

    What the cost model does not expect to pay is asked serially, after it was planned.
    """
    begun = time.process_time()
    found = extract(prompt, files)
    if not found.split:
        return None
    plan = plan_of(found, prompt, files)
    predicted_lengths = answer_lengths(found, plan)
    options = ScheduleOptions(concurrency=64, sampling=Sampling(max_tokens=32_768), item_budget_s=None, hedge=hedge)
    options = tuned(options, plan, predicted_lengths, PUBLISHED_COST)
    is_worth_it = pays(predict(plan, predicted_lengths, PUBLISHED_COST))
    planned = time.process_time() - begun
    tokens = lengths_of(plan)
    serial = A_S + B_S * (sum(tokens.values()) + (CLOSING_TOKENS if plan.reduce else 0))
    if not is_worth_it:
        return len(plan.steps), serial / (serial + planned)
    engine = LawfulEngine({step.prompt: tokens[step.item] for step in plan.steps}, slow)
    carried, seconds = run(carry_out(plan, engine, options))
    assert carried.ok, carried.fault
    begun = time.process_time()
    Merger(found, prompt, files).merge({answer.id: answer.text for answer in carried.answers})
    seconds += planned + time.process_time() - begun
    return len(plan.steps), serial / seconds


def equal(count: int, tokens: int) -> float:
    """The speedup of ``count`` answers of the same length."""
    return questions(count, lambda plan: {step.item: tokens for step in plan.steps})


def varied(count: int, chance: random.Random) -> tuple[float, float]:
    """The speedup of ``count`` answers whose lengths vary, and its bound."""
    lengths = [_length(chance) for _ in range(count)]
    got = questions(count, lambda plan: dict(zip((step.item for step in plan.steps), lengths, strict=True)))
    return got, (A_S + B_S * sum(lengths)) / (A_S + B_S * max(lengths))


def _length(chance: random.Random) -> int:
    return max(4, round(chance.lognormvariate(4.8, 0.5)))


def questions(count: int, lengths_of: Callable[[Plan], Mapping[str, int]]) -> float:
    """The speedup of as many questions in one request."""
    prompt = "Answer these questions:\n" + "\n".join(f"{n}. What is a {term}?" for n, term in enumerate(_TERMS[:count], 1))
    got = speedup(prompt, {}, lengths_of, _even, hedge=True)
    assert got is not None
    assert got[0] == count, f"{got[0]} items were found, {count} are there"
    return got[1]


def _even(asked: str, nth: int) -> float:
    return 1.0


def line(name: str, values: Sequence[float]) -> str:
    """Geometric mean and percentiles."""
    cuts = statistics.quantiles(values, n=20, method="inclusive") if len(values) > 1 else [values[0]] * 19
    middle = statistics.geometric_mean(values)
    return f"{name:34s} {middle:5.2f}x  p5 {cuts[0]:.2f}  p50 {cuts[9]:.2f}  p95 {cuts[18]:.2f}  (n = {len(values)})"


def real_requests(seed: int, repeat: int, share: float, *, hedge: bool) -> dict[int, list[float]]:
    """Speedups of codepp's development requests by their number of items; ``share`` of the requests hang."""
    chance = random.Random(seed)
    speedups: dict[int, list[float]] = {}
    for _ in range(repeat):
        for case in load_part("development"):

            def lengths(plan: Plan) -> dict[str, int]:
                return {step.item: _length(chance) for step in plan.steps}

            hung: dict[tuple[str, int], float] = {}

            def slow(asked: str, nth: int, hung: dict[tuple[str, int], float] = hung) -> float:
                return hung.setdefault((asked, nth), 10.0 if chance.random() < share else 1.0)

            got = speedup(case.prompt.text, case.prompt.files, lengths, slow, hedge=hedge)
            if got is not None:
                speedups.setdefault(got[0], []).append(got[1])
    return speedups


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    print(f"SIMULATED with {A_S} s + {1e3 * B_S} ms a token; speedup over serial, all counted in\n")
    for count in (2, 4, 8, 16):
        shown = "  ".join(f"{tokens} tokens {equal(count, tokens):.2f}x" for tokens in (32, 64, 128, 256))
        print(f"{count:3d} equal answers: {shown}")
    chance = random.Random(options.seed)
    print("\nlengths that vary, questions")
    for count in (2, 4, 8, 16):
        both = [varied(count, chance) for _ in range(20 * options.repeat)]
        print(
            line(f"{count} items", [got for got, _ in both]), f" bound {statistics.geometric_mean(most for _, most in both):.2f}x"
        )
    print("\nlengths that vary, requests of codepp's development half")
    for count, values in sorted(real_requests(options.seed, options.repeat, 0.0, hedge=True).items()):
        print(line(f"{count} items", values))
    print("\none request in twenty takes ten times as long")
    for hedge in (False, True):
        every = real_requests(options.seed, options.repeat, 0.05, hedge=hedge)
        print(
            line(f"{'hedged' if hedge else 'not hedged'}, all requests", [value for values in every.values() for value in values])
        )


if __name__ == "__main__":
    main()
