"""`codepar finetune train`: an adapter, or a model, from a corpus. Limits: how training works is `finetune.train`'s."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from codepar.cli.common import JsonOption, print_json, say
from codepar.errors import EnvironmentFault, ToolMissing
from codepar.lifetime import die_with_parent
from codepar.settings import Settings

if TYPE_CHECKING:
    from finetune.train.options import TrainOptions, TrainResult


def register(group: typer.Typer) -> None:
    """Add `train` to `codepar finetune`; `tune` is another name for it."""
    group.command("train")(train_command)
    group.command("tune", hidden=True)(train_command)


def train_command(
    *,
    corpus: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Folder that `codepar finetune corpus` wrote.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the adapter; a stopped run in it goes on.")],
    task: Annotated[str, typer.Option(help="What to learn: musl-translator, musl-tester.")],
    base: Annotated[
        str | None,
        typer.Option(help="A GGUF file, a folder of transformers, an installed model or a hub name; the setting `model`."),
    ] = None,
    base_name: Annotated[str | None, typer.Option(help="What the adapter's files call the base.")] = None,
    tokens: Annotated[int | None, typer.Option(min=1, help="End after so many tokens of samples.")] = None,
    epochs: Annotated[float | None, typer.Option(min=0.01, help="Go so often through all samples instead.")] = None,
    minutes: Annotated[float | None, typer.Option(min=0.01, help="End after so many minutes of steps instead.")] = None,
    adapter: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Adapter of the same base to go on from; it says the rank.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Train all weights instead of an adapter.")] = False,
    rank: Annotated[int, typer.Option(min=1, help="Rank of LoRA.")] = 16,
    alpha: Annotated[int | None, typer.Option(min=1, help="Alpha of LoRA; twice the rank if not given.")] = None,
    dropout: Annotated[float, typer.Option(min=0, max=0.99, help="Dropout of LoRA.")] = 0.0,
    learning_rate: Annotated[float | None, typer.Option(help="3e-4 for LoRA, 1e-5 for all weights.")] = None,
    weight_decay: Annotated[float, typer.Option(min=0)] = 0.0,
    pack_tokens: Annotated[int, typer.Option(min=16, help="Tokens of a packed row.")] = 1280,
    packs_per_step: Annotated[int, typer.Option(min=1, help="Rows a step, in each process.")] = 1,
    sample_tokens: Annotated[int, typer.Option(min=8, help="Longer samples are left out.")] = 1200,
    evaluations: Annotated[int, typer.Option(min=0, help="Evaluations on the way.")] = 5,
    evaluation_tokens: Annotated[int, typer.Option(min=0, help="Tokens of the held-out part to judge on; 0: none.")] = 30_000,
    checkpoint_minutes: Annotated[float, typer.Option(min=0, help="Minutes between checkpoints.")] = 5.0,
    precision: Annotated[Literal["bfloat16", "float32"], typer.Option(help="Type the model computes in.")] = "bfloat16",
    device: Annotated[Literal["auto", "cpu"], typer.Option(help="auto: a GPU where there is one.")] = "auto",
    processes: Annotated[int, typer.Option(min=1, help="Processes on this machine, one a GPU.")] = 1,
    seed: Annotated[int, typer.Option()] = 0,
    json: JsonOption = False,
) -> None:
    """Fine-tune a language model on a corpus: LoRA or all weights, resumable, with a card. Repeat the command to go on."""
    try:
        from finetune.train.options import TrainOptions
        from finetune.train.run import train
    except ImportError as error:
        raise ToolMissing(f"training needs {error.name}", remedy="make setup-train") from error
    from finetune.train.interrupt import stop_on_signal

    settings = Settings()
    options = TrainOptions(
        task=task,
        corpus=corpus.absolute(),
        base=base or settings.model,
        output=output.absolute(),
        base_name=base_name,
        adapter=adapter.absolute() if adapter is not None else None,
        tokens=tokens,
        epochs=epochs,
        minutes=minutes,
        full=full,
        rank=rank,
        alpha=alpha,
        dropout=dropout,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        pack_tokens=pack_tokens,
        packs_per_step=packs_per_step,
        sample_tokens=sample_tokens,
        evaluations=evaluations,
        evaluation_tokens=evaluation_tokens,
        checkpoint_s=60 * checkpoint_minutes,
        precision=precision,
        device=device,
        seed=seed,
    )
    if processes > 1:
        result = train_over(processes, options, settings.models_dir)
    else:
        with stop_on_signal() as stops:
            result = train(options, settings.models_dir, say, stops)
    _show(result, json)
    if not result.finished:
        raise typer.Exit(1)


def train_over(processes: int, options: TrainOptions, models_dir: Path) -> TrainResult:
    """Train in several processes of this machine. Raises ``EnvironmentFault`` when they end without a result."""
    from finetune.train.options import TrainResult

    with tempfile.TemporaryDirectory(prefix="codepar-train-") as scratch:
        given, found = Path(scratch) / "options.json", Path(scratch) / "result.json"
        given.write_text(options.model_dump_json())
        launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
        # A folder of the user's own must not shadow a package of ours, in the launcher or in what it starts.
        environment = {**os.environ, "PYTHONSAFEPATH": "1"}
        command = [sys.executable, *launcher, "-m", "finetune.train", str(given), str(models_dir), str(found)]
        with subprocess.Popen(
            command,
            env=environment,
            stdout=sys.stderr,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one system call, and this process has one thread
        ) as child:
            before = signal.signal(signal.SIGTERM, lambda number, _: child.send_signal(number))
            try:
                status = _await(child)
            finally:
                signal.signal(signal.SIGTERM, before)
        if not found.is_file():
            raise EnvironmentFault(
                f"{processes} training processes ended with status {status}",
                remedy="read what they said above; try --processes 1",
            )
        return TrainResult.model_validate_json(found.read_bytes())


def _await(child: subprocess.Popen[bytes]) -> int:
    """The exit status. Ctrl-C reaches the child by itself; it ends after a checkpoint."""
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue


def _show(result: TrainResult, json: bool) -> None:
    if json:
        print_json(result)
        return
    speed = f"{result.steps} steps, {result.tokens:,} tokens, {result.tokens_per_s:.0f} tokens/s"
    if not result.finished:
        say(f"stopped after {speed}; the same command goes on")
        return
    if result.baseline is not None and result.final is not None:
        say(f"held out: loss {result.baseline.loss:.3f} before, {result.final.loss:.3f} after")
    say(f"{result.output}: {speed}")
