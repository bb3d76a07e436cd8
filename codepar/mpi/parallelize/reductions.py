"""Loops that only sum up, shared among ranks by rule: every rank takes each size-th iteration, an Allreduce adds the parts.

One proposal a loop, the one with most inside first; the rest of the program runs on every rank, and all but rank 0 print nowhere.
Limits: counted ``for`` loops in the file of ``main`` whose body writes nothing outside but scalars by ``+=``, ``-=`` or ``++``
and calls only functions without effects; whether the result is right and the loop was worth it is told by running it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from tree_sitter import Node

from codepar.mpi.datatypes import datatype_of
from codepar.mpi.headers import Signatures
from codepar.syntax.tree import Function, SyntaxTree
from codepar.syntax.variables import Variable, text_of

_RANK, _SIZE = "mpi_rank", "mpi_size"
_INIT = re.compile(r"(?P<head>(?:[\w ]+\s)(?P<name>\w+)\s*=\s*)(?P<first>[^,;]+);?")
_STEP = re.compile(r"(?:(\w+)\s*\+\+|\+\+\s*(\w+)|(\w+)\s*\+=\s*(.+))")
_SUMS = frozenset({"+=", "-="})
_PURE = re.compile(
    r"(?:sqrt|cbrt|a?sinh?|a?cosh?|a?tanh?|atan2|exp2?|log(?:2|10)?|pow|fabs|floor|ceil|fmod|hypot|fmin|fmax|round|trunc)[fl]?"
    r"|l{0,2}abs|is(?:digit|alpha|space)|strlen"
)
_LEAVES = frozenset({"return_statement", "goto_statement"})
_LOOPS = frozenset({"for_statement", "while_statement", "do_statement", "switch_statement"})
_MAX_PROPOSALS = 4


@dataclass(frozen=True)
class Proposed:
    """A program with one loop shared; ``line`` is that of the loop in the serial program."""

    text: str
    line: int


@dataclass
class _Loop:
    """A loop that can be shared: the text around its bounds, and the scalars that it sums into."""

    node: Node
    head: str
    name: str
    first: str
    step: str
    sums: dict[str, Variable] = field(default_factory=dict)
    weight: int = 0


def propose_reductions(tree: SyntaxTree, signatures: Signatures) -> list[Proposed]:
    """Versions of the program of ``tree``, which holds ``main``, each with one of its loops shared."""
    main = next((function for function in tree.functions if function.name == "main"), None)
    if main is None or not re.search(r"<(?:stdio\.h|cstdio)>", tree.text):
        return []
    pure = _pure_functions(tree)
    loops = [loop for node in tree.capture("(for_statement) @it") if (loop := _read(tree, node, pure, signatures)) is not None]
    loops.sort(key=lambda loop: -loop.weight)
    return [Proposed(_rewrite(tree, main, loop, signatures), loop.node.start_point[0] + 1) for loop in loops[:_MAX_PROPOSALS]]


def _read(tree: SyntaxTree, node: Node, pure: frozenset[str], signatures: Signatures) -> _Loop | None:
    """The loop, when it is a counted one whose body only sums up."""
    parts = [node.child_by_field_name(name) for name in ("initializer", "condition", "update", "body")]
    if any(part is None for part in parts) or node.parent is None or node.parent.type != "compound_statement":
        return None
    init, condition, update, body = (part for part in parts if part is not None)
    head, step = _INIT.fullmatch(text_of(init).strip()), _STEP.fullmatch(text_of(update).strip())
    if head is None or step is None or init.type != "declaration":
        return None
    name = head["name"]
    stepped = step[1] or step[2] or step[3]
    if stepped != name or not re.match(rf"{name}\s*<=?\s*[^=]", text_of(condition)):
        return None
    loop = _Loop(node, head["head"], name, head["first"], step[4] or "1")
    inside = _declared(body) | {name}
    visible = {variable.name: variable for variable in tree.variables_after(node.start_point[0])}
    for left, operator in _writes(body):
        variable = visible.get(left)
        if left in inside and left != name:
            continue
        plain = variable is not None and not variable.pointer_depth and not variable.dimensions and "&" not in variable.type
        if left == name or variable is None or not plain or operator not in _SUMS or datatype_of(variable, signatures) is None:
            return None
        loop.sums[left] = variable
    calls = {text_of(call.child_by_field_name("function")) for call in _nodes(body, "call_expression")}
    if not loop.sums or _effects(calls, pure) or _leaves(body, node) or _reads_sums(body, loop.sums):
        return None
    if loop.sums.keys() & set(re.findall(r"\w+", text_of(condition))):
        return None
    loop.weight = 10 * sum(1 for kind in _LOOPS for _ in _nodes(body, kind)) + 10 * len(calls & pure) + len(text_of(body)) // 20
    return loop


def _writes(body: Node) -> Iterator[tuple[str, str]]:
    """What is assigned, with the operator; the name of an element or a pointer's target is empty, which nobody declares."""
    for node in _nodes(body, "assignment_expression"):
        left, operator = node.child_by_field_name("left"), node.child_by_field_name("operator")
        yield _base(left), text_of(operator)
    for node in _nodes(body, "update_expression"):
        yield _base(node.child_by_field_name("argument")), "+=" if "++" in text_of(node) else "-="


def _base(node: Node | None) -> str:
    """The variable written: elements of an array count as the array, what a pointer points to as nobody's."""
    while node is not None and node.type in {"subscript_expression", "parenthesized_expression"}:
        node = node.child_by_field_name("argument") or (node.named_children[0] if node.named_children else None)
    return text_of(node) if node is not None and node.type == "identifier" else ""


def _reads_sums(body: Node, sums: dict[str, Variable]) -> bool:
    """Whether a sum is used for anything but being added to."""
    uses = [text_of(node) for node in _nodes(body, "identifier")]
    added = [left for left, _ in _writes(body)]
    return any(uses.count(name) != added.count(name) for name in sums)


def _declared(body: Node) -> set[str]:
    """Names that the body declares; pointers are left out, because what they point to may lie outside."""
    found = set()
    for node in _nodes(body, "declaration"):
        for declarator in node.children_by_field_name("declarator"):
            plain = declarator if declarator.type != "init_declarator" else declarator.child_by_field_name("declarator")
            while plain is not None and plain.type == "array_declarator":
                plain = plain.child_by_field_name("declarator")
            if plain is not None and plain.type == "identifier":
                found.add(text_of(plain))
    return found


def _leaves(body: Node, loop: Node) -> bool:
    if any(True for kind in _LEAVES for _ in _nodes(body, kind)):
        return True
    for node in _nodes(body, "break_statement"):
        around = node.parent
        while around is not None and around.type not in _LOOPS:
            around = around.parent
        if around == loop:
            return True
    return False


def _pure_functions(tree: SyntaxTree) -> frozenset[str]:
    """Functions of the file that write nothing but their own variables and call only such functions."""
    bodies = {}
    for node in tree.capture("(function_definition) @it"):
        body, declarator = node.child_by_field_name("body"), node.child_by_field_name("declarator")
        if body is not None and declarator is not None:
            function = next((f for f in tree.functions if f.span.start == node.start_byte), None)
            if function is not None and "static" not in {text_of(n) for n in _nodes(body, "storage_class_specifier")}:
                bodies[function.name] = (function, body)
    pure = {name for name, (function, body) in bodies.items() if _writes_only_own(function, body)}
    while True:
        calls = {
            name: {text_of(c.child_by_field_name("function")) for c in _nodes(bodies[name][1], "call_expression")}
            for name in pure
        }
        impure = {name for name in pure if _effects(calls[name], pure)}
        if not impure:
            return frozenset(pure)
        pure -= impure


def _effects(calls: set[str], pure: Collection[str]) -> bool:
    """Whether a call may do more than compute."""
    return any(name not in pure and not _PURE.fullmatch(name) for name in calls)


def _writes_only_own(function: Function, body: Node) -> bool:
    own = _declared(body) | {
        p.name for p in function.parameters if not p.pointer_depth and not p.dimensions and "&" not in p.type
    }
    return all(left in own for left, _ in _writes(body))


def _nodes(root: Node, kind: str) -> Iterator[Node]:
    pending = [root]
    while pending:
        node = pending.pop()
        if node.type == kind:
            yield node
        pending.extend(node.children)


def _rewrite(tree: SyntaxTree, main: Function, loop: _Loop, signatures: Signatures) -> str:
    """The program with the loop shared, and with MPI set up and shut down in ``main``."""
    changes = [_shared(tree, loop, signatures), *_main_changes(tree, main, loop.node)]
    changes.append(_globals(tree))
    data = tree.data
    for start, end, text in sorted(changes, reverse=True):
        data = data[:start] + text.encode() + data[end:]
    return data.decode()


def _globals(tree: SyntaxTree) -> tuple[int, int, str]:
    includes = [d for d in tree.lexis.directives if d.name == "include"]
    place = includes[-1].end + 1
    return (place, place, f"#include <mpi.h>\n\nstatic int {_RANK}, {_SIZE};\n")


def _shared(tree: SyntaxTree, loop: _Loop, signatures: Signatures) -> tuple[int, int, str]:
    node = loop.node
    line = tree.data.rfind(b"\n", 0, node.start_byte) + 1
    lead = re.match(rb"[ \t]*", tree.data[line:])
    indent = lead.group().decode() if lead else ""
    body, condition = text_of(node.child_by_field_name("body")), text_of(node.child_by_field_name("condition"))
    for name in loop.sums:
        body = re.sub(rf"\b{name}\b", f"part_{name}", body)
    first = f"{loop.first.strip()} + {_RANK} * ({loop.step})" if loop.step != "1" else f"{loop.first.strip()} + {_RANK}"
    step = f"({loop.step}) * {_SIZE}" if loop.step != "1" else _SIZE
    lines = ["{ /* each rank takes every mpi_size-th iteration */"]
    lines += [f"    {variable.type} part_{name} = 0;" for name, variable in loop.sums.items()]
    body = body.replace("\n", "\n    ")
    lines.append(f"    for ({loop.head}{first}; {condition}; {loop.name} += {step}) {body}")
    for name, variable in loop.sums.items():
        datatype = datatype_of(variable, signatures)
        lines.append(f"    MPI_Allreduce(MPI_IN_PLACE, &part_{name}, 1, {datatype}, MPI_SUM, MPI_COMM_WORLD);")
        lines.append(f"    {name} += part_{name};")
    return (node.start_byte, node.end_byte, f"\n{indent}".join([*lines, "}"]))


def _main_changes(tree: SyntaxTree, main: Function, loop: Node) -> Iterator[tuple[int, int, str]]:
    node = next(n for n in tree.capture("(function_definition) @it") if n.start_byte == main.span.start)
    body = node.child_by_field_name("body")
    if body is None:
        return
    names = [parameter.name for parameter in main.parameters]
    given = f"&{names[0]}, &{names[1]}" if len(names) >= 2 else "NULL, NULL"
    yield (
        body.start_byte + 1,
        body.start_byte + 1,
        f"\n    MPI_Init({given});\n    MPI_Comm_rank(MPI_COMM_WORLD, &{_RANK});\n    MPI_Comm_size(MPI_COMM_WORLD, &{_SIZE});\n"
        f'    if ({_RANK} != 0 && freopen("/dev/null", "w", stdout) == NULL) /* rank 0 prints */\n'
        "        MPI_Abort(MPI_COMM_WORLD, 1);",
    )
    returns = [found for found in _nodes(body, "return_statement") if not loop.start_byte <= found.start_byte < loop.end_byte]
    for found in returns:
        value = text_of(found)[len("return") :].strip().rstrip(";").strip() or "0"
        text = f"{{ int code = {value}; MPI_Finalize(); return code; }}"
        if found.parent == body and re.fullmatch(r"\w+", value):
            text = f"MPI_Finalize();\n    return {value};"
        yield (found.start_byte, found.end_byte, text)
    last = body.named_children[-1] if body.named_children else None
    if last is None or last.type != "return_statement":
        yield (body.end_byte - 1, body.end_byte - 1, "    MPI_Finalize();\n")
