"""The launcher of a device part as the wrapper must call it.

Limits: the launcher's parameters are read from its text; a macro that hides them is not expanded.
"""

from __future__ import annotations

from tree_sitter import Node

from codepar.cuda.nodes import declared_by, named
from codepar.cuda.source import function_declarator, source_of
from codepar.cuda.translation import DevicePart
from codepar.errors import InvalidInput
from codepar.syntax.language import Language


def launcher_node(part: DevicePart) -> Node:
    """The definition of the launcher. Raises ``InvalidInput`` where the part has none, or several."""
    nodes = source_of(part.text, Language.CUDA).function_nodes
    found = nodes.get(part.launcher, [])
    if len(found) != 1:
        has = ", ".join(f"`{name}`" for name in nodes) or "none"
        raise InvalidInput(f"the device part defines its launcher `{part.launcher}` {len(found)} times; functions: {has}")
    return found[0]


def launcher_casts(part: DevicePart) -> dict[int, str]:
    """By place of the parameter: the cast that a flat device pointer needs where the launcher takes rows (``double a[][8]``)."""
    declarator = function_declarator(launcher_node(part))
    listed = declarator.child_by_field_name("parameters") if declarator is not None else None
    casts: dict[int, str] = {}
    for place, node in enumerate(named(listed) if listed is not None else []):
        for declared in declared_by(node):
            inner = declared.dimensions if declared.is_pointer_to_array else declared.dimensions[1:]
            if inner:
                const = "const " if declared.is_const else ""
                casts[place] = f"({const}{declared.type} (*){''.join(f'[{size}]' for size in inner)})"
    return casts
