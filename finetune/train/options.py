"""What a training run is asked for, and what it gives back. Limits: plain data; defaults are those of a LoRA run on a CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from codepar.protocols import Record

FULL_LEARNING_RATE = 1e-5
LORA_LEARNING_RATE = 3e-4


class TrainOptions(Record):
    """One run. It ends after ``tokens`` (of prompts and answers), ``epochs`` or ``minutes``, whichever is given.

    A run by ``tokens`` or ``epochs`` is reproducible, and stopped and continued it gives the same weights as in one go; one by
    ``minutes`` depends on the machine. ``rank`` and ``alpha`` are those of LoRA; ``full`` trains all weights instead. A step
    takes ``packs_per_step`` packs of up to ``pack_tokens`` tokens in each process. ``base_name`` is what its files call the base.
    """

    task: str
    corpus: Path
    base: str
    output: Path
    base_name: str | None = None
    adapter: Path | None = Field(default=None, description="LoRA weights to go on from, of the same base; they say the rank")
    tokens: int | None = Field(default=None, ge=1)
    epochs: float | None = Field(default=None, gt=0, description="so often through all samples, instead of tokens")
    minutes: float | None = Field(default=None, gt=0)
    full: bool = False
    rank: int = Field(default=16, ge=1, le=1024)
    alpha: int | None = Field(default=None, ge=1, description="twice the rank by default")
    dropout: float = Field(default=0.0, ge=0, lt=1)
    learning_rate: float | None = Field(default=None, gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    pack_tokens: int = Field(default=1280, ge=16)
    packs_per_step: int = Field(default=1, ge=1)
    sample_tokens: int = Field(default=1200, ge=8, description="longer samples are left out")
    evaluations: int = Field(default=5, ge=0, description="during the run, besides those before and after it")
    evaluation_tokens: int = Field(default=30_000, ge=0)
    checkpoint_s: float = Field(default=300.0, ge=0)
    precision: Literal["bfloat16", "float32"] = "bfloat16"
    device: Literal["auto", "cpu"] = "auto"
    seed: int = 0

    @model_validator(mode="after")
    def _check_end(self) -> TrainOptions:
        if [self.tokens, self.epochs, self.minutes].count(None) != 2:
            raise ValueError("give one of tokens, epochs and minutes")
        if self.full and self.adapter is not None:
            raise ValueError("an adapter is gone on with as an adapter: leave out full or adapter")
        if self.sample_tokens > self.pack_tokens:
            raise ValueError("a pack must have room for the longest sample: raise pack_tokens or lower sample_tokens")
        return self

    @property
    def rate(self) -> float:
        """The highest learning rate of the schedule."""
        return self.learning_rate or (FULL_LEARNING_RATE if self.full else LORA_LEARNING_RATE)

    @property
    def scale(self) -> int:
        """LoRA's alpha."""
        return self.alpha or 2 * self.rank


class Figures(Record):
    """What a model does on the held-out part, the right answer so far given: a line is right when each of its tokens is."""

    loss: float = Field(description="natural logarithm, a token of the answers")
    tokens: int
    tokens_right: float
    lines: int
    lines_right: float


class TrainResult(Record):
    """One finished (or stopped) run. ``baseline`` and ``final`` are None where nothing was held out or the run goes on later."""

    output: Path
    finished: bool
    steps: int
    tokens: int
    train_s: float
    tokens_per_s: float
    baseline: Figures | None = None
    final: Figures | None = None
