"""MPI's objects in the replay of Python: communicators and grids, groups, datatypes, and what their methods make.

Limits: derived datatypes other than contiguous and vector ones are known by their life only; a grid keeps the order of ranks.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from codepar.mpi.check.python.expressions import NONE
from codepar.mpi.check.python.library import Library
from codepar.mpi.check.trace import Touch
from codepar.mpi.check.values import Block, Comm, Constant, NamedInt, Pointer, Resource, Unknown, Value

_TYPE_MAKERS = {"Create_contiguous": "MPI_Type_contiguous", "Create_vector": "MPI_Type_vector", "Dup": "MPI_Type_dup"}


class Handles(Library):
    """Methods of handles."""

    def constant(self, name: str) -> Value:
        """A constant of MPI, with the names that only mpi4py has."""
        if name == "MPI_BOOL":
            return Constant("MPI_C_BOOL")
        return self.name_value(name, _NoNode(name))  # type: ignore[arg-type]

    def touch_all(self, block: Block, line: int, *, writes: bool = True) -> None:
        """Memory is used as a whole: does a call that is under way still need it?"""
        for entry in self.pending:
            for buffer in entry.buffers:
                if buffer.block is block and (writes or buffer.writes):
                    touch = Touch(line, self.unit.path, block.name, writes, entry.line, entry.function, entry.what)
                    self.trace.touches.append(touch)
                    return

    def _of_resource(self, base: Value, name: str, tree: ast.Call) -> Value:
        """Datatypes, groups, operations."""
        values = [self.value(one) for one in tree.args]
        if name == "Commit":
            self.perform("MPI_Type_commit", tree, {"datatype": self.cell(base, tree.lineno)})
            return base
        if name == "Free" and isinstance(base, Resource):
            kind, parameter = {"datatype": ("Type", "datatype"), "group": ("Group", "group")}.get(base.kind, ("Op", "op"))
            self.perform(f"MPI_{kind}_free", tree, {parameter: self.cell(base, tree.lineno)})
            return NONE
        made = self.cell(None, tree.lineno)
        if name == "Create_resized" and isinstance(base, Resource):
            base.escapes = True
        if name in _TYPE_MAKERS:
            names = {"Create_vector": ("count", "blocklength", "stride"), "Create_contiguous": ("count",)}.get(name, ())
            given: dict[str, Value] = dict(zip(names, values, strict=False))
            self.perform(_TYPE_MAKERS[name], tree, {**given, "oldtype": base, "newtype": made})
            return self.load_cell(made)
        if name.startswith("Create_"):
            self.perform("MPI_Type_indexed", tree, {"oldtype": base, "newtype": made})
            return self.load_cell(made)
        if name in {"Incl", "Excl"} and values:
            items = self.items_of(values[0])
            ranks = self.new_block("ranks", "auto", len(items or ()), tree.lineno)
            ranks.cells.update(enumerate(items or ()))
            number: Value = len(items) if items is not None else Unknown(f"n#{self.steps}", True)
            called = f"MPI_Group_{name.lower()}"
            self.perform(called, tree, {"group": base, "n": number, "ranks": Pointer(ranks, 0), "newgroup": made})
            return self.load_cell(made)
        return self.nothing_known(tree)

    def _argument(self, tree: ast.Call, position: int, name: str, default: Value) -> Value:
        keyword = next((one.value for one in tree.keywords if one.arg == name), None)
        if keyword is not None:
            return self.value(keyword)
        return self.value(tree.args[position]) if len(tree.args) > position else default

    def _own_rank(self, base: Value, tree: ast.Call) -> Value:
        comm = self.comm_of(base)
        name = tree.func.attr if isinstance(tree.func, ast.Attribute) else ""
        target = self.cell(None, tree.lineno)
        parameter = "rank" if name == "Get_rank" else "size"
        self.perform(f"MPI_Comm_{parameter}", tree, {"comm": base, parameter: target}, {"comm": "the communicator"})
        value = (comm.rank if parameter == "rank" else comm.size) if comm is not None else None
        return value if value is not None else self.nothing_known(tree)

    def _split(self, base: Value, tree: ast.Call) -> Value:
        color = self._argument(tree, 0, "color", 0)
        if isinstance(color, NamedInt) and color.name != "MPI_UNDEFINED":
            color = int(color)
        values = {"color": color, "key": self._argument(tree, 1, "key", 0)}
        return self._new_comm("MPI_Comm_split", {"comm": base, **values}, "newcomm", tree)

    def _duplicate(self, base: Value, tree: ast.Call) -> Value:
        return self._new_comm("MPI_Comm_dup", {"comm": base}, "newcomm", tree)

    def _created(self, base: Value, tree: ast.Call) -> Value:
        return self._new_comm("MPI_Comm_create", {"comm": base, "group": self._argument(tree, 0, "group", NONE)}, "newcomm", tree)

    def _new_comm(self, function: str, values: dict[str, Value], parameter: str, tree: ast.Call) -> Value:
        target = self.cell(None, tree.lineno)
        self.perform(function, tree, {**values, parameter: target})
        return self.load_cell(target)

    def _free_comm(self, base: Value, tree: ast.Call) -> Value:
        self.perform("MPI_Comm_free", tree, {"comm": self.cell(base, tree.lineno)}, {"comm": "the communicator"})
        return NONE

    def _group(self, base: Value, tree: ast.Call) -> Value:
        return self._new_comm("MPI_Comm_group", {"comm": base}, "group", tree)

    def _cartesian(self, base: Value, tree: ast.Call) -> Value:
        dims, periods = self.items_of(self._argument(tree, 0, "dims", NONE)), self._argument(tree, 1, "periods", NONE)
        wraps = self.items_of(periods)
        if dims is not None and wraps is None and (periods == NONE or isinstance(periods, int)):
            wraps = [periods if isinstance(periods, int) else 0] * len(dims)
        if dims is None or wraps is None:
            self.world.doubt(f"the grid of line {tree.lineno} is not known")
            self.give_up("Create_cart")
            return self.nothing_known(tree)
        number, pointers = len(dims), [self.made_list(list(one), tree.lineno) for one in (dims, wraps)]
        values: dict[str, Value] = {"comm_old": base, "ndims": number, "dims": pointers[0], "periods": pointers[1], "reorder": 0}
        return self._new_comm("MPI_Cart_create", values, "comm_cart", tree)

    def _shift(self, base: Value, tree: ast.Call) -> Value:
        source, dest = self.cell(None, tree.lineno), self.cell(None, tree.lineno)
        values = {"direction": self._argument(tree, 0, "direction", 0), "disp": self._argument(tree, 1, "disp", 1)}
        self.perform("MPI_Cart_shift", tree, {"comm": base, **values, "rank_source": source, "rank_dest": dest})
        return self.made_list([self.load_cell(source), self.load_cell(dest)], tree.lineno, "tuple")

    def _coords(self, base: Value, tree: ast.Call) -> Value:
        comm = self.comm_of(base)
        return self._coordinates(comm, self._argument(tree, 0, "rank", NONE), tree)

    def _coordinates(self, comm: Comm | None, rank: Value, tree: ast.Call) -> Value:
        if comm is None or comm.dims is None or not isinstance(rank, int):
            return self.nothing_known(tree)
        found: list[Value] = []
        left = int(rank)
        for size in reversed(comm.dims):
            found.insert(0, left % size)
            left //= size
        return self.made_list(found, tree.lineno)

    def _abort(self, base: Value, tree: ast.Call) -> Value:
        self.perform("MPI_Abort", tree, {"comm": base, "errorcode": 1})
        return NONE

    def _dims(self, values: list[Value], tree: ast.Call) -> Value:
        number, given = values[0], self.items_of(values[1])
        wanted = given if given is not None else [0] * values[1] if isinstance(values[1], int) else None
        if wanted is None or not isinstance(number, int):
            return self.made_list(None, tree.lineno)
        dims = self.made_list(list(wanted), tree.lineno)
        self.perform("MPI_Dims_create", tree, {"nnodes": number, "ndims": len(wanted), "dims": dims})
        return self.made_list([dims.block.cells.get(index, Unknown("dim", True)) for index in range(len(wanted))], tree.lineno)


class _NoNode:
    """A name that no text holds."""

    line = 0

    def __init__(self, text: str) -> None:
        self.text = text


SPECIAL: dict[str, Callable[[Handles, Value, ast.Call], Value]] = {
    "Get_rank": Handles._own_rank,
    "Get_size": Handles._own_rank,
    "Split": Handles._split,
    "Dup": Handles._duplicate,
    "Clone": Handles._duplicate,
    "Create": Handles._created,
    "Free": Handles._free_comm,
    "Disconnect": Handles._free_comm,
    "Get_group": Handles._group,
    "Create_cart": Handles._cartesian,
    "Shift": Handles._shift,
    "Get_coords": Handles._coords,
    "Abort": Handles._abort,
}
"""Methods of communicators that make or free something, or tell of it."""
