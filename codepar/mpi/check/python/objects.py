"""Names, attributes and methods of Python objects in the replay: communicators, requests, datatypes, groups, lists, arrays.

Limits: windows, files, inter-communicators and dynamic processes are not followed; a method of an unknown object is trusted only
where no class of the program and no communicator is involved.
"""

from __future__ import annotations

import ast

from codepar.mpi.check.nodes import Node
from codepar.mpi.check.program import Unit
from codepar.mpi.check.python.expressions import LISTS, NONE
from codepar.mpi.check.python.handles import SPECIAL, Handles
from codepar.mpi.check.python.library import SAFE
from codepar.mpi.check.python.messages import method_of
from codepar.mpi.check.python.units import PythonUnit
from codepar.mpi.check.values import Callback, Comm, Constant, NamedInt, Pointer, Request, Resource, Unknown, Value

_MODULE = Constant("MPI")
_REQUESTS = {
    "Waitall": "MPI_Waitall", "waitall": "MPI_Waitall", "Testall": "MPI_Testall", "testall": "MPI_Testall",
    "Waitany": "MPI_Waitany", "waitany": "MPI_Waitany", "Waitsome": "MPI_Waitsome", "waitsome": "MPI_Waitsome",
    "Testany": "MPI_Testany", "testany": "MPI_Testany", "Testsome": "MPI_Testsome", "testsome": "MPI_Testsome",
    "Startall": "MPI_Startall",
}  # fmt: skip
_WAITS = {
    "wait": "MPI_Wait", "Wait": "MPI_Wait", "test": "MPI_Test", "Test": "MPI_Test", "Start": "MPI_Start",
    "Free": "MPI_Request_free",
}  # fmt: skip
_QUIET = frozenset(
    ["Get_name", "Set_name", "Get_errhandler", "Set_errhandler", "Is_inter", "Is_intra", "Get_topology", "Get_info", "Set_info",
     "Get_attr", "Set_attr", "Delete_attr", "py2f", "Get_parent", "Compare", "Get_dim", "Get_topo"]
)  # fmt: skip
_BUILTINS = frozenset(
    ["print", "len", "range", "list", "tuple", "set", "dict", "int", "float", "str", "bool", "abs", "min", "max", "sum",
     "sorted", "zip", "enumerate", "map", "filter", "open", "input", "round", "isinstance", "type", "any", "all",
     "repr", "reversed", "id", "hash", "iter", "next", "ord", "chr", "hex", "bin", "divmod", "pow", "bytes",
     "bytearray", "memoryview", "format", "getattr", "setattr", "hasattr", "vars", "dir", "complex", "slice", "object",
     "super", "callable", "xrange", "raw_input", "globals", "locals", "frozenset"]
)  # fmt: skip


class Objects(Handles):
    """What names and dots mean."""

    @property
    def file(self) -> PythonUnit:
        assert isinstance(self.unit, PythonUnit)
        return self.unit

    def free_name(self, name: str) -> Value:
        if name in {"True", "False"}:
            return int(name == "True")
        if name == "__name__":
            return "__main__"
        unit = self.file
        if name in unit.mpi_names:
            return _MODULE if unit.mpi_names[name] == "MPI" else self.constant(f"MPI_{unit.mpi_names[name]}")
        if self.program.function(name, self.unit) is not None:
            return Callback(name)
        return self.unknown(f"{name}@{self.unit.path}", local=True)

    def dotted(self, tree: ast.expr) -> str:
        """``a.b.c`` for names that are no variables; empty for anything else."""
        if isinstance(tree, ast.Name):
            if self.lookup(tree.id) is not None:
                return ""
            return self.file.mpi_names.get(tree.id) or self.file.modules.get(tree.id, tree.id)
        if isinstance(tree, ast.Attribute):
            base = self.dotted(tree.value)
            return f"{base}.{tree.attr}" if base else ""
        return ""

    def attribute(self, tree: ast.Attribute) -> Value:
        dotted = self.dotted(tree)
        if dotted.startswith("MPI.") and dotted.count(".") == 1:
            name = dotted.removeprefix("MPI.")
            return self.constant(f"MPI_{name}") if name.isupper() or name.startswith("INT") else Constant(dotted)
        if dotted in {"math.pi", "np.pi", "numpy.pi"}:
            return 3.141592653589793
        if dotted == "sys.argv":
            return self.unknown("argv", local=False)
        base = self.value(tree.value)
        if self.is_comm(base):
            return self._of_comm(base, tree)
        if isinstance(base, Pointer):
            return self._of_block(base, tree)
        if isinstance(base, Unknown):
            return self.unknown(f"{base.key}.{tree.attr}", local=base.local)
        return self.nothing_known(tree)

    def _of_comm(self, base: Value, tree: ast.Attribute) -> Value:
        comm = self.comm_of(base)
        value = {"rank": getattr(comm, "rank", None), "size": getattr(comm, "size", None)}.get(tree.attr)
        if value is None and tree.attr in {"coords", "topo"} and isinstance(comm, Comm) and tree.attr == "coords":
            return self._coordinates(comm, comm.rank, ast.Call(tree, [], [], lineno=tree.lineno, col_offset=0))
        return value if value is not None else self.nothing_known(tree)

    def _of_block(self, base: Pointer, tree: ast.Attribute) -> Value:
        block = base.block
        if block.ctype == "MPI_Status":
            member = self.member(base, f"MPI_{tree.attr.upper()}")
            value = member.cells.get(0) if member is not None else None
            return value if value is not None else self.nothing_known(tree)
        if self.is_array(base) and tree.attr == "size":
            return block.count if block.count is not None else self.nothing_known(tree)
        if self.is_array(base) and tree.attr in {"T", "flat", "real", "data"}:
            return self.array(block.ctype, block.count, tree.lineno)
        return self.nothing_known(tree)

    def call_value(self, tree: ast.Call) -> Value:
        self.line = tree.lineno
        dotted = self.dotted(tree.func)
        if dotted.startswith("MPI.") or dotted == "MPI":
            return self._of_module(dotted.removeprefix("MPI."), tree)
        if isinstance(tree.func, ast.Name):
            return self._by_name(tree.func.id, dotted, tree)
        if dotted:
            return self._of_library(dotted, tree)
        if isinstance(tree.func, ast.Attribute):
            return self._method_of(self.value(tree.func.value), tree.func.attr, tree)
        self.value(tree.func)
        return self._untold("?", tree)

    def _by_name(self, name: str, dotted: str, tree: ast.Call) -> Value:
        value = self.value(tree.func) if not dotted else None
        called = value.name if isinstance(value, Callback) else name if dotted else ""
        target = self.program.function(called, self.unit) if called else None
        if target is not None:
            return self.call_function(called, target[0], target[1], tree)
        if called in {"exit", "quit"}:
            self.leave()
        if called in _BUILTINS or dotted.partition(".")[0] in SAFE:
            return self.library(dotted or called, tree)
        if called in self.file.mpi_names:
            return self._of_module(self.file.mpi_names[called], tree)
        return self._untold(called or name, tree)

    def _of_library(self, dotted: str, tree: ast.Call) -> Value:
        if dotted in {"sys.exit", "os._exit", "os.abort"}:
            self.leave()
        root, _, last = dotted.rpartition(".")
        target = self.program.function(last, self.unit) if root in self.file.modules.values() and root not in SAFE else None
        if target is not None:
            return self.call_function(last, target[0], target[1], tree)
        if dotted.partition(".")[0] in SAFE or dotted.startswith("mpi4py.rc"):
            return self.library(dotted, tree)
        return self._untold(dotted, tree)

    def leave(self) -> None:
        """``sys.exit()``: mpi4py ends MPI on the way out."""
        raise NotImplementedError

    def call_function(self, name: str, unit: Unit, definition: Node, tree: ast.Call) -> Value:
        raise NotImplementedError

    def _untold(self, name: str, tree: ast.Call) -> Value:
        """A call of something that is not here, or whose inside is not followed."""
        values = [self.value(one.value if isinstance(one, ast.Starred) else one) for one in tree.args]
        values += [self.value(one.value) for one in tree.keywords]
        shown = name.rpartition(".")[2]
        if any(self.is_comm(value) or value == _MODULE for value in values) or self.file.may_communicate(shown, self.program):
            self.give_up(name)
        for value in values:
            if self._may_call(value):
                self.give_up(name)
        return self.unknown_call(name, values, tree)

    def _may_call(self, value: Value) -> bool:
        """Whether a value is a function of the program that communicates."""
        found = self.program.function(value.name, self.unit) if isinstance(value, Callback) else None
        body = found[1].fields.get("body") if found is not None else None
        return found is not None and body is not None and self.program.calls_mpi(body, found[0])

    def _method_of(self, base: Value, name: str, tree: ast.Call) -> Value:
        if self.is_comm(base):
            return self._of_communicator(base, name, tree)
        if isinstance(base, Request) or (isinstance(base, Constant) and base.name == "MPI_REQUEST_NULL"):
            return self._of_request(base, name, tree)
        if isinstance(base, Resource) or (isinstance(base, Constant) and base.name in self.elements):
            return self._of_resource(base, name, tree)
        if isinstance(base, Pointer) and base.block.ctype in LISTS:
            return self._of_list(base, name, tree)
        if isinstance(base, Pointer) and base.block.ctype == "MPI_Status":
            return self._of_status(base, name, tree)
        if isinstance(base, Pointer) and self.is_array(base):
            return self._of_array(base, name, tree)
        return self._of_unknown(base, name, tree)

    def _of_unknown(self, base: Value, name: str, tree: ast.Call) -> Value:
        if self.mentions_mpi(tree, itself=True):
            if name in _WAITS or name == "Cancel":
                self._maybe_all(None)
            elif name not in {"Get_rank", "Get_size", "Get_source", "Get_tag", "Get_count"}:
                self.give_up(name)
        return self._untold(name, tree)

    def _of_request(self, base: Value, name: str, tree: ast.Call) -> Value:
        if name == "Free" or name in _WAITS:
            value = self.wait(base, tree, _WAITS[name])
            return self._tested(value, tree) if name in {"test", "Test"} else value
        if name in _REQUESTS and tree.args:
            return self.wait_all(self.value(tree.args[0]), tree, _REQUESTS[name])
        self.escape(base)
        return self.nothing_known(tree)

    def _tested(self, value: Value, tree: ast.Call) -> Value:
        if isinstance(tree.func, ast.Attribute) and tree.func.attr == "test":
            return self.made_list([1, value], tree.lineno, "tuple")
        return 1

    def _of_status(self, base: Pointer, name: str, tree: ast.Call) -> Value:
        if name in {"Get_source", "Get_tag"}:
            member = self.member(base, f"MPI_{name.removeprefix('Get_').upper()}")
            value = member.cells.get(0) if member is not None else None
            return value if value is not None else self.nothing_known(tree)
        return self.nothing_known(tree)

    def _of_list(self, base: Pointer, name: str, tree: ast.Call) -> Value:
        block, values = base.block, [self.value(one) for one in tree.args]
        known = block.count is not None and not block.version
        if name == "append" and len(values) == 1 and known and block.count is not None:
            block.cells[block.count] = values[0]
            block.count += 1
            return NONE
        more = self.items_of(values[0]) if name == "extend" and values else None
        if more is not None and known and block.count is not None:
            block.cells.update(enumerate(more, block.count))
            block.count += len(more)
            return NONE
        if name in {"index", "count", "copy"}:
            items = self.items_of(base)
            return self.made_list(list(items), tree.lineno) if name == "copy" and items is not None else self.nothing_known(tree)
        if name == "clear":
            block.cells.clear()
            block.count = 0
            return NONE
        last = block.cells.get(block.count - 1) if known and block.count else None
        if name == "pop" and not values and last is not None and block.count:
            block.count -= 1
            return last
        for value in (base, *values):
            self.escape(value)
        block.count = None
        block.forget()
        return self.nothing_known(tree)

    def _of_array(self, base: Pointer, name: str, tree: ast.Call) -> Value:
        block = base.block
        for one in (*tree.args, *(keyword.value for keyword in tree.keywords)):
            self.value(one)
        if name in {"copy", "reshape", "ravel", "flatten", "transpose", "conj"}:
            made = self.array(block.ctype, block.count, tree.lineno)
            self.deep.update({made.block.serial} if name in {"reshape", "transpose"} or block.serial in self.deep else ())
            return made
        if name in {"fill", "sort", "put", "resize", "partition"}:
            self.touch_all(block, tree.lineno)
            block.forget()
            return NONE
        self.touch_all(block, tree.lineno, writes=False)
        return self.nothing_known(tree)

    def _of_communicator(self, base: Value, name: str, tree: ast.Call) -> Value:
        method = method_of(name)
        if method is not None:
            return self.communicate(method, base, tree)
        special = SPECIAL.get(name)
        if special is not None:
            return special(self, base, tree)
        for one in (*tree.args, *(keyword.value for keyword in tree.keywords)):
            self.value(one)
        if name not in _QUIET:
            self.world.doubt(f"{name} in line {tree.lineno} is not followed")
            if name.lower() not in {"iprobe", "mprobe", "improbe"}:
                self.give_up(name)
        return self.nothing_known(tree)

    def _of_module(self, name: str, tree: ast.Call) -> Value:
        """Functions and classes of the module MPI."""
        head, _, last = name.rpartition(".")
        if head in {"Request", "Prequest"} and last in _REQUESTS:
            return self.wait_all(self.value(tree.args[0]) if tree.args else NONE, tree, _REQUESTS[last])
        if name in {"Request", "Prequest"}:
            return self.constant("MPI_REQUEST_NULL")
        if name == "Status":
            return Pointer(self.new_block("status", "MPI_Status", 1, tree.lineno), 0)
        if name in {"Init", "Finalize"}:
            self.perform(f"MPI_{name}", tree, {})
            return NONE
        if name == "Init_thread":
            self.perform(
                "MPI_Init_thread", tree, {"required": self._argument(tree, 0, "required", NamedInt(3, "MPI_THREAD_MULTIPLE"))}
            )
            return NONE
        return self._of_class(head, last, name, tree)

    def _of_class(self, head: str, last: str, name: str, tree: ast.Call) -> Value:
        """Class methods, and functions that need no communicator."""
        values = [self.value(one) for one in tree.args]
        if head in {"Request", "Prequest"}:
            self._maybe_all(None)  # something that ends requests, under a name that is not known
        if name == "Compute_dims" and len(values) == 2:
            return self._dims(values, tree)
        if head.startswith("COMM_"):
            return self._of_communicator(self.constant(f"MPI_{head}"), last, tree)
        if head.isupper() and head:
            return self._of_resource(self.constant(f"MPI_{head}"), last, tree)
        for value in values:
            self.escape(value)
            if isinstance(value, Pointer) and value.block.ctype not in LISTS:
                value.block.forget()
        if head in {"Win", "File"} or name == "Op.Create":
            return self.nothing_known(tree)
        if head in {"Intracomm", "Intercomm", "Comm", "Session"} or "open" in name.lower():
            self.give_up(name)
        return self.nothing_known(tree, name)

    def mentions_mpi(self, tree: ast.AST, *, itself: bool = False) -> bool:
        """Whether MPI may be called in a part of the text; ``itself``: by this very call."""
        found = self.file.mpi_calls
        nodes = [tree] if itself else list(ast.walk(tree))
        for one in nodes:
            if not isinstance(one, ast.Call):
                continue
            if (one.lineno, one.col_offset) in found:
                return True
            if isinstance(one.func, ast.Name) and self._may_call(Callback(one.func.id)):
                return True
        return False
