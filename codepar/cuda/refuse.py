"""Why a function cannot be translated: what the device cannot do, or what the file does not hold, each with its line.

Limits: texts and syntax alone. What a header declares is not known: where the file includes one of its project, constants and
types are taken on trust, functions are not. Whether the original itself is sound is for the verdict, but for locals that nothing
sets, which its tests cannot see.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from codepar.cuda import known
from codepar.cuda.function import Refusal, SequentialFunction
from codepar.cuda.nodes import Declared, ancestors, cast_type, declared_by, line_of, named, squeezed, type_of, walk
from codepar.cuda.read import called_names, helper_node, node_of, parameters_of
from codepar.cuda.refuse_names import NameCheck
from codepar.cuda.source import Source, function_declarator, function_name, source_of
from codepar.cuda.unset import unset_reads
from codepar.syntax.variables import text_of

_STATEMENTS = {
    "goto_statement": ("goto", "it jumps with `goto`"),
    "labeled_statement": ("goto", "it has a label to jump to"),
    "gnu_asm_expression": ("inline_assembly", "it holds inline assembly"),
    "asm_statement": ("inline_assembly", "it holds inline assembly"),
    "new_expression": ("allocation", "it allocates with `new`"),
    "delete_expression": ("allocation", "it frees with `delete`"),
    "try_statement": ("exceptions", "it catches exceptions"),
    "throw_statement": ("exceptions", "it throws an exception"),
    "lambda_expression": ("lambda", "it holds a lambda expression"),
    "template_type": ("cxx_class", "it uses a class template"),
    "seh_try_statement": ("exceptions", "it catches exceptions"),
    "co_await_expression": ("coroutine", "it is a coroutine"),
}
_CALLS = (
    (known.INPUT_OUTPUT, "input_output", "it calls `{}`, which reads or writes files"),
    (known.ALLOCATION, "allocation", "it calls `{}`: memory is allocated or freed in its body"),
    (known.NON_LOCAL_EXIT, "non_local_exit", "it calls `{}`, which leaves the function sideways"),
    (known.HIDDEN_STATE, "global_state", "it calls `{}`, which has a hidden state or depends on the outside"),
)
_STREAMS = frozenset(
    {"cout", "cerr", "cin", "clog", "std::cout", "std::cerr", "std::cin", "std::clog", "stdout", "stderr", "stdin"}
)
_CALL_IN_MACRO = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
_KEYWORDS = frozenset({"if", "for", "while", "switch", "return", "sizeof", "do", "else", "defined"})


def refusal(function: SequentialFunction) -> Refusal | None:
    """The first reason in the order of the file, None where there is none."""
    return next(iter(refusals(function)), None)


def refusals(function: SequentialFunction) -> tuple[Refusal, ...]:
    """All reasons, by line, each once."""
    source = source_of(function.text, function.language)
    node = node_of(function)
    found = list(_of_tree(source, node)) + list(_of_head(source, node)) + list(_recursion(function, node))
    if any(one.code in {"template", "method", "not_sequential"} for one in found):
        return tuple(sorted(dict.fromkeys(found), key=_order))
    for current in (node, *(one for name in function.helpers if (one := helper_node(function, name)) is not None)):
        if current != node:
            found += [*_of_tree(source, current), *_of_head(source, current)]
        names = NameCheck(source, current)
        found += [*_of_body(source, current, names.own), *names.refusals(), *unset_reads(source, current)]
    return tuple(sorted(dict.fromkeys(found), key=_order))


def _order(one: Refusal) -> tuple[int, bool]:
    return one.line or 0, one.code != "syntax"


def _of_tree(source: Source, node: Node) -> Iterator[Refusal]:
    for error in source.tree.error_nodes:
        if node.start_byte <= error.start_byte <= node.end_byte:
            shown = squeezed(error)[:40]
            message = f"`{error.type}` is missing" if error.is_missing else f"it cannot be parsed near `{shown}`"
            yield Refusal("syntax", message, line_of(error))


def _of_head(source: Source, node: Node) -> Iterator[Refusal]:
    line, name = line_of(node), function_name(node)
    if any(one.type == "template_declaration" for one in ancestors(node)):
        yield Refusal("template", f"`{name}` is a template", line)
    if "::" in name or any(one.type == "field_declaration_list" for one in ancestors(node)):
        yield Refusal("method", f"`{name}` is a member of a class", line)
    if any(one.type == "namespace_definition" and one.child_by_field_name("name") is not None for one in ancestors(node)):
        yield Refusal("namespace", f"`{name}` stands in a namespace", line)
    if name.startswith("operator") or name == "main":
        yield Refusal(
            "entry_point" if name == "main" else "operator", f"`{name}` is not a function that others call by name", line
        )
    if re.search(r"\b__(?:global|device)__\b", text_of(node).split("{", 1)[0]):
        yield Refusal("not_sequential", f"`{name}` is CUDA code already", line)
    if len(source.function_nodes.get(name, [])) > 1:
        yield Refusal("defined_twice", f"`{name}` is defined {len(source.function_nodes[name])} times", line)
    yield from _of_parameters(source, node, line)
    if any(one.type == "declaration" for one in node.children):
        yield Refusal("old_style", "its parameters are declared in the style before ANSI C", line)
    yield from _of_return(source, node, line)


def _of_return(source: Source, node: Node, line: int) -> Iterator[Refusal]:
    current = node.child_by_field_name("declarator")
    if current is not None and current.type in {"pointer_declarator", "reference_declarator"}:
        yield Refusal("returns_pointer", "it returns a pointer or reference", line)
    text, _ = type_of(node)
    alias = source.typedefs.get(text)
    if alias is not None and alias.depth:
        yield Refusal("returns_pointer", f"it returns `{text}`, a pointer", line)
    yield from _of_type(source, text, line, "it returns")


def _of_parameters(source: Source, node: Node, line: int) -> Iterator[Refusal]:
    declarator = function_declarator(node)
    listed = declarator.child_by_field_name("parameters") if declarator is not None else None
    for one in listed.children if listed is not None else []:
        if one.type in {"variadic_parameter", "..."}:
            yield Refusal("variadic", "it takes a variable number of arguments", line_of(one))
        elif one.type == "identifier":
            yield Refusal("old_style", "its parameters are declared in the style before ANSI C", line)
        elif one.is_named and one.type.endswith("parameter_declaration"):
            has_name = any(declared.name for declared in declared_by(one))
            if not has_name and squeezed(one) != "void":
                yield Refusal("unnamed_parameter", f"the parameter `{squeezed(one)}` has no name", line_of(one))
    for declared, one in parameters_of(source, node):
        yield from _of_parameter(source, declared, one)


def _of_parameter(source: Source, declared: Declared, node: Node) -> Iterator[Refusal]:
    line = line_of(node)
    if declared.is_function:
        yield Refusal("function_pointer", f"the parameter `{declared.name}` is a function", line)
        return
    if declared.depth + bool(declared.dimensions) > 1 and not (declared.is_pointer_to_array and declared.depth == 1):
        yield Refusal("pointer_to_pointer", f"the parameter `{declared.name}` is a pointer to pointers", line)
    if declared.type == "void" and declared.depth:
        yield Refusal("void_pointer", f"the size of what `{declared.name}` points to is not known (`void *`)", line)
    if declared.is_reference and "&&" in text_of(node):
        yield Refusal("cxx_class", f"the parameter `{declared.name}` is an rvalue reference", line)
    yield from _of_type(source, declared.type, line, f"the parameter `{declared.name}` is")


def _of_type(source: Source, text: str, line: int, what: str) -> Iterator[Refusal]:
    if "long double" in text or "_Complex" in text or "__int128" in text or "complex" in text:
        yield Refusal("unsupported_type", f"{what} of type `{text}`, which the device lacks", line)
        return
    if ("<" in text or "::" in text or text in {"auto", "string", "FILE", "va_list"}) and not known.is_type(text):
        yield Refusal("cxx_class", f"{what} of type `{text}`, which has no plain layout", line)
        return
    record = source.records.get(text.rsplit(" ", maxsplit=1)[-1])
    alias = source.typedefs.get(text)
    if record is not None:
        yield from _of_record(record, text, line, what)
    elif alias is not None and alias.type != text:
        yield from _of_type(source, alias.type, line, what)
    elif not known.is_type(text) and text and not source.has_own_headers and text not in source.macros:
        yield Refusal("missing_declaration", f"{what} of type `{text}`, which the file does not declare", line)


def _of_record(record: Node, text: str, line: int, what: str) -> Iterator[Refusal]:
    body = record.child_by_field_name("body")
    for member in named(body) if body is not None else []:
        if member.type == "function_definition" or (member.type == "access_specifier" and "public" not in text_of(member)):
            yield Refusal("cxx_class", f"{what} of type `{text}`, a class with behaviour of its own", line)
            return
        for declared in declared_by(member) if member.type == "field_declaration" else []:
            if declared.depth or declared.is_reference:
                yield Refusal("pointer_member", f"{what} of type `{text}`, whose member `{declared.name}` is a pointer", line)
                return


def _recursion(function: SequentialFunction, node: Node) -> Iterator[Refusal]:
    graph = {name: called_names(found) for name in function.helpers if (found := helper_node(function, name)) is not None}
    graph[function.name] = called_names(node)
    for name, current in ((one, helper_node(function, one) if one != function.name else node) for one in graph):
        if current is not None and _reaches(graph, name):
            yield Refusal("recursion", f"`{name}` calls itself" + ("" if name in graph[name] else " by others"), line_of(current))


def _reaches(graph: dict[str, list[str]], name: str) -> bool:
    seen, pending = set[str](), list(graph[name])
    while pending:
        current = pending.pop()
        if current == name:
            return True
        if current in graph and current not in seen:
            seen.add(current)
            pending += graph[current]
    return False


def _of_body(source: Source, node: Node, own: frozenset[str]) -> Iterator[Refusal]:
    for one in walk(node):
        if one.type in _STATEMENTS and not one.is_missing:
            code, message = _STATEMENTS[one.type]
            yield Refusal(code, message, line_of(one))
        elif one.type == "type_qualifier" and text_of(one) in {"volatile", "_Atomic"}:
            yield Refusal("volatile", f"it uses `{text_of(one)}`", line_of(one))
        elif one.type in {"declaration", "for_range_loop"}:
            yield from _of_declaration(source, one)
        elif one.type == "call_expression":
            yield from _of_call(source, one, own)
        elif one.type in {"identifier", "qualified_identifier"} and text_of(one) in _STREAMS:
            yield Refusal("input_output", f"it uses `{text_of(one)}`", line_of(one))


def _of_declaration(source: Source, node: Node) -> Iterator[Refusal]:
    storage = {text_of(child) for child in node.children if child.type == "storage_class_specifier"}
    for declared in declared_by(node):
        if "static" in storage and not declared.is_const:
            yield Refusal("global_state", f"the static local `{declared.name}` keeps its value between calls", line_of(node))
        if declared.depth > 1 or (declared.depth and declared.dimensions and not declared.is_pointer_to_array):
            yield Refusal("pointer_to_pointer", f"`{declared.name}` holds pointers to pointers", line_of(node))
        if declared.is_reference:
            yield Refusal("local_reference", f"`{declared.name}` is another name for something else", line_of(node))
        if declared.is_function and declared.depth:
            yield Refusal("function_pointer", f"`{declared.name}` is a pointer to a function", line_of(node))
        if declared.type not in {"auto", ""} and not declared.is_function:
            yield from _of_type(source, declared.type, line_of(node), f"`{declared.name}` is")


def _of_call(source: Source, node: Node, own: frozenset[str]) -> Iterator[Refusal]:
    called = node.child_by_field_name("function")
    if called is None:
        return
    if called.type in {"primitive_type", "template_function", "sized_type_specifier"}:
        return
    cast = cast_type(node)
    if cast is not None and cast not in own and (cast in source.typedefs or cast in source.macros or source.has_own_headers):
        return
    if called.type not in {"identifier", "qualified_identifier"} or text_of(called) in own:
        yield Refusal("function_pointer", f"it calls through `{squeezed(called)}`", line_of(node))
        return
    name = text_of(called).removeprefix("std::")
    if name in source.macros:
        yield from _of_macro(source, name, line_of(node), frozenset({name}))
        return
    yield from _of_name(source, name, line_of(node))


def _of_name(source: Source, name: str, line: int) -> Iterator[Refusal]:
    if name in source.function_nodes or name in source.typedefs or name in source.records:
        return
    for names, code, message in _CALLS:
        if name in names:
            yield Refusal(code, message.format(name), line)
            return
    if name not in known.NO_ALLOCATION_OR_STATE and not known.is_type(name):
        yield Refusal("missing_helper", f"it calls `{name}`, whose text is not in the file", line)


def _of_macro(source: Source, name: str, line: int, above: frozenset[str]) -> Iterator[Refusal]:
    for word in _CALL_IN_MACRO.findall(text_of(source.macros[name].child_by_field_name("value"))):
        if word in source.macros and word not in above:
            yield from _of_macro(source, word, line, above | {word})
        elif word not in source.macros and word not in _KEYWORDS:
            yield from _of_name(source, word, line)
