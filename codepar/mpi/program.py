"""Accept or refuse a text as a C or C++ program, before anything is done with it.

Limits: macros and conditionals make good programs unreadable in places, so single errors are no reason to refuse; what parses
almost nowhere is not C. Languages with the statements of C (Java, JavaScript) may pass.
"""

from __future__ import annotations

import re

from tree_sitter import Node

from codepar.errors import InputTooLarge, InvalidInput, Unsupported
from codepar.project import MAX_FILE_BYTES, Project
from codepar.syntax.braces import find_imbalance
from codepar.syntax.language import Language, language_of
from codepar.syntax.tree import SyntaxTree, parse

_SAMPLE_BYTES = 64 * 1024
_MAX_CUT_BYTES = 256
"""What a sample may hold of a token or comment that it cuts."""
_MAX_ERROR_SHARE = 0.35
_MAX_UNREAD_SHARE = 0.12
"""Both must be exceeded. One slip can put a whole function into an error node, but its statements still parse: C and C++ of
tutorials stay below 0.05 unread then, prose, Python, Fortran and JSON lie above 0.13."""
_MAX_SLIPS_SHARE = 0.1
_DIRECTIVES = frozenset({"include", "define", "if", "ifdef", "ifndef", "pragma"})
_FRAGMENTS = frozenset({"comma_expression", "binary_expression", "type_descriptor", "parameter_list", "argument_list"})
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
    check_text(text, name)
    language = language or language_of(path, text)
    if not language.is_c_family:
        raise InvalidInput(f"{name} does not look like C or C++ but like {language.label}", remedy="give a C or C++ program")
    if size > _SAMPLE_BYTES:
        # A grammar can be slow on what it does not fit; a sample tells that before the whole is parsed.
        _check_sample(parse(text[:_SAMPLE_BYTES], language, path), name)
    tree = parse(text, language, path)
    imbalance = find_imbalance(tree.lexis)
    if imbalance is None or not (tree.functions or _includes(tree)):
        _check_language(tree, name)
    if imbalance is not None:
        raise InvalidInput(f"{name}, line {imbalance.line}: {imbalance.message}", remedy="balance the braces, then try again")
    return tree


def refuse_other_languages(project: Project, only: str | None = None) -> None:
    """Raise ``Unsupported`` where what is to be read (``only``, else all) is Fortran or Python."""
    others = [*project.fortran_sources(), *project.python_sources()]
    if only in others or (only is None and others and not project.sources()):
        language = language_of(only or others[0], "").label
        raise Unsupported(
            f"only C and C++ can be read for this, not {language} ({only or others[0]})",
            remedy="codepar mpi complete at the level calls, verify, strip and insert take Fortran and mpi4py programs",
        )


def check_text(text: str, name: str, kind: str = "C or C++") -> None:
    """Refuse what is empty, binary or not UTF-8, whatever the language."""
    if not text.strip():
        raise InvalidInput(f"{name} is empty", remedy=f"give a {kind} program")
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
    code = len(_BLANK.sub(b"", tree.lexis.code))
    share = sum(_size(tree, node) for node in tree.error_nodes) / max(code, 1)
    if _holds_c(tree, share) and (share <= _MAX_ERROR_SHARE or _unread(tree) <= _MAX_UNREAD_SHARE * code):
        return
    raise _not_c(tree, name)


def _check_sample(tree: SyntaxTree, name: str) -> None:
    """Refuse by the beginning of a file, which may end amid a function or hold nothing but comments."""
    code = len(_BLANK.sub(b"", tree.lexis.code))
    if _unread(tree) > 2 * _MAX_UNREAD_SHARE * code + _MAX_CUT_BYTES:
        raise _not_c(tree, name)


def _not_c(tree: SyntaxTree, name: str) -> InvalidInput:
    first = tree.errors[0].line if tree.errors else 1
    return InvalidInput(f"{name} does not look like C or C++: line {first} cannot be parsed", remedy="give a C or C++ program")


def _holds_c(tree: SyntaxTree, error_share: float) -> bool:
    """Whether anything of C is there: a semicolon or a directive; where much does not parse, a function or an include."""
    if error_share > _MAX_SLIPS_SHARE:
        return _includes(tree) or bool(tree.functions)
    names = {directive.name for directive in tree.lexis.directives}
    return b";" in tree.lexis.plain or bool(tree.functions) or not names.isdisjoint(_DIRECTIVES)


def _includes(tree: SyntaxTree) -> bool:
    return any(directive.name == "include" for directive in tree.lexis.directives)


def _size(tree: SyntaxTree, node: Node) -> int:
    return len(_BLANK.sub(b"", tree.lexis.code[node.start_byte : node.end_byte]))


def _unread(tree: SyntaxTree) -> int:
    """Bytes of code in error nodes without those of the statements and declarations that parsed inside them."""
    unread, pending = 0, list(tree.error_nodes)
    while pending:
        node = pending.pop()
        if node.is_error and (node.child_count == 0 or node.is_missing):
            unread += _size(tree, node)
        for child in node.children:
            if child.has_error:
                pending.append(child)
            elif node.is_error and (child.child_count == 0 or child.type in _FRAGMENTS):
                unread += _size(tree, child)
    return unread
