"""Declarations that proposed calls need: a status, a request, a communicator that the program does not declare (any more).

A name may be declared where every call that uses it wants the same MPI type and one of them gives it a value; else those calls
are dropped. Limits: one function at a time; an array whose extent is no constant is declared before the first call that uses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codepar.mpi.declarations import HANDLES
from codepar.mpi.headers import Signature
from codepar.mpi.proposal import Dropped, Edit
from codepar.mpi.rules_check import Rules
from codepar.syntax.tree import Function

_HANDLE = re.compile(rf"(?:const )?(MPI_(?:{HANDLES}))\s*(\*|\[\])?")
_ARGUMENT = re.compile(r"(&?)\s*([A-Za-z_]\w*)\s*(?:\[([^\[\]]+)\]|\+\s*([^,]+))?")
# They take what another call made.
_CONSUMES = re.compile(r"MPI_(?:Wait\w*|Test\w*|\w+_free|Type_commit|Start|Startall|Cancel|Request_\w+)")
_COUNTED = re.compile(r"MPI_(?:Waitall|Waitany|Waitsome|Testall|Testany|Testsome|Startall)")


@dataclass(frozen=True)
class _Use:
    """An argument that names something undeclared. ``index`` is the text of its subscript, empty for none."""

    edit: Edit
    name: str
    type: str
    index: str
    is_array: bool
    is_made: bool
    extent: str


def handle_type(parameter_type: str) -> str | None:
    """The MPI type that a parameter takes, by value, address or array: what may be declared for it."""
    match = _HANDLE.fullmatch(parameter_type.strip())
    return match[1] if match else None


def with_declarations(rules: Rules, edits: Sequence[Edit]) -> tuple[list[Edit], list[Dropped]]:
    """The edits with the declarations that they need before them, and the calls whose names cannot be declared."""
    kept, dropped, declared = list(edits), list[Dropped](), list[Edit]()
    for function in rules.facts.tree.functions:
        inside = [edit for edit in kept if _holds(rules, function, edit)]
        uses = [use for edit in inside for use in _uses(rules, edit)]
        for name in dict.fromkeys(use.name for use in uses):
            own = [use for use in uses if use.name == name and use.edit in kept]
            if not own:
                continue
            fault = _fault(own)
            declaration = None if fault else _declaration(rules, function, own)
            if declaration is not None:
                declared.append(declaration)
                continue
            reason = f"scope: `{name}` is not declared, and {fault or 'cannot be declared for all calls that use it'}"
            gone = [use.edit for use in own]
            dropped += [Dropped(text=edit.text, rule=reason) for edit in dict.fromkeys(gone)]
            kept = [edit for edit in kept if edit not in gone]
    named = {name for edit in kept for name in re.findall(r"\w+", edit.text)}
    needed = [edit for edit in declared if re.findall(r"\w+", edit.text)[1] in named]
    return sorted([*needed, *kept], key=lambda edit: edit.after_line), dropped


def _holds(rules: Rules, function: Function, edit: Edit) -> bool:
    around = rules.facts.tree.function_at(edit.after_line + (0 if edit.inline else 1)) or rules.facts.tree.function_at(
        edit.after_line
    )
    return around == function


def _uses(rules: Rules, edit: Edit) -> Iterator[_Use]:
    if edit.function not in rules.signatures:
        return
    signature = rules.signatures[edit.function]
    known = rules.known_names(edit.after_line, edit.inline)
    for argument, parameter in zip(edit.arguments, signature.parameters, strict=False):
        type_text, match = handle_type(parameter.type), _ARGUMENT.fullmatch(argument.strip())
        if type_text is None or match is None or match[2] in known:
            continue
        index = match[3] or match[4] or ""
        is_pointer = parameter.type.rstrip().endswith(("*", "[]"))
        is_array = bool(index) or (is_pointer and not match[1])
        made = is_pointer and (type_text == "MPI_Status" or not _CONSUMES.fullmatch(edit.function))
        yield _Use(edit, match[2], type_text, index, is_array, made, _extent(edit, signature) if is_array and not index else "")


def _extent(edit: Edit, signature: Signature) -> str:
    """How many elements a call touches that takes a whole array; 1 for others."""
    first = signature.parameters[0].type if signature.parameters else ""
    return edit.arguments[0] if _COUNTED.fullmatch(edit.function) and first == "int" else "1"


def _fault(uses: Sequence[_Use]) -> str | None:
    types = {use.type for use in uses}
    if len(types) > 1:
        return f"the calls want it as {' and as '.join(sorted(types))}"
    return None if any(use.is_made for use in uses) else "no call gives it a value"


def _declaration(rules: Rules, function: Function, uses: Sequence[_Use]) -> Edit | None:
    """The declaration, at the top of the function; behind the names of an extent that is no constant. None: no place for it."""
    name, size = uses[0].name, ""
    line = rules.first_slot(function)
    if any(use.is_array for use in uses):
        size = _size(uses) or ""
        if not size:
            return None
        if not size.isdigit() and not _are_constants(rules, size):
            line = min(use.edit.after_line for use in uses)
            if not _reaches_all(rules, line, uses):
                return None
    if line is None:
        return None
    suffix = f"[{size}]" if size else ""
    return Edit(
        kind="declaration",
        after_line=line,
        text=f"{uses[0].type} {name}{suffix};",
        function="",
        arguments=(),
        confidence=max(use.edit.confidence for use in uses),
        origin=uses[0].edit.origin,
    )


def _size(uses: Sequence[_Use]) -> str | None:
    """How many elements the calls touch: the largest number, else the count of the call that takes them all."""
    counts = [use.extent for use in uses if use.extent]
    indices = [use.index for use in uses if use.index]
    numbers = [int(text) for text in counts if text.isdigit()] + [int(text) + 1 for text in indices if text.strip().isdigit()]
    texts = [text for text in counts if not text.isdigit()]
    if texts:
        return texts[0]
    is_open = any(not text.strip().isdigit() for text in indices)
    whole = [text for text in counts if text != "1"]
    return str(max(numbers)) if numbers and not (is_open and not whole) else None


def _are_constants(rules: Rules, size: str) -> bool:
    names = set(re.findall(r"[A-Za-z_]\w*", size))
    return names <= {constant.name for constant in rules.facts.tree.constants_after(rules.facts.tree.line_count)}


def _reaches_all(rules: Rules, line: int, uses: Sequence[_Use]) -> bool:
    """Whether what is declared after ``line`` can be used by all calls: no block ends in between."""
    tree = rules.facts.tree
    last = max(use.edit.after_line for use in uses)
    offset = tree.offset_after(line)
    block = min(
        (node for node in tree.capture("(compound_statement) @it") if node.start_byte < offset < node.end_byte),
        key=lambda node: node.end_byte - node.start_byte,
        default=None,
    )
    return block is not None and last < block.end_point[0] + 1
