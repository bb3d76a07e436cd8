"""What a finished run leaves: a PEFT adapter in bfloat16, or after full fine-tuning the whole model.

Limits: of an adapter the two files of PEFT's format, which `codepar models build` merges; a whole model is a folder of
transformers, which no command here turns into a GGUF file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import peft
import torch
from safetensors.torch import save_file

from codepar.protocols import Record

ADAPTER_FILE = "adapter_model.safetensors"


class Saved(Record):
    """What was written. ``weights_bytes`` is the size of the weights' files."""

    weights_bytes: int
    targets: tuple[str, ...] = ()


def save_adapter(model: Any, folder: Path, base_name: str) -> Saved:
    """Write `adapter_config.json` and `adapter_model.safetensors`; the latter appears whole or not at all."""
    # No layer of embeddings is adapted: without being told, PEFT would look for the base's configuration on the hub.
    weights = peft.get_peft_model_state_dict(model, save_embedding_layers=False)
    draft = folder / f"{ADAPTER_FILE}.part"
    tensors = {name: weight.detach().to("cpu", torch.bfloat16).contiguous() for name, weight in weights.items()}
    save_file(tensors, draft, metadata={"format": "pt"})
    config = model.peft_config["default"]
    config.base_model_name_or_path = base_name
    config.inference_mode = True
    config.target_modules = sorted(config.target_modules)
    config.save_pretrained(str(folder))
    draft.replace(folder / ADAPTER_FILE)
    return Saved(weights_bytes=(folder / ADAPTER_FILE).stat().st_size, targets=tuple(config.target_modules))


def save_whole(model: Any, tokenizer: Any, folder: Path) -> Saved:
    """Write the model and its tokenizer as transformers does."""
    model.save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))
    return Saved(weights_bytes=sum(file.stat().st_size for file in folder.glob("*.safetensors")))
