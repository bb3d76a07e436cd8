"""What a backend that scores sites is asked and answers: which MPI calls are missing at which places of a text.

Limits: no implementation lives here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self, runtime_checkable

from pydantic import Field, model_validator

from codepar.record import Record


class SiteText(Record):
    """A text in pieces, each encoded by itself, and sites in it: site ``(a, b)`` is between piece ``a`` and piece ``b``."""

    pieces: tuple[str, ...] = Field(max_length=20_000)
    sites: tuple[tuple[int, int], ...] = Field(max_length=20_000)

    @model_validator(mode="after")
    def _check_sites(self) -> Self:
        if any(not 0 <= piece < len(self.pieces) for site in self.sites for piece in site):
            raise ValueError("a site names a piece that is not there")
        return self


class SiteScore(Record):
    """How probable it is that ``function`` is missing at a site at least once, twice, three times, as far as told apart."""

    function: str
    probabilities: tuple[float, ...]


SiteScores = tuple[tuple[SiteScore, ...], ...]
"""For each site of a text the functions that are not improbable there."""


class SiteModel(Record):
    """The weights that score sites: the name asked for, which weights really answer, and their hash."""

    model: str
    artefact: str = ""
    sha256: str = ""


@runtime_checkable
class SiteScorer(Protocol):
    """What a backend with ``sites`` among its capabilities can do besides: say which calls are missing where."""

    async def score_sites(self, texts: Sequence[SiteText]) -> list[SiteScores]:
        """The scores of each text in order. Raises ``EngineUnavailable``, ``Unsupported`` (no site model is installed)."""
        ...
