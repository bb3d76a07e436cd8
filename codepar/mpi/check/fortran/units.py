"""The program units of Fortran files: programs, modules, procedures, and which binding of MPI a file uses.

Limits: what stands in ``interface`` blocks is left out; the parts of a type are known by its name alone; a main program may lack
its first statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from codepar.mpi.check.foreign import ForeignUnit
from codepar.mpi.check.fortran.declarations import Entity
from codepar.mpi.check.fortran.lines import Line
from codepar.mpi.check.fortran.preprocess import preprocessed
from codepar.mpi.check.fortran.statements import Reader
from codepar.mpi.check.fortran.tokens import Token, tokens
from codepar.mpi.check.nodes import Node
from codepar.mpi.check.written import At, block, written
from codepar.syntax.fortran import FortranText
from codepar.syntax.language import Language

_PREFIXES = frozenset(
    ["recursive", "pure", "elemental", "impure", "module", "integer", "real", "double", "precision", "doubleprecision", "complex",
     "logical", "character", "type", "non_recursive"]
)  # fmt: skip
_LABEL = re.compile(rb"(\d{1,5})[ \t]*$")
_INCLUDES = re.compile(r"include\s*['\"]mpif?\.?h?", re.IGNORECASE)


@dataclass(eq=False)
class Procedure:
    """A main program, subroutine or function. ``hosted``: it stands behind the ``contains`` of another."""

    name: str
    kind: str
    parameters: tuple[str, ...]
    result: str
    line: int
    hosted: bool = False
    body: Node | None = None
    entities: dict[str, Entity] = field(default_factory=dict)
    is_implicit: bool = True


class FortranUnit(ForeignUnit):
    """One file."""

    has_default_kinds = True
    """Whether ``real`` and ``integer`` have the bytes that compilers give them without an option."""

    def __init__(self, path: str, text: str, files: Mapping[str, str]) -> None:
        super().__init__(path, Language.FORTRAN, starts_mpi=re.search(r"mpi_init", text, re.IGNORECASE) is not None)
        self.view = FortranText(preprocessed(text, path, files), path)
        self.lines = list(_lines(self.view))
        self.bindings = _bindings(self.lines, text)
        self.procedures: list[Procedure] = []
        self.types: dict[str, list[Entity]] = {}
        self.module_entities: dict[str, Entity] = {}
        _Units(self).read()


def _lines(view: FortranText) -> Iterator[Line]:
    for one in view.statements:
        found = tuple(tokens(view, one.start, one.end))
        if found:
            before = _LABEL.search(view.code[max(0, one.start - 8) : one.start]) if one.labelled else None
            text = view.data[one.start : one.end].decode(errors="replace")
            yield Line(found, before[1].decode().lstrip("0") if before else "", view.line_at(one.start), text)


def _bindings(lines: list[Line], text: str) -> frozenset[str]:
    used = set[str]()
    for line in lines:
        words = [token.text.lower() for token in line.tokens]
        if words[:1] == ["use"]:
            used |= {word for word in words[1:5] if word in {"mpi", "mpi_f08"}}
    if re.search(r"include\s*['\"<]mpif\.h", text, re.IGNORECASE):
        used.add("mpif.h")
    return frozenset(used)


class _Units:
    """Reads one file into its unit."""

    def __init__(self, unit: FortranUnit) -> None:
        self.unit = unit
        self.reader = Reader(unit.lines, unit.path)
        self.top: list[Node] = []

    def read(self) -> None:
        reader = self.reader
        while reader.position < len(reader.lines):
            line = reader.lines[reader.position]
            head = _head(line.tokens)
            if head is not None:
                reader.position += 1
                self._procedure(head, line)
            elif line.head(1) in {"module", "submodule"} and "procedure" not in line.head(2):
                reader.position += 1
                self._module()
            elif line.head(1) in {"end", "contains"} or line.head(1).startswith("end"):
                reader.position += 1
            else:
                self._procedure(("main", "program", (), ""), line)
        self.unit.top.append(written("translation_unit", "", At(self.unit.path, 1, 0), *self.top))

    def _module(self) -> None:
        nodes = self.reader.body(_ends_unit)
        self._note(nodes, self.unit.module_entities)
        self.top += [node for node in nodes if node.type in {"declaration", "fortran_dimension"}]
        self._contained(hosted=False)

    def _contained(self, *, hosted: bool) -> None:
        """Procedures behind ``contains``, and the end of their host."""
        reader = self.reader
        while reader.position < len(reader.lines):
            line = reader.lines[reader.position]
            head = _head(line.tokens)
            if head is not None:
                reader.position += 1
                self._procedure(head, line, hosted=hosted)
                continue
            reader.position += 1
            if line.head(1).startswith("end"):
                return

    def _procedure(self, head: tuple[str, str, tuple[str, ...], str], line: Line, *, hosted: bool = False) -> None:
        made = Procedure(*head, line.number, hosted)
        self.unit.procedures.append(made)
        reader = self.reader
        nodes = reader.body(_ends_unit)
        if reader.position < len(reader.lines) and not _ends_unit(reader.lines[reader.position]):
            nodes.append(written("fortran_broken", line.text, At(self.unit.path, line.number, line.tokens[0].start)))
            reader.position += 1
        made.is_implicit = not any(self._implicit_none(line.number, reader.position))
        self._note(nodes, made.entities)
        contains = reader.position < len(reader.lines) and reader.lines[reader.position].head(1) == "contains"
        at = At(self.unit.path, line.number, line.tokens[0].start)
        if contains and made.kind == "program":
            # The variables of a main program are seen by the procedures in it, and there is one of each.
            self.top += [node for node in nodes if node.type in {"declaration", "fortran_dimension"}]
            self.unit.module_entities |= made.entities
            nodes = [node for node in nodes if node.type not in {"declaration", "fortran_dimension"}]
        made.body = block(nodes, at)
        if line.head(1) != "program" and made.kind == "program" and not self._is_closed:
            return  # a part that other files include
        definition = written("function_definition", made.name, at, body=made.body)
        definition.cache["procedure"] = made
        self.unit.functions.setdefault("main" if made.kind == "program" else made.name, definition)
        if contains:
            reader.position += 1
            self._contained(hosted=True)
        elif reader.position < len(reader.lines) and reader.lines[reader.position].head(1).startswith("end"):
            reader.position += 1

    @property
    def _is_closed(self) -> bool:
        """Whether the statement that ends a program is next."""
        position, lines = self.reader.position, self.reader.lines
        return position < len(lines) and lines[position].head(1) in {"end", "endprogram", "contains"}

    def _implicit_none(self, first: int, position: int) -> Iterator[bool]:
        for line in self.reader.lines[:position]:
            if line.number >= first and line.head() == "implicitnone":
                yield True

    def _note(self, nodes: list[Node], entities: dict[str, Entity]) -> None:
        for node in nodes:
            if node.type == "declaration":
                listed = node.cache.get("entities")
                entities |= {one.name: one for one in listed if isinstance(one, Entity)} if isinstance(listed, list) else {}
            elif node.type == "fortran_dimension":
                shapes = node.cache.get("shapes")
                for name, dims in shapes.items() if isinstance(shapes, dict) else ():
                    if name in entities:
                        entities[name].dims = dims
            elif node.type == "fortran_type":
                name, members = node.cache.get("name"), node.cache.get("members")
                if isinstance(name, str) and isinstance(members, list):
                    self.unit.types[name] = [one for one in members if isinstance(one, Entity)]


def _head(listed: tuple[Token, ...]) -> tuple[str, str, tuple[str, ...], str] | None:
    """Name, kind, parameters and result of a procedure that a statement opens."""
    texts = [token.text for token in listed]
    if texts[:1] == ["program"] and len(texts) == 2:
        return "main", "program", (), ""
    for index, word in enumerate(texts[:14]):
        if word in {"subroutine", "function"} and index + 1 < len(texts) and listed[index + 1].kind == "name":
            return _signature(texts[index:])
        in_type = index > 0 and (
            word in {"(", ")", "*", "=", ",", "kind", "len", ":"} or listed[index].kind == "integer" or "(" in texts[:index]
        )
        if word not in _PREFIXES and not in_type:
            return None
    return None


def _signature(texts: list[str]) -> tuple[str, str, tuple[str, ...], str] | None:
    kind, name, rest = texts[0], texts[1], texts[2:]
    if rest[:1] not in (["("], [], ["bind"]):
        return None
    closing = rest.index(")") if ")" in rest else 0
    parameters = tuple(text for text in rest[1:closing] if text != ",")
    result = rest[rest.index("result") + 2] if "result" in rest[closing:] and len(rest) > rest.index("result") + 2 else name
    return name, kind, parameters, result if kind == "function" else ""


def _ends_unit(line: Line) -> bool:
    first = line.head(1)
    if first == "contains" or (first == "end" and len(line.tokens) == 1):
        return True
    if re.match(r"end(?:program|subroutine|function|module|submodule|procedure)", line.head(2)):
        return True
    return _head(line.tokens) is not None
