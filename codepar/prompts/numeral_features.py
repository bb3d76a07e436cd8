"""What the model of numerals looks at: the words around a number, what its sentence asks, and what the request is like.

A feature is a short text; ``numerals.json`` holds a weight for each that was seen. Limits: words and marks, no grammar.
"""

from __future__ import annotations

from collections.abc import Iterator

from codepar.prompts.acts import act_of, is_statement
from codepar.prompts.clause_features import language_of
from codepar.prompts.comparing import compares
from codepar.prompts.discourse import Discourse
from codepar.prompts.in_numbers import is_in_row
from codepar.prompts.lexicon import Tag
from codepar.prompts.tokens import Sentence, Token

_SENTENCES = 12
_BEFORE, _BEHIND, _NOUN = 3, 5, 4
_LARGE = 60


def numerals_of(discourse: Discourse) -> Iterator[tuple[Sentence, int]]:
    """The numbers from 2 on that are small enough to count answers: sentence and index of the token."""
    for sentence in discourse.spoken[:_SENTENCES]:
        for index, token in enumerate(sentence.tokens):
            if (
                token.number is not None
                and 2 <= token.number <= _LARGE
                and not token.quoted
                and not token.has(Tag.ALL)
                and not is_in_row(sentence.tokens, index)
            ):
                yield sentence, index


def features_of(discourse: Discourse, sentence: Sentence, index: int) -> set[str]:
    """The features of the numeral at token ``index``."""
    tokens, token = sentence.tokens, sentence.tokens[index]
    before, behind = tokens[max(0, index - _BEFORE) : index][::-1], tokens[index + 1 : index + 1 + _BEHIND]
    found = {"bias", f"lang={language_of(sentence.text)}", f"digits={token.text.isdigit()}", f"size={min(5, token.number or 0)}"}
    found.update(_around("before", before))
    found.update(_around("behind", behind))
    found |= {f"first={min(4, index)}", f"rest={min(5, len(tokens) - index)}"}
    found |= {f"lead={one.text}" for one in tokens[:index][:12]} | {f"lead={tag}" for one in tokens[:index] for tag in one.tags}
    found |= {f"tail={one.text}" for one in tokens[index + 1 :][:12]}
    noun = next((one for one in behind[:_NOUN] if one.has(Tag.PLURAL) or one.text.endswith("s")), None)
    found.add(f"noun={'none' if noun is None else min(3, behind.index(noun))}")
    if noun is not None:
        found |= {f"noun is {tag}" for tag in noun.tags} or {"noun is unknown"}
    mark = "told" if is_statement(sentence) else "asked" if sentence.is_question else "wish"
    found |= {mark, f"{mark},{act_of(sentence)}", f"numbers={min(3, sum(one.number is not None for one in tokens))}"}
    found |= {f"sentences={min(3, len(discourse.spoken))}", "code" if discourse.request.blocks else "plain"}
    if any(compares(one, 0) for one in discourse.spoken):
        found.add("compares")
    if discourse.lists:
        found.add("lists")
    return found


def _around(mark: str, tokens: tuple[Token, ...]) -> Iterator[str]:
    for place, token in enumerate(tokens):
        yield f"{mark}{place}={token.text}"
        yield from (f"{mark}{place}={tag}" for tag in token.tags)
    yield f"{mark}={len(tokens)}"
    yield f"{mark}={' '.join(token.text for token in tokens[:2])}"
