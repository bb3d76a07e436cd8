"""A C or C++ file to its functions: signature with roles, helpers, the declarations they need, sizes of the buffers.

Limits: headers are not read, so what only they declare is missing (``refuse.py`` says so); methods of classes and templates are
read as far as their text goes and refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from tree_sitter import Node

from codepar.cuda.function import Parameter, Role, SequentialFunction, Signature
from codepar.cuda.macros import expanded
from codepar.cuda.nodes import Declared, declared_by, line_of, named, type_of, walk
from codepar.cuda.roles import letter_of, uses_of
from codepar.cuda.source import Source, function_declarator, source_of
from codepar.errors import InvalidInput
from codepar.syntax.language import Language, language_of
from codepar.syntax.tree import Span
from codepar.syntax.variables import text_of

_WORD = re.compile(r"[A-Za-z_]\w*")
_PARAMETERS = frozenset({"parameter_declaration", "optional_parameter_declaration"})


def read_functions(text: str, path: str, language: Language | None = None) -> tuple[SequentialFunction, ...]:
    """Every function with a body, in the order of the file. Raises ``InvalidInput`` where the text is not C, C++ or CUDA.

    Their ``text`` is the file with macros expanded in its functions (``macros.py``), line by line the same.
    """
    return tuple(_with_extents(one) for one in _signatures(text, path, language))


def _signatures(text: str, path: str, language: Language | None) -> tuple[SequentialFunction, ...]:
    """All functions, their extents not yet found: that takes most of the time."""
    chosen = language or language_of(path, text)
    if not chosen.is_c_family:
        raise InvalidInput(f"{path} is {chosen.label}; sequential functions are read from C and C++")
    if "\0" in text:
        raise InvalidInput(f"{path} holds a zero byte, it is no source text")
    source = source_of(expanded(text, chosen), chosen)
    nodes = [node for found in source.function_nodes.values() for node in found]
    kinds = _Kinds(source)
    ordered = sorted(nodes, key=lambda node: node.start_byte)
    return tuple(function for node in ordered if (function := _read(source, path, node, kinds)) is not None)


def read_function(text: str, path: str, name: str | None = None, language: Language | None = None) -> SequentialFunction:
    """The function ``name``; without a name the only one besides ``main``, else the only one that no other calls."""
    functions = _signatures(text, path, language)
    if not functions:
        raise InvalidInput(_nothing(text, path, language), remedy="give a file with a function and its body")
    if name is None:
        return _with_extents(_only(functions, path))
    found = [one for one in functions if one.name == name]
    if not found:
        raise InvalidInput(f"{path} has no function `{name}`; it has {_listed(functions)}", param="function")
    if len(found) > 1:
        lines = ", ".join(str(one.line) for one in found)
        raise InvalidInput(f"{path} defines `{name}` {len(found)} times (lines {lines})", remedy="keep one definition")
    return _with_extents(found[0])


def _with_extents(function: SequentialFunction) -> SequentialFunction:
    # The analysis of extents asks this module for nodes and helpers, so it can be imported only when both are there.
    from codepar.cuda.extents import extents_of

    return replace(function, extents=extents_of(function))


def node_of(function: SequentialFunction) -> Node:
    """The ``function_definition`` node; parsing is cached."""
    source = source_of(function.text, function.language)
    for node in source.function_nodes.get(function.name, []):
        if node.start_byte == function.span.start:
            return node
    raise InvalidInput(f"`{function.name}` is not at byte {function.span.start} of {function.path}")


def helper_node(function: SequentialFunction, name: str) -> Node | None:
    """The definition of a helper in the same file."""
    return next(iter(source_of(function.text, function.language).function_nodes.get(name, [])), None)


def kinds_of_helpers(function: SequentialFunction) -> dict[str, tuple[str, ...]]:
    """What each helper that is called does with each of its parameters: ``r``, ``w``, ``u`` or empty."""
    return _Kinds(source_of(function.text, function.language)).helpers_of(node_of(function))


def called_names(node: Node) -> list[str]:
    """The names of the functions called below ``node``, each once, in the order of the text."""
    names = [text_of(one.child_by_field_name("function")) for one in walk(node) if one.type == "call_expression"]
    return list(dict.fromkeys(names))


def _nothing(text: str, path: str, language: Language | None) -> str:
    errors = source_of(text, language or language_of(path, text)).tree.errors
    if errors:
        return f"{path} has no function that can be read; line {errors[0].line}: {errors[0].message}"
    return f"{path} has no function with a body"


def _listed(functions: tuple[SequentialFunction, ...]) -> str:
    return ", ".join(f"`{name}`" for name in dict.fromkeys(one.name for one in functions))


def _only(functions: tuple[SequentialFunction, ...], path: str) -> SequentialFunction:
    others = [one for one in functions if one.name != "main"] or list(functions)
    called = {name for one in others for name in one.helpers}
    tops = [one for one in others if one.name not in called] if len(others) > 1 else others
    if len(tops) == 1:
        return tops[0]
    lines = {name: [str(one.line) for one in others if one.name == name] for name in dict.fromkeys(one.name for one in others)}
    double = next((name for name, at in lines.items() if len(at) > 1), None)
    if double is not None:
        raise InvalidInput(f"{path} defines `{double}` {len(lines[double])} times (lines {', '.join(lines[double])})")
    raise InvalidInput(
        f"{path} has several functions: {_listed(tuple(others))}", remedy="name one with --function", param="function"
    )


class _Kinds:
    """What each function of the file does with its parameters, found once, callees first."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._known: dict[str, tuple[str, ...]] = {}
        self._busy: set[str] = set()

    def helpers_of(self, node: Node) -> dict[str, tuple[str, ...]]:
        """The kinds of all helpers that ``node`` calls directly."""
        return {name: kinds for name in called_names(node) if (kinds := self._of(name)) is not None}

    def _of(self, name: str) -> tuple[str, ...] | None:
        if name in self._known:
            return self._known[name]
        nodes = self._source.function_nodes.get(name)
        if not nodes or name in self._busy:
            return None
        self._busy.add(name)
        parameters = _with_roles(self._source, nodes[0], self)
        self._busy.discard(name)
        kinds = tuple(("&" if one.is_reference else "") + letter_of(one.role) for one in parameters)
        self._known[name] = tuple("" if kind == "&" else kind for kind in kinds)
        return self._known[name]


def _read(source: Source, path: str, node: Node, kinds: _Kinds) -> SequentialFunction | None:
    body = node.child_by_field_name("body")
    if body is None:
        return None
    helpers = tuple(_helpers(source, node))
    name = next(name for name, found in source.function_nodes.items() if node in found)
    return SequentialFunction(
        text=source.tree.text,
        path=path,
        language=source.language,
        signature=Signature(name, _return_type(node), tuple(_with_roles(source, node, kinds))),
        span=Span(node.start_byte, node.end_byte),
        body=Span(body.start_byte, body.end_byte),
        line=line_of(node),
        helpers=helpers,
        needs=tuple(_needs(source, [node, *(source.function_nodes[one][0] for one in helpers)])),
    )


def _helpers(source: Source, node: Node) -> Iterator[str]:
    """Functions of the file that ``node`` calls, callees first; itself excluded."""
    done: set[str] = set()
    own = next(name for name, found in source.function_nodes.items() if node in found)

    def visit(current: Node, above: frozenset[str]) -> Iterator[str]:
        for name in called_names(current):
            if name in done or name in above or name not in source.function_nodes:
                continue
            yield from visit(source.function_nodes[name][0], above | {name})
            if name not in done:
                done.add(name)
                yield name

    yield from visit(node, frozenset({own}))


def _needs(source: Source, nodes: list[Node]) -> Iterator[Span]:
    """The file-level declarations that the functions use, and those that these use."""
    wanted = {word for node in nodes for word in _words(node)}
    chosen: set[int] = set()
    changed = True
    while changed:
        changed = False
        for index, declaration in enumerate(source.declarations):
            if index not in chosen and (declaration.is_always or declaration.names & wanted):
                chosen.add(index)
                wanted |= _words(declaration.node)
                changed = True
    for index in sorted(chosen):
        node = source.declarations[index].node
        after = node.next_sibling
        yield Span(node.start_byte, after.end_byte if after is not None and after.type == ";" else node.end_byte)


def _words(node: Node) -> set[str]:
    words = {text_of(one) for one in walk(node) if one.type in {"identifier", "type_identifier", "field_identifier"}}
    for one in walk(node):
        if one.type == "preproc_arg":
            words |= set(_WORD.findall(text_of(one)))
    return words


def _return_type(node: Node) -> str:
    """The return type; a pointer keeps its stars."""
    text, _ = type_of(node)
    current, stars = node.child_by_field_name("declarator"), ""
    while current is not None and current.type != "function_declarator":
        stars += "*" if current.type == "pointer_declarator" else "&" if current.type == "reference_declarator" else ""
        current = current.child_by_field_name("declarator") or next(iter(reversed(named(current))), None)
    return text + (" " + stars if stars else "")


def parameters_of(source: Source, node: Node) -> list[tuple[Declared, Node]]:
    """The declared parameters of a function with their nodes, typedefs of pointers and arrays resolved."""
    declarator = function_declarator(node)
    listed = declarator.child_by_field_name("parameters") if declarator is not None else None
    found = []
    for one in named(listed) if listed is not None else []:
        if one.type in _PARAMETERS:
            found += [(_resolved(source, declared), one) for declared in declared_by(one)]
    return found


def _resolved(source: Source, declared: Declared) -> Declared:
    """A typedef of a pointer or an array replaced by what it stands for."""
    seen: set[str] = set()
    while declared.type not in seen and (alias := source.typedefs.get(declared.type)) is not None:
        seen.add(declared.type)
        if not (alias.depth or alias.dimensions or alias.is_function):
            break
        declared = replace(
            declared,
            type=alias.type,
            depth=declared.depth + alias.depth,
            dimensions=declared.dimensions + alias.dimensions,
            is_const=alias.is_const if alias.depth else declared.is_const or alias.is_const,
            is_function=declared.is_function or alias.is_function,
            is_pointer_to_array=declared.is_pointer_to_array or bool(declared.depth and alias.dimensions),
        )
    return declared


def _with_roles(source: Source, node: Node, kinds: _Kinds) -> list[Parameter]:
    body = node.child_by_field_name("body")
    assert body is not None
    found = parameters_of(source, node)
    buffers = {one.name: max(1, one.depth + len(one.dimensions)) for one, _ in found if _is_buffer(one)}
    uses = uses_of(body, buffers, kinds.helpers_of(node))
    written = _assigned(body)
    parameters = []
    for declared, text in found:
        role = uses[declared.name].role if declared.name in buffers else Role.SCALAR
        if declared.is_reference and declared.name not in buffers and not declared.is_const and declared.name in written:
            role = Role.INOUT
        parameters.append(_parameter(declared, text, role))
    return parameters


def _is_buffer(declared: Declared) -> bool:
    return bool(declared.depth or declared.dimensions) and not declared.is_function


def _assigned(body: Node) -> set[str]:
    names = set()
    for node in walk(body):
        if node.type == "assignment_expression":
            names.add(text_of(node.child_by_field_name("left")))
        elif node.type == "update_expression":
            names.add(text_of(node.child_by_field_name("argument")))
        elif node.type == "call_expression":
            names |= {text_of(one) for one in named(node.child_by_field_name("arguments") or node) if one.type == "identifier"}
    return names


def _parameter(declared: Declared, node: Node, role: Role) -> Parameter:
    dimensions = declared.dimensions
    depth = declared.depth
    if declared.is_pointer_to_array:
        dimensions, depth = ("", *dimensions), depth - 1
    elif dimensions and not declared.is_reference:
        depth += 0
    stars = " " + "*" * (depth if dimensions else depth - 1) if depth > (0 if dimensions else 1) else ""
    return Parameter(
        name=declared.name,
        type=declared.type + stars,
        declaration=" ".join(text_of(node).split()),
        role=role,
        is_const=declared.is_const,
        is_reference=declared.is_reference,
        dimensions=dimensions,
    )
