"""The parts that a number of answers is told in: "6 kernels: 4 for matrices and 2 for vectors", "three variants, one with ...".

Limits: what stands in one sentence, behind the number.
"""

from __future__ import annotations

import re

from codepar.prompts.count_wording import CLAUSE, OF_THEM, SHARED_SPLIT
from codepar.prompts.in_numbers import is_in_row
from codepar.prompts.items import Refusal
from codepar.prompts.lexicon import Tag
from codepar.prompts.reading import Whole
from codepar.prompts.tokens import Sentence, Token


def told_ones(sentence: Sentence, index: int) -> int:
    """How many answers behind the number are described one by one: "one with ..., one with ..."."""
    behind = sentence.text[sentence.tokens[index].end - sentence.start :]
    match = re.search(r"[:：—–-]\s*(?=(?:one|eine[rn]?|un[ao]?|одна|один|одну)\b)", behind, re.IGNORECASE)
    return (
        len(
            re.findall(
                r"(?:^|[,;]\s*(?:and\s+|und\s+|y\s+|и\s+)?|\b(?:and|und|y|и)\s+)(?:one|another|eine[rn]?|un[ao]?|одна"
                r"|один|одну)\b",
                behind[match.end() :],
                re.IGNORECASE,
            )
        )
        if match
        else 0
    )


def is_described(sentence: Sentence, index: int, parts: int) -> bool:
    """ "Three variants: one with ..., one with ...": each is told by words."""
    tokens = sentence.tokens
    ones = [
        i
        for i in range(index + 1, len(tokens))
        if tokens[i].text in {"one", "eine", "einer", "uno", "una"} and _tells_part(tokens, i)
    ]
    behind = re.split(r"[:：]", sentence.text[tokens[index].end - sentence.start :], maxsplit=1)
    marks = r"[;；]" if len(behind) > 1 and re.search(r"[;；]", behind[1]) else r"[,，、]|\band\b|\bund\b|和"
    listed = len([part for part in re.split(marks, behind[1]) if part.strip()]) if len(behind) > 1 else 0
    if listed == tokens[index].number:
        return True
    return (parts > 1 and len(ones) == parts) or (len(ones) > 1 and len(ones) == tokens[index].number)


def parts_of(sentence: Sentence, index: int) -> list[int] | Whole:
    """Numerals behind the first that tell the parts of the sum; a part that leaves the rest open binds all answers."""
    tokens = sentence.tokens
    rest = [i for i in range(index + 1, len(tokens)) if _tells_part(tokens, i)]
    total = tokens[index].number
    if len(rest) > 1 and sum(part_number(tokens[i]) for i in rest) == total:
        return rest if not _name_things(tokens, rest) else [index, *rest]
    match = SHARED_SPLIT.search(sentence.text, tokens[index].end - sentence.start)
    if match and not OF_THEM.search(match[0]) and CLAUSE.search(sentence.text, tokens[index].end - sentence.start, match.start()):
        match = None
    if (
        match
        and "each" not in sentence.text[tokens[index].end - sentence.start : match.end() + 8].lower()
        and " per " not in sentence.text
    ):
        return Whole(Refusal.CONSTRAINT, f'"{match[0]}" binds the answers together')
    return []


def sums_up_otherwise(tokens: tuple[Token, ...], first: int) -> bool:
    """ "6 versions: 3 with OpenMP and 2 with MPI": each number has what sets its part apart, and they are not 6."""
    rest = [i for i in range(first + 1, len(tokens)) if _tells_part(tokens, i)]
    apart = all(token.has(Tag.WITH, Tag.FOR) for place in rest for token in tokens[place + 1 : place + 2])
    is_told = len(rest) > 1 and tokens[rest[0] - 1].text in {":", ","} and apart
    return is_told and sum(part_number(tokens[i]) for i in rest) != tokens[first].number


def sum_up(tokens: tuple[Token, ...], counted: list[int]) -> bool:
    """ "3 names, 2 short and 1 long": the numbers behind the first are its parts."""
    rest = [i for i in range(counted[0] + 1, len(tokens)) if _tells_part(tokens, i)]
    return (
        not is_shared_noun(tokens, counted[0])
        and len(rest) > 1
        and set(counted[1:]) <= set(rest)
        and sum(part_number(tokens[i]) for i in rest) == tokens[counted[0]].number
    )


def _name_things(tokens: tuple[Token, ...], parts: list[int]) -> bool:
    """ "3 novels, 1 biography and 2 cookbooks": each number has a noun of its own, so that none tells a part of the first."""
    several = [tokens[place + 1] for place in parts if part_number(tokens[place]) > 1 and place + 1 < len(tokens)]
    return tokens[parts[0] - 1].text == "," and bool(several) and all(is_unknown_plural(token) for token in several)


def part_number(token: Token) -> int:
    """How many answers a numeral of a part stands for; one, where it is a word like "one"."""
    return token.number or 1


def _tells_part(tokens: tuple[Token, ...], index: int) -> bool:
    token = tokens[index]
    if (token.number is None and token.text not in {"one", "1"}) or is_in_row(tokens, index):
        return False
    before = tokens[index - 1]
    return (before.text in {",", ":", "(", ";", "，", "："} or before.has(Tag.AND)) and (
        index + 1 >= len(tokens) or not tokens[index + 1].has(Tag.MEASURE)
    )


def is_shared_noun(tokens: tuple[Token, ...], index: int) -> bool:
    """ "3 easy, 2 medium and 1 hard exercise": the noun comes behind the last number."""
    words = tokens[index + 1 : index + 4]
    adjective = next((i for i, token in enumerate(words) if token.text == "," or token.has(Tag.AND)), None)
    if not adjective or any(token.has(Tag.MEASURE, Tag.FOR, Tag.WITH) for token in words[:adjective]):
        return False
    rest = tokens[index + 1 + adjective :]
    after = next((i for i, token in enumerate(rest[:3]) if token.number is not None or token.text in {"1", "one"}), None)
    return after is not None and any(token.has(Tag.ALIKE, Tag.TASK) for token in rest[after + 1 : after + 9])


def is_unknown_plural(token: Token) -> bool:
    """A word that is in no lexicon and may be a noun in the plural; behind a number of English that takes an ``s``."""
    if token.tags or not token.text.replace("-", "").isalpha() or len(token.text) <= 3:
        return False
    return not token.text.isascii() or (token.text.endswith(("s", "en", "e", "er")) and not token.text.endswith("ss"))
