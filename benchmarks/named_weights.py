"""Makes ``codepar/prompts/names.json``: the weights that say whether a request means each of the pieces of code it names.

    python benchmarks/named_weights.py evaluators/data/codepp/own_prompts.jsonl            # cross-validated, by source
    python benchmarks/named_weights.py evaluators/data/codepp/own_prompts.jsonl --write    # the weights of all sources

Learned from the parts of codepp that rules may be written after and from the rows of the JSONL file that name two pieces or more
and do not keep them out (``names``: what the items are; ``pieces``: all functions). Requests that stay whole because of shared
state or a cycle mean their pieces and are no split; they are left out. Limits: needs numpy and scipy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from clause_weights import PARTS, Example
from weights_by_source import Told, cross_validated, learned
from weights_command import Weighing

from codepar.prompts.discourse import Discourse
from codepar.prompts.items import Refusal
from codepar.prompts.named_features import features_of, named_in
from codepar.prompts.piece_features import pieces_of
from codepar.prompts.request import Request
from evaluators.benchmarks.codepp import Case, load_part

TARGET = Path(__file__).parent.parent / "codepar" / "prompts" / "names.json"
LEAST = 1.0
BOUNDS = (-1.0, 0.0, 0.5, LEAST, 1.5, 2.0, 3.0)
_BOUND = frozenset({Refusal.SHARED_STATE, Refusal.CYCLE})


def of_case(case: Case, source: str) -> Iterator[Told]:
    """A prompt of codepp, where it names pieces."""
    discourse = Discourse(Request(case.prompt.text, case.prompt.files))
    named = named_in(discourse)
    if named is not None and case.gold.refusal not in _BOUND:
        wanted = {(item.file, item.span) for item in case.gold.items}
        right = wanted == {(one.place.file, (one.place.start, one.place.end)) for one in named.elements}
        yield Told(source, Example(frozenset(features_of(discourse, named)), right))


def of_row(row: dict) -> Iterator[Told]:  # type: ignore[type-arg]
    """A row of the own prompts, where it names pieces."""
    discourse = Discourse(Request(row["prompt"], row["files"]))
    named = named_in(discourse)
    if named is None or row.get("bound"):
        return
    wanted = {name.lower() for name in row.get("names", ())}
    if row.get("pieces"):
        wanted = {piece.name.lower() for piece in pieces_of(discourse)}
    right = bool(wanted) and wanted == {one.name.lower() for one in named.elements}
    yield Told(row["source"], Example(frozenset(features_of(discourse, named)), right))


def load(own: Path) -> list[Told]:
    """All that is learned from."""
    rows = [json.loads(line) for line in own.read_text(encoding="utf-8").splitlines()]
    found = [told for row in rows for told in of_row(row)]
    return found + [told for part in PARTS for case in load_part(part) for told in of_case(case, part)]


if __name__ == "__main__":
    Weighing(load, learned, partial(cross_validated, bounds=BOUNDS), TARGET, {"least": LEAST}).run(__doc__)
