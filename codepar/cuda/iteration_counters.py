"""A copy of a function whose loops count: iterations, those that touch memory of the caller, and those that meet in one element.

Counters go into the text: at the entry and in the body of every loop of the function (of its helpers, where the function itself
has none), and around every element that is read or written. Limits: what a macro or a helper does with memory is not seen, only
that a helper was given a pointer; elements that overlap in part count as different ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tree_sitter import Node

from codepar.cuda.function import SequentialFunction
from codepar.cuda.nodes import LOOPS, ancestors, declared_by, operator_of, walk
from codepar.cuda.read import helper_node, node_of
from codepar.syntax.variables import text_of

MARK = "codepar-loop"
MAX_CALLS = 64
_MAX_LOOPS = 200
_MAX_TOUCHES = 400
_DEPTH = 4
_MARKED, _READ, _WRITTEN = 0, 1, 2
Edit = tuple[int, int, str]
"""An insertion as (byte, rank among those of the same byte, text): what encloses more opens first and closes last."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A copy of a function whose loops count, and for each loop the one around it (None: none)."""

    function: SequentialFunction
    parents: tuple[int | None, ...]


def counted(function: SequentialFunction, *, watches_memory: bool = True) -> Counted | None:
    """The copy that counts; None where there is no loop, or too many. Without ``watches_memory`` only iterations are counted."""
    tops = [node_of(function)]
    loops = _loops_of(tops)
    if not loops:
        tops = [node for name in function.helpers if (node := helper_node(function, name)) is not None]
        loops = _loops_of(tops)
    if not loops or len(loops) > _MAX_LOOPS:
        return None
    numbers = {node.id: index for index, node in enumerate(loops)}
    parents = tuple(next((numbers[one.id] for one in ancestors(node) if one.id in numbers), None) for node in loops)
    body = node_of(function).child_by_field_name("body")
    assert body is not None
    edits: list[Edit] = [(body.start_byte + 1, 0, " ++codepar_calls;")]
    for node, index in ((node, numbers[node.id]) for node in loops):
        edits += _edits(node, index)
    if watches_memory:
        touches = [edit for top in tops for edit in _Touches(function, top, numbers).edits()]
        edits += touches if len(touches) <= 2 * _MAX_TOUCHES else []
    text = _apply(function.text.encode(), edits)
    return Counted(replace(function, text=_preamble(parents) + text.decode()), parents)


def _loops_of(nodes: Iterable[Node]) -> list[Node]:
    return [one for node in nodes for one in walk(node) if one.type in LOOPS and one.child_by_field_name("body") is not None]


def _edits(loop: Node, index: int) -> list[Edit]:
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


class _Touches:
    """The elements that one function body reads and writes inside its loops."""

    def __init__(self, function: SequentialFunction, top: Node, numbers: dict[int, int]) -> None:
        self._top = top
        self._numbers = numbers
        parameters = function.signature.parameters if top.id == node_of(function).id else ()
        self._constant = {one.name for one in parameters if one.is_buffer and not one.role.is_written}
        self._pointers = {one.name for one in parameters if one.is_buffer}
        self._pointers |= {
            one.name
            for node in walk(top)
            if node.type in {"declaration", "parameter_declaration"}
            for one in declared_by(node)
            if one.depth or (node.type == "parameter_declaration" and one.dimensions)
        }
        self._helpers = {name for name in function.helpers if _takes_memory(helper_node(function, name))}

    def edits(self) -> Iterator[Edit]:
        for node in walk(self._top):
            loop = next((self._numbers[one.id] for one in ancestors(node) if one.id in self._numbers), None)
            if loop is None or _is_not_run(node):
                continue
            if node.type == "call_expression" and text_of(node.child_by_field_name("function")) in self._helpers:
                yield from _around(node, f"(codepar_touch({loop}, {_MARKED}, 0), ", ")")
            elif node.type == "field_expression" and operator_of(node) == "->":
                held = node.child_by_field_name("argument")
                if held is not None and self._base(held) is not None:
                    yield from _around(held, f"(codepar_touch({loop}, {_MARKED}, 0), ", ")")
            elif _is_element(node) and (base := self._base(node)) is not None:
                kind = _MARKED if base in self._constant else _use(node)
                yield from _around(node, f"CODEPAR_AT({loop}, {kind}, ", ")")

    def _base(self, node: Node) -> str | None:
        """The pointer through which an element is reached; None for arrays of the function and what else no caller owns."""
        if node.type == "identifier":
            return text_of(node) if text_of(node) in self._pointers else None
        for name in ("argument", "value", "left", "right"):
            inner = node.child_by_field_name(name)
            if inner is not None and (found := self._base(inner)) is not None:
                return found
        inner = node.named_children[0] if node.type == "parenthesized_expression" and node.named_children else None
        return self._base(inner) if inner is not None else None


def _takes_memory(node: Node | None) -> bool:
    head = text_of(node).split("{", 1)[0] if node is not None else ""
    return "*" in head or "[" in head


def _is_not_run(node: Node) -> bool:
    """What stands in `sizeof` or a declarator is not evaluated, or must be constant."""
    return any(
        one.type in {"sizeof_expression", "array_declarator", "case_statement"} and _heads(one, node) for one in ancestors(node)
    )


def _heads(outer: Node, node: Node) -> bool:
    """Whether ``node`` stands where ``outer`` does not run it."""
    if outer.type != "case_statement":
        return True
    label = outer.child_by_field_name("value")
    return label is not None and label.start_byte <= node.start_byte and node.end_byte <= label.end_byte


def _is_element(node: Node) -> bool:
    if node.type == "pointer_expression":
        return operator_of(node) == "*"
    if node.type != "subscript_expression":
        return False
    outer = node.parent
    return outer is None or outer.type != "subscript_expression" or outer.child_by_field_name("argument") != node


def _use(node: Node) -> int:
    """Whether the element is read, written, or both."""
    place = node
    while place.parent is not None and place.parent.type in {"parenthesized_expression", "field_expression"}:
        place = place.parent
    outer = place.parent
    if outer is None:
        return _READ
    if outer.type == "update_expression":
        return _READ | _WRITTEN
    if outer.type == "assignment_expression" and outer.child_by_field_name("left") == place:
        return _WRITTEN if operator_of(outer) == "=" else _READ | _WRITTEN
    if outer.type == "pointer_expression" and operator_of(outer) == "&":
        return _MARKED
    return _READ


def _around(node: Node, before: str, after: str) -> list[Edit]:
    size = node.end_byte - node.start_byte
    return [(node.start_byte, -size, before), (node.end_byte, size, after)]


def _apply(data: bytes, edits: list[Edit]) -> bytes:
    parts, place = [], 0
    for start, _, text in sorted(edits, key=lambda edit: edit[:2]):
        parts += [data[place:start], text.encode()]
        place = start
    return b"".join([*parts, data[place:]])


def _preamble(parents: tuple[int | None, ...]) -> str:
    rows = ", ".join("{" + ", ".join(map(str, _chain(loop, parents))) + "}" for loop in range(len(parents)))
    counters = "codepar_entries, codepar_trips, codepar_useful, codepar_begun, codepar_clashes, codepar_seen, codepar_entered"
    declared = ", ".join(f"{name}[{MAX_CALLS + 2}][{len(parents)}]" for name in counters.split(", "))
    return _TEXT.replace("@LOOPS@", str(len(parents))).replace("@ROWS@", rows).replace("@COUNTERS@", declared)


def _chain(loop: int, parents: tuple[int | None, ...]) -> list[int]:
    """The outermost loops around a loop, itself among them, outermost first; -1 where there are no more."""
    found: list[int] = []
    current: int | None = loop
    while current is not None:
        found.insert(0, current)
        current = parents[current]
    return [*found, *[-1] * _DEPTH][:_DEPTH]


# A cell holds, for one address, the last write and the last read: in which loop, and in which iteration of the loops around it.
# Two uses of one address, one of them a write, clash at the outermost loop whose iterations differ.
_TEXT = f"""#include <stdio.h>
#include <string.h>
static unsigned long @COUNTERS@;
static unsigned codepar_calls;
static const int codepar_around[@LOOPS@][{_DEPTH}] = {{@ROWS@}};
struct codepar_use {{ unsigned call; int loop; unsigned long trips[{_DEPTH}]; }};
static struct codepar_cell {{ const void *place; struct codepar_use uses[2]; }} codepar_cells[1 << 18];
static void codepar_meet(const struct codepar_use *old, int loop) {{
    int at;
    if (old->call != codepar_calls) return;
    for (at = 0; at < {_DEPTH}; ++at) {{
        const int outer = codepar_around[loop][at];
        if (outer < 0 || codepar_around[old->loop][at] != outer) return;
        if (old->trips[at] != codepar_trips[codepar_calls][outer]) {{
            ++codepar_clashes[codepar_calls][outer];
            return;
        }}
    }}
}}
static void codepar_remember(const void *place, int loop, int kind) {{
    unsigned long at = ((unsigned long)place >> 1) * 0x9E3779B97F4A7C15ul >> 46, tries = 0;
    struct codepar_cell *cell;
    int side;
    while (codepar_cells[at].place != place && codepar_cells[at].place != 0) {{
        at = (at + 1) & ((1 << 18) - 1);
        if (++tries > 64) return;
    }}
    cell = &codepar_cells[at];
    cell->place = place;
    codepar_meet(&cell->uses[1], loop);
    if (kind & {_WRITTEN}) codepar_meet(&cell->uses[0], loop);
    for (side = 0; side < 2; ++side) {{
        int level;
        if (!(kind & (side + 1))) continue;
        cell->uses[side].call = codepar_calls;
        cell->uses[side].loop = loop;
        for (level = 0; level < {_DEPTH} && codepar_around[loop][level] >= 0; ++level)
            cell->uses[side].trips[level] = codepar_trips[codepar_calls][codepar_around[loop][level]];
    }}
}}
static void codepar_touch(int loop, int kind, const void *place) {{
    int level;
    if (codepar_calls > {MAX_CALLS}) return;
    for (level = 0; level < {_DEPTH} && codepar_around[loop][level] >= 0; ++level) {{
        const int outer = codepar_around[loop][level];
        const unsigned long trip = codepar_trips[codepar_calls][outer], entry = codepar_entries[codepar_calls][outer];
        if (codepar_seen[codepar_calls][outer] == trip) continue;
        codepar_seen[codepar_calls][outer] = trip;
        ++codepar_useful[codepar_calls][outer];
        if (codepar_entered[codepar_calls][outer] == entry) continue;
        codepar_entered[codepar_calls][outer] = entry;
        ++codepar_begun[codepar_calls][outer];
    }}
    if (kind && place) codepar_remember(place, loop, kind);
}}
#define CODEPAR_AT(loop, kind, ...) (*(__extension__({{ __typeof__(&(__VA_ARGS__)) codepar_at = &(__VA_ARGS__); \\
    codepar_touch(loop, kind, (const void *)codepar_at); codepar_at; }})))
__attribute__((destructor)) static void codepar_tell_loops(void) {{
    unsigned call, loop;
    (void)codepar_touch;
    for (call = 1; call <= codepar_calls && call <= {MAX_CALLS}; ++call)
        for (loop = 0; loop < @LOOPS@; ++loop)
            fprintf(stderr, "\\n{MARK} %u %u %lu %lu %lu %lu %lu\\n", call, loop, codepar_entries[call][loop],
                    codepar_trips[call][loop], codepar_useful[call][loop], codepar_begun[call][loop],
                    codepar_clashes[call][loop]);
}}
"""
