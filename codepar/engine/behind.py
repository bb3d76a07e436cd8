"""What a generator that stands before another one asks it beyond ``Generator``.

Limits: whether there is anything to ask is said by ``Capabilities``; here it is only taken at its word.
"""

from __future__ import annotations

from codepar.errors import Unsupported
from codepar.protocols import Generator, SiteScorer


def scorer_of(generator: Generator) -> SiteScorer:
    """The generator as what scores sites. Raises ``Unsupported`` where it cannot."""
    if not isinstance(generator, SiteScorer):
        raise Unsupported("this language model scores no sites", remedy="codepar models build mpi-sites, then use our own engine")
    return generator
