"""One file with the answers to its items put in their places: each include and each helper once, nothing else touched.

Limits: what an answer brings besides its item goes right above that item; pieces that the file has stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from codepar.prompts.answer_code import Replacement
from codepar.prompts.code import Code, UnitKind
from codepar.prompts.merged import FindingKind, MergeFinding
from codepar.prompts.pieces import Piece, PieceKind, pieces_of, symbol_of
from codepar.prompts.request import Source
from codepar.prompts.targets import Target, TargetKind
from codepar.syntax.language import Language

BYTE_ORDER_MARK = "\ufeff"
_PRELUDE = {
    Language.PYTHON: re.compile(rb"\A(?:(?:#[^\n]*|[ \t]*)\n)*(?:[rRuU]?(?:\"\"\".*?\"\"\"|'''.*?''')[^\n]*\n)?", re.DOTALL),
}
_C_PRELUDE = re.compile(
    rb"\A(?:\s*(?:/\*.*?\*/|//[^\n]*|#[ \t]*(?:pragma[ \t]+once|define[ \t]+_\w+)[^\n]*)[ \t]*\n)*", re.DOTALL
)


class Splice:
    """Takes answers one by one, in the order of the items, then gives the text."""

    def __init__(self, source: Source | None, items: Sequence[Target]) -> None:
        assert source is not None
        assert source.code is not None
        self.before = source.text
        self._first = len(BYTE_ORDER_MARK.encode()) if source.text.startswith(BYTE_ORDER_MARK) else 0
        """The byte that text begins with."""
        self._line_end = "\r\n" if 2 * source.text.count("\r\n") > source.text.count("\n") else None
        self._code: Code = source.code
        pieces = pieces_of(self._code)
        self._there = {one.key for one in pieces}
        self._symbols = {one.symbol for one in pieces if one.symbol} | _inner_symbols(self._code)
        self._imports = [one for one in pieces if one.kind is PieceKind.IMPORT]
        self._items = {symbol_of(self._code, one.unit): one.item.id for one in items if one.unit and one.unit.name}
        self._edits: list[tuple[int, int, str]] = []
        self._new_imports: dict[str, str] = {}
        self._helpers: dict[str, tuple[str, str]] = {}
        """Owner and key by symbol, of what was brought along."""
        self._helper_keys: set[str] = set()

    def take(self, target: Target, replacement: Replacement) -> list[MergeFinding]:
        """Put one answer in. What it brings that does not fit is told; a name that would stand for two things keeps it out."""
        if target.kind is TargetKind.FILE:
            self._edits.append((self._first, len(self._code.data), _like(replacement.text, self.before)))
            return []
        item = target.item.id
        helpers, findings = self._sorted(item, replacement.others)
        clash = next((one for one in helpers if self._clashes(one)), None)
        if clash is not None:
            owner = self._helpers[clash.symbol][0]
            message = f"`{clash.name}` is defined by {owner} and {item}, differently; the first stays in the file"
            return [MergeFinding(kind=FindingKind.DUPLICATE_SYMBOL, items=(item, owner), message=message)]
        for one in replacement.others:
            if one.kind is PieceKind.IMPORT and one.key not in self._there:
                self._new_imports.setdefault(one.key, one.core)
        fresh = [one for one in helpers if one.key not in self._helper_keys]
        for one in fresh:
            self._helper_keys.add(one.key)
            if one.symbol:
                self._helpers[one.symbol] = (item, one.key)
        if fresh:
            self._edits.append(self._above(target, "\n\n".join(one.text for one in fresh)))
        self._edits.append((target.start, target.end, replacement.text))
        return findings

    def _sorted(self, item: str, others: Sequence[Piece]) -> tuple[list[Piece], list[MergeFinding]]:
        """What an answer brings along that belongs in, and remarks on what does not."""
        helpers: list[Piece] = []
        findings: list[MergeFinding] = []
        for one in others:
            if one.kind is PieceKind.IMPORT or one.key in self._there:
                continue
            if one.kind is PieceKind.EXAMPLE:
                findings.append(_remark(FindingKind.EXAMPLE, item, "what only tries the answer out is left out"))
            elif one.symbol in self._symbols:
                other = self._items.get(one.symbol)
                whose = f", which is item {other}" if other is not None else ", which was not asked for"
                findings.append(
                    _remark(FindingKind.FOREIGN, item, f"it also rewrites `{one.name}`{whose}; that is left out", other)
                )
            else:
                helpers.append(one)
        return helpers, findings

    def _clashes(self, one: Piece) -> bool:
        known = self._helpers.get(one.symbol) if one.symbol else None
        return known is not None and known[1] != one.key

    def _above(self, target: Target, text: str) -> tuple[int, int, str]:
        """An insertion before the item: above the line, or the function, that it is in."""
        place = target.start
        if target.unit is not None and (target.unit.kind is UnitKind.LOOP or target.unit.kind is UnitKind.METHOD):
            around = [one for one in pieces_of(self._code) if one.start <= target.start < one.end]
            place = around[0].start if around else target.start
        line = max(self._first, self._code.data.rfind(b"\n", 0, place) + 1)
        return (line, line, text + "\n\n")

    def text(self) -> str:
        """The file."""
        edits = [*self._import_edit(), *self._edits]
        data, position, kept = self._code.data, 0, list[bytes]()
        # Of insertions and a replacement at one place the insertions come first, in the order they were made.
        for start, end, text in sorted(edits, key=lambda edit: (edit[0], edit[1])):
            kept += [data[position:start], self._with_line_ends(text).encode()]
            position = end
        return b"".join([*kept, data[position:]]).decode()

    def _with_line_ends(self, text: str) -> str:
        """``text`` with the line ends of the file, where those are not plain ones."""
        return text if self._line_end is None else text.replace("\r\n", "\n").replace("\n", self._line_end)

    def _import_edit(self) -> list[tuple[int, int, str]]:
        if not self._new_imports:
            return []
        lines = "".join(f"{one}\n" for one in self._new_imports.values())
        if self._imports:
            last = self._imports[-1].end
            end = self._code.data.find(b"\n", max(0, last - 1))
            place = len(self._code.data) if end < 0 else end + 1
            return [(place, place, lines if end >= 0 else "\n" + lines)]
        found = _PRELUDE.get(self._code.language, _C_PRELUDE).match(self._code.data[self._first :])
        place = self._first + (found.end() if found else 0)
        return [(place, place, lines + "\n")]


def _inner_symbols(code: Code) -> set[str]:
    """Functions inside modules and namespaces, which are no pieces."""
    return {symbol_of(code, unit) for unit in code.functions}


def _remark(kind: FindingKind, item: str, message: str, other: str | None = None) -> MergeFinding:
    return MergeFinding(kind=kind, items=(item,) if other is None else (item, other), message=message)


def _like(text: str, before: str) -> str:
    """With the last newline as the file had it."""
    return text if before.endswith("\n") or not before else text.rstrip("\n")
