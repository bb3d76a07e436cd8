"""One line of the table of ``codepar doctor``. Limits: a type, nothing more."""

from __future__ import annotations

from typing import Literal

from codepar.protocols import Record


class Check(Record):
    """One line of the table. A ``needed`` check that is not ok keeps the main flow from working."""

    name: str
    state: Literal["ok", "missing"]
    detail: str
    remedy: str | None = None
    needed: bool = True
