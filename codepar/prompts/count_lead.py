"""Numbers that only announce what words tell: "Two things, please: ...", "Three short ones. What is ...?".

Limits: the nouns are in a table, for six languages.
"""

from __future__ import annotations

import re

from codepar.prompts.discourse import Discourse
from codepar.prompts.lexicon import Tag
from codepar.prompts.tokens import Sentence

_ANNOUNCED = re.compile(
    r"\w+(?: [\w-]+){0,2} ?(?:(?P<thing>things?|ones|stuff|dinge|sachen|cosas|вещ[иь]|дела|件事)|questions|tasks|requests"
    r"|favou?rs|q'?s|fragen|aufgaben|bitten|preguntas|dudas|tareas|вопрос\w*|просьб\w*|个问题)"
    r"(?:,? (?:please|pls|bitte|por favor|пожалуйста))?\s*(?:(?P<mark>[:：])|[.!。]?\s*\Z)",
    re.IGNORECASE,
)


def leads_in(discourse: Discourse, sentence: Sentence, counted: list[int]) -> bool:
    """ "Two things, please: ...", "Three short ones. What is ...?": the number only announces what is told by words."""
    index = counted[0]
    if len(counted) > 1:
        return False
    match = _ANNOUNCED.match(sentence.text, sentence.tokens[index].start - sentence.start)
    if match is None:
        return False
    goes_on = match["mark"] is not None or any(other.start > sentence.start for other in discourse.spoken)
    asked = any(token.has(Tag.WRITE, Tag.READ) for token in sentence.tokens[:index])
    return goes_on and (match["thing"] is not None or not asked)
