"""The systems that need no model: the empty completion, the four calls, the rules. Limits: as those of ``codepar.mpi``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from codepar.mpi.complete import Completer
from codepar.mpi.headers import load_signatures
from codepar.mpi.program import read_program
from codepar.mpi.proposal import Edit
from codepar.settings import Settings

PATH = "main.c"
_PROPOSALS: dict[str, Callable[[Completer], list[Edit]]] = {
    "empty": lambda completer: [],
    "four-calls": Completer.baseline,
    "rules": Completer.by_rules,
}


class RuleSystem:
    """One of them, by name."""

    def __init__(self, name: str, settings: Settings) -> None:
        self._propose = _PROPOSALS[name]
        self._signatures = load_signatures(cache=settings.cache_dir)

    async def propose(self, source: str) -> list[Edit]:
        return self._propose(Completer(read_program(source, PATH), self._signatures, PATH))

    async def provenance(self) -> dict[str, Any]:
        return {"mpi_header": str(self._signatures.path)}

    async def close(self) -> None:
        """There is nothing to free."""
