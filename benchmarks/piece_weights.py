"""Makes ``codepar/prompts/pieces.json``: the weights that say whether a request with code means all of its functions.

    python benchmarks/piece_weights.py evaluators/data/codepp/own_prompts.jsonl            # cross-validated, by source
    python benchmarks/piece_weights.py evaluators/data/codepp/own_prompts.jsonl --write    # the weights of all sources

Learned from the parts of codepp that rules may be written after, a quarter of the generated prompts, which count little, and
the rows of the JSONL file that say whether all functions are items (``pieces``). Requests that stay whole because of shared
state or a cycle mean all functions and are no split; they are left out. Limits: needs numpy and scipy.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from clause_weights import PARTS, Example, fit
from weights_command import Weighing

from codepar.prompts.discourse import Discourse
from codepar.prompts.items import Refusal
from codepar.prompts.log_linear import total
from codepar.prompts.piece_features import features_of, is_possible, pieces_of
from codepar.prompts.request import Request
from evaluators.benchmarks.codepp import Case, load_part

TARGET = Path(__file__).parent.parent / "codepar" / "prompts" / "pieces.json"
LEAST = 0.4
GENERATED_WEIGHT, EVERY = 0.3, 4
_BOUND = frozenset({Refusal.SHARED_STATE, Refusal.CYCLE})


@dataclass(frozen=True, slots=True)
class Told:
    """A request with several functions."""

    source: str
    weight: float
    example: Example


def of_case(case: Case, source: str, weight: float) -> Iterator[Told]:
    """A prompt of codepp, where it has several functions."""
    discourse = Discourse(Request(case.prompt.text, case.prompt.files))
    pieces = pieces_of(discourse)
    if is_possible(pieces) and case.gold.refusal not in _BOUND:
        wanted = {(item.file, item.span) for item in case.gold.items}
        right = wanted == {(piece.place.file, (piece.place.start, piece.place.end)) for piece in pieces}
        yield Told(source, weight, Example(frozenset(features_of(discourse, pieces)), right))


def load(own: Path) -> list[Told]:
    """All that is learned from."""
    found = [told for part in PARTS for case in load_part(part) for told in of_case(case, part, 1.0)]
    found += [told for case in load_part("generated")[::EVERY] for told in of_case(case, "generated", GENERATED_WEIGHT)]
    for line in own.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if "pieces" in row:
            discourse = Discourse(Request(row["prompt"], row["files"]))
            example = Example(frozenset(features_of(discourse, pieces_of(discourse))), row["pieces"])
            found.append(Told(row["source"], 1.0, example))
    return found


def learned(told: Sequence[Told]) -> dict[str, float]:
    """The weights."""
    return fit([(one.weight, one.example) for one in told])


def cross_validated(told: Sequence[Told]) -> Iterable[str]:
    """Precision and recall of "all of them" at several bounds, by weights that never saw the source."""
    scored: list[tuple[float, bool]] = []
    for source in sorted({one.source for one in told} - {"generated"}):
        weights = learned([one for one in told if one.source != source])
        mine = [one.example for one in told if one.source == source]
        scored += [(total(weights, e.features), e.begins) for e in mine]
    for bound in (0.0, 0.5, 1.0, LEAST, 1.5, 2.0, 3.0):
        right = sum(begins for score, begins in scored if score > bound)
        wrong = sum(not begins for score, begins in scored if score > bound)
        missed = sum(begins for score, begins in scored if score <= bound)
        yield f"{bound:+.1f}: precision {right / max(1, right + wrong):.3f}, recall {right / max(1, right + missed):.3f}"


if __name__ == "__main__":
    Weighing(load, learned, cross_validated, TARGET, {"least": LEAST}).run(__doc__)
