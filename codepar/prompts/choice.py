"""Which of the possible readings of a request is meant, if any: the network's opinion and the rules' weighed together.

A log-linear model over ``choice_features`` gives each possible reading its odds against none of them; ``choice.json`` holds the
weights, made by ``codepar finetune request-network``. Limits: what binds the items of a reading is looked for afterwards; where
the network does not read (no numpy, a long request, more than a dozen items) the rules' reading stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from codepar.prompts.act_on_pieces import act_on_pieces
from codepar.prompts.acts import act_of
from codepar.prompts.by_wishes import is_in_order
from codepar.prompts.choice_features import Chosen, candidates_of, features_of
from codepar.prompts.code_elements import broken_among, sources_of
from codepar.prompts.counted_otherwise import says_these
from codepar.prompts.dependence import edges_of, obstacle
from codepar.prompts.discourse import Discourse
from codepar.prompts.heads import ASKING, Head, head_of
from codepar.prompts.items import Refusal
from codepar.prompts.lexicon import Tag
from codepar.prompts.log_linear import load_weights
from codepar.prompts.possible import MADE_BY_RULES, Possibilities, Possible
from codepar.prompts.reading import Element, Found, Kind, Reading, Whole
from codepar.prompts.roles import Roles, Span
from codepar.prompts.sequence import sequence_of
from codepar.prompts.tag_network import LONGEST, own_network

_FIXED = frozenset({Refusal.PARSE_ERROR, Refusal.OVERLAP, Refusal.SHARED_STATE, Refusal.CYCLE})
"""Reasons that come from what there is, not from how the wishes are worded."""
_LOOKED_AT = 8
_MANY = 12
"""The network learned from requests of few items; what many lines or pieces are, the rules know better."""
PREFERENCE = log(2)
_TRUST = {Kind.FILE: 2.0, Kind.CODE: 0.6, Kind.COUNT: 0.6, Kind.WORDS: 0.7}
# No prose has shorter words, so that what is longer is not worth being counted.
_LETTERS = 12


def choose(discourse: Discourse, found: Found) -> Found:
    """What the rules ``found``, another reading, or why the request stays whole."""
    network = own_network()
    if network is None or (isinstance(found, Whole) and found.refusal in _FIXED):
        return found
    if isinstance(found, Reading) and len(found.elements) > _MANY:
        return found
    if _are_values(found):
        return found
    if sum(high - low for low, high in discourse.request.stretches) > _LETTERS * LONGEST:
        return found
    words = sequence_of(discourse)
    if len(words) > LONGEST:
        return found
    candidates = considered(discourse, Roles(words, network.read(words)), found)
    model = load_weights("choice")
    scores = [model.score(features_of(one)) for one in candidates]
    if not scores or max(scores) <= model.least - trust_in(found):
        return _whole(discourse, found)
    best = preferred(scores, [MADE_BY_RULES in one.possible.makers for one in candidates])
    return reading_of(discourse, candidates[best].possible)


def _are_values(found: Found) -> bool:
    """ "Versions of it with 2, 4 and 8 accumulators": what no piece of code is taken for."""
    return isinstance(found, Reading) and found.kind is Kind.WORDS and all(one.name.isdecimal() for one in found.elements)


def considered(discourse: Discourse, roles: Roles, found: Found) -> list[Chosen]:
    """The readings that are weighed. Where the rules miss pieces, those of a number that is said.

    "The two pricing functions": there may be more of them, and just two be meant; not so with "these two functions".
    """
    candidates = candidates_of(discourse, roles, found)
    if isinstance(found, Whole) and found.refusal is Refusal.CONTRADICTION:
        numbers = set() if says_these(discourse) else {word.number for word in roles.words}
        return [one for one in candidates if len(one.possible.places) in numbers]
    return candidates


def trust_in(found: Found) -> float:
    """How far below the bound the odds may be: the rules seldom find files, pieces or numbers where none are meant."""
    return _TRUST.get(found.kind, 0.0) if isinstance(found, Reading) else 0.0


def preferred(scores: Sequence[float], of_rules: Sequence[bool]) -> int:
    """The best of several readings: what the rules read, unless another one is twice as likely."""
    return max(range(len(scores)), key=lambda number: (scores[number] + PREFERENCE * of_rules[number], -number))


def _whole(discourse: Discourse, found: Found) -> Whole:
    """Why a request stays whole in which no reading is likely: what the rules say, or what binds what they found."""
    if isinstance(found, Whole):
        return found
    bound = obstacle(discourse, found, edges_of(discourse, found)) if found is not None else None
    return bound or Whole(Refusal.ONE_TASK, "it asks for one thing")


def reading_of(discourse: Discourse, possible: Possible) -> Found:
    """A possible reading as the rules would have made it."""
    if possible.reading is not None:
        return possible.reading
    if possible.kind in {Kind.CODE, Kind.FILE}:
        broken = broken_among(sources_of(possible.elements))
        start, end = (discourse.spoken[0].start, discourse.spoken[-1].end) if discourse.spoken else (0, 1)
        act = act_on_pieces(discourse)
        return broken or Reading(possible.kind, _in_text_order(possible.elements), act, start, end, tier="medium")
    spans = Possibilities.spans_of(discourse, possible)
    start, end = spans[0][0], spans[-1][1]
    if possible.kind is Kind.COUNT:
        return Reading(possible.kind, possible.elements, Tag.WRITE, start, end, tier="medium")
    return _of_words(discourse, possible, spans)


def _in_text_order(elements: tuple[Element, ...]) -> tuple[Element, ...]:
    """Files as they come, the pieces within one from its first to its last."""
    files = list(dict.fromkeys(element.place.file for element in elements))
    return tuple(sorted(elements, key=lambda element: (files.index(element.place.file), element.place.start)))


def _of_words(discourse: Discourse, possible: Possible, spans: list[Span]) -> Reading:
    prompt = discourse.request.prompt
    elements = tuple(Element(place, prompt[low:high]) for place, (low, high) in zip(possible.places, spans, strict=True))
    instructions = _are_instructions(discourse, spans)
    lead = next((s for s in reversed(discourse.spoken) if s.start < spans[0][0]), None)
    act = (act_of(lead) if lead is not None and not instructions else None) or Tag.WRITE
    ordered = instructions and is_in_order(discourse, spans)
    start, end = spans[0][0], spans[-1][1]
    return Reading(Kind.WORDS, elements, act, start, end, tier="low", ordered=ordered, instructions=instructions)


def _are_instructions(discourse: Discourse, spans: list[Span]) -> bool:
    """Whether most elements begin with what asks for something themselves."""
    heads = list[Head]()
    for low, high in spans[:_LOOKED_AT]:
        tokens = discourse.sentence(low, high).tokens
        heads.append(head_of(discourse.prose[low:high], tokens) if tokens else Head.OTHER)
    asking = ASKING - {Head.THING}
    return 2 * sum(head in asking for head in heads) >= len(heads)
