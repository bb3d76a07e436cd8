"""The statements of a Fortran program as C writes them, one at a time.

Limits: the text is for readers of C, not for a compiler; a statement that is not known becomes an empty call of its first word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from codepar.mpi.fortran.expressions import c_expression, extent_text
from codepar.mpi.fortran.pieces import headed, split_top
from codepar.mpi.fortran.units import Entity, Unit

_NAMED = re.compile(r"^[a-z]\w*[ ]*:[ ]*(?=(?:do|if|select|block|associate|where)\b)")
_DO = re.compile(r"do(?:[ ]+(\d+)[ ]*,?)?[ ]+([a-z]\w*)[ ]*=[ ]*(.+)")
_ASSIGN = re.compile(r"([a-z]\w*(?:[ ]*%[ ]*\w+)*)[ ]*(\(.*?\)(?:[ ]*%[ ]*\w+)*)?[ ]*=>?(?!=)[ ]*(.+)")
_OUTPUT = re.compile(r"print[ ]*(?:\*|\w+|\"[^\"]*\"|'[^']*')?[ ]*,?(.*)")
_MPI_CALL = re.compile(r"(p?mpi_\w+)[ ]*(?:\((.*)\))?$")
_HOLES = {
    "hole_double": "0.0/* mpi: double */",
    "hole_aint": "0/* mpi: MPI_Aint */",
    "hole_void": "/* mpi: void */",
}


@dataclass(frozen=True)
class Scope:
    """Where a statement stands: its unit, the names there, the constants of MPI in lower case, the error code's name."""

    unit: Unit
    names: Mapping[str, Entity]
    constants: frozenset[str]
    error_code: str | None

    def expression(self, text: str) -> str:
        """An expression as C writes it."""
        written = c_expression(text, self.names, self.constants)
        for name, hole in _HOLES.items():
            written = written.replace(name, hole)
        return written


@dataclass
class Writer:
    """Writes statements in their order; remembers the labels that end loops."""

    _labels: list[str] = field(default_factory=list)
    _returned: bool = False
    _selected: list[str] = field(default_factory=list)

    def head(self, scope: Scope, implied: Sequence[Entity]) -> str:
        """The first line of a unit."""
        unit = scope.unit
        self._returned = False
        declared = " ".join(f"{entity.type} {entity.name};" for entity in implied)
        if unit.kind == "program":
            return f"int main(int argc, char *argv[]) {{ {declared}".strip()
        if unit.kind == "module":
            return ""
        taken = ", ".join(_parameter(scope, name) for name in unit.parameters if name != scope.error_code)
        given = unit.entities.get(unit.name)
        kind = given.type if unit.kind == "function" and given is not None else "void"
        return f"{kind} {unit.name}({taken}) {{ {declared}".strip()

    def end(self, unit: Unit) -> str:
        """The last line of a unit."""
        if unit.kind == "module" or (unit.kind == "program" and unit.contains):
            return ""
        closing = "}" * len(self._labels)
        self._labels.clear()
        return f"{closing}return 0; }}" if unit.kind == "program" and not self._returned else f"{closing}}}"

    def declaration(self, scope: Scope, entities: Iterable[Entity]) -> str:
        """A type declaration; parameters of the unit stand in its head, the error code nowhere."""
        groups: dict[str, list[str]] = {}
        for entity in entities:
            if entity.name not in {*scope.unit.parameters, scope.error_code, scope.unit.name}:
                kind = f"const {entity.type}" if entity.is_constant else entity.type
                groups.setdefault(kind, []).append(_declarator(scope, entity))
        return " ".join(f"{kind} {', '.join(names)};" for kind, names in groups.items())

    def statement(self, scope: Scope, text: str, label: str, *, last: bool) -> str:
        """One executable statement; ``last``: the end of the unit follows."""
        text = _NAMED.sub("", text)
        written = self._executable(scope, text, last)
        closed = 0
        while label and self._labels and self._labels[-1] == label:
            self._labels.pop()
            closed += 1
        marked = f"L{label}: {written or ';'}" if label and not closed and not text.startswith("format") else written
        return f"{marked}{' ' if marked and closed else ''}{'}' * closed}"

    def _executable(self, scope: Scope, text: str, last: bool) -> str:
        for write in (self._branch, self._loop, self._leave):
            written = write(scope, text, last)
            if written is not None:
                return written
        return self._simple(scope, text)

    def _branch(self, scope: Scope, text: str, last: bool) -> str | None:
        if re.match(r"end ?(?:if|where|forall|associate|block)\b", text):
            return "}"
        if re.match(r"end ?select\b", text):
            self._selected.pop() if self._selected else None
            return "} }"
        chained = headed(text, "else if") or headed(text, "elseif")
        if chained:
            return f"}} else if ({scope.expression(chained[0])}) {{"
        if text in {"else", "elsewhere"}:
            return "} else {"
        found = headed(text, "if")
        if found and found[1][:1] != "=":
            inner = "" if found[1] == "then" else self._executable(scope, found[1], last=False)
            return f"if ({scope.expression(found[0])}) {{" + (f" {inner} }}" if found[1] != "then" else "")
        return self._select(scope, text)

    def _select(self, scope: Scope, text: str) -> str | None:
        chosen = headed(text, "select case") or headed(text, "select type")
        if chosen:
            self._selected.append(scope.expression(chosen[0]))
            return "{ if (0) {"
        subject = self._selected[-1] if self._selected else "0"
        case = headed(text, "case")
        if case and self._selected:
            values = [scope.expression(value) for value in split_top(case[0])]
            return f"}} else if ({' || '.join(f'{subject} == {value}' for value in values)}) {{"
        if text in {"case default", "class default"} and self._selected:
            return "} else {"
        if re.match(r"(?:where|forall|associate)[ ]*\(", text):
            word = headed(text, text.split("(", maxsplit=1)[0].strip())
            return "{" if word and not word[1] else None
        return "{" if text == "block" else None

    def _loop(self, scope: Scope, text: str, last: bool) -> str | None:
        if re.match(r"end ?do\b", text):
            return "}"
        counted = _DO.fullmatch(text)
        if counted:
            self._labels += [counted[1]] if counted[1] else []
            bounds = [scope.expression(part) for part in split_top(counted[3])]
            step = bounds[2] if len(bounds) > 2 else ""
            forward = f"{counted[2]}++" if not step else f"{counted[2]} += {step}"
            comparison = ">=" if step.startswith("-") else "<="
            high = bounds[1] if len(bounds) > 1 else bounds[0]
            return f"for ({counted[2]} = {bounds[0]}; {counted[2]} {comparison} {high}; {forward}) {{"
        while_ = re.match(r"do(?:[ ]+\d+)?[ ]*while\b[ ]*\((.*)\)$", text)
        if while_:
            return f"while ({scope.expression(while_[1])}) {{"
        return "while (1) {" if re.fullmatch(r"do(?: concurrent.*)?", text) else None

    def _leave(self, scope: Scope, text: str, last: bool) -> str | None:
        in_main = scope.unit.kind == "program"
        if text == "contains":
            self._returned = True
            return "return 0; }" if in_main else ""
        if re.match(r"(?:error )?stop\b", text):
            self._returned = self._returned or (last and in_main)
            return "return 0;" if in_main and last else "exit(0);"
        if text == "return":
            return "return;" if not last else ";"
        if re.match(r"go ?to[ ]*\d+$", text):
            return f"goto L{text.rsplit(maxsplit=1)[-1].removeprefix('goto')};"
        leaving = re.match(r"(exit|cycle)\b", text)
        if leaving:
            return "break;" if leaving[1] == "exit" else "continue;"
        return None

    def _simple(self, scope: Scope, text: str) -> str:
        if text.startswith("hole_void"):
            return f"{_HOLES['hole_void']};"
        if text.startswith("call "):
            return _call(scope, text[5:].strip())
        printed = _OUTPUT.fullmatch(text)
        if printed and not text.startswith("print_") and "=" not in text[:6]:
            return f"printf({_items('', printed[1], scope)});"
        for word, written in (("write", "printf"), ("read", "scanf")):
            found = headed(text, word)
            if found and not found[1].startswith("="):
                return f"{written}({_items('&' if word == 'read' else '', found[1], scope)});"
        given = headed(text, "allocate")
        if given:
            return " ".join(_allocated(scope, part.strip()) for part in split_top(given[0]) if "=" not in part)
        freed = headed(text, "deallocate")
        if freed:
            return " ".join(f"free({part.strip()});" for part in split_top(freed[0]) if "=" not in part)
        return _assigned(scope, text)


def _assigned(scope: Scope, text: str) -> str:
    parameters = headed(text, "parameter")
    if parameters:
        return " ".join(f"{scope.expression(part)};" for part in split_top(parameters[0]))
    match = _ASSIGN.fullmatch(text)
    if match is None or re.match(r"(?:data|common|namelist|dimension)\b", text):
        word = re.match(r"[a-z]\w*", text)
        silent = word is None or word[0] in {"continue", "data", "common", "namelist", "dimension", "equivalence"}
        return ";" if text == "continue" else "" if silent or word is None else f"{word[0]}();"
    target = match[1] + (match[2] or "")
    entity = scope.names.get(match[1])
    whole = entity is not None and entity.is_array and not match[2]
    left = f"{match[1]}[0]" if whole else scope.expression(target)
    return f"{left} = {scope.expression(match[3])};"


def _call(scope: Scope, text: str) -> str:
    match = _MPI_CALL.fullmatch(text)
    if match is None:
        name, _, rest = text.partition("(")
        inside = [scope.expression(part) for part in split_top(rest.rstrip().removesuffix(")"))]
        return f"{name.strip()}({', '.join(part for part in inside if part != scope.error_code)});"
    inside = [scope.expression(part) for part in split_top(match[2] or "")]
    inside = [part for part in inside if part != scope.error_code and not part.startswith("ierror")]
    name = "MPI_" + match[1].split("mpi_", 1)[1].capitalize()
    if name in {"MPI_Comm_rank", "MPI_Comm_size"} and len(inside) == 2:
        inside[1] = f"&{inside[1]}"
    return f"{name}({', '.join(inside)});"


def _items(mark: str, text: str, scope: Scope) -> str:
    items = [scope.expression(part) for part in split_top(text.lstrip("* ,"))]
    return ", ".join(['""', *(f"{mark}{item}" for item in items if item and not item.startswith('"'))])


def _allocated(scope: Scope, text: str) -> str:
    name, _, rest = text.partition("(")
    entity = scope.names.get(name.strip())
    kind = entity.type if entity is not None else "double"
    extents = split_top(rest.removesuffix(")"))
    counts = [extent_text(*_cut(extent), scope.names, scope.constants) for extent in extents]
    return f"{name.strip()} = malloc({' * '.join([*map(_factor, counts), f'sizeof({kind})'])});"


def _cut(extent: str) -> tuple[str, str]:
    lower, colon, upper = extent.partition(":")
    return (lower.strip(), upper.strip()) if colon else ("1", extent.strip())


def _factor(text: str) -> str:
    return text if re.fullmatch(r"[\w.]+", text) else f"({text})"


def _declarator(scope: Scope, entity: Entity) -> str:
    value = f" = {scope.expression(entity.value)}" if entity.value else ""
    if entity.type == "char" and not entity.is_array:
        return f"{entity.name}[{scope.expression(entity.length or '1')}]"
    if entity.is_array:
        counts = [extent_text(lower, upper, scope.names, scope.constants) if upper else "" for lower, upper in entity.extents]
        if all(counts) and not entity.is_deferred:
            return entity.name + "".join(f"[{count}]" for count in counts)
        return f"*{entity.name}"
    return f"{entity.name}{value}"


def _parameter(scope: Scope, name: str) -> str:
    entity = scope.names.get(name) or Entity(name, "int" if name[:1] in "ijklmn" else "float")
    mark = "*" if entity.is_array or entity.type == "char" else ""
    return f"{entity.type} {mark}{name}"
