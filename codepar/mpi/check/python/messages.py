"""Communication of mpi4py in the replay: buffers with their counts and types, pickled objects, requests.

Upper-case methods move memory as C does; the objects of lower-case ones are carried over to the other ranks where they are plain.
Limits: counts of vector variants are not read; an object that holds more than 64 elements arrives unknown.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from codepar.mpi.check.python.expressions import LISTS, NONE, Expressions
from codepar.mpi.check.python.methods import METHODS, Method
from codepar.mpi.check.python.types import DATATYPES, UNTYPED
from codepar.mpi.check.trace import Op
from codepar.mpi.check.values import PICKLED, Comm, Constant, Place, Pointer, Request, Resource, Unknown, Value

_MAX_CARRIED = 64
_DIVIDED = {"recvbuf": ("gather", "allgather", "alltoall"), "sendbuf": ("scatter", "alltoall", "reduce_scatter_block")}


@dataclass(frozen=True, slots=True)
class Spec:
    """A buffer argument taken apart."""

    pointer: Value
    count: Value
    datatype: Value
    text: str
    explicit: bool = False


class Messages(Expressions):
    """Calls of communicators and requests."""

    results: dict[int, Pointer]

    def communicate(self, method: Method, comm: Value, tree: ast.Call) -> Value:
        """``comm.method(...)``: what it gives."""
        given = self._arguments(method, tree)
        if given is None:
            self.give_up(method.name)
            return self.nothing_known(tree)
        values: dict[str, Value] = {"comm": comm}
        texts = {name: ast.unparse(part) for name, part in given.items() if isinstance(part, ast.expr)}
        for name, part in given.items():
            if name in {"dest", "source", "tag", "sendtag", "recvtag", "root", "op"}:
                values[name] = self._plain(self.value(part) if isinstance(part, ast.expr) else part)
        if isinstance(given.get("status"), ast.expr):
            values["status"] = self.value(given["status"])  # type: ignore[arg-type]
        target = self._pickled(method, given, values, texts) if method.is_pickled else None
        if not method.is_pickled:
            self._buffers(method, given, values, texts)
        if method.gives_request:
            values["request"] = self.cell(None, tree.lineno)
        op = self.perform(method.function, tree, values, texts)
        if op.request is not None and target is not None:
            self.results[id(op.request)] = target
        if method.gives_request:
            return op.request
        return self._outcome(method, op, target, tree) if method.is_pickled else NONE

    def perform(self, name: str, tree: ast.AST, values: dict[str, Value], texts: dict[str, str] | None = None) -> Op:
        """One call in the trace, with its effect."""
        line = getattr(tree, "lineno", self.line)
        op = Op(len(self.trace.ops), self.rank, name, self.unit.path, line, values, texts or {})
        if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Attribute):
            self.spoken[(self.unit.path, line, name)] = tree.func.attr
        op.comm = self._communicator(op)
        for key in ("datatype", "sendtype", "recvtype"):
            value = values.get(key)
            if isinstance(value, Resource) and not value.committed:
                op.uncommitted = value
        self.trace.ops.append(op)
        self.carry_out(op)
        return op

    @property
    def spoken(self) -> dict[tuple[str, int, str], str]:
        """How the program calls what the trace names as C does."""
        found: dict[tuple[str, int, str], str] = self.program.__dict__.setdefault("spoken", {})
        return found

    def cell(self, value: Value, line: int, count: int | None = 1) -> Pointer:
        """Memory for one value."""
        block = self.new_block("a value", UNTYPED, count, line)
        if value is not None:
            block.cells[0] = value
        return Pointer(block, 0)

    def _plain(self, value: Value) -> Value:
        return value if isinstance(value, int | Constant | Resource | Unknown) else Unknown(f"odd#{self.steps}", True)

    def _arguments(self, method: Method, tree: ast.Call) -> dict[str, ast.expr | Value] | None:
        """The arguments by parameter, defaults included; None where they are spread from a list, or too many."""
        if any(isinstance(one, ast.Starred) for one in tree.args) or any(one.arg is None for one in tree.keywords):
            return None
        if len(tree.args) > len(method.parameters):
            return None
        found: dict[str, ast.expr | Value] = {}
        keywords = {one.arg: one.value for one in tree.keywords}
        for index, (name, default) in enumerate(method.parameters):
            own = "buf" if name == "ignored" and "buf" in keywords else "recvbuf" if name == "ignored" else name
            if index < len(tree.args):
                found[name] = tree.args[index]
            elif own in keywords:
                found[name] = keywords[own]
            elif default is not None:
                found[name] = self._default(default)
            else:
                return None
        return found

    def _default(self, text: str) -> Value:
        if not text:
            return NONE
        return int(text) if text.isdigit() else self.constant(text)

    def constant(self, name: str) -> Value:
        raise NotImplementedError

    def give_up(self, what: str) -> None:
        """Something may communicate in ways that are not seen."""
        self.trace.opaque = self.trace.opaque or what

    def _pickled(
        self, method: Method, given: dict[str, ast.expr | Value], values: dict[str, Value], texts: dict[str, str]
    ) -> Pointer | None:
        """The sides of a call that pickles: one value each, of a type that only its like takes."""
        line = self.line
        source = given.get("obj", given.get("sendobj"))
        sent = self.value(source) if isinstance(source, ast.expr) else source
        out, back = self.cell(self.carried(sent), line), self.cell(None, line)
        self.sent = sent
        name, kind = method.name.lower(), Constant(PICKLED)
        texts |= {"datatype": "a pickled object", "sendtype": "a pickled object", "recvtype": "a pickled object"}
        if name == "sendrecv":
            values |= {"sendbuf": out, "sendcount": 1, "sendtype": kind, "recvbuf": back, "recvcount": 1, "recvtype": kind}
            return back
        if "send" in name:
            values |= {"buf": out, "count": 1, "datatype": kind}
            return None
        if "recv" in name:
            values |= {"buf": back, "count": 1, "datatype": kind}
            return back
        if name == "bcast":
            values |= {"buffer": out, "count": 1, "datatype": kind}
            return out
        if name in {"reduce", "allreduce", "scan", "exscan"}:
            values |= {"sendbuf": out, "recvbuf": back, "count": 1, "datatype": kind}
        elif name not in {"barrier", "probe"}:
            values |= {"sendbuf": out, "sendcount": 1, "sendtype": kind, "recvbuf": back, "recvcount": 1, "recvtype": kind}
        return back

    def carried(self, value: Value) -> Value:
        """A value as another rank can get it: numbers, text, small lists of them."""
        if isinstance(value, int | float | str) or value == NONE or isinstance(value, Unknown):
            return value
        items = self.items_of(value)
        if items is None or len(items) > _MAX_CARRIED:
            return Unknown(f"object#{self.steps}r{self.rank}", True)
        parts = [self.carried(one) for one in items]
        kind = value.block.ctype if isinstance(value, Pointer) else "list"
        return self.made_list(parts, self.line, kind)

    def _outcome(self, method: Method, op: Op, target: Pointer | None, tree: ast.Call) -> Value:
        """What a blocking lower-case method gives."""
        name = method.name
        if name in {"recv", "sendrecv"} and target is not None:
            return self.carried(self._quiet(target, tree))
        if name in {"bcast", "gather", "allgather", "scatter", "alltoall"}:
            return self._shared_outcome(name, op, tree)
        if name in {"reduce", "allreduce"} and target is not None:
            if name == "reduce" and op.comm is not None and op.number("root") != op.comm.rank:
                return NONE if op.number("root") is not None else self.nothing_known(tree)
            return self._quiet(target, tree)
        return NONE if name in {"send", "ssend", "bsend", "barrier", "probe"} else self.nothing_known(tree)

    def _quiet(self, target: Pointer, tree: ast.AST) -> Value:
        value = target.block.cells.get(0)
        return value if value is not None else self.nothing_known(tree)

    def _shared_outcome(self, name: str, op: Op, tree: ast.Call) -> Value:
        comm, root = op.comm, op.number("root")
        if comm is None or comm.rank is None or comm.size is None or (root is None and "root" in op.values):
            return self.nothing_known(tree)
        key = f"python:{op.name}:{comm.key}"
        is_root = root is None or comm.rank == root
        if root is None or is_root or name == "gather":
            self.world.given[(key, op.sequence, comm.rank)] = (self.carried(self.sent),)
        if name == "gather" and not is_root:
            return NONE
        ranks = [root] if name in {"bcast", "scatter"} and root is not None else list(range(comm.size))
        parts = [self.world.given.get((key, op.sequence, rank)) for rank in ranks]
        if any(part is None for part in parts):
            self.world.wanted = True
            return Unknown(f"{key}#{op.sequence}", name != "bcast")
        values = [part[0] for part in parts if part is not None]
        if name == "bcast":
            return self._same_everywhere(values[0], f"{key}#{op.sequence}")
        if name in {"gather", "allgather"}:
            return self.made_list([self.carried(value) for value in values], tree.lineno)
        own = [self._part(value, comm.rank, tree) for value in values]
        return own[0] if name == "scatter" else self.made_list(own, tree.lineno)

    def _same_everywhere(self, value: Value, key: str) -> Value:
        """What a broadcast gives: one value for all ranks, the unknown ones under one name."""
        if isinstance(value, Unknown) and value.local:
            return Unknown(key)
        items = self.items_of(value)
        if items is not None and isinstance(value, Pointer):
            parts = [self._same_everywhere(one, f"{key}[{index}]") for index, one in enumerate(items)]
            return self.made_list(parts, self.line, value.block.ctype)
        return value

    def _part(self, value: Value, rank: int, tree: ast.AST) -> Value:
        items = self.items_of(value)
        if items is None or rank >= len(items):
            return self.nothing_known(tree)
        return self.carried(items[rank])

    def _buffers(
        self, method: Method, given: dict[str, ast.expr | Value], values: dict[str, Value], texts: dict[str, str]
    ) -> None:
        """The memory of upper-case methods."""
        name = method.name.lower().removeprefix("i") if method.name.startswith("I") else method.name.lower()
        if "buf" in given:
            spec = self.spec(given["buf"])
            values |= {"buffer" if name == "bcast" else "buf": spec.pointer, "count": spec.count, "datatype": spec.datatype}
            texts |= {"datatype": spec.text} | ({"count": "given"} if spec.explicit else {})
            return
        for side, count, kind in (("sendbuf", "sendcount", "sendtype"), ("recvbuf", "recvcount", "recvtype")):
            if side not in given:
                continue
            spec = self.spec(given[side])
            is_vector = name.endswith(("v", "w")) and ((side == "recvbuf") != ("scatter" in name) or "all" in name)
            number = Unknown(f"counts#{self.steps}", True) if is_vector or "reduce_scatter" in name else spec.count
            if name in _DIVIDED.get(side, ()):
                number = self._divided(number, values["comm"])
            values |= {side: spec.pointer, count: number, kind: spec.datatype}
            texts |= {side: texts.get(side, side), kind: spec.text}
        if "op" in given:
            self._reduction(values, texts)

    def _reduction(self, values: dict[str, Value], texts: dict[str, str]) -> None:
        """Reductions have one count and one datatype: of the side that is no MPI_IN_PLACE."""
        in_place = isinstance(values.get("sendbuf"), Constant)
        first, second = ("recv", "send") if in_place else ("send", "recv")
        values["count"] = values.pop(f"{first}count", Unknown("count", True))
        values["datatype"] = values.pop(f"{first}type", Unknown("type", True))
        texts["datatype"] = texts.get(f"{first}type", "")
        values.pop(f"{second}count", None)
        values.pop(f"{second}type", None)

    def _divided(self, count: Value, comm: Value) -> Value:
        size = getattr(self.comm_of(comm), "size", None)
        if isinstance(count, int) and isinstance(size, int) and size and count % size == 0:
            return count // size
        return Unknown(f"block#{self.steps}", True)

    def spec(self, part: ast.expr | Value) -> Spec:
        """``array``, ``[array, type]``, ``[array, count, type]``."""
        if isinstance(part, ast.List | ast.Tuple) and part.elts and not isinstance(part.elts[0], ast.Constant):
            base = self.spec(part.elts[0])
            count, datatype, text, explicit, counted = base.count, base.datatype, base.text, False, False
            for one in part.elts[1:]:
                value = self.value(one)
                if isinstance(value, Resource) or (isinstance(value, Constant) and value.name.startswith("MPI_")):
                    datatype, text, explicit = value, ast.unparse(one), True
                elif isinstance(value, int):
                    count, counted = value, True
                elif value != NONE:
                    count = Unknown(f"count#{self.steps}", True)
            if explicit and len(part.elts) == 2:
                count = self._counted(base, datatype)
            return Spec(base.pointer, count, datatype, text, counted)
        value = self.value(part) if isinstance(part, ast.expr) else part
        if not isinstance(value, Pointer):
            return Spec(value, Unknown(f"count#{self.steps}", True), Unknown(f"type#{self.steps}", True), "")
        if value.block.ctype in LISTS:
            return self._listed(value)
        kind = DATATYPES.get(value.block.ctype)
        datatype = Constant(kind) if kind else Unknown(f"type#{self.steps}", True)
        known = value.block.count if isinstance(value.offset, int) and value.offset == 0 else None
        number: Value = known if known is not None else Unknown(f"count#{self.steps}", True)
        return Spec(value, number, datatype, f"{kind.removeprefix('MPI_')}" if kind else "")

    def _listed(self, value: Pointer) -> Spec:
        """A buffer description in a variable: its first element is the memory."""
        items = self.items_of(value) or []
        pointer = items[0] if items and isinstance(items[0], Pointer) else Unknown(f"buffer#{self.steps}", True)
        kinds = [one for one in items[1:] if isinstance(one, Resource | Constant)]
        datatype: Value = kinds[-1] if kinds else Unknown(f"type#{self.steps}", True)
        return Spec(pointer, Unknown(f"count#{self.steps}", True), datatype, "")

    def _counted(self, base: Spec, datatype: Value) -> Value:
        """Without a count beside it, the memory's bytes are counted in elements of the datatype."""
        same = isinstance(datatype, Constant) and isinstance(base.datatype, Constant)
        if same and self.elements.get(getattr(datatype, "name", "")) == self.elements.get(getattr(base.datatype, "name", "")):
            return base.count
        return Unknown(f"count#{self.steps}", True)

    def wait(self, request: Value, tree: ast.Call, name: str = "MPI_Wait") -> Value:
        """``request.wait()`` and its kin."""
        if not isinstance(request, Request) and not (isinstance(request, Constant) and request.name == "MPI_REQUEST_NULL"):
            self._maybe_all(None)
            return self.nothing_known(tree)
        self.perform(name, tree, {"request": self.cell(request, tree.lineno)}, {"request": ast.unparse(tree.func.value)})  # type: ignore[attr-defined]
        target = self.results.get(id(request))
        if target is None:
            return NONE
        return self.carried(self._quiet(target, tree))

    def wait_all(self, listed: Value, tree: ast.Call, name: str) -> Value:
        """``MPI.Request.Waitall(requests)`` and its kin."""
        items = self.items_of(listed)
        if items is None:
            self._maybe_all(None)
            return self.nothing_known(tree)
        cells = self.new_block("requests", UNTYPED, len(items), tree.lineno)
        cells.cells.update(enumerate(items))
        values: dict[str, Value] = {"count": len(items), "array_of_requests": Pointer(cells, 0)}
        if any(not isinstance(one, Request | Constant) for one in items):
            self._maybe_all(None)
        self.perform(name, tree, values, {"array_of_requests": ast.unparse(tree.args[0]) if tree.args else ""})
        gives_values = name == "MPI_Waitall" and isinstance(tree.func, ast.Attribute) and tree.func.attr == "waitall"
        if not gives_values:
            return NONE if name in {"MPI_Waitall", "MPI_Startall"} else self.nothing_known(tree)
        found: list[Value] = []
        for one in items:
            target = self.results.get(id(one))
            found.append(self.carried(self._quiet(target, tree)) if target is not None else NONE)
        return self.made_list(found, tree.lineno)

    def escape(self, value: Value) -> None:
        """A request that is given away may be completed where it is not seen."""
        if isinstance(value, Request):
            value.maybe_done = True
            self.settle(value)
        elif isinstance(value, Pointer) and value.block.ctype in LISTS:
            for one in list(value.block.cells.values()):
                if isinstance(one, Request):
                    self.escape(one)

    def load_cell(self, pointer: Pointer) -> Value:
        """What a call of C has stored."""
        return self.load(Place(pointer.block, 0), 0)

    sent: Value = None

    def is_comm(self, value: Value) -> bool:
        return isinstance(value, Comm) or (isinstance(value, Constant) and value.name.startswith("MPI_COMM_"))


def method_of(name: str) -> Method | None:
    """The communication that a method stands for."""
    return METHODS.get(name)
