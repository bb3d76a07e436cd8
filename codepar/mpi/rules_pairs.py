"""Messages between branches of one rank condition: what one branch fills and another reads without filling it.

Between two named ranks that is a Send and a Recv, from the root to all others a Bcast in both branches. Limits: one message a
variable and pair of branches; rings and loops of messages are not inferred.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from codepar.mpi.dataflow import Life, plain_lives
from codepar.mpi.datatypes import datatype_of
from codepar.mpi.facts import Facts, Guard, Use, strip_parentheses
from codepar.mpi.headers import Signatures
from codepar.mpi.holes import Hole, find_holes
from codepar.mpi.places import Statement, statement_at
from codepar.mpi.proposal import Edit
from codepar.mpi.roles import Roles
from codepar.mpi.rules_setup import communicator_of, rule_edit
from codepar.syntax.tree import Function
from codepar.syntax.variables import text_of


@dataclass(frozen=True)
class _Message:
    """A variable that leaves one branch and is wanted in another."""

    life: Life
    fill: Use
    read: Use
    source: str
    target: str | None


def propose_pairs(facts: Facts, signatures: Signatures) -> list[Edit]:
    """Sends and receives of every function."""
    return [edit for function in facts.tree.functions for edit in _of_function(facts, function, signatures)]


def _of_function(facts: Facts, function: Function, signatures: Signatures) -> Iterator[Edit]:
    for life in plain_lives(facts, function):
        datatype = datatype_of(life.variable, signatures)
        message = _message(life)
        if message is None or datatype is None or not life.extent or life.uses[0].function != function.name:
            continue
        fill, read = _statement(facts, message.fill, life.roles), _statement(facts, message.read, life.roles)
        if fill is None or read is None:
            continue
        communicator = communicator_of(facts, function)
        yield from _calls(facts, message, datatype, communicator, (fill, read))


def _statement(facts: Facts, use: Use, roles: Roles) -> Statement | None:
    """The statement of the branch's own block that holds a use; None for a branch without braces."""
    guard = _innermost(roles, use)
    if guard is None:
        return None
    found = statement_at(facts.tree, use.start)
    while found is not None and found.block_start > guard.start + 10 and found.block_start > guard.start:
        outer = statement_at(facts.tree, found.block_start - 1)
        if outer is None or outer.start < guard.start or outer == found:
            break
        found = outer
    return found if found is not None and found.block_start >= guard.start else None


def _status(facts: Facts, read: Statement) -> str:
    """The function's own status variable when one is visible there."""
    visible = facts.tree.variables_after(read.line_before)
    names = [v.name for v in visible if v.type == "MPI_Status" and not v.pointer_depth and not v.dimensions]
    return f"&{names[0]}" if len(names) == 1 else "MPI_STATUS_IGNORE"


def _innermost(roles: Roles, use: Use) -> Guard | None:
    return next((guard for guard in reversed(use.guards) if roles.mentions_rank(guard)), None)


def _message(life: Life) -> _Message | None:
    """The first read in a branch that lacks a fill, when another branch of a named rank fills the variable."""
    roles = life.roles
    for read in life.reads:
        guard = _innermost(roles, read)
        if guard is None or any(use.start < read.start and _reaches(roles, use, guard) for use in life.fills):
            continue
        for fill in reversed(life.fills):
            other = _innermost(roles, fill)
            source = roles.guard_rank(other) if other else None
            if other and source and (other.start, other.end) != (guard.start, guard.end) and source != roles.guard_rank(guard):
                return _Message(life, fill, read, source, roles.guard_rank(guard))
    return None


def _reaches(roles: Roles, fill: Use, guard: Guard) -> bool:
    """Whether a fill happens on the ranks of ``guard``: outside rank conditions, or inside that very branch."""
    own = _innermost(roles, fill)
    return (
        own is None or (own.start <= guard.start and guard.end <= own.end) or (guard.start <= own.start and own.end <= guard.end)
    )


def _calls(
    facts: Facts, message: _Message, datatype: str, communicator: str, places: tuple[Statement, Statement]
) -> Iterator[Edit]:
    fill, read = places
    status, tag = _status(facts, read), 0
    buffer = (message.life.argument, message.life.extent, datatype)
    if message.target is None:
        for line in (fill.last_line, read.line_before):
            yield rule_edit(line, "MPI_Bcast", (*buffer, message.source, communicator), 0.45)
        return
    target = message.target if re.fullmatch(r"\w+", message.target) else f"({message.target})"
    yield rule_edit(fill.last_line, "MPI_Send", (*buffer, target, str(tag), communicator), 0.5)
    yield rule_edit(read.line_before, "MPI_Recv", (*buffer, message.source, str(tag), communicator, status), 0.5)


def propose_for_bodies(facts: Facts, signatures: Signatures) -> list[Edit]:
    """A lone body that lost its call under ``rank == k`` receives what the root alone filled before; the root sends it."""
    edits: list[Edit] = []
    for hole in find_holes(facts.tree.text):
        function = facts.tree.function_at(hole.line)
        if hole.is_statement and function is not None:
            edits += _message_into(facts, function, signatures, hole, taken={edit.arguments[0] for edit in edits})
    return edits


def _message_into(facts: Facts, function: Function, signatures: Signatures, hole: Hole, taken: set[str]) -> Iterator[Edit]:
    byte = len(facts.tree.text[: hole.start].encode())
    target = _rank_at(facts, function, byte)
    for life in plain_lives(facts, function):
        datatype = datatype_of(life.variable, signatures)
        earlier = [use for use in life.fills if use.start < byte]
        later = [use for use in life.reads if use.start > byte and not life.roles.on_root_only(use)]
        ready = target and target != "0" and datatype and life.extent and life.argument not in taken and earlier and later
        if not ready or datatype is None or target is None:
            continue
        last = earlier[-1]
        place = _statement(facts, last, life.roles) if life.roles.on_root_only(last) else None
        if place is None:
            continue
        buffer = (life.argument, life.extent, datatype)
        communicator = communicator_of(facts, function)
        yield rule_edit(place.last_line, "MPI_Send", (*buffer, target, "0", communicator), 0.55)
        receive = rule_edit(hole.line, "MPI_Recv", (*buffer, "0", "0", communicator, "MPI_STATUS_IGNORE"), 0.55)
        yield receive.model_copy(update={"inline": True, "text": receive.text.rstrip(";")})
        return


def _rank_at(facts: Facts, function: Function, byte: int) -> str | None:
    """The rank for which the lone body at ``byte`` runs."""
    node = facts.tree.root.descendant_for_byte_range(byte, byte)
    while node is not None and node.type != "if_statement":
        node = node.parent
    if node is None:
        return None
    condition, alternative = node.child_by_field_name("condition"), node.child_by_field_name("alternative")
    if condition is None or byte < condition.end_byte:
        return None
    # A comment stands beside the branch in the tree, so the side is told by where the else begins.
    negated = alternative is not None and byte >= alternative.start_byte
    text = strip_parentheses(text_of(condition))
    guard = Guard(text, negated, condition.end_byte, node.end_byte, node.start_byte, node.end_byte)
    return Roles(facts, function).guard_rank(guard)


def propose_gathered(facts: Facts, signatures: Signatures) -> list[Edit]:
    """A loop of the root over the other ranks that reads what those fill: they send, the root receives in the loop."""
    edits: list[Edit] = []
    for function in facts.tree.functions:
        for life in plain_lives(facts, function):
            datatype = datatype_of(life.variable, signatures)
            if datatype is not None and life.extent and life.uses[0].function == function.name:
                edits += _gathered(facts, function, life, datatype)
    return edits


def _gathered(facts: Facts, function: Function, life: Life, datatype: str) -> Iterator[Edit]:
    for read in life.reads:
        guard = _innermost(life.roles, read)
        loop = next((span for span in read.loops if guard is not None and span[0] > guard.start), None)
        if guard is None or loop is None or not life.roles.is_root_guard(guard):
            continue
        sender = _loop_over_ranks(facts, loop, life.roles)
        others = [use for use in life.fills if use.start < read.start and not life.roles.on_root_only(use)]
        inside = statement_at(facts.tree, read.start)
        if sender is None or not others or inside is None or inside.block_start < loop[0]:
            continue
        buffer = (life.argument, life.extent, datatype)
        place = _sending_line(facts, guard, others[-1], life.roles)
        communicator = communicator_of(facts, function)
        if place is not None:
            yield rule_edit(place, "MPI_Send", (*buffer, "0", "0", communicator), 0.5)
            status = _status(facts, inside)
            yield rule_edit(inside.line_before, "MPI_Recv", (*buffer, sender, "0", communicator, status), 0.5)
        return


def _loop_over_ranks(facts: Facts, loop: tuple[int, int], roles: Roles) -> str | None:
    """The counter of ``for (q = 1; q < size; q++)``."""
    head = facts.tree.data[loop[0] : loop[1]].split(b")")[0].decode(errors="replace")
    match = re.match(r"for\s*\(\s*(?:int\s+)?(\w+)\s*=\s*1\s*;\s*\1\s*(?:<|!=)\s*(\w+)\s*;", head)
    return match[1] if match and match[2] in roles.size_names else None


def _sending_line(facts: Facts, guard: Guard, fill: Use, roles: Roles) -> int | None:
    """Where the other ranks send: behind a fill in their own branch, else at the end of the branch beside the root's."""
    own = _innermost(roles, fill)
    if own is not None:
        statement = _statement(facts, fill, roles)
        return statement.last_line if statement is not None else None
    node = facts.tree.root.descendant_for_byte_range(guard.statement_start, guard.statement_end - 1)
    side = node.child_by_field_name("consequence" if guard.negated else "alternative") if node is not None else None
    block = side.named_children[0] if side is not None and side.type == "else_clause" and side.named_children else side
    if block is None or block.type != "compound_statement" or block.end_point[0] == block.start_point[0]:
        return None
    return block.end_point[0]
