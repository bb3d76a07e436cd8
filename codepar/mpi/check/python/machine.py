"""One rank of a replayed Python program: names, statements, calls of functions and of mpi4py's objects.

MPI begins with the program and ends with it, as mpi4py does by itself. Limits: methods of the program's own classes are not
entered; exceptions are taken to end the program; names of other files are their functions only.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from codepar.mpi.check.memory import Stop
from codepar.mpi.check.nodes import Node
from codepar.mpi.check.program import Unit
from codepar.mpi.check.python.expressions import LISTS, NONE, renamed
from codepar.mpi.check.python.objects import Objects
from codepar.mpi.check.python.units import PythonUnit
from codepar.mpi.check.statements import Ended
from codepar.mpi.check.values import Block, Callback, Place, Pointer, Request, Unknown, Value
from codepar.mpi.headers import Signatures


class PythonMachine(Objects):
    """Statements of Python."""

    def prepare(self, signatures: Signatures) -> None:
        super().prepare(signatures)
        self.elements = self.program.elements(signatures)
        self.results, self.tries = {}, 0

    def execute(self, node: Node) -> None:
        method = _EXECUTORS.get(node.type)
        if method is None:
            super().execute(node)
            return
        self.step()
        self.line = node.line
        method(self, node)

    def evaluate(self, node: Node) -> Value:
        if node.type == "python_length":
            return self.length_of(self.evaluate(node.fields["operand"]))
        return super().evaluate(node)

    def _condition(self, node: Node | None) -> Value:
        return self.truth_of(super()._condition(node))

    @property
    def _own_scope(self) -> dict[str, Block]:
        return next((scope for scope in reversed(self.scopes) if "" in scope or "$list" in scope), self.scopes[0])

    def begin(self, node: Node) -> None:
        """The program starts: its names are the global ones of its file."""
        self.globals[self.unit.path] = self._own_scope
        unit = self.unit
        if isinstance(unit, PythonUnit) and unit.starts_by_itself:
            self.perform("MPI_Init", ast.Pass(lineno=unit.import_line), {})

    def finish(self, node: Node | None = None) -> None:
        """The interpreter ends: so does MPI."""
        started = any(op.name.startswith("MPI_Init") for op in self.trace.ops)
        if started and not any(op.name == "MPI_Finalize" for op in self.trace.ops):
            self.perform("MPI_Finalize", ast.Pass(lineno=self.line), {})

    def lookup(self, name: str) -> Block | None:
        found = super().lookup(name)
        if found is None and len(self.scopes) > 1:
            return next((scope[name] for scope in reversed(self.scopes) if name in scope), None)
        return found

    def bind(self, target: ast.expr, value: Value) -> None:
        """``target = value``."""
        if isinstance(target, ast.Name):
            self._bind_name(target.id, value, target.lineno)
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target, value)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, Unknown(f"rest@{target.lineno}#{self.steps}", True))
        elif isinstance(target, ast.Subscript):
            self._store_item(target, value)
        elif isinstance(target, ast.Attribute):
            self.value(target.value)
            self.escape(value)

    def _bind_name(self, name: str, value: Value, line: int) -> None:
        scope = self.scopes[-1] if self.scopes and "$list" in self.scopes[-1] else self._own_scope
        if isinstance(self.unit, PythonUnit) and name in self.unit.global_names and self.unit.path in self.globals:
            scope = self.globals[self.unit.path]
        block = self.new_block(name, "auto", 1, line)
        block.cells[0] = value
        if isinstance(value, Pointer):
            renamed(value.block, name)
        scope[name] = block

    def _unpack(self, target: ast.Tuple | ast.List, value: Value) -> None:
        items = self.items_of(value)
        for index, one in enumerate(target.elts):
            known = items is not None and len(items) == len(target.elts)
            part = items[index] if known and items is not None else Unknown(f"part{index}@{target.lineno}#{self.steps}", True)
            self.bind(one, part)

    def _store_item(self, target: ast.Subscript, value: Value) -> None:
        base = self.value(target.value)
        index: Value = None if isinstance(target.slice, ast.Slice) else self.value(target.slice)
        if not isinstance(base, Pointer):
            self.escape(value)
            return
        block = base.block
        if isinstance(index, int) and index < 0 and block.count is not None:
            index += block.count
        plain = isinstance(index, int) and index >= 0 and block.ctype not in {"dict", "object"} and block.serial not in self.deep
        if plain and isinstance(index, int) and base.offset == 0:
            old = block.cells.get(index)
            self.store(Place(block, index), value, target.lineno)
            if isinstance(old, Request) and old is not value and block.ctype not in LISTS:
                self.escape(old)
            return
        self.escape(value)
        self.touch_all(block, target.lineno)
        block.forget()

    def _statement(self, node: Node) -> None:
        tree = node.cache.get("ast")
        method = _STATEMENTS.get(type(tree))
        if method is not None:
            method(self, tree)
        elif isinstance(tree, ast.stmt) and self.mentions_mpi(tree):
            raise Stop(f"line {node.line} holds MPI calls in a statement that is not followed")

    def _expression_statement(self, tree: ast.Expr) -> None:
        self.value(tree.value)

    def _assign(self, tree: ast.Assign) -> None:
        value = self.value(tree.value)
        for target in tree.targets:
            self.bind(target, value)

    def _annotated(self, tree: ast.AnnAssign) -> None:
        if tree.value is not None:
            self.bind(tree.target, self.value(tree.value))

    def _augmented(self, tree: ast.AugAssign) -> None:
        old = self.value(tree.target)
        change = self.value(tree.value)
        if isinstance(old, Pointer):
            self._augmented_in_place(tree, old, change)
            return
        sign = ast.BinOp(ast.Constant(0), tree.op, ast.Constant(0))
        self.bind(tree.target, self.operate(_sign(sign), old, change, tree))

    def _augmented_in_place(self, tree: ast.AugAssign, old: Pointer, change: Value) -> None:
        items, more = self.items_of(old), self.items_of(change)
        if items is not None and more is not None and isinstance(tree.op, ast.Add):
            old.block.cells.update(enumerate(more, len(items)))
            old.block.count = len(items) + len(more)
            return
        self.touch_all(old.block, tree.lineno)
        if old.block.ctype in LISTS:
            self.escape(old)
            old.block.count = None
        self.escape(change)
        old.block.forget()

    def _delete(self, tree: ast.Delete) -> None:
        for target in tree.targets:
            if isinstance(target, ast.Name):
                self._own_scope.pop(target.id, None)

    def _import(self, tree: ast.Import | ast.ImportFrom) -> None:
        """Imports are read once for the file."""

    def _define(self, tree: ast.FunctionDef) -> None:
        self._bind_name(tree.name, Callback(tree.name), tree.lineno)

    def _assert(self, tree: ast.Assert) -> None:
        self.value(tree.test)

    def _take(self, node: Node) -> None:
        """The next element of a loop."""
        items, counter = self.evaluate(node.fields["items"]), self.evaluate(node.fields["counter"])
        target = node.cache["target"]
        assert isinstance(target, ast.expr)
        known = self.items_of(items)
        if known is not None and isinstance(counter, int) and 0 <= counter < len(known):
            self.bind(target, known[counter])
        elif isinstance(items, Pointer) and -1 in items.block.cells and isinstance(counter, int):
            self.bind(target, counter)  # range(n) with n unknown
        else:
            shared = isinstance(items, Unknown) and not items.local
            key = f"{items.key if isinstance(items, Unknown) else 'items'}[{counter}]"
            self.bind(target, Unknown(key) if shared else self.nothing_known(target))

    def _try(self, node: Node) -> None:
        self.tries += 1
        try:
            self.execute(node.fields["body"])
        finally:
            self.tries -= 1

    def _with(self, node: Node) -> None:
        item = node.cache["item"]
        assert isinstance(item, ast.withitem)
        value = self.value(item.context_expr)
        if item.optional_vars is not None:
            self.bind(item.optional_vars, value)

    def _raise(self, node: Node) -> None:
        if self.tries:
            raise Stop(f"line {node.line} raises an exception that may be caught")
        raise Ended

    def leave(self) -> None:
        self.finish()
        raise Ended

    def place(self, node: Node) -> Place | None:
        """The variables of loops over anything."""
        if node.type == "identifier" and self.lookup(node.text) is None:
            self._own_scope[node.text] = self.new_block(node.text, "auto", 1, node.line)
        return super().place(node)

    def bind_parameters(self, definition: Node, values: list[Value]) -> dict[str, Block]:
        scope: dict[str, Block] = {"": Block("", "", None, 0)}
        tree = definition.cache.get("ast")
        if not isinstance(tree, ast.FunctionDef):
            return scope
        names = [one.arg for one in (*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs)]
        for name, value in zip(names, values, strict=False):
            block = self.new_block(name, "auto", 1, tree.lineno)
            block.cells[0] = value
            scope[name] = block
        return scope

    def call_function(self, name: str, unit: Unit, definition: Node, tree: ast.Call) -> Value:
        """A function of the program, its arguments by name and default."""
        self.given = self._given(definition, tree)
        result = self.enter(name, unit, definition, [])
        return NONE if result is None else result

    def _given(self, definition: Node, tree: ast.Call) -> list[Value]:
        head = definition.cache.get("ast")
        assert isinstance(head, ast.FunctionDef)
        listed = [*head.args.posonlyargs, *head.args.args]
        names = [one.arg for one in (*listed, *head.args.kwonlyargs)]
        values: list[Value] = [None] * len(names)
        defaults = dict(zip([one.arg for one in listed][::-1], head.args.defaults[::-1], strict=False))
        defaults |= {
            one.arg: two for one, two in zip(head.args.kwonlyargs, head.args.kw_defaults, strict=False) if two is not None
        }
        for index, part in enumerate(tree.args):
            value = self.value(part.value if isinstance(part, ast.Starred) else part)
            if index < len(listed) and not isinstance(part, ast.Starred):
                values[index] = value
            else:
                self.escape(value)
        for keyword in tree.keywords:
            value = self.value(keyword.value)
            if keyword.arg in names:
                values[names.index(keyword.arg)] = value
        for index, name in enumerate(names):
            if values[index] is None:
                values[index] = self.value(defaults[name]) if name in defaults else self.nothing_known(tree, name)
        return values

    given: list[Value] = []  # noqa: RUF012 - replaced before each call, never changed in place
    tries: int = 0

    def _argument_values(self, definition: Node, arguments: list[Node]) -> list[Value]:
        return self.given

    def forget_assigned(self, node: Node) -> None:
        """What a part that is not followed may change becomes unknown."""
        for kid in node.walk():
            if kid.type == "python_take":
                target = kid.cache["target"]
                self._forget_target(target) if isinstance(target, ast.expr) else None
            tree = kid.cache.get("ast")
            if isinstance(tree, ast.AST):
                self._forget_in(tree)

    def _forget_in(self, tree: ast.AST) -> None:
        for one in ast.walk(tree):
            if isinstance(one, ast.Assign):
                for target in one.targets:
                    self._forget_target(target)
            elif isinstance(one, ast.AugAssign | ast.AnnAssign):
                self._forget_target(one.target)
            elif isinstance(one, ast.Call):
                for part in (*one.args, *([one.func.value] if isinstance(one.func, ast.Attribute) else [])):
                    if isinstance(part, ast.Name) and (block := self.lookup(part.id)) is not None:
                        value = block.cells.get(0)
                        self.forget_pointed(value)
                        if isinstance(value, Pointer) and value.block.ctype in LISTS:
                            value.block.count = None

    def _forget_target(self, target: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self._bind_name(target.id, Unknown(f"r{self.rank}:{target.id}@{target.lineno}#{self.steps}", True), target.lineno)
        elif isinstance(target, ast.Tuple | ast.List):
            for one in target.elts:
                self._forget_target(one)
        elif isinstance(target, ast.Subscript | ast.Attribute) and isinstance(target.value, ast.Name):
            block = self.lookup(target.value.id)
            if block is not None:
                self.forget_pointed(block.cells.get(0))


def _sign(tree: ast.BinOp) -> str:
    return ast.unparse(tree).replace("0", "").strip()


_STATEMENTS: dict[type, Callable[..., None]] = {
    ast.Expr: PythonMachine._expression_statement,
    ast.Assign: PythonMachine._assign,
    ast.AnnAssign: PythonMachine._annotated,
    ast.AugAssign: PythonMachine._augmented,
    ast.Delete: PythonMachine._delete,
    ast.Import: PythonMachine._import,
    ast.ImportFrom: PythonMachine._import,
    ast.Global: PythonMachine._import,
    ast.FunctionDef: PythonMachine._define,
    ast.Assert: PythonMachine._assert,
}
_EXECUTORS: dict[str, Callable[[PythonMachine, Node], None]] = {
    "python_statement": PythonMachine._statement,
    "python_take": PythonMachine._take,
    "python_try": PythonMachine._try,
    "python_with": PythonMachine._with,
    "python_raise": PythonMachine._raise,
    "python_begin": PythonMachine.begin,
    "python_finish": PythonMachine.finish,
}
