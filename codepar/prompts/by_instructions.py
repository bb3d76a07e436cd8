"""Requests of several different instructions in running text, and of several questions: each instruction or question is an item.

Limits: an instruction must begin with its verb; where a later one speaks of what an earlier one makes it depends on it, and a
row in which each depends on the one before stays whole.
"""

from __future__ import annotations

import re

from codepar.prompts.acts import is_statement
from codepar.prompts.by_list import is_command
from codepar.prompts.discourse import Discourse
from codepar.prompts.items import Refusal
from codepar.prompts.lexicon import Tag
from codepar.prompts.lists import trimmed
from codepar.prompts.reading import Element, Found, Kind, Reading, Whole
from codepar.prompts.references import looks_like_name, name_of
from codepar.prompts.tokens import Sentence

_CUT = re.compile(
    r"\s{0,9}(?:[,;，；](?:\s*(?:and|then|also|plus|und|dann|y|e|luego|и|затем|然后|再|最后))*(?=\s|[^\x00-\x7f])\s*"
    r"|(?<=\s)(?:and|und|y|и)(?:\s+(?:then|also|dann|luego|затем))?(?=\s)\s*)",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"\b(?:then|after(?:wards| that)?|next|finally|it|that|them|they|those|this one|the (?:result|output"
    r"|outcome|new|resulting|rewritten|translated|final|above)\w*|result|results|based on|you (?:wrote"
    r"|changed|made|did|find|found)|your|what is left|again|so"
    r"|dann|danach|anschließend|es|das ergebnis|ergebnis|davon|luego|después|resultado|eso|ello|затем"
    r"|потом|результат\w*|его|её|этого)\b|然后|再|接着|之后|根据|结果|其|它|その後|それ|次に|結果",
    re.IGNORECASE,
)
_PRONOUN_QUESTION = re.compile(
    r"\b(?:it|they|them|this|that|these|those|he|so|then|sie|eso|esto|он|она|оно|это|его)\b|它|那|それ", re.IGNORECASE
)


_HIDDEN = re.compile(r"\([^()]*\)|\"[^\"\n]*\"|`[^`\n]*`|“[^”]*”")


def read_instructions(discourse: Discourse) -> Found:
    """Several instructions or questions, why they stay whole, or None."""
    return _questions(discourse) or _instructions(discourse)


_COULD_I = re.compile(
    r"\W*(?:and\s+|also\s+)*(?:could|can|may|might) (?:i|we) (?:please )?(?:also )?(?:get|have|see)\s+", re.IGNORECASE
)


def _questions(discourse: Discourse) -> Found:
    asked = [s for s in discourse.spoken if s.is_question]
    others = [s for s in discourse.spoken if not s.is_question and not is_statement(s) and not s.announces and len(s.tokens) > 4]
    if len(asked) < 2 or others or discourse.lists:
        return None
    bounds = [_question_bounds(discourse, sentence) for sentence in asked]
    bound = [i for i, (low, high) in enumerate(bounds) if i and _PRONOUN_QUESTION.search(discourse.prose, low, high)]
    if discourse.request.blocks or bound:
        return Whole(Refusal.CHAIN, "the questions are about one thing, and later ones lean on earlier ones") if bound else None
    return _made(discourse, bounds)


def _question_bounds(discourse: Discourse, sentence: Sentence) -> tuple[int, int]:
    start = sentence.start
    polite = _COULD_I.match(sentence.text)
    if polite is not None:
        # Not a question but a wish: "could I get X?"
        return trimmed(discourse.prose, start + polite.end(), sentence.end - 1)
    colon = re.search(r"\A[^?？]{0,40}[:：]\s*", sentence.text)
    return trimmed(discourse.prose, start + (colon.end() if colon else 0), sentence.end)


def _instructions(discourse: Discourse) -> Found:
    pieces: list[tuple[int, int]] = []
    spoken = [s for s in discourse.spoken if not is_statement(s)]
    for sentence in spoken:
        if sentence.is_question and not is_command(discourse.prose, sentence.start, sentence.end):
            continue
        pieces += _commands_in(discourse, sentence)
    if len(pieces) < 2:
        return None
    free = [i for i, (low, high) in enumerate(pieces) if i == 0 or not _BOUND.search(_with_head(discourse, low, high))]
    if len(free) < 2 or not _apart(discourse, [pieces[i] for i in free]):
        chained = len(pieces) - len(free) > 0
        return Whole(Refusal.CHAIN, "each step works on what the one before it made") if chained and len(pieces) > 2 else None
    return _made(discourse, pieces)


def _with_head(discourse: Discourse, low: int, high: int) -> str:
    """The piece with the word before it, which may be "then"."""
    return discourse.prose[max(0, low - 12) : low].rsplit(",", 1)[-1].rsplit(".", 1)[-1] + discourse.prose[low:high]


def _commands_in(discourse: Discourse, sentence: Sentence) -> list[tuple[int, int]]:
    """The stretches of a sentence that begin with a command."""
    prose, starts, ends = discourse.prose, [sentence.start], list[int]()
    if not is_command(prose, sentence.start, sentence.end):
        return []
    hidden = _HIDDEN.sub(lambda match: "x" * len(match[0]), sentence.text)
    for cut in _CUT.finditer(hidden):
        start = sentence.start + cut.end()
        if is_command(prose, start, min(sentence.end, start + 60)) and _starts_with_verb(discourse, start, sentence.end):
            ends.append(sentence.start + cut.start())
            starts.append(start)
    ends.append(sentence.end)
    return [bounds for low, high in zip(starts, ends, strict=True) if (bounds := trimmed(prose, low, high))[1] > bounds[0]]


def _starts_with_verb(discourse: Discourse, start: int, end: int) -> bool:
    """Whether a verb with an object follows; a name of the code that reads like one ("put, get") is none."""
    tokens = Sentence(discourse.prose, start, min(end, start + 60)).tokens
    begin = next((i for i, t in enumerate(tokens) if not (t.has(Tag.POLITE) and not t.has(Tag.WRITE))), None)
    if begin is None or len(tokens) < begin + 2 or not tokens[begin + 1].is_word:
        return False
    first = tokens[begin]
    is_verb = first.has(Tag.READ, Tag.CHANGE, Tag.WRITE, Tag.COMPARE, Tag.TEST) and not first.quoted
    return is_verb and first.text not in discourse.symbols


def _apart(discourse: Discourse, pieces: list[tuple[int, int]]) -> bool:
    """Whether the free instructions have objects of their own: names, or words that the others lack."""
    symbols = discourse.symbols
    named = []
    for low, high in pieces:
        tokens = Sentence(discourse.prose, low, high).tokens
        named.append(frozenset(name_of(t).lower() for t in tokens if looks_like_name(t) or name_of(t).lower() in symbols))
    distinct = {names for names in named if names}
    return len(distinct) > 1 and len(distinct) == len(pieces)


def _made(discourse: Discourse, bounds: list[tuple[int, int]]) -> Reading:
    prompt = discourse.request.prompt
    elements = tuple(Element(discourse.request.place(low, high), prompt[low:high]) for low, high in bounds)
    return Reading(Kind.WORDS, elements, Tag.WRITE, bounds[0][0], bounds[-1][1], instructions=True)
