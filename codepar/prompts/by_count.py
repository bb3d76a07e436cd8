"""Requests for a number of alike answers that are not described one by one: "10 variants of this kernel", "fünf Ideen".

Limits: the number must stand before what is asked for, not in a phrase with "in", "with" or "of"; a superlative ("the 5 largest")
asks for one ranking.
"""

from __future__ import annotations

from codepar.prompts.acts import act_of, asks_for
from codepar.prompts.comparing import compares
from codepar.prompts.count_lead import leads_in
from codepar.prompts.count_parts import (
    is_described,
    is_shared_noun,
    is_unknown_plural,
    part_number,
    parts_of,
    sum_up,
    sums_up_otherwise,
    told_ones,
)
from codepar.prompts.count_wording import (
    BEHIND,
    BOUNDARY,
    COLLECTIVE,
    COULD_I_HAVE,
    HAN,
    JOINTLY,
    MEASURED,
    NEAR,
    PAST,
    PER_EACH,
    PLACES,
    POLITE_ENDS,
    RANKED,
    UNITS_OF_TEXT,
    VERBLESS,
    WINDOW,
)
from codepar.prompts.discourse import Discourse
from codepar.prompts.in_numbers import is_in_row
from codepar.prompts.items import MAX_ITEMS, Refusal
from codepar.prompts.lexicon import Tag
from codepar.prompts.reading import Element, Found, Kind, Reading, Whole
from codepar.prompts.references import NOUNS
from codepar.prompts.tokens import Sentence, Token


def read_counts(discourse: Discourse) -> Found:
    """The counted answers of the first sentence that asks for some."""
    chosen = any(sentence.is_question and compares(sentence, 0) for sentence in discourse.spoken)
    for sentence in discourse.spoken:
        if chosen and act_of(sentence) is None:
            # "Two ways to do it. Which one shall I take?"
            continue
        found = _read_sentence(discourse, sentence)
        if found is not None:
            return found
    return None


def _read_sentence(discourse: Discourse, sentence: Sentence) -> Found:
    tokens = sentence.tokens
    counted: list[int] = []
    for index, token in enumerate(tokens):
        if is_in_row(tokens, index) or (counted and _is_range(tokens, index)):
            continue
        is_one = bool(counted) and (_is_last_part(tokens, index) or _is_part(tokens, counted[-1], index))
        number = 1 if is_one and token.text == "one" else token.number
        is_more = number is not None and not token.has(Tag.ALL) and (number >= 2 or is_one)
        if is_more and (_asks(sentence, index) or (counted and _joins(tokens, counted[-1], index))):
            counted.append(index)
    if not counted or PER_EACH.search(sentence.text):
        return None
    return None if leads_in(discourse, sentence, counted) else _of_counted(discourse, sentence, counted)


def _of_counted(discourse: Discourse, sentence: Sentence, counted: list[int]) -> Found:
    """The answers that the numerals at these tokens ask for."""
    tokens, first = sentence.tokens, counted[0]
    if JOINTLY.search(sentence.text):
        return Whole(Refusal.CONSTRAINT, "what is asked for is to work together")
    if _is_ranked(sentence, first):
        return Whole(Refusal.ONE_TASK, "one ranking is asked for, and its entries cannot be found apart")
    if (told := told_ones(sentence, first)) > 1 and len(counted) == 1 and told != tokens[first].number:
        return Whole(Refusal.CONTRADICTION, f"the request says {tokens[first].number}, and describes {told}")
    if sums_up_otherwise(tokens, first):
        return Whole(Refusal.CONTRADICTION, f"the parts of the {tokens[first].number} do not sum up to it")
    parts = parts_of(sentence, first) if len(counted) == 1 or sum_up(tokens, counted) else []
    if isinstance(parts, Whole):
        return parts
    if is_described(sentence, first, len(parts)):
        return None
    numerals = [tokens[index] for index in (parts or counted)]
    total = sum(part_number(token) for token in numerals)
    if total > MAX_ITEMS:
        return Whole(Refusal.UNSUPPORTED, f"{total} answers are more than the {MAX_ITEMS} that are planned")
    elements = tuple(
        Element(discourse.request.place(token.start, token.end), token.text)
        for token in numerals
        for _ in range(part_number(token))
    )
    return Reading(Kind.COUNT, elements, Tag.WRITE, numerals[0].start, numerals[-1].end)


def _is_range(tokens: tuple[Token, ...], index: int) -> bool:
    """ "5 to 8 letters": bounds, and no number of answers."""
    low, high = (index, index + 2) if index + 2 < len(tokens) and tokens[index + 1].text in _TO else (index - 2, index)
    return low >= 0 and tokens[low + 1].text in _TO and tokens[low].number is not None and tokens[high].number is not None


_TO = frozenset({"to", "-", "–", "bis", "a", "до"})


def _is_last_part(tokens: tuple[Token, ...], index: int) -> bool:
    """ "3 easy ones and 1 hard one"."""
    behind = tokens[index + 1 : index + 5]
    if tokens[index - 1].has(Tag.AND) and behind and behind[0].has(Tag.WITH, Tag.FOR):
        return True
    return tokens[index - 1].has(Tag.AND) and any(token.has(Tag.ALIKE, Tag.TASK) or token.text == "one" for token in behind)


def _is_part(tokens: tuple[Token, ...], before: int, index: int) -> bool:
    """ "2 Japanese, 1 French and 2 Italian recipes"."""
    behind = tokens[index + 1 : index + 3]
    return tokens[index].text == "1" and index == before + 3 and len(behind) > 1 and behind[1].has(Tag.AND)


def _is_wish_in_han(tokens: tuple[Token, ...], index: int) -> bool:
    """A number with a counting word in Chinese or Japanese: what is counted must be wanted, and be no measure."""
    behind = tokens[index + 1 : index + 8]
    if any(token.has(Tag.MEASURE) and not token.has(Tag.ALIKE) for token in behind[1:4]) or any(
        t.text in {"有", "带", "用", "在"} for t in tokens[max(0, index - 1) : index]
    ):
        return False
    known = next((t for t in behind if t.has(*NOUNS) and not t.has(Tag.ALIKE)), None)
    if any(t.has(Tag.A) for t in tokens[:index]):
        return False
    wished = any(t.has(Tag.WRITE) for t in tokens[:index])
    return wished or known is None or not _is_there(tokens, len(tokens))


def _joins(tokens: tuple[Token, ...], before: int, index: int) -> bool:
    """ "3 jokes and 2 limericks": another number of things behind a first one."""
    following = tokens[index + 1 : index + 2]
    if tokens[index - 1].has(Tag.AND) and following and following[0].has(Tag.THAT, Tag.WITH):
        return True
    marks = any(token.text == "," or token.has(Tag.AND) for token in tokens[index - 1 : index])
    if index - 2 > before and tokens[index - 2].number is not None:
        # "3 variants with blocks of 32, 64 or 128": values in a row.
        return False
    return marks and index - before <= WINDOW and bool(following) and not following[0].has(Tag.MEASURE) and following[0].is_word


def _asks(sentence: Sentence, index: int) -> bool:
    """Whether the number at ``index`` counts what is asked for."""
    tokens = sentence.tokens
    if not _wanted_before(sentence, index) or _is_converted(tokens, index):
        return False
    there = any(token.has(Tag.THESE) for token in tokens[max(0, index - NEAR) : index])
    if HAN.match(sentence.text[tokens[index].end - sentence.start :]) and not there:
        return _is_wish_in_han(tokens, index)
    first = (
        index
        + 1
        + (tokens[index].text in COLLECTIVE and index + 1 < len(tokens) and tokens[index + 1].text in {"of", "de", "von"})
    )
    if is_shared_noun(tokens, index):
        return True
    for position in range(first, min(len(tokens), first + WINDOW)):
        token, after = tokens[position], tokens[position + 1] if position + 1 < len(tokens) else None
        if token.has(Tag.ALIKE):
            if after is not None and after.has(Tag.ALIKE) and not after.has(Tag.FOR):
                return True
            if after is not None and not _is_plural(token) and is_unknown_plural(after):
                continue
            return _is_plural(token) and not (token.has(*NOUNS) and _is_there(tokens, index))
        is_noun = (
            is_unknown_plural(token)
            or (token.has(Tag.ARTIFACT) and token.text.endswith("s"))
            or (token.has(Tag.TASK) and token.has(Tag.PLURAL) and token.text not in UNITS_OF_TEXT)
        )
        if is_noun and (_is_strong_wish(tokens, index) or _is_bare_wish(sentence, index)) and _ends_noun(after):
            return True
        if _ends_count(token, after):
            return False
    return False


def _is_converted(tokens: tuple[Token, ...], index: int) -> bool:
    """ "Convert 5 miles to km": a quantity."""
    return any(token.text.startswith(_CONVERSIONS) for token in tokens[:index])


_CONVERSIONS = ("convert", "convierte", "umrechn", "rechne", "konvertier", "换算")


def _ends_count(token: Token, after: Token | None) -> bool:
    """Whether a word behind the number shows that something else is counted, or that the phrase is over."""
    if token.text in BOUNDARY or token.number is not None:
        return True
    if token.has(Tag.MEASURE):
        return after is None or not after.has(Tag.ALIKE)
    return token.has(Tag.FOR, Tag.WITH, Tag.THAT, Tag.AND) and token.text not in {"の", "的"}


def _ends_noun(after: Token | None) -> bool:
    """Whether a noun that is in no lexicon is the last of its phrase."""
    return after is None or not after.is_word or after.text in BEHIND or after.has(Tag.FOR, Tag.THAT, Tag.WITH, Tag.POLITE)


def _wanted_before(sentence: Sentence, index: int) -> bool:
    tokens = sentence.tokens
    before = tokens[:index]
    last = before[-1] if before else None
    if last is not None and (last.has(Tag.THESE, Tag.EACH, Tag.ALL) or (last.has(Tag.THE) and last.text not in {"la"})):
        return False
    if (
        last is not None
        and last.text in MEASURED
        and not _comes_up(before)
        and not COULD_I_HAVE.search(sentence.text[: tokens[index].start - sentence.start])
        and not (
            last.text == "of" and len(before) > 1 and before[-2].text in {"list", "set", "series", "bunch", "collection", "total"}
        )
    ):
        return False
    if last is not None and PAST.match(last.text) is not None:
        # "... and adapted two tests": told, not wanted.
        return False
    clause = list(before)
    while any(token.text in {";", ".", "。"} for token in clause):
        clause = clause[next(i for i, token in enumerate(clause) if token.text in {";", ".", "。"}) + 1 :]
    if any(token.has(Tag.THAT) and token.text in {"that", "which", "who"} for token in clause):
        return False
    if _one_artifact(clause) or _is_detail(clause):
        return False
    if any("\u4e00" <= t.text[:1] <= "\u9fff" for t in tokens) and not _is_wanted_in_han(tokens, index):
        return False
    wishes = (
        COULD_I_HAVE.search(sentence.text[: tokens[index].start - sentence.start]) is not None
        or any(token.has(Tag.WRITE, Tag.CHANGE) for token in clause)
        or any(t.has(Tag.READ) for t in clause)
    )
    text = sentence.text[: tokens[index].start - sentence.start]
    after = any(token.has(Tag.WRITE) for token in tokens[index:]) and any("\u3040" <= t.text[:1] <= "\u9fff" for t in tokens)
    return wishes or after or VERBLESS.match(text) is not None


def _is_wanted_in_han(tokens: tuple[Token, ...], index: int) -> bool:
    """A verb of making before the number in its own clause, or at the end of the sentence, as Japanese has it."""
    clause = list[Token]()
    for token in tokens[:index]:
        clause = [] if token.text in BOUNDARY or token.text == "、" else [*clause, token]
    if any(token.has(Tag.WRITE, Tag.CHANGE, Tag.READ) for token in clause):
        return True
    kana = any("\u3040" <= token.text[:1] <= "\u30ff" for token in tokens)
    first = not any(token.is_word for token in clause) or len(clause) == index
    asks = any(token.has(Tag.WRITE, Tag.CHANGE) or token.text in POLITE_ENDS for token in tokens)
    return (kana or first) and asks


def _comes_up(before: tuple[Token, ...]) -> bool:
    """ "Come up with"."""
    return len(before) > 2 and before[-1].text == "with" and before[-2].text == "up"


def _is_detail(clause: list[Token]) -> bool:
    """ "Write a job script: 2 nodes, ...": behind a colon the details of one thing are told."""
    marks = [index for index, token in enumerate(clause) if token.text in {":", "："}]
    if not marks:
        return False
    lead = clause[: marks[-1]]
    wished = any(token.has(Tag.WRITE, Tag.CHANGE) for token in lead)
    return wished and not any(token.has(Tag.PLURAL, Tag.EACH, Tag.THESE, Tag.ALL) or (token.number or 0) > 1 for token in lead)


def _one_artifact(clause: list[Token]) -> bool:
    """ "Write a function with 3 arguments": what is counted belongs to one thing."""
    for index, token in enumerate(clause):
        if token.has(Tag.A) and token.number is None:
            return any(after.has(Tag.ARTIFACT) for after in clause[index + 1 : index + 4])
    return False


def _is_there(tokens: tuple[Token, ...], index: int) -> bool:
    """ "Translate three functions": the pieces exist; "write three functions": they do not."""
    heavy = [t for t in tokens[:index] if t.has(Tag.CHANGE, Tag.READ) and not t.has(Tag.WRITE)]
    return bool(heavy)


def _is_plural(token: Token) -> bool:
    return not token.text.isascii() or token.text.endswith(("s", "en", "n", "e", "haiku")) or token.has(Tag.PLURAL)


def _is_strong_wish(tokens: tuple[Token, ...], index: int) -> bool:
    """A verb of making right before the number."""
    before = [token for token in tokens[max(0, index - 3) : index] if not token.has(Tag.POLITE) or token.has(Tag.WRITE)]
    return any(token.has(Tag.WRITE) for token in before)


def _is_bare_wish(sentence: Sentence, index: int) -> bool:
    """ "15 flashcards about warps", "I'm looking for six inputs": no verb of making, and nothing is told."""
    before = sentence.text[: sentence.tokens[index].start - sentence.start]
    if COULD_I_HAVE.search(before):
        return True
    if sentence.is_question:
        return False
    return (
        VERBLESS.match(before) is not None
        and asks_for(sentence)
        and (sentence.has(Tag.POLITE) or any(token.text in BEHIND for token in sentence.tokens[index + 1 : index + WINDOW]))
    )


def _is_ranked(sentence: Sentence, index: int) -> bool:
    tokens = sentence.tokens
    start = tokens[max(0, index - 2)].start - sentence.start
    end = tokens[min(len(tokens) - 1, index + 2)].end - sentence.start
    beside = {token.text for token in tokens[max(0, index - 1) : index + 2]}
    match = RANKED.search(sentence.text[start:end])
    return match is not None and (match[0].lower() not in PLACES or match[0].lower() in beside)
