"""JSON answers that survive whatever a program printed: NUL characters and lone surrogates go out escaped. Limits: ASCII only."""

from __future__ import annotations

import json
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel


class AsciiJSONResponse(JSONResponse):
    """``JSONResponse`` whose bytes are ASCII, also for text that UTF-8 cannot carry."""

    def render(self, content: Any) -> bytes:
        return ascii_json(content).encode("ascii")


def ascii_json(content: Any) -> str:
    """One line of JSON in ASCII; pydantic models by their wire names."""
    if isinstance(content, BaseModel):
        content = content.model_dump(mode="json", by_alias=True)
    return json.dumps(content, separators=(",", ":"))
