"""What the objects of a Python program are to MPI: told by data flow from ``MPI.`` names, else by the names people give them.

Flow is followed through assignments, loops, ``with``, defaults, annotations and ``append`` of one file, by name and in any order;
a list has the kind of its elements. Limits: what a function of the program returns is not followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from tree_sitter import Node

from codepar.mpi.python.methods import CLASSES, distinctive, methods
from codepar.syntax.tree import SyntaxTree
from codepar.syntax.variables import text_of

_MODULE, _CLASS = "module", "class:"
_CONVENTIONAL = {
    "comm": re.compile(r"(?:^|_)(?:\w*comm|communicator|comm\w*)\d*(?:_|$)|^(?:comm_)?world$", re.IGNORECASE),
    "request": re.compile(r"(?:^|_)(?:[a-z]*reqs?|[a-z]*requests?)\d*$", re.IGNORECASE),
    "win": re.compile(r"(?:^|_)(?:rma_?)?win(?:dow)?s?\d*$", re.IGNORECASE),
    "file": re.compile(r"^(?:fh|mpi_?file|mpi_?fh)\d*$", re.IGNORECASE),
    "status": re.compile(r"(?:^|_)stat(?:us)?(?:es)?\d*$", re.IGNORECASE),
}
_CONSTANTS = {"COMM": "comm", "REQUEST": "request", "WIN": "win", "FILE": "file", "GROUP": "group", "INFO": "info"}
_OPERATIONS = frozenset(
    ["MAX", "MIN", "SUM", "PROD", "LAND", "BAND", "LOR", "BOR", "LXOR", "BXOR", "MAXLOC", "MINLOC", "REPLACE", "NO_OP"]
)
_BINDINGS = (
    "[(assignment) (augmented_assignment) (named_expression) (for_statement) (for_in_clause) (as_pattern) (default_parameter)"
    " (typed_parameter) (typed_default_parameter)] @it"
)
_ELEMENTS = frozenset({"list", "tuple", "set", "expression_list", "parenthesized_expression", "boolean_operator"})
_ROUNDS = 4
_MAX_DEPTH = 60


class Receivers:
    """The kinds (see ``methods``) of expressions in one parsed program."""

    def __init__(self, tree: SyntaxTree) -> None:
        self._tree = tree
        self._kinds: dict[str, str] = {}
        self._functions: dict[str, str] = {}
        self._told: dict[tuple[int, int, str], str | None] = {}
        self._depth = 0
        self._read_imports()
        self._follow()

    @cached_property
    def speaks_mpi(self) -> bool:
        """Whether the text mentions MPI at all: without that, conventional names mean nothing."""
        return re.search(r"mpi", self._tree.text, re.IGNORECASE) is not None

    def names_of(self, kind: str) -> list[str]:
        """The names that data flow tells to be of a kind: ``comm``, or ``module`` for MPI itself; dotted ones included."""
        return [name for name, found in self._kinds.items() if found == kind]

    def given_by(self, function: Node) -> str | None:
        """What a call of ``function`` gives, when that is a call of MPI; None when it is not."""
        if function.type == "identifier":
            return self._functions.get(text_of(function))
        receiver, name = function.child_by_field_name("object"), text_of(function.child_by_field_name("attribute"))
        if function.type != "attribute" or receiver is None:
            return None
        kind = self.kind(receiver)
        if kind is not None:
            return methods().get(kind.removeprefix(_CLASS), {}).get(name)
        if (
            not self.speaks_mpi
            or text_of(receiver) in {"self", "cls"}
            or receiver.type not in {"identifier", "attribute", "subscript"}
        ):
            return None
        conventional = self._conventional(text_of(receiver))
        if conventional is not None and name in methods()[conventional]:
            return methods()[conventional][name]
        return None if self._is_module(receiver) else distinctive().get(name)

    def is_unknown_to_mpi(self, function: Node) -> bool:
        """Whether ``function`` is a name like that of a call (``MPI.Get_adress``) that nothing of MPI has."""
        receiver, name = function.child_by_field_name("object"), text_of(function.child_by_field_name("attribute"))
        if function.type != "attribute" or receiver is None or not name[:1].isupper() or self.kind(receiver) != _MODULE:
            return False
        return name not in methods()[_MODULE] and name not in CLASSES and name != "Exception"

    def kind(self, node: Node) -> str | None:
        """The kind of an expression by data flow alone; of one that nests very deep none is told."""
        place = (node.start_byte, node.end_byte, node.type)
        if place in self._told:
            return self._told[place]
        if self._depth > _MAX_DEPTH:
            return None
        self._depth += 1
        try:
            # Chains of calls ask for the same receiver in several ways.
            told = self._told[place] = self._kind(node)
            return told
        finally:
            self._depth -= 1

    def _kind(self, node: Node) -> str | None:
        if node.type in {"identifier", "attribute"}:
            return self._named(node)
        if node.type == "call":
            function = node.child_by_field_name("function")
            return self._constructed(function) if function is not None else None
        if node.type == "subscript":
            value = node.child_by_field_name("value")
            return self.kind(value) if value is not None else None
        if node.type in _ELEMENTS or node.type == "conditional_expression":
            return next((kind for child in node.named_children if (kind := self.kind(child))), None)
        if node.type in {"list_comprehension", "generator_expression"}:
            body = node.child_by_field_name("body")
            return self.kind(body) if body is not None else None
        return None

    def _named(self, node: Node) -> str | None:
        text = text_of(node)
        if text in self._kinds:
            return self._kinds[text]
        if node.type == "attribute":
            receiver = node.child_by_field_name("object")
            if receiver is not None and self.kind(receiver) == _MODULE:
                return _of_module(text_of(node.child_by_field_name("attribute")))
        return _MODULE if text in {"MPI", "mpi4py.MPI"} else None

    def _constructed(self, function: Node) -> str | None:
        """What a call makes: an object of a class of MPI, or what a method gives."""
        kind = self.kind(function)
        if kind is not None and kind.startswith(_CLASS):
            return kind.removeprefix(_CLASS)
        given = self.given_by(function)
        return given if given in methods() else None

    def _conventional(self, text: str) -> str | None:
        last = re.sub(r"\[.*", "", text, flags=re.DOTALL).rsplit(".", 1)[-1]
        return next((kind for kind, pattern in _CONVENTIONAL.items() if pattern.search(last)), None)

    def _is_module(self, receiver: Node) -> bool:
        """Whether the receiver was imported as a module other than MPI."""
        return text_of(receiver) in self._modules

    @cached_property
    def _modules(self) -> frozenset[str]:
        nodes = self._tree.capture("(import_statement) @it")
        return frozenset(alias or name for node in nodes for name, alias in _imported(node))

    def _read_imports(self) -> None:
        for node in self._tree.capture("[(import_statement) (import_from_statement)] @it"):
            source = text_of(node.child_by_field_name("module_name")) if node.type == "import_from_statement" else ""
            if source == "mpi4py.MPI" and any(child.type == "wildcard_import" for child in node.children):
                self._functions |= methods()[_MODULE]
                self._kinds |= {"COMM_WORLD": "comm", "COMM_SELF": "comm"} | {
                    name: _CLASS + kind for name, kind in CLASSES.items()
                }
            for name, alias in _imported(node):
                if (source == "mpi4py" and name == "MPI") or name == "mpi4py.MPI":
                    self._kinds[alias or name] = _MODULE
                elif source == "mpi4py.MPI" and name in methods()[_MODULE]:
                    self._functions[alias or name] = methods()[_MODULE][name]
                elif source == "mpi4py.MPI" and (kind := _of_module(name)):
                    self._kinds[alias or name] = kind

    def _follow(self) -> None:
        """Follow what is bound to what until nothing new is learnt."""
        bindings = [pair for node in self._tree.capture(_BINDINGS) for pair in _pairs(node)]
        bindings += [pair for node in self._tree.capture("(call) @it") if (pair := _appended(node))]
        for _ in range(_ROUNDS):
            self._told.clear()
            known = len(self._kinds)
            for target, value in bindings:
                name = re.sub(r"\[.*\]$", "", text_of(target), flags=re.DOTALL)
                kind = self.kind(value) or (self._annotated(value) if value.type == "type" else None)
                if kind is not None and name not in self._kinds:
                    self._kinds[name] = kind
            if len(self._kinds) == known:
                break
        self._told.clear()

    def _annotated(self, annotation: Node) -> str | None:
        names = re.findall(r"\w+", text_of(annotation))
        return next(
            (CLASSES[name] for name in names if name in CLASSES and name not in {"File", "Message", "Status", "Group"}), None
        )


def _of_module(name: str) -> str | None:
    """What ``MPI.name`` is."""
    if name in CLASSES:
        return _CLASS + CLASSES[name]
    head = name.split("_", 1)[0]
    if head in _CONSTANTS:
        return _CONSTANTS[head]
    if name in _OPERATIONS:
        return "op"
    return "datatype" if name.isupper() and "_" not in name else None


def _imported(node: Node) -> Iterator[tuple[str, str | None]]:
    """The names that an import names, each with its alias."""
    for child in node.children_by_field_name("name"):
        if child.type == "aliased_import":
            yield text_of(child.child_by_field_name("name")), text_of(child.child_by_field_name("alias"))
        else:
            yield text_of(child), None


def _pairs(node: Node) -> Iterator[tuple[Node, Node]]:
    """What is bound to what by a node of ``_BINDINGS``."""
    if node.type == "as_pattern":
        alias = node.child_by_field_name("alias")
        if alias is not None and alias.named_children:
            yield alias.named_children[0], node.named_children[0]
        return
    target = node.child_by_field_name("left") or node.child_by_field_name("name")
    value = node.child_by_field_name("right") or node.child_by_field_name("value")
    annotation = node.child_by_field_name("type")
    if target is None and node.type == "typed_parameter":
        target = node.named_children[0]
    if target is not None and annotation is not None:
        yield target, annotation
    if target is None or value is None:
        return
    names, values = _parts(target), _parts(value)
    if len(names) > 1 and len(names) == len(values):
        yield from zip(names, values, strict=True)
    elif len(names) == 1:
        yield names[0], value


def _parts(node: Node) -> list[Node]:
    return node.named_children if node.type in {"pattern_list", "tuple_pattern", "expression_list"} else [node]


def _appended(node: Node) -> tuple[Node, Node] | None:
    """The list and the element of ``requests.append(...)``."""
    function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if function is None or arguments is None or function.type != "attribute" or len(arguments.named_children) != 1:
        return None
    receiver = function.child_by_field_name("object")
    if receiver is None or text_of(function.child_by_field_name("attribute")) not in {"append", "extend", "add", "put"}:
        return None
    return receiver, arguments.named_children[0]
