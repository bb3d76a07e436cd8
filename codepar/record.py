"""The base of the wire types. Limits: no type of its own."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Base of the wire types: immutable, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
