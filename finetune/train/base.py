"""The model that a run begins with: a GGUF file, a folder of transformers, an installed model, or a name on the hub.

A GGUF file's weights are taken out of their quantisation as the model loads; what is trained are plain linear layers. Limits: no
code of a checkpoint is run; architectures whose GGUF transformers does not read are refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import peft
import torch
import transformers

from codepar.engine.models import find_model, sha256_of
from codepar.errors import EngineUnavailable, InvalidInput
from finetune.train.options import TrainOptions


@dataclass
class Base:
    """A loaded model with its tokenizer. ``sha256`` is that of the one file it came from, where it is one."""

    model: Any
    tokenizer: Any
    name: str
    sha256: str | None = None

    @property
    def digest(self) -> str:
        """What tells one base from another: the file's hash, else the name and size."""
        return self.sha256 or f"{self.name}:{self.model.num_parameters()}"


def load_base(options: TrainOptions, models_dir: Path) -> Base:
    """Load ``options.base``. Raises ``EngineUnavailable`` (it cannot be read), ``InvalidInput`` (it cannot end a text)."""
    found = open_base(options.base, getattr(torch, options.precision), models_dir)
    found.name = options.base_name or found.name
    if found.tokenizer.eos_token_id is None:
        raise InvalidInput(f"the tokenizer of {found.name} has no end of text", remedy="use another base", param="base")
    return found


def open_base(base: str, dtype: Any, models_dir: Path) -> Base:
    """A model to begin with or to ask, whatever it is for. Raises ``EngineUnavailable`` where it cannot be read."""
    logging: Any = transformers.utils.logging
    logging.disable_progress_bar()
    installed = find_model(models_dir, base)
    if installed is None:
        return _load(base, None, dtype)
    found = _load(str(installed.path.parent), installed.path.name, dtype)
    found.name, found.sha256 = installed.record.artefact, sha256_of(installed.path)
    return found


def _load(place: str, gguf_file: str | None, dtype: Any) -> Base:
    part = {} if gguf_file is None else {"gguf_file": gguf_file}
    # Else the weights stay in blocks where the machine has kernels for them, and no gradient reaches them.
    unpacked = {} if gguf_file is None else {"quantization_config": transformers.GgufConfig(dequantize=True)}
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(place, trust_remote_code=False, **part)
        model = transformers.AutoModelForCausalLM.from_pretrained(
            place, dtype=dtype, trust_remote_code=False, attn_implementation="sdpa", **part, **unpacked
        )
    except (OSError, ValueError, KeyError, ImportError) as error:
        cause = str(error).strip().splitlines()[0]
        raise EngineUnavailable(
            f"{gguf_file or place} cannot be loaded: {cause}", remedy="name a GGUF file, a folder, or an installed model"
        ) from error
    return Base(model, tokenizer, Path(place).name)


def trainable(base: Base, options: TrainOptions) -> Any:
    """The model to train: all of it, or LoRA on each linear layer except the last, in the model's own type."""
    torch.manual_seed(options.seed)
    if options.full:
        return base.model.requires_grad_(True)
    if options.adapter is not None:
        return _adapted(base.model, options.adapter)
    config = peft.LoraConfig(
        r=options.rank,
        lora_alpha=options.scale,
        lora_dropout=options.dropout,
        target_modules=_linear_layers(base.model),
        task_type="CAUSAL_LM",
    )
    # The float32 copies are the optimiser's (`MasterAdamW`); the model computes in one type throughout.
    return peft.get_peft_model(base.model, config, autocast_adapter_dtype=False)


def _adapted(model: Any, folder: Path) -> Any:
    """The model with an adapter that is trained further. Raises ``InvalidInput`` where it is none or does not fit."""
    try:
        return peft.PeftModel.from_pretrained(model, str(folder), is_trainable=True, autocast_adapter_dtype=False)
    except (OSError, ValueError, RuntimeError) as error:
        cause = str(error).strip().splitlines()[0]
        raise InvalidInput(f"the adapter {folder} cannot be gone on with: {cause}", remedy="name one of this base") from error


def _linear_layers(model: Any) -> list[str]:
    """The names of the linear layers inside the model's blocks, each once."""
    last = model.get_output_embeddings()
    layers = [name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear) and module is not last]
    return sorted({name.rsplit(".", 1)[-1] for name in layers})
