"""A LoRA adapter in PEFT's format merged into a GGUF model, with numpy and `gguf` alone.

W' = W + scale * B @ A for every adapted weight; scale is alpha / r, or alpha / sqrt(r) for rsLoRA. Limits: plain LoRA on linear
layers. DoRA, adapted embeddings, saved modules, trained biases and architectures whose GGUF permutes Q and K (llama) are refused.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

from codepar.engine.gguf_file import RowDelta, Tell, load_gguf, open_gguf, rewrite
from codepar.engine.safetensors import read_safetensors
from codepar.errors import InvalidInput, Unsupported

_PAIR = re.compile(r"base_model\.model\.(?P<module>.+)\.lora_(?P<side>[AB])\.weight")
_PERMUTED = frozenset({"llama", "mistral", "refact"})


def merge_adapter(base: Path, adapter: Path, target: Path, tell: Tell) -> None:
    """Write to ``target`` the GGUF ``base`` with the adapter folder merged in. Adapted weights become Q8_0."""
    deltas = adapter_deltas(base, adapter)
    tell(f"merging {len(deltas)} adapted weights of {adapter.name}")
    rewrite(base, target, deltas, tell)


def adapter_deltas(base: Path, adapter: Path) -> dict[str, RowDelta]:
    """What an adapter adds to the weights of the GGUF ``base``, by tensor. Raises ``InvalidInput``, ``Unsupported``."""
    config = _config(adapter)
    tensors = {tensor.name: [int(size) for size in tensor.shape] for tensor in open_gguf(base).tensors}
    names = _name_map(base)
    deltas: dict[str, RowDelta] = {}
    for module, (a, b) in _pairs(adapter).items():
        stem = names.get_name(module)
        weight = f"{stem}.weight"
        if stem is None or weight not in tensors:
            raise InvalidInput(f"the adapter changes {module}, which the base model does not have", remedy="use its own base")
        columns, rows = tensors[weight]
        if a.shape != (a.shape[0], columns) or b.shape != (rows, a.shape[0]):
            raise InvalidInput(
                f"the adapter's {module} is {b.shape[0]} x {a.shape[1]}, the base model's {rows} x {columns}",
                remedy="build on the model that the adapter was trained on",
            )
        deltas[weight] = _delta(a, b, _scale(config, module))
    return deltas


def _delta(a: Any, b: Any, scale: float) -> RowDelta:
    return lambda first, last: (b[first:last] @ a) * scale


def _config(adapter: Path) -> dict[str, Any]:
    try:
        config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{adapter}/adapter_config.json cannot be read: {error}", remedy="save the adapter again") from error
    if not isinstance(config, dict) or config.get("peft_type") != "LORA":
        raise Unsupported(f"{adapter} is not a LoRA adapter", remedy="only PEFT's LORA type can be merged")
    for option in ("use_dora", "modules_to_save", "fan_in_fan_out", "lora_bias", "trainable_token_indices"):
        if config.get(option):
            raise Unsupported(f"{adapter} uses {option}, which cannot be merged", remedy="use the transformers backend for it")
    if config.get("bias", "none") != "none":
        raise Unsupported(f"{adapter} trains biases, which cannot be merged", remedy="use the transformers backend for it")
    return config


def _scale(config: dict[str, Any], module: str) -> float:
    rank = float(_of_module(config.get("rank_pattern"), module, config["r"]))
    alpha = float(_of_module(config.get("alpha_pattern"), module, config["lora_alpha"]))
    return alpha / math.sqrt(rank) if config.get("use_rslora") else alpha / rank


def _of_module(pattern: dict[str, Any] | None, module: str, fallback: Any) -> Any:
    # PEFT matches a key against the end of the module's name, at a dot.
    for key, value in (pattern or {}).items():
        if re.fullmatch(rf"(.*\.)?({key})", module):
            return value
    return fallback


def _pairs(adapter: Path) -> dict[str, tuple[Any, Any]]:
    sides: dict[str, dict[str, Any]] = {}
    for name, array in read_safetensors(adapter / "adapter_model.safetensors").items():
        match = _PAIR.fullmatch(name)
        if match is None:
            raise Unsupported(f"the adapter holds {name}, which is no LoRA pair", remedy="use the transformers backend for it")
        sides.setdefault(match["module"], {})[match["side"]] = array
    for module, pair in sides.items():
        if set(pair) != {"A", "B"}:
            raise InvalidInput(f"the adapter lacks one half of {module}", remedy="save the adapter again")
    return {module: (pair["A"], pair["B"]) for module, pair in sides.items()}


def _name_map(base: Path) -> Any:
    gguf = load_gguf()
    reader = open_gguf(base)
    architecture = reader.get_field("general.architecture").contents()
    kinds = {name: kind for kind, name in gguf.MODEL_ARCH_NAMES.items()}
    if architecture not in kinds or architecture in _PERMUTED:
        raise Unsupported(f"adapters for the architecture {architecture} cannot be merged", remedy="use the transformers backend")
    blocks = reader.get_field(f"{architecture}.block_count").contents()
    return gguf.get_tensor_name_map(kinds[architecture], blocks)
