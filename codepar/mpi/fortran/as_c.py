"""A Fortran text read as a C text of the same lines: what completion knows of C programs then holds for it.

Line n of the result says what line n of the program says, in lower case; statements that mean nothing to MPI (``use``,
``format``) are blank there. The error code of the calls is left out: C has none among the arguments. Limits: the result is read
by rules and models, never compiled; ``common`` and ``equivalence`` are not followed; see ``expressions`` for what is simplified.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from codepar.mpi.fortran.holes import HOLE
from codepar.mpi.fortran.statements import Scope, Writer
from codepar.mpi.fortran.units import Entity, Unit, ends_unit, entities_of, unit_started
from codepar.syntax.fortran import FortranText

_SILENT = re.compile(r"(?:use\b|implicit\b|include\b|import\b|save\b|external\b|intrinsic\b|private\b|public\b|format[ ]*\(|#)")
_BINDING = re.compile(r"use[ ]*(?:,[^:]*)?(?:::)?[ ]*(mpi_f08|mpi)\b|include[ ]*['\"]")
_MPIF = re.compile(rb"(?i)^[ \t]*include[ \t]*['\"]mpif\.h['\"]|^#[ \t]*include[ \t]*[\"<]mpif\.h", re.MULTILINE)
_WORD = re.compile(r"(?<![\w.%\"'])[a-z]\w*(?![\w\"'])(?![ ]*\()")
_ERROR_CODE = re.compile(r"i?_?(?:mpi_?)?(?:err|error|ierr|ierror|errcode|error_?code|rc|info|istat|stat|merror|mpierr)\w{0,6}")
_WORDS = frozenset(
    (
        *(
            "if",
            "then",
            "else",
            "elseif",
            "endif",
            "end",
            "do",
            "enddo",
            "while",
            "call",
            "return",
            "stop",
            "exit",
            "cycle",
            "goto",
        ),
        *("go", "to", "print", "write", "read", "open", "close", "allocate", "deallocate", "select", "case", "default", "where"),
        *("continue", "true", "false", "and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge", "fmt", "unit", "iostat", "file"),
        *("status", "only", "none", "kind", "result", "program", "contains", "subroutine", "function", "module", "block", "in"),
        *("concurrent", "error", "advance", "endprogram", "rewind", "flush", "eqv", "neqv", "out", "inout", "intent", "stat"),
        *("source", "mold", "optional", "dimension", "parameter"),
    )
)


@dataclass(frozen=True, slots=True)
class _Said:
    """A statement: its code in lower case with holes as names, its label, its line (1-based)."""

    text: str
    label: str
    line: int


class ReadAsC:
    """The reading of one program. ``source`` is the C text, ``units`` the program units in their order."""

    def __init__(self, text: str, path: str | None, constants: frozenset[str]) -> None:
        self.view = FortranText(text, path)
        self.constants = constants
        self._statements = tuple(self._said())
        self.units: list[Unit] = []
        self._unit_of: list[Unit | None] = []
        self._in_types = frozenset(self._statements_in_types())
        self._find_units()
        for unit in self.units:
            unit.binding = unit.binding or ("mpif.h" if _MPIF.search(self.view.data) else "")

    def _said(self) -> list[_Said]:
        code = bytearray(self.view.code)
        holes = {match.start(): match for match in HOLE.finditer(self.view.data.decode("latin-1"))}
        found = []
        for statement in self.view.statements:
            pieces, position, end = list[str](), statement.start, statement.end
            for start in sorted(start for start in holes if statement.start <= start < statement.end):
                pieces += [code[position:start].decode("latin-1"), _HOLES[holes[start]["type"]]]
                position = max(position, holes[start].end())
            text = "".join((*pieces, code[position : max(position, end)].decode("latin-1")))
            before = code[code.rfind(b"\n", 0, statement.start) + 1 : statement.start].decode("latin-1")
            label = before.split(";")[-1].strip() if statement.labelled else ""
            found.append(_Said(" ".join(text.lower().split()), label, self.view.line_at(statement.start)))
        return found

    def _statements_in_types(self) -> Iterator[int]:
        """The numbers of the statements that define derived types."""
        inside = False
        for number, said in enumerate(self._statements):
            inside = inside or _TYPE_BEGINS.match(said.text) is not None
            if inside:
                yield number
            inside = inside and not re.match(r"end ?type\b", said.text)

    def _find_units(self) -> None:
        stack, interface = list[Unit](), 0
        for number, said in enumerate(self._statements):
            if re.match(r"(?:abstract )?interface\b", said.text):
                interface += 1
            elif re.match(r"end ?interface\b", said.text):
                interface -= 1
            if interface > 0:
                self._unit_of.append(None)
                continue
            started = unit_started(said.text, number, stack[-1] if stack else None)
            if (
                started is None
                and not stack
                and number not in self._in_types
                and not ends_unit(said.text)
                and not re.match(r"end ?interface", said.text)
            ):
                started = Unit("program", "", number)
            if started is not None:
                stack.append(started)
                self.units.append(started)
            self._unit_of.append(stack[-1] if stack else None)
            if stack and number not in self._in_types:
                self._note(stack[-1], said.text, number)
            if stack and started is None and ends_unit(said.text):
                stack.pop().last = number
        for unit in stack:
            unit.last = len(self._statements) - 1

    def _note(self, unit: Unit, text: str, number: int) -> None:
        if text.startswith("implicit none"):
            unit.declares_all = True
        if text == "contains":
            unit.contains = True
        binding = _BINDING.match(text)
        if binding and binding[1]:
            unit.binding = binding[1]
        if number != unit.first or not unit.name:
            unit.entities |= {entity.name: entity for entity in entities_of(text) or ()}
        dimension = re.match(r"dimension ?(?:::)? ?(.+)", text)
        for entity in entities_of(f"real {dimension[1]}") or () if dimension else ():
            known = unit.entities.get(entity.name, self._implied(entity.name))
            unit.entities[entity.name] = Entity(entity.name, known.type, entity.extents)

    @staticmethod
    def _implied(name: str) -> Entity:
        return Entity(name, "int" if name[0] in "ijklmn" else "float")

    @cached_property
    def modules(self) -> dict[str, Entity]:
        """The names of the file's modules."""
        return {name: entity for unit in self.units if unit.kind == "module" for name, entity in unit.entities.items()}

    def names_of(self, unit: Unit) -> dict[str, Entity]:
        """The names in scope in a unit, those of implicit typing included."""
        names = unit.visible(self.modules)
        if not unit.is_explicit:
            names = {**{name: self._implied(name) for name in self._implicit_words(unit, names)}, **names}
        return names

    def _implicit_words(self, unit: Unit, names: Mapping[str, Entity]) -> list[str]:
        found: dict[str, None] = {}
        own = {other.name for other in self.units}
        for number, said in enumerate(self._statements):
            if self._unit_of[number] is not unit or _SILENT.match(said.text) or unit_started(said.text, number, None):
                continue
            if entities_of(said.text) is not None or re.match(r"(?:data|common|namelist|dimension|parameter)\b", said.text):
                continue
            for word in _WORD.findall(re.sub(r"\"[^\"]*\"|'[^']*'", '""', said.text)):
                if word not in names and word not in _WORDS and word not in own and not word.startswith(("mpi_", "hole_")):
                    found[word] = None
        return list(found)

    def error_code(self, unit: Unit) -> str | None:
        """The integer that takes the error codes in a unit: named for it, and a variable of its own."""
        names = self.names_of(unit)
        fitting = [name for name, entity in names.items() if self._takes_errors(name, entity)]
        if not fitting and not unit.is_explicit:
            return "ierr"
        return min(fitting, key=lambda name: (not name.startswith(("ierr", "err", "mpierr", "mpi_err")), name), default=None)

    @staticmethod
    def _takes_errors(name: str, entity: Entity) -> bool:
        plain = entity.type == "int" and not entity.is_array and not entity.is_constant and not entity.is_logical
        return plain and _ERROR_CODE.fullmatch(name) is not None

    def unit_at(self, line: int) -> Unit | None:
        """The unit that a statement after ``line`` would belong to."""
        best = None
        for number, said in enumerate(self._statements):
            if said.line > line:
                break
            unit = self._unit_of[number]
            best = unit.outer if unit is not None and unit.last == number else unit
        return best

    @cached_property
    def _precisions(self) -> frozenset[str]:
        """The named constants that are kinds of types."""
        text = "\n".join(said.text for said in self._statements)
        return frozenset(_PRECISION.findall(text))

    def first_place_in(self, unit: Unit) -> int:
        """The first line of a unit after which a statement may stand: its specifications are over there."""
        last = unit.first
        for number in range(unit.first + bool(unit.name), unit.last):
            if not self._specifies(number):
                break
            last = number
        begins = self.view.statements[last].end
        return self.view.line_at(begins) if last > unit.first or unit.name else 0

    def _specifies(self, number: int) -> bool:
        text = self._statements[number].text
        if number in self._in_types or self._unit_of[number] is None or _SILENT.match(text) or entities_of(text) is not None:
            return True
        return _SPECIFIES.match(text) is not None and not re.match(r"\w+ ?(?:\([^()]*\))? ?=(?!>)", text)

    def last_line_of(self, unit: Unit) -> int:
        """The line (1-based) on which a unit ends."""
        return self._statements[unit.last].line

    @cached_property
    def source(self) -> str:
        """The C text."""
        lines = [""] * (self.view.data.count(b"\n") + 1)
        writer = Writer()
        for number, said in enumerate(self._statements):
            unit = self._unit_of[number]
            if unit is None:
                continue
            following = self._statements[number + 1].text if number + 1 < len(self._statements) else ""
            text = self._written(writer, unit, number, said, following)
            index = said.line - 1
            lines[index] = f"{lines[index]} {text}".strip() if text else lines[index]
        return "\n".join(lines)

    def _written(self, writer: Writer, unit: Unit, number: int, said: _Said, following: str) -> str:
        names = self.names_of(unit)
        scope = Scope(unit, names, self.constants, self.error_code(unit))
        head = ""
        if number == unit.first:
            declared = (
                [] if unit.is_explicit else [names[name] for name in self._implicit_words(unit, unit.visible(self.modules))]
            )
            head = writer.head(scope, [entity for entity in declared if entity.name != scope.error_code])
            if unit.name:
                return head
        if ends_unit(said.text) and unit.last == number:
            return writer.end(unit)
        if number in self._in_types:
            return head
        if _SILENT.match(said.text):
            # Whoever reads the C text must see that the file has to do with MPI.
            speaks = "mpi" in said.text or (said.text.startswith("include") and unit.binding == "mpif.h")
            return f"{head} {_SPEAKS_MPI if speaks else ''}".strip()
        entities = entities_of(said.text)
        if entities is not None:
            # What only says how precise a number is must not be taken for one.
            entities = [entity for entity in entities if entity.name not in self._precisions]
            return f"{head} {writer.declaration(scope, entities)}".strip()
        last = ends_unit(following)
        return f"{head} {writer.statement(scope, said.text, said.label, last=last)}".strip()


_TYPE_BEGINS = re.compile(r"type(?:[ ]+(?!is\b)[a-z]\w*$|[ ]*(?:,[^:]*)?::)")
_SPECIFIES = re.compile(
    r"(?:data|common|namelist|dimension|parameter|equivalence|allocatable|pointer|target|procedure|enum|enumerator|volatile|bind"
    r"|optional|value|intent|end enum|interface|end interface)\b"
)
_PRECISION = re.compile(r"\b(?:real|integer|complex|logical)[ ]*\([ ]*(?:kind[ ]*=[ ]*)?([a-z]\w*)[ ]*\)")
_SPEAKS_MPI = "/* mpi */"
_HOLES = {"dble": "hole_double", "int": "hole_aint", "continue": "hole_void"}
