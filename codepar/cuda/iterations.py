"""How many independent iterations a call of the original could share out: its loops are counted while it runs.

Counters go into a copy of the text, at the entry and in the body of every loop of the function (of its helpers, where the
function itself has none). One call is one record, written to standard error when the program ends. Limits: a loop that a macro
makes is not seen; which loop's iterations are independent is not decided here, see ``Iterations``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tree_sitter import Node

from codepar.cuda.function import SequentialFunction
from codepar.cuda.nodes import LOOPS, ancestors, walk
from codepar.cuda.read import helper_node, node_of

_MAX_LOOPS = 200
_MAX_CALLS = 64
_MARK = "codepar-loop"
_LINE = re.compile(rf"^{_MARK} (\d+) (\d+) (\d+) (\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Counted:
    """A copy of a function whose loops count, and for each loop the one around it (None: none)."""

    function: SequentialFunction
    parents: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Iterations:
    """One call. ``levels`` are the average iterations an entry of the loops of the busiest nest, outermost first.

    ``totals`` are the iterations of these loops in the whole call. Without a loop both are empty.
    """

    levels: tuple[int, ...] = ()
    totals: tuple[int, ...] = ()

    def shared_out(self, launches: int) -> tuple[int, ...]:
        """The two outermost levels that are left when the host steps through a loop with a launch an iteration."""
        levels = list(self.levels)
        for total in self.totals[:-1]:
            if total < 2 or launches < total:
                break
            levels.pop(0)
        return tuple(levels[:2])

    @property
    def work(self) -> int:
        """Iterations of the innermost loop of the busiest nest."""
        return self.totals[-1] if self.totals else 0


def counted(function: SequentialFunction) -> Counted | None:
    """The copy that counts; None where there is no loop, or too many."""
    loops = _loops_of([node_of(function)])
    if not loops:
        helpers = (helper_node(function, name) for name in function.helpers)
        loops = _loops_of(node for node in helpers if node is not None)
    if not loops or len(loops) > _MAX_LOOPS:
        return None
    numbers = {node.id: index for index, node in enumerate(loops)}
    parents = tuple(next((numbers[one.id] for one in ancestors(node) if one.id in numbers), None) for node in loops)
    body = node_of(function).child_by_field_name("body")
    assert body is not None
    edits = [(body.start_byte + 1, 0, " ++codepar_calls;")]
    for node, index in ((node, numbers[node.id]) for node in loops):
        edits += _edits(node, index)
    text = _apply(function.text.encode(), edits)
    return Counted(replace(function, text=_preamble(len(loops)) + text.decode()), parents)


def read_iterations(stderr: str, parents: tuple[int | None, ...]) -> list[Iterations]:
    """One record a call, in order."""
    calls: dict[int, dict[int, tuple[int, int]]] = {}
    for match in _LINE.finditer(stderr):
        call, loop, entries, trips = map(int, match.groups())
        calls.setdefault(call, {})[loop] = (entries, trips)
    return [_busiest(calls[call], parents) for call in sorted(calls)]


def _loops_of(nodes: Iterable[Node]) -> list[Node]:
    return [one for node in nodes for one in walk(node) if one.type in LOOPS and one.child_by_field_name("body") is not None]


def _edits(loop: Node, index: int) -> list[tuple[int, int, str]]:
    """Insertions as (byte, rank among those of the same byte, text): what encloses more opens first and closes last."""
    body = loop.child_by_field_name("body")
    assert body is not None
    size = loop.end_byte - loop.start_byte
    count = f" ++codepar_trips[codepar_calls][{index}];"
    edits = [
        (loop.start_byte, -size, f"{{ ++codepar_entries[codepar_calls][{index}]; "),
        (loop.end_byte, size, " }"),
    ]
    if body.type == "compound_statement":
        return [*edits, (body.start_byte + 1, 0, count)]
    inner = body.end_byte - body.start_byte
    return [*edits, (body.start_byte, -inner - 1, f"{{{count} "), (body.end_byte, inner + 1, " }")]


def _apply(data: bytes, edits: list[tuple[int, int, str]]) -> bytes:
    parts, place = [], 0
    for start, _, text in sorted(edits, key=lambda edit: edit[:2]):
        parts += [data[place:start], text.encode()]
        place = start
    return b"".join([*parts, data[place:]])


def _preamble(loops: int) -> str:
    size = f"[{_MAX_CALLS + 2}][{loops}]"
    return (
        "#include <stdio.h>\n"
        f"static unsigned long codepar_entries{size}, codepar_trips{size};\nstatic unsigned codepar_calls;\n"
        "__attribute__((destructor)) static void codepar_tell_loops(void) {\n"
        f"    for (unsigned call = 1; call <= codepar_calls && call <= {_MAX_CALLS}; ++call)\n"
        f"        for (unsigned loop = 0; loop < {loops}; ++loop)\n"
        f'            fprintf(stderr, "\\n{_MARK} %u %u %lu %lu\\n", call, loop,\n'
        "                codepar_entries[call][loop], codepar_trips[call][loop]);\n"
        "}\n"
    )


def _busiest(loops: dict[int, tuple[int, int]], parents: tuple[int | None, ...]) -> Iterations:
    """The chain of loops to the one with most iterations."""
    if not loops or not any(trips for _, trips in loops.values()):
        return Iterations()
    chain: list[int] = []
    current: int | None = max(loops, key=lambda loop: loops[loop][1])
    while current is not None:
        chain.append(current)
        current = parents[current] if current < len(parents) else None
    chain.reverse()
    levels = tuple(-(-loops[loop][1] // max(loops[loop][0], 1)) for loop in chain)
    return Iterations(levels, tuple(loops[loop][1] for loop in chain))
