"""The product: what ``codepar mpi complete --no-verify`` proposes for the file, through the very same flow.

Limits: nothing is run, so the choice among candidates that running would make is not made.
"""

from __future__ import annotations

from typing import Any

from codepar.engine.factory import open_generator
from codepar.errors import EngineUnavailable
from codepar.flows.complete import complete
from codepar.flows.mpi_request import CompletionOptions, MpiCompletionRequest
from codepar.mpi.proposal import Edit
from codepar.project import Project
from codepar.protocols import Generator, SilentProgress
from codepar.settings import Settings
from evaluators.systems import PATH


class ProductSystem:
    """Asks the flow for each program."""

    def __init__(self, generator: Generator | None, settings: Settings, budget_s: float) -> None:
        self._generator = generator
        self._settings = settings
        self._options = CompletionOptions(verify=False, budget_s=budget_s)

    async def propose(self, source: str, path: str = PATH) -> list[Edit]:
        request = MpiCompletionRequest(project=Project(files={path: source}), options=self._options)
        answer = await complete(request, self._generator, None, SilentProgress(), self._settings)
        return list(answer.edits)

    async def provenance(self) -> dict[str, Any]:
        if self._generator is None:
            return {"model": None}
        known = {"model", "artefact", "sha256", "backend"}
        return (await self._generator.capabilities()).model_dump(include=known)

    async def close(self) -> None:
        if self._generator is not None:
            await self._generator.close()


async def open_product(settings: Settings, budget_s: float) -> ProductSystem:
    """With the model where there is one; like the product, without it where there is none."""
    try:
        generator = await open_generator(settings)
    except EngineUnavailable:
        generator = None
    return ProductSystem(generator, settings, budget_s)
