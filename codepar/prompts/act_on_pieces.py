"""What a request does to the pieces of code it speaks of: reads them, tests them, or changes them.

Limits: sentences by themselves; what no sentence says in so many words counts as a change.
"""

from __future__ import annotations

import re

from codepar.prompts.acts import LIGHT, act_among, is_statement, reads_by_noun
from codepar.prompts.discourse import Discourse
from codepar.prompts.lexicon import Tag
from codepar.prompts.tokens import Sentence

_ASKING = re.compile(
    r"(?:what|why (?=[di])|how (?=[dm])|which|when|is|are|do|does|was|wozu|wofür|warum|wieso|wie (?!wäre)|ist|sind|qué|cuál"
    r"|por qué|cómo|para qué|что|зачем|почему|как(?:ов|ая|ой|ое|ие)?)\b|¿",
    re.IGNORECASE,
)
_EXPLAINS = re.compile(
    r"\b(?:take|walk|talk|guide|lead) (?:me|us) through\b|\b(?:risk )?assessments?\b|\bоцени\w* (?:асимптотик|сложност)\w*"
    r"|讲清楚|讲讲|干(?:啥|什么|嘛)的",
    re.IGNORECASE,
)
_MAKES = frozenset("turn make put move get rid do set bring".split())
_NOT = re.compile(
    r"\b(?:nobody|no one|nothing|not|don'?t|doesn'?t|never|no need|nicht|nichts|kein\w*|niemand|nadie|sin|no|не|ничего)\b"
    r"|不要|不用|别|ない|なし",
    re.IGNORECASE,
)


def act_on_pieces(discourse: Discourse) -> Tag:
    """What is done to each. A polite question reads like one; only a word for reading shows that nothing is changed."""
    told, reads = dict[Sentence, Tag](), False
    for sentence in discourse.spoken:
        # The name of a function may read like a verb.
        tokens = tuple(token for token in sentence.tokens if token.text.lower() not in discourse.symbols)
        act = act_among(sentence, tokens)
        if act is not None:
            told[sentence] = act
        reads = reads or any(token.has(Tag.READ) for token in tokens) or _ASKING.match(sentence.text) is not None
        if act is None and _EXPLAINS.search(sentence.text):
            told[sentence], reads = Tag.READ, True
        reads = reads or (act is Tag.READ and reads_by_noun(sentence.text))
    meant = {act for sentence, act in told.items() if act is not Tag.CHANGE or _changes(sentence)}
    if reads and Tag.CHANGE not in meant and (Tag.READ in meant or not told):
        return Tag.READ
    return Tag.TEST if meant == {Tag.TEST} else Tag.CHANGE


def _changes(sentence: Sentence) -> bool:
    """Whether a sentence asks in so many words for a change: not "I need the answer", not "nothing is to be changed"."""
    if is_statement(sentence) or _NOT.search(sentence.text):
        return False
    if sentence.tokens[:1] and sentence.tokens[0].text in _MAKES:
        return True
    return any(token.has(Tag.CHANGE) and token.text not in LIGHT and not token.quoted for token in sentence.tokens)
