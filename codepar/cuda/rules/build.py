"""From a syntax tree to the rules' own form: statements and declarations. Expressions are read by ``build_expr.py``.

Limits: no ``goto``, ``try``, labels, range loops, lambdas or classes; pointers are followed to the one buffer that
they point into, and a pointer that may point into two is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from tree_sitter import Node as Syntax

from codepar.cuda.function import SequentialFunction
from codepar.cuda.rules import ir
from codepar.cuda.rules.build_expr import ExprBuilder, Pointer, called_name, strip, type_of
from codepar.cuda.rules.build_switch import as_branches, switch_branches
from codepar.cuda.rules.counted import counted, read_symbols, repeated
from codepar.cuda.rules.ctypes import INT, LONG_LONG, CType, Kind, promoted, read_type
from codepar.cuda.rules.errors import CannotProve
from codepar.cuda.rules.ir import Body, Storage, Symbol
from codepar.cuda.rules.scope import Scope
from codepar.cuda.rules.strided import strided
from codepar.syntax.tree import SyntaxTree, parse
from codepar.syntax.variables import text_of


class Function:
    """What is built: ``parameters`` in their order (a symbol each), ``offsets`` (the integer that stands for a parameter pointer
    that moves, zero at first), ``body``, and the types and helpers of the file."""

    def __init__(
        self, source: SequentialFunction, return_type: CType, parameters: tuple[Symbol, ...], body: Body, scope: Scope
    ) -> None:
        self.source = source
        self.return_type = return_type
        self.parameters = parameters
        self.body = body
        self.scope = scope


def build(source: SequentialFunction) -> Function:
    """Raises ``CannotProve`` with a line for what has no form here."""
    tree = parse(source.text, source.language)
    node = _definition(tree, source)
    if node.has_error:
        raise CannotProve("syntax", "the function cannot be parsed", source.line)
    scope = Scope(tree, source)
    parameters = tuple(_parameters(node, source, scope))
    body = node.child_by_field_name("body")
    assert body is not None
    statements = StatementBuilder(scope)
    built = statements.offsets(body, parameters) + statements.block(body)
    return Function(source, read_type(source.signature.return_type, scope.typedefs), parameters, built, scope)


def _definition(tree: SyntaxTree, source: SequentialFunction) -> Syntax:
    for node in tree.capture("(function_definition) @it"):
        if node.start_byte == source.span.start or (node.start_byte <= source.span.start and node.end_byte == source.span.end):
            return node
    raise CannotProve("syntax", f"`{source.name}` has no definition that can be parsed", source.line)


def _parameters(node: Syntax, source: SequentialFunction, scope: Scope) -> list[Symbol]:
    declarator = node.child_by_field_name("declarator")
    while declarator is not None and declarator.type != "function_declarator":
        declarator = declarator.child_by_field_name("declarator")
    found = declarator.child_by_field_name("parameters") if declarator is not None else None
    nodes = [one for one in (found.named_children if found is not None else []) if one.type.endswith("parameter_declaration")]
    by_name = {_name_of(one.child_by_field_name("declarator")): one for one in nodes}
    symbols = []
    for parameter in source.signature.parameters:
        kind = read_type(parameter.type, scope.typedefs)
        syntax = by_name.get(parameter.name)
        if not parameter.is_buffer:
            symbols.append(scope.declare(parameter.name, kind, Storage.PARAMETER, is_const=parameter.is_const))
            continue
        sizes = _dimensions(syntax.child_by_field_name("declarator") if syntax is not None else None)
        symbol = scope.declare(
            parameter.name,
            kind,
            Storage.BUFFER,
            dimensions=tuple(ExprBuilder(scope).value(one) for one in sizes[1:] if one is not None),
            is_const=parameter.is_const or not parameter.role.is_written,
        )
        if parameter.is_reference:
            scope.references.add(symbol)
        symbols.append(symbol)
    return symbols


def _dimensions(declarator: Syntax | None) -> list[Syntax | None]:
    sizes: list[Syntax | None] = []
    while declarator is not None and declarator.type not in {"identifier"}:
        if declarator.type == "array_declarator":
            sizes.insert(0, declarator.child_by_field_name("size"))
        declarator = declarator.child_by_field_name("declarator") or (
            declarator.named_children[-1] if declarator.named_children else None
        )
    return sizes


def _name_of(declarator: Syntax | None) -> str:
    while declarator is not None and declarator.type != "identifier":
        inner = declarator.child_by_field_name("declarator")
        declarator = inner or next((one for one in reversed(declarator.named_children)), None)
    return text_of(declarator)


class StatementBuilder:
    """Reads statements into a scope."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def offsets(self, body: Syntax, parameters: tuple[Symbol, ...]) -> Body:
        """An integer for each pointer parameter that the body moves."""
        moved = {text_of(one) for one in _assigned_identifiers(body)}
        made: list[ir.Stmt] = []
        for symbol in parameters:
            if symbol.storage is Storage.BUFFER and symbol.name in moved and symbol not in self._scope.references:
                offset = self._scope.fresh(f"{symbol.name}_offset", LONG_LONG)
                self._scope.bind(symbol.name, Pointer(symbol, ir.Ref(offset), offset))
                made.append(ir.Declare(_line(body), offset, ir.Literal("0", LONG_LONG, 0)))
        return tuple(made)

    def block(self, node: Syntax) -> Body:
        """A compound statement, or any one statement as a block."""
        if node.type != "compound_statement":
            with self._scope.nested():
                return self.statement(node)
        with self._scope.nested():
            return tuple(made for child in node.named_children for made in self.statement(child))

    def statement(self, node: Syntax) -> Body:
        """One statement; a declaration of several variables becomes several."""
        reader = getattr(self, f"_{node.type}", None)
        if reader is None:
            raise CannotProve("statement", f"`{_shown(node)}` has no form in the rules", _line(node))
        made: Body = reader(node)
        return made

    def _comment(self, _node: Syntax) -> Body:
        return ()

    def _preproc_call(self, node: Syntax) -> Body:
        if "pragma" in text_of(node):
            return ()
        raise CannotProve("statement", f"`{_shown(node)}` inside the body has no form in the rules", _line(node))

    def _compound_statement(self, node: Syntax) -> Body:
        return self.block(node)

    def _expression_statement(self, node: Syntax) -> Body:
        inner = [child for child in node.named_children if child.type != "comment"]
        return self._effect(inner[0]) if inner else ()

    def _effect(self, node: Syntax) -> Body:
        """An expression for its effect; what moves a pointer becomes what changes its offset."""
        node = strip(node)
        if node.type == "comma_expression":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            assert left is not None
            assert right is not None
            return self._effect(left) + self._effect(right)
        expressions = ExprBuilder(self._scope)
        moved = expressions.pointer_effect(node)
        return self._unchained(moved if moved is not None else expressions.value(node), _line(node))

    def _unchained(self, expr: ir.Expr, line: int) -> Body:
        """``a[i] = s += e`` as ``s += e; a[i] = s`` where the place of the first does not depend on the second."""
        match expr:
            case ir.Assign(op="=", target=target, value=ir.Assign(target=ir.Ref(symbol=symbol)) as inner):
                if symbol not in read_symbols(target):
                    return (*self._unchained(inner, line), *self._with_steps(replace(expr, value=ir.Ref(symbol)), line))
        return self._with_steps(expr, line)

    def _with_steps(self, expr: ir.Expr, line: int) -> Body:
        """``a[i++] = e`` as ``a[i] = e; i++`` where the variable stands once and is not under a condition."""
        before: list[ir.Stmt] = []
        after: list[ir.Stmt] = []
        if isinstance(expr, ir.Step):
            return (ir.Do(line, ir.Step(expr.op, True, expr.target)),)
        counts: dict[Symbol, int] = {}
        for one in expr.walk():
            if isinstance(one, ir.Ref):
                counts[one.symbol] = counts.get(one.symbol, 0) + 1

        def lift(node: ir.Expr) -> ir.Expr:
            if isinstance(node, ir.Step) and isinstance(node.target, ir.Ref) and counts[node.target.symbol] == 1:
                (before if node.is_prefix else after).append(ir.Do(line, ir.Step(node.op, True, node.target)))
                return node.target
            if isinstance(node, ir.Ternary) or (isinstance(node, ir.Binary) and node.op in {"&&", "||"}):
                return node
            return rebuilt(node, lift)

        lifted = lift(expr)
        return (*before, ir.Do(line, lifted), *after)

    def _declaration(self, node: Syntax) -> Body:
        made: list[ir.Stmt] = []
        kind = self._declared_type(node)
        if text_of(node).startswith("static ") or any(text_of(one) == "static" for one in node.children):
            raise CannotProve("static", "a static local keeps its value between calls", _line(node))
        for declarator in node.children_by_field_name("declarator"):
            made += self._declared(declarator, kind, _line(node), any(text_of(one) == "const" for one in node.children))
        return tuple(made)

    def _declared_type(self, node: Syntax) -> CType:
        first = node.child_by_field_name("type")
        words = [text_of(one) for one in node.children if one.type in {"sized_type_specifier", "type_qualifier"} or one == first]
        return read_type(" ".join(dict.fromkeys(words)), self._scope.typedefs)

    def _declared(self, declarator: Syntax, kind: CType, line: int, is_const: bool) -> list[ir.Stmt]:
        value = None
        if declarator.type == "init_declarator":
            value = declarator.child_by_field_name("value")
            inner = declarator.child_by_field_name("declarator")
            assert inner is not None
            declarator = inner
        if declarator.type == "pointer_declarator":
            return self._pointer(declarator, value, line)
        if declarator.type == "array_declarator":
            return [self._array(declarator, value, kind, line)]
        if declarator.type != "identifier":
            raise CannotProve("declaration", f"`{_shown(declarator)}` has no form in the rules", line)
        if kind.kind is Kind.OTHER and kind.text in {"auto", ""}:
            raise CannotProve("declaration", f"the type of `{text_of(declarator)}` is not written out", line)
        expressions = ExprBuilder(self._scope)
        start = None
        if value is not None:
            start = expressions.items(value) if value.type == "initializer_list" else expressions.value(value)
        symbol = self._scope.declare(text_of(declarator), kind, Storage.LOCAL, is_const=is_const)
        if start is None:
            return [ir.Declare(line, symbol)]
        lifted = self._with_steps(start, line)
        at = next(at for at, one in enumerate(lifted) if isinstance(one, ir.Do) and not _is_own_step(one, start))
        held = lifted[at]
        assert isinstance(held, ir.Do)
        return [*lifted[:at], ir.Declare(line, symbol, held.expr), *lifted[at + 1 :]]

    def _array(self, declarator: Syntax, value: Syntax | None, kind: CType, line: int) -> ir.Stmt:
        sizes = _dimensions(declarator)
        if any(one is None for one in sizes):
            raise CannotProve("declaration", f"`{_shown(declarator)}` has no written size", line)
        expressions = ExprBuilder(self._scope)
        dimensions = tuple(expressions.value(one) for one in sizes if one is not None)
        symbol = self._scope.declare(_name_of(declarator), kind, Storage.ARRAY, dimensions=dimensions)
        return ir.Declare(line, symbol, expressions.items(value) if value is not None else None)

    def _pointer(self, declarator: Syntax, value: Syntax | None, line: int) -> list[ir.Stmt]:
        name = _name_of(declarator)
        if text_of(declarator).replace(" ", "").startswith("**"):
            raise CannotProve("pointer", f"`{name}` is a pointer to pointers", line)
        offset = self._scope.fresh(f"{name}_offset", LONG_LONG)
        if value is None:
            self._scope.bind(name, Pointer(None, ir.Ref(offset), offset))
            return [ir.Declare(line, offset)]
        target = ExprBuilder(self._scope).pointer(value)
        if target is None or target.symbol is None:
            raise CannotProve("pointer", f"what `{name}` points to is not known", line)
        self._scope.bind(name, Pointer(target.symbol, ir.Ref(offset), offset, target.view))
        return [ir.Declare(line, offset, target.offset or ir.Literal("0", LONG_LONG, 0))]

    def _if_statement(self, node: Syntax) -> Body:
        condition, then = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
        assert condition is not None
        assert then is not None
        otherwise = node.child_by_field_name("alternative")
        inner = otherwise.named_children[-1] if otherwise is not None and otherwise.type == "else_clause" else otherwise
        test = ExprBuilder(self._scope).value(condition)
        _no_effect(test, _line(node))
        return (ir.If(_line(node), test, self.block(then), self.block(inner) if inner is not None else ()),)

    def _switch_statement(self, node: Syntax) -> Body:
        condition, body = node.child_by_field_name("condition"), node.child_by_field_name("body")
        assert condition is not None
        assert body is not None
        expressions = ExprBuilder(self._scope)
        value = expressions.value(condition)
        _no_effect(value, _line(node))
        kind = INT if self._scope.is_enumeration(type_of(value)) else type_of(value)
        if not kind.is_integer:
            raise CannotProve("statement", f"`{_shown(condition)}` is no integer to choose by", _line(node))
        with self._scope.nested():
            choice = self._scope.fresh("choice", promoted(kind))
            branches = switch_branches(body, expressions, self.statement)
            return (ir.Declare(_line(node), choice, value), *as_branches(branches, choice, _line(node)))

    def _for_statement(self, node: Syntax) -> Body:
        with self._scope.nested():
            start = node.child_by_field_name("initializer")
            before: Body = ()
            if start is not None:
                before = self._declaration(start) if start.type == "declaration" else self._effect(start)
            declared = start is not None and start.type == "declaration"
            return self._loop(node, before, declared)

    def _loop(self, node: Syntax, before: Body, declared: bool) -> Body:
        condition, update = node.child_by_field_name("condition"), node.child_by_field_name("update")
        body = node.child_by_field_name("body")
        assert body is not None
        test = ExprBuilder(self._scope).value(condition) if condition is not None else None
        inner = self.block(body)
        steps = self._effect(update) if update is not None else ()
        made = counted(before, test, steps, inner, line=_line(node), declared=declared)
        if made is None:
            made = strided(before, test, steps, inner, self._scope.fresh, line=_line(node), declared=declared)
        return made if made is not None else repeated(before, test, steps, inner, line=_line(node))

    def _while_statement(self, node: Syntax) -> Body:
        return self._loop(node, (), False)

    def _do_statement(self, node: Syntax) -> Body:
        condition, body = node.child_by_field_name("condition"), node.child_by_field_name("body")
        assert condition is not None
        assert body is not None
        inner = self.block(body)
        return (ir.Repeat(_line(node), ExprBuilder(self._scope).value(condition), None, inner, True),)

    def _return_statement(self, node: Syntax) -> Body:
        values = [child for child in node.named_children if child.type != "comment"]
        return (ir.Return(_line(node), ExprBuilder(self._scope).value(values[0]) if values else None),)

    def _break_statement(self, node: Syntax) -> Body:
        return (ir.Break(_line(node)),)

    def _continue_statement(self, node: Syntax) -> Body:
        return (ir.Continue(_line(node)),)


def rebuilt(node: ir.Expr, change: Callable[[ir.Expr], ir.Expr]) -> ir.Expr:
    """The node with ``change`` applied to its direct parts."""
    changed: dict[str, Any] = {}
    for one in fields(node):
        held = getattr(node, one.name)
        if isinstance(held, ir.Expr):
            changed[one.name] = change(held)
        elif isinstance(held, tuple) and held and isinstance(held[0], ir.Expr):
            changed[one.name] = tuple(change(item) for item in held)
    return replace(node, **changed) if changed else node


def _is_own_step(one: ir.Do, start: ir.Expr) -> bool:
    return isinstance(one.expr, ir.Step) and one.expr is not start


def _no_effect(expr: ir.Expr, line: int) -> None:
    if any(isinstance(one, ir.Assign | ir.Step) for one in expr.walk()):
        raise CannotProve("side_effect", "a condition that changes a variable has no form in the rules", line)


def _assigned_identifiers(body: Syntax) -> list[Syntax]:
    found, pending = [], [body]
    while pending:
        node = pending.pop()
        pending.extend(node.named_children)
        target = None
        if node.type == "assignment_expression":
            target = node.child_by_field_name("left")
        elif node.type == "update_expression":
            target = node.child_by_field_name("argument")
        if target is not None and strip(target).type == "identifier":
            found.append(strip(target))
    return found


def _line(node: Syntax) -> int:
    return node.start_point[0] + 1


def _shown(node: Syntax) -> str:
    return text_of(node).strip().split("\n", 1)[0][:50]


__all__ = ["Function", "build", "called_name"]
