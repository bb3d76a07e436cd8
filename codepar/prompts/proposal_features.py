"""What the model of proposals looks at: what leads in to the elements that a reader found, how they begin and how alike they are,
what follows them, and what the request is like.

A feature is a short text; ``proposals.json`` holds a weight for each that was seen. Limits: words and marks, no grammar.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from codepar.prompts.acts import chains, is_statement
from codepar.prompts.clause_features import language_of
from codepar.prompts.comparing import compares
from codepar.prompts.discourse import Discourse
from codepar.prompts.heads import ASKING, Head, head_of
from codepar.prompts.lexicon import Tag
from codepar.prompts.tokens import Sentence, Token
from codepar.prompts.wish_bonds import speaks_back

_LOOKED_AT = 12
_NEAR = 3
_SENTENCES = 16
_WORD = re.compile(r"\w+")
_MANY_WORDS = 12
QUOTES = frozenset("\"'“„«「『‘”")
_VERBS = (Tag.READ, Tag.CHANGE, Tag.WRITE, Tag.TEST)
_NOT_IN_ROW = frozenset("if when because since so but not with without in at on from than that which keeping using as".split())


@dataclass(frozen=True, slots=True)
class Proposal:
    """Elements in running text as characters ``low`` to ``high`` of the prompt, in order; the sentence holds the first."""

    sentence: Sentence
    elements: tuple[tuple[int, int], ...]


def sentence_at(discourse: Discourse, start: int) -> Sentence | None:
    """The sentence that is spoken at a character of the prompt."""
    return next((s for s in discourse.spoken if s.start <= start < s.end), None)


def features_of(discourse: Discourse, proposal: Proposal) -> set[str]:
    """The features of a series."""
    prose, sentence = discourse.prose, proposal.sentence
    texts = [prose[low:high] for low, high in proposal.elements[:_LOOKED_AT]]
    parts = [Sentence(prose, low, high).tokens for low, high in proposal.elements[:_LOOKED_AT]]
    parts_heads = [head_of(text, tokens) if tokens else Head.OTHER for text, tokens in zip(texts, parts, strict=True)]
    lead = sentence.within(sentence.start, proposal.elements[0][0])
    behind = sentence.within(proposal.elements[-1][1], sentence.end)
    found = {"bias", f"n={min(6, len(proposal.elements))}", f"lang={language_of(sentence.text)}"}
    found.update(_of_lead(lead))
    found.update(_of_heads(parts_heads, lead))
    found.update(_of_parts(texts, parts))
    if all(prose[max(0, low - 1) : low] in QUOTES for low, _ in proposal.elements):
        found.add("inquotes")
    found.update(_of_joints(discourse, proposal))
    found.update(f"behind={token.text}" for token in behind[:2])
    found.add(f"behind={min(3, len(behind))}")
    found.update(_of_request(discourse, sentence))
    found.update({f"lead,{one}" if lead else f"nolead,{one}" for one in found if one.startswith(("n=", "heads=", "words="))})
    return found


def _of_lead(lead: tuple[Token, ...]) -> list[str]:
    found = [f"leads={min(6, len(lead))}"]
    for place, token in enumerate(reversed(lead[-_NEAR:])):
        found += [f"l{place}={token.text}", *(f"l{place}={tag}" for tag in token.tags)]
    found += [f"begins={token.text}" for token in lead[:2]]
    found += [f"in={token.text}" for token in lead if token.is_word]
    found += [f"in={tag}" for tag in {tag for token in lead for tag in token.tags}]
    verbs = [token for token in lead if token.has(*_VERBS)]
    if verbs:
        place = lead.index(verbs[-1])
        between = lead[place + 1 :]
        found += [f"verb={verbs[-1].text}", f"far={min(5, len(between))}"]
        found += [f"verb,{tag}" for token in between for tag in token.tags]
    if any(token.has(Tag.A) for token in lead) and not any(token.has(Tag.PLURAL) for token in lead):
        found.append("one")
    return found


def _of_heads(heads: list[Head], lead: tuple[Token, ...]) -> list[str]:
    later = heads[1:]
    found = [f"h0={heads[0]}", *(f"h={head}" for head in later), f"last={heads[-1]}"]
    common, count = Counter(heads).most_common(1)[0]
    found.append(f"heads={common if count == len(heads) else 'mixed'}")
    found.append(f"later={later[0] if len(set(later)) == 1 else 'mixed'}")
    found.append(f"asking={sum(head in ASKING for head in later) * 3 // max(1, len(later))}")
    if lead:
        found += [f"last,l0={heads[-1]},{tag}" for tag in lead[-1].tags] + [f"last,l0={heads[-1]},{lead[-1].text}"]
    return found


def _of_parts(texts: list[str], parts: list[tuple[Token, ...]]) -> list[str]:
    words = [len(_WORD.findall(text)) for text in texts]
    found = [f"words={_size(max(words))}", f"least={_size(min(words))}", f"spread={_size(max(words) - min(words))}"]
    found.append(f"even={max(words) <= 2 * max(1, min(words))}")
    for place, tokens in enumerate(parts):
        mark = "e0" if place == 0 else "e"
        found += [f"{mark}={token.text}" for token in tokens[:1]]
        found += [f"{mark}={tag}" for token in tokens[:1] for tag in token.tags]
        found += [f"{mark}1={tag}" for token in tokens[1:2] for tag in token.tags]
        if tokens and tokens[0].text in _NOT_IN_ROW:
            found.append("dependent")
        if any(token.is_file for token in tokens):
            found.append(f"{mark}file")
        if any(token.number is not None for token in tokens):
            found.append(f"{mark}number")
        if tokens and tokens[0].quoted:
            found.append(f"{mark}quoted")
    if any(speaks_back(text) for text in texts[1:]):
        found.append("back")
    firsts = [tokens[0].tags if tokens else frozenset() for tokens in parts]
    alike = sum(not a.isdisjoint(b) or a == b for a, b in pairwise(firsts))
    found.append(f"alike={alike * 2 // max(1, len(parts) - 1)}")
    if len({tokens[0].text for tokens in parts if tokens}) == 1:
        found.append("sameword")
    if any("\n" in text for text in texts):
        found.append("lines")
    return [*found, *(f"capitals={sum(text[:1].isupper() for text in texts[1:]) * 2 // max(1, len(texts) - 1)}",)]


def _size(count: int) -> int:
    return min(5, (count + 1).bit_length())


def _of_joints(discourse: Discourse, proposal: Proposal) -> list[str]:
    """The marks and conjunctions between the elements."""
    gaps = [discourse.prose[before[1] : after[0]].strip().lower() for before, after in pairwise(proposal.elements[:_LOOKED_AT])]
    kinds = {"," if gap in {",", "，", "、"} else gap for gap in gaps[:-1]}
    return [f"joint={gaps[-1]}", *(f"joints={kind}" for kind in kinds)] if gaps else []


def _of_request(discourse: Discourse, sentence: Sentence) -> list[str]:
    spoken = discourse.spoken[:_SENTENCES]
    others = [one for one in spoken if one is not sentence]
    found = [f"question={sentence.is_question}", f"sentences={min(4, len(spoken))}"]
    found.append(f"asked={min(2, sum(one.is_question for one in others))}")
    found.append(f"wished={min(2, sum(_begins_with_verb(one) for one in others))}")
    found.append(f"told={min(3, sum(is_statement(one) for one in others))}")
    found.append(f"place={'first' if spoken and spoken[0] is sentence else 'later'}")
    found.append(f"final={bool(spoken) and spoken[-1] is sentence}")
    found.append("code" if discourse.request.blocks else "plain")
    if sentence.has(Tag.EACH):
        found += ["dealt", f"dealt,question={sentence.is_question}"]
    if is_statement(sentence):
        found.append("statement")
    if discourse.lists:
        found.append("lists")
    if any(compares(one, 0) for one in spoken):
        found.append("compares")
    if any(chains(one) for one in spoken):
        found.append("chains")
    return found


def _begins_with_verb(sentence: Sentence) -> bool:
    words = [token for token in sentence.tokens[:_NEAR] if token.is_word and not token.has(Tag.POLITE)]
    return bool(words) and words[0].has(*_VERBS)
