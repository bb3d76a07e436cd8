"""Statements with their expressions changed, and copies of them.

Limits: what is found by identity (loops, atomic updates) is another thing in a copy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from codepar.cuda.rules import ir
from codepar.cuda.rules.build import rebuilt
from codepar.cuda.rules.ir import Body, Symbol


def mapped(one: ir.Stmt, change: Callable[[ir.Expr], ir.Expr]) -> ir.Stmt:
    """A new statement with every expression changed, also in the statements inside."""
    parts: dict[str, Any] = {}
    for each in fields(one):
        value = getattr(one, each.name)
        if isinstance(value, ir.Expr):
            parts[each.name] = change(value)
        elif isinstance(value, tuple) and value and isinstance(value[0], ir.Stmt):
            parts[each.name] = tuple(mapped(inner, change) for inner in value)
    return replace(one, **parts)


def exchanged(one: ir.Stmt, old: ir.Stmt, new: ir.Stmt) -> ir.Stmt:
    """The statement with ``new`` for ``old`` wherever it stands inside."""
    if one is old:
        return new
    parts: dict[str, Any] = {}
    for each in fields(one):
        value = getattr(one, each.name)
        if isinstance(value, tuple) and value and isinstance(value[0], ir.Stmt):
            parts[each.name] = tuple(exchanged(inner, old, new) for inner in value)
    return replace(one, **parts) if parts else one


def renamed(body: Body, names: dict[Symbol, Symbol]) -> Body:
    """New statements, with other variables for some."""

    def change(node: ir.Expr) -> ir.Expr:
        if isinstance(node, ir.Ref):
            return ir.Ref(names.get(node.symbol, node.symbol))
        return rebuilt(node, change)

    return tuple(_other(mapped(one, change), names) for one in body)


def _other(one: ir.Stmt, names: dict[Symbol, Symbol]) -> ir.Stmt:
    match one:
        case ir.Declare(symbol=symbol):
            return replace(one, symbol=names.get(symbol, symbol))
        case ir.Loop(variable=variable, body=body):
            return replace(one, variable=names.get(variable, variable), body=tuple(_other(each, names) for each in body))
        case ir.Repeat(body=body):
            return replace(one, body=tuple(_other(each, names) for each in body))
        case ir.If(then=then, otherwise=otherwise):
            ways = (tuple(_other(each, names) for each in then), tuple(_other(each, names) for each in otherwise))
            return replace(one, then=ways[0], otherwise=ways[1])
    return one
