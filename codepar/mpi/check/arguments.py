"""Arguments that no call may have: negative counts and tags, ranks out of range, null and freed handles, wildcards in sends.

Limits: values are those of the replay; ``elements`` of derived datatypes are those of contiguous and vector types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codepar.mpi.check.buffers import buffers_of, may_be_ignored, type_bytes
from codepar.mpi.check.communicators import element_names
from codepar.mpi.check.finding import Finding, Related, Severity
from codepar.mpi.check.trace import Op, RankTrace
from codepar.mpi.check.values import Constant, NamedInt, Pointer, Resource, Unknown

_COUNTS = (
    "count",
    "sendcount",
    "recvcount",
    "origin_count",
    "target_count",
    "result_count",
    "incount",
    "n",
    "blocklength",
    "size",
    "ndims",
)
_TYPES = ("datatype", "sendtype", "recvtype", "origin_datatype", "target_datatype", "oldtype", "result_datatype")
_COMMS = ("comm", "comm_old", "local_comm")
_PEERS = (("dest", False), ("source", True), ("target_rank", False))
RANGES = frozenset({"rank-out-of-range", "root-out-of-range", "count-beyond-buffer", "null-communicator", "buffers-overlap"})
"""Kinds that may be due to a number of ranks that the program is not made for."""
_QUERIES = re.compile(
    r"MPI_(?:Comm_compare|Comm_get_|Comm_set_|Type_|Info|Error|Group|Comm_free|Abort|Finalize|Get_count|Pack|Unpack|File|Status)"
)
_FLAGS_BY_VALUE = frozenset({"MPI_Status_set_cancelled", "MPI_File_set_atomicity"})
_IN_PLACE = frozenset({"MPI_IN_PLACE", "MPI_BOTTOM"})
_LOGICAL = frozenset({"MPI_LAND", "MPI_LOR", "MPI_LXOR", "MPI_BAND", "MPI_BOR", "MPI_BXOR"})
_FLOATING = frozenset(
    {"MPI_FLOAT", "MPI_DOUBLE", "MPI_LONG_DOUBLE", "MPI_REAL", "MPI_DOUBLE_PRECISION", "MPI_REAL4", "MPI_REAL8"}
)
_KEPT_COMMS = frozenset({"MPI_COMM_WORLD", "MPI_COMM_SELF", "MPI_COMM_NULL"})
_KEPT_TYPES = _FLOATING | {"MPI_DATATYPE_NULL", "MPI_INT", "MPI_CHAR", "MPI_BYTE", "MPI_LONG"}


def check_arguments(trace: RankTrace, elements: dict[str, str]) -> Iterator[Finding]:
    """Findings about single calls of one rank that hold at any number of ranks."""
    for op in trace.ops:
        yield from _counts(op)
        yield from _tags(op)
        yield from _datatypes(op, elements)
        yield from _handles(op)
        yield from _null_buffers(op)
        yield from _others(op)
        yield from _wildcards(op)


def check_ranges(trace: RankTrace, elements: dict[str, str]) -> Iterator[Finding]:
    """Findings about single calls that depend on the number of ranks: partners, roots, sizes of buffers."""
    for op in trace.ops:
        yield from _ranks(op)
        yield from _extents(op, elements)


def found(
    kind: str, op: Op, message: str, fix: str | None = None, *, severity: Severity = Severity.ERROR, line: int | None = None
) -> Finding:
    """One finding about a call."""
    related = (Related(file=op.file, line=line, message="here"),) if line is not None else ()
    return Finding(kind=kind, severity=severity, file=op.file, line=op.line, message=message, related=related, fix=fix)


def _counts(op: Op) -> Iterator[Finding]:
    for name in _COUNTS:
        number = op.number(name)
        if number is None or isinstance(number, NamedInt) or number >= 0 or not _significant(op, name):
            continue
        if name == "size" and not op.name.startswith("MPI_Win"):
            continue
        yield found("negative-count", op, f"{op.name} is given {name} {number}", "a count is 0 or more")
    unit = op.number("disp_unit")
    if unit is not None and unit <= 0:
        yield found("invalid-argument", op, f"{op.name} is given the displacement unit {unit}", "give the bytes of one element")


def _significant(op: Op, name: str) -> bool:
    """Counts beside MPI_IN_PLACE, or of buffers that only the root has, are ignored by MPI."""
    buffer = {"sendcount": "sendbuf", "recvcount": "recvbuf", "sendtype": "sendbuf", "recvtype": "recvbuf"}.get(name)
    if buffer is None:
        return True
    value = op.values.get(buffer)
    if isinstance(value, Constant) and value.name == "MPI_IN_PLACE":
        return False
    if "root" not in op.values:
        return True
    return not may_be_ignored(op, buffer) and any(use.parameter == buffer for use in buffers_of(op))


def _tags(op: Op) -> Iterator[Finding]:
    for name in ("tag", "sendtag", "recvtag"):
        number = op.number(name)
        if number is None or isinstance(number, NamedInt) or number >= 0:
            continue
        peer = op.values.get("dest" if name == "sendtag" else "source" if name == "recvtag" else "dest", op.values.get("source"))
        if isinstance(peer, NamedInt) and peer.name == "MPI_PROC_NULL":
            continue
        yield found(
            "negative-tag", op, f"{op.name} is given the {name} {number}", "a tag is 0 or more, or MPI_ANY_TAG in a receive"
        )


def _wildcards(op: Op) -> Iterator[Finding]:
    dest = op.values.get("dest")
    if isinstance(dest, NamedInt) and dest.name == "MPI_ANY_SOURCE":
        yield found("wildcard-in-send", op, f"{op.name} sends to MPI_ANY_SOURCE", "name one rank; the wildcard is for receives")
    tag = op.values.get("sendtag", op.values.get("tag"))
    if isinstance(tag, NamedInt) and tag.name == "MPI_ANY_TAG" and "dest" in op.values:
        yield found("wildcard-in-send", op, f"{op.name} sends with MPI_ANY_TAG", "give a tag of 0 or more")


def _datatypes(op: Op, elements: dict[str, str]) -> Iterator[Finding]:
    for name in _TYPES:
        value = op.values.get(name)
        if not _significant(op, name):
            continue
        null = isinstance(value, Constant) and value.name == "MPI_DATATYPE_NULL"
        if null or (isinstance(value, int) and not isinstance(value, NamedInt) and value == 0 and op.number("count") != 0):
            yield found("null-datatype", op, f"{op.name} is given {op.texts.get(name)}, which is no datatype here")
        elif name in op.freed_before:
            yield found(
                "freed-handle",
                op,
                f"{op.name} uses {op.texts.get(name)}, freed in line {op.freed_before[name]}",
                line=op.freed_before[name],
            )
    if op.uncommitted is not None:
        made = op.uncommitted
        message = f"{op.name} uses a datatype of {made.made_by} in line {made.line} that was not committed"
        yield found("type-not-committed", op, message, "call MPI_Type_commit first", line=made.line)
    yield from _operation(op, elements)


def _operation(op: Op, elements: dict[str, str]) -> Iterator[Finding]:
    if "op" not in op.values or not ("recvbuf" in op.values or "win" in op.values):
        return
    value = op.values["op"]
    if (isinstance(value, Constant) and value.name == "MPI_OP_NULL") or (isinstance(value, int) and value == 0):
        yield found("null-operation", op, f"{op.name} is given {op.texts.get('op')}, which is no operation here")
    names = element_names(op.values.get("datatype"))
    if (
        isinstance(value, Constant)
        and value.name in {"MPI_BAND", "MPI_BOR", "MPI_BXOR", *_LOGICAL}
        and names
        and set(names) <= _FLOATING
    ):
        yield found(
            "operation-type", op, f"{value.name} is not defined for {names[0]}", "use an integer type, or another operation"
        )
    if isinstance(value, Constant) and value.name in {"MPI_MINLOC", "MPI_MAXLOC"} and names and len(names) == 1:
        ctype = elements.get(names[0], "struct")
        if not ctype.startswith("struct") and not names[0].startswith("MPI_2"):
            yield found("operation-type", op, f"{value.name} needs a pair type such as MPI_DOUBLE_INT, not {names[0]}")


def _handles(op: Op) -> Iterator[Finding]:
    for name in _COMMS:
        value = op.values.get(name)
        if name not in op.values or _QUERIES.match(op.name):
            continue
        null = isinstance(value, Constant) and value.name == "MPI_COMM_NULL"
        if null or (type(value) is int and value == 0):
            yield found("null-communicator", op, f"{op.name} is given {op.texts.get(name)}, which is MPI_COMM_NULL here")
        elif name in op.freed_before:
            yield _freed(op, name)
    for name in ("win", "fh", "group", "op"):
        if name in op.freed_before and f"*{name}" not in op.values:
            yield _freed(op, name)
    for function, parameter, kept in (("MPI_Comm_free", "*comm", _KEPT_COMMS), ("MPI_Type_free", "*datatype", _KEPT_TYPES)):
        given = op.values.get(parameter) if op.name == function else None
        if isinstance(given, Constant) and given.name in kept:
            yield found("invalid-free", op, f"{op.name} is given {given.name}, which cannot be freed")


def _freed(op: Op, name: str) -> Finding:
    line = op.freed_before[name]
    return found("freed-handle", op, f"{op.name} uses {op.texts.get(name)}, freed in line {line}", line=line)


def _null_buffers(op: Op) -> Iterator[Finding]:
    for use in buffers_of(op):
        value = use.pointer
        if isinstance(value, Pointer) and use.parameter in op.freed_before:
            line = op.freed_before[use.parameter]
            yield found("freed-buffer", op, f"{op.name} uses {op.texts.get(use.parameter)}, freed in line {line}", line=line)
        is_ignored = use.parameter == "origin_addr" and op.texts.get("op") == "MPI_NO_OP"
        if isinstance(value, int) and value == 0 and use.items is not None and use.items > 0 and not is_ignored:
            yield found(
                "null-buffer", op, f"{op.name} is given a null pointer as {use.parameter} and {use.count_parameter} {use.items}"
            )
    for name in ("request", "flag", "newcomm", "newtype", "win"):
        value = op.values.get(name)
        is_number = name == "flag" and op.name in _FLAGS_BY_VALUE
        if type(value) is int and value == 0 and name in op.texts and not is_number:
            yield found("null-pointer", op, f"{op.name} is given a null pointer as {name}")
    send, receive = op.values.get("sendbuf"), op.values.get("recvbuf")
    if (
        isinstance(send, Pointer)
        and isinstance(receive, Pointer)
        and send.block is receive.block
        and "Sendrecv_replace" not in op.name
    ):
        same = isinstance(send.offset, int) and send.offset == receive.offset
        positive = op.number("sendcount") != 0 and op.number("count") != 0
        # On ranks that are not the root one of the two is ignored.
        if same and positive and {"sendbuf", "recvbuf"} <= {use.parameter for use in buffers_of(op)}:
            fix = "use two buffers, or MPI_IN_PLACE" if "Sendrecv" not in op.name else "use two buffers, or MPI_Sendrecv_replace"
            yield found("buffers-overlap", op, f"{op.name} sends and receives in the same memory, {send.block.name}", fix)


def _others(op: Op) -> Iterator[Finding]:
    color = op.values.get("color")
    if isinstance(color, int) and not isinstance(color, NamedInt) and color < 0:
        yield found("invalid-argument", op, f"{op.name} is given the colour {color}", "a colour is 0 or more, or MPI_UNDEFINED")
    root = op.number("root")
    if root is not None and not isinstance(root, NamedInt) and root < 0:
        yield found("root-out-of-range", op, f"{op.name} has the root {root}", "give a rank of the communicator")
    for name, takes_any in _PEERS:
        number = op.number(name)
        if (
            number is not None
            and not isinstance(number, NamedInt)
            and number < 0
            and ("tag" in op.values or "sendtag" in op.values or "win" in op.values)
        ):
            hint = "; MPI_PROC_NULL and MPI_ANY_SOURCE are meant by name" if takes_any else "; MPI_PROC_NULL is meant by name"
            yield found("rank-out-of-range", op, f"{op.name} names rank {number}{hint}", "name a rank of the communicator")
    if op.name == "MPI_Cart_create" and op.comm is not None:
        dims = op.values.get("*dims")
        if isinstance(dims, str) and "-" in dims:
            yield found("invalid-argument", op, f"{op.name} is given negative dimensions {dims}")
    queries = {"MPI_Cart_get", "MPI_Cart_coords", "MPI_Cart_rank", "MPI_Cart_shift"}
    if op.name in queries and op.comm is not None and op.comm.key.rpartition("/")[2].startswith(("world", "split")):
        message = f"{op.name} needs a Cartesian communicator; {op.texts.get('comm')} has no topology"
        yield found("null-communicator", op, message)


def _ranks(op: Op) -> Iterator[Finding]:
    size = op.comm.size if op.comm is not None and not op.comm.is_inter else None
    if size is None:
        return
    root = op.number("root")
    if root is not None and root >= size:
        yield found(
            "root-out-of-range",
            op,
            f"{op.name} has the root {root}; the communicator has {size} ranks",
            "give a rank of the communicator",
        )
    for name, _ in _PEERS:
        number = op.number(name)
        if number is not None and number >= size:
            yield found(
                "rank-out-of-range",
                op,
                f"{op.name} names rank {number} of a communicator of {size}",
                "name a rank of the communicator",
            )


def _extents(op: Op, elements: dict[str, str]) -> Iterator[Finding]:
    """Counts against what the buffer is known to hold."""
    for use in buffers_of(op):
        pointer = use.pointer
        item = type_bytes(use.datatype, elements)
        if not isinstance(pointer, Pointer) or isinstance(pointer.offset, Unknown) or use.items is None or item is None:
            continue
        block = pointer.block
        if (
            block.count is None
            or block.item_bytes is None
            or (isinstance(use.datatype, Resource) and use.datatype.made_by != "MPI_Type_contiguous")
        ):
            continue
        total = block.allocated if block.allocated is not None else block.count * block.item_bytes
        have, need = total - pointer.offset * block.item_bytes, use.items * item
        # A scalar inside a larger object may be the start of what follows it.
        if need > have >= 0 and not (block.count == 1 and "." in block.name):
            verb = "receives" if use.writes else "takes"
            where = op.texts.get(use.parameter)
            message = f"{op.name} {verb} {need} bytes at {where}, which has {have} ({use.items} elements; at {_ranks_text(op)})"
            yield found("count-beyond-buffer", op, message, "let count and buffer agree", line=block.line if block.line else None)


def _ranks_text(op: Op) -> str:
    return f"{op.comm.size} ranks" if op.comm is not None and op.comm.size is not None else "any number of ranks"
