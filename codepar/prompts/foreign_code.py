"""The functions in a block whose language has no grammar here: JavaScript, Go, Rust, Java, PHP, Julia, R, Haskell and others.

A definition is told by the words it begins with; it goes to its closing brace, to the ``end`` below its first word, or to the
next blank line. Limits: blocks of the prompt alone; nothing is known of what such functions share; methods of JavaScript classes
are not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from codepar.prompts.discourse import Discourse
from codepar.prompts.reading import Element
from codepar.prompts.request import Request

_MODIFIERS = (
    r"(?:(?:export|default|async|pub(?:\([^)\n]*\))?|public|private|protected|internal|static|final|abstract|override|open|suspend"
    r"|inline|unsafe|virtual|synchronized|extern)[ \t]+)*"
)
_DEFINED = re.compile(
    rf"^(?P<indent>[ \t]*)(?P<start>{_MODIFIERS}(?:"
    r"(?:function\*?|func|fn|fun|defp?|sub|proc|local[ \t]+function)[ \t]+(?:<[^>\n]*>[ \t]*)?(?:\([^)\n]*\)[ \t]*)?"
    r"(?:[\w\[\], ]+=[ \t]*)?"
    r"(?:self\.)?(?P<name>[A-Za-z_$][\w$]*[?!]?)"
    r"|let[ \t]+rec[ \t]+(?P<recursive>[a-z_][\w']*)"
    r"|(?:const|let|var)[ \t]+(?P<arrow>[A-Za-z_$][\w$]*)[^=\n]*=[ \t]*(?:async[ \t]*)?(?:\([^\n]*\)[^=\n]*|[\w$]+[ \t]*)=>"
    r"|(?P<assigned>[A-Za-z.][\w.]*)[ \t]*<-[ \t]*function\b"
    r"|(?P<shell>[a-z_]\w*)\(\)[ \t]*(?=\{)"
    r"|(?P<signed>[a-z][\w']*)[ \t]*::[ \t]"
    r"|(?!(?:return|else|new|throw|if|for|while|switch|case|do|try|catch)\b)[A-Za-z_][\w<>\[\],.?]*[ \t]+"
    r"(?P<method>(?!(?:if|for|while|switch|catch)\b)[A-Za-z_]\w*)[ \t]*\([^;{}\n]*\)[^;{}\n]*\{))",
    re.MULTILINE,
)
_TYPE = re.compile(
    rf"^(?P<indent>[ \t]*)(?P<start>{_MODIFIERS}(?:data[ \t]+)?(?:class|struct|interface|enum|record|trait)[ \t]+"
    r"(?P<name>[A-Za-z_]\w*)"
    r"(?=[^\n;]*\{))",
    re.MULTILINE,
)
_NAMES = ("name", "recursive", "arrow", "assigned", "shell", "signed", "method")
_TOKEN = re.compile(
    r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])'|`(?:\\.|[^`\\])*`|//[^\n]*|/\*.*?\*/|(?P<open>[{(\[])|(?P<close>[})\]])",
    re.DOTALL,
)
_BODY = re.compile(r"[^\n{]*\n?[ \t]*\{")
_BLANK = re.compile(r"\n[ \t]*\n(?![ \t]+\S)|\Z")
_MOST = 40


def foreign_functions(discourse: Discourse) -> list[Element]:
    """The outermost functions of the blocks without a grammar, those of classes among them, in the order of the text."""
    return list(_found(discourse, _DEFINED))[:_MOST]


def foreign_types(discourse: Discourse) -> list[Element]:
    """The outermost classes, structs and the like of such blocks."""
    return list(_found(discourse, _TYPE))[:_MOST]


def foreign_among(discourse: Discourse, elements: Sequence[Element]) -> list[Element]:
    """The elements with their names, if all of them are such functions."""
    known = {one.place: one for one in foreign_functions(discourse)}
    return [known[one.place] for one in elements] if all(one.place in known for one in elements) else []


def calls_among(discourse: Discourse, functions: Sequence[Element]) -> Iterator[tuple[int, int]]:
    """Which of the functions (by index) calls which: callee and caller."""
    texts = [discourse.request.text_at(one.place) for one in functions]
    for caller, text in enumerate(texts):
        for callee, one in enumerate(functions):
            name = rf"(?<![\w.]){re.escape(one.name)}"
            # Haskell and its like call without parentheses.
            called = rf"{name}(?!\w)" if "::" in text.split("\n", 1)[0] else rf"{name}[ \t]*(?:\.\()?\("
            if callee != caller and re.search(called, text):
                yield callee, caller


def _found(discourse: Discourse, pattern: re.Pattern[str]) -> Iterator[Element]:
    for source in discourse.request.sources:
        if source.block is not None and source.code is None:
            yield from _of_block(discourse.request, pattern, source.block.start, source.block.end)


def _of_block(request: Request, pattern: re.Pattern[str], low: int, high: int) -> Iterator[Element]:
    matches = list(pattern.finditer(request.prompt, low, high))
    position = low
    for match, after in pairwise([*matches, None]):
        if match is None or match.start() < position:
            continue
        start = match.start("start")
        end = _end(request.prompt, match, after.start() if after is not None else high, high)
        if end is not None:
            position = end
            yield Element(request.place(start, end), _name(match)[0])


def _name(match: re.Match[str]) -> tuple[str, int]:
    """The name that is defined, and where it ends."""
    groups = match.groupdict()
    return next((groups[group], match.end(group)) for group in _NAMES if groups.get(group))


def _end(prompt: str, match: re.Match[str], after: int, high: int) -> int | None:
    """Where a definition ends; None where its braces do not close. ``after``: where the next one is told to begin."""
    head = prompt[match.start("start") : _line_end(prompt, match.end(), high)]
    opened = _behind_parameters(prompt, match, high)
    body = _BODY.match(prompt, opened, high)
    if body is not None and ("{" in head or "\n" in body[0]):
        return _closed(prompt, body.end() - 1, high)
    closing = re.compile(rf"^{match['indent']}end\b", re.MULTILINE).search(prompt, match.end(), high)
    if closing is not None and match.groupdict().get("name"):
        return closing.end()
    blank = _BLANK.search(prompt, match.end(), high)
    # Below the signature of a function in Haskell stands the function.
    stop = min(blank.start() if blank is not None else high, high if match.groupdict().get("signed") else after)
    return match.start("start") + len(prompt[match.start("start") : stop].rstrip())


def _line_end(prompt: str, start: int, high: int) -> int:
    found = prompt.find("\n", start, high)
    return high if found < 0 else found


def _behind_parameters(prompt: str, match: re.Match[str], high: int) -> int:
    """Behind the parentheses of a definition, where it has some."""
    _, name_end = _name(match)
    opening = prompt.find("(", name_end, _line_end(prompt, name_end, high))
    closed = _closed(prompt, opening, high) if opening >= 0 else None
    return name_end if closed is None else closed


def _closed(prompt: str, opening: int, high: int) -> int | None:
    """Behind the bracket that closes the one at ``opening``."""
    depth = 0
    for token in _TOKEN.finditer(prompt, opening, high):
        depth += (token["open"] is not None) - (token["close"] is not None)
        if depth == 0 and token["close"] is not None:
            return token.end()
    return None
