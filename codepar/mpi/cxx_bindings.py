"""Calls through the C++ bindings that MPI-3 removed: ``MPI::Init()``, ``MPI::COMM_WORLD.Send(...)``, ``comm.Barrier()``.

Limits: an object is known by the type of its declaration in the same file; ``auto`` and members of classes are not followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from codepar.syntax.language import Language
from codepar.syntax.tree import SyntaxTree
from codepar.syntax.variables import text_of

_TYPES = frozenset(
    {"Aint", "Comm", "Cartcomm", "Datatype", "Distgraphcomm", "Errhandler", "Exception", "File", "Graphcomm", "Grequest", "Group"}
    | {"Info", "Intercomm", "Intracomm", "Offset", "Op", "Prequest", "Request", "Status", "Win"}
)
_OBJECT = re.compile(rb"\bMPI::(?:\w+)[\s*&]+(\w+)")


@dataclass(frozen=True, slots=True)
class BindingCall:
    """Bytes ``start`` to ``end`` of the call, the offset of its parenthesis, and what is called: ``MPI::COMM_WORLD.Send``."""

    start: int
    end: int
    opening: int
    name: str


def find_binding_calls(tree: SyntaxTree) -> Iterator[BindingCall]:
    """The calls of ``tree`` through the C++ bindings, nested ones included."""
    if tree.language is not Language.CXX or b"MPI::" not in tree.lexis.code:
        return
    objects = {name.decode() for name in _OBJECT.findall(tree.lexis.code)}
    for node in tree.capture("(call_expression) @it"):
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if function is not None and arguments is not None and _is_binding(function, objects):
            yield BindingCall(node.start_byte, node.end_byte, arguments.start_byte, " ".join(text_of(function).split()))


def _is_binding(function: Node, objects: set[str]) -> bool:
    if function.type == "qualified_identifier":
        parts = text_of(function).split("::")
        return parts[0] == "MPI" and parts[-1] not in _TYPES
    base: Node | None = function
    while base is not None and base.type in {"field_expression", "call_expression", "subscript_expression"}:
        base = base.child_by_field_name("argument") or base.child_by_field_name("function")
    if base is None or function.type != "field_expression":
        return False
    text = text_of(base)
    return text.startswith("MPI::") or text in objects
