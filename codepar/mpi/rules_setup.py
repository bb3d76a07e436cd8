"""Calls every MPI program needs: Init, Comm_rank, Comm_size, Finalize, and the processor's name and time where asked for.

Limits: the rank and size variables are told by name and use (``roles``); a body on one line has no place for a line more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codepar.mpi.facts import Facts
from codepar.mpi.holes import find_holes
from codepar.mpi.places import Statement, statements_of
from codepar.mpi.proposal import Edit
from codepar.mpi.roles import Roles, is_integer
from codepar.syntax.tree import Function
from codepar.syntax.variables import Variable

WORLD = "MPI_COMM_WORLD"


def rule_edit(after_line: int, function: str, arguments: tuple[str, ...], confidence: float) -> Edit:
    """A statement proposed by a rule."""
    text = f"{function}({', '.join(arguments)});"
    return Edit(after_line=after_line, text=text, function=function, arguments=arguments, confidence=confidence, origin="rule")


def communicator_of(facts: Facts, function: Function) -> str:
    """The function's own communicator parameter, else the world."""
    found = [parameter.name for parameter in function.parameters if parameter.type == "MPI_Comm"]
    return found[0] if len(found) == 1 else WORLD


def propose_setup(facts: Facts) -> list[Edit]:
    """Init to Finalize for ``main``, rank and size for every function that lacks them."""
    edits: list[Edit] = []
    functions = [function for function in facts.tree.functions if function.body_first_line < function.last_line]
    main = facts.main if facts.main in functions else None
    start = 0
    if main is not None and not _calls(facts, r"MPI_Init(_thread)?"):
        start = init_line(facts, main)
        edits.append(rule_edit(start, "MPI_Init", _init_arguments(main), 0.95))
    for function in functions:
        floor = start if main is not None and function.name == "main" else function.body_first_line
        edits += _rank_and_size(facts, function, floor)
        edits += _processor_name(facts, function, floor)
    if main is not None and not _calls(facts, "MPI_Finalize"):
        edits += _finalize(facts, main)
    return edits


def _calls(facts: Facts, pattern: str) -> bool:
    return any(re.fullmatch(pattern, call.function) for call in facts.tree.calls)


def _init_arguments(main: Function) -> tuple[str, ...]:
    names = [parameter.name for parameter in main.parameters]
    return (f"&{names[0]}", f"&{names[1]}") if len(names) >= 2 else ("NULL", "NULL")


def init_line(facts: Facts, main: Function) -> int:
    """After the leading declarations of main that need no rank, else after its opening brace."""
    roles = Roles(facts, main)
    needed = {variable.name for variable in (roles.rank, roles.size) if variable is not None}
    line = main.body_first_line
    for statement in statements_of(facts.tree, main):
        if statement.type != "declaration" or _reads(facts, statement, needed) or _has_call(facts, statement):
            break
        if any(statement.first_line <= hole.line <= statement.last_line for hole in find_holes(facts.tree.text)):
            break
        line = max(line, statement.last_line)
    return line


def _has_call(facts: Facts, statement: Statement) -> bool:
    return any(statement.start <= call.span.start < statement.end for call in facts.tree.calls)


def _reads(facts: Facts, statement: Statement, names: set[str]) -> bool:
    return any(use.name in names and statement.start <= use.start < statement.end for use in facts.uses)


def _rank_and_size(facts: Facts, function: Function, floor: int) -> Iterator[Edit]:
    roles = Roles(facts, function)
    communicator = communicator_of(facts, function)
    for variable, call, confidence in ((roles.rank, "MPI_Comm_rank", 0.9), (roles.size, "MPI_Comm_size", 0.85)):
        if variable is None or (_is_global(variable, function) and function.name != "main"):
            continue
        line = max(floor, variable.line if not _is_global(variable, function) else 0)
        yield rule_edit(line, call, (communicator, f"&{variable.name}"), confidence)


def _is_global(variable: Variable, function: Function) -> bool:
    return not function.first_line <= variable.line <= function.last_line


def _processor_name(facts: Facts, function: Function, floor: int) -> Iterator[Edit]:
    """A buffer of MPI_MAX_PROCESSOR_NAME characters is asked for by exactly one function of the standard."""
    variables = facts.variables(function)
    buffers = [v for v in variables if any("MPI_MAX_PROCESSOR_NAME" in size for size in v.dimensions)]
    lengths = [
        v for v in variables if is_integer(v) and re.search("len", v.name, re.IGNORECASE) and not _written(facts, v, function)
    ]
    if len(buffers) == 1 and lengths:
        line = max(floor, buffers[0].line, lengths[0].line)
        yield rule_edit(line, "MPI_Get_processor_name", (buffers[0].name, f"&{lengths[0].name}"), 0.85)


def _written(facts: Facts, variable: Variable, function: Function) -> bool:
    return any(use.value or use.kind in {"write", "update"} for use in facts.of(variable.name, function.name))


def _finalize(facts: Facts, main: Function) -> Iterator[Edit]:
    """Before the last statement of main when it returns, else before its closing brace."""
    statements = statements_of(facts.tree, main)
    last = statements[-1] if statements else None
    if last is not None and last.type == "return_statement":
        yield rule_edit(last.line_before, "MPI_Finalize", (), 0.95)
    else:
        yield rule_edit(max(main.body_first_line, main.last_line - 1), "MPI_Finalize", (), 0.95)


def propose_for_holes(facts: Facts) -> Iterator[Edit]:
    """A hole where a double is missing is the time: no other common MPI function returns one."""
    for hole in find_holes(facts.tree.text):
        if hole.type == "double":
            yield Edit(
                after_line=hole.line,
                text="MPI_Wtime()",
                function="MPI_Wtime",
                arguments=(),
                inline=True,
                confidence=0.95,
                origin="rule",
            )
