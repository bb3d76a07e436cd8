"""The site scorer as a torch module: the lower layers of a language model, LoRA on those that look both ways, and a head.

The lower `causal_layers` stay as they were trained, so what they make of an example is computed once and kept. Decoder models
made to look both ways: LLM2Vec (arXiv 2404.05961), where the whole model is adapted. Limits: Qwen2's module names.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import AutoModelForCausalLM

from codepar.engine.site_build import HEAD_FILE, SiteConfig
from codepar.errors import InvalidInput
from finetune.sites.examples import EncodedExample

_ADAPTED = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
_HIDDEN = 512
_RARE = -5.0
"""First bias of every output: a call is missing at few sites."""


class SiteNetwork(nn.Module):
    """Scores sites. ``rank`` is LoRA's; alpha is twice that."""

    def __init__(self, base: Any, config: SiteConfig, rank: int) -> None:
        super().__init__()
        self.config = config
        self.rank = rank
        layers = list(range(config.causal_layers, config.layers))
        base.model.layers = base.model.layers[: config.layers]
        lora = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=_ADAPTED, layers_to_transform=layers)
        self.adapted: Any = get_peft_model(base, lora)
        width, outputs = base.config.hidden_size, len(config.functions) * config.repeats
        self.norm = nn.LayerNorm(2 * width)
        self.hidden = nn.Linear(2 * width, _HIDDEN)
        self.drop = nn.Dropout(0.1)
        self.output = nn.Linear(_HIDDEN, outputs)
        nn.init.constant_(self.output.bias, _RARE)
        self._kept: dict[int, Tensor] = {}

    @property
    def _decoder(self) -> Any:
        return self.adapted.base_model.model.model

    def forward(self, batch: Sequence[EncodedExample]) -> Tensor:
        """Logits [sites of the batch, functions, repeats], the sites of each example after those of the one before."""
        lengths = [len(example.ids) for example in batch]
        x = nn.utils.rnn.pad_sequence([self._lower(example) for example in batch], batch_first=True)
        x = self._upper(x, lengths).float()
        before = torch.cat([x[row, list(example.before)] for row, example in enumerate(batch)])
        after = torch.cat([x[row, list(example.after)] for row, example in enumerate(batch)])
        seen = self.norm(torch.cat([before, after], dim=-1))
        logits: Tensor = self.output(self.drop(nn.functional.gelu(self.hidden(seen))))
        return logits.view(-1, len(self.config.functions), self.config.repeats)

    @torch.no_grad()
    def _lower(self, example: EncodedExample) -> Tensor:
        """What the layers that look back only make of an example: [tokens, width], kept for the next time."""
        key = hash(example.ids)
        if key not in self._kept:
            ids = torch.tensor([example.ids], device=self.output.weight.device)
            x = self._decoder.embed_tokens(ids)
            mask = torch.full((len(example.ids),) * 2, float("-inf"), dtype=x.dtype, device=x.device).triu(1)[None, None]
            self._kept[key] = self._through(x, range(self.config.causal_layers), mask)[0].cpu()
        return self._kept[key].to(self.output.weight.device)

    def _upper(self, x: Tensor, lengths: Sequence[int]) -> Tensor:
        """Through the layers that look both ways; padding is not looked at."""
        places = torch.arange(x.shape[1], device=x.device)
        padding = places[None, :] >= torch.tensor(lengths, device=x.device)[:, None]
        mask = torch.zeros(len(lengths), 1, x.shape[1], x.shape[1], dtype=x.dtype, device=x.device)
        mask = mask.masked_fill(padding[:, None, None, :], float("-inf"))
        return self._through(x, range(self.config.causal_layers, self.config.layers), mask)

    def _through(self, x: Tensor, layers: range, mask: Tensor) -> Tensor:
        positions = torch.arange(x.shape[1], device=x.device)[None].expand(x.shape[0], -1)
        turns = self._decoder.rotary_emb(x, positions)
        for index in layers:
            layer = self._decoder.layers[index]
            found = layer(x, attention_mask=mask, position_ids=positions, position_embeddings=turns)
            x = found[0] if isinstance(found, tuple) else found
        return x

    def head_state(self) -> dict[str, Tensor]:
        """The weights of the head, by the names that `codepar.engine.site_build` reads."""
        parts = {"norm": self.norm, "hidden": self.hidden, "output": self.output}
        return {f"{name}.{key}": value for name, part in parts.items() for key, value in part.state_dict().items()}

    def trained_state(self) -> dict[str, Tensor]:
        """Everything that training changes."""
        return {name: value.detach().cpu() for name, value in self.named_parameters() if value.requires_grad}


def load_adapter(network: SiteNetwork, folder: Path) -> None:
    """Take the weights of an exported scorer of the same shape. Raises ``InvalidInput`` where they do not fit."""
    head = load_file(folder / HEAD_FILE)
    adapter = load_file(folder / "adapter_model.safetensors")
    try:
        for name in ("norm", "hidden", "output"):
            part = {key.removeprefix(f"{name}."): value for key, value in head.items() if key.startswith(f"{name}.")}
            getattr(network, name).load_state_dict(part)
        found: Any = set_peft_model_state_dict(network.adapted, adapter)
    except RuntimeError as error:
        raise InvalidInput(f"{folder} is of another network: {error}", remedy="name the scorer's own base and rank") from error
    if found.unexpected_keys:
        raise InvalidInput(f"{folder} is of another network: it holds {found.unexpected_keys[0]}")


def load_base(base: Path) -> tuple[Any, Any]:
    """The model in bfloat16 and its tokenizer, from a GGUF file or a checkpoint folder."""
    from transformers import AutoTokenizer, GgufConfig

    where: dict[str, Any] = {"gguf_file": base.name} if base.suffix == ".gguf" else {}
    # Packed weights would be unpacked again for every product.
    unpacked: dict[str, Any] = {"quantization_config": GgufConfig(dequantize=True)} if where else {}
    folder = base.parent if base.suffix == ".gguf" else base
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16, attn_implementation="sdpa", **where, **unpacked)
    return model, AutoTokenizer.from_pretrained(folder, **where)
