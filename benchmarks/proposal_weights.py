"""Makes ``codepar/prompts/proposals.json``: the weights that refuse a series whose elements are no wishes of their own.

    python benchmarks/proposal_weights.py evaluators/data/codepp/own_prompts.jsonl            # cross-validated, by source
    python benchmarks/proposal_weights.py evaluators/data/codepp/own_prompts.jsonl --write    # the weights of all sources

Learned from what ``clause_weights.py`` learns from: of each sentence every series is an example, from the sentence's beginning,
from its verbs, prepositions, plurals and colons on, and the one that the reader of series takes, which counts twice.
Limits: needs numpy and scipy; a series that holds only some of the items is a wrong one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from clause_weights import Example, Labelled, fit, load
from weights_command import Weighing

from codepar.prompts.by_series import proposed_series
from codepar.prompts.discourse import Discourse
from codepar.prompts.lexicon import Tag
from codepar.prompts.log_linear import total
from codepar.prompts.proposal_features import Proposal, features_of, sentence_at
from codepar.prompts.proposal_model import places_of
from codepar.prompts.request import Request
from codepar.prompts.series import elements_of

TARGET = Path(__file__).parent.parent / "codepar" / "prompts" / "proposals.json"
LEAST = -4.0
TAKEN_WEIGHT = 4.0
_OPENS = (Tag.READ, Tag.CHANGE, Tag.WRITE, Tag.TEST, Tag.FOR, Tag.PLURAL, Tag.WITH, Tag.EACH)
# Of Chinese and Japanese, too.
_COLONS = frozenset({":", "\uff1a"})
_STARTS, _TOKENS = 8, 60
_SENTENCES, _LONGEST, _MOST = 40, 1200, 30
_FEW = 2


@dataclass(frozen=True, slots=True)
class Candidate:
    """A series of a request; ``taken``: the reader of series takes it."""

    source: str
    example: Example
    taken: bool


def candidates_of(one: Labelled) -> list[Candidate]:
    """The series of a request, each once."""
    discourse = Discourse(Request(one.prompt, one.files))
    found: dict[tuple[tuple[int, int], ...], Candidate] = {}
    for taken, proposal in (*((True, p) for p in _taken(discourse)), *((False, p) for p in _cut(discourse))):
        if proposal.elements not in found:
            example = Example(frozenset(features_of(discourse, proposal)), _is_right(proposal, one.starts))
            found[proposal.elements] = Candidate(one.source, example, taken)
    return list(found.values())


def _taken(discourse: Discourse) -> Iterator[Proposal]:
    for reading in proposed_series(discourse):
        places = places_of(discourse, reading)
        sentence = sentence_at(discourse, places[0][0]) if places else None
        if sentence is not None:
            yield Proposal(sentence, places)


def _cut(discourse: Discourse) -> Iterator[Proposal]:
    for sentence in discourse.spoken if len(discourse.spoken) <= _SENTENCES else ():
        tokens = sentence.tokens[:_TOKENS] if len(sentence.text) <= _LONGEST else ()
        starts = [sentence.start, *(t.end for t in tokens if t.text in _COLONS or t.has(*_OPENS))]
        for start in dict.fromkeys(starts[:_STARTS]):
            elements = tuple(elements_of(discourse.prose, start, sentence.end))
            if _FEW <= len(elements) <= _MOST:
                yield Proposal(sentence, elements)


def _is_right(proposal: Proposal, starts: Sequence[int]) -> bool:
    """Whether the elements hold one item each and all of them."""
    inside = [sum(low <= start < high for start in starts) for low, high in proposal.elements]
    return len(starts) >= _FEW and set(inside) == {1} and sum(inside) == len(starts)


def learned(candidates: Sequence[Candidate]) -> dict[str, float]:
    """The weights."""
    return fit([(TAKEN_WEIGHT if one.taken else 1.0, one.example) for one in candidates])


def cross_validated(candidates: Sequence[Candidate]) -> Iterable[str]:
    """What becomes, at several bounds, of the series that are taken, by weights that never saw their source."""
    scored: list[tuple[float, bool]] = []
    for source in sorted({one.source for one in candidates}):
        weights = learned([one for one in candidates if one.source != source])
        told = [one.example for one in candidates if one.source == source and one.taken]
        scored += [(total(weights, e.features), e.begins) for e in told]
    for bound in (-6.0, -5.0, LEAST, -3.0, -2.0, -1.0):
        kept = Counter(right for score, right in scored if score >= bound)
        lost = Counter(right for score, right in scored if score < bound)
        yield f"{bound:+.0f}: {kept[True]} right and {kept[False]} wrong kept, {lost[True]} right and {lost[False]} wrong refused"


if __name__ == "__main__":
    Weighing(
        lambda own: [candidate for one in load(own) for candidate in candidates_of(one)],
        learned,
        cross_validated,
        TARGET,
        {"least": LEAST},
    ).run(__doc__)
