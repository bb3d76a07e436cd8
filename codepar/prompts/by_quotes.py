"""Texts in quotes that are to be translated, corrected or classified one by one, within a sentence or behind it.

Limits: quotes of one line; what stands between them must be separators alone.
"""

from __future__ import annotations

import re
from itertools import pairwise

from codepar.prompts.comparing import compares
from codepar.prompts.discourse import Discourse
from codepar.prompts.lexicon import Tag
from codepar.prompts.list_sense import ON_TEXTS
from codepar.prompts.reading import Found
from codepar.prompts.series import SPAN, reading_of
from codepar.prompts.tokens import Sentence


def read_quotes(discourse: Discourse, sentence: Sentence) -> Found:
    """Several texts in quotes, side by side, to be translated, corrected or classified."""
    if not ON_TEXTS.search(sentence.text) or compares(sentence, 0):
        return None
    texts = list(_QUOTED.finditer(sentence.text))
    if not texts:
        return _quoted_behind(discourse, sentence)
    between = [sentence.text[a.end() : b.start()] for a, b in pairwise(texts)]
    if len(texts) < 2 or not all(
        re.fullmatch(r"[\s,，、;]*(?:and|or|und|y|и|和|と|・|/)?\s*", text, re.IGNORECASE) for text in between
    ):
        return None
    return reading_of(discourse, sentence, [(sentence.start + t.start() + 1, sentence.start + t.end() - 1) for t in texts])


def _quoted_behind(discourse: Discourse, sentence: Sentence) -> Found:
    """Texts in quotes that follow a sentence: "Rewrite these. 'He go.' 'They was.'"."""
    end = next((high for low, high in discourse.stretches if low <= sentence.start < high), sentence.end)
    match = _ONLY_QUOTED.match(discourse.prose, sentence.end, min(end, sentence.end + SPAN))
    if match is None or not sentence.has(Tag.EACH, Tag.THESE, Tag.ALL, Tag.PLURAL):
        return None
    texts = [text.span() for text in _QUOTED.finditer(discourse.prose, *match.span())]
    return _reading_of_quotes(discourse, sentence, texts) if len(texts) > 1 else None


def _reading_of_quotes(discourse: Discourse, sentence: Sentence, texts: list[tuple[int, int]]) -> Found:
    return reading_of(discourse, sentence, [(low + 1, high - 1) for low, high in texts])


_ONLY_QUOTED = re.compile(r"""(?:[\s,，、;/]*(?:"[^"\n]+"|“[^”\n]+”|«[^»\n]+»|(?<!\w)'[^'\n]+'(?!\w)))+""")
_QUOTED = re.compile(r"(?<![^\s(:])'[^'\n]+'(?![^\W\d])|\"[^\"\n]+\"|“[^”\n]+”|«[^»\n]+»|„[^“”\n]+[“”]|「[^」\n]+」")
