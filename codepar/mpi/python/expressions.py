"""Python expressions as C writes them, for readers of C.

Names with dots become names with underscores, which ``Names`` remembers. Limits: strings, containers, comprehensions and lambdas
become ``""`` or ``0``; a slice becomes its first element.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tree_sitter import Node

from codepar.mpi.python.holes import HOLE
from codepar.syntax.variables import text_of

_OPERATORS = {"and": "&&", "or": "||", "//": "/", "**": "*", "@": "*", "is": "==", "is not": "!=", "in": "==", "not in": "!="}
_LITERALS = {"true": "1", "false": "0", "none": "0", "ellipsis": "0"}
_RESERVED = frozenset(
    (
        *("int", "float", "double", "char", "long", "short", "void", "auto", "const", "static", "struct"),
        *("union", "enum", "switch", "case", "default", "do", "goto", "register", "signed", "unsigned", "sizeof"),
        *("typedef", "volatile", "extern", "main"),
    )
)
_HOLES = {"float": "0.0/* mpi: double */"}


@dataclass
class Names:
    """What the names of the C text are called in Python."""

    written: dict[str, str] = field(default_factory=dict)

    def c_name(self, python: str) -> str:
        """The C name of a name with or without dots."""
        if python.startswith("MPI."):
            return python.replace(".", "_")
        name = "_".join(part for part in python.split(".") if part).replace(" ", "")
        name = f"{name}_" if name in _RESERVED else name
        self.written.setdefault(name, python)
        return name


def hole_type(node: Node) -> str | None:
    """The type of the hole that an expression is; None for anything else."""
    match = HOLE.fullmatch(text_of(node)) if node.type == "parenthesized_expression" else None
    return match["type"] if match is not None else None


def c_expression(node: Node | None, names: Names) -> str:
    """An expression as C."""
    if node is None:
        return "0"
    kind = hole_type(node)
    if kind is not None:
        return _HOLES.get(kind, "0")
    if node.type == "identifier":
        return names.c_name(text_of(node))
    if node.type == "attribute":
        return names.c_name("".join(text_of(node).split())) if is_dotted(node) else "0"
    if node.type in {"integer", "float"}:
        return text_of(node).rstrip("jJlL")
    if node.type in _LITERALS:
        return _LITERALS[node.type]
    if node.type in {"string", "concatenated_string"}:
        return '""'
    return _compound(node, names)


def is_dotted(node: Node | None) -> bool:
    """Whether a node is names joined by dots."""
    while node is not None and node.type == "attribute":
        node = node.child_by_field_name("object")
    return node is not None and node.type == "identifier"


def _compound(node: Node, names: Names) -> str:
    kind = node.type
    inner = [child for child in node.named_children if child.type != "comment"]
    if kind == "parenthesized_expression" and inner:
        return f"({c_expression(inner[0], names)})"
    if kind in {"binary_operator", "boolean_operator"}:
        operator = text_of(node.child_by_field_name("operator"))
        sides = [c_expression(node.child_by_field_name(side), names) for side in ("left", "right")]
        return f"{sides[0]} {_OPERATORS.get(operator, operator)} {sides[1]}"
    if kind == "comparison_operator":
        return _comparison(node, inner, names)
    if kind in {"unary_operator", "not_operator"} and inner:
        mark = "!" if kind == "not_operator" else text_of(node)[:1]
        return f"{mark}{c_expression(inner[0], names)}"
    if kind == "subscript":
        indices = "".join(f"[{_index(child, names)}]" for child in node.children_by_field_name("subscript"))
        return f"{c_expression(node.child_by_field_name('value'), names)}{indices}"
    if kind == "conditional_expression" and len(inner) == 3:
        return f"({c_expression(inner[1], names)} ? {c_expression(inner[0], names)} : {c_expression(inner[2], names)})"
    if kind == "call":
        return f"{c_expression(node.child_by_field_name('function'), names)}({', '.join(arguments_of(node, names))})"
    return "0"


def _comparison(node: Node, inner: list[Node], names: Names) -> str:
    operators = [text_of(child) for child in node.children_by_field_name("operators")]
    texts = [c_expression(child, names) for child in inner]
    pairs = zip(texts, operators, texts[1:], strict=False)
    return " && ".join(
        f"{left} {_OPERATORS.get(operator, operator).replace('<>', '!=')} {right}" for left, operator, right in pairs
    )


def _index(node: Node, names: Names) -> str:
    if node.type != "slice":
        return c_expression(node, names)
    first = node.children[0]
    return "0" if first.type == ":" else c_expression(first, names)


def arguments_of(call: Node, names: Names) -> list[str]:
    """The arguments of a call as C, keywords without their names."""
    listed = call.child_by_field_name("arguments")
    if listed is None or listed.type != "argument_list":
        return []
    values = [
        child.child_by_field_name("value") if child.type == "keyword_argument" else child for child in listed.named_children
    ]
    return [c_expression(value, names) for value in values if value is not None and value.type != "comment"]
