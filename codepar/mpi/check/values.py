"""Values of a replayed program: numbers, unknowns that remember where they come from, pointers into blocks, MPI's objects.

An unknown has a key: two unknowns with one key are the same value, so that a condition decided once stays decided. Limits: a
machine with 8-byte pointers and longs is supposed; floating point is kept as Python's.
"""

from __future__ import annotations

from dataclasses import dataclass, field

_SIZES = {
    "char": 1, "signed char": 1, "unsigned char": 1, "bool": 1, "_Bool": 1, "int8_t": 1, "uint8_t": 1, "std::byte": 1,
    "short": 2, "unsigned short": 2, "int16_t": 2, "uint16_t": 2,
    "int": 4, "unsigned": 4, "unsigned int": 4, "signed": 4, "float": 4, "int32_t": 4, "uint32_t": 4, "wchar_t": 4,
    "long": 8, "unsigned long": 8, "long long": 8, "unsigned long long": 8, "double": 8, "size_t": 8, "ssize_t": 8,
    "int64_t": 8, "uint64_t": 8, "ptrdiff_t": 8, "intptr_t": 8, "MPI_Aint": 8, "MPI_Offset": 8, "MPI_Count": 8,
    "long double": 16,
}  # fmt: skip
_MAX_KEY = 160
PICKLED = "MPI_PICKLED"
"""Stands for the datatype of a message that carries an object of Python."""


class NamedInt(int):
    """An integer constant of MPI that means something by its name: ``MPI_PROC_NULL`` is not a literal -1."""

    name: str

    def __new__(cls, value: int, name: str) -> NamedInt:
        made = super().__new__(cls, value)
        made.name = name
        return made


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that the text does not tell. ``local``: it may differ between ranks in ways that the key does not show."""

    key: str
    local: bool = False


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant of MPI that is no number: ``MPI_INT``, ``MPI_COMM_NULL``, ``MPI_IN_PLACE``."""

    name: str


@dataclass(eq=False, slots=True)
class Block:
    """Memory that one declaration or allocation makes: ``count`` elements of ``ctype`` (None where not known)."""

    name: str
    ctype: str
    count: int | None
    line: int
    dims: tuple[int | None, ...] = ()
    zeroed: bool = False
    heap: bool = False
    serial: int = 0
    version: int = 0
    freed: int | None = None
    element_bytes: int | None = None
    is_window: bool = False
    is_unset: bool = False
    """Numbers that the declaration or allocation gave no value."""
    variable: tuple[str, str, int] | None = None
    """File, name and line of a variable, or of memory, that holds numbers: whose life is followed."""
    allocated: int | None = None
    """Bytes that were asked for; they need not be a multiple of the element."""
    cells: dict[int, Value] = field(default_factory=dict)
    members: dict[tuple[int, str], Block] = field(default_factory=dict)

    @property
    def item_bytes(self) -> int | None:
        return self.element_bytes or size_of(self.ctype)

    def forget(self) -> None:
        """Anything may have been written."""
        self.cells.clear()
        self.version += 1
        self.zeroed = False
        for member in self.members.values():
            member.forget()


@dataclass(frozen=True, slots=True)
class Pointer:
    """The address of element ``offset`` of a block; ``dims`` are the inner dimensions that one step jumps over."""

    block: Block
    offset: int | Unknown
    dims: tuple[int | None, ...] = ()

    @property
    def stride(self) -> int | None:
        step = 1
        for size in self.dims:
            if size is None:
                return None
            step *= size
        return step


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value is read or written."""

    block: Block
    offset: int | Unknown


@dataclass(frozen=True, slots=True)
class Callback:
    """The name of a function used as a value."""

    name: str


@dataclass(eq=False, slots=True)
class Comm:
    """A communicator as one rank sees it. ``members`` are ranks of MPI_COMM_WORLD by their rank here; None when not known."""

    key: str
    members: tuple[int, ...] | None
    rank: int | None
    line: int = 0
    freed: int | None = None
    is_inter: bool = False
    dims: tuple[int, ...] | None = None
    periods: tuple[int, ...] | None = None

    @property
    def size(self) -> int | None:
        return len(self.members) if self.members is not None else None


@dataclass(eq=False, slots=True)
class Resource:
    """A datatype, group, operation, window, file or the like that a call makes and another should free."""

    kind: str
    line: int
    made_by: str
    file: str = ""
    freed: int | None = None
    committed: bool = True
    item_bytes: int | None = None
    elements: tuple[str, ...] | None = None
    escapes: bool = False
    comm: Comm | None = None
    block: Block | None = None
    state: dict[str, object] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Request:
    """A nonblocking or persistent operation. ``started_by`` counts in the trace of its rank."""

    operation: int
    line: int
    function: str
    persistent: bool = False
    active: bool = True
    done: bool = False
    freed: bool = False
    maybe_done: bool = False
    buffers: tuple[Buffer, ...] = ()


@dataclass(frozen=True, slots=True)
class Buffer:
    """Elements ``first`` to ``last`` (excluded; None: not known) of a block that an operation reads or writes."""

    block: Block
    first: int
    last: int | None
    writes: bool


Value = int | float | str | Unknown | Constant | Pointer | Callback | Comm | Resource | Request | None


def shortened(key: str) -> str:
    """A key that does not grow with the expression."""
    return key if len(key) <= _MAX_KEY else f"{key[:60]}~{hash(key) & 0xFFFFFFFF:x}"


def plain_type(ctype: str) -> str:
    """The type without qualifiers, words in one order: ``const long int`` -> ``long``."""
    words = [word for word in ctype.replace("*", " * ").split() if word not in {"const", "volatile", "static", "register"}]
    words = [word for word in words if word not in {"restrict", "extern", "constexpr", "inline", "struct"}]
    if len(words) > 1 and "int" in words:
        words = [word for word in words if word != "int"] or ["int"]
    if len(words) > 1 and "signed" in words and "char" not in words:
        words.remove("signed")
    if "unsigned" in words and words[0] != "unsigned":
        words.remove("unsigned")
        words.insert(0, "unsigned")
    return " ".join(words).removeprefix("std::") or "int"


def size_of(ctype: str) -> int | None:
    """Bytes of a C type, None for what is not known."""
    plain = plain_type(ctype)
    return 8 if plain.endswith("*") else _SIZES.get(plain)
