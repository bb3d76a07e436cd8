"""Where the code of a prompt lies: fenced blocks with their language and file name, and code that was pasted without a fence.

Offsets are characters of the prompt. Limits: fences of backticks and tildes as CommonMark has them, indentation up to three
blanks; code without a fence is told by the looks of its lines, so a single expression in a sentence stays prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from codepar.syntax.language import Language, language_of

FILE_NAME = (
    r"(?<![\w.+\-/])(?:[\w.+\-]{1,60}/){0,8}[\w+\-][\w.+\-]{0,80}\.(?:cuh?|cc|cpp|cxx|c\+\+|c|hh|hpp"
    r"|hxx|h|f90|f95|f03|f08|for|f|pyx?|java|jsx?|tsx?|go|rs|rb|sh|ya?ml|toml|json|md|txt|csv|cmake|mk"
    r"|jl|m|kt|swift|php|sql|cl|ispc)\b"
)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[ \t]*([^\n`]*)$", re.MULTILINE)
_LONG_LINE = 200
_NAME = re.compile(FILE_NAME, re.IGNORECASE | re.ASCII)
_HEADING = re.compile(
    rf"^[ \t]*(?:#+|[*_>=\-]+|//|/\*|file\b:?|\d+[.)])*[ \t]*[`*_\"'<]*({FILE_NAME})[`*_\"'>]*[^\w\n]*$", re.IGNORECASE
)
_LANGUAGES = {
    "c": Language.C, "h": Language.C, "c99": Language.C, "c11": Language.C,
    "cpp": Language.CXX, "c++": Language.CXX, "cxx": Language.CXX, "cc": Language.CXX, "hpp": Language.CXX,
    "cuda": Language.CUDA, "cu": Language.CUDA, "cuh": Language.CUDA,
    "fortran": Language.FORTRAN, "f90": Language.FORTRAN, "f95": Language.FORTRAN, "f77": Language.FORTRAN, "f": Language.FORTRAN,
    "python": Language.PYTHON, "py": Language.PYTHON, "python3": Language.PYTHON, "py3": Language.PYTHON,
}  # fmt: skip
_FOREIGN = frozenset(
    "java javascript js jsx ts typescript tsx go rust rs ruby rb sh bash shell console zsh yaml yml"
    " toml json text txt plain csv sql html"
    " css xml md markdown diff make makefile cmake log output julia matlab r kotlin swift php lua perl"
    " haskell scala asm ptx opencl".split()
)
_CODE_START = re.compile(
    r"^[ \t]*(?:\#[ \t]*(?:include|define|if|ifdef|ifndef|pragma)\b|(?:async[ \t]+)?def[ \t]+\w+[ \t]*\("
    r"|class[ \t]+\w+[^\n.?!]*[:{][ \t]*$"
    r"|(?:from[ \t]+[\w.]+[ \t]+)?import[ \t]+[\w.*]+(?:[ \t]*,[ \t]*\w+)*(?:[ \t]+as[ \t]+\w+)?[ \t]*$"
    r"|@\w+(?:\([^\n]*\))?[ \t]*$"
    r"|template[ \t]*<|using[ \t]+namespace\b|typedef\b[^\n]*[;{]|(?:struct|enum|union)[ \t]+\w+[ \t]*\{|!\$omp\b"
    r"|(?:(?:pure|elemental|recursive|integer|real|logical|double[ \t]precision)(?:\([^)\n]*\))?[ \t]+)*(?:subroutine"
    r"|function)[ \t]+\w+[ \t]*\([^\n]*$"
    r"|(?:program|module)[ \t]+\w+[ \t]*$|implicit[ \t]+none\b|do[ \t]+\w+[ \t]*=[ \t]*\w+[ \t]*,"
    r"|(?:static|extern|inline|const|constexpr|unsigned|signed|struct|__\w+__|void|int|long|short|char"
    r"|float|double|bool|auto|[a-z]\w*_t|std::\S+)\b[^\n.?!]*[\w\*&>\]][ \t]*(?:\([^\n]*|=[^\n]*;"
    r"|;)[ \t]*(?://.*)?$"
    r"|[A-Za-z_][\w:<>]*[ \t*&]+[A-Za-z_]\w*\([^\n?!]*\)[ \t]*(?:const[ \t]*)?\{"
    r"|/\*[^\n]*$|[{\[][ \t]*$|[{\[][ \t]*[\"{\[][^\n]*$"
    r"|(?:for|while|if)[ \t]*\([^\n]*\)[ \t]*\{?[ \t]*(?:[^\n]*[;{)])?[ \t]*$|(?:for[ \t]+\w+(?:[ \t]*,[ \t]*\w+)*["
    r" \t]+in\b[^\n]*"
    r"|while\b[^\n]*):[ \t]*$)",
    re.MULTILINE | re.IGNORECASE,
)
_CODE_LINE = re.compile(
    r"^[ \t]*(?:[{}]|//|/\*|\*/|\*[ \t]|\#|@|\}|\)|!)|[;{}][ \t]*(?:(?://|/\*).*)?$|^(?:[ \t]{2,}|\t)\S"
    r"|^[A-Za-z_][\w.\[\]]*[ \t]*[+\-*/|&]?=[ \t]*\S|^[ \t]*end[ \t]*(?:do|if|subroutine|function|module"
    r"|program)?\b[ \t]*\w*[ \t]*$"
    r"|^[ \t]*(?:contains|use[ \t]+\w+|call[ \t]+\w+.*|implicit[ \t]+none|return|end)[ \t]*$|::|^[ \t]*(?:else"
    r"|elif|try|finally|except)\b.*:[ \t]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Block:
    """Code in the prompt. ``outer_*`` take in fences and the heading with the file's name, ``start`` to ``end`` the contents."""

    outer_start: int
    outer_end: int
    start: int
    end: int
    language: Language | None
    """None: a text without a grammar here, such as a log, JSON or Rust."""
    name: str | None
    fenced: bool
    closed: bool = True


def blocks_of(prompt: str) -> tuple[Block, ...]:
    """The blocks in the order of the text; code without a fence is looked for only where there is none with one."""
    fenced = tuple(_fenced(prompt)) if "```" in prompt or "~~~" in prompt else ()
    return fenced or tuple(_pasted(prompt))


def _fenced(prompt: str) -> Iterator[Block]:
    opening: re.Match[str] | None = None
    for match in _FENCE.finditer(prompt):
        if opening is None:
            opening = match
        elif match[1].startswith(opening[1]) and not match[2].strip():
            yield _block(prompt, opening, match.start(), match.end(), closed=True)
            opening = None
    if opening is not None:
        yield _block(prompt, opening, len(prompt), len(prompt), closed=False)


def _block(prompt: str, opening: re.Match[str], end: int, outer_end: int, *, closed: bool) -> Block:
    start = min(opening.end() + 1, end)
    info = opening[2].strip()
    word = re.split(r"[\s:{,]", info.lower(), maxsplit=1)[0]
    named = _NAME.search(info)
    heading = None if named else _heading_before(prompt, opening.start())
    name = named[0] if named else heading[1] if heading else None
    return Block(
        outer_start=opening.start() if heading is None else heading.start(),
        outer_end=outer_end,
        start=start,
        end=end,
        language=_language(word, name, prompt[start:end]),
        name=name,
        fenced=True,
        closed=closed,
    )


def _language(word: str, name: str | None, text: str) -> Language | None:
    if word in _LANGUAGES:
        found = _LANGUAGES[word]
        return Language.CUDA if found.is_c_family and ("__global__" in text or "<<<" in text) else found
    suffix = name.rsplit(".", 1)[-1].lower() if name else ""
    if word in _FOREIGN or suffix in _FOREIGN:
        return None
    return code_language(name, text)


def code_language(name: str | None, text: str) -> Language:
    """The language of a text that holds code; CUDA is also told by its words."""
    if "__global__" in text or "<<<" in text or "__device__" in text:
        return Language.CUDA
    return language_of(name, text)


@dataclass(frozen=True, slots=True)
class _Heading:
    place: int
    name: str

    def start(self) -> int:
        return self.place

    def __getitem__(self, _: int) -> str:
        return self.name


def _heading_before(prompt: str, offset: int) -> _Heading | None:
    """The last line before ``offset`` that holds text, when it is a file's name alone."""
    end = len(prompt[:offset].rstrip())
    start = prompt.rfind("\n", 0, end) + 1
    match = _HEADING.match(prompt[start:end]) if end - start < _LONG_LINE else None
    return _Heading(start, match[1]) if match and prompt.count("\n", end, offset) <= 2 else None


def _pasted(prompt: str) -> Iterator[Block]:
    position = 0
    while match := _CODE_START.search(prompt, position):
        start = prompt.rfind("\n", 0, match.end() if match.end() == match.start() else match.start() + 1) + 1
        start = max(start, position)
        while start < len(prompt) and prompt[start] == "\n":
            start += 1
        start = _with_assignments(prompt, position, start)
        end = _end_of_code(prompt, start)
        text = prompt[start:end]
        if _is_code(text):
            heading = _heading_before(prompt, start)
            name = heading[1] if heading else None
            outer = heading.start() if heading else start
            yield Block(outer, end, start, end, _language("", name, text), name, fenced=False)
        position = max(end, match.end())


def _with_assignments(prompt: str, low: int, start: int) -> int:
    """Where code begins, assignments in the lines right before it taken along ("cache = {}" before the first ``def``)."""
    while start > low:
        before = prompt[low:start].rstrip()
        line = before.rfind("\n") + 1
        if not _ASSIGNMENT.match(before, line) or low + line == 0:
            break
        start = low + line
    return start


_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(?:[ \t]*:[^=\n]+)?[ \t]*=[ \t]*[^\s=][^\n]*\Z")


def _is_code(text: str) -> bool:
    """One line alone must hold a whole statement."""
    lines = [line for line in text.split("\n") if line.strip()]
    return len(lines) > 1 or (bool(lines) and lines[0].rstrip().endswith((";", "}")) and ("(" in lines[0] or "=" in lines[0]))


def _end_of_code(prompt: str, start: int) -> int:
    """The end of the last line that looks like code; inside braces every line does."""
    depth, end, position = 0, start, start
    while position < len(prompt):
        newline = prompt.find("\n", position)
        stop = len(prompt) if newline < 0 else newline
        line = prompt[position:stop]
        if line.strip():
            is_code = _CODE_LINE.search(line) or _CODE_START.match(line) or _opens_body(prompt, line, stop)
            if depth <= 0 and position > start and not is_code:
                break
            depth += line.count("{") - line.count("}")
            end = stop
        elif _NAME.match(prompt[stop + 1 : stop + 80]):
            break
        position = stop + 1
    return end


_HEAD_LINE = re.compile(r"[A-Za-z_][\w:<>,*& \t\[\]]*\([^()]*(?:\([^()]*\)[^()]*)*\)[ \t]*(?:const|noexcept)?[ \t]*\Z")


def _opens_body(prompt: str, line: str, stop: int) -> bool:
    """The head of a function whose brace begins the next line."""
    return prompt.startswith("{", stop + 1) and _HEAD_LINE.match(line) is not None
