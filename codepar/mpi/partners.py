"""The other half of a message, from the half that is there: the same buffer, count, type, tag, communicator; who sends to whom.

Limits: blocking and nonblocking point-to-point calls; ranks come from the branches around both places, and a receiver that cannot
tell its sender takes any.
"""

from __future__ import annotations

import re

from codepar.mpi.call_text import CallText
from codepar.mpi.facts import Facts, Guard, strip_parentheses
from codepar.mpi.proposal import Edit
from codepar.mpi.roles import Roles
from codepar.syntax.tree import Function
from codepar.syntax.variables import text_of

SENDS = frozenset({"MPI_Send", "MPI_Isend", "MPI_Ssend", "MPI_Bsend", "MPI_Rsend", "MPI_Issend"})
RECEIVES = frozenset({"MPI_Recv", "MPI_Irecv"})
_LOOP = re.compile(r"for\s*\(\s*(?:int\s+|unsigned\s+|size_t\s+)?(\w+)\s*=")


def partner_of(facts: Facts, edit: Edit, function: str, after_line: int) -> CallText | None:
    """``function`` after ``after_line`` as the other side of ``edit``; None where one of both is no such call."""
    sends = function in SENDS
    there = facts.tree.function_at(after_line + 1)
    if there is None or (edit.function not in (RECEIVES if sends else SENDS)) or len(edit.arguments) < 6:
        return None
    if not sends and function not in RECEIVES:
        return None
    buffer, count, datatype, _, tag, communicator = edit.arguments[:6]
    peer = _peer(facts, edit, there, after_line, sends=sends)
    if peer is None:
        return None
    label = tag if tag != "MPI_ANY_TAG" else "0"
    arguments = (buffer, count, datatype, peer, label, communicator)
    if function in {"MPI_Irecv", "MPI_Isend", "MPI_Issend"}:
        request = _request(facts, after_line)
        return CallText("", function, (*arguments, request)) if request else None
    return CallText("", function, arguments if sends else (*arguments, "MPI_STATUS_IGNORE"))


def _peer(facts: Facts, edit: Edit, here: Function, after_line: int, *, sends: bool) -> str | None:
    """The rank on the other side as it is written on this one."""
    other = facts.tree.function_at(edit.after_line + 1)
    rank = rank_at(facts, other, facts.tree.offset_after(edit.after_line)) if other is not None else None
    if rank is not None:
        return rank if re.fullmatch(r"\w+", rank) else f"({rank})"
    counter = _rank_loop(facts, here, after_line)
    if counter is not None:
        return counter
    return None if sends else "MPI_ANY_SOURCE"


def rank_at(facts: Facts, function: Function, byte: int) -> str | None:
    """The one rank that the innermost condition around a byte leaves; None where it leaves several."""
    roles = Roles(facts, function)
    node = facts.tree.root.descendant_for_byte_range(byte, byte)
    while node is not None:
        if node.type == "if_statement":
            condition, alternative = node.child_by_field_name("condition"), node.child_by_field_name("alternative")
            if condition is not None and byte >= condition.end_byte:
                negated = alternative is not None and byte >= alternative.start_byte
                text = strip_parentheses(text_of(condition))
                guard = Guard(text, negated, condition.end_byte, node.end_byte, node.start_byte, node.end_byte)
                if roles.mentions_rank(guard):
                    return roles.guard_rank(guard)
        node = node.parent
    return None


def _rank_loop(facts: Facts, function: Function, after_line: int) -> str | None:
    """The counter of the innermost loop over ranks around a place."""
    sizes = Roles(facts, function).size_names
    byte = facts.tree.offset_after(after_line)
    node = facts.tree.root.descendant_for_byte_range(byte, byte)
    while node is not None:
        if node.type == "for_statement":
            body = node.child_by_field_name("body")
            head = facts.tree.data[node.start_byte : body.start_byte if body is not None else node.end_byte].decode(
                errors="replace"
            )
            match = _LOOP.match(head)
            if match is not None and any(re.search(rf"\b{re.escape(name)}\b", head) for name in sizes):
                return match[1]
        node = node.parent
    return None


def _request(facts: Facts, after_line: int) -> str | None:
    """A request variable in scope, as an argument."""
    found = [v for v in facts.tree.variables_after(after_line) if v.type == "MPI_Request" and not v.pointer_depth]
    if len(found) != 1:
        return None
    return f"&{found[0].name}[0]" if found[0].dimensions else f"&{found[0].name}"
