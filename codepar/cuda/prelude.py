"""What stands above a device part: headers, the file's types, macros and constants, and its helpers for host and device.

What the part declares itself is left out. Limits: a table of constants stays in host memory, a part that needs it on the device
declares it anew; helpers with parameters of variable dimensions are no C++ and are left to the part.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from codepar.cuda.as_cxx import as_cxx
from codepar.cuda.function import SequentialFunction
from codepar.cuda.read import helper_node, parameters_of
from codepar.cuda.source import source_of
from codepar.syntax.language import Language
from codepar.syntax.tree import Span
from codepar.syntax.variables import text_of

HEADERS = "".join(f"#include <{name}>\n" for name in ("cfloat", "climits", "cmath", "cstdint", "cstdio", "cstdlib", "cstring"))
_SPECIFIERS = re.compile(r"^\s*(?:(?:static|inline|extern|__inline__|__inline|__forceinline__|constexpr)\b\s*)+")


@dataclass(frozen=True, slots=True)
class PreludePieces:
    """Declarations and helpers, each with its text as C++."""

    declarations: tuple[str, ...]
    helpers: tuple[str, ...]


def prelude_pieces(function: SequentialFunction, part: str) -> PreludePieces:
    """What stands above ``part``, which has some of it itself perhaps."""
    taken = _declared_by(part)
    needs = [_declaration(function, span) for span in function.needs if _is_wanted(function, span, taken)]
    helpers = [_helper(function, name) for name in function.helpers if name not in taken and is_cxx_helper(function, name)]
    return PreludePieces(tuple(needs), tuple(helpers))


def prelude(function: SequentialFunction, part: str) -> str:
    """The text above ``part``."""
    found = prelude_pieces(function, part)
    return HEADERS + "\n".join([*found.declarations, *found.helpers])


def with_host_helpers(function: SequentialFunction, texts: Sequence[str], part: str) -> list[str]:
    """Texts for the host whose helpers the part defines for the device: they get copies of their own, ``host_NAME``."""
    taken = _declared_by(part)
    clashing = [name for name in function.helpers if name in taken and is_cxx_helper(function, name)]
    pattern = re.compile(rf"\b({'|'.join(clashing)})\b") if clashing else None
    if pattern is None or not any(pattern.search(text) for text in texts):
        return list(texts)
    copies = [_helper(function, name).replace("static __host__ __device__ inline", "static inline", 1) for name in clashing]
    return [pattern.sub(r"host_\1", text) for text in (*copies, *texts)]


def _declared_by(part: str) -> set[str]:
    own = source_of(part, Language.CUDA)
    return {name for one in own.declarations for name in one.names} | set(own.function_nodes)


def declarations(function: SequentialFunction) -> str:
    """The file-level declarations that the function needs, as C++, in order: what a prompt shows, what a driver includes."""
    return "\n".join(_declaration(function, span) for span in function.needs)


def is_cxx_helper(function: SequentialFunction, name: str) -> bool:
    """Whether the helper's head is valid C++: no dimension that is another parameter."""
    node = helper_node(function, name)
    if node is None:
        return False
    found = parameters_of(source_of(function.text, function.language), node)
    names = {declared.name for declared, _ in found}
    sizes = " ".join(size for declared, _ in found for size in declared.dimensions)
    return not names & set(re.findall(r"[A-Za-z_]\w*", sizes))


def _is_wanted(function: SequentialFunction, span: Span, taken: set[str]) -> bool:
    source = source_of(function.text, function.language)
    one = next(one for one in source.declarations if one.node.start_byte == span.start)
    return one.is_always or not one.names <= taken


def _declaration(function: SequentialFunction, span: Span) -> str:
    return as_cxx(function.slice(span), function.language).rstrip()


def _helper(function: SequentialFunction, name: str) -> str:
    node = helper_node(function, name)
    assert node is not None
    text = as_cxx(text_of(node), function.language)
    return "static __host__ __device__ inline " + _SPECIFIERS.sub("", text) + "\n"
