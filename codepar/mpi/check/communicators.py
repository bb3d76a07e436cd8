"""Calls that make, free and describe MPI's objects: communicators with their members, groups, datatypes, windows, operations.

Limits: graph topologies and inter-communicators have unknown members; attributes and info keys are not kept.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from codepar.mpi.check.buffers import type_bytes
from codepar.mpi.check.statements import Ended
from codepar.mpi.check.trace import Op
from codepar.mpi.check.values import Comm, Constant, NamedInt, Place, Pointer, Resource, Value
from codepar.mpi.header_parse import Parameter

if TYPE_CHECKING:
    from codepar.mpi.check.operations import Machine

_OUTPUTS = {
    "MPI_Comm *": "communicator", "MPI_Datatype *": "datatype", "MPI_Op *": "operation", "MPI_Win *": "window",
    "MPI_Group *": "group", "MPI_File *": "file", "MPI_Info *": "info", "MPI_Errhandler *": "error handler",
    "MPI_Session *": "session",
}  # fmt: skip
_NULLS = {
    "communicator": "MPI_COMM_NULL", "datatype": "MPI_DATATYPE_NULL", "operation": "MPI_OP_NULL", "window": "MPI_WIN_NULL",
    "group": "MPI_GROUP_NULL", "file": "MPI_FILE_NULL", "info": "MPI_INFO_NULL", "error handler": "MPI_ERRHANDLER_NULL",
}  # fmt: skip
_MAX_ELEMENTS = 64


def resource_kind(function: str, parameter: Parameter) -> str:
    """What kind of object a call makes in an output parameter; empty for none."""
    if re.search(r"_free$|_close$|_commit$|_disconnect$|_get_\w+$|_get$", function):
        return ""
    return _OUTPUTS.get(parameter.type, "")


def make(machine: Machine, op: Op, pointer: Pointer, kind: str) -> None:
    """A new object of ``kind`` is stored behind ``pointer``."""
    if kind == "communicator":
        store_comm(machine, op, pointer, None)
        return
    resource = Resource(kind, op.line, op.name, op.file)
    resource.comm = op.comm
    if kind == "datatype":
        resource.committed = op.name == "MPI_Type_dup"
        _describe(machine, op, resource)
    if kind == "window":
        base = op.values.get("base")
        if isinstance(base, Pointer):
            resource.block = base.block
            base.block.is_window = True
            resource.state["offset"] = base.offset
        resource.state["bytes"] = op.values.get("size")
        resource.state["unit"] = op.values.get("disp_unit")
    machine.trace.resources.append(resource)
    op.resource = resource
    machine.store(Place(pointer.block, pointer.offset), resource, op.line)


def _describe(machine: Machine, op: Op, made: Resource) -> None:
    """Size and elements of contiguous and vector types."""
    base = op.values.get("oldtype")
    item = type_bytes(base, machine.elements)
    count, length, stride = op.number("count"), op.number("blocklength"), op.number("stride")
    names = element_names(base)
    if op.name == "MPI_Type_contiguous" and count is not None and count >= 0:
        made.item_bytes = count * item if item is not None else None
        made.elements = names * count if names and count * len(names) <= _MAX_ELEMENTS else None
    elif op.name == "MPI_Type_vector" and None not in (count, length, stride) and count and length and stride is not None:
        made.item_bytes = ((count - 1) * stride + length) * item if item is not None and stride >= 0 else None
        made.elements = names * (count * length) if names and count * length * len(names) <= _MAX_ELEMENTS else None
    elif op.name == "MPI_Type_create_struct":
        made.elements = _struct_elements(machine, op, count)


def _struct_elements(machine: Machine, op: Op, count: int | None) -> tuple[str, ...] | None:
    lengths = integers(machine, op.values.get("array_of_blocklengths"), count)
    types = op.values.get("array_of_types")
    if lengths is None or not isinstance(types, Pointer) or not isinstance(types.offset, int):
        return None
    found: tuple[str, ...] = ()
    for index, length in enumerate(lengths):
        names = element_names(types.block.cells.get(types.offset + index))
        if names is None or length * len(names) > _MAX_ELEMENTS:
            return None
        found += names * length
    return found if 0 < len(found) <= _MAX_ELEMENTS else None


def element_names(datatype: Value) -> tuple[str, ...] | None:
    """The predefined datatypes that a datatype consists of, in order; None where not known."""
    if isinstance(datatype, Resource):
        return datatype.elements
    return (datatype.name,) if isinstance(datatype, Constant) and not datatype.name.endswith("NULL") else None


def store_comm(machine: Machine, op: Op, pointer: Value, comm: Comm | None) -> None:
    """Store a new communicator; None makes one of which nothing is known."""
    if not isinstance(pointer, Pointer):
        return
    made = comm or Comm(f"{op.name}@{op.line}#{op.sequence}r{machine.rank}?", None, None)
    made.line = op.line
    machine.trace.comms.append(made)
    machine.store(Place(pointer.block, pointer.offset), made, op.line)


def integers(machine: Machine, pointer: Value, count: int | None) -> list[int] | None:
    """The integers of a small array; None unless all are known."""
    if not isinstance(pointer, Pointer) or not isinstance(pointer.offset, int) or count is None or not 0 <= count <= 64:
        return None
    values = [machine.load(Place(pointer.block, pointer.offset + index), 0) for index in range(count)]
    numbers = [value for value in values if isinstance(value, int)]
    return numbers if len(numbers) == len(values) else None


def _derived(op: Op, members: tuple[int, ...], name: str) -> Comm | None:
    """A communicator of some ranks of ``op.comm``; None when this rank is none of them."""
    comm = op.comm
    if comm is None or comm.rank is None or comm.members is None:
        return None
    mine = comm.members[comm.rank]
    return Comm(f"{comm.key}/{name}#{op.sequence}", members, members.index(mine)) if mine in members else None


def duplicate(machine: Machine, op: Op) -> None:
    """MPI_Comm_dup and MPI_Comm_idup: the same members."""
    comm = op.comm
    made = None
    if comm is not None and comm.members is not None:
        made = Comm(f"{comm.key}/dup#{op.sequence}", comm.members, comm.rank, dims=comm.dims, periods=comm.periods)
    store_comm(machine, op, op.values.get("newcomm"), made)
    if "request" in op.values:
        machine.start_request(op, persistent=False)


def split(machine: Machine, op: Op) -> None:
    """MPI_Comm_split: members by colour, ordered by key."""
    comm, pointer = op.comm, op.values.get("newcomm")
    color, key = op.values.get("color"), op.values.get("key")
    if comm is None or comm.rank is None or comm.size is None or comm.members is None:
        store_comm(machine, op, pointer, None)
        return
    entry = f"split:{comm.key}"
    machine.world.given[(entry, op.sequence, comm.rank)] = (color, key if isinstance(key, int) else comm.rank)
    parts = [machine.world.given.get((entry, op.sequence, rank)) for rank in range(comm.size)]
    if any(part is None for part in parts):
        machine.world.wanted = True
        store_comm(machine, op, pointer, None)
        return
    colors = [part[0] if part is not None else None for part in parts]
    if not all(isinstance(value, int) for value in colors):
        store_comm(machine, op, pointer, None)
        return
    if isinstance(color, NamedInt):
        _store_null(machine, op, pointer)
        return
    order = sorted((_int(part[1]), rank) for rank, part in enumerate(parts) if part is not None and part[0] == color)
    members = tuple(comm.members[rank] for _, rank in order)
    store_comm(machine, op, pointer, _derived(op, members, f"split{color}"))


def _int(value: Value) -> int:
    return value if isinstance(value, int) else 0


def _store_null(machine: Machine, op: Op, pointer: Value) -> None:
    if isinstance(pointer, Pointer):
        machine.store(Place(pointer.block, pointer.offset), Constant("MPI_COMM_NULL"), op.line)


def create(machine: Machine, op: Op) -> None:
    """MPI_Comm_create: the ranks of a group."""
    group = op.values.get("group")
    members = group.state.get("members") if isinstance(group, Resource) else None
    if not isinstance(members, tuple) or op.comm is None or op.comm.members is None:
        store_comm(machine, op, op.values.get("newcomm"), None)
        return
    made = _derived(op, members, "create")
    if made is None:
        _store_null(machine, op, op.values.get("newcomm"))
    else:
        store_comm(machine, op, op.values.get("newcomm"), made)


def group_of(machine: Machine, op: Op) -> None:
    """MPI_Comm_group, MPI_Group_incl, MPI_Group_excl with known members."""
    pointer = op.values.get("group" if op.name == "MPI_Comm_group" else "newgroup")
    if not isinstance(pointer, Pointer):
        return
    resource = Resource("group", op.line, op.name, op.file)
    parent = op.values.get("group")
    if op.name == "MPI_Comm_group":
        resource.state["members"] = op.comm.members if op.comm is not None else None
    elif isinstance(parent, Resource) and isinstance(parent.state.get("members"), tuple):
        known = parent.state["members"]
        ranks = integers(machine, op.values.get("ranks"), op.number("n"))
        if isinstance(known, tuple) and ranks is not None and all(0 <= rank < len(known) for rank in ranks):
            chosen = ranks if op.name == "MPI_Group_incl" else [rank for rank in range(len(known)) if rank not in ranks]
            resource.state["members"] = tuple(known[rank] for rank in chosen)
    machine.trace.resources.append(resource)
    op.resource = resource
    machine.store(Place(pointer.block, pointer.offset), resource, op.line)


def free(machine: Machine, op: Op) -> None:
    """``MPI_X_free``: the handle becomes null, the object is marked."""
    for key, pointer in list(op.values.items()):
        if not isinstance(pointer, Pointer) or key in {"status", "request"}:
            continue
        value = machine.load(Place(pointer.block, pointer.offset), op.line)
        if isinstance(value, Comm | Resource):
            if value.freed is not None:
                op.freed_before[key] = value.freed
            value.freed = op.line
        null = _NULLS.get(value.kind if isinstance(value, Resource) else "communicator", "MPI_COMM_NULL")
        op.values[f"*{key}"] = value
        machine.store(Place(pointer.block, pointer.offset), Constant(null), op.line)


def commit(machine: Machine, op: Op) -> None:
    """MPI_Type_commit."""
    pointer = op.values.get("datatype")
    if isinstance(pointer, Pointer):
        value = machine.load(Place(pointer.block, pointer.offset), op.line)
        op.values["*datatype"] = value
        if isinstance(value, Resource):
            value.committed = True


def cartesian(machine: Machine, op: Op) -> None:
    """MPI_Cart_create: ranks in row-major order, not reordered."""
    number = op.number("ndims")
    dims = integers(machine, op.values.get("dims"), number)
    periods = integers(machine, op.values.get("periods"), number)
    comm = op.comm
    op.values["*dims"] = str(dims) if dims is not None else None
    if comm is None or comm.members is None or dims is None or any(size <= 0 for size in dims) or periods is None:
        store_comm(machine, op, op.values.get("comm_cart"), None)
        return
    made = _derived(op, comm.members[: math.prod(dims)], "cart")
    if math.prod(dims) > len(comm.members):
        # MPI ends the program here; it is made for more ranks than these.
        raise Ended
    if made is None:
        _store_null(machine, op, op.values.get("comm_cart"))
        return
    made.dims, made.periods = tuple(dims), tuple(periods)
    store_comm(machine, op, op.values.get("comm_cart"), made)


def _coordinates(rank: int, dims: tuple[int, ...]) -> list[int]:
    found: list[int] = []
    for size in reversed(dims):
        found.insert(0, rank % size)
        rank //= size
    return found


def cart_query(machine: Machine, op: Op) -> None:
    """MPI_Cart_shift, MPI_Cart_coords, MPI_Cart_rank, MPI_Cart_get on a known grid."""
    comm = op.comm
    if comm is None or comm.dims is None or comm.periods is None or comm.rank is None:
        for key in ("rank_source", "rank_dest", "coords", "rank", "dims", "periods"):
            machine.forget_pointed(op.values.get(key))
        return
    if op.name == "MPI_Cart_shift":
        _shift(machine, op, comm, len(comm.dims))
    elif op.name == "MPI_Cart_coords":
        rank = op.number("rank")
        if rank is not None:
            _store(machine, op, "coords", list(_coordinates(rank, comm.dims)))
        else:
            machine.forget_pointed(op.values.get("coords"))
    elif op.name == "MPI_Cart_rank":
        _cart_rank(machine, op, comm.dims, comm.periods)
    else:
        _store(machine, op, "coords", list(_coordinates(comm.rank, comm.dims)))


def _shift(machine: Machine, op: Op, comm: Comm, dimensions: int) -> None:
    direction, by = op.number("direction"), op.number("disp")
    if direction is None or by is None or not 0 <= direction < dimensions:
        return
    for key, sign in (("rank_source", -1), ("rank_dest", 1)):
        _store(machine, op, key, [_neighbour(comm, direction, sign * by)])


def _cart_rank(machine: Machine, op: Op, dims: tuple[int, ...], periods: tuple[int, ...]) -> None:
    coords = integers(machine, op.values.get("coords"), len(dims))
    if coords is None:
        machine.forget_pointed(op.values.get("rank"))
        return
    rank = 0
    for at, size, wraps in zip(coords, dims, periods, strict=True):
        rank = rank * size + (at % size if wraps else at)
    _store(machine, op, "rank", [rank])


def _neighbour(comm: Comm, direction: int, by: int) -> int:
    dims, periods = comm.dims or (), comm.periods or ()
    at = _coordinates(comm.rank or 0, dims)
    at[direction] += by
    if periods[direction]:
        at[direction] %= dims[direction]
    if not 0 <= at[direction] < dims[direction]:
        return NamedInt(-1, "MPI_PROC_NULL")
    rank = 0
    for place, size in zip(at, dims, strict=True):
        rank = rank * size + place
    return rank


def _store(machine: Machine, op: Op, key: str, numbers: list[int]) -> None:
    pointer = op.values.get(key)
    if isinstance(pointer, Pointer) and isinstance(pointer.offset, int):
        for index, number in enumerate(numbers):
            pointer.block.cells[pointer.offset + index] = number


def dims_create(machine: Machine, op: Op) -> None:
    """MPI_Dims_create: as even as possible, larger factors first."""
    nodes, number = op.number("nnodes"), op.number("ndims")
    given = integers(machine, op.values.get("dims"), number)
    if nodes is None or number is None or given is None:
        machine.forget_pointed(op.values.get("dims"))
        return
    free_places = [index for index, size in enumerate(given) if size == 0]
    fixed = math.prod(size for size in given if size > 0)
    if not free_places or fixed == 0 or nodes % fixed:
        return
    chosen = _even_factors(nodes // fixed, len(free_places))
    for index, size in zip(free_places, chosen, strict=True):
        given[index] = size
    _store(machine, op, "dims", given)


def _even_factors(number: int, parts: int) -> list[int]:
    found = [1] * parts
    divisor, rest, factors = 2, number, list[int]()
    while rest > 1:
        while rest % divisor == 0:
            factors.append(divisor)
            rest //= divisor
        divisor += 1
    for factor in sorted(factors, reverse=True):
        found[found.index(min(found))] *= factor
    return sorted(found, reverse=True)


_FREES = (
    "Comm_free",
    "Comm_disconnect",
    "Type_free",
    "Op_free",
    "Group_free",
    "Win_free",
    "File_close",
    "Info_free",
    "Errhandler_free",
)

MAKERS: dict[str, Callable[[Machine, Op], None]] = {
    "MPI_Comm_dup": duplicate,
    "MPI_Comm_idup": duplicate,
    "MPI_Comm_split": split,
    "MPI_Comm_create": create,
    "MPI_Comm_group": group_of,
    "MPI_Group_incl": group_of,
    "MPI_Group_excl": group_of,
    "MPI_Cart_create": cartesian,
    "MPI_Cart_shift": cart_query,
    "MPI_Cart_coords": cart_query,
    "MPI_Cart_rank": cart_query,
    "MPI_Cart_get": cart_query,
    "MPI_Dims_create": dims_create,
    "MPI_Type_commit": commit,
    **{f"MPI_{name}": free for name in _FREES},
}
