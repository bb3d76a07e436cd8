"""Where samples go that nobody named a file for. Limits: names the file; whoever writes it makes it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from codepar.errors import EnvironmentFault
from codepar.settings import Settings


def new_file(settings: Settings, *names: str) -> Path:
    """A file in the data folder, called by what is run and by the time. Raises ``EnvironmentFault`` where there is no folder."""
    folder = settings.data_dir / "evaluations"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentFault(f"{folder} cannot be made: {error.strerror}", remedy="name a file with -o") from error
    return folder / f"{'-'.join(names)}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.jsonl"
