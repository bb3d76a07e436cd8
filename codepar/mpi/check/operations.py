"""MPI calls of one replayed rank: their arguments are noted, and their effect on the rank's memory is carried out.

Requests, handles and statuses change as the standard says; what others send comes from what the world remembers of them. Limits:
``MPI_Test`` is taken to succeed; ``MPI_Waitany`` and ``MPI_Waitsome`` are taken to complete any request.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from codepar.mpi.check import communicators, exchange
from codepar.mpi.check.buffers import buffers_of, held
from codepar.mpi.check.calls import Calls
from codepar.mpi.check.memory import Pending
from codepar.mpi.check.nodes import Node
from codepar.mpi.check.statements import Ended
from codepar.mpi.check.trace import Op, Touch
from codepar.mpi.check.values import Buffer, Comm, Constant, NamedInt, Place, Pointer, Request, Resource, Value
from codepar.mpi.headers import Signature, Signatures

COLLECTIVES = frozenset(
    {f"MPI_{name}" for name in (
        "Barrier", "Bcast", "Gather", "Gatherv", "Scatter", "Scatterv", "Allgather", "Allgatherv", "Alltoall", "Alltoallv",
        "Alltoallw", "Reduce", "Allreduce", "Reduce_scatter", "Reduce_scatter_block", "Scan", "Exscan", "Ibarrier", "Ibcast",
        "Igather", "Igatherv", "Iscatter", "Iscatterv", "Iallgather", "Iallgatherv", "Ialltoall", "Ialltoallv", "Ialltoallw",
        "Ireduce", "Iallreduce", "Ireduce_scatter", "Ireduce_scatter_block", "Iscan", "Iexscan", "Comm_split", "Comm_dup",
        "Comm_idup", "Comm_create", "Comm_split_type", "Comm_free", "Comm_dup_with_info", "Cart_create", "Graph_create",
        "Dist_graph_create", "Dist_graph_create_adjacent", "Cart_sub", "Win_create", "Win_allocate", "Win_allocate_shared",
        "Win_create_dynamic", "Win_fence", "Win_free", "File_open", "File_close", "File_set_view", "File_write_all",
        "File_read_all", "File_write_at_all", "File_read_at_all", "Finalize", "Neighbor_allgather", "Neighbor_alltoall",
        "Ineighbor_allgather", "Ineighbor_alltoall", "Comm_disconnect",
    )}
)  # fmt: skip
_RECEIVES = frozenset({"MPI_Recv", "MPI_Irecv", "MPI_Recv_init", "MPI_Mrecv", "MPI_Imrecv"})
_TESTS = frozenset({"MPI_Test", "MPI_Testall", "MPI_Testany", "MPI_Testsome"})
_ANY = frozenset({"MPI_Waitany", "MPI_Waitsome", "MPI_Testany", "MPI_Testsome"})
_MAX_OPS = 3_000
_NO_CALL = frozenset({"MPI_Wtime", "MPI_Wtick", "MPI_Aint_add", "MPI_Aint_diff"})
_MAX_REQUESTS = 4_096
_EPOCH_ENDS = frozenset(
    {"MPI_Win_fence", "MPI_Win_unlock", "MPI_Win_unlock_all", "MPI_Win_complete", "MPI_Win_flush", "MPI_Win_flush_all",
     "MPI_Win_flush_local", "MPI_Win_flush_local_all", "MPI_Win_free"}
)  # fmt: skip
_RMA = re.compile(r"MPI_R?(?:Put|Get|Accumulate|Get_accumulate)$|MPI_Fetch_and_op$|MPI_Compare_and_swap$")
UNSET = Constant("an unset request")


class TooManyCalls(Exception):
    """The replay met more MPI calls than it compares."""


class Machine(Calls):
    """One rank of the replay."""

    signatures: Signatures
    elements: dict[str, str]
    world_comm: Comm
    self_comm: Comm
    sequences: dict[str, int]

    def prepare(self, signatures: Signatures) -> None:
        """Give the machine its signatures and its two first communicators."""
        self.signatures, self.elements = signatures, dict(signatures.elements)
        self.world_comm = Comm("world", tuple(range(self.world.size)), self.rank)
        self.self_comm = Comm(f"self{self.rank}", (self.rank,), 0)
        self.sequences = {}

    def mpi_call(self, name: str, node: Node, arguments: list[Node]) -> Value:
        if name in _NO_CALL:
            for argument in arguments:
                self.evaluate(argument)
            return self.unknown(f"{name}#{self.steps}", local=True)
        op = self._operation(name, node, arguments)
        return self.carry_out(op) if op is not None else 0

    def carry_out(self, op: Op) -> Value:
        """What a call does, from the notes on its arguments to its effect on memory."""
        name = op.name
        if len(self.trace.ops) > _MAX_OPS:
            raise TooManyCalls
        self._doubt_threads(op)
        self._note_freed(op)
        self._sequence_number(op)
        self._touch_pending(op)
        if name in {"MPI_Win_fence", "MPI_Barrier"}:
            self.trace.phase += 1
        if name in {"MPI_Win_lock", "MPI_Win_unlock"}:
            mine = op.comm is not None and op.number("rank") in {op.comm.rank, None}
            exclusive = getattr(op.values.get("lock_type"), "name", "") == "MPI_LOCK_EXCLUSIVE"
            self.holds_exclusive = (self.holds_exclusive and not mine) or (mine and exclusive and name == "MPI_Win_lock")
        self._perform(op)
        if name == "MPI_Abort":
            raise Ended
        return NamedInt(0, "MPI_SUCCESS")

    def _operation(self, name: str, node: Node, arguments: list[Node]) -> Op | None:
        signature = self.signatures.get(name)
        arguments = self.arranged(name, arguments)
        values = self.argument_values(signature, arguments)
        if signature is None:
            return None
        names = [parameter.name for parameter in signature.parameters]
        op = Op(
            index=len(self.trace.ops),
            rank=self.rank,
            name=name,
            file=node.file,
            line=node.line,
            values=dict(zip(names, values, strict=False)),
            texts={key: argument.text for key, argument in zip(names, arguments, strict=False)},
            parallel="/".join(self.constructs),
        )
        op.comm = self._communicator(op)
        for uninitialised in ("datatype", "sendtype", "recvtype", "origin_datatype"):
            value = op.values.get(uninitialised)
            if isinstance(value, Resource) and not value.committed:
                op.uncommitted = value
        self.trace.ops.append(op)
        return op

    def arranged(self, name: str, arguments: list[Node]) -> list[Node]:
        """The arguments in the order of the C binding."""
        return arguments

    def argument_values(self, signature: Signature | None, arguments: list[Node]) -> list[Value]:
        """What the parameters of the C binding are given."""
        return [self.evaluate(argument) for argument in arguments]

    def _communicator(self, op: Op) -> Comm | None:
        given = next((op.values[key] for key in ("comm", "comm_old", "local_comm") if key in op.values), None)
        if isinstance(given, Pointer):
            given = self.load(Place(given.block, given.offset), op.line)
        window = op.values.get("win", op.values.get("fh"))
        if isinstance(window, Pointer) and op.name in {"MPI_Win_free", "MPI_File_close"}:
            window = self.load(Place(window.block, window.offset), op.line)
        if given is None and isinstance(window, Resource):
            return window.comm
        if op.name == "MPI_Finalize":
            return self.world_comm
        return self.comm_of(given)

    def comm_of(self, value: Value) -> Comm | None:
        """The communicator that a handle means; None for a null or unknown one."""
        if isinstance(value, Comm):
            return value
        if isinstance(value, Constant):
            return {"MPI_COMM_WORLD": self.world_comm, "MPI_COMM_SELF": self.self_comm}.get(value.name)
        return None

    def _doubt_threads(self, op: Op) -> None:
        if "parallel" in op.parallel and not re.search(r"single|master|masked|section", op.parallel):
            self.world.doubt(f"line {op.line} is called by several threads")
        if "task" in op.parallel:
            self.world.doubt(f"line {op.line} is called in a task")

    def _note_freed(self, op: Op) -> None:
        for key, value in op.values.items():
            if isinstance(value, Comm | Resource) and value.freed is not None:
                op.freed_before[key] = value.freed
            elif isinstance(value, Pointer) and value.block.freed is not None:
                op.freed_before[key] = value.block.freed

    def _sequence_number(self, op: Op) -> None:
        if op.name not in COLLECTIVES:
            return
        if op.comm is None:
            if not isinstance(self._given_comm(op), Constant | int):
                self.world.doubt(f"the communicator of {op.name} in line {op.line} is not known")
            return
        op.sequence = self.sequences.get(op.comm.key, 0)
        self.sequences[op.comm.key] = op.sequence + 1

    def _given_comm(self, op: Op) -> Value:
        return next((op.values[key] for key in ("comm", "comm_old", "win", "fh") if key in op.values), None)

    def _touch_pending(self, op: Op) -> None:
        if not self.pending:
            return
        for use in buffers_of(op):
            mine = held(use, self.elements)
            if mine is None:
                continue
            for entry in self.pending:
                if any(_clash(mine, other) for other in entry.buffers) and not (op.name == entry.function and not mine.writes):
                    touch = Touch(op.line, op.file, mine.block.name, mine.writes, entry.line, entry.function, entry.what)
                    if not (_RMA.match(op.name) and _both_add(op.name, entry.function)):
                        self.trace.touches.append(touch)
                    break

    def _perform(self, op: Op) -> None:
        handler = _HANDLERS.get(op.name)
        if handler is not None:
            handler(self, op)
        elif op.name in communicators.MAKERS:
            communicators.MAKERS[op.name](self, op)
        elif op.name in exchange.EXCHANGES:
            self._blocking_or_not(op)
            exchange.EXCHANGES[op.name](self, op)
        else:
            self._blocking_or_not(op)
            self._generic(op)

    def _blocking_or_not(self, op: Op) -> None:
        if self._starts(op):
            self.start_request(op, persistent=op.name.endswith("_init"))
        elif _RMA.match(op.name):
            self._hold(op.values.get("win"), op, "the epoch ends")

    def _starts(self, op: Op) -> bool:
        """Whether a call gives its caller a request: it takes the address of one, and not to cancel it."""
        if op.name in _HANDLERS or op.name == "MPI_Cancel" or "request" not in op.values:
            return False
        return any(one.name == "request" and "*" in one.type for one in self.signatures[op.name].parameters)

    def start_request(self, op: Op, *, persistent: bool) -> None:
        """The handle of a nonblocking or persistent call comes to life."""
        request = Request(op.index, op.line, op.name, persistent=persistent, active=not persistent)
        op.request = request
        pointer = op.values.get("request")
        if isinstance(pointer, Pointer) and isinstance(pointer.offset, int) and not pointer.dims:
            place = Place(pointer.block, pointer.offset)
            old = pointer.block.cells.get(pointer.offset)
            if (isinstance(old, Request) and old.active and not old.done and not old.maybe_done and not old.freed) or (
                isinstance(old, Request) and old.persistent and not old.freed and not old.done
            ):
                op.overwrites = old
            self.store(place, request, op.line)
            self.trace.requests.append(request)
        elif not isinstance(pointer, int):
            if isinstance(pointer, Pointer):
                pointer.block.forget()
            self.world.doubt(f"the request of {op.name} in line {op.line} is not known")
        request.buffers = tuple(buffer for use in buffers_of(op) if (buffer := held(use, self.elements)) is not None)
        if not persistent:
            self._hold(request, op, "it is completed")

    def _hold(self, owner: object, op: Op, what: str) -> None:
        buffers = tuple(buffer for use in buffers_of(op) if (buffer := held(use, self.elements)) is not None)
        if buffers and owner is not None:
            self.pending.append(Pending(owner, op.line, op.name, buffers, what))

    def _generic(self, op: Op) -> None:
        """A call without a model of its own: what it may write becomes unknown, what it makes is noted."""
        signature = self.signatures[op.name]
        for parameter in signature.parameters:
            value = op.values.get(parameter.name)
            if not isinstance(value, Pointer) or parameter.type.startswith("const ") or parameter.name.startswith("sendbuf"):
                continue
            if parameter.type in {"MPI_Request *", "MPI_Request[]"}:
                continue
            made = communicators.resource_kind(op.name, parameter)
            if made and isinstance(value.offset, int):
                communicators.make(self, op, value, made)
            elif parameter.name not in {"origin_addr", "base", "inbuf"}:
                use = next((use for use in buffers_of(op) if use.parameter == parameter.name), None)
                if use is None or use.writes or op.name not in COLLECTIVES:
                    value.block.forget()

    def requests_at(self, op: Op) -> list[tuple[Place, Value]]:
        """The request handles that a Wait, Test or Start was given, with their places."""
        pointer = op.values.get("request", op.values.get("array_of_requests"))
        single = "request" in op.values
        count = 1 if single else op.number("count") if "count" in op.values else op.number("incount")
        if not isinstance(pointer, Pointer) or not isinstance(pointer.offset, int) or count is None or count > _MAX_REQUESTS:
            if isinstance(pointer, Pointer):
                self._maybe_all(pointer)
            elif not isinstance(pointer, int):
                self._maybe_all(None)
            return []
        found = []
        for offset in range(pointer.offset, pointer.offset + count):
            block = pointer.block
            value = block.cells.get(offset)
            fresh = block.version == 0 and not block.zeroed and not block.heap and not block.ctype.endswith("*")
            if value is None and fresh and block.ctype == "MPI_Request":
                value = UNSET
            elif value is None:
                value = self.load(Place(block, offset), op.line)
            found.append((Place(block, offset), value))
        return found

    def _maybe_all(self, pointer: Pointer | None) -> None:
        """Which requests are meant is not known: each of them, or of this array, may be complete now."""
        self.world.doubt("which requests are completed is not known")
        for request in self.trace.requests:
            if pointer is None or any(cell is request for cell in pointer.block.cells.values()):
                request.maybe_done = True
                self.settle(request)

    def complete(self, op: Op) -> None:
        """Wait or Test: the requests end, their buffers are free, their handles become null."""
        found = self.requests_at(op)
        op.requests = tuple(value for _, value in found)
        for place, value in found:
            if not isinstance(value, Request):
                continue
            self.settle(value)
            if op.name in _ANY:
                value.maybe_done = True
                continue
            value.maybe_done = value.maybe_done or op.name in _TESTS
            if value.persistent:
                value.active = False
            else:
                value.done = True
                self.store(place, Constant("MPI_REQUEST_NULL"), op.line)
        self._outputs(op)

    def _outputs(self, op: Op) -> None:
        for key in ("status", "array_of_statuses", "indx", "outcount", "array_of_indices"):
            value = op.values.get(key)
            if isinstance(value, Pointer):
                value.block.forget()
        flag = op.values.get("flag")
        if isinstance(flag, Pointer):
            self.store(Place(flag.block, flag.offset), 1, op.line)

    def start(self, op: Op) -> None:
        """MPI_Start: a persistent operation begins."""
        found = self.requests_at(op)
        op.requests = tuple(value for _, value in found)
        for _, value in found:
            if isinstance(value, Request):
                value.active = True
                self.pending.append(Pending(value, op.line, value.function, value.buffers, "it is completed"))

    def free_request(self, op: Op) -> None:
        found = self.requests_at(op)
        op.requests = tuple(value for _, value in found)
        for place, value in found:
            if isinstance(value, Request):
                value.freed = True
                self.settle(value)
                self.store(place, Constant("MPI_REQUEST_NULL"), op.line)

    def receive(self, op: Op) -> None:
        """MPI_Recv and its kin: the buffer holds what the sender is known to have sent."""
        if "request" in op.values:
            self.start_request(op, persistent=op.name.endswith("_init"))
        exchange.receive(self, op, exchange.RECEIVES)

    def window_sync(self, op: Op) -> None:
        """The end of an epoch frees the buffers of its one-sided calls."""
        if op.name in _EPOCH_ENDS:
            self.settle(op.values.get("win"))
        if op.name == "MPI_Win_free":
            communicators.free(self, op)

    def _rank_or_size(self, op: Op) -> None:
        wanted = op.values.get("rank" if op.name == "MPI_Comm_rank" else "size")
        if not isinstance(wanted, Pointer):
            return
        value: Value = None
        if op.comm is not None:
            value = op.comm.rank if op.name == "MPI_Comm_rank" else op.comm.size
        if value is None:
            value = self.unknown(f"{op.name}@{op.line}#{op.index}", local=True)
        self.store(Place(wanted.block, wanted.offset), value, op.line)

    def _init_thread(self, op: Op) -> None:
        provided = op.values.get("provided")
        if isinstance(provided, Pointer):
            self.store(Place(provided.block, provided.offset), op.values.get("required", 0), op.line)

    def _initialized(self, op: Op) -> None:
        flag = op.values.get("flag")
        wanted = {"MPI_Init", "MPI_Init_thread"} if op.name == "MPI_Initialized" else {"MPI_Finalize"}
        if isinstance(flag, Pointer):
            self.store(Place(flag.block, flag.offset), int(any(other.name in wanted for other in self.trace.ops)), op.line)


def _clash(mine: Buffer, other: Buffer) -> bool:
    if mine.block is not other.block or not (mine.writes or other.writes):
        return False
    if mine.last is None or other.last is None:
        return mine.first == other.first
    return mine.first < other.last and other.first < mine.last


def _both_add(first: str, second: str) -> bool:
    return "ccumulate" in first and "ccumulate" in second


_HANDLERS: dict[str, Callable[[Machine, Op], None]] = {
    "MPI_Comm_rank": Machine._rank_or_size,
    "MPI_Comm_size": Machine._rank_or_size,
    "MPI_Init_thread": Machine._init_thread,
    "MPI_Init": lambda machine, op: None,
    "MPI_Initialized": Machine._initialized,
    "MPI_Finalized": Machine._initialized,
    "MPI_Start": Machine.start,
    "MPI_Startall": Machine.start,
    "MPI_Request_free": Machine.free_request,
    "MPI_Send": exchange.send,
    "MPI_Ssend": exchange.send,
    "MPI_Rsend": exchange.send,
    "MPI_Bsend": exchange.send,
    "MPI_Sendrecv": exchange.send_receive,
    **dict.fromkeys(_RECEIVES, Machine.receive),
    **dict.fromkeys((*_TESTS, *_ANY, "MPI_Wait", "MPI_Waitall"), Machine.complete),
    **dict.fromkeys(_EPOCH_ENDS, Machine.window_sync),
}
