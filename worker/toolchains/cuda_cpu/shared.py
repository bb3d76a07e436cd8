"""``__shared__`` declarations as C++: inside a function a reference into the block's arena, else an object that looks it up.

Limits: a lambda that captures by value copies what the reference means, where CUDA would not capture it at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from codepar.syntax.cuda_declarations import Declared, SharedDeclaration
from worker.toolchains.cuda_cpu.edits import Edit

_RUNTIME = "::codepar_cuda"
_NO_INITIALISER = 'static_assert(false, "an initializer is not allowed for a __shared__ variable"); '


def edits(declaration: SharedDeclaration, where: str) -> Iterator[Edit]:
    """The one edit that replaces the declaration; ``where`` is its location as C++ text."""
    text = "".join(_variable(declaration, variable, where) for variable in declaration.variables)
    if any(variable.is_initialised for variable in declaration.variables):
        text = _NO_INITIALISER + text
    yield Edit(declaration.start, declaration.end, _type_definition(declaration) + text.rstrip())


def _type_definition(declaration: SharedDeclaration) -> str:
    """A type that the declaration itself defines cannot be a template argument; a pointer of its own names it."""
    if "{" not in declaration.base:
        return ""
    return f"[[maybe_unused]] {declaration.base}* {_type_name(declaration)} = nullptr; "


def _type_name(declaration: SharedDeclaration) -> str:
    return f"{declaration.variables[0].name}__type"


def _type_of(declaration: SharedDeclaration, variable: Declared) -> str:
    if "{" not in declaration.base:
        return variable.type_id
    named = f"std::remove_pointer_t<decltype({_type_name(declaration)})>"
    return named + variable.type_id.removeprefix(declaration.base)


def _variable(declaration: SharedDeclaration, variable: Declared, where: str) -> str:
    type_id, name = _type_of(declaration, variable), variable.name
    if declaration.is_extern:
        return _dynamic(declaration, name, type_id)
    if not declaration.is_local:
        return f'static {_RUNTIME}::SharedVariable<{type_id}> {name}{{{where}, "{name}"}}; '
    slot = f"static thread_local {_RUNTIME}::SharedSlot {name}__slot; "
    return f'{slot}[[maybe_unused]] auto& {name} = {_RUNTIME}::shared<{type_id}>({name}__slot, {where}, "{name}"); '


def _dynamic(declaration: SharedDeclaration, name: str, type_id: str) -> str:
    element = f"std::remove_extent_t<{type_id}>"
    if not declaration.is_local:
        return f"static {_RUNTIME}::DynamicSharedArray<{element}> {name}; "
    place = f"static_cast<std::add_pointer_t<{element}>>({_RUNTIME}::dynamic_shared())"
    if "[]" in type_id:
        return f"[[maybe_unused]] auto* {name} = {place}; "
    return f"[[maybe_unused]] auto& {name} = *{place}; "
