"""Inspectors: host code that finds how far a call reaches into a buffer, where no expression of the scalars tells it.

An inspector is the function itself, cut down to what its subscripts and its control flow need: stores are left out, each access
to the buffer is noted by its address. What a condition asks of a buffer that the function writes is not known then, so both its
branches are followed and the result is an upper bound. Limits: no ``switch``, no range loops, no helper that is given the buffer,
no subscript or loop bound made of a buffer that the function writes, no parameters of variable dimensions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from codepar.cuda.as_cxx import as_cxx
from codepar.cuda.function import SequentialFunction
from codepar.cuda.inspect_slice import NoInspector, Slice, assigned_here, called_name, identifiers_of, key_of, words_of
from codepar.cuda.nodes import arguments_of, declared_by, field, named, operator_of, unwrapped, walk
from codepar.syntax.variables import text_of

_HEAD = """\
    const char *const base_ = (const char *){name};
    long long reach_ = 0;
    auto reach_to_ = [&](const void *at, size_t bytes) {{
        const long long end = (const char *)at + bytes - base_;
        if (end > reach_) reach_ = end;
    }};
    auto touch_ = [&](auto &element) -> auto & {{ reach_to_(&element, sizeof(element)); return element; }};
    (void)touch_;
"""
_RESULT = "return (reach_ + (long long)sizeof(*{name}) - 1) / (long long)sizeof(*{name});"


@dataclass(frozen=True, slots=True)
class Inspector:
    """``text`` is the body of a function with the parameters of the entry; None with the ``reason`` where there can be none."""

    text: str | None
    reads: tuple[str, ...] = ()
    reason: str | None = None


def inspector_of(function: SequentialFunction, buffer: str) -> Inspector:
    """The inspector of one buffer."""
    try:
        return _Writer(function, buffer).inspector()
    except NoInspector as fault:
        return Inspector(None, reason=str(fault))


class _Writer(Slice):
    """What is left of the function."""

    def inspector(self) -> Inspector:
        """The cut-down body."""
        lines = list(self._statement(self._body))
        text = "\n".join("    " + line for line in lines)
        self._check_dimensions(words_of(text) & self._buffers)
        reads = sorted(name for name in self._buffers if name in self._values_read)
        whole = _HEAD.format(name=self._buffer) + text + "\n    " + _RESULT.format(name=self._buffer)
        return Inspector(as_cxx(whole, self._function.language), tuple(reads))

    def _statement(self, node: Node) -> Iterator[str]:  # noqa: C901, PLR0912 - one case a kind of statement
        match node.type:
            case "compound_statement":
                inner = [line for child in named(node) for line in self._statement(child)]
                is_own_block = node.parent is not None and node.parent.type == "compound_statement"
                yield from ["{", *("    " + line for line in inner), "}"] if inner and is_own_block else inner
            case "declaration":
                yield from self._declaration(node)
            case "expression_statement":
                for child in named(node):
                    yield from self._effects(child)
            case "if_statement":
                yield from self._if(node)
            case "for_statement":
                yield from self._for(node)
            case "while_statement":
                yield from self._loop(node, f"while ({self._condition(node)})")
            case "do_statement":
                inner = list(self._statement(field(node, "body")))
                yield from ["do {", *("    " + line for line in inner), f"}} while ({self._condition(node)});"]
            case "return_statement":
                for child in named(node):
                    yield from self._effects(child)
                yield _RESULT.format(name=self._buffer)
            case "break_statement" | "continue_statement":
                yield text_of(node)
            case "else_clause":
                for child in named(node):
                    yield from self._statement(child)
            case _:
                return

    def _declaration(self, node: Node) -> Iterator[str]:
        kind = _type_text(node)
        for declared in declared_by(node):
            value = declared.node.child_by_field_name("value")
            if declared.name in self._needed:
                if value is not None and not self._is_computable(value, self._unknown):
                    raise NoInspector(
                        f"line {node.start_point[0] + 1}: `{declared.name}` depends on a buffer that the function writes"
                    )
                yield f"{kind} {self._text(declared.node)};"
            elif value is not None:
                yield from self._effects(value)

    def _if(self, node: Node) -> Iterator[str]:
        condition = unwrapped(field(node, "condition"))
        one = list(self._statement(field(node, "consequence")))
        alternative = node.child_by_field_name("alternative")
        other = list(self._statement(alternative)) if alternative is not None else []
        if not one and not other:
            yield from self._effects(condition)
        elif self._is_computable(condition, self._unknown):
            yield f"if ({self._text(condition)}) {{"
            yield from ("    " + line for line in one)
            if other:
                yield from ["} else {", *("    " + line for line in other)]
            yield "}"
        else:
            # Both branches may be taken; a way out of a loop is one that is not taken.
            yield from self._effects(condition)
            yield from ["{", *("    " + line for line in _without_jumps(one)), "}"]
            yield from ["{", *("    " + line for line in _without_jumps(other)), "}"] if other else []

    def _for(self, node: Node) -> Iterator[str]:
        head, update = node.child_by_field_name("initializer"), node.child_by_field_name("update")
        start = "" if head is None else self._text(head).rstrip(";").strip()
        step = "" if update is None else self._text(update)
        if head is not None and not self._is_computable(head, self._unknown):
            raise NoInspector(f"line {node.start_point[0] + 1}: the loop starts at what the function writes")
        yield from self._loop(node, f"for ({start}; {self._condition(node)}; {step})")

    def _loop(self, node: Node, head: str) -> Iterator[str]:
        inner = list(self._statement(field(node, "body")))
        touched = any(key_of(one) in self._touches for one in walk(node))
        if not inner and not touched and not self._steps_needed(node):
            return
        yield head + " {"
        yield from ("    " + line for line in inner)
        yield "}"

    def _steps_needed(self, node: Node) -> bool:
        return any(name in self._needed for one in walk(node) for name, _ in assigned_here(one))

    def _condition(self, node: Node) -> str:
        condition = node.child_by_field_name("condition")
        if condition is None:
            return ""
        condition = unwrapped(condition)
        known = [part for part in _conjuncts(condition) if self._is_computable(part, self._unknown)]
        if not known or (node.type != "for_statement" and len(known) < len(_conjuncts(condition))):
            raise NoInspector(f"line {node.start_point[0] + 1}: the loop ends by what the function writes")
        return " && ".join(self._text(part) for part in known)

    def _effects(self, node: Node) -> Iterator[str]:
        """Statements for what an expression does to the slice: touches, assignments to needed variables."""
        node = unwrapped(node)
        if not self._has_effects(node):
            return
        if node.type == "assignment_expression":
            yield from self._assignment(node)
        elif node.type == "update_expression":
            argument = unwrapped(field(node, "argument"))
            yield from [f"{self._text(node)};"] if argument.type == "identifier" else self._touch(argument)
        elif node.type == "conditional_expression" or (node.type == "binary_expression" and operator_of(node) in {"&&", "||"}):
            yield from self._branching(node)
        elif key_of(node) in self._touches:
            yield from self._touch(node)
        else:
            for child in named(node):
                yield from self._effects(child)

    def _has_effects(self, node: Node) -> bool:
        for one in walk(node):
            if key_of(one) in self._touches or any(name in self._needed for name, _ in assigned_here(one)):
                return True
        return False

    def _assignment(self, node: Node) -> Iterator[str]:
        left, right = unwrapped(field(node, "left")), field(node, "right")
        if left.type == "identifier":
            if text_of(left) not in self._needed:
                yield from self._effects(right)
                return
            if not self._is_computable(right, self._unknown):
                raise NoInspector(
                    f"line {node.start_point[0] + 1}: `{text_of(left)}` depends on a buffer that the function writes"
                )
            yield f"{self._text(node)};"
            return
        yield from self._effects(right)
        yield from self._effects(left) if key_of(left) not in self._touches else self._touch(left)

    def _touch(self, node: Node) -> Iterator[str]:
        access = self._touches.get(key_of(node))
        if access is None:
            for child in named(node):
                yield from self._effects(child)
        elif access.is_call:
            yield from self._library(node)
        elif not self._is_computable_place(node):
            raise NoInspector(f"line {node.start_point[0] + 1}: a subscript depends on a buffer that the function writes")
        else:
            read = set(self._values_read)
            shown = self._text(node)
            place = [child for child in named(node) if child.start_byte != node.start_byte or node.type == "pointer_expression"]
            self._values_read = read | {
                name for child in place for name in identifiers_of(child) & self._buffers - {self._buffer}
            }
            yield f"(void){shown};"

    def _is_computable_place(self, node: Node) -> bool:
        return all(self._is_computable(child, self._unknown) for child in named(node))

    def _library(self, node: Node) -> Iterator[str]:
        arguments = arguments_of(node)
        if len(arguments) < 3 or not all(self._is_computable(one, self._unknown) for one in arguments[1:]):
            raise NoInspector(f"line {node.start_point[0] + 1}: the size given to `{called_name(node)}` is not known")
        size = self._text(arguments[2])
        for argument in arguments[:2]:
            if self._buffer in identifiers_of(argument) and not called_name(node).startswith("str"):
                yield f"reach_to_({self._text(argument)}, {size});"

    def _branching(self, node: Node) -> Iterator[str]:
        condition = field(node, "condition" if node.type == "conditional_expression" else "left")
        parts = ("consequence", "alternative") if node.type == "conditional_expression" else ("right",)
        inner = [list(self._effects(field(node, part))) for part in parts]
        if not any(inner):
            yield from self._effects(condition)
            return
        if not self._is_computable(condition, self._unknown):
            yield from self._effects(condition)
            yield from (line for lines in inner for line in lines)
            return
        shown = self._text(condition)
        yield f"if (!({shown})) {{" if operator_of(node) == "||" else f"if ({shown}) {{"
        yield from ("    " + line for line in inner[0])
        if len(inner) > 1 and inner[1]:
            yield from ["} else {", *("    " + line for line in inner[1])]
        yield "}"

    def _text(self, node: Node) -> str:
        """The text of an expression, its accesses to the buffer noted."""
        self._values_read |= identifiers_of(node) & self._buffers
        if not any(key_of(one) in self._touches for one in walk(node)):
            return " ".join(text_of(node).split())
        if key_of(node) in self._touches and node.type != "call_expression":
            if node.type == "field_expression":
                member = text_of(node.child_by_field_name("field"))
                return f"touch_(*({self._text(field(node, 'argument'))})).{member}"
            return f"touch_({self._rebuilt(node)})"
        return self._rebuilt(node)

    def _rebuilt(self, node: Node) -> str:
        if not node.children:
            return text_of(node)
        data, text, at = node.text or b"", "", node.start_byte
        for child in node.children:
            text += data[at - node.start_byte : child.start_byte - node.start_byte].decode() + self._text(child)
            at = child.end_byte
        return text + data[at - node.start_byte :].decode()


def _conjuncts(node: Node) -> list[Node]:
    node = unwrapped(node)
    if node.type == "binary_expression" and operator_of(node) == "&&":
        return _conjuncts(field(node, "left")) + _conjuncts(field(node, "right"))
    return [node]


def _type_text(node: Node) -> str:
    parts = []
    for child in node.children:
        if child.type in {"init_declarator", "identifier", "pointer_declarator", "array_declarator", "function_declarator"}:
            break
        if child.type == "reference_declarator":
            break
        parts.append(text_of(child))
    return " ".join(part for part in parts if part not in {"static", "register"})


def _without_jumps(lines: list[str]) -> list[str]:
    return [line for line in lines if line.strip() not in {"break;", "continue;"} and not line.strip().startswith("return ")]
