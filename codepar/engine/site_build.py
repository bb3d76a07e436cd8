"""`codepar models build` of a site scorer: the lower layers of a base model with an adapter merged in, and the scorer's head.

The adapter folder holds PEFT's two files, `sites.json` (`SiteConfig`) and `head.safetensors`; the result is one GGUF file with
Q8_0 weights. Limits: Qwen2 bases; numpy and `gguf` alone, no torch.
"""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field, ValidationError

from codepar.engine.gguf_file import Extras, Tell, open_gguf, rewrite
from codepar.engine.merge import adapter_deltas
from codepar.engine.safetensors import read_safetensors
from codepar.errors import InvalidInput, Unsupported
from codepar.protocols import Record

CONFIG_FILE = "sites.json"
HEAD_FILE = "head.safetensors"
HEAD_PREFIX = "sites."
METADATA = "codepar.sites"
_LAYER = re.compile(r"blk\.(\d+)\.")
_HEAD = frozenset(f"{part}.{kind}" for part in ("norm", "hidden", "output") for kind in ("weight", "bias"))


class SiteConfig(Record):
    """What a site scorer is: its layers, how many of them look back only, and what it tells apart."""

    layers: int = Field(ge=1)
    causal_layers: int = Field(ge=0)
    repeats: int = Field(ge=1, le=8)
    functions: tuple[str, ...] = Field(min_length=1)


def is_site_adapter(folder: Path) -> bool:
    """Whether an adapter folder is one of a site scorer."""
    return (folder / CONFIG_FILE).is_file()


def merge_site_adapter(base: Path, adapter: Path, target: Path, tell: Tell) -> None:
    """Write the site scorer of ``adapter`` on the GGUF ``base``. Raises ``InvalidInput`` (they do not fit), ``Unsupported``."""
    config = read_config(adapter)
    _require_qwen2(base)
    deltas = adapter_deltas(base, adapter)
    tell(f"merging {len(deltas)} adapted weights of {adapter.name} into {config.layers} layers")
    metadata: dict[str, int | str | list[str]] = {
        f"{METADATA}.layers": config.layers,
        f"{METADATA}.causal_layers": config.causal_layers,
        f"{METADATA}.repeats": config.repeats,
        f"{METADATA}.functions": list(config.functions),
    }
    extras = Extras(keeps=lambda name: _is_kept(name, config.layers), arrays=_head(adapter, config), metadata=metadata)
    rewrite(base, target, deltas, tell, extras)


def read_config(adapter: Path) -> SiteConfig:
    """The configuration of an adapter folder. Raises ``InvalidInput``."""
    file = adapter / CONFIG_FILE
    try:
        return SiteConfig.model_validate_json(file.read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise InvalidInput(f"{file} cannot be read: {error}", remedy="export the adapter again") from error


def _is_kept(name: str, layers: int) -> bool:
    match = _LAYER.match(name)
    return int(match[1]) < layers if match else name == "token_embd.weight"


def _require_qwen2(base: Path) -> None:
    architecture = open_gguf(base).get_field("general.architecture").contents()
    if architecture != "qwen2":
        raise Unsupported(f"a site scorer stands on a qwen2 model, {base} is {architecture}", remedy="name a Qwen2 base")


def _head(adapter: Path, config: SiteConfig) -> dict[str, object]:
    arrays = read_safetensors(adapter / HEAD_FILE)
    if set(arrays) != _HEAD:
        raise InvalidInput(f"{adapter / HEAD_FILE} does not hold a head", remedy="export the adapter again")
    outputs = len(config.functions) * config.repeats
    if arrays["output.weight"].shape[0] != outputs:
        raise InvalidInput(
            f"the head has {arrays['output.weight'].shape[0]} outputs, {CONFIG_FILE} names {outputs}",
            remedy="export the adapter again",
        )
    return {f"{HEAD_PREFIX}{name}": array for name, array in arrays.items()}
