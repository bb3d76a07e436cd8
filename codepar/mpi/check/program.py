"""The files that make one program, as the replay needs them: functions, macros, types, globals, and who calls MPI.

Headers of the project are read where a source includes them; those of the system are not. Limits: overloads and templates are one
function by name, methods are never entered; a macro is text, expanded where it is called.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from codepar.mpi.check.nodes import Macros, Node, TooDeep, lower
from codepar.syntax.language import Language, language_of, parser_of
from codepar.syntax.tree import SyntaxTree, parse

if TYPE_CHECKING:
    from codepar.mpi.check.finding import Finding
    from codepar.mpi.check.operations import Machine
    from codepar.mpi.check.run import Seen
    from codepar.mpi.check.trace import RankTrace
    from codepar.mpi.check.world import World
    from codepar.mpi.headers import Signatures

_DEFINE = re.compile(r"(\w+)(\(([^()]*)\))?\s*(.*)", re.DOTALL)
_INCLUDE = re.compile(r'"([^"]+)"|<([^>]+)>')
_MPI_NAME = re.compile(r"\bP?MPI_[A-Z]\w*[a-z]\w*\s*\(|\bMPI::")
_MAX_HEADERS = 200
_CALLS = frozenset({"call_expression", "fortran_reference"})


@dataclass(frozen=True, slots=True)
class Macro:
    """``parameters`` is None for a macro without parentheses."""

    name: str
    parameters: tuple[str, ...] | None
    body: str


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a struct: its type and the texts of its dimensions."""

    ctype: str
    pointer_depth: int
    dims: tuple[str, ...]


@dataclass(eq=False)
class Unit:
    """One translation unit with the project's headers that it includes."""

    path: str
    tree: SyntaxTree
    language: Language
    top: list[Node] = field(default_factory=list)
    macros: dict[str, Macro] = field(default_factory=dict)
    functions: dict[str, Node] = field(default_factory=dict)
    prototypes: set[str] = field(default_factory=set)
    typedefs: dict[str, str] = field(default_factory=dict)
    structs: dict[str, dict[str, Field]] = field(default_factory=dict)
    enumerators: dict[str, Node | int] = field(default_factory=dict)
    missing_headers: list[str] = field(default_factory=list)

    @property
    def has_bindings(self) -> bool:
        """Whether the C++ bindings of MPI-2 are used, which the replay does not follow."""
        return b"MPI::" in self.tree.lexis.code

    @property
    def starts_mpi(self) -> bool:
        """Whether the text calls MPI_Init somewhere."""
        return b"MPI_Init" in self.tree.lexis.code

    def constants(self) -> dict[str, str]:
        return {macro.name: macro.body for macro in self.macros.values() if macro.parameters is None}


def load_unit(path: str, files: Mapping[str, str]) -> Unit:
    """Parse a source and the headers of ``files`` that it includes. Raises ``TooDeep``."""
    text = files[path]
    unit = Unit(path, parse(text, path=path), language_of(path, text))
    _join(unit, path, unit.tree, _Headers(files, {path}))
    return unit


@dataclass(frozen=True, slots=True)
class _Headers:
    """The project's files, and which of them were included already."""

    files: Mapping[str, str]
    seen: set[str]


def _join(unit: Unit, path: str, tree: SyntaxTree, headers: _Headers) -> None:
    before = frozenset(unit.macros)
    starts: dict[str, int] = {}
    for directive in tree.lexis.directives:
        if directive.name == "include":
            _include(unit, path, tree.data[directive.start : directive.end], headers)
        elif directive.name == "define":
            name = _define(unit, tree.data[directive.start : directive.end])
            starts.setdefault(name, directive.start)
    included = frozenset(unit.macros) - set(starts)
    root = lower(tree.root, tree.data, path, Macros(unit.constants(), before | included, starts))
    unit.top.append(root)
    _collect(unit, root.kids)


def _include(unit: Unit, path: str, raw: bytes, headers: _Headers) -> None:
    # The lexical view blanks what stands between quotes.
    match = _INCLUDE.search(raw.decode(errors="replace"))
    if match is None:
        return
    name = match[1] or match[2]
    found = _header(path, name, headers.files)
    if found is None:
        if match[1] and posixpath.basename(name) not in {"mpi.h", "omp.h"}:
            unit.missing_headers.append(name)
    elif found not in headers.seen and len(headers.seen) < _MAX_HEADERS:
        headers.seen.add(found)
        _join(unit, found, parse(headers.files[found], unit.language), headers)


def _header(path: str, name: str, files: Mapping[str, str]) -> str | None:
    near = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    if near in files:
        return near
    ending = [other for other in files if other == name or other.endswith("/" + name)]
    return ending[0] if ending else None


def _define(unit: Unit, raw: bytes) -> str:
    text = raw.decode(errors="replace").replace("\\\r\n", " ").replace("\\\n", " ").partition("define")[2].strip()
    text = re.sub(r"/\*.*?\*/|//.*", " ", text, flags=re.DOTALL)
    match = _DEFINE.match(text)
    if match:
        parameters = tuple(part.strip() for part in match[3].split(",") if part.strip()) if match[2] else None
        unit.macros.setdefault(match[1], Macro(match[1], parameters, match[4].strip()))
    return match[1] if match else ""


def _collect(unit: Unit, nodes: Iterable[Node]) -> None:
    for node in nodes:
        if node.type == "function_definition":
            name = function_name(node)
            if name:
                unit.functions.setdefault(name, node)
        elif node.type == "declaration":
            _declaration(unit, node)
        elif node.type == "type_definition":
            _typedef(unit, node)
        elif node.type in {"linkage_specification", "namespace_definition", "declaration_list", "preproc_else", "ERROR"}:
            _collect(unit, node.kids)
        for below in node.kids if node.type in {"declaration", "type_definition", "function_definition"} else (node,):
            _types(unit, below)


def _declaration(unit: Unit, node: Node) -> None:
    for kid in node.kids:
        if kid.type == "function_declarator":
            declarator = kid.fields.get("declarator")
            if declarator is not None and declarator.type == "identifier":
                unit.prototypes.add(declarator.text)


def _typedef(unit: Unit, node: Node) -> None:
    declarator = node.kids[-1] if node.kids else None
    kind = node.fields.get("type")
    if declarator is None or kind is None:
        return
    base = kind.text if kind.type not in {"struct_specifier", "union_specifier", "enum_specifier"} else ""
    if kind.type == "enum_specifier":
        base = "int"
    if kind.type in {"struct_specifier", "union_specifier"}:
        name = kind.fields.get("name")
        base = name.text if name is not None else f"struct@{kind.start}"
    if declarator.type == "type_identifier":
        unit.typedefs.setdefault(declarator.text, base)
    elif declarator.type == "pointer_declarator" and declarator.kids and declarator.kids[-1].type == "type_identifier":
        unit.typedefs.setdefault(declarator.kids[-1].text, base + " *")


def _types(unit: Unit, node: Node) -> None:
    if node.type in {"struct_specifier", "union_specifier", "class_specifier"}:
        name, body = node.fields.get("name"), node.fields.get("body")
        if body is not None:
            unit.structs.setdefault(name.text if name is not None else f"struct@{node.start}", _fields(body))
    elif node.type == "enum_specifier" and (body := node.fields.get("body")) is not None:
        previous = -1
        for kid in body.kids:
            value = kid.fields.get("value")
            name = kid.fields.get("name")
            if name is None:
                continue
            if value is not None and re.fullmatch(r"-?\d+", value.text):
                previous = int(value.text) - 1
            unit.enumerators.setdefault(name.text, value if value is not None and not _is_number(value) else previous + 1)
            previous += 1


def _is_number(node: Node) -> bool:
    return bool(re.fullmatch(r"-?\d+", node.text))


def _fields(body: Node) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for member in body.kids:
        kind = member.fields.get("type")
        if member.type != "field_declaration" or kind is None:
            continue
        base = kind.fields["name"].text if kind.type == "struct_specifier" and "name" in kind.fields else kind.text
        for kid in member.kids:
            depth, dims, current = 0, list[str](), kid
            while current.type in {"pointer_declarator", "array_declarator", "parenthesized_declarator"}:
                if current.type == "pointer_declarator":
                    depth += 1
                elif current.type == "array_declarator":
                    dims.insert(0, current.fields["size"].text if "size" in current.fields else "")
                inner = current.fields.get("declarator") or (current.kids[0] if current.kids else None)
                if inner is None:
                    break
                current = inner
            if current.type == "field_identifier":
                found[current.text] = Field(base, depth, tuple(dims))
    return found


def function_name(node: Node) -> str:
    """The name of a defined function; empty for methods and operators."""
    current = node.fields.get("declarator")
    while current is not None and current.type in {"pointer_declarator", "reference_declarator", "parenthesized_declarator"}:
        current = current.fields.get("declarator") or (current.kids[-1] if current.kids else None)
    if current is None or current.type != "function_declarator":
        return ""
    name = current.fields.get("declarator")
    return name.text if name is not None and name.type == "identifier" else ""


@dataclass(eq=False)
class Program:
    """What one ``main`` (or one library without it) can reach."""

    main: Unit
    units: tuple[Unit, ...]

    def __post_init__(self) -> None:
        self._mpi: dict[str, bool] = {}
        self._expanded: dict[tuple[str, str], Node | None] = {}

    def machine(self, world: World, rank: int, trace: RankTrace) -> Machine:
        """What follows one rank of it."""
        from codepar.mpi.check.operations import Machine

        return Machine(self, world, rank, trace)

    def elements(self, signatures: Signatures) -> dict[str, str]:
        """The C types of the predefined datatypes."""
        return dict(signatures.elements)

    def check_trace(self, trace: RankTrace) -> Iterator[Finding]:
        """What only the program's language can get wrong."""
        yield from ()

    def worded(self, finding: Finding) -> Finding:
        """A finding in the words of the program's language."""
        return finding

    steps = 300_000
    """Steps of all replays of the program together."""

    def tells_at(self, finding: Finding, seen: list[Seen]) -> bool:
        """Whether a finding of one number of ranks stands by itself."""
        return True

    def tells_ranges(self, finding: Finding, seen: list[Seen], wider: list[Seen]) -> bool:
        """Whether larger numbers of ranks showed enough to accuse a call of a rank or count out of range."""
        return True

    def function(self, name: str, unit: Unit) -> tuple[Unit, Node] | None:
        """The definition that a call in ``unit`` means: its own, else the only one of the others."""
        if name in unit.functions:
            return unit, unit.functions[name]
        others = [(other, other.functions[name]) for other in self.units if other is not unit and name in other.functions]
        return others[0] if len(others) == 1 and "main" not in others[0][0].functions else None

    def calls_mpi(self, node: Node, unit: Unit) -> bool:
        """Whether a call of MPI may be made below ``node``, through functions and macros of the program too."""
        key = f"mpi:{unit.path}"
        found = node.cache.get(key)
        if not isinstance(found, bool):
            node.cache[key] = False
            found = any(self._calls(kid, unit) for kid in node.walk() if kid.type in _CALLS)
            node.cache[key] = found
        return found

    def _calls(self, call: Node, unit: Unit) -> bool:
        callee = call.fields.get("function")
        name = callee.text if callee is not None else ""
        if re.match(r"(?:::)?P?MPI_[A-Z]|MPI::", name):
            return name.lstrip(":").removeprefix("P") not in {"MPI_Wtime", "MPI_Wtick"}
        macro = unit.macros.get(name)
        if macro is not None:
            return bool(_MPI_NAME.search(macro.body))
        target = self.function(name, unit)
        if target is None:
            return False
        other, definition = target
        body = definition.fields.get("body")
        return body is not None and self.calls_mpi(body, other)

    def expanded(self, unit: Unit, name: str, arguments: tuple[str, ...], line: int) -> Node | None:
        """The statement that a macro call stands for, every node at ``line``; None where the text is no statement."""
        macro = unit.macros[name]
        body = macro.body
        if macro.parameters is not None:
            if len(macro.parameters) != len(arguments) and "..." not in macro.parameters:
                return None
            named = dict(zip(macro.parameters, arguments, strict=False))
            body = re.sub(r"\w+", lambda match: named.get(match[0], match[0]), body)
        key = (unit.path, f"{line}:{body}")
        if key not in self._expanded:
            self._expanded[key] = _statement(unit, body, line)
        return self._expanded[key]


def _statement(unit: Unit, body: str, line: int) -> Node | None:
    data = f"void f(){{{body};}}".encode()
    if len(data) > 20_000:
        return None
    root = parser_of(unit.language).parse(data).root_node
    if root.has_error:
        return None
    try:
        lowered = lower(root, data, unit.path, Macros(unit.constants(), frozenset(unit.macros), {}), line)
    except TooDeep:
        return None
    return lowered.kids[0].fields.get("body") if lowered.kids else None


def programs(units: Iterable[Unit]) -> Iterator[Program]:
    """One program for each ``main``; without any, the units as a library."""
    made = tuple(units)
    mains = [unit for unit in made if "main" in unit.functions]
    for unit in mains:
        yield Program(unit, made)
