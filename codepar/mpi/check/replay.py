"""Follow all ranks of a program through its text, at one number of ranks, in each world that unknown conditions allow.

Limits: ``MAX_WORLDS`` worlds and a bounded number of steps for a program; what lies beyond is not seen. A rank that could not be
followed leaves its reason in its trace.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from codepar.mpi.check.memory import Stop
from codepar.mpi.check.nodes import Node
from codepar.mpi.check.operations import Machine, TooManyCalls
from codepar.mpi.check.program import Program, Unit
from codepar.mpi.check.statements import Ended, Jump, Return
from codepar.mpi.check.trace import RankTrace
from codepar.mpi.check.values import Block, Pointer, Unknown, Value
from codepar.mpi.check.world import MAX_WORLDS, World
from codepar.mpi.headers import Signatures

_MAX_PASSES = 3
_MAX_TOTAL_STEPS = 300_000


@dataclass(frozen=True, slots=True)
class Replay:
    """The traces of all ranks in one world."""

    world: World
    traces: tuple[RankTrace, ...]

    @property
    def size(self) -> int:
        return self.world.size

    @property
    def comparable(self) -> str:
        """Empty where calls of different ranks can be compared; else why not."""
        for trace in self.traces:
            if not trace.is_complete:
                return f"rank {trace.rank}: {trace.ended}"
            if trace.opaque:
                return f"the text of {trace.opaque} is not here"
        return self.world.unsure


@dataclass
class Budget:
    """Steps left for one program."""

    steps: int = _MAX_TOTAL_STEPS


def replays(program: Program, signatures: Signatures, size: int, budget: Budget) -> Iterator[Replay]:
    """One replay for each world, the most likely first."""
    pending: list[tuple[bool, ...]] = [()]
    for _ in range(MAX_WORLDS):
        if not pending or budget.steps <= 0:
            return
        found = _replay(program, signatures, size, pending.pop(0), budget)
        pending += found.world.next_prefixes()
        yield found


def _replay(program: Program, signatures: Signatures, size: int, prefix: tuple[bool, ...], budget: Budget) -> Replay:
    world = World(size, prefix)
    traces: tuple[RankTrace, ...] = ()
    for _ in range(_MAX_PASSES):
        given = world.given
        world = World(size, prefix, given=dict(given))
        traces = tuple(_rank(program, signatures, world, rank, budget) for rank in range(size))
        if not world.wanted or world.given == given:
            break
    return Replay(world, traces)


def _rank(program: Program, signatures: Signatures, world: World, rank: int, budget: Budget) -> RankTrace:
    trace = RankTrace(rank)
    trace.has_init_elsewhere = any(unit.starts_mpi for unit in program.units)
    machine = program.machine(world, rank, trace)
    machine.prepare(signatures)
    try:
        _globals(machine, program)
        unit, main = program.main, program.main.functions["main"]
        trace.ended = _run(machine, unit, main, _command_line(machine))
    finally:
        budget.steps -= machine.steps
    return trace


def _run(machine: Machine, unit: Unit, function: Node, values: list[Value]) -> str:
    """Run a function as the entry; how it ended."""
    body = function.fields.get("body")
    if body is None:
        return "no body"
    machine.unit = unit
    machine.scopes.append(machine.bind_parameters(function, values))
    try:
        machine.execute(body)
    except Return:
        return "returned"
    except Ended:
        aborted = bool(machine.trace.ops) and machine.trace.ops[-1].name == "MPI_Abort"
        return "aborted" if aborted or not any(op.name == "MPI_Finalize" for op in machine.trace.ops) else "returned"
    except Stop as stop:
        return str(stop)
    except TooManyCalls:
        return "too many MPI calls"
    except Jump:
        return "a break outside of a loop"
    except RecursionError:
        return "nested too deeply"
    return "returned"


def _globals(machine: Machine, program: Program) -> None:
    for unit in program.units:
        if unit is not program.main and "main" in unit.functions:
            continue
        machine.unit = unit
        machine.scopes = [{}]
        for root in unit.top:
            for node in _top_declarations(root):
                machine.declaration(node)
        machine.globals[unit.path] = machine.scopes[0]
        for name, block in machine.scopes[0].items():
            machine.globals.setdefault("", {}).setdefault(name, block)
    machine.scopes = []
    machine.unit = program.main


def _top_declarations(root: Node) -> Iterator[Node]:
    for node in root.kids:
        if node.type == "declaration":
            yield node
        elif node.type in {"linkage_specification", "namespace_definition", "declaration_list"}:
            yield from _top_declarations(node)


def _command_line(machine: Machine) -> list[Value]:
    arguments = Block("argv", "shared char *", None, 0)
    machine.serial += 1
    return [Unknown("argc"), Pointer(arguments, 0)]
