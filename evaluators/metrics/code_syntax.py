"""The subtrees of a piece of C, C++ or CUDA, for CodeBLEU's syntax match.

A subtree is a named node with its named descendants, by their kinds alone: names, numbers and operators do not count, comments
are left out. Leaves by themselves are no subtrees. Limits: what the grammar cannot read becomes an error node and matches only
the like of it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

from tree_sitter import Node

from codepar.syntax.language import Language, parser_of

Subtree = str
"""A digest of the kinds in it."""


def subtrees(text: str) -> Counter[Subtree]:
    """How often each subtree occurs."""
    found: Counter[Subtree] = Counter()
    shapes: dict[int, str] = {}
    nodes = list(walk(parser_of(Language.CUDA).parse(text.encode(errors="replace")).root_node))
    for node in reversed(nodes):  # what is below a node comes after it
        children = [shapes[one.id] for one in node.named_children if one.type != "comment"]
        shapes[node.id] = _digest(node.type, children) if children else node.type
        if children:
            found[shapes[node.id]] += 1
    return found


def walk(root: Node) -> Iterator[Node]:
    """A node and all named ones below it, from left to right, each before what it holds."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.named_children))


def _digest(kind: str, children: list[str]) -> str:
    return hashlib.blake2b(f"({kind} {' '.join(children)})".encode(), digest_size=12).hexdigest()
