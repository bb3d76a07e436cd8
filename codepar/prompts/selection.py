"""Which pieces of code a phrase picks out: by their kind, adjectives, marks in comments, affixes of their names, their number.

Limits: what must be understood of the code ("functions that allocate") is not worked out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from codepar.prompts.code import Unit
from codepar.prompts.lexicon import Tag
from codepar.prompts.numerals import value_of
from codepar.prompts.request import Source
from codepar.prompts.tokens import stems_of

_SUFFIX = re.compile(
    r"(?:\*?\.(\w+)|\b(C\+\+|C|CUDA|Fortran|Python|header|source)) (?:source |code )?(?:files?|sources?|programs?)\b",
    re.IGNORECASE,
)
_SUFFIXES = {
    "c++": {".cpp", ".cc", ".cxx"}, "c": {".c"}, "cuda": {".cu"}, "python": {".py"},
    "fortran": {".f90", ".f", ".f95", ".f03", ".f08", ".for"},
    "header": {".h", ".hpp", ".hh", ".cuh"}, "source": {".c", ".cpp", ".cc", ".cxx", ".cu", ".f90", ".f", ".py"},
}  # fmt: skip
_MARKED = re.compile(
    r"\b(?:marked|tagged|annotated|labell?ed|flagged|commented)\s+(?:with|as|by)?\s*(?:a |an |the )?[\"'`]?(?://\s*"
    r"|#\s*|@|!\s*)?([\w\-]+)",
    re.IGNORECASE,
)
_AFFIX = re.compile(
    r"\b(?:(?P<start>start(?:s|ing)?|begin(?:s|ning)?|prefixed)|end(?:s|ing)?|suffixed) (?:in|with) (?=[`\"']"
    r"|\w*_)[`\"']?(?P<affix>\w+)",
    re.IGNORECASE,
)
_NOUN = r"(?:\w+ ){0,1}(?:functions?|loops?|kernels?|methods?|subroutines?|class(?:es)?|structs?|routines?|files?|ones?)\b"
_ORDINAL = re.compile(r"\b(1st|first|2nd|second|3rd|third|4th|fourth|5th|fifth|last)\b", re.IGNORECASE)
_ORDINAL_WORDS = ("1st", "2nd", "3rd", "4th", "5th", "fir", "sec", "thi", "fou", "fif")
_ORDINALS = re.compile(
    rf"(?P<which>{_ORDINAL.pattern}(?:\s*(?:,|and|&)\s*(?:and )?(?:the )?{_ORDINAL.pattern})+) {_NOUN}", re.IGNORECASE
)
_NUMBERED = re.compile(
    r"\b(?P<noun>loop|function|kernel|struct|method|subroutine)s? (?:no\.? )?#?[1-9](?:(?:,| and| &|, and) (?:(?P=noun)"
    r" )?(?:no\.? )?#?[1-9])+(?!\w)",
    re.IGNORECASE,
)
_FIRST_FEW = re.compile(
    rf"\b(?P<end>first|last) (?P<number>two|three|four|five|couple|pair|\d)(?: of)?(?: the)? (?:{_NOUN}|of (?:them|these"
    rf"|those)\b)"
    r"|\b(?P<de>ersten|letzten) (?P<nde>beiden|zwei|drei|vier|\d)\b|\b(?P<nes>dos|tres|cuatro|\d) (?P<es>primer[oa]s"
    r"|últim[oa]s)\b"
    r"|\b(?P<es2>primer[oa]s|últim[oa]s) (?P<nes2>dos|tres|cuatro|\d)\b|\b(?P<ru>перв\w+|последн\w+) (?P<nru>дв[аеу]\w*"
    r"|тр[иеё]\w*|\d)\b"
    r"|(?P<zh>最后|前|后)(?P<nzh>[两二三四\d])个|(?P<ja>最初|最後)の(?P<nja>[二三四\d])つ",
    re.IGNORECASE,
)
_FROM_THE_END = ("last", "letz", "últi", "посл", "最后", "后", "最後")
_HEADER_WORDS = frozenset(
    "void int double float char bool long unsigned static inline virtual const constexpr template pure elemental real integer"
    " logical async noexcept extern global explicit complex".split()
)
_COMMENT = re.compile(rb"(?://[^\n]*|/\*(?:(?!\*/).)*\*/|#[^\n]*|![^\n]*)\s*\Z", re.DOTALL)
_BEFORE = 200


@dataclass(frozen=True, slots=True)
class Ordinals:
    """The pieces that ordinals pick: places from 0, or the last ``few`` ones where ``places`` is empty."""

    places: tuple[int, ...]
    few: int = 0

    def of(self, count: int) -> list[int]:
        """The places among ``count`` pieces; empty where there are too few."""
        wanted = [place % count if place < 0 else place for place in self.places] if count else []
        if not self.places:
            wanted = list(range(count - self.few, count)) if self.few < count else []
        return sorted(set(wanted)) if wanted and max(wanted) < count else []


_DIGIT = re.compile(r"\d")
_ORDERING = frozenset("firs seco thir four fift last erst zwei drit letz prim segu terc ulti dos tres zwei drei beid".split())


def ordinals_in(text: str) -> Ordinals | None:
    """ "The 1st and the 3rd function", "the last two loops", "loop 1 and loop 3"."""
    if text.isascii() and not _DIGIT.search(text) and stems_of(text).isdisjoint(_ORDERING):
        return None
    if (match := _NUMBERED.search(text)) is not None:
        return Ordinals(tuple(int(number) - 1 for number in re.findall(r"\d", match[0])))
    if (match := _ORDINALS.search(text)) is not None:
        words = [word.lower() for word in _ORDINAL.findall(match["which"])]
        return Ordinals(tuple(-1 if word == "last" else _ORDINAL_WORDS.index(word[:3]) % 5 for word in words))
    if (match := _FIRST_FEW.search(text)) is None:
        return None
    end, word = (part.lower() for part in match.groups() if part)
    if end[0] in "0123456789两二三四" or value_of(end) is not None:
        end, word = word, end
    number = 2 if word in {"beiden", "couple", "pair"} else value_of(word)
    if number is None or number < 2:
        return None
    return Ordinals((), number) if end.startswith(_FROM_THE_END) else Ordinals(tuple(range(number)))


def selected(source: Source, nouns: tuple[Tag, ...], adjectives: set[str], text: str) -> list[Unit]:
    """The pieces of ``source`` that a phrase in the sentence ``text`` picks out, in the order of the source."""
    marked, affix = _MARKED.search(text), _AFFIX.search(text)
    units = sorted({unit for noun in nouns for unit in units_of(source, noun, adjectives)}, key=lambda unit: unit.start)
    found = []
    for unit in units:
        if not _fits(unit, adjectives) or (marked and not _is_marked(source, unit, marked[1])):
            continue
        if affix is None or (unit.name.startswith if affix["start"] else unit.name.endswith)(affix["affix"]):
            found.append(unit)
    return _with_header(source, found, adjectives)


def is_narrowed(text: str) -> bool:
    """Whether a sentence picks pieces by a mark in comments or by an affix."""
    return _MARKED.search(text) is not None or _AFFIX.search(text) is not None


def _with_header(source: Source, units: list[Unit], adjectives: set[str]) -> list[Unit]:
    """Those whose declaration has the adjective ("the void functions"), where some have it; the ones that call themselves."""
    code = source.code
    if code is None:
        return units
    for word in adjectives & _HEADER_WORDS:
        data = code.data.lower()
        pattern = re.compile(rb"\b" + word.encode() + rb"\b")
        fitting = [u for u in units if u.body_start and pattern.search(data, u.start, data.find(b"(", u.start))]
        units = fitting or units
    if "recursive" in adjectives:
        units = [u for u in units if len(code.occurrences(u, u.name)) > 1] or units
    return units


def by_suffix(sources: list[Source], text: str) -> list[Source]:
    """The files with the suffix that a sentence names ("all .c files", "the Fortran sources"), else all."""
    match = _SUFFIX.search(text)
    if match is None:
        return sources
    suffixes = {f".{match[1].lower()}"} if match[1] else _SUFFIXES[match[2].lower()]
    return [s for s in sources if s.name and PurePosixPath(s.name).suffix.lower() in suffixes] or sources


def units_of(source: Source, noun: Tag, words: set[str]) -> Iterable[Unit]:
    """The pieces of a source that a noun names; ``words`` are its adjectives."""
    code = source.code
    if code is None:
        return ()
    match noun:
        case Tag.KERNEL:
            return tuple(u for u in code.functions if "__global__" in u.marks) or code.functions
        case Tag.SUBROUTINE | Tag.FUNCTION:
            return code.functions or code.methods
        case Tag.METHOD:
            return code.methods or code.functions
        case Tag.CLASS:
            return tuple(u for u in code.classes if "struct" not in u.marks) or code.classes
        case Tag.STRUCT:
            return tuple(u for u in code.classes if "class" not in u.marks) or code.classes
        case Tag.LOOP:
            if "innermost" in words:
                loops = (*code.loops, *code.inner_loops)
                return tuple(u for u in loops if not any(u.start < o.start and o.end <= u.end for o in loops))
            return code.inner_loops if words & {"inner", "nested"} else code.loops
    return ()


_PRIVATE = frozenset(
    "private static internal statischen statische statischer privaten private estáticas estáticos privadas"
    " статические статических".split()
)


def _fits(unit: Unit, words: set[str]) -> bool:
    is_private = "static" in unit.marks or unit.name.startswith("_")
    if words & {"public", "exported", "extern", "non-static", "nonstatic", "global"} and is_private:
        return False
    if words & _PRIVATE and not is_private:
        return False
    if "device" in words and "__device__" not in unit.marks:
        return False
    if "host" in words and unit.marks & {"__global__", "__device__"}:
        return False
    loops = words & {"for", "while", "do"}
    return not (loops and unit.marks & {"for", "while"} and not loops & unit.marks)


def _is_marked(source: Source, unit: Unit, mark: str) -> bool:
    """Whether the comment before a piece, or one on its first line, holds the mark."""
    assert source.code is not None
    data = source.code.data
    comment = _COMMENT.search(data[max(0, unit.start - _BEFORE) : unit.start])
    first = data[unit.start : unit.start + _BEFORE].split(b"\n", 1)[0]
    text = (comment.group() if comment else b"") + first
    return re.search(rb"\b" + re.escape(mark.encode()) + rb"\b", text, re.IGNORECASE) is not None
