"""How the service speaks: one line of a part as text with its name before it, or as JSON. Limits: standard error alone."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

WIDTH = 14


class ServeLog:
    """Writes the lines of all parts. A part that logs JSON has its message taken out, or keeps its fields with ``as_json``."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def __call__(self, part: str, line: str) -> None:
        """Write one line of ``part``."""
        if not line.strip():
            return
        fields = _fields(line)
        text = json.dumps({"part": part, **fields}) if self._as_json else f"{part:<{WIDTH}} {_as_text(fields)}"
        # Nobody reads any more (a closed terminal, `| head`): the service goes on without a voice.
        with suppress(OSError, ValueError):
            sys.stderr.write(text + "\n")
            sys.stderr.flush()


def _fields(line: str) -> dict[str, Any]:
    if line.startswith("{"):
        with suppress(ValueError, RecursionError):
            fields = json.loads(line)
            if isinstance(fields, dict) and "message" in fields:
                return fields
    return {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "level": "info", "message": line}


def _as_text(fields: dict[str, Any]) -> str:
    level = fields.get("level", "info")
    text = str(fields["message"]) if level == "info" else f"{level}: {fields['message']}"
    if "job_id" in fields:
        text += f" (job {fields['job_id']})"
    if "exception" in fields:
        text += f"\n{fields['exception']}"
    return text
