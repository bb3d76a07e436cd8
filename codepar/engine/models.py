"""Named models on disk: the records of what is installed, and how a name finds its file.

A model is `<artefact>.gguf` with `<artefact>.json` beside it; the JSON is written last, so a record means a whole file. The
`name` is what settings ask for, the `artefact` what the file really is. Limits: GGUF only; a checkpoint folder of transformers
is named by its path and has no record.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from codepar.errors import EngineUnavailable, InvalidInput
from codepar.protocols import Record
from codepar.settings import DEFAULT_MODEL

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class ModelRecord(Record):
    """One installed model. ``source`` says where the bytes came from, ``sha256`` is of the installed file."""

    name: str
    artefact: str
    sha256: str
    size_bytes: int
    source: str


class InstalledModel(Record):
    """A record with its file."""

    record: ModelRecord
    path: Path


class ModelState(Record):
    """One line of ``codepar models list``. An incomplete pull resumes; a damaged file differs in size from its record."""

    name: str
    artefact: str | None
    size_bytes: int | None
    sha256: str | None
    source: str | None
    status: Literal["installed", "damaged", "incomplete", "not pulled"]


def checked_name(name: str) -> str:
    """``name`` when it can be a file name of ours. Raises ``InvalidInput``."""
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            f"{name!r} is not a model name", remedy="use letters, digits, '.', '_' and '-', beginning with a letter or digit"
        )
    return name


def partial_dir(models_dir: Path) -> Path:
    """Where downloads grow until they are whole."""
    return models_dir / "partial"


def find_model(models_dir: Path, name: str) -> InstalledModel | None:
    """The installed model of that name or artefact, or None. A path to a GGUF file is accepted as its own name."""
    for model in _installed(models_dir):
        if name in {model.record.name, model.record.artefact} and _is_whole(model):
            return model
    path = Path(name)
    if name.endswith(".gguf") and path.is_file():
        record = ModelRecord(
            name=path.stem, artefact=path.stem, sha256=sha256_of(path), size_bytes=path.stat().st_size, source=str(path)
        )
        return InstalledModel(record=record, path=path)
    return None


def require_model(models_dir: Path, name: str) -> InstalledModel:
    """The installed model. Raises ``EngineUnavailable`` with the command that brings it."""
    model = find_model(models_dir, name)
    if model is None:
        wanted = "codepar models pull" if name == DEFAULT_MODEL else f"codepar models pull {name} --from FILE, or CODEPAR_MODEL"
        raise EngineUnavailable(f"the model {name} is not installed in {models_dir}", remedy=wanted)
    return model


def install(models_dir: Path, file: Path, record: ModelRecord) -> InstalledModel:
    """Move a whole file to its place and record it. The file must lie on the same file system."""
    models_dir.mkdir(parents=True, exist_ok=True)
    target = models_dir / f"{record.artefact}.gguf"
    _flush(file)
    file.replace(target)
    draft = models_dir / f"{record.artefact}.json.new"
    draft.write_text(json.dumps(record.model_dump(), indent=2) + "\n", encoding="utf-8")
    _flush(draft)
    draft.replace(models_dir / f"{record.artefact}.json")
    return InstalledModel(record=record, path=target)


def list_models(models_dir: Path) -> list[ModelState]:
    """Everything installed, and the default model when it is not."""
    states = [_state(model) for model in _installed(models_dir)]
    if not any(state.name == DEFAULT_MODEL for state in states):
        folder = partial_dir(models_dir)
        begun = folder.is_dir() and any(entry.name != "lock" for entry in folder.iterdir())
        status: Literal["incomplete", "not pulled"] = "incomplete" if begun else "not pulled"
        states.append(ModelState(name=DEFAULT_MODEL, artefact=None, size_bytes=None, sha256=None, source=None, status=status))
    return states


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _installed(models_dir: Path) -> list[InstalledModel]:
    found = []
    for path in sorted(models_dir.glob("*.json")):
        try:
            record = ModelRecord.model_validate_json(path.read_bytes())
        except (ValidationError, OSError):
            continue
        found.append(InstalledModel(record=record, path=path.with_name(f"{record.artefact}.gguf")))
    return found


def _is_whole(model: InstalledModel) -> bool:
    try:
        return model.path.stat().st_size == model.record.size_bytes
    except OSError:
        return False


def _state(model: InstalledModel) -> ModelState:
    return ModelState(**model.record.model_dump(), status="installed" if _is_whole(model) else "damaged")


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
