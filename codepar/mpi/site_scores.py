"""What is thought of each place: the site scorer's probabilities and the word model's, joined.

The two see different things (a language model reads the function whole, the word model counts what stands around a place in more
programs), and err at different places. Limits: what neither was taught, neither tells.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol, cast

from codepar.errors import EngineUnavailable
from codepar.mpi.outline import Outline
from codepar.mpi.sites import site_texts
from codepar.mpi.words.model import installed_words
from codepar.protocols import Generator, SiteScorer, SiteScores


class SiteGenerator(Generator, SiteScorer, Protocol):
    """A language model whose backend scores sites, too."""


async def scorer_in(generator: Generator) -> SiteGenerator | None:
    """The generator, where its backend scores sites; None where it does not, or where none can be opened."""
    # One that stands before another has the method, whatever the one behind it can do.
    if not isinstance(generator, SiteScorer):
        return None
    try:
        return cast(SiteGenerator, generator) if (await generator.capabilities()).sites else None
    except EngineUnavailable:
        return None


async def scores_of(scorer: SiteScorer, found: Sequence[Outline]) -> list[SiteScores]:
    """The scores of the sites of some outlines. Whatever the scorer raises passes through."""
    texts = site_texts(found)
    scores = await scorer.score_sites(texts)
    # A millisecond a place: not in the way of other requests.
    return await asyncio.to_thread(installed_words().blended, texts, scores)
