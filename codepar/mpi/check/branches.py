"""What a part of a program would do that is not followed: what it assigns, whether it leaves, whether it gives up.

Limits: told from the text of the part alone; a function that it calls is judged by its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codepar.mpi.check.nodes import Node

_JUMPS = frozenset({"return_statement", "break_statement", "continue_statement", "goto_statement", "throw_statement"})
_LEAVES = re.compile(r"^(?:exit|abort|_exit|_Exit|MPI_Abort|quick_exit|errx?|perror_exit|die|usage|fatal)$")
_ENDS = frozenset({"MPI_Finalize", "MPI_Abort", "MPI_Initialized", "MPI_Finalized", "MPI_Barrier", "MPI_Error_string"})
_LOOPS = frozenset({"for_statement", "while_statement", "do_statement", "for_range_loop"})
_READERS = re.compile(r"^(?:f?printf|puts|fputs|putchar|strlen|strcmp|strncmp|atoi|atof|assert|sizeof|free|fwrite|fabs|sqrt)$")


def assigned(node: Node) -> list[tuple[str, Node]]:
    """What a part may write: (``value``, an lvalue) and (``pointer``, an argument of a call)."""
    found = node.cache.get("assigned")
    if not isinstance(found, list):
        found = list(_assignments(node))
        node.cache["assigned"] = found
    return found


def _assignments(node: Node) -> Iterator[tuple[str, Node]]:
    for kid in node.walk():
        if kid.type == "assignment_expression" and "left" in kid.fields:
            yield "value", kid.fields["left"]
        elif kid.type == "update_expression" and "argument" in kid.fields:
            yield "value", kid.fields["argument"]
        elif kid.type == "call_expression" and "arguments" in kid.fields:
            callee = kid.fields["function"].text if "function" in kid.fields else ""
            if not _READERS.match(callee):
                for argument in kid.fields["arguments"].kids:
                    yield "pointer", argument


def construct_of(text: str) -> str:
    """The OpenMP construct that a pragma opens for the next statement."""
    match = re.match(r"#\s*pragma\s+omp\s+(.*)", text.replace("\\\n", " "), re.DOTALL)
    if not match:
        return ""
    words = re.findall(r"\w+", match[1].split("(")[0])
    kinds = ("parallel", "single", "master", "masked", "critical", "sections", "section", "task", "for", "taskloop", "teams")
    found = [word for word in kinds if word in words]
    if "num_threads" in text and re.search(r"num_threads\s*\(\s*1\s*\)", text):
        return ""
    return "+".join(found)


def leaves(node: Node | None) -> str:
    """The jump that a branch makes in its own statements; empty for none."""
    if node is None:
        return ""
    found = node.cache.get("leaves")
    if not isinstance(found, str):
        found = _jump_in(node)
        node.cache["leaves"] = found
    return found


def _jump_in(node: Node) -> str:
    if node.type in _JUMPS:
        return node.type.removesuffix("_statement")
    if node.type == "call_expression" and "function" in node.fields and _LEAVES.match(node.fields["function"].text):
        return "exit"
    if node.type in {"lambda_expression", "function_definition"}:
        return ""
    for kid in node.kids:
        found = leaves(kid)
        if found and not (found in {"break", "continue"} and (node.type in _LOOPS or node.type == "switch_statement")):
            return found
    return ""


def gives_up(node: Node | None) -> bool:
    """Whether a branch ends the program and calls nothing of MPI but what ends it."""
    if node is None or leaves(node) not in {"exit", "return"}:
        return False
    called = {kid.fields["function"].text for kid in node.walk() if kid.type == "call_expression" and "function" in kid.fields}
    mpi = {name for name in called if name.startswith("MPI_")}
    if not mpi <= _ENDS:
        return False
    return leaves(node) == "exit" or "MPI_Finalize" in mpi or bool(re.search(r"print|cerr|cout|err", node.text))
