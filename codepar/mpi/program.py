"""Accept or refuse a text as a C or C++ program, before anything is done with it.

Limits: macros and conditionals make good programs unreadable in places, so single errors are no reason to refuse; what parses
almost nowhere is not C.
"""

from __future__ import annotations

import re

from codepar.errors import InputTooLarge, InvalidInput
from codepar.project import MAX_FILE_BYTES
from codepar.syntax.braces import find_imbalance
from codepar.syntax.language import Language
from codepar.syntax.tree import SyntaxTree, parse

_SAMPLE_BYTES = 64 * 1024
_MAX_ERROR_SHARE = 0.35
"""Of the code bytes, in error nodes. C and C++ of tutorials stay below 0.2, prose, Python and JSON above 0.5."""
_BLANK = re.compile(rb"\s+")


def read_program(text: str, path: str | None = None, language: Language | None = None) -> SyntaxTree:
    """Parse a program. ``path`` is used for the language and in messages.

    Raises ``InvalidInput`` for what is empty, binary, not C or C++, or has braces without partner; ``InputTooLarge``.
    """
    name = path if path and path != "-" else "the input"
    size = len(text.encode(errors="surrogatepass"))
    if size > MAX_FILE_BYTES:
        raise InputTooLarge(
            f"{name} has {size} bytes, more than {MAX_FILE_BYTES}", remedy="split the file, or send the part that matters"
        )
    _check_text(text, name)
    if size > _SAMPLE_BYTES:
        # A grammar can be slow on what it does not fit; a sample tells that before the whole is parsed.
        _check_language(parse(text[:_SAMPLE_BYTES].rpartition("\n")[0], language, path), name)
    tree = parse(text, language, path)
    imbalance = find_imbalance(tree.lexis)
    _check_language(tree, name)
    if imbalance is not None:
        raise InvalidInput(f"{name}, line {imbalance.line}: {imbalance.message}", remedy="balance the braces, then try again")
    return tree


def _check_text(text: str, name: str) -> None:
    if not text.strip():
        raise InvalidInput(f"{name} is empty", remedy="give a C or C++ program")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InvalidInput(
            f"{name}, line {line}: a NUL byte; this is not a program text", remedy="give the source, not the binary"
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(f"{name} is not UTF-8: character {error.start} is half a surrogate pair") from error


def _check_language(tree: SyntaxTree, name: str) -> None:
    if error_share(tree) <= _MAX_ERROR_SHARE:
        return
    first = tree.errors[0].line if tree.errors else 1
    raise InvalidInput(f"{name} does not look like C or C++: line {first} cannot be parsed", remedy="give a C or C++ program")


def error_share(tree: SyntaxTree) -> float:
    """Share of the code (comments and blanks apart) that the grammar could not read."""
    code = len(_BLANK.sub(b"", tree.lexis.code))
    unread = sum(len(_BLANK.sub(b"", tree.lexis.code[node.start_byte : node.end_byte])) for node in tree.error_nodes)
    return unread / code if code else 1.0
