"""The model card: what was trained on what, how, and what it can do, beside the base that was not trained.

Limits: it says what this run measured; figures of whole programs come from `codepar eval`. Licences are those that the corpus
manifest noted, which nobody has judged.
"""

from __future__ import annotations

import json
import platform
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from codepar.protocols import Record
from finetune.train.encode import Prepared
from finetune.train.options import Figures, TrainOptions, TrainResult
from finetune.train.save import Saved


class Licences(Record):
    """How many programs and repositories of the training part there are, and programs by licence."""

    programs: int = 0
    repositories: int = 0
    by_licence: dict[str, int] = Field(default_factory=dict)


def read_licences(corpus: Path) -> Licences:
    """From `manifest.jsonl` of the corpus; empty where there is none."""
    manifest = corpus / "manifest.jsonl"
    lines = manifest.read_text().splitlines() if manifest.is_file() else []
    rows = [row for row in map(json.loads, lines) if row["split"] == "train"]
    return Licences(
        programs=len(rows),
        repositories=len({row["repository"] for row in rows}),
        by_licence=dict(Counter(row["licence"] for row in rows).most_common()),
    )


@dataclass(frozen=True)
class Card:
    """Everything a card tells."""

    options: TrainOptions
    result: TrainResult
    summary: str
    base_name: str
    base_sha256: str | None
    train: Prepared
    held_out: Prepared
    licences: Licences
    trained: int
    saved: Saved
    device: str
    processes: int

    def text(self, name: str) -> str:
        """The card as Markdown, with the front matter of the hub."""
        kind = "full fine-tuning" if self.options.full else f"LoRA, rank {self.options.rank}"
        parts = [
            "---",
            f"base_model: {self.base_name}",
            f"library_name: {'transformers' if self.options.full else 'peft'}",
            "pipeline_tag: text-generation",
            "---",
            f"# {name}\n",
            f"Task `{self.options.task}`: {self.summary}. {kind[0].upper()}{kind[1:]}, trained with `codepar finetune train`.\n",
            self._figures(),
            *(["![Loss over tokens seen](loss.svg)\n"] if self.result.final is not None else []),
            self._data(),
            self._numbers(),
            self._use(name),
        ]
        return "\n".join(parts)

    def _figures(self) -> str:
        rows = [("untrained base", self.result.baseline), ("trained", self.result.final)]
        known = [(label, figures) for label, figures in rows if figures is not None]
        if not known:
            return "Nothing was held out: this run has no figures.\n"
        lines = [_figures_row(label, figures) for label, figures in known]
        return _table("held-out part | loss a token | tokens right | lines right | lines", lines) + (
            "\nA token or line counts as right when greedy decoding gives it after the right answer so far; the repositories of"
            " the held-out part are not trained on.\n"
        )

    def _data(self) -> str:
        lines = [f"{licence} | {count}" for licence, count in self.licences.by_licence.items()]
        left_out = ", ".join(f"{count} {reason}" for reason, count in self.train.left_out.items()) or "none"
        return (
            f"## Data\n\n{len(self.train.samples):,} samples, {self.train.tokens:,} tokens (left out: {left_out}), from a corpus"
            f" of {self.licences.programs:,} programs of {self.licences.repositories} repositories; held out:"
            f" {len(self.held_out.samples):,} samples of other repositories. The texts are not part of this folder. Licences as"
            " found in the repositories, not judged:\n\n" + _table("licence | programs", lines)
        )

    def _numbers(self) -> str:
        options, result = self.options, self.result
        rows: list[tuple[str, Any]] = [
            ("base", f"{self.base_name}{f', sha256 `{self.base_sha256}`' if self.base_sha256 else ''}"),
            ("trained numbers", f"{self.trained:,} ({self.saved.weights_bytes / 1e6:.1f} MB)"),
            ("LoRA", None if options.full else f"rank {options.rank}, alpha {options.scale}, dropout {options.dropout:g}"),
            ("adapted layers", ", ".join(self.saved.targets) or None),
            (
                "tokens seen",
                f"{result.tokens:,} ({result.tokens / max(self.train.tokens, 1):.2f} epochs), {result.steps:,} steps",
            ),
            ("step", f"{options.packs_per_step * self.processes} packs of up to {options.pack_tokens} tokens"),
            ("learning rate", f"{options.rate:g}, 3 % warm-up, cosine to 5 %; AdamW (0.9, 0.98), clipped at 1"),
            ("weight decay", f"{options.weight_decay:g}"),
            ("precision", f"{options.precision}; weights and moments of the optimiser in float32"),
            ("seed", options.seed),
            ("machine", f"{self.device}, {self.processes} process{'es' if self.processes > 1 else ''}"),
            ("time", f"{result.train_s / 60:.1f} min, {result.tokens_per_s:.0f} tokens/s"),
        ]
        return "## Run\n\n" + _table("setting | value", [f"{label} | {value}" for label, value in rows if value is not None])

    def _use(self, name: str) -> str:
        if self.options.full:
            return f"## Use\n\nThe transformers backend or vLLM: `CODEPAR_ENGINE_BACKEND=transformers CODEPAR_MODEL={name}`.\n"
        return f"## Use\n\n```sh\ncodepar models build {name}   # merges it into the installed base\n```\n"


def _figures_row(label: str, figures: Figures) -> str:
    return f"{label} | {figures.loss:.3f} | {figures.tokens_right:.1%} | {figures.lines_right:.1%} | {figures.lines:,}"


def _table(head: str, rows: list[str]) -> str:
    rule = " | ".join("---" for _ in head.split("|"))
    return "".join(f"| {row} |\n" for row in (head, rule, *rows))


def device_name(device: Any) -> str:
    """The accelerator's name, or the processor's with its threads."""
    import torch

    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"{_processor()}, {torch.get_num_threads()} threads"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    return named or platform.machine()
