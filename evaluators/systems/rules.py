"""The systems that need no model: the empty completion, the four calls, the rules. Limits: as those of ``codepar.mpi``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from codepar.mpi.complete import Completer
from codepar.mpi.foreign import read_foreign, turned_back
from codepar.mpi.headers import load_signatures
from codepar.mpi.program import read_program
from codepar.mpi.proposal import Edit
from codepar.settings import Settings
from codepar.syntax.language import language_of
from evaluators.systems import PATH

_PROPOSALS: dict[str, Callable[[Completer], list[Edit]]] = {
    "empty": lambda completer: [],
    "four-calls": Completer.baseline,
    "rules": Completer.by_rules,
}


class RuleSystem:
    """One of them, by name."""

    def __init__(self, name: str, settings: Settings) -> None:
        self._propose = _PROPOSALS[name]
        self._guesses = name == "rules"
        self._signatures = load_signatures(cache=settings.cache_dir)

    async def propose(self, source: str, path: str = PATH) -> list[Edit]:
        language = language_of(path, source)
        if language.is_c_family:
            return self._propose(Completer(read_program(source, path), self._signatures, path))
        program = read_foreign(source, path, language, self._signatures)
        edits = self._propose(Completer(read_program(program.as_c, PATH), self._signatures, PATH))
        return turned_back(program, edits, guess=self._guesses)[0]

    async def provenance(self) -> dict[str, Any]:
        return {"mpi_header": str(self._signatures.path)}

    async def close(self) -> None:
        """There is nothing to free."""
