"""Expressions of C read into the rules' form; pointers become a buffer and an integer offset.

Limits: function pointers, strings, lambdas, ``new``, C++ casts other than ``static_cast`` of numbers, and pointers that are
compared, stored or subtracted are refused, each with its line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tree_sitter import Node as Syntax

from codepar.cuda.rules import ir
from codepar.cuda.rules.ctypes import BOOL, CHAR, DOUBLE, FLOAT, INT, LONG_LONG, OTHER, UNSIGNED, CType, Kind, read_type
from codepar.cuda.rules.errors import CannotProve
from codepar.cuda.rules.ir import Element, Expr, Literal, Ref, Storage, Symbol
from codepar.cuda.rules.known import is_known
from codepar.cuda.rules.scope import Scope
from codepar.syntax.variables import text_of

_SUFFIX = re.compile(r"[uUlLfF]+$")


@dataclass(frozen=True, slots=True)
class Pointer:
    """A place in ``symbol``: ``offset`` elements from its start, or bytes where ``view`` (the type read there) is set.

    ``moving`` is the integer variable that holds the offset when the pointer is a variable of the function.
    """

    symbol: Symbol | None
    offset: Expr | None
    moving: Symbol | None = None
    view: CType | None = None


def strip(node: Syntax) -> Syntax:
    """Without parentheses around it."""
    while node.type in {"parenthesized_expression", "condition_clause"}:
        inner = [one for one in node.named_children if one.type != "comment"]
        if len(inner) != 1:
            return node
        node = inner[0]
    return node


def called_name(node: Syntax) -> str:
    """``sqrt`` of ``std::sqrt``."""
    return text_of(node).removeprefix("std::").removeprefix("::")


class ExprBuilder:
    """Reads expressions in a scope."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def value(self, node: Syntax) -> Expr:
        """The expression as a value; raises ``CannotProve``."""
        node = strip(node)
        reader = getattr(self, f"_{node.type}", None)
        if reader is None:
            raise self._refused(node)
        made: Expr = reader(node)
        return made

    def items(self, node: Syntax) -> Expr:
        """``{1, 2}``; nested lists for tables."""
        if node.type != "initializer_list":
            return self.value(node)
        return ir.Items(tuple(self.items(one) for one in node.named_children if one.type != "comment"))

    def _refused(self, node: Syntax, why: str = "has no form in the rules") -> CannotProve:
        return CannotProve("expression", f"`{text_of(node)[:50]}` {why}", node.start_point[0] + 1)

    # Literals and names

    def _number_literal(self, node: Syntax) -> Expr:
        text = text_of(node)
        bare = text.replace("'", "")
        if re.fullmatch(r"0[xX][0-9a-fA-F]+[uUlL]*|0[0-7]*[uUlL]*|[1-9]\d*[uUlL]*", bare):
            digits = re.sub(r"[uUlL]+$", "", bare)
            octal = len(digits) > 1 and digits[0] == "0" and digits[1] not in "xX"
            number = int(digits, 8) if octal else int(digits, 0)
            return Literal(text, _integer_type(bare, number), number)
        return Literal(text, FLOAT if bare[-1] in "fF" and not bare.lower().startswith("0x") else DOUBLE)

    def _char_literal(self, node: Syntax) -> Expr:
        text = text_of(node)
        simple = len(text) == 3
        return Literal(text, CHAR, ord(text[1]) if simple else None)

    def _true(self, node: Syntax) -> Expr:
        return Literal("1" if node.type == "true" else "0", BOOL, int(node.type == "true"))

    _false = _true

    def _identifier(self, node: Syntax) -> Expr:
        name = text_of(node)
        found = self._scope.find(name)
        if isinstance(found, Pointer) or (found is not None and found.is_memory):
            if isinstance(found, Symbol) and found in self._scope.references:
                return Element(found, (Literal("0", INT, 0),))
            raise self._refused(node, "is a pointer used as a value")
        if isinstance(found, Symbol):
            return Ref(found)
        if name in {"true", "false"}:
            return Literal("1" if name == "true" else "0", BOOL, int(name == "true"))
        if name in self._scope.helpers:
            raise self._refused(node, "is a function used as a value")
        return Ref(self._scope.global_name(name))

    # Operators

    def _unary_expression(self, node: Syntax) -> Expr:
        operator, argument = text_of(node.child_by_field_name("operator")), _child(node, "argument")
        operand = self.value(argument)
        if isinstance(operand, Literal) and operand.value is not None and operator == "-":
            return Literal(f"-{operand.text}", operand.type, -operand.value)
        if operator == "+":
            return operand
        return ir.Unary({"not": "!"}.get(operator, operator), operand)

    def _binary_expression(self, node: Syntax) -> Expr:
        operator = {"and": "&&", "or": "||"}.get(text_of(_child(node, "operator")), text_of(_child(node, "operator")))
        return ir.Binary(operator, self.value(_child(node, "left")), self.value(_child(node, "right")))

    def _comma_expression(self, node: Syntax) -> Expr:
        return ir.Binary(",", self.value(_child(node, "left")), self.value(_child(node, "right")))

    def _conditional_expression(self, node: Syntax) -> Expr:
        condition, yes, no = (_child(node, name) for name in ("condition", "consequence", "alternative"))
        return ir.Ternary(self.value(condition), self.value(yes), self.value(no))

    def _assignment_expression(self, node: Syntax) -> Expr:
        operator = text_of(_child(node, "operator"))
        target = self.value(_child(node, "left"))
        if not isinstance(target, Ref | Element | ir.Field):
            raise self._refused(node, "assigns to what is not a variable or an element")
        return ir.Assign(operator, target, self.value(_child(node, "right")))

    def _update_expression(self, node: Syntax) -> Expr:
        operator = text_of(_child(node, "operator"))
        prefix = node.children[0].type in {"++", "--"}
        return ir.Step(operator, prefix, self.value(_child(node, "argument")))

    def _cast_expression(self, node: Syntax) -> Expr:
        named, value = text_of(_child(node, "type")), _child(node, "value")
        if "*" in named:
            raise self._refused(node, "is a pointer used as a value")
        if named.split() == ["void"]:
            return self.value(value)
        kind = read_type(named, self._scope.typedefs)
        operand = strip(value)
        # `(T)(x)` with a type that the grammar takes for a call or a product parses as a cast of its own kind; numbers only.
        return ir.Cast(kind, self.value(operand))

    def _sizeof_expression(self, node: Syntax) -> Expr:
        named = node.child_by_field_name("type")
        if named is not None:
            kind = read_type(text_of(named), self._scope.typedefs)
            known = kind.bits // 8 if kind.bits >= 8 and "*" not in text_of(named) else None
            return Literal(f"sizeof({text_of(named)})", CType("size_t", Kind.INTEGER, 64, is_signed=False), known)
        held = self.value(_child(node, "value"))
        kind = type_of(held)
        if kind.bits < 8 or not isinstance(held, Ref | Element):
            raise self._refused(node)
        return Literal(f"sizeof({kind.text})", CType("size_t", Kind.INTEGER, 64, is_signed=False), kind.bits // 8)

    # Memory

    def _subscript_expression(self, node: Syntax) -> Expr:
        indices: list[Expr] = []
        current = node
        while current.type == "subscript_expression":
            indices.insert(0, self.value(_index(current)))
            current = strip(_child(current, "argument"))
        found = self._scope.find(text_of(current)) if current.type == "identifier" else None
        if found is None and current.type == "identifier":
            table = self._scope.table(text_of(current))
            if table is not None and len(indices) == len(table.dimensions):
                return Element(table, tuple(indices))
        if isinstance(found, Symbol) and found.is_memory:
            wanted = len(found.dimensions) + (found.storage is Storage.BUFFER)
            if len(indices) != wanted:
                raise self._refused(node, "is not one element")
            return Element(found, tuple(indices))
        if current.type == "field_expression":
            raise self._refused(node, "is an element of an array inside a struct")
        target = self.pointer(current)
        if target is None or len(indices) != 1:
            raise self._refused(node)
        return self.element(_moved(target, "+", indices[0]), node)

    def _pointer_expression(self, node: Syntax) -> Expr:
        if text_of(node.child_by_field_name("operator")) != "*":
            raise self._refused(node, "is an address used as a value")
        target = self.pointer(_child(node, "argument"))
        if target is None:
            raise self._refused(node)
        return self.element(target, node)

    def _field_expression(self, node: Syntax) -> Expr:
        target, name = _child(node, "argument"), text_of(_child(node, "field"))
        if text_of(node.child_by_field_name("operator")) == "->":
            held = self.pointer(target)
            if held is None:
                raise self._refused(node)
            return self._field(self.element(held, node), name)
        return self._field(self.value(target), name)

    def _field(self, target: Expr, name: str) -> Expr:
        return ir.Field(target, name, self._scope.member_type(type_of(target).text, name))

    def element(self, place: Pointer, node: Syntax) -> Expr:
        """What lies at a place."""
        if place.symbol is None:
            raise self._refused(node, "reads through a pointer that points nowhere yet")
        offset = place.offset or Literal("0", INT, 0)
        if place.view is not None:
            return Element(place.symbol, (offset,), place.view)
        if place.symbol.storage is Storage.BUFFER and place.symbol.dimensions:
            raise self._refused(node, "reaches into a table with several dimensions by a flat pointer")
        if place.symbol.storage is Storage.ARRAY and len(place.symbol.dimensions) != 1:
            raise self._refused(node, "reaches into a table with several dimensions by a flat pointer")
        return Element(place.symbol, (offset,))

    def pointer(self, node: Syntax) -> Pointer | None:  # noqa: C901 - one branch a form of pointer
        """The place that a pointer expression means; None where it is none."""
        node = strip(node)
        if node.type == "identifier":
            found = self._scope.find(text_of(node))
            if isinstance(found, Pointer):
                return found
            return Pointer(found, None) if found is not None and found.is_memory else None
        if node.type == "binary_expression" and text_of(_child(node, "operator")) in {"+", "-"}:
            operator = text_of(_child(node, "operator"))
            left, right = self.pointer(_child(node, "left")), None
            if left is not None:
                return _moved(left, operator, self.value(_child(node, "right")))
            right = self.pointer(_child(node, "right")) if operator == "+" else None
            return _moved(right, "+", self.value(_child(node, "left"))) if right is not None else None
        if node.type == "pointer_expression" and text_of(node.child_by_field_name("operator")) == "&":
            inner = strip(_child(node, "argument"))
            if inner.type == "subscript_expression":
                held = self.value(inner)
                if isinstance(held, Element) and len(held.indices) == 1:
                    return Pointer(held.symbol, held.indices[0], None, held.view)
            return None
        if node.type == "cast_expression":
            return self._cast_pointer(node)
        if node.type == "update_expression":
            found = self.pointer(_child(node, "argument"))
            if found is None or found.moving is None:
                return None
            prefix = node.children[0].type in {"++", "--"}
            stepped = ir.Step(text_of(_child(node, "operator")), prefix, Ref(found.moving))
            return Pointer(found.symbol, stepped, found.moving, found.view)
        return None

    def _cast_pointer(self, node: Syntax) -> Pointer | None:
        named = text_of(_child(node, "type"))
        held = self.pointer(_child(node, "value"))
        if held is None or named.count("*") != 1 or held.symbol is None:
            return None
        kind = read_type(named.replace("*", " "), self._scope.typedefs)
        now = held.view or held.symbol.type
        if kind == now or ((kind.kind, kind.bits, kind.is_signed) == (now.kind, now.bits, now.is_signed) and kind.bits):
            return held
        if kind.bits < 8 or now.bits < 8:
            raise self._refused(node, "casts a pointer to or from a type whose size is not known here")
        if held.view is None and held.offset is not None:
            size = held.symbol.type.bits // 8
            return Pointer(held.symbol, ir.Binary("*", held.offset, Literal(str(size), INT, size)), None, kind)
        return Pointer(held.symbol, held.offset or Literal("0", INT, 0), None, kind)

    def pointer_effect(self, node: Syntax) -> Expr | None:
        """``p += n``, ``p++``, ``p = a + n`` of a pointer variable, as what its offset does; None for anything else."""
        node = strip(node)
        if node.type == "update_expression":
            moved = self.pointer(node)
            return moved.offset if moved is not None else None
        if node.type != "assignment_expression":
            return None
        target = strip(_child(node, "left"))
        found = self._scope.find(text_of(target)) if target.type == "identifier" else None
        if not isinstance(found, Pointer) or found.moving is None:
            return None
        operator = text_of(_child(node, "operator"))
        if operator in {"+=", "-="}:
            value = self.value(_child(node, "right"))
            return ir.Assign(operator, Ref(found.moving), _scaled(value, found))
        source = self.pointer(_child(node, "right")) if operator == "=" else None
        if source is None or source.symbol is None:
            raise self._refused(node, "makes a pointer point somewhere unknown")
        if found.symbol is None:
            self._scope.rebind(text_of(target), Pointer(source.symbol, found.offset, found.moving, source.view))
        elif found.symbol is not source.symbol or found.view != source.view:
            raise self._refused(node, "makes one pointer point into two buffers")
        return ir.Assign("=", Ref(found.moving), source.offset or Literal("0", LONG_LONG, 0))

    # Calls

    def _call_expression(self, node: Syntax) -> Expr:
        function, arguments = _child(node, "function"), _child(node, "arguments")
        name = called_name(function)
        values = [one for one in arguments.named_children if one.type != "comment"]
        if function.type == "template_function" and name.startswith(("static_cast<", "max<", "min<")):
            return self._template_call(name, values)
        if function.type == "primitive_type" or (len(values) == 1 and read_type(name, self._scope.typedefs).bits):
            return ir.Cast(read_type(name, self._scope.typedefs), self.value(values[0]))
        inner = strip(function)
        if (
            function.type == "parenthesized_expression"
            and len(values) == 1
            and read_type(text_of(inner), self._scope.typedefs).bits
        ):
            # `(mytype)(x)`: the grammar cannot know that it is a cast.
            return ir.Cast(read_type(text_of(inner), self._scope.typedefs), self.value(values[0]))
        is_helper = name in self._scope.helpers
        if not is_helper and not is_known(name):
            raise self._refused(node, "calls a function that is not known here")
        if is_helper and self._scope.takes_reference(name):
            raise self._refused(node, "may change what it is given by reference")
        result = self._scope.helper_type(name) if is_helper else OTHER
        return ir.Call(name, tuple(self._argument(one) for one in values), is_helper, result)

    def _template_call(self, name: str, values: list[Syntax]) -> Expr:
        head, _, kind = name.removesuffix(">").partition("<")
        made = read_type(kind, self._scope.typedefs)
        if head == "static_cast" and made.bits and len(values) == 1:
            return ir.Cast(made, self.value(values[0]))
        return ir.Call(head, tuple(ir.Cast(made, self.value(one)) for one in values))

    def _argument(self, node: Syntax) -> Expr:
        place = self.pointer(node)
        if place is None:
            return self.value(node)
        held = self._scope.find(text_of(strip(node))) if strip(node).type == "identifier" else None
        if isinstance(held, Symbol) and held in self._scope.references:
            return self.value(node)
        if place.symbol is not None and place.symbol.storage is Storage.ARRAY and len(place.symbol.dimensions) > 1:
            raise self._refused(node, "passes a table with several dimensions on")
        made = self.element(place, node)
        assert isinstance(made, Element)
        return ir.Address(made)


def _child(node: Syntax, name: str) -> Syntax:
    found = node.child_by_field_name(name)
    if found is None:
        raise CannotProve("syntax", f"`{text_of(node)[:50]}` cannot be read", node.start_point[0] + 1)
    return found


def _index(node: Syntax) -> Syntax:
    found = node.child_by_field_name("index")
    if found is None:
        indices = node.child_by_field_name("indices")
        inner = [one for one in indices.named_children if one.type != "comment"] if indices is not None else []
        if len(inner) != 1:
            raise CannotProve("syntax", f"`{text_of(node)[:50]}` cannot be read", node.start_point[0] + 1)
        found = inner[0]
    return found


def _scaled(value: Expr, place: Pointer) -> Expr:
    size = place.view.bits // 8 if place.view is not None else 1
    return value if size == 1 else ir.Binary("*", value, Literal(str(size), INT, size))


def _moved(place: Pointer, operator: str, by: Expr) -> Pointer:
    """``place + by``. The sum is taken as an integer of its own: an offset does not wrap where pointers would not."""
    step = _scaled(by, place)
    if place.offset is None or (isinstance(place.offset, Literal) and place.offset.value == 0):
        offset = step if operator == "+" else ir.Unary("-", step)
    else:
        offset = ir.Binary(operator, place.offset, step)
    return Pointer(place.symbol, offset, None, place.view)


def _integer_type(text: str, number: int) -> CType:
    unsigned = "u" in text.lower()
    if "l" in text.lower() or number > 0xFFFFFFFF or (number > 0x7FFFFFFF and not unsigned and not text.lower().startswith("0x")):
        return CType("unsigned long" if unsigned else "long", Kind.INTEGER, 64, not unsigned)
    return UNSIGNED if unsigned or number > 0x7FFFFFFF else INT


def type_of(expr: Expr) -> CType:
    """The type of an expression after C's conversions; see ``typing.py``."""
    from codepar.cuda.rules.typing import type_of as inferred

    return inferred(expr)
