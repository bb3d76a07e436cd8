"""The language model of a command that may never need one. Limits: the first question waits for the weights."""

from __future__ import annotations

from codepar.cli.model import open_model
from codepar.engine.late import LateGenerator
from codepar.errors import EngineUnavailable
from codepar.protocols import Generator
from codepar.settings import Settings


class LateModel(LateGenerator):
    """A ``Generator``. Every question raises ``EngineUnavailable`` where no model can be opened; why is said once."""

    def __init__(self, settings: Settings, budget_s: float) -> None:
        super().__init__(self._find)
        self._settings = settings
        self._budget_s = budget_s
        self._is_missing = False

    async def _find(self) -> Generator:
        found = None if self._is_missing else await open_model(self._settings, self._budget_s)
        if found is None:
            self._is_missing = True
            raise EngineUnavailable("there is no language model to ask", remedy=self._remedy())
        return found

    def _remedy(self) -> str:
        url = self._settings.engine_url
        return "codepar models pull" if url is None else f"start the engine at {url}, or check CODEPAR_ENGINE_URL"
