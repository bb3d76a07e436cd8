"""The memory of one replayed rank: scopes, blocks, what is read and written while a nonblocking call may still use it.

Limits: a write through a pointer that nothing tells is lost; a write at an unknown index makes the whole block unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from codepar.mpi.check.program import Field, Program, Unit
from codepar.mpi.check.trace import RankTrace, Touch, WindowTouch
from codepar.mpi.check.values import (
    Block,
    Buffer,
    Place,
    Pointer,
    Unknown,
    Value,
    plain_type,
    shortened,
    size_of,
)
from codepar.mpi.check.world import World, resolved

_MAX_STEPS = 60_000


class Stop(Exception):
    """The replay of a rank is given up: too long, or something that it does not follow."""


@dataclass(eq=False)
class Pending:
    """Buffers that an operation may still use."""

    owner: object
    line: int
    function: str
    buffers: tuple[Buffer, ...]
    what: str


@dataclass(eq=False)
class Memory:
    """Names, blocks and values of one rank."""

    program: Program
    world: World
    rank: int
    trace: RankTrace
    unit: Unit = field(init=False)
    scopes: list[dict[str, Block]] = field(default_factory=lambda: [{}])
    globals: dict[str, dict[str, Block]] = field(default_factory=dict)
    pending: list[Pending] = field(default_factory=list)
    steps: int = 0
    serial: int = 0
    line: int = 0
    holds_exclusive: bool = False
    """Whether this rank has locked a window of its own exclusively."""

    def __post_init__(self) -> None:
        self.unit = self.program.main

    def step(self) -> None:
        self.steps += 1
        if self.steps > _MAX_STEPS:
            raise Stop("the program is too long to follow")

    def new_block(
        self, name: str, ctype: str, count: int | None, line: int, dims: tuple[int | None, ...] = (), *, heap: bool = False
    ) -> Block:
        self.serial += 1
        return Block(name, ctype, count, line, dims, heap=heap, serial=self.serial)

    def declare(self, name: str, block: Block) -> None:
        self.scopes[-1][name] = block

    def lookup(self, name: str) -> Block | None:
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
            if "" in scope:
                break  # a function's own scopes end here
        return self.globals.get(self.unit.path, {}).get(name) or self.globals.get("", {}).get(name)

    def unknown(self, key: str, *, local: bool) -> Value:
        prefix = f"r{self.rank}:" if local else ""
        return resolved(Unknown(shortened(prefix + key), local), self.world)

    def load(self, place: Place, line: int) -> Value:
        block, offset = place.block, place.offset
        if block.variable and line:
            self.trace.used.add(block.variable)
        if self.pending:
            self._note(place, line, writes=False)
        if block.is_window and line:
            self._note_window(place, line, writes=False)
        if isinstance(offset, Unknown):
            return self.unknown(f"{block.name}.{block.serial}.{block.version}[{offset.key}]", local=True)
        if offset in block.cells:
            return resolved(block.cells[offset], self.world)
        if block.zeroed:
            return 0
        if block.ctype.startswith("shared "):
            return self.unknown(f"{block.name}[{offset}]", local=False)
        if block.is_unset and block.variable and not block.version and line:
            self.trace.unset.setdefault(block.variable, line)
        return self.unknown(f"{block.name}.{block.serial}.{block.version}[{offset}]", local=True)

    def store(self, place: Place, value: Value, line: int) -> None:
        block, offset = place.block, place.offset
        if block.variable:
            self.trace.given.add(block.variable)
        if self.pending:
            self._note(place, line, writes=True)
        if block.is_window:
            self._note_window(place, line, writes=True)
        if isinstance(offset, Unknown):
            block.forget()
        else:
            block.cells[offset] = value

    def _note(self, place: Place, line: int, *, writes: bool) -> None:
        if isinstance(place.offset, Unknown):
            return
        for entry in self.pending:
            for buffer in entry.buffers:
                inside = buffer.first <= place.offset and (buffer.last is not None and place.offset < buffer.last)
                if buffer.block is place.block and inside and (writes or buffer.writes):
                    self.trace.touches.append(
                        Touch(line, self.unit.path, place.block.name, writes, entry.line, entry.function, entry.what)
                    )
                    return

    def _note_window(self, place: Place, line: int, *, writes: bool) -> None:
        unit = place.block.item_bytes
        if isinstance(place.offset, int) and unit and not self.holds_exclusive:
            first = place.offset * unit
            touch = WindowTouch(place.block, first, first + unit, writes, line, self.unit.path, self.trace.phase)
            self.trace.window_touches.append(touch)

    def member(self, base: Pointer, name: str) -> Block | None:
        """The block of a struct's member."""
        if isinstance(base.offset, Unknown):
            return None
        key = (base.offset, name)
        found = base.block.members.get(key)
        if found is None:
            described = self.struct_field(base.block.ctype, name)
            ctype = described.ctype + " *" * described.pointer_depth if described else ""
            dims = tuple(self.extent(text) for text in described.dims) if described else ()
            count: int | None = 1
            for size in dims:
                count = None if size is None or count is None else count * size
            found = self.new_block(f"{base.block.name}.{name}", self.resolve_type(ctype) if ctype else "", count, self.line, dims)
            found.zeroed = base.block.zeroed
            base.block.members[key] = found
        return found

    def struct_field(self, ctype: str, name: str) -> Field | None:
        plain = plain_type(ctype).replace("*", "").strip()
        plain = plain_type(self.unit.typedefs.get(plain, plain))
        for unit in (self.unit, self.program.main):
            if plain in unit.structs:
                return unit.structs[plain].get(name)
        return None

    def extent(self, text: str) -> int | None:
        """The value of an array bound written as ``text``, where it is a number or a macro that is one."""
        for _ in range(4):
            text = text.strip().strip("()").strip()
            if re.fullmatch(r"\d+", text):
                return int(text)
            macro = self.unit.macros.get(text)
            if macro is None or macro.parameters is not None:
                return None
            text = macro.body
        return None

    def resolve_type(self, ctype: str) -> str:
        """The type with the file's typedefs and macros replaced."""
        stars = ctype.count("*")
        plain = plain_type(ctype.replace("*", "").replace("&", "").strip() or "int")
        for _ in range(5):
            macro = self.unit.macros.get(plain)
            if macro is not None and macro.parameters is None and macro.body:
                plain = macro.body
            elif plain in self.unit.typedefs and self.unit.typedefs[plain] != plain:
                plain = self.unit.typedefs[plain]
            else:
                break
            stars += plain.count("*")
            plain = plain_type(plain.replace("*", "").strip() or "int")
        return plain + " *" * stars

    def type_bytes(self, ctype: str) -> int | None:
        return size_of(self.resolve_type(ctype))

    def note_argument(self, value: Value, line: int, *, reads: bool) -> None:
        """Memory is given to a function that is not followed and reads it, or fills it."""
        block = value.block if isinstance(value, Pointer) else None
        if block is None or block.variable is None:
            return
        (self.trace.used if reads else self.trace.given).add(block.variable)
        if reads and block.is_unset and not block.version and not block.cells:
            self.trace.unset.setdefault(block.variable, line)

    def forget_pointed(self, value: Value) -> None:
        """What is behind a pointer may have been written."""
        if isinstance(value, Pointer):
            value.block.forget()

    def settle(self, owner: object) -> None:
        """The buffers of ``owner`` are free again."""
        self.pending = [entry for entry in self.pending if entry.owner is not owner]

    def settle_where(self, done: Callable[[Pending], bool]) -> None:
        self.pending = [entry for entry in self.pending if not done(entry)]
