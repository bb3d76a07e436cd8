"""`codepar finetune musl`: a Translator and a Tester that verify and train each other.

Limits: wires parts together; how it works is `finetune.musl`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from codepar.cli.common import JsonOption, print_json, say
from codepar.cli.finetune_train import train_over
from codepar.errors import InvalidInput, ToolMissing
from codepar.settings import Settings

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from codepar.protocols import Generator
    from finetune.musl.functions import CFunction
    from finetune.musl.options import MuslOptions, Role
    from finetune.musl.run import MuslResult
    from finetune.musl.stages import Hands
    from finetune.train.options import TrainOptions, TrainResult

_LIST = "c_repositories.tsv"


def register(group: typer.Typer) -> None:
    """Add `musl` to `codepar finetune`."""
    group.command("musl")(musl_command)


def musl_command(
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the run; a stopped run in it goes on.")],
    mirrors: Annotated[Path | None, typer.Option(file_okay=False, help="Folder of git repositories; OUTPUT/mirrors.")] = None,
    list_files: Annotated[
        list[Path], typer.Option("--list", exists=True, dir_okay=False, help="Repositories and commits (TSV); codepar's own.")
    ] = [],  # noqa: B006  # typer copies it
    clone_url: Annotated[str | None, typer.Option(help="Where to clone what is missing, with {repository} in it.")] = None,
    held_out: Annotated[
        list[Path],
        typer.Option(exists=True, dir_okay=False, help="Functions never to learn from: pairs (JSONL) or signatures (JSON)."),
    ] = [],  # noqa: B006  # typer copies it
    exclude: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Names of repositories never to learn from.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of translate, test, filter, train.")] = 3,
    functions: Annotated[int | None, typer.Option(min=1, help="Functions a round; all without it.")] = None,
    development: Annotated[int, typer.Option(min=0, help="Functions that are measured and never learned from.")] = 40,
    candidates: Annotated[int, typer.Option("--candidates", "-n", min=0, help="Translations of the model a function.")] = 8,
    repair: Annotated[int, typer.Option(min=0, help="How often a failed translation is given back.")] = 1,
    keep: Annotated[int, typer.Option(min=1, help="Verified translations of the model kept a function.")] = 2,
    no_rules: Annotated[bool, typer.Option("--no-rules", help="Leave the rules' translations out.")] = False,
    tests: Annotated[int, typer.Option(min=0, help="Answers of the Tester a function.")] = 2,
    mutants: Annotated[int, typer.Option(min=1, help="Faults planted in a verified translation.")] = 12,
    least_score: Annotated[float, typer.Option(min=0, max=1, help="Share of the faults that kept tests notice.")] = 0.5,
    seen_again: Annotated[float, typer.Option(min=0, max=1, help="Probability that what was learned is learned again.")] = 0.3,
    base: Annotated[
        str | None, typer.Option(help="What is trained: a GGUF file, a folder or hub name; the setting `model`.")
    ] = None,
    base_name: Annotated[str | None, typer.Option(help="What the adapters' files call the base.")] = None,
    epochs: Annotated[float, typer.Option(min=0.01, help="How often a round's rows are gone through.")] = 2.0,
    rank: Annotated[int, typer.Option(min=1, help="Rank of LoRA.")] = 16,
    learning_rate: Annotated[float | None, typer.Option(help="3e-4 if not given.")] = None,
    pack_tokens: Annotated[int, typer.Option(min=16, help="Tokens of a packed row.")] = 2048,
    packs_per_step: Annotated[int, typer.Option(min=1, help="Rows a step, in each process.")] = 1,
    sample_tokens: Annotated[int, typer.Option(min=8, help="Longer samples are left out.")] = 2048,
    evaluation_tokens: Annotated[int, typer.Option(min=0, help="Tokens of the development rows to judge on.")] = 30_000,
    precision: Annotated[Literal["bfloat16", "float32"], typer.Option(help="Type the model computes in.")] = "bfloat16",
    device: Annotated[Literal["auto", "cpu"], typer.Option(help="auto: a GPU where there is one.")] = "auto",
    processes: Annotated[int, typer.Option(min=1, help="Processes that train, one a GPU.")] = 1,
    budget: Annotated[float, typer.Option(min=1, help="Seconds that the model may take for a function.")] = 300.0,
    function_seconds: Annotated[float, typer.Option(min=1, help="Seconds after which a function is given up.")] = 600.0,
    workers: Annotated[int | None, typer.Option(min=1, help="Functions side by side; the setting execute_workers.")] = None,
    trust: Annotated[bool, typer.Option("--trust", help="My account, no walls around what is generated.")] = False,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    json: JsonOption = False,
) -> int:
    """Let a Translator and a Tester train each other on what the strict verdict passes. Repeat the command to go on."""
    try:
        from finetune.musl.options import LearnOptions, MuslOptions
        from finetune.train.interrupt import stop_on_signal
    except ImportError as error:
        raise ToolMissing(f"training needs {error.name}", remedy="make setup-train") from error
    settings = Settings()
    if sample_tokens > pack_tokens:
        raise InvalidInput("a pack must have room for the longest sample", remedy="raise --pack-tokens", param="pack-tokens")
    learn = LearnOptions(
        base=base or settings.model,
        base_name=base_name,
        epochs=epochs,
        rank=rank,
        learning_rate=learning_rate,
        pack_tokens=pack_tokens,
        packs_per_step=packs_per_step,
        sample_tokens=sample_tokens,
        evaluation_tokens=evaluation_tokens,
        precision=precision,
        device=device,
    )
    options = MuslOptions(
        rounds=rounds,
        functions=functions,
        development=development,
        candidates=candidates,
        repair=repair,
        rules=not no_rules,
        keep=keep,
        tests=tests,
        mutants=mutants,
        least_score=least_score,
        seen_again=seen_again,
        function_s=function_seconds,
        budget_s=budget,
        seed=seed,
        learn=learn,
    )
    output = output.absolute()
    listed = list_files or [Path(str(resources.files("finetune") / "data" / _LIST))]
    corpus = _corpus(_Wanted(tuple(listed), mirrors or output / "mirrors", clone_url, tuple(held_out), exclude), output)
    with stop_on_signal() as stops:
        hands = _hands(settings, stops, workers or settings.execute_workers, trust=trust)
        result = asyncio.run(_evolve(options, corpus, output, hands, processes))
    return _show(result, json)


@dataclass(frozen=True)
class _Wanted:
    """What a corpus is made of."""

    listed: tuple[Path, ...]
    mirrors: Path
    clone_url: str | None
    held_out: tuple[Path, ...]
    exclude: Path | None


def _corpus(given: _Wanted, output: Path) -> list[CFunction]:
    """The functions of the run's folder, collected where they are not there yet."""
    try:
        from finetune import pool, sources
        from finetune.corpus import read_excluded
        from finetune.musl import corpus
        from finetune.musl.held_out import read_held_out
    except ImportError as error:
        raise ToolMissing(f"the corpus needs {error.name}", remedy="make setup-train") from error
    # A repository of two lists is taken at the commit of the first.
    listed = {one.repository.lower(): one for path in reversed(given.listed) for one in sources.read_sources(path)}
    wanted, judging = list(listed.values()), read_held_out(given.held_out)
    excluded = read_excluded(given.exclude) if given.exclude is not None else frozenset()
    origin = corpus.made_from(wanted, excluded, judging)
    known = corpus.read_corpus(output, origin)
    if known is not None:
        return known
    given.mirrors.mkdir(parents=True, exist_ok=True)
    say(f"{len(wanted)} repositories; functions like {judging.size} held-out ones are left out")
    done = 0

    def hear(collection: corpus.Collection) -> None:
        nonlocal done
        done += 1
        found = collection.fault or f"{len(collection.functions)} functions"
        say(f"{done}/{len(wanted)} {collection.repository}: {found}")

    with pool.open_pool() as executor:
        assert executor is not None, "one process collects"
        collected = corpus.collect_all(
            wanted, given.mirrors, output / "repositories", executor, clone_url=given.clone_url, heard=hear
        )
    assembled = corpus.assemble(collected, excluded, judging)
    found = corpus.write_corpus(assembled, output, judging, origin)
    say(f"{found['functions']} functions in {output}")
    return assembled.functions


def _hands(settings: Settings, stops: Callable[[], bool], workers: int, *, trust: bool) -> Hands:
    from finetune.musl.serving import serving
    from finetune.musl.stages import Hands
    from worker.executor import open_executor

    def opened(role: Role, adapter: Path | None) -> AbstractAsyncContextManager[Generator]:
        return serving(settings, role, adapter, say)

    return Hands(opened, open_executor(settings, trust), settings, say, stops, workers)


async def _evolve(options: MuslOptions, corpus: list[CFunction], output: Path, hands: Hands, processes: int) -> MuslResult:
    from finetune.musl.run import evolve

    def train(given: TrainOptions) -> TrainResult:
        from finetune.train.run import train as train_here

        models = hands.settings.models_dir
        return train_over(processes, given, models) if processes > 1 else train_here(given, models, say, hands.stops)

    return await evolve(options, corpus, output, hands, train)


def _show(result: MuslResult, as_json: bool) -> int:
    if as_json:
        print_json(result)
    if not result.finished:
        say(f"stopped after {len(result.rounds)} rounds; the same command goes on")
        return 1
    for role, adapter in result.adapters.items():
        say(f"{role}: {adapter}; codepar models build {adapter}")
    say(f"{result.output}: {len(result.rounds) - 1} rounds and the measurement after them, curve.svg")
    return 0
