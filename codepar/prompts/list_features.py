"""What the model of lists looks at: the sentence that leads in, how the elements begin, and what stands around the list.

A feature is a short text; ``lists.json`` holds a weight for each that was seen. Limits: words and marks, no grammar; the first
elements of a long list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from codepar.prompts.acts import act_of, is_statement
from codepar.prompts.discourse import Discourse
from codepar.prompts.heads import ASKING, Head, head_of
from codepar.prompts.lists import Listing
from codepar.prompts.tokens import Sentence, Token

_LOOKED_AT, _BEGINNING = 12, 120
_LEAD_WORDS, _NEAR_WORDS = 60, 20
_ENDS, _BEGINS, _SENTENCES = 4, 2, 2
_MANY = 6
_QUESTION_MARKS = "?？"


def features_of(discourse: Discourse, listing: Listing, lead: Sentence | None) -> set[str]:
    """The features of a list behind the sentence that leads in."""
    found = {"bias", f"n={min(_MANY, len(listing.elements))}", f"numbered={listing.numbered}"}
    found.add("code" if discourse.request.blocks else "plain")
    parts = [discourse.sentence(low, min(high, low + _BEGINNING)) for low, high in listing.elements[:_LOOKED_AT]]
    heads = [head_of(part.text, part.tokens) if part.tokens else Head.OTHER for part in parts]
    common = Counter(heads).most_common(1)[0]
    found |= {f"heads={common[0] if common[1] == len(heads) else 'mixed'}", f"most={common[0]}"}
    found |= {f"h={head}" for head in heads}
    found.add(f"asking={sum(head in ASKING for head in heads) * 3 // len(heads)}")
    found.update(_of_elements(discourse, listing, parts))
    found.update(_of_lead(lead))
    if lead is not None:
        found |= {f"most,act={common[0]},{act_of(lead)}", f"most,colon={common[0]},{lead.announces}"}
    found.update(_of_surroundings(discourse, listing, lead))
    return found


def _of_elements(discourse: Discourse, listing: Listing, parts: list[Sentence]) -> Iterator[str]:
    for (low, high), part in zip(listing.elements, parts, strict=False):
        yield f"element asks={discourse.prose[low:high].rstrip()[-1:] in _QUESTION_MARKS}"
        yield f"element size={min(4, len(part.tokens).bit_length())}"
        for token in part.tokens[:1]:
            yield f"e={token.text}"
            yield from (f"e={tag}" for tag in token.tags)


def _of_lead(lead: Sentence | None) -> Iterator[str]:
    if lead is None:
        yield "no lead"
        return
    tokens = lead.tokens[:_LEAD_WORDS]
    for token in tokens:
        yield f"l={token.text}"
        yield from (f"l={tag}" for tag in token.tags)
    yield from (f"l={one.text}>{other.text}" for one, other in pairwise(tokens))
    for place, token in enumerate(reversed(lead.tokens[-_ENDS:])):
        yield from _placed(f"end{place}", token)
    for place, token in enumerate(tokens[:_BEGINS]):
        yield from _placed(f"begin{place}", token)
    yield f"act={act_of(lead)}"
    yield f"colon={lead.announces}"
    yield f"question={lead.is_question}"
    yield f"told={is_statement(lead)}"
    yield f"size={min(5, len(tokens).bit_length())}"


def _placed(place: str, token: Token) -> Iterator[str]:
    yield f"{place}={token.text}"
    yield from (f"{place}={tag}" for tag in token.tags)


def _of_surroundings(discourse: Discourse, listing: Listing, lead: Sentence | None) -> Iterator[str]:
    behind = [sentence for sentence in discourse.spoken if sentence.start >= listing.end]
    before = [sentence for sentence in discourse.spoken if sentence.end <= listing.start and sentence is not lead]
    yield f"behind={min(2, len(behind))}"
    yield f"before={min(2, len(before))}"
    for sentence in behind[:_SENTENCES]:
        yield f"behind asks={sentence.is_question}"
        yield f"behind act={act_of(sentence)}"
        yield from (f"behind0={token.text}" for token in sentence.tokens[:1])
        yield from (f"b={token.text}" for token in sentence.tokens[:_NEAR_WORDS])
    for sentence in before[-_SENTENCES:]:
        yield f"before act={act_of(sentence)},{is_statement(sentence)}"
        yield from (f"p={token.text}" for token in sentence.tokens[:_NEAR_WORDS])
