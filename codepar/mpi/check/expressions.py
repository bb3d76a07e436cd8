"""Evaluation of C expressions for one rank: numbers where the text tells them, keyed unknowns where not.

Limits: integers do not overflow; a floating-point value counts as known only as far as Python's double goes; overloaded operators
of C++ are taken for the built-in ones.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from codepar.mpi.check.nodes import Node
from codepar.mpi.check.numbers import arithmetic, literal
from codepar.mpi.check.places import Places, key_of
from codepar.mpi.check.values import (
    Callback,
    Constant,
    NamedInt,
    Place,
    Pointer,
    Unknown,
    Value,
    shortened,
)

_INTEGERS = {
    "MPI_ANY_SOURCE": -2, "MPI_ANY_TAG": -1, "MPI_PROC_NULL": -1, "MPI_ROOT": -3, "MPI_UNDEFINED": -32766,
    "MPI_SUCCESS": 0, "MPI_THREAD_SINGLE": 0, "MPI_THREAD_FUNNELED": 1, "MPI_THREAD_SERIALIZED": 2, "MPI_THREAD_MULTIPLE": 3,
    "MPI_MAX_PROCESSOR_NAME": 128, "MPI_MAX_ERROR_STRING": 512, "MPI_BSEND_OVERHEAD": 96, "MPI_MAX_OBJECT_NAME": 128,
    "MPI_MAX_PORT_NAME": 256, "MPI_MAX_LIBRARY_VERSION_STRING": 8192, "MPI_IDENT": 0, "MPI_CONGRUENT": 1, "MPI_SIMILAR": 2,
    "MPI_UNEQUAL": 3, "MPI_MODE_NOCHECK": 1024, "MPI_MODE_NOSTORE": 2048, "MPI_MODE_NOPUT": 4096, "MPI_MODE_NOPRECEDE": 8192,
    "MPI_MODE_NOSUCCEED": 16384, "MPI_LOCK_EXCLUSIVE": 234, "MPI_LOCK_SHARED": 235, "MPI_ORDER_C": 56, "MPI_ORDER_FORTRAN": 57,
    "MPI_COMM_TYPE_SHARED": 1, "INT_MAX": 2**31 - 1, "INT_MIN": -(2**31), "RAND_MAX": 2**31 - 1, "EXIT_SUCCESS": 0,
    "EXIT_FAILURE": 1, "NULL": 0, "nullptr": 0, "true": 1, "false": 0, "TRUE": 1, "FALSE": 0, "UINT_MAX": 2**32 - 1,
}  # fmt: skip
_ESCAPES = {"n": 10, "t": 9, "r": 13, "0": 0, "\\": 92, "'": 39, '"': 34, "a": 7, "b": 8, "f": 12, "v": 11}


def truth(value: Value) -> bool | None:
    """Whether a value is true in C; None where that is not known."""
    if isinstance(value, int | float):
        return bool(value)
    return None if isinstance(value, Unknown) else value is not None


class Expressions(Places):
    """Values of expressions, and the places that can be assigned to."""

    def call(self, node: Node) -> Value:
        raise NotImplementedError

    def evaluate(self, node: Node) -> Value:
        self.step()
        method = _EVALUATORS.get(node.type)
        if method is None:
            return self._other(node)
        return method(self, node)

    def _other(self, node: Node) -> Value:
        for kid in node.kids:
            if kid.type.endswith(("expression", "argument_list")):
                self.evaluate(kid)
        return self.unknown(f"{node.type}@{self.unit.path}:{node.start}", local=True)

    def _number(self, node: Node) -> Value:
        found = node.cache.get("number")
        if found is None:
            found = literal(node.text.replace("'", ""))
            node.cache["number"] = found
        return found if isinstance(found, int | float) else self.unknown(node.text, local=False)

    def _character(self, node: Node) -> Value:
        inner = node.text.partition("'")[2].rstrip("'")
        return _ESCAPES.get(inner[1:], 0) if inner.startswith("\\") else ord(inner[0]) if inner else 0

    def _string(self, node: Node) -> Value:
        return node.text

    def _identifier(self, node: Node) -> Value:
        return self.name_value(node.text, node)

    def name_value(self, name: str, node: Node) -> Value:
        block = self.lookup(name)
        if block is not None:
            if block.dims:
                return Pointer(block, 0, block.dims[1:])
            if block.ctype.startswith("vector<"):
                return Pointer(block, 0)
            return self.load(Place(block, 0), node.line)
        macro = self.unit.macros.get(name)
        if macro is not None and macro.parameters is None and macro.body and macro.body != name:
            return self._macro(name, node)
        if name in _INTEGERS:
            return NamedInt(_INTEGERS[name], name) if name.startswith("MPI_") else _INTEGERS[name]
        if name.startswith(("MPI_", "MPIX_")) and name.upper() == name:
            return Constant(name)
        if name in self.unit.enumerators:
            value = self.unit.enumerators[name]
            return value if isinstance(value, int) else self.evaluate(value)
        if self.program.function(name, self.unit) or re.fullmatch(r"MPI_\w+_FN|\w+_fn", name):
            return Callback(name)
        return self.unknown(name, local=False)

    def _macro(self, name: str, node: Node) -> Value:
        body = self.program.expanded(self.unit, name, (), node.line)
        inner = body.kids[0] if body is not None and body.kids else None
        expression = inner.kids[0] if inner is not None and inner.type == "expression_statement" and inner.kids else None
        # A macro may name itself through another.
        if expression is None or name in self._expanding or expression.type == "initializer_list":
            return self.unknown(name, local=False)
        self._expanding.add(name)
        try:
            return self.evaluate(expression)
        finally:
            self._expanding.discard(name)

    @property
    def _expanding(self) -> set[str]:
        found = self.__dict__.setdefault("_expanding_names", set[str]())
        return found if isinstance(found, set) else set()

    def _parenthesized(self, node: Node) -> Value:
        return self.evaluate(node.kids[0]) if node.kids else None

    def _comma(self, node: Node) -> Value:
        value: Value = None
        for kid in node.kids:
            value = self.evaluate(kid)
        return value

    def _binary(self, node: Node) -> Value:
        left, right, sign = node.fields.get("left"), node.fields.get("right"), node.operator
        if left is None or right is None:
            return self._other(node)
        if sign in {"&&", "||", "and", "or"}:
            return self._logical(left, right, is_and=sign in {"&&", "and"})
        if sign in {"<<", ">>"} and _is_stream(left):
            return self._stream(left, right)
        return self.apply(sign, self.evaluate(left), self.evaluate(right))

    def _stream(self, left: Node, right: Node) -> Value:
        self.evaluate(left)
        if "cin" in left.text or "stream" in left.text:
            place = self.place(right)
            if place is not None:
                self.store(place, self.unknown(f"input@{right.start}", local=True), right.line)
            return 1
        self.evaluate(right)
        return 1

    def _logical(self, left: Node, right: Node, *, is_and: bool) -> Value:
        first = self.evaluate(left)
        known = truth(first)
        if known is not None and known != is_and:
            return int(known)
        if known is None and isinstance(first, Unknown):
            decided = self.world.decisions.get(first.key)
            if decided is not None and decided != is_and:
                return int(decided)
        second = self.evaluate(right)
        if known is not None or (isinstance(first, Unknown) and first.key in self.world.decisions):
            return int(outcome) if (outcome := truth(second)) is not None else second
        outcome = truth(second)
        if outcome is not None and outcome != is_and:
            return int(outcome)
        return first if outcome is not None else self._joined("&&" if is_and else "||", first, second)

    def apply(self, sign: str, left: Value, right: Value) -> Value:
        """One arithmetic or comparison operator on two values."""
        if isinstance(left, int | float) and isinstance(right, int | float):
            return arithmetic(sign, left, right)
        if isinstance(left, Pointer) and sign in {"+", "-"} and isinstance(right, int | Unknown):
            return self.moved(left, right if sign == "+" else self.apply("-", 0, right))
        if isinstance(right, Pointer) and sign == "+" and isinstance(left, int | Unknown):
            return self.moved(right, left)
        if sign in {"==", "!="}:
            same = self._same(left, right)
            if same is not None:
                return int(same == (sign == "=="))
        if isinstance(left, Pointer) and isinstance(right, Pointer) and left.block is right.block and sign == "-":
            return self.apply("-", left.offset, right.offset)
        return self._joined(sign, left, right)

    def _joined(self, sign: str, left: Value, right: Value) -> Value:
        local = any(isinstance(side, Unknown) and side.local for side in (left, right))
        if sign in {"!=", ">=", ">"} and isinstance(left, Unknown | int) and isinstance(right, Unknown | int):
            # One key for a condition and its opposite.
            opposite = {"!=": "==", ">=": "<", ">": "<="}[sign]
            inner = Unknown(shortened(f"({key_of(left)} {opposite} {key_of(right)})"), local)
            return self._negated(inner)
        key = shortened(f"({key_of(left)} {sign} {key_of(right)})")
        bound = self.world.bindings.get(key)
        return bound if bound is not None else Unknown(key, local)

    def _negated(self, value: Unknown) -> Value:
        if value.key in self.world.decisions:
            return int(not self.world.decisions[value.key])
        return (
            Unknown(shortened(f"!{value.key}"), value.local)
            if not value.key.startswith("!")
            else Unknown(value.key[1:], value.local)
        )

    def _same(self, left: Value, right: Value) -> bool | None:
        """Whether two values are equal; None where that is not known."""
        if isinstance(left, Unknown) and isinstance(right, Unknown) and left.key == right.key:
            return True
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            pointer = left if isinstance(left, Pointer) else right if isinstance(right, Pointer) else None
            return False if pointer is not None and (left == 0 or right == 0) else None
        if isinstance(left, Pointer) and isinstance(right, Pointer):
            return left.block is right.block and left.offset == right.offset if left.block is right.block else False
        if isinstance(left, Constant) and isinstance(right, Constant):
            return left.name == right.name
        if type(left) is type(right) and not isinstance(left, int | float):
            return left is right or left == right
        return False if left is not None and right is not None else None

    def _unary(self, node: Node) -> Value:
        value = self.evaluate(node.fields["argument"])
        sign = node.operator
        if sign in {"!", "not"}:
            known = truth(value)
            if known is not None:
                return int(not known)
            return self._negated(value) if isinstance(value, Unknown) else None
        if isinstance(value, int | float):
            if sign == "-":
                return -value
            return ~value if sign == "~" and isinstance(value, int) else value
        return value if sign == "+" else self._joined(sign, 0, value)

    def _conditional(self, node: Node) -> Value:
        condition = self.evaluate(node.fields["condition"])
        known = truth(condition)
        yes, no = node.fields.get("consequence"), node.fields.get("alternative")
        if known is None and isinstance(condition, Unknown):
            known = self.world.decisions.get(condition.key)
        if known is None:
            first, second = (self.evaluate(side) if side is not None else condition for side in (yes, no))
            if key_of(first) == key_of(second):
                return first
            return self._joined("?", condition, self._joined(":", first, second))
        chosen = yes if known else no
        return self.evaluate(chosen) if chosen is not None else condition

    def _cast(self, node: Node) -> Value:
        inner = node.fields.get("value")
        value = self.evaluate(inner) if inner is not None else None
        kind = node.fields["type"].text if "type" in node.fields else ""
        if isinstance(value, float) and "*" not in kind and not re.search(r"float|double", self.resolve_type(kind)):
            return int(value) if math.isfinite(value) else self.unknown(f"cast@{node.start}", local=True)
        if isinstance(value, int) and re.fullmatch(r"(?:const )?(?:float|double)", kind.strip()):
            return float(value)
        if isinstance(value, Pointer) and "*" in kind:
            self.type_allocation(value.block, self.resolve_type(kind))
        return value

    def _sizeof(self, node: Node) -> Value:
        kind, value = node.fields.get("type"), node.fields.get("value")
        if kind is not None:
            size = self.type_bytes(kind.text)
            return size if size is not None else self.unknown(f"sizeof {kind.text}", local=False)
        while value is not None and value.type == "parenthesized_expression" and value.kids:
            value = value.kids[0]
        block = self.lookup(value.text) if value is not None and value.type == "identifier" else None
        if block is not None and block.item_bytes is not None and block.count is not None:
            return block.count * block.item_bytes
        if value is not None and block is None:
            size = self.type_bytes(value.text) if re.fullmatch(r"[\w\s*]+", value.text) else None
            if size is not None:
                return size
            place = (
                self.place(value) if value.type in {"pointer_expression", "subscript_expression", "field_expression"} else None
            )
            if place is not None and place.block.item_bytes is not None:
                return place.block.item_bytes
        return self.unknown(f"sizeof {node.text}", local=False)

    def _pointer(self, node: Node) -> Value:
        argument = node.fields["argument"]
        if node.operator == "&":
            while argument.type == "parenthesized_expression" and argument.kids:
                argument = argument.kids[0]
            if argument.type == "identifier":
                block = self.lookup(argument.text)
                if block is not None:
                    return Pointer(block, 0)
                return (
                    Callback(argument.text)
                    if self.program.function(argument.text, self.unit)
                    else self.unknown(f"&{argument.text}", local=False)
                )
            return self.address(argument)
        value = self.evaluate(argument)
        if isinstance(value, Pointer):
            if value.dims:
                return Pointer(value.block, value.offset, value.dims[1:])
            return self.load(Place(value.block, value.offset), node.line)
        return self._joined("*", 0, value) if isinstance(value, Unknown) else value

    def _subscript(self, node: Node) -> Value:
        address = self.subscripted(node)
        if address is None:
            base = self.evaluate(node.fields["argument"])
            index = node.fields.get("index") or node.fields.get("indices")
            inner = (
                self.evaluate(index.kids[0] if index.type == "subscript_argument_list" and index.kids else index) if index else 0
            )
            return self._joined("[]", base, inner)
        if address.dims:
            return Pointer(address.block, address.offset, address.dims[1:])
        return self.load(Place(address.block, address.offset), node.line)

    def _field(self, node: Node) -> Value:
        place = self.place(node)
        if place is None:
            base = self.evaluate(node.fields["argument"])
            name = node.fields["field"].text if "field" in node.fields else ""
            return self._joined(".", base, name)
        if place.block.dims:
            return Pointer(place.block, 0, place.block.dims[1:])
        return self.load(place, node.line)

    def _assignment(self, node: Node) -> Value:
        left, right = node.fields["left"], node.fields["right"]
        value = self.evaluate(right)
        if node.operator != "=":
            value = self.apply(node.operator.removesuffix("="), self.evaluate(left), value)
        place = self.place(left)
        if place is not None:
            self.assign(place, value, node.line)
        return value

    def _update(self, node: Node) -> Value:
        argument = node.fields["argument"]
        old = self.evaluate(argument)
        new = self.apply("+" if node.operator == "++" else "-", old, 1)
        place = self.place(argument)
        if place is not None:
            self.store(place, new, node.line)
        return new if argument.start > node.start else old

    def _call(self, node: Node) -> Value:
        return self.call(node)


def _is_stream(node: Node) -> bool:
    while node.type == "binary_expression" and "left" in node.fields:
        node = node.fields["left"]
    return bool(re.search(r"cout|cerr|cin|clog|stream|\bout\b|file|log|\bos\b|\bss\b|endl", node.text)) or node.type in {
        "string_literal"
    }


_EVALUATORS: dict[str, Callable[[Expressions, Node], Value]] = {
    "number_literal": Expressions._number,
    "char_literal": Expressions._character,
    "string_literal": Expressions._string,
    "concatenated_string": Expressions._string,
    "raw_string_literal": Expressions._string,
    "identifier": Expressions._identifier,
    "qualified_identifier": Expressions._identifier,
    "true": lambda machine, node: 1,
    "false": lambda machine, node: 0,
    "null": lambda machine, node: 0,
    "parenthesized_expression": Expressions._parenthesized,
    "comma_expression": Expressions._comma,
    "binary_expression": Expressions._binary,
    "unary_expression": Expressions._unary,
    "conditional_expression": Expressions._conditional,
    "cast_expression": Expressions._cast,
    "sizeof_expression": Expressions._sizeof,
    "pointer_expression": Expressions._pointer,
    "subscript_expression": Expressions._subscript,
    "field_expression": Expressions._field,
    "assignment_expression": Expressions._assignment,
    "update_expression": Expressions._update,
    "call_expression": Expressions._call,
}
