"""Which memory an MPI call reads and writes, and how much of it: buffers, their counts, their datatypes.

Limits: counts of the ``v`` and ``w`` collectives are arrays and not summed; the extent of a derived datatype is known for
contiguous and vector types of known bases only.
"""

from __future__ import annotations

from dataclasses import dataclass

from codepar.mpi.check.trace import Op
from codepar.mpi.check.values import Buffer, Constant, Pointer, Resource, Value, size_of

_GROUPS = (
    ("buf", ("count",), ("datatype",)),
    ("buffer", ("count",), ("datatype",)),
    ("sendbuf", ("sendcount", "count"), ("sendtype", "datatype")),
    ("recvbuf", ("recvcount", "count"), ("recvtype", "datatype")),
    ("inbuf", ("incount",), ("datatype",)),
    ("origin_addr", ("origin_count",), ("origin_datatype", "datatype")),
    ("result_addr", ("result_count",), ("result_datatype", "datatype")),
)
_PER_RANK = {
    "recvbuf": ("Gather", "Allgather", "Alltoall", "Igather", "Iallgather", "Ialltoall"),
    "sendbuf": ("Scatter", "Alltoall", "Iscatter", "Ialltoall", "Reduce_scatter_block", "Ireduce_scatter_block"),
}
_WRITTEN = frozenset({"recvbuf", "result_addr", "outbuf"})
_PAIRS = {
    "MPI_2INT": 8, "MPI_FLOAT_INT": 8, "MPI_DOUBLE_INT": 16, "MPI_LONG_INT": 16, "MPI_SHORT_INT": 8, "MPI_LONG_DOUBLE_INT": 32,
    "MPI_BYTE": 1, "MPI_PACKED": 1, "MPI_C_COMPLEX": 8, "MPI_C_FLOAT_COMPLEX": 8, "MPI_C_DOUBLE_COMPLEX": 16, "MPI_C_BOOL": 1,
    "MPI_CXX_BOOL": 1, "MPI_INTEGER": 4, "MPI_REAL": 4, "MPI_DOUBLE_PRECISION": 8, "MPI_CHARACTER": 1, "MPI_INTEGER4": 4,
    "MPI_INTEGER8": 8, "MPI_REAL4": 4, "MPI_REAL8": 8, "MPI_CXX_DOUBLE_COMPLEX": 16, "MPI_CXX_FLOAT_COMPLEX": 8,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BufferUse:
    """One buffer of a call: ``items`` elements of ``datatype`` (None: not known) that the call reads or writes."""

    parameter: str
    pointer: Value
    items: int | None
    datatype: Value
    writes: bool
    count_parameter: str


def type_bytes(datatype: Value, elements: dict[str, str]) -> int | None:
    """Bytes from one element to the next; ``elements`` are the C types of the predefined datatypes."""
    if isinstance(datatype, Resource):
        return datatype.item_bytes
    if isinstance(datatype, Constant):
        if datatype.name in _PAIRS:
            return _PAIRS[datatype.name]
        return size_of(elements[datatype.name]) if datatype.name in elements else None
    return None


def buffers_of(op: Op) -> list[BufferUse]:
    """The buffers that matter on this rank: what only the root sends or receives is left out elsewhere."""
    found = []
    function = op.name.removeprefix("MPI_").removesuffix("_init").removesuffix("_c")
    for parameter, counts, types in _GROUPS:
        if parameter not in op.values or not _matters(parameter, function, op):
            continue
        count = next((name for name in counts if name in op.values), "")
        datatype = next((op.values[name] for name in types if name in op.values), None)
        items = op.number(count) if count else None
        if function in _PER_RANK.get(parameter, ()):
            size = op.comm.size if op.comm is not None and not op.comm.is_inter else None
            items = items * size if items is not None and size is not None else None
        if function in {"Fetch_and_op", "Compare_and_swap"}:
            items = 1
        found.append(BufferUse(parameter, op.values[parameter], items, datatype, _writes(parameter, function, op), count))
    return found


def _is_root(op: Op) -> bool | None:
    root = op.number("root")
    return None if root is None or op.comm is None or op.comm.rank is None else root == op.comm.rank


def may_be_ignored(op: Op, parameter: str) -> bool:
    """Whether a buffer matters at the root alone and nobody knows whether this rank is it: what is beside it accuses nobody."""
    function = op.name.removeprefix("MPI_").removesuffix("_init").removesuffix("_c")
    return _is_of_root(parameter, function) and _is_root(op) is None


def _matters(parameter: str, function: str, op: Op) -> bool:
    return not _is_of_root(parameter, function) or _is_root(op) is not False


def _is_of_root(parameter: str, function: str) -> bool:
    plain = function.removeprefix("I") if function[:2] in {"Ig", "Is", "Ir"} else function
    gathers, scatters = {"gather", "gatherv", "reduce"}, {"scatter", "scatterv"}
    return plain.lower() in {"recvbuf": gathers, "sendbuf": scatters}.get(parameter, set())


def _writes(parameter: str, function: str, op: Op) -> bool:
    if parameter == "buffer":
        return _is_root(op) is False
    if parameter == "origin_addr":
        return function in {"Get", "Rget"}
    if function in {"Sendrecv_replace", "Isendrecv_replace"}:
        return True
    return parameter in _WRITTEN or (parameter == "buf" and ("recv" in function.lower() or "read" in function))


def held(use: BufferUse, elements: dict[str, str]) -> Buffer | None:
    """The elements of a block that a call holds; None where the block or the place in it is not known."""
    pointer = use.pointer
    if not isinstance(pointer, Pointer) or not isinstance(pointer.offset, int):
        return None
    item, unit = type_bytes(use.datatype, elements), pointer.block.item_bytes
    if use.items is None or item is None or not unit:
        last = pointer.offset + 1 if pointer.block.count == 1 else None
    else:
        last = pointer.offset + -(-use.items * item // unit)
    if use.items is not None and use.items <= 0:
        return None
    return Buffer(pointer.block, pointer.offset, last, use.writes)
