"""`codepar models build`: from an adapter and an installed base to an installed model.

Limits: two kinds of adapters, LoRA of a whole language model and site scorers; told apart by the files of the folder.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from codepar.engine.gguf_file import Tell
from codepar.engine.merge import merge_adapter
from codepar.engine.models import (
    InstalledModel,
    ModelRecord,
    checked_name,
    find_model,
    install,
    partial_dir,
    require_model,
    sha256_of,
)
from codepar.engine.site_build import is_site_adapter, merge_site_adapter
from codepar.errors import NotFound
from codepar.settings import Settings


def build_model(settings: Settings, name: str, adapters: Path, base: str, tell: Tell) -> InstalledModel:
    """Merge the adapter ``adapters / name`` (or the folder ``name``) into ``base`` and install it under the adapter's name.

    What was built from the same adapter and base is left as it is.
    Raises ``NotFound``, ``InvalidInput`` (adapter and base do not fit), ``Unsupported``, ``EngineUnavailable`` (base missing).
    """
    folder = _adapter_folder(name, adapters)
    label = checked_name(folder.resolve().name)
    model = require_model(settings.models_dir, base)
    source = f"adapter:{folder.resolve()} adapter-sha256:{_digest(folder)} base-sha256:{model.record.sha256}"
    built = find_model(settings.models_dir, label)
    if built is not None and built.record.source == source:
        tell(f"{label} is built already")
        return built
    artefact = f"{label}-on-{model.record.artefact}"
    workspace = partial_dir(settings.models_dir)
    workspace.mkdir(parents=True, exist_ok=True)
    draft = workspace / f"{artefact}.draft"
    merge = merge_site_adapter if is_site_adapter(folder) else merge_adapter
    merge(model.path, folder, draft, tell)
    record = ModelRecord(name=label, artefact=artefact, sha256=sha256_of(draft), size_bytes=draft.stat().st_size, source=source)
    return install(settings.models_dir, draft, record)


def _digest(folder: Path) -> str:
    """One SHA-256 over the files of an adapter that are merged."""
    files = sorted(path for path in folder.iterdir() if path.suffix in {".json", ".safetensors"})
    return hashlib.sha256("".join(sha256_of(path) for path in files).encode()).hexdigest()


def _adapter_folder(name: str, adapters: Path) -> Path:
    """The folder of a named adapter, or ``name`` itself. Raises ``NotFound``."""
    for folder in (Path(name), adapters / name):
        if (folder / "adapter_config.json").is_file():
            return folder
    raise NotFound(f"no adapter {name}: neither {name} nor {adapters / name} holds adapter_config.json", remedy="check the name")
