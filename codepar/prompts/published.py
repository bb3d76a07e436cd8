"""Our decompositions in the schema of ParallelPrompt (arXiv 2506.18728), for readers of the published data set.

One row: ``template`` with ``{data}`` (and ``{context}``), ``context``, either ``data`` (two strings or more) or ``n`` (two
repetitions or more), ``category``, ``serial`` and ``validation_tier``. Limits: the schema has no edges, so a request whose parts
wait for each other has no row.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from codepar.errors import Unsupported
from codepar.prompts.ask import CONTEXT, DATA
from codepar.prompts.items import Decomposition, EdgeKind, Tier
from codepar.protocols import Record


class PublishedRow(Record):
    """One decomposable prompt as the data set holds it."""

    template: str
    context: str | None = None
    data: tuple[str, ...] | None = Field(default=None, min_length=2)
    n: int | None = Field(default=None, ge=2)
    category: str
    serial: str
    validation_tier: Tier

    @model_validator(mode="after")
    def _check(self) -> Self:
        """The published integrity rule: data or a number, never both, with the places that they fill."""
        if (self.data is None) == (self.n is None):
            raise ValueError("a row has either `data` or `n`")
        if self.data is not None and DATA not in self.template:
            raise ValueError("a row with `data` needs {data} in its template")
        if (self.context is not None) != (CONTEXT in self.template):
            raise ValueError("`context` and {context} go together")
        return self


def published(found: Decomposition, prompt: str) -> PublishedRow:
    """The row of a decomposition. Raises ``Unsupported`` for a whole request and for parts that wait for each other."""
    if not found.split or found.template is None:
        raise Unsupported(f"the request stays whole and has no row: {found.reason}", remedy="leave it out of the data set")
    if any(edge.kind in {EdgeKind.BODY, EdgeKind.ORDER} for edge in found.edges):
        raise Unsupported("parts that wait for each other have no place in the published schema", remedy="use `split --plan`")
    places = {(item.file, item.span) for item in found.items}
    repeated = len(places) == 1
    return PublishedRow(
        template=found.template.replace(DATA, "1") if repeated else found.template,
        context=found.context or None,
        data=None if repeated else tuple(item.text for item in found.items),
        n=len(found.items) if repeated else None,
        category=found.category,
        serial=prompt,
        validation_tier=found.tier or "low",
    )
