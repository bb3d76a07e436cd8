"""Lay out code that stands on one line, as corpora hold it, one statement a line: models read and write it better so.

Limits: white space alone is changed, and only where all stands on one line or a line is very long; text with strings, comments
or directives stays as it is.
"""

from __future__ import annotations

import re

_LONG_LINE = 160
_UNTOUCHED = re.compile(r"[\"'#]|//|/\*")
_INDENT = "    "


def laid_out(code: str) -> str:
    """``code`` with a statement on each line, where it was written on one."""
    lines = code.strip().split("\n")
    if (len(lines) > 1 and max(map(len, lines)) <= _LONG_LINE) or _UNTOUCHED.search(code):
        return code.strip()
    return "\n".join(_lines(tightened(" ".join(" ".join(lines).split()))))


def tightened(code: str) -> str:
    """``code`` without the spaces that a tokenizer put around brackets, commas and members."""
    code = re.sub(r" ([\])\[;,])", r"\1", code)
    code = re.sub(r"([\[(]) ", r"\1", code)
    code = re.sub(r" (\+\+|--)(?=[;),\]])", r"\1", code)
    code = re.sub(r"\b(?!if|for|while|switch|return|sizeof)(\w+) \(", r"\1(", code)
    return re.sub(r"(?<=[A-Za-z_]) \. (?=[A-Za-z_])", ".", code)


def _lines(code: str) -> list[str]:
    lines, line, depth, brackets = list[str](), "", 0, 0
    for character in code:
        brackets += (character in "([") - (character in ")]")
        if character == "}" and line.strip():
            lines.append(_INDENT * depth + line.strip())
            line = ""
        depth -= character == "}"
        line += character
        if brackets == 0 and character in "{};":
            lines.append(_INDENT * depth + line.strip())
            line = ""
        depth += character == "{"
    return [*lines, line.strip()] if line.strip() else lines
