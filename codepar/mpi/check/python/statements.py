"""Python statements as nodes of the replay: blocks, branches and loops of C's grammar around expressions of Python's own parser.

A loop over anything counts with a variable of its own, so that it is followed as far as its length is known. Limits: ``async``,
``match`` and generators end a replay where they hold MPI calls; ``except`` and ``finally`` parts are not followed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence

from codepar.mpi.check.nodes import Node
from codepar.mpi.check.written import At, assignment, binary, block, call, name, number, statement, written

_ENDS = frozenset({"exit", "quit", "sys.exit", "os._exit", "os.abort"})
_QUIET = (ast.Import, ast.ImportFrom, ast.Pass, ast.Global, ast.Nonlocal, ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)


class Lowering:
    """The statements of one file. ``mpi_calls`` maps line and column of what is a call of MPI to its name."""

    def __init__(self, path: str, source: str, mpi_calls: dict[tuple[int, int], str]) -> None:
        self._path, self._mpi_calls = path, mpi_calls
        self._lines = source.split("\n")

    def body(self, statements: Sequence[ast.stmt], at: At) -> Node:
        kids = [made for one in statements if (made := self.statement(one)) is not None]
        return block(kids, at)

    def at(self, tree: ast.stmt | ast.expr) -> At:
        return At(self._path, tree.lineno, tree.lineno * 1_000 + tree.col_offset)

    def statement(self, tree: ast.stmt) -> Node | None:
        method = _LOWERED.get(type(tree))
        if method is not None:
            return method(self, tree)
        if isinstance(tree, _QUIET):
            return self._definition(tree)
        return self._simple(tree)

    def _simple(self, tree: ast.stmt) -> Node:
        """A statement that the machine carries out by itself."""
        made = written("python_statement", _text(tree), self.at(tree), *self.calls(tree))
        made.cache["ast"] = tree
        return made

    def _definition(self, tree: ast.stmt) -> Node | None:
        if isinstance(tree, ast.Import | ast.ImportFrom | ast.Global):
            return self._quiet(tree)
        return self._quiet(tree) if isinstance(tree, ast.FunctionDef) else None

    def _quiet(self, tree: ast.stmt) -> Node:
        made = written("python_statement", "", self.at(tree))
        made.cache["ast"] = tree
        return made

    def expression(self, tree: ast.expr) -> Node:
        """An expression, with the calls in it as kids for those who look for calls."""
        made = written("python_expression", _text(tree), self.at(tree), *self.calls(tree))
        made.cache["ast"] = tree
        return made

    def calls(self, tree: ast.AST) -> Iterator[Node]:
        for one in ast.walk(tree):
            if isinstance(one, ast.Call):
                yield call(self._called(one), [], self.at(one))

    def _called(self, tree: ast.Call) -> str:
        known = self._mpi_calls.get((tree.lineno, tree.col_offset))
        if known is not None and isinstance(tree.func, ast.Attribute | ast.Name):
            return "MPI_" + (tree.func.attr if isinstance(tree.func, ast.Attribute) else tree.func.id).capitalize()
        text = ast.unparse(tree.func) if isinstance(tree.func, ast.Attribute | ast.Name) else "?"
        return "exit" if text in _ENDS else text

    def _if(self, tree: ast.If) -> Node:
        at = self.at(tree)
        other = self.body(tree.orelse, at) if tree.orelse else None
        return written(
            "if_statement",
            _text(tree.test),
            at,
            condition=self.expression(tree.test),
            consequence=self.body(tree.body, at),
            alternative=other,
        )

    def _while(self, tree: ast.While) -> Node:
        at = self.at(tree)
        endless = isinstance(tree.test, ast.Constant) and bool(tree.test.value)
        condition = number(1, at) if endless else self.expression(tree.test)
        loop = written("while_statement", _text(tree.test), at, condition=condition, body=self.body(tree.body, at))
        return loop if not tree.orelse else block([loop, self.body(tree.orelse, at)], at)

    def _for(self, tree: ast.For) -> Node:
        """``for x in y`` counts a hidden variable up to the length of ``y``, which is looked at once."""
        at = self.at(tree)
        counter, items = name(f"$k{at.start}", at), name(f"$items{at.start}", at)
        first = statement(assignment(items, self.expression(tree.iter), at), at)
        length = written("python_length", f"len({_text(tree.iter)})", at, operand=items)
        take = written("python_take", _text(tree.target), at, items=items, counter=counter)
        take.cache["target"] = tree.target
        loop = written(
            "for_statement",
            f"for {_text(tree.target)} in {_text(tree.iter)}",
            at,
            initializer=statement(assignment(counter, number(0, at), at), at),
            condition=binary(counter, "<", length, at),
            update=assignment(counter, binary(counter, "+", number(1, at), at), at),
            body=block([take, *self.body(tree.body, at).kids], at),
        )
        rest = [self.body(tree.orelse, at)] if tree.orelse else []
        return block([first, loop, *rest], at)

    def _try(self, tree: ast.Try) -> Node:
        at = self.at(tree)
        return written("python_try", "try", at, body=self.body([*tree.body, *tree.orelse, *tree.finalbody], at))

    def _with(self, tree: ast.With) -> Node:
        at = self.at(tree)
        kids = list[Node]()
        for item in tree.items:
            made = written("python_with", _text(item.context_expr), at, *self.calls(item.context_expr))
            made.cache["item"] = item
            kids.append(made)
        return block([*kids, self.body(tree.body, at)], at)

    def _return(self, tree: ast.Return) -> Node:
        kids = [self.expression(tree.value)] if tree.value is not None else []
        return written("return_statement", _text(tree), self.at(tree), *kids)

    def _jump(self, tree: ast.stmt) -> Node:
        kind = "break_statement" if isinstance(tree, ast.Break) else "continue_statement"
        return written(kind, _text(tree), self.at(tree))

    def _raise(self, tree: ast.Raise) -> Node:
        at = self.at(tree)
        made = written("python_raise", _text(tree), at, call("exit", [], at, _text(tree)))
        made.cache["ast"] = tree
        return made


def _text(tree: ast.AST) -> str:
    try:
        return ast.unparse(tree)
    except (ValueError, RecursionError):
        return ""


_LOWERED: dict[type[ast.stmt], Callable[..., Node | None]] = {
    ast.If: Lowering._if,
    ast.While: Lowering._while,
    ast.For: Lowering._for,
    ast.Try: Lowering._try,
    ast.With: Lowering._with,
    ast.Return: Lowering._return,
    ast.Break: Lowering._jump,
    ast.Continue: Lowering._jump,
    ast.Raise: Lowering._raise,
}
