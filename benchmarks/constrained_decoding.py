"""What a grammar of its own costs a request: tokens a second held to the grammar of one MPI call, and the same prompts without.

``python benchmarks/constrained_decoding.py [FILE...] [--rounds N]``: the calls of MPI programs (default: the examples) are taken
out, and the language model is asked for the arguments of each as ``codepar mpi complete`` asks it, fill-in-the-middle, held to a
regular expression that is made from the signature and from the names in scope there: a new one a request. The free answer gets as
many tokens as the constrained one took. The time is that of whole requests, the grammar's compilation and the prompt's
computation in it; each run begins its prompts with a number of its own, so that neither finds the other's in the cache.
Limits: greedy; an answer that the model ends by itself before its tokens are spent makes the free rate look worse, so such
questions are left out where one request runs alone, and counted; the ratio is of medians over the rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from codepar.engine.openvino import open_openvino
from codepar.mpi.arguments import ArgumentFiller
from codepar.mpi.facts import Facts
from codepar.mpi.headers import load_signatures
from codepar.mpi.remove import strip
from codepar.mpi.rules_check import Rules
from codepar.mpi.sites import Located
from codepar.protocols import Generator, Grammar, Prompt, Sampling
from codepar.settings import Settings
from codepar.syntax.tree import parse

EXAMPLES = Path(__file__).parents[1] / "examples"
LEVELS = (1, 4, 8)
MAX_TOKENS = 64


@dataclass(frozen=True)
class Question:
    """One call to fill in: the program around it, and what its arguments may be."""

    prompt: Prompt
    grammar: Grammar

    def numbered(self, number: int) -> Prompt:
        return self.prompt.model_copy(update={"text": f"// {number}\n{self.prompt.text}"})


def questions(path: Path) -> Iterator[Question]:
    """The calls of a program that have arguments, as the filler asks for them when nothing else is known."""
    stripped = strip(path.read_text(), str(path))
    rules = Rules(Facts(parse(stripped.source)), load_signatures())
    filler = ArgumentFiller(stripped.source, rules, (), ranked=False)
    starts = [0]
    for line in stripped.source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for call in stripped.calls:
        start = call.span[0] if call.inline else starts[call.after_line]
        located = Located(call.after_line, call.function, 1.0, call.inline, start)
        grammar = filler._grammar(located, ()) if call.function in rules.signatures else None
        if grammar is not None:
            yield Question(filler._prompt(located, ()), grammar)


async def timed(generator: Generator, prompts: Sequence[Prompt], samplings: Sequence[Sampling]) -> tuple[float, list[int]]:
    """Seconds of the requests side by side, and the tokens of each answer."""
    started = time.perf_counter()
    answers = await asyncio.gather(*(generator.complete(*pair) for pair in zip(prompts, samplings, strict=True)))
    return time.perf_counter() - started, [answer.completion_tokens for answer in answers]


@dataclass
class Rates:
    """Tokens a second of each round, and how many free answers ended early."""

    constrained: list[float]
    free: list[float]
    early: int = 0


async def measure(generator: Generator, asked: Sequence[Question], level: int, rounds: int) -> Rates:
    """Groups of ``level`` requests, first constrained, then free, all rounds long."""
    rates, number = Rates([], []), level * 1_000_000
    for _ in range(rounds):
        sums = {"constrained": [0.0, 0], "free": [0.0, 0]}
        for at in range(0, len(asked) - level + 1, level):
            group, number = asked[at : at + level], number + 2
            held = [Sampling(max_tokens=MAX_TOKENS, grammar=one.grammar) for one in group]
            seconds, tokens = await timed(generator, [one.numbered(number) for one in group], held)
            loose = [Sampling(max_tokens=count) for count in tokens]
            free_seconds, free_tokens = await timed(generator, [one.numbered(number + 1) for one in group], loose)
            if level == 1 and free_tokens != tokens:
                rates.early += 1
                continue
            for name, took, count in (("constrained", seconds, tokens), ("free", free_seconds, free_tokens)):
                sums[name][0] += took
                sums[name][1] += sum(count)
        rates.constrained.append(sums["constrained"][1] / sums["constrained"][0])
        rates.free.append(sums["free"][1] / sums["free"][0])
    return rates


async def _main(paths: Sequence[Path], rounds: int) -> None:
    asked = [question for path in paths for question in questions(path)]
    print(f"{len(asked)} calls of {len(paths)} programs, {len({one.grammar.text for one in asked})} different grammars")
    generator = await open_openvino(Settings())
    try:
        await measure(generator, asked[:2], 1, 1)
        for level in LEVELS:
            rates = await measure(generator, asked, level, rounds)
            held, free = statistics.median(rates.constrained), statistics.median(rates.free)
            early = f", {rates.early} of {rounds * len(asked)} left out" if level == 1 else ""
            print(
                f"{level} at a time: {held:.1f} tokens/s constrained, {free:.1f} free, ratio {held / free:.2f}{early}", flush=True
            )
    finally:
        await generator.close()


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    asyncio.run(_main(options.files or sorted(EXAMPLES.glob("*/*_mpi.c")), options.rounds))


if __name__ == "__main__":
    main()
