"""One training run from options to a folder: base, samples, trainer, weights, card. The same call goes on with a stopped one.

Limits: a folder holds one run; a finished one is not trained further.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from codepar.engine.models import sha256_of
from codepar.errors import Conflict, InvalidInput
from finetune.train.answer_loss import require_selectable
from finetune.train.base import Base, load_base, trainable
from finetune.train.card import Card, device_name, read_licences
from finetune.train.checkpoint import forget
from finetune.train.encode import Encoder, Prepared, prepare
from finetune.train.log import Tell
from finetune.train.options import TrainOptions, TrainResult
from finetune.train.save import ADAPTER_FILE, save_adapter, save_whole
from finetune.train.tasks import Part, Task, find_task
from finetune.train.trainer import Trainer

CARD_FILE = "README.md"
_NO_PART_OF_THE_RUN = {"corpus", "base", "adapter", "output", "base_name", "evaluations", "evaluation_tokens", "checkpoint_s"}


def train(
    options: TrainOptions,
    models_dir: Path,
    tell: Tell,
    stops: Callable[[], bool] = lambda: False,
    watch: Callable[[Trainer], None] = lambda _: None,
) -> TrainResult:
    """Train, or go on with what ``options.output`` holds. ``stops`` ends the run early, with a checkpoint; ``watch`` sees the
    trainer before its first step.

    Raises ``Conflict`` (the folder holds a finished or another run), ``NotFound`` (task, corpus), ``InvalidInput`` (no samples),
    ``EngineUnavailable`` (base), ``Unsupported`` (a base without selectable logits).
    """
    # Importing it asks for the devices there are: not before a run is wanted.
    from accelerate import Accelerator

    task = find_task(options.task)
    if (options.output / CARD_FILE).exists():
        raise Conflict(f"{options.output} holds a finished run", remedy="name another folder")
    if options.adapter is not None and not (options.adapter / ADAPTER_FILE).is_file():
        raise InvalidInput(f"the adapter {options.adapter} cannot be gone on with: it has no {ADAPTER_FILE}", param="adapter")
    accelerator = Accelerator(cpu=options.device == "cpu")
    heard = tell if accelerator.is_main_process else lambda _: None
    options.output.mkdir(parents=True, exist_ok=True)
    base = load_base(options, models_dir)
    require_selectable(base.model)
    parts = _read(options, task, base, heard)
    name = _name_of(options, base, parts["train"], accelerator.num_processes)
    if options.epochs is not None:
        tokens = max(1, round(options.epochs * parts["train"].tokens))
        options = options.model_copy(update={"tokens": tokens, "epochs": None})
    trainer = Trainer(
        options,
        run=name,
        accelerator=accelerator,
        model=trainable(base, options),
        samples=parts["train"].samples,
        held_out=parts["development"].first(options.evaluation_tokens),
        tell=heard,
        stops=stops,
    )
    watch(trainer)
    finished = trainer.run()
    result = _result(options, trainer, finished)
    if finished and accelerator.is_main_process:
        _leave(options, task, base, parts, trainer=trainer, result=result, accelerator=accelerator)
    accelerator.wait_for_everyone()
    return result


def _read(options: TrainOptions, task: Task, base: Base, tell: Tell) -> dict[Part, Prepared]:
    """The samples of both parts. Raises ``InvalidInput`` when there is nothing to learn from."""
    encoder = Encoder(base.tokenizer)
    parts: dict[Part, Prepared] = {}
    wanted: Iterable[Part] = ("train", "development") if options.evaluation_tokens else ("train",)
    for part in wanted:
        samples = task.samples(options.corpus, part)
        parts[part] = prepare(samples, encoder, longest=options.sample_tokens, seed=options.seed)
        tell(f"{part}: {len(parts[part].samples):,} samples, {parts[part].tokens:,} tokens")
    parts.setdefault("development", Prepared())
    if not parts["train"].samples:
        raise InvalidInput(f"{options.corpus} gives no samples for {task.name}", remedy="check the corpus and --sample-tokens")
    return parts


def _name_of(options: TrainOptions, base: Base, samples: Prepared, processes: int) -> str:
    """What tells this run from others: a hash of everything that its weights depend on."""
    unset = {"epochs"} if options.epochs is None else set()
    kept = options.model_dump_json(exclude=_NO_PART_OF_THE_RUN | unset)
    begun = "" if options.adapter is None else f" {sha256_of(options.adapter / ADAPTER_FILE)}"
    return hashlib.sha256(f"{kept} {base.digest} {samples.digest} {processes}{begun}".encode()).hexdigest()


def _result(options: TrainOptions, trainer: Trainer, finished: bool) -> TrainResult:
    position = trainer.position
    figures = trainer.log.evaluations() if trainer.log is not None else []
    return TrainResult(
        output=options.output,
        finished=finished,
        steps=position.step,
        tokens=position.tokens,
        train_s=round(position.train_s, 2),
        tokens_per_s=round(position.tokens / max(position.train_s, 1e-9), 1),
        baseline=figures[0] if figures else None,
        final=figures[-1] if figures and finished else None,
    )


def _leave(
    options: TrainOptions,
    task: Task,
    base: Base,
    parts: dict[Part, Prepared],
    *,
    trainer: Trainer,
    result: TrainResult,
    accelerator: Any,
) -> None:
    """Write weights, then the card, which says that the run is over, then drop the checkpoint."""
    if options.full:
        saved = save_whole(trainer.model, base.tokenizer, options.output)
    else:
        saved = save_adapter(trainer.model, options.output, base.name)
    card = Card(
        options=options,
        result=result,
        summary=task.summary,
        base_name=base.name,
        base_sha256=base.sha256,
        train=parts["train"],
        held_out=parts["development"],
        licences=read_licences(options.corpus),
        trained=trainer.trained,
        saved=saved,
        device=device_name(accelerator.device),
        processes=accelerator.num_processes,
    )
    (options.output / CARD_FILE).write_text(card.text(options.output.resolve().name))
    forget(options.output)
