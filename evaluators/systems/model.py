"""The language model alone: its answer decoded and passed through the rules, without what the rules would add.

Limits: a program longer than the model's context is seen in part, as the product does it.
"""

from __future__ import annotations

from typing import Any

from codepar.engine.factory import open_generator
from codepar.errors import EngineUnavailable
from codepar.mpi.complete import Completer
from codepar.mpi.headers import Signatures, load_signatures
from codepar.mpi.program import read_program
from codepar.mpi.proposal import Edit
from codepar.protocols import Generator
from codepar.settings import Settings
from evaluators.systems import PATH

_NOT_USED = "the language model was not used"


class ModelSystem:
    """Asks an engine once for each program."""

    def __init__(self, generator: Generator, signatures: Signatures, budget_s: float) -> None:
        self._generator = generator
        self._signatures = signatures
        self._budget_s = budget_s

    async def propose(self, source: str, path: str = PATH) -> list[Edit]:
        completer = Completer(read_program(source, path), self._signatures, path)
        proposal = await completer.by_model(self._generator, self._budget_s)
        # The product goes on without its model; here that would be scored as the model's silence.
        fault = next((note for note in proposal.notes if note.startswith(_NOT_USED)), None)
        if fault is not None:
            raise EngineUnavailable(fault, remedy="see that the engine runs, then run the same command again")
        return proposal.edits

    async def provenance(self) -> dict[str, Any]:
        capabilities = await self._generator.capabilities()
        known = {"model", "artefact", "sha256", "backend"}
        return {**capabilities.model_dump(include=known), "mpi_header": str(self._signatures.path)}

    async def close(self) -> None:
        await self._generator.close()


async def open_model(settings: Settings, budget_s: float) -> ModelSystem:
    """Load or reach the engine. Raises ``EngineUnavailable`` where there is none."""
    signatures = load_signatures(cache=settings.cache_dir)
    return ModelSystem(await open_generator(settings), signatures, budget_s)
