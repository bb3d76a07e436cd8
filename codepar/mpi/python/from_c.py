"""Proposed calls in the C reading of a Python program as calls of mpi4py: the method, its object, its arguments.

A method that gives a value fills a hole; one that stands alone takes buffers (``Send``, ``Bcast``). Limits: the calls of
``_SAID``; others are refused. Counts and datatypes are left to the buffers, as mpi4py does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tree_sitter import Node

from codepar.mpi.python.expressions import Names
from codepar.mpi.unsayable import Unsayable
from codepar.syntax.language import Language
from codepar.syntax.tree import parse
from codepar.syntax.variables import text_of

_OPERATORS = {"&&": "and", "||": "or", "/": "//"}
_FUNCTIONS = frozenset({"len", "min", "max", "abs", "sum"})


@dataclass(frozen=True, slots=True)
class Said:
    """A call of mpi4py: the text of what is called and its arguments."""

    function: str
    arguments: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"{self.function}({', '.join(self.arguments)})"


@dataclass(frozen=True)
class Speaker:
    """Says calls in one scope. ``module``: its name of MPI; ``world``: its communicator; ``visible``: names in scope."""

    module: str
    world: str
    names: Names
    visible: frozenset[str]
    buffers: frozenset[str]

    def said(self, function: str, arguments: tuple[str, ...], *, target: str | None) -> Said:
        """A call; ``target``: what its value is assigned to, "" where it is used at once, None without. Raises ``Unsayable``."""
        write = _SAID.get(function)
        if write is None:
            raise Unsayable(f"name: {function} is not said in mpi4py")
        method, given = write(_Call(self, arguments, target))
        holder = self.module if method.startswith(("Wtime", "Get_processor", "Request.", "Init", "Finalize")) else self.world
        if not holder:
            raise Unsayable("scope: the program has no name for MPI")
        return Said(f"{holder}.{method}", tuple(text for text in given if text))

    def term(self, text: str) -> str:
        """A C expression as Python. Raises ``Unsayable``."""
        tree = parse(f"void f(void) {{ x = {text}; }}", Language.C)
        found = tree.capture("(assignment_expression) @it")
        value = found[0].child_by_field_name("right") if found else None
        if tree.errors or value is None:
            raise Unsayable(f"argument: `{text}` cannot be read")
        return self._term(value)

    def name(self, text: str) -> str:
        """A name of the program. Raises ``Unsayable``."""
        python = self.names.written.get(text, text)
        if python not in self.visible:
            raise Unsayable(f"scope: `{python}` is not in scope")
        return python

    def _term(self, node: Node) -> str:
        kind, text = node.type, text_of(node)
        if kind == "number_literal":
            return text
        if kind == "identifier" and text.startswith("MPI_"):
            return f"{self.module}.{text[4:]}"
        if kind == "identifier":
            return self.name(text)
        if kind in {"pointer_expression", "cast_expression"} and not text.startswith("*"):
            inner = node.child_by_field_name("argument") or node.child_by_field_name("value")
            return self._term(inner) if inner is not None else text
        if kind == "parenthesized_expression":
            return f"({self._term(node.named_children[0])})"
        if kind == "unary_expression" and text.startswith("-"):
            return f"-{self._term(node.named_children[0])}"
        if kind == "binary_expression":
            sides = [self._term(side) for name in ("left", "right") if (side := node.child_by_field_name(name)) is not None]
            operator = text_of(node.child_by_field_name("operator"))
            return f"{sides[0]} {_OPERATORS.get(operator, operator)} {sides[1]}"
        return self._reference(node)

    def _reference(self, node: Node) -> str:
        text = text_of(node)
        if node.type == "subscript_expression":
            index, argument = node.child_by_field_name("index"), node.child_by_field_name("argument")
            if index is not None and argument is not None:
                return f"{self._term(argument)}[{self._term(index)}]"
        if node.type == "call_expression" and text_of(node.child_by_field_name("function")) in _FUNCTIONS:
            listed = node.child_by_field_name("arguments")
            inside = [self._term(child) for child in listed.named_children] if listed is not None else []
            return f"{text_of(node.child_by_field_name('function'))}({', '.join(inside)})"
        raise Unsayable(f"argument: `{text}` has no like in Python")


@dataclass(frozen=True)
class _Call:
    """One call that is being said."""

    speaker: Speaker
    given: tuple[str, ...]
    target: str | None

    @property
    def gives(self) -> bool:
        return self.target is not None

    def term(self, index: int) -> str:
        return self.speaker.term(self.given[index])

    def data(self, index: int) -> str:
        """What is sent: the whole variable, elements where it is indexed."""
        text = self.given[index]
        if text in {"MPI_IN_PLACE", "NULL"}:
            return f"{self.speaker.module}.IN_PLACE" if text == "MPI_IN_PLACE" else "None"
        return re.sub(r"\[0\]$", "", self.term(index))

    def buffer(self, index: int) -> str:
        """What a method without a value sends or fills must be an array."""
        text = self.data(index)
        word = re.match(r"[\w.]+", text)
        if word is None or (word[0] not in self.speaker.buffers and text != f"{self.speaker.module}.IN_PLACE"):
            raise Unsayable(f"buffer: `{text}` is no array")
        return text

    def keyword(self, name: str, index: int, default: str = "") -> str:
        """An argument by its name; nothing where it says what is so anyway."""
        value = self.term(index)
        return "" if value == default else f"{name}={value}"

    def tag(self, index: int, name: str = "tag") -> str:
        if self.given[index] == "MPI_ANY_TAG":
            return ""
        return self.keyword(name, index, "0")

    def operation(self, index: int) -> str:
        return f"op={self.term(index)}"


def _send(method: str) -> Callable[[_Call], tuple[str, list[str]]]:
    def write(call: _Call) -> tuple[str, list[str]]:
        data = call.data(0)
        name = method.capitalize() if data.split("[")[0] in call.speaker.buffers else method
        return name, [data, call.keyword("dest", 3), call.tag(4)]

    return write


def _receive(method: str) -> Callable[[_Call], tuple[str, list[str]]]:
    def write(call: _Call) -> tuple[str, list[str]]:
        source = "" if call.given[3] == "MPI_ANY_SOURCE" else call.keyword("source", 3)
        if call.gives and not (method == "irecv" and call.data(0).split("[")[0] in call.speaker.buffers):
            return method, [source, call.tag(4)]
        return method.capitalize(), [call.buffer(0), source, call.tag(4)]

    return write


def _rooted(method: str, root: int, second: int) -> Callable[[_Call], tuple[str, list[str]]]:
    def write(call: _Call) -> tuple[str, list[str]]:
        if call.gives:
            return method, [call.data(0), call.keyword("root", root)]
        return method.capitalize(), [call.buffer(0), call.buffer(second), call.keyword("root", root)]

    return write


def _reduce(method: str, operation: int, root: int) -> Callable[[_Call], tuple[str, list[str]]]:
    def write(call: _Call) -> tuple[str, list[str]]:
        last = call.keyword("root", root) if root else ""
        if call.gives:
            return method, [call.data(0), call.operation(operation), last]
        return method.capitalize(), [call.buffer(0), call.buffer(1), call.operation(operation), last]

    return write


def _bcast(call: _Call) -> tuple[str, list[str]]:
    if call.gives:
        return "bcast", [call.target or call.data(0), call.keyword("root", 3)]
    return "Bcast", [call.buffer(0), call.keyword("root", 3)]


def _every(method: str, second: int) -> Callable[[_Call], tuple[str, list[str]]]:
    def write(call: _Call) -> tuple[str, list[str]]:
        if call.gives:
            return method, [call.data(0)]
        return method.capitalize(), [call.buffer(0), call.buffer(second)]

    return write


def _plain(method: str) -> Callable[[_Call], tuple[str, list[str]]]:
    return lambda call: (method, [])


_SAID: Mapping[str, Callable[[_Call], tuple[str, list[str]]]] = {
    "MPI_Comm_rank": _plain("Get_rank"),
    "MPI_Comm_size": _plain("Get_size"),
    "MPI_Wtime": _plain("Wtime"),
    "MPI_Get_processor_name": _plain("Get_processor_name"),
    "MPI_Barrier": _plain("Barrier"),
    "MPI_Send": _send("send"),
    "MPI_Ssend": _send("ssend"),
    "MPI_Isend": _send("isend"),
    "MPI_Recv": _receive("recv"),
    "MPI_Irecv": _receive("irecv"),
    "MPI_Bcast": _bcast,
    "MPI_Scatter": _rooted("scatter", 6, 3),
    "MPI_Gather": _rooted("gather", 6, 3),
    "MPI_Allgather": _every("allgather", 3),
    "MPI_Alltoall": _every("alltoall", 3),
    "MPI_Reduce": _reduce("reduce", 4, 5),
    "MPI_Allreduce": _reduce("allreduce", 4, 0),
    "MPI_Scan": _reduce("scan", 4, 0),
    "MPI_Exscan": _reduce("exscan", 4, 0),
}
