"""Values of Python expressions for one rank: numbers, text, lists, arrays of numpy, objects of MPI; keyed unknowns for the rest.

Lists and arrays are blocks of the replay's memory. Limits: dictionaries and objects of classes are not looked into; what a
library gives is unknown; slices of arrays are copies of unknown content.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable

from codepar.mpi.check.nodes import Node
from codepar.mpi.check.operations import Machine
from codepar.mpi.check.places import key_of
from codepar.mpi.check.python.types import DATATYPES, UNTYPED
from codepar.mpi.check.values import Block, Comm, Constant, NamedInt, Place, Pointer, Request, Unknown, Value

NONE = Constant("None")
LISTS = frozenset({"list", "tuple"})
_MAX_ITEMS = 4_096
_SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**", ast.LShift: "<<",
    ast.RShift: ">>", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=",
    ast.Gt: ">", ast.GtE: ">=", ast.Is: "==", ast.IsNot: "!=",
}  # fmt: skip
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda left, right: left + right, "-": lambda left, right: left - right, "*": lambda left, right: left * right,
    "/": lambda left, right: left / right, "//": lambda left, right: left // right, "%": lambda left, right: left % right,
    "**": lambda left, right: left**right if abs(right) < 64 and abs(left) < 1e6 else math.nan,
}  # fmt: skip
Tree = ast.expr


class Expressions(Machine):
    """Evaluation of Python's own syntax trees."""

    def call_value(self, tree: ast.Call) -> Value:
        raise NotImplementedError

    def attribute(self, tree: ast.Attribute) -> Value:
        raise NotImplementedError

    def free_name(self, name: str) -> Value:
        raise NotImplementedError

    def value(self, tree: Tree) -> Value:
        self.step()
        method = _VALUES.get(type(tree))
        return method(self, tree) if method is not None else self._parts(tree)

    def nothing_known(self, tree: ast.AST, what: str = "") -> Value:
        """A value that may differ from rank to rank and from time to time."""
        line, column = getattr(tree, "lineno", 0), getattr(tree, "col_offset", 0)
        return self.unknown(f"{what}@{self.unit.path}:{line}:{column}#{self.steps}", local=True)

    def _parts(self, tree: Tree) -> Value:
        for part in ast.iter_child_nodes(tree):
            if isinstance(part, ast.expr) and not isinstance(tree, ast.Lambda):
                self.value(part)
        return self.nothing_known(tree)

    def _literal_of(self, tree: ast.Constant) -> Value:
        value = tree.value
        if value is None:
            return NONE
        if isinstance(value, bool):
            return int(value)
        return value if isinstance(value, int | float | str) else self.nothing_known(tree)

    def _name_of(self, tree: ast.Name) -> Value:
        block = self.lookup(tree.id)
        return self.load(Place(block, 0), tree.lineno) if block is not None else self.free_name(tree.id)

    def _sequence_of(self, tree: ast.List | ast.Tuple) -> Value:
        values = list[Value]()
        for one in tree.elts:
            if isinstance(one, ast.Starred):
                self.value(one.value)
                return self.made_list(None, tree.lineno)
            values.append(self.value(one))
        return self.made_list(values, tree.lineno, "tuple" if isinstance(tree, ast.Tuple) else "list")

    def made_list(self, values: list[Value] | None, line: int, kind: str = "list") -> Pointer:
        """A list; None for one of unknown content."""
        block = self.new_block("a list", kind, len(values) if values is not None else None, line)
        block.cells.update(enumerate(values or ()))
        return Pointer(block, 0)

    def items_of(self, value: Value) -> list[Value] | None:
        """The elements of a list or tuple that is known; None for anything else."""
        if not isinstance(value, Pointer) or value.block.ctype not in LISTS or value.block.count is None:
            return None
        block = value.block
        if block.version or value.block.count > _MAX_ITEMS:
            return None
        return [
            block.cells.get(index, Unknown(f"{block.name}.{block.serial}[{index}]", True)) for index in range(block.count or 0)
        ]

    def is_array(self, value: Value) -> bool:
        return isinstance(value, Pointer) and (value.block.ctype in DATATYPES or value.block.ctype == "array")

    def array(self, ctype: str, count: int | None, line: int) -> Pointer:
        """An array of numpy."""
        return Pointer(self.new_block("an array", ctype if ctype != UNTYPED else "array", count, line), 0)

    def _binary_of(self, tree: ast.BinOp) -> Value:
        return self.operate(_SIGNS.get(type(tree.op), "@"), self.value(tree.left), self.value(tree.right), tree)

    def operate(self, sign: str, left: Value, right: Value, tree: ast.AST) -> Value:
        """One arithmetic operator with Python's meaning."""
        if isinstance(left, int | float) and isinstance(right, int | float):
            return self._numbers(sign, left, right, tree)
        if isinstance(left, str) and isinstance(right, str) and sign == "+":
            return left + right
        if isinstance(left, Pointer) or isinstance(right, Pointer):
            return self._on_lists(sign, left, right, tree)
        if isinstance(left, Unknown | int | float) and isinstance(right, Unknown | int | float):
            return self._joined(sign, left, right)
        return self.nothing_known(tree)

    def _numbers(self, sign: str, left: float, right: float, tree: ast.AST) -> Value:
        if sign in _ARITHMETIC:
            try:
                value = _ARITHMETIC[sign](left, right)
            except (ArithmeticError, ValueError):
                return self.nothing_known(tree)
            return value if isinstance(value, int | float) and value == value else self.nothing_known(tree)  # noqa: PLR0124
        return self.apply(sign, left, right)

    def _on_lists(self, sign: str, left: Value, right: Value, tree: ast.AST) -> Value:
        line = getattr(tree, "lineno", 0)
        for side, other in ((left, right), (right, left)):
            items = self.items_of(side)
            if sign == "*" and items is not None and isinstance(other, int) and len(items) * other <= _MAX_ITEMS:
                return self.made_list(items * max(0, int(other)), line)
        first, second = self.items_of(left), self.items_of(right)
        if sign == "+" and first is not None and second is not None:
            return self.made_list(first + second, line)
        arrays = [side for side in (left, right) if isinstance(side, Pointer) and self.is_array(side)]
        if arrays and sign in _ARITHMETIC:
            # Types are converted in many ways; the number of elements is that of the larger.
            kinds = {side.block.ctype for side in arrays}
            plain = len(kinds) == 1 and sign != "/" and not any(isinstance(side, float | Unknown) for side in (left, right))
            same = arrays[0].block.ctype if plain or kinds == {"double"} else UNTYPED
            return self.array(same, arrays[0].block.count if len(arrays) == 1 else None, line)
        if any(isinstance(side, Pointer) and side.block.ctype in LISTS for side in (left, right)) and sign in {"+", "*"}:
            return self.made_list(None, line)
        return self.nothing_known(tree)

    def _comparison_of(self, tree: ast.Compare) -> Value:
        left = self.value(tree.left)
        outcome: Value = 1
        for operator, comparator in zip(tree.ops, tree.comparators, strict=True):
            right = self.value(comparator)
            one = self._compared(operator, left, right, tree)
            if one == 0:
                return 0
            outcome = one if outcome == 1 else outcome if one == 1 else self._joined("&&", outcome, one)
            left = right
        return outcome

    def _compared(self, operator: ast.cmpop, left: Value, right: Value, tree: ast.Compare) -> Value:
        if isinstance(operator, ast.In | ast.NotIn):
            return self._contained(left, right, tree, wanted=isinstance(operator, ast.In))
        sign = _SIGNS[type(operator)]
        if isinstance(left, str) and isinstance(right, str):
            return int(left == right) if sign == "==" else int(left != right) if sign == "!=" else self.nothing_known(tree)
        if isinstance(left, Pointer) or isinstance(right, Pointer):
            # Lists and arrays are compared by their elements; an object is never None.
            is_none = NONE in (left, right)
            return int(sign == "!=") if is_none and sign in {"==", "!="} else self.nothing_known(tree)
        if isinstance(left, Constant | Comm | Request) or isinstance(right, Constant | Comm | Request):
            same = self._same(_world(left, self), _world(right, self))
            if same is not None and sign in {"==", "!="}:
                return int(same == (sign == "=="))
        return self.apply(sign, left, right)

    def _contained(self, left: Value, right: Value, tree: ast.Compare, *, wanted: bool) -> Value:
        items = self.items_of(right)
        if items is None or not isinstance(left, int | str) or any(isinstance(one, Unknown | Pointer) for one in items):
            return self.nothing_known(tree)
        return int((left in items) == wanted)

    def _logical_of(self, tree: ast.BoolOp) -> Value:
        is_and = isinstance(tree.op, ast.And)
        joined: Value = None
        for part in tree.values:
            value = self.truth_of(self.value(part))
            known = bool(value) if isinstance(value, int | float) else None
            if known is None and isinstance(value, Unknown):
                known = self.world.decisions.get(value.key)
            if known is not None and known != is_and:
                return int(known)
            if known is None:
                joined = value if joined is None else self._joined("&&" if is_and else "||", joined, value)
        return int(is_and) if joined is None else joined

    def truth_of(self, value: Value) -> Value:
        """What a condition makes of a value."""
        if value == NONE:
            return 0
        if isinstance(value, Constant):
            return int(not value.name.endswith("_NULL"))
        if isinstance(value, str):
            return int(bool(value))
        if isinstance(value, Pointer):
            if value.block.ctype in LISTS and value.block.count is not None:
                return int(value.block.count > 0)
            return Unknown(f"truth of {key_of(value)}#{self.steps}", True)
        return value

    def _unary_of(self, tree: ast.UnaryOp) -> Value:
        value = self.value(tree.operand)
        if isinstance(tree.op, ast.Not):
            told = self.truth_of(value)
            if isinstance(told, int | float):
                return int(not told)
            return self._negated(told) if isinstance(told, Unknown) else int(told is None)
        if isinstance(value, int | float):
            number = int(value) if isinstance(value, int) else value
            return -number if isinstance(tree.op, ast.USub) else number if isinstance(tree.op, ast.UAdd) else ~int(number)
        if isinstance(value, Pointer):
            return self.array(value.block.ctype, value.block.count, tree.lineno) if self.is_array(value) else value
        return self._joined("-", 0, value) if isinstance(value, Unknown) else self.nothing_known(tree)

    def _choice_of(self, tree: ast.IfExp) -> Value:
        told = self.truth_of(self.value(tree.test))
        known = bool(told) if isinstance(told, int | float) else None
        if known is None and isinstance(told, Unknown):
            known = self.world.decisions.get(told.key)
        if known is None:
            first, second = self.value(tree.body), self.value(tree.orelse)
            return first if key_of(first) == key_of(second) else self._joined("?", told, self._joined(":", first, second))
        return self.value(tree.body if known else tree.orelse)

    def _item_of(self, tree: ast.Subscript) -> Value:
        base = self.value(tree.value)
        if isinstance(tree.slice, ast.Slice):
            return self._sliced(base, tree.slice, tree)
        index = self.value(tree.slice)
        if isinstance(base, Pointer) and isinstance(index, int) and not isinstance(index, NamedInt):
            return self.item(base, index, tree)
        if isinstance(base, Pointer) and self.is_array(base):
            return self.nothing_known(tree)
        shared = isinstance(base, Unknown) and isinstance(index, int | str | Unknown)
        return self._joined("[]", base, index) if shared else self.nothing_known(tree)

    def item(self, base: Pointer, index: int, tree: ast.AST) -> Value:
        """One element of a list or array."""
        block, line = base.block, getattr(tree, "lineno", 0)
        if not isinstance(base.offset, int) or block.ctype not in LISTS | DATATYPES.keys() | {"array"}:
            return self.nothing_known(tree)
        if index < 0:
            if block.count is None:
                return self.nothing_known(tree)
            index += block.count
        if block.ctype not in LISTS and block.serial in self.deep:
            return self.nothing_known(tree)
        return self.load(Place(block, base.offset + index), line)

    @property
    def deep(self) -> set[int]:
        """Arrays of more than one dimension: an index gives a row."""
        found: set[int] = self.__dict__.setdefault("_deep", set())
        return found

    def _sliced(self, base: Value, tree: ast.Slice, whole: ast.Subscript) -> Value:
        bounds = [self.value(part) if part is not None else None for part in (tree.lower, tree.upper)]
        items = self.items_of(base)
        plain = tree.step is None and all(one is None or isinstance(one, int) for one in bounds)
        if items is not None and plain:
            lower, upper = (one if isinstance(one, int) else None for one in bounds)
            return self.made_list(items[lower:upper], whole.lineno)
        if isinstance(base, Pointer) and self.is_array(base):
            base.block.forget()
            count = None
            if base.block.count is not None and plain and base.block.serial not in self.deep:
                lower, upper = (one if isinstance(one, int) else None for one in bounds)
                count = len(range(base.block.count)[lower:upper])
            return self.array(base.block.ctype, count, whole.lineno)
        return self.made_list(None, whole.lineno) if items is not None else self.nothing_known(whole)

    def _comprehension(self, tree: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> Value:
        generator = tree.generators[0]
        items = self.items_of(self.value(generator.iter))
        if items is None or len(tree.generators) > 1 or len(items) > 256:
            if self.mentions_mpi(tree):
                self.world.doubt(f"the length of the list in line {tree.lineno} is not known")
                self.trace.opaque = self.trace.opaque or "what a list is made of"
            return self.made_list(None, tree.lineno)
        values = list[Value]()
        self.scopes.append({"$list": Block("", "", None, 0)})
        try:
            for item in items:
                self.bind(generator.target, item)
                told = [self.truth_of(self.value(one)) for one in generator.ifs]
                if any(not isinstance(one, int | float) for one in told):
                    return self.made_list(None, tree.lineno)
                if all(told):
                    values.append(self.value(tree.elt))
        finally:
            self.scopes.pop()
        return self.made_list(values, tree.lineno)

    def mentions_mpi(self, tree: ast.AST, *, itself: bool = False) -> bool:
        raise NotImplementedError

    def bind(self, target: ast.expr, value: Value) -> None:
        raise NotImplementedError

    def _walrus(self, tree: ast.NamedExpr) -> Value:
        value = self.value(tree.value)
        self.bind(tree.target, value)
        return value

    def evaluate(self, node: Node) -> Value:
        tree = node.cache.get("ast")
        if node.type == "python_expression" and isinstance(tree, ast.expr):
            self.line = node.line
            return self.value(tree)
        return super().evaluate(node)


def _world(value: Value, machine: Machine) -> Value:
    """The predefined communicators as objects."""
    return machine.comm_of(value) or value if isinstance(value, Constant) else value


def renamed(block: Block, name: str) -> None:
    """Messages name what holds an array by its first variable."""
    if block.name in {"an array", "a list"}:
        block.name = name


_VALUES: dict[type[ast.expr], Callable[..., Value]] = {
    ast.Constant: Expressions._literal_of,
    ast.Name: Expressions._name_of,
    ast.List: Expressions._sequence_of,
    ast.Tuple: Expressions._sequence_of,
    ast.BinOp: Expressions._binary_of,
    ast.Compare: Expressions._comparison_of,
    ast.BoolOp: Expressions._logical_of,
    ast.UnaryOp: Expressions._unary_of,
    ast.IfExp: Expressions._choice_of,
    ast.Subscript: Expressions._item_of,
    ast.ListComp: Expressions._comprehension,
    ast.GeneratorExp: Expressions._comprehension,
    ast.NamedExpr: Expressions._walrus,
    ast.Attribute: lambda machine, tree: machine.attribute(tree),
    ast.Call: lambda machine, tree: machine.call_value(tree),
}
