"""Who proposed an answer: codepar's version, and the model with its weights where one answered. Limits: the wire type alone."""

from __future__ import annotations

from typing import Self

from codepar import __version__
from codepar.protocols import Capabilities, Record


class ModelProvenance(Record):
    """``model`` is None where no language model was asked or none answered; ``artefact`` and ``sha256`` are of the weights
    themselves, where the engine tells."""

    codepar: str = __version__
    model: str | None = None
    artefact: str | None = None
    sha256: str | None = None
    backend: str | None = None

    @classmethod
    def of(cls, capabilities: Capabilities | None) -> Self:
        """That of an engine; of codepar alone for None."""
        if capabilities is None:
            return cls()
        return cls(
            model=capabilities.model,
            artefact=capabilities.artefact or None,
            sha256=capabilities.sha256 or None,
            backend=capabilities.backend,
        )
