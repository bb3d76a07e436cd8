"""After a round: what each role learns is written down and trained by ``finetune.train``, going on from its last adapter.

Limits: a role without rows keeps the adapter it had. An adapter with its card is finished and is not trained again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from finetune.musl.files import write_rows, write_text
from finetune.musl.options import LearnOptions, Role
from finetune.musl.rows import LearnedRow
from finetune.musl.statistics import Learned
from finetune.train.log import LOG_FILE
from finetune.train.musl import ROWS_FILE
from finetune.train.options import TrainOptions, TrainResult
from finetune.train.run import CARD_FILE

Train = Callable[[TrainOptions], TrainResult]
_EVALUATION = "evaluation"


@dataclass(frozen=True)
class Lesson:
    """What a role is taught in a round. ``new`` of the training rows were not seen before; ``adapter`` is where it stands."""

    role: Role
    rows: Sequence[LearnedRow]
    new: int
    folder: Path
    adapter: Path | None

    @property
    def output(self) -> Path:
        """The adapter that the round makes; `codepar models build` takes its name from this folder's."""
        return self.folder / f"musl-{self.role}"


def adapter_in(folder: Path, role: Role) -> Path | None:
    """The finished adapter of a round, if it made one."""
    adapter = folder / f"musl-{role}"
    return adapter if (adapter / CARD_FILE).is_file() else None


def teach(lesson: Lesson, options: LearnOptions, seed: int, train: Train) -> Learned | None:
    """Train the role on its rows, or go on with it. None: it was stopped on the way."""
    rows = [row for row in lesson.rows if row.split == "train"]
    origins = dict(Counter(row.origin for row in rows).most_common())
    learned = Learned(new=lesson.new, again=len(rows) - lesson.new, by_origin=origins)
    if not rows:
        return learned
    if not (lesson.output / CARD_FILE).is_file():
        corpus = lesson.folder / f"learn-{lesson.role}"
        write_rows(corpus / ROWS_FILE, lesson.rows)
        write_text(corpus / "manifest.jsonl", "".join(_manifest_line(row) for row in lesson.rows))
        judges = any(row.split != "train" for row in lesson.rows)
        result = train(_options(lesson, options, corpus, seed, evaluation=options.evaluation_tokens if judges else 0))
        if not result.finished:
            return None
    return learned.model_copy(update=_figures(lesson.output))


def _manifest_line(row: LearnedRow) -> str:
    function = row.function
    kept = {"split": row.split, "repository": function.repository, "commit": function.commit, "path": function.path}
    return json.dumps({**kept, "line": function.line, "licence": function.licence, "id": row.id, "origin": row.origin}) + "\n"


def _options(lesson: Lesson, options: LearnOptions, corpus: Path, seed: int, *, evaluation: int) -> TrainOptions:
    return TrainOptions(
        task=f"musl-{lesson.role}",
        corpus=corpus,
        base=options.base,
        base_name=options.base_name,
        adapter=lesson.adapter,
        output=lesson.output,
        epochs=options.epochs,
        rank=options.rank,
        learning_rate=options.learning_rate,
        pack_tokens=options.pack_tokens,
        packs_per_step=options.packs_per_step,
        sample_tokens=options.sample_tokens,
        evaluations=1,
        evaluation_tokens=evaluation,
        precision=options.precision,
        device=options.device,
        seed=seed,
    )


def _figures(output: Path) -> dict[str, float | int | None]:
    """What the log of a finished run says: that is there, too, when the run ended in another process."""
    lines = [json.loads(line) for line in (output / LOG_FILE).read_text().splitlines()]
    losses = [line["loss"] for line in lines if line["kind"] == _EVALUATION]
    last = lines[-1]
    return {
        "steps": last["step"],
        "tokens": last["tokens"],
        "train_s": last["train_s"],
        "loss_before": losses[0] if losses else None,
        "loss_after": losses[-1] if losses else None,
    }
