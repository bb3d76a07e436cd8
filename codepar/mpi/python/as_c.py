"""A Python program read as a C text: functions first, then the module as ``main``; each line knows its place.

Holes that are assigned to a name leave no line in the C text: a call is missing in that gap. Limits: the result is read by rules
and models, never compiled; decorators, ``with`` and ``try`` become blocks; see ``expressions`` and ``kinds`` for what is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from codepar.mpi.python.expressions import Names, arguments_of, c_expression, hole_type
from codepar.mpi.python.holes import STATEMENT
from codepar.mpi.python.kinds import Kind
from codepar.mpi.python.scopes import Scope, scopes_of
from codepar.syntax.tree import SyntaxTree
from codepar.syntax.variables import text_of

_SILENT = frozenset(
    (
        *("import_statement", "import_from_statement", "comment", "function_definition", "class_definition"),
        *("decorated_definition", "global_statement", "nonlocal_statement", "future_import_statement"),
        *("type_alias_statement",),
    )
)
_MOST_DEPTH = 80


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the C text. A statement before it goes after Python line ``after`` (None: nowhere), indented by ``indent``."""

    text: str
    after: int | None
    indent: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A hole on Python line ``line``, of a type; the gap before C line ``gap`` (0-based) is where its call would stand.

    ``target`` is what the value is assigned to, empty where it is used at once; ``guards`` are the conditions around it,
    ``loops`` the variables of the loops.
    """

    line: int
    type: str
    target: str
    gap: int
    guards: tuple[str, ...]
    loops: tuple[str, ...] = ()


class ReadAsC:
    """The reading of one parsed program."""

    def __init__(self, tree: SyntaxTree, communicators: frozenset[str]) -> None:
        self._lines = tree.text.split("\n")
        self._communicators = communicators
        self.names = Names()
        self.scopes = scopes_of(tree.root)
        self.rows: list[Row] = []
        self.missing: list[Missing] = []
        self.scope_of_row: list[Scope] = []
        self._scope = self.scopes[0]
        self._guards: list[str] = []
        self._loops: list[str] = []
        self._shared = self._shared_names()
        self._row(" ".join([*self._declared(self._shared), "/* mpi */"]), None, "")
        for scope in self.scopes[1:]:
            self._function(scope)
        self._main(tree.root)

    @property
    def source(self) -> str:
        """The C text."""
        return "\n".join(row.text for row in self.rows)

    def _shared_names(self) -> dict[str, Kind]:
        """Names of the module that functions use."""
        module = self.scopes[0]
        used = {name for scope in self.scopes[1:] for name in scope.reads - set(scope.kinds) - set(scope.parameters)}
        return {name: kind for name, kind in module.kinds.items() if name in used and name not in self._communicators}

    def _declared(self, kinds: dict[str, Kind]) -> list[str]:
        by_type: dict[str, list[str]] = {}
        for name, kind in kinds.items():
            written = self.names.c_name(name)
            mark = f"{written}[256]" if kind.type == "char" and not kind.shape else f"*{written}" if kind.shape else written
            by_type.setdefault(kind.type, []).append(mark)
        return [f"{type_} {', '.join(marks)};" for type_, marks in by_type.items()]

    def _row(self, text: str, after: int | None, indent: str) -> None:
        self.rows.append(Row(text, after, indent))
        self.scope_of_row.append(self._scope)

    def _open_names(self, scope: Scope) -> dict[str, Kind]:
        """Names that a scope reads and nobody gives a value, which are no functions or modules: calls may give them one."""
        known = {name for other in self.scopes for name in (*other.kinds, other.name)}
        wanted = scope.reads - known - set(scope.parameters) - scope.called
        return {name: Kind("int") for name in sorted(wanted) if name in _USUAL}

    def _function(self, scope: Scope) -> None:
        self._scope = scope
        local = {n: k for n, k in scope.kinds.items() if n not in scope.parameters and n not in self._communicators}
        declared = self._declared({n: k for n, k in (local | self._open_names(scope)).items() if n not in self._shared})
        taken = ", ".join(self._parameter(scope, name) for name in scope.parameters)
        self._row(f"void {self.names.c_name(scope.name)}({taken}) {{ {' '.join(declared)}", None, "")
        body = scope.node.child_by_field_name("body")
        if body is not None:
            self._block(body, 0)
        self._close(body or scope.node, "}")

    def _parameter(self, scope: Scope, name: str) -> str:
        written = self.names.c_name(name)
        if name in self._communicators:
            return f"MPI_Comm {written}"
        kind = scope.kinds.get(name, Kind("int" if name in _USUAL else "double"))
        subscripted = kind.shape or f"{name}[" in text_of(scope.node)
        return f"{kind.type} {'*' if subscripted else ''}{written}"

    def _main(self, root: Node) -> None:
        self._scope = self.scopes[0]
        own = {n: k for n, k in self._scope.kinds.items() if n not in self._shared and n not in self._communicators}
        declared = self._declared(own | self._open_names(self._scope))
        self._row(f"int main(int argc, char *argv[]) {{ {' '.join(declared)}", None, "")
        self._block(root, 0)
        self._close(root, "return 0; }")

    def _close(self, block: Node, text: str) -> None:
        """The end of a block: what is put before it goes behind its last statement."""
        statements = [child for child in block.named_children if child.type not in {"comment"}]
        last = statements[-1] if statements else block
        while last.type == "if_statement" and _is_main_guard(last):
            inner = last.child_by_field_name("consequence")
            last = inner.named_children[-1] if inner is not None and inner.named_children else last
            if last.type == "comment":
                break
        first = last if block.type == "module" else statements[0] if statements else block
        self._row(text, last.end_point[0] + 1, self._indentation(first))

    def _indentation(self, node: Node) -> str:
        line = self._lines[node.start_point[0]]
        return line[: len(line) - len(line.lstrip())]

    def _begins_line(self, node: Node) -> bool:
        return not self._lines[node.start_point[0]].encode()[: node.start_point[1]].strip()

    def _statement_row(self, node: Node, text: str) -> None:
        after = node.start_point[0] if self._begins_line(node) else None
        self._row(text, after, self._indentation(node))

    def _block(self, block: Node, depth: int) -> None:
        for child in block.named_children:
            if child.type in _SILENT or depth > _MOST_DEPTH:
                continue
            self._statement(child, depth)

    def _statement(self, node: Node, depth: int) -> None:
        kind = node.type
        if kind == "if_statement":
            self._if(node, depth)
        elif kind in {"for_statement", "while_statement"}:
            self._loop(node, depth)
        elif kind in {"with_statement", "try_statement"}:
            self._wrapped(node, depth)
        elif kind == "expression_statement" and node.named_children:
            self._expression(node, node.named_children[0])
        elif kind == "pass_statement":
            self._pass(node)
        elif kind == "return_statement":
            self._statement_row(node, "return;")
        elif kind in {"break_statement", "continue_statement"}:
            self._statement_row(node, f"{text_of(node)};")
        elif kind == "print_statement":
            items = [c_expression(child, self.names) for child in node.children_by_field_name("argument")]
            self._statement_row(node, f"printf({', '.join([chr(34) * 2, *(item for item in items if item != chr(34) * 2)])});")
        elif kind == "raise_statement":
            self._statement_row(node, "exit(1);")

    def _pass(self, node: Node) -> None:
        line = node.start_point[0]
        if STATEMENT in self._lines[line]:
            self._miss(line + 1, "void", "")
        else:
            self._statement_row(node, ";")

    def _miss(self, line: int, type_: str, target: str) -> None:
        self.missing.append(Missing(line, type_, target, len(self.rows), tuple(self._guards), tuple(self._loops)))

    def _if(self, node: Node, depth: int) -> None:
        body = node.child_by_field_name("consequence")
        if _is_main_guard(node) and body is not None:
            self._block(body, depth + 1)
            return
        self._nested_holes(node.child_by_field_name("condition"))
        condition = c_expression(node.child_by_field_name("condition"), self.names)
        self._statement_row(node, f"if ({condition}) {{")
        self._guarded(body, condition, depth)
        previous, negated = body, f"!({condition})"
        for clause in node.children_by_field_name("alternative"):
            inner = clause.child_by_field_name("condition")
            written = c_expression(inner, self.names) if inner is not None else ""
            self._close(previous or node, f"}} else if ({written}) {{" if inner is not None else "} else {")
            previous = clause.child_by_field_name("consequence") or clause.child_by_field_name("body")
            self._guarded(previous, written or negated, depth)
        self._close(previous or node, "}")

    def _guarded(self, body: Node | None, condition: str, depth: int) -> None:
        self._guards.append(condition)
        if body is not None:
            self._block(body, depth + 1)
        self._guards.pop()

    def _loop(self, node: Node, depth: int) -> None:
        body = node.child_by_field_name("body")
        if node.type == "while_statement":
            self._nested_holes(node.child_by_field_name("condition"))
            text = f"while ({c_expression(node.child_by_field_name('condition'), self.names)}) {{"
        else:
            self._nested_holes(node.child_by_field_name("right"))
            text = self._for(node)
        self._statement_row(node, text)
        self._loops += [text_of(node.child_by_field_name("left"))] if node.type == "for_statement" else []
        if body is not None:
            self._block(body, depth + 1)
        self._loops = self._loops[:-1] if node.type == "for_statement" else self._loops
        self._close(body or node, "}")

    def _for(self, node: Node) -> str:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        name = c_expression(left, self.names) if left is not None and left.type == "identifier" else "i"
        bounds = ["0", f"len({c_expression(right, self.names)})", "1"]
        if right is not None and right.type == "call" and text_of(right.child_by_field_name("function")) in {"range", "xrange"}:
            given = arguments_of(right, self.names)
            bounds = (["0", *given, "1"] if len(given) == 1 else [*given, "1"])[:3] if given else bounds
        step = f"{name}++" if bounds[2] == "1" else f"{name} += {bounds[2]}"
        return f"for ({name} = {bounds[0]}; {name} < {bounds[1]}; {step}) {{"

    def _wrapped(self, node: Node, depth: int) -> None:
        self._statement_row(node, "{")
        body = node.child_by_field_name("body")
        if body is not None:
            self._block(body, depth + 1)
        self._close(body or node, "}")
        for clause in node.named_children:
            inner = next((child for child in clause.named_children if child.type == "block"), None)
            if clause.type in {"except_clause", "finally_clause", "else_clause"} and inner is not None:
                self._row("{", None, "")
                self._block(inner, depth + 1)
                self._close(inner, "}")

    def _nested_holes(self, node: Node | None) -> None:
        """Holes inside an expression."""
        pending = [node] if node is not None else []
        while pending:
            inner = pending.pop(0)
            kind = hole_type(inner)
            if kind is not None:
                self._miss(inner.start_point[0] + 1, kind, "")
            else:
                pending = [*inner.named_children, *pending]

    def _expression(self, node: Node, inner: Node) -> None:
        if inner.type == "assignment":
            left, right = inner.child_by_field_name("left"), inner.child_by_field_name("right")
            kind = hole_type(right) if right is not None else None
            if kind is not None:
                self._miss(node.start_point[0] + 1, kind, text_of(left))
                return
            self._nested_holes(right)
            self._assignment(node, left, right)
        elif inner.type == "augmented_assignment":
            self._nested_holes(inner.child_by_field_name("right"))
            operator = text_of(inner.child_by_field_name("operator")).replace("//", "/").replace("**", "*").replace("@", "*")
            sides = [c_expression(inner.child_by_field_name(side), self.names) for side in ("left", "right")]
            self._statement_row(node, f"{sides[0]} {operator} {sides[1]};")
        elif inner.type == "call":
            self._nested_holes(inner)
            self._call(node, inner)
        elif inner.type not in {"string", "concatenated_string"}:
            self._nested_holes(inner)
            self._statement_row(node, f"{c_expression(inner, self.names)};")

    def _call(self, node: Node, call: Node) -> None:
        function = text_of(call.child_by_field_name("function"))
        arguments = arguments_of(call, self.names)
        if function == "print":
            text = ", ".join(['""', *(item for item in arguments if item != '""')])
            self._statement_row(node, f"printf({text});")
        elif function.endswith(("exit", "quit")):
            self._statement_row(node, "exit(1);")
        else:
            self._statement_row(node, f"{c_expression(call, self.names)};")

    def _assignment(self, node: Node, left: Node | None, right: Node | None) -> None:
        if left is None or right is None or text_of(left) in self._communicators:
            return
        if right.type == "assignment":
            self._assignment(node, right.child_by_field_name("left"), right.child_by_field_name("right"))
            return
        targets = left.named_children if left.type in {"pattern_list", "tuple_pattern"} else [left]
        values = right.named_children if right.type in {"expression_list", "tuple"} else [right]
        if len(values) != len(targets):
            values = [right] * len(targets)
        written = [self._assigned(target, value) for target, value in zip(targets, values, strict=True)]
        self._statement_row(node, " ".join(written))

    def _assigned(self, target: Node, value: Node) -> str:
        name = c_expression(target, self.names)
        kind = self._scope.kinds.get("".join(text_of(target).split()))
        if kind is not None and kind.is_buffer and kind.extent is not None and value.type == "call":
            extents = kind.extent.named_children if kind.extent.type == "tuple" else [kind.extent]
            count = " * ".join(c_expression(extent, self.names) for extent in extents) or "1"
            return f"{name} = malloc({count} * sizeof({kind.type}));"
        if kind is not None and kind.shape and target.type == "identifier":
            return f"{name}[0] = {c_expression(value, self.names)};"
        return f"{name} = {c_expression(value, self.names)};"


_USUAL = frozenset(
    (
        *("rank", "size", "nprocs", "myid", "my_rank", "myrank", "me", "nproc", "numprocs", "world_size"),
        *("world_rank", "num_procs", "pid", "id", "procid", "num_processes", "ntasks", "p", "np_", "comm_size"),
        *("comm_rank", "n_ranks", "nranks", "rang", "iproc"),
    )
)
"""Names that say by themselves that a call gives them a value."""


def _is_main_guard(node: Node) -> bool:
    condition = text_of(node.child_by_field_name("condition"))
    return "__name__" in condition and not node.children_by_field_name("alternative")
