"""The pieces of Fortran code, by its statements, so that both source forms are read; what procedures share in modules and COMMON.

Limits: types of variables are not looked at; a name handed to a ``call`` counts as written. Names are in lower case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from codepar.prompts.code import Code, Unit, UnitKind
from codepar.syntax.fortran import FortranForm, FortranText, Statement, form_of

_PREFIX = (
    rb"(?:(?:pure|impure|elemental|recursive|module|attributes\([^)]*\)|(?:integer|real|logical|complex"
    rb"|character|type|double\s*precision)\s*(?:\*\s*\d+|\([^)]*\))?)\s+)*"
)
_PROCEDURE = re.compile(rb"(" + _PREFIX + rb")(subroutine|function)\s+(\w+)", re.IGNORECASE)
_UNIT = re.compile(rb"(program|module|submodule)\s*(?:\([^)]*\))?\s+(?!procedure\b)(\w+)\s*\Z", re.IGNORECASE)
_INTERFACE = re.compile(rb"(?:abstract\s+)?interface\b", re.IGNORECASE)
_TYPE = re.compile(rb"type\s*(?:,[^:]*)?(?:::)?\s*(\w+)\s*\Z", re.IGNORECASE)
_DO = re.compile(rb"(?:(\w+)\s*:\s*)?do\b(?:\s*(\d+)\b)?(?!\s*=)", re.IGNORECASE)
_END = re.compile(
    rb"end\s*(subroutine|function|program|module|submodule|interface|type|do|procedure)?\b(?!\s*[=(])\s*\w*\s*\Z", re.IGNORECASE
)
_END_OTHER = re.compile(rb"end\s*(?:if|select|where|forall|associate|block|critical|file|enum|team)\b", re.IGNORECASE)
_COMMON = re.compile(rb"common\s*(/\s*\w*\s*/)?\s*([^/]*)", re.IGNORECASE)
_DECLARATION = re.compile(
    rb"(?:integer|real|logical|complex|character|type\s*\(|class\s*\(|double\s*precision)\b[^:]*(?:::)?(.*)", re.IGNORECASE
)
_CONSTANT = re.compile(rb"\bparameter\b", re.IGNORECASE)
_NAME = re.compile(rb"[a-z]\w*", re.IGNORECASE)
_USE = re.compile(rb"use\s*(?:,\s*\w+\s*)?(?:::)?\s*(\w+)", re.IGNORECASE)
_INCLUDE = re.compile(rb"^[ \t]*(?:#[ \t]*)?include[ \t]*['\"<]([^'\">\n]+)", re.MULTILINE | re.IGNORECASE)


@dataclass(slots=True)
class _Open:
    kind: str
    name: str
    start: int
    label: bytes | None
    marks: frozenset[str]


class FortranCode(Code):
    """A Fortran source."""

    @cached_property
    def _lexis(self) -> FortranText:
        # A fragment in lower case has no marks of either form; unless it begins at column seven it is free.
        # A byte order mark, which has three bytes, would be a letter of the first word.
        text = self.text.replace("\ufeff", "   ")
        form = form_of(text)
        shallow = re.search(r"^(?![cC*!#]) {0,4}[A-Za-z]", text, re.MULTILINE) is not None
        return FortranText(text, form=FortranForm.FREE if shallow else form)

    @cached_property
    def plain(self) -> bytes:
        return self._lexis.code.lower()

    @cached_property
    def _units(self) -> dict[str, list[Unit]]:
        found: dict[str, list[Unit]] = {"procedure": [], "loop": [], "inner": [], "type": [], "unit": [], "open": []}
        stack: list[_Open] = []
        for statement in self._lexis.statements:
            self._step(statement, stack, found)
        found["open"] = [_closed(one, len(self.data), None) for one in stack if one.kind != "interface"]
        return found

    def _step(self, statement: Statement, stack: list[_Open], found: dict[str, list[Unit]]) -> None:
        text = self.plain[statement.start : statement.end]
        opened = _opened(text, statement.start)
        if opened is not None:
            stack.append(opened)
        elif stack and _END.match(text) and not _END_OTHER.match(text):
            self._close(stack, found, statement.end)
        if statement.labelled:
            label = re.findall(rb"(\d+)[ \t]+\Z", self.data[max(0, statement.start - 8) : statement.start])
            while label and stack and stack[-1].label == label[0]:
                self._close(stack, found, statement.end)

    @staticmethod
    def _close(stack: list[_Open], found: dict[str, list[Unit]], end: int) -> None:
        one = stack.pop()
        owner = next((outer.name for outer in reversed(stack) if outer.kind in {"subroutine", "function", "program"}), None)
        in_interface = any(outer.kind == "interface" for outer in stack)
        if one.kind in {"subroutine", "function"} and not in_interface:
            found["procedure"].append(_closed(one, end, None))
        elif one.kind == "do":
            is_inner = any(outer.kind == "do" for outer in stack)
            found["inner" if is_inner else "loop"].append(_closed(one, end, owner))
        elif one.kind == "type":
            found["type"].append(_closed(one, end, None))
        elif one.kind in {"program", "module", "submodule"}:
            found["unit"].append(_closed(one, end, None))

    def _sorted(self, key: str) -> tuple[Unit, ...]:
        return tuple(sorted(self._units[key], key=lambda unit: unit.start))

    @property
    def functions(self) -> tuple[Unit, ...]:
        return self._sorted("procedure")

    @property
    def methods(self) -> tuple[Unit, ...]:
        return ()

    @property
    def classes(self) -> tuple[Unit, ...]:
        return self._sorted("type")

    @property
    def loops(self) -> tuple[Unit, ...]:
        return self._sorted("loop")

    @property
    def inner_loops(self) -> tuple[Unit, ...]:
        return self._sorted("inner")

    @property
    def programs(self) -> tuple[Unit, ...]:
        """Program units and modules."""
        return self._sorted("unit")

    @cached_property
    def is_broken(self) -> bool:
        return bool(self._units["open"])

    @cached_property
    def modules(self) -> frozenset[str]:
        return frozenset(unit.name for unit in self.programs if "module" in unit.marks)

    @cached_property
    def _common(self) -> dict[str, str]:
        """Variables of COMMON and the name of their block."""
        found = {}
        for statement in self._lexis.statements:
            text = self.plain[statement.start : statement.end]
            if text.startswith(b"common"):
                for block, names in _COMMON.findall(text.replace(b"common", b"common ", 1)):
                    for name in _NAME.findall(re.sub(rb"\([^)]*\)", b"", names)):
                        found[name.decode()] = block.strip(b"/ ").decode() or "blank"
        return found

    def shared_names(self) -> frozenset[str]:
        return frozenset(self._hosted | self._common.keys())

    @cached_property
    def _hosted(self) -> set[str]:
        """Variables that a module or program declares before its procedures."""
        found: set[str] = set()
        for unit in self.programs:
            first = min((one.start for one in self.functions if unit.start < one.start < unit.end), default=unit.start)
            for statement in self._lexis.statements:
                text = self.plain[statement.start : statement.end]
                declared = _DECLARATION.match(text) if unit.start < statement.start < first else None
                if declared and not _CONSTANT.search(text):
                    names = re.sub(rb"\([^)]*\)|=[^,]*", b"", declared[1])
                    found |= {name.decode() for name in _NAME.findall(names)}
        return found

    def group_of(self, name: str) -> str:
        """The COMMON block of a variable, else its own name: what two procedures share."""
        return f"/{self._common[name]}/" if name in self._common else name

    def writes(self, unit: Unit, name: str) -> bool | None:
        code, word = self.plain[unit.start : unit.end], re.escape(name.encode())
        if not re.search(rb"\b" + word + rb"\b", code[unit.body_start - unit.start :]):
            return None
        if name not in self._common and self._is_local(code, word):
            return None
        pattern = rb"(?:^|[\n;)])[ \t]*(?:\d+[ \t]+)?" + word + rb"[ \t]*(?:\([^\n=]*\))?(?:%\w+(?:\([^\n=]*\))?)*[ \t]*=(?!=)"
        handed = (
            rb"\bcall[ \t]+\w+[ \t]*\([^\n]*\b"
            + word
            + rb"\b|\bread\b[^\n]*\)[^\n]*\b"
            + word
            + rb"\b|\b(?:de)?allocate[ \t]*\([ \t]*"
            + word
            + rb"\b"
        )
        return re.search(pattern, code) is not None or re.search(handed, code) is not None

    @staticmethod
    def _is_local(code: bytes, word: bytes) -> bool:
        pattern = rb"^[ \t]*(?:integer|real|logical|complex|character|type[ \t]*\(|double[ \t]*precision)[^\n]*\b" + word + rb"\b"
        return (
            re.search(pattern, code, re.MULTILINE) is not None
            or re.match(rb"[^\n]*\([^\n)]*\b" + word + rb"\b", code) is not None
        )

    @cached_property
    def imports(self) -> frozenset[str]:
        found = {match.decode(errors="replace") for match in _INCLUDE.findall(self.data)}
        for statement in self._lexis.statements:
            match = _USE.match(self.plain, statement.start, statement.end)
            if match:
                found.add(match[1].decode())
        return frozenset(found)

    def words(self, unit: Unit) -> frozenset[str]:
        return frozenset(self._words_of(unit.start, unit.end))


def _closed(one: _Open, end: int, owner: str | None) -> Unit:
    kinds = {"do": UnitKind.LOOP, "type": UnitKind.CLASS}
    return Unit(kinds.get(one.kind, UnitKind.FUNCTION), one.name, one.start, end, one.marks, owner, one.start + len(one.name))


def _opened(text: bytes, start: int) -> _Open | None:
    if text.startswith(b"end"):
        return None
    if match := _PROCEDURE.match(text):
        marks = frozenset({match[2].decode()} | {word.decode() for word in match[1].split()})
        return _Open(match[2].decode(), match[3].decode(), start, None, marks)
    if match := _UNIT.match(text):
        return _Open(match[1].decode(), match[2].decode(), start, None, frozenset({match[1].decode()}))
    if _INTERFACE.match(text):
        return _Open("interface", "", start, None, frozenset())
    if match := _TYPE.match(text):
        return _Open("type", match[1].decode(), start, None, frozenset())
    if match := _DO.match(text):
        return _Open("do", "", start, match[2], frozenset({"do"}))
    return None
