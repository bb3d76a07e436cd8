"""Wishes for comments in code, and whether a code differs from another one by its comments alone.

Such a wish reads code and changes none, yet its answer belongs into the file. Limits: by words; of Fortran the statements are
compared, a comment behind a text in quotes counts as one of them.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from tree_sitter import Node

from codepar.syntax.language import Language, parser_of

_WISH = re.compile(
    r"\b(?:add|write|put|insert|give|include|provide|attach|generate|need|want|place)\b(?![^.?!]{0,50}\breview\b)[^.?!]{0,50}"
    r"\b(?:comments?|doc-?strings?|doxygen|javadoc)\b"
    r"|(?:\A|[.,;:!]\s*|\b(?:please|and|then|to|you)\s+)(?:comment|document|annotate)\b(?!\s+on\b)"
    r"|\b(?:kommentiere|dokumentiere|comenta|documenta|прокомментируй|задокументируй)\b"
    r"|\b(?:kommentare?|docstrings?)\b[^.?!]{0,40}\b(?:hinzu|ein|an)\b|\b(?:añade|agrega|pon|escribe)\b[^.?!]{0,40}\bcomentarios?\b"
    r"|\bдобавь\b[^.?!]{0,40}\bкомментари\w+|(?:加上?|添加|写|补充)[^。？！]{0,12}注释|コメントを[^。]{0,8}(?:追加|付け|つけ|書)",
    re.IGNORECASE,
)
_HEADS = frozenset({"for_statement", "while_statement", "do_statement", "if_statement", "else_clause"})
_FORTRAN_COMMENT = re.compile(r"\A(?:[cC*].*|\s*!.*)\Z|!(?!\$)[^'\"]*\Z")


def wants_comments(wish: str) -> bool:
    """Whether the words ask for comments to be put into code."""
    return _WISH.search(wish) is not None


def differs_by_comments_alone(before: str, after: str, language: Language) -> bool:
    """Whether two codes say the same; the documentation strings of Python are comments."""
    if language is Language.FORTRAN:
        return _statements(before) == _statements(after)
    return _tokens(before, language) == _tokens(after, language)


def _tokens(text: str, language: Language) -> list[tuple[int, str, str]]:
    tree = parser_of(language).parse(textwrap.dedent(text.replace("\r\n", "\n")).encode())
    return list(_walk(tree.root_node))


def _walk(root: Node) -> Iterator[tuple[int, str, str]]:
    """Every node that is no comment, with its depth, the leaves with their text: the same words may have another structure."""
    left = [(0, root)]
    while left:
        depth, node = left.pop()
        if node.type == "comment" or _is_docstring(node):
            continue
        inner = _in_braces(node)
        if inner is not None:
            left.append((depth, inner))
            continue
        yield depth, node.type, "" if node.children or node.text is None else node.text.decode(errors="replace")
        left += [(depth + 1, one) for one in reversed(node.children)]


def _in_braces(node: Node) -> Node | None:
    """The one statement that braces hold behind a `for`, `if` or the like, where they say nothing."""
    if node.type != "compound_statement" or node.parent is None or node.parent.type not in _HEADS:
        return None
    inside = [one for one in node.named_children if one.type != "comment"]
    return inside[0] if len(inside) == 1 and inside[0].type.endswith("_statement") else None


def _is_docstring(node: Node) -> bool:
    return node.type == "expression_statement" and [one.type for one in node.named_children] == ["string"]


def _statements(text: str) -> list[str]:
    lines = ("".join(_FORTRAN_COMMENT.sub("", line).split()).lower() for line in text.splitlines())
    return [line for line in lines if line]
