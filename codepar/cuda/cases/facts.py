"""What a function's scalars and buffers mean, as far as its text tells: sizes, offsets, strides, flags, divisors, indices.

A heuristic that proposes good test values, never a proof: what it proposes is kept only where the original runs clean on it.
Limits: names are followed through assignments to locals of the same function, not through memory; helpers are searched for
literals and mathematical functions alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tree_sitter import Node

from codepar.cuda.expression import evaluate
from codepar.cuda.function import SequentialFunction
from codepar.cuda.nodes import LOOPS, named, operator_of, squeezed, unwrapped, walk
from codepar.cuda.nodes import field as field_of
from codepar.cuda.read import helper_node, node_of
from codepar.cuda.source import source_of
from codepar.errors import InvalidInput
from codepar.syntax.variables import text_of

_COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!="})
_DIVISIONS = frozenset({"/", "%", "/=", "%="})
_SHIFTS = frozenset({"<<", ">>", "<<=", ">>="})
_UNIT_DOMAIN = frozenset(
    f"{name}{suffix}"
    for name in ("log", "log2", "log10", "log1p", "sqrt", "rsqrt", "acos", "asin", "pow", "atanh", "cbrt")
    for suffix in ("", "f")
)


@dataclass
class Facts:
    """Names of parameters by what they do. A name may stand in several; ``sizes`` is the strongest.

    ``literals`` are the numbers that something is compared with; ``compared`` those that a parameter itself is compared with.
    ``targets`` maps an index buffer to the buffers that it indexes; elements of ``matched`` buffers are tested for equality with
    each other, those of ``ordered`` ones for which is larger, those of ``guarded`` buffers with zero. ``masks`` are the bits that
    are asked of a scalar.
    """

    sizes: list[str] = field(default_factory=list)
    shapes: list[str] = field(default_factory=list)
    offsets: list[str] = field(default_factory=list)
    strides: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    divisors: list[str] = field(default_factory=list)
    shifts: list[str] = field(default_factory=list)
    literals: list[int | float] = field(default_factory=list)
    compared: dict[str, list[int | float]] = field(default_factory=dict)
    masks: dict[str, list[int]] = field(default_factory=dict)
    targets: dict[str, list[str]] = field(default_factory=dict)
    bounds: list[str] = field(default_factory=list)
    matched: list[str] = field(default_factory=list)
    ordered: list[str] = field(default_factory=list)
    guarded: list[str] = field(default_factory=list)
    has_unit_domain: bool = False
    has_byte_pointers: bool = False
    has_product: bool = False


def facts_of(function: SequentialFunction) -> Facts:
    """The facts of one function."""
    return _Finder(function).find()


class _Finder:
    def __init__(self, function: SequentialFunction) -> None:
        self._function = function
        self._body = node_of(function)
        self._scalars = [one.name for one in function.signature.scalars]
        self._buffers = [one.name for one in function.signature.buffers]
        self._constants = source_of(function.text, function.language).constants
        self._facts = Facts()
        self._from = self._flows()

    def find(self) -> Facts:
        for node in walk(self._body):
            if node.type in LOOPS:
                self._loop(node)
            elif node.type in {"binary_expression", "assignment_expression"}:
                self._operation(node)
            elif node.type == "subscript_expression":
                self._subscript(node)
            elif node.type in {"if_statement", "conditional_expression"}:
                self._condition(node.child_by_field_name("condition"))
            elif node.type == "switch_statement":
                self._switch(node)
            elif node.type == "pointer_expression":
                self._dereference(node)
            elif node.type == "cast_expression" and "char *" in squeezed(node.child_by_field_name("type")):
                self._facts.has_byte_pointers = True
        self._domains()
        return self._facts

    def _flows(self) -> dict[str, set[str]]:
        """For each local the parameters that its values are made of, by any number of assignments."""
        direct: dict[str, set[str]] = {}
        for node in walk(self._body):
            left, right = assignment(node)
            if left and right is not None:
                direct.setdefault(left, set()).update(identifiers(right))
        parameters = {*self._scalars, *self._buffers}
        found = {name: words & parameters for name, words in direct.items()}
        for _ in range(len(direct)):
            changed = False
            for name, words in direct.items():
                more = set().union(*(found.get(word, set()) for word in words)) - found[name]
                found[name] |= more
                changed = changed or bool(more)
            if not changed:
                break
        return found

    def _parameters(self, node: Node | None, without: frozenset[str] = frozenset()) -> list[str]:
        """The parameters behind the names of an expression, those named directly first."""
        words = [word for word in identifiers(node) if word not in without] if node is not None else []
        direct = [word for word in words if word in self._scalars or word in self._buffers]
        behind = [name for word in words for name in sorted(self._from.get(word, ()))]
        return list(dict.fromkeys(direct + behind))

    def _loop(self, loop: Node) -> None:
        changing = frozenset(_changed(loop))
        condition, update = loop.child_by_field_name("condition"), loop.child_by_field_name("update")
        ends = [one for one in self._parameters(condition, changing) if one in self._scalars]
        # A loop that counts down names its size where it starts.
        begins = [one for one in self._parameters(loop.child_by_field_name("initializer")) if one in self._scalars]
        self._add_all(self._facts.sizes, ends or begins)
        self._note_bounds(condition)
        starts = loop.child_by_field_name("initializer")
        self._note_bounds(starts)
        for name in changing & frozenset(identifiers(condition)):
            self._add_all(self._facts.offsets, [one for one in sorted(self._from.get(name, ())) if one in self._scalars])
        self._add_all(self._facts.offsets, [one for one in self._parameters(starts) if one in self._scalars])
        self._add_all(self._facts.strides, [one for one in self._parameters(update, changing) if one in self._scalars])

    def _note_bounds(self, node: Node | None) -> None:
        """Buffers whose elements say where a loop begins or ends; what is tested for equality is data."""
        for one in walk(node) if node is not None else ():
            is_bound = one.type == "init_declarator" or operator_of(one) in {"<", "<=", ">", ">=", "="}
            if is_bound:
                self._add_all(self._facts.bounds, [name for name in self._parameters(one) if name in self._buffers])

    def _operation(self, node: Node) -> None:
        operator, right = operator_of(node), node.child_by_field_name("right")
        if operator in _DIVISIONS:
            self._add_all(self._facts.divisors, self._parameters(right))
        elif operator == "*=" and field_of(node, "left").type == "identifier":
            self._facts.has_product = True
        elif operator in _SHIFTS:
            self._add_all(self._facts.shifts, self._parameters(right))
        elif operator in _COMPARISONS:
            self._comparison(node)
        elif operator == "&":
            self._mask(node)

    def _comparison(self, node: Node) -> None:
        self._match(node)
        sides = [
            unwrapped(one) for one in (node.child_by_field_name("left"), node.child_by_field_name("right")) if one is not None
        ]
        for side, other in (sides, reversed(sides)):
            value = self._literal(side)
            name = squeezed(other)
            if value == 0:
                self._add_all(self._facts.guarded, [one for one in self._parameters(other) if one in self._buffers])
            if value is not None and name in self._scalars:
                self._facts.compared.setdefault(name, []).append(value)
                if operator_of(node) in {"==", "!="}:
                    self._add_all(self._facts.flags, [name])

    def _mask(self, node: Node) -> None:
        sides = [unwrapped(field_of(node, side)) for side in ("left", "right")]
        for side, other in (sides, reversed(sides)):
            if squeezed(other) in self._scalars and isinstance(bits := self._number(side), int):
                self._facts.masks.setdefault(squeezed(other), []).append(bits)

    def _number(self, node: Node) -> int | float | None:
        """The value of an expression of literals and of the file's constants, enumerators among them."""
        try:
            return evaluate(squeezed(node), self._constants)
        except InvalidInput:
            return None

    def _match(self, node: Node) -> None:
        sides = [self._parameters(node.child_by_field_name(name)) for name in ("left", "right")]
        found = [[one for one in side if one in self._buffers] for side in sides]
        if all(found) and operator_of(node) in {"==", "!="}:
            self._add_all(self._facts.matched, found[0] + found[1])
        elif all(found):
            self._add_all(self._facts.ordered, [one for one in found[0] if one in found[1]])

    def _literal(self, node: Node) -> int | float | None:
        value = self._number(node)
        if value is None:
            return None
        if value not in self._facts.literals and abs(value) < 2**31:
            self._facts.literals.append(value)
        return value

    def _condition(self, condition: Node | None) -> None:
        for node in walk(condition) if condition is not None else ():
            parent = node.parent
            is_bare = parent is not None and (
                parent.type in {"parenthesized_expression", "condition_clause", "unary_expression"}
                or operator_of(parent) in {"&&", "||"}
            )
            if node.type == "identifier" and is_bare and text_of(node) in self._scalars:
                self._add_all(self._facts.flags, [text_of(node)])
            if is_bare and node.type in {"subscript_expression", "identifier"}:
                self._add_all(self._facts.guarded, [one for one in self._parameters(node) if one in self._buffers])

    def _switch(self, node: Node) -> None:
        name = squeezed(unwrapped(field_of(node, "condition")))
        labels = [one.child_by_field_name("value") for one in walk(node) if one.type == "case_statement"]
        values = [value for label in labels if label is not None and (value := self._literal(label)) is not None]
        if name in self._scalars and values:
            # One more, for the default.
            self._facts.compared.setdefault(name, []).extend([*values, max(values) + 1])
            self._add_all(self._facts.flags, [name])

    def _subscript(self, node: Node) -> None:
        index = _index_of(node)
        inside = self._parameters(index)
        self._add_all(self._facts.shapes, [one for one in inside if one in self._scalars])
        base = self._parameters(node.child_by_field_name("argument"))
        for name in (one for one in inside if one in self._buffers):
            self._add_all(self._facts.targets.setdefault(name, []), [one for one in base if one in self._buffers and one != name])

    def _dereference(self, node: Node) -> None:
        """``*(p + i * pitch)`` is a subscript, too."""
        inside = self._parameters(node.child_by_field_name("argument"))
        self._add_all(self._facts.shapes, [one for one in inside if one in self._scalars])

    def _domains(self) -> None:
        helpers = [found for name in self._function.helpers if (found := helper_node(self._function, name)) is not None]
        for node in (one for top in (self._body, *helpers) for one in walk(top)):
            if node.type == "call_expression":
                name = text_of(node.child_by_field_name("function")).removeprefix("std::")
                self._facts.has_unit_domain = self._facts.has_unit_domain or name in _UNIT_DOMAIN
        for helper in helpers:
            for node in walk(helper):
                if node.type == "binary_expression" and operator_of(node) in _COMPARISONS:
                    for side in named(node):
                        self._literal(unwrapped(side))

    @staticmethod
    def _add_all(names: list[str], more: list[str]) -> None:
        names += [one for one in more if one not in names]


def _index_of(node: Node) -> Node | None:
    """The bracketed part of a subscript, in the grammars of C and C++."""
    return node.child_by_field_name("index") or node.child_by_field_name("indices")


def identifiers(node: Node | None) -> list[str]:
    """The names below a node, in the order of the text."""
    return [text_of(one) for one in walk(node) if one.type == "identifier"] if node is not None else []


def assignment(node: Node) -> tuple[str, Node | None]:
    """The plain name on the left and the expression on the right of an assignment or initialised declaration."""
    if node.type == "init_declarator":
        return squeezed(node.child_by_field_name("declarator")).lstrip("* "), node.child_by_field_name("value")
    if node.type == "assignment_expression":
        left = node.child_by_field_name("left")
        if left is not None and left.type == "identifier":
            return text_of(left), node.child_by_field_name("right")
    return "", None


def _changed(loop: Node) -> Iterator[str]:
    """The names that a loop assigns, its own variable among them."""
    for node in walk(loop):
        if node.type == "update_expression":
            yield text_of(node.child_by_field_name("argument"))
        left, _ = assignment(node)
        if left:
            yield left
