"""One proposed call as text: its function, arguments and what stands around it.

Limits: one call a statement; a text that holds two is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from codepar.syntax.language import Language
from codepar.syntax.tree import parse

_NAME = re.compile(r"\bP?MPI_\w+|\bMpi_\w+|\bmpi_\w+")
IDENTIFIER = re.compile(r"(?<![\w.>])(?!0[xX])[A-Za-z_]\w*")
_STRING = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'')
_NOT_NAMES = frozenset(
    {"sizeof", "int", "char", "double", "float", "long", "short", "unsigned", "void", "struct", "const", "NULL"}
)


@dataclass(frozen=True)
class CallText:
    """``before`` and ``after`` are what surrounds the call in its statement (``err = `` and empty, as a rule)."""

    before: str
    function: str
    arguments: tuple[str, ...]
    after: str = ""

    @property
    def expression(self) -> str:
        return f"{self.function}({', '.join(self.arguments)})"

    @property
    def statement(self) -> str:
        return f"{self.before}{self.expression}{self.after};"


def read_call(text: str) -> CallText | None:
    """The single MPI call of a statement; None when it is something else, or does not parse."""
    statement = text.strip().rstrip(";").strip()
    prefix = "void f() { "
    tree = parse(f"{prefix}{statement}; }}", Language.CXX)
    if tree.errors or len(tree.functions) != 1 or len(tree.statements) != 1:
        return None
    calls = [call for call in tree.calls if _NAME.fullmatch(call.function)]
    if len(calls) != 1:
        return None
    call = calls[0]
    start, end = call.span.start - len(prefix), call.span.end - len(prefix)
    data = statement.encode()
    before, after = data[:start].decode(), data[end:].decode()
    arguments = tuple(" ".join(argument.split()) for argument in call.arguments)
    return CallText(before, call.function, arguments, after)


def names_in(text: str) -> set[str]:
    """The identifiers that an argument uses: no members, keywords, or words in strings."""
    return set(IDENTIFIER.findall(_STRING.sub('""', text))) - _NOT_NAMES
