"""What a co-evolution is asked for. Limits: plain data; how the models are trained beyond it is ``finetune.train``'s default."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from codepar.protocols import Record

Role = Literal["translator", "tester"]
ROLES: tuple[Role, Role] = ("translator", "tester")


class LearnOptions(Record):
    """How each role is trained after a round: LoRA that goes on from the round before, over ``epochs`` of the round's rows."""

    base: str
    base_name: str | None = None
    epochs: float = Field(default=2.0, gt=0)
    rank: int = Field(default=16, ge=1, le=1024)
    learning_rate: float | None = Field(default=None, gt=0)
    pack_tokens: int = Field(default=2048, ge=16)
    packs_per_step: int = Field(default=1, ge=1)
    sample_tokens: int = Field(default=2048, ge=8)
    evaluation_tokens: int = Field(default=30_000, ge=0)
    precision: Literal["bfloat16", "float32"] = "bfloat16"
    device: Literal["auto", "cpu"] = "auto"


class MuslOptions(Record):
    """One run. In each of ``rounds`` it works on ``functions`` of the corpus (None: all), another part each round, and on the
    first ``development`` functions of held-back repositories, which are never learned from.

    A function gets ``candidates`` translations side by side, each repaired up to ``repair`` times, and those of the rules;
    of those that pass the tests that rank, up to ``keep`` of the model's are judged and kept. The Tester proposes ``tests``
    sets a function; ``mutants`` faults tell what they are worth, and a set is kept that notices the empty kernel and at least
    ``least_score`` of the faults. What earlier rounds learned from is learned again with probability ``seen_again``.
    ``function_s`` and ``budget_s`` bound the work on one function and its answers, in seconds.
    """

    rounds: int = Field(default=3, ge=1, le=100)
    functions: int | None = Field(default=None, ge=1)
    development: int = Field(default=40, ge=0)
    candidates: int = Field(default=8, ge=0, le=64)
    repair: int = Field(default=1, ge=0, le=10)
    rules: bool = True
    keep: int = Field(default=2, ge=1, le=16)
    tests: int = Field(default=2, ge=0, le=8)
    mutants: int = Field(default=12, ge=1, le=64)
    least_score: float = Field(default=0.5, ge=0, le=1)
    seen_again: float = Field(default=0.3, ge=0, le=1)
    function_s: float = Field(default=600.0, gt=0)
    budget_s: float = Field(default=300.0, gt=0)
    seed: int = Field(default=0, ge=0, lt=2**31)
    learn: LearnOptions
