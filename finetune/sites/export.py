"""A trained site scorer as an adapter folder: what `codepar models build` takes, with its card and the curve of its loss.

Weights are written in bfloat16. Limits: the adapter fits the base it was trained on only; the card says which.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from peft import get_peft_model_state_dict
from safetensors.torch import save_file

from codepar.engine.site_build import CONFIG_FILE, HEAD_FILE
from finetune.sites.measure import Score
from finetune.sites.network import SiteNetwork
from finetune.sites.training import LOG, Recipe

CARD = "README.md"
CURVE = "loss.svg"


def export(network: SiteNetwork, folder: Path, base: str) -> None:
    """Write adapter, head and configuration. ``base`` is the name of the model below, wherever it lies on this machine."""
    folder.mkdir(parents=True, exist_ok=True)
    adapter = get_peft_model_state_dict(network.adapted)
    save_file({name: _small(value) for name, value in adapter.items()}, folder / "adapter_model.safetensors")
    save_file({name: _small(value) for name, value in network.head_state().items()}, folder / HEAD_FILE)
    network.adapted.peft_config["default"].inference_mode = True
    config = network.adapted.peft_config["default"].to_dict()
    plain = {key: _plain(value) for key, value in config.items()} | {"base_model_name_or_path": base}
    (folder / "adapter_config.json").write_text(json.dumps(plain, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    (folder / CONFIG_FILE).write_text(network.config.model_dump_json(indent=1) + "\n", encoding="utf-8")


def _small(value: torch.Tensor) -> torch.Tensor:
    return value.detach().to(torch.bfloat16).cpu().contiguous()


def _plain(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(value)
    return value if value is None or isinstance(value, str | int | float | bool | list | dict) else str(value)


def write_card(folder: Path, base: str, recipe: Recipe, facts: dict[str, object], scores: tuple[Score, Score]) -> None:
    """The model card: what it is, what it learned from, how well it does on repositories it did not see."""
    everything, rest = scores
    lines = [
        f"# {folder.name}",
        "",
        f"A site scorer for MPI completion on `{base}`: for every place of a function the probability that a call of each MPI",
        "function is missing there. Built with `codepar models build`; see docs/sites.md.",
        "",
        "| on functions of repositories not learned from | precision | recall | F1 |",
        "|---|---|---|---|",
        _row(f"site and function, bound {everything.bound}", everything),
        _row(f"without Init, Comm_rank, Comm_size, Finalize, bound {rest.bound}", rest),
        "",
        *(f"- {key}: {value}" for key, value in facts.items()),
        *(f"- {key}: {value}" for key, value in asdict(recipe).items()),
        "",
    ]
    (folder / CARD).write_text("\n".join(lines), encoding="utf-8")


def _row(name: str, score: Score) -> str:
    return f"| {name} | {score.precision:.3f} | {score.recall:.3f} | {score.f1:.3f} |"


def draw_curve(log: Path, target: Path) -> None:
    """Loss and held-out F1 over tokens, from a training log."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    entries = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    losses = [(entry["tokens"], entry["loss"]) for entry in entries if "loss" in entry]
    scores = [(entry["tokens"], _f1(entry["held_out"])) for entry in entries if "held_out" in entry]
    figure, axes = pyplot.subplots(figsize=(7, 4))
    axes.plot(*zip(*losses, strict=True), color="#3b6ea5", label="loss")
    axes.set(xlabel="tokens", ylabel="loss (moving mean)", yscale="log")
    if scores:
        beside = axes.twinx()
        beside.plot(*zip(*scores, strict=True), color="#b5542c", marker="o", label="held-out F1")
        beside.set(ylabel="held-out F1 of site and function", ylim=(0, 1))
    figure.savefig(target, bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)


def _f1(score: dict[str, float]) -> float:
    return 2 * score["found"] / max(1, score["proposed"] + score["missing"])


__all__ = ["CARD", "CURVE", "LOG", "draw_curve", "export", "write_card"]
