"""The Python files of a project: functions, imported names, which calls are MPI's, where MPI starts.

Limits: what ``import *`` brings is unknown but for ``mpi4py.MPI``; functions inside functions are known where they are defined.
"""

from __future__ import annotations

import ast
import warnings
from functools import cached_property

from codepar.mpi.check.foreign import ForeignUnit
from codepar.mpi.check.nodes import Node
from codepar.mpi.check.program import Program
from codepar.mpi.check.python.statements import Lowering
from codepar.mpi.check.written import At, block, written
from codepar.mpi.python.calls import find_calls
from codepar.syntax.language import Language
from codepar.syntax.tree import parse


class PythonUnit(ForeignUnit):
    """One file. Raises ``SyntaxError`` where it is not Python 3, ``RecursionError`` where it nests too deeply."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__(path, Language.PYTHON, starts_mpi="MPI.Init" in text)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an unusual escape is no matter of this check
            tree = ast.parse(text)
        self.syntax = tree
        self.mpi_names: dict[str, str] = {}
        self.modules: dict[str, str] = {}
        self.global_names: set[str] = set()
        self.import_line = 1
        self.mpi_calls = _mpi_calls(text)
        self.initializes = True
        for node in ast.walk(tree):
            self._note(node)
        self._lower(tree, text)

    def _note(self, node: ast.AST) -> None:
        if isinstance(node, ast.Global):
            self.global_names |= set(node.names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == "mpi4py.MPI":
                    self.mpi_names[alias.asname or "mpi4py"] = "MPI" if alias.asname else "mpi4py"
                self.modules[alias.asname or alias.name.partition(".")[0]] = _short(alias.name, alias.asname)
        elif isinstance(node, ast.ImportFrom):
            self._note_from(node)
        elif isinstance(node, ast.Assign) and any(ast.unparse(one) in _SWITCHES for one in node.targets):
            self.initializes = False
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {"mpi4py.rc", "rc"}:
            self.initializes = self.initializes and not any(one.arg == "initialize" for one in node.keywords)

    def _note_from(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            name = alias.asname or alias.name
            if node.module == "mpi4py" and alias.name == "MPI":
                self.mpi_names[name], self.import_line = "MPI", node.lineno
            elif node.module == "mpi4py.MPI" and alias.name != "*":
                self.mpi_names[name], self.import_line = alias.name, node.lineno
            elif node.module == "mpi4py.MPI":
                self.mpi_names |= {one: one for one in ("COMM_WORLD", "COMM_SELF", "ANY_SOURCE", "ANY_TAG", "SUM", "MAX", "MIN")}
            elif node.module:
                self.modules[name] = f"{_short(node.module, None)}.{alias.name}"

    @property
    def starts_by_itself(self) -> bool:
        """Whether importing mpi4py starts MPI."""
        return self.initializes

    def _lower(self, tree: ast.Module, text: str) -> None:
        lowering = Lowering(self.path, text, self.mpi_calls)
        at = At(self.path, 1, 0)
        begin, finish = written("python_begin", "", at), written("python_finish", "", At(self.path, text.count("\n") + 1, 1))
        body = lowering.body(tree.body, at)
        self.functions["main"] = written("function_definition", "main", at, body=block([begin, *body.kids, finish], at))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name not in self.methods:
                self._define(node, lowering)

    def _define(self, node: ast.FunctionDef, lowering: Lowering) -> None:
        made = written("function_definition", node.name, lowering.at(node), body=lowering.body(node.body, lowering.at(node)))
        made.cache["ast"] = node
        plain = not node.decorator_list and not any(isinstance(one, ast.Yield | ast.YieldFrom) for one in ast.walk(node))
        if plain and node.name != "main" and node.name not in self.functions:
            self.functions[node.name] = made
        elif plain and node.name == "main":
            self.functions["main()"] = made

    @cached_property
    def methods(self) -> dict[str, list[ast.FunctionDef]]:
        """The functions of classes, by name."""
        found: dict[str, list[ast.FunctionDef]] = {}
        for node in ast.walk(self.syntax):
            for one in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(one, ast.FunctionDef):
                    found.setdefault(one.name, []).append(one)
        return found

    def speaks(self, node: ast.AST) -> bool:
        """Whether a part of this file calls MPI itself."""
        return any(isinstance(one, ast.Call) and (one.lineno, one.col_offset) in self.mpi_calls for one in ast.walk(node))

    def may_communicate(self, name: str, program: Program) -> bool:
        """Whether a method or class of the program by that name may call MPI, or something decorated, or of a file not here."""
        if any(isinstance(unit, PythonUnit) and name in unit.communicating for unit in program.units):
            return True
        module = self.modules.get(name)
        return module is not None and not module.startswith("MPI")

    @cached_property
    def communicating(self) -> frozenset[str]:
        """Methods, classes, and functions that cannot be entered (generators, decorated ones), that call MPI."""
        found = {name for name, listed in self.methods.items() if any(self.speaks(one) for one in listed)}
        for node in ast.walk(self.syntax):
            entered = isinstance(node, ast.FunctionDef) and node.name in self.functions
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not entered and self.speaks(node):
                found.add(node.name)
        return frozenset(found)

    def body(self) -> Node:
        return self.functions["main"].fields["body"]


_SWITCHES = frozenset({"mpi4py.rc.initialize", "rc.initialize"})


def _short(module: str, alias: str | None) -> str:
    root = module if alias else module.partition(".")[0]
    return {"numpy": "np"}.get(root, root)


def _mpi_calls(text: str) -> dict[tuple[int, int], str]:
    """Line and column (in bytes, as Python counts them) of the calls of MPI."""
    tree = parse(text, Language.PYTHON)
    found: dict[tuple[int, int], str] = {}
    for call in find_calls(tree).calls:
        line = tree.data.count(b"\n", 0, call.start) + 1
        column = call.start - (tree.data.rfind(b"\n", 0, call.start) + 1)
        found[(line, column)] = call.function
    return found
