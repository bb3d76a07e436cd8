"""Makes ``codepar/prompts/numerals.json``: the weights that say whether a number counts answers that are asked for.

    python benchmarks/numeral_weights.py evaluators/data/codepp/own_prompts.jsonl            # cross-validated, by source
    python benchmarks/numeral_weights.py evaluators/data/codepp/own_prompts.jsonl --write    # the weights of all sources

Learned from the parts of codepp that rules may be written after and from the rows of the JSONL file (``counts``: first and last
character and number of each numeral that is an item): every number from 2 to 60 of a request is an
example. Limits: needs numpy and scipy.
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
from codepar.prompts.numeral_features import features_of, numerals_of
from codepar.prompts.request import Request
from evaluators.benchmarks.codepp import Case, load_part

TARGET = Path(__file__).parent.parent / "codepar" / "prompts" / "numerals.json"
LEAST = 0.0
BOUNDS = (-1.0, 0.0, 0.5, LEAST, 1.5, 2.0, 3.0)


def told_of(discourse: Discourse, source: str, starts: frozenset[int]) -> Iterator[Told]:
    """The numbers of a request; ``starts``: the characters at which numerals stand that are items."""
    for sentence, index in numerals_of(discourse):
        right = sentence.tokens[index].start in starts
        yield Told(source, Example(frozenset(features_of(discourse, sentence, index)), right))


def of_case(case: Case, source: str) -> Iterator[Told]:
    """A prompt of codepp."""
    spans = [item.span for item in case.gold.items if item.file is None]
    data = case.prompt.text.encode()
    starts = frozenset(len(data[: span[0]].decode()) for span in spans if spans.count(span) > 1)
    yield from told_of(Discourse(Request(case.prompt.text, case.prompt.files)), source, starts)


def load(own: Path) -> list[Told]:
    """All that is learned from."""
    found = [told for part in PARTS for case in load_part(part) for told in of_case(case, part)]
    for line in own.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        starts = frozenset(count[0] for count in row.get("counts", ()))
        found += told_of(Discourse(Request(row["prompt"], row["files"])), row["source"], starts)
    return found


if __name__ == "__main__":
    Weighing(load, learned, partial(cross_validated, bounds=BOUNDS), TARGET, {"least": LEAST}).run(__doc__)
