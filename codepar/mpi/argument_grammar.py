"""A regular expression for the arguments of one call, from the function's signature and the names in scope where it stands.

Numbers are sums and products of names and literals, handles are those of the right type, a buffer is a variable or its address.
The model chooses among what compiles. Limits: calls inside arguments, casts and ternaries are not offered; a parameter of a kind
not known here takes any balanced text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from codepar.mpi.headers import Parameter, Signature, Signatures
from codepar.syntax.variables import Variable

# No comma but in parentheses, of which two levels are enough for casts, sizes and sums.
_ANYTHING = r"([^,();\n]|\(([^();\n]|\([^();\n]*\))*\))+"
_TAIL = r"(\[[A-Za-z0-9_+*% -]+\]|(\.|->)[A-Za-z_][A-Za-z_0-9]*)*"
_NUMBER = r"[0-9]+"
_SPECIAL = {"source": ("MPI_ANY_SOURCE",), "color": ("MPI_UNDEFINED",)}
_RECEIVES = re.compile(r"recv|probe", re.IGNORECASE)
_MOST_NAMES = 60
_PLAIN = re.compile(r"&?[A-Za-z_]\w*", re.ASCII)
_INTEGERS = frozenset({"int", "const int", "static int", "unsigned int", "unsigned", "signed int"})
_PLAIN_TYPES = _INTEGERS | {"char", "short", "long", "float", "double", "size_t", "bool", "long long", "unsigned char"}
_HANDLE = re.compile(r"^MPI_[A-Z]\w*$")


def argument_grammar(
    signature: Signature,
    signatures: Signatures,
    variables: Iterable[Variable],
    names: Iterable[str],
    unmade: frozenset[str] = frozenset(),
    *,
    inline: bool = False,
) -> str:
    """What may follow ``function(``: its arguments, ``);`` and perhaps a line end, which models write as one token.

    A call that is ``inline`` stands in a statement and ends with its parenthesis.

    ``variables`` are those in scope, ``names`` the constants of the program; handles that are ``unmade`` can be given their value
    by the call, not used by it.
    """
    scope = _Scope(signature.name, signatures, list(variables), list(names), unmade)
    return ", ?".join(scope.of(parameter) for parameter in signature.parameters) + (r"\)" if inline else r"\);\n?")


class _Scope:
    def __init__(
        self, function: str, signatures: Signatures, variables: list[Variable], names: list[str], unmade: frozenset[str]
    ) -> None:
        self._unmade = unmade
        self._receives = bool(_RECEIVES.search(function))
        self._completes_several = function.endswith(("all", "some"))
        self._signatures = signatures
        self._variables = variables[-_MOST_NAMES:]
        self._names = names[-_MOST_NAMES:]

    def of(self, parameter: Parameter) -> str:
        """The expression for one parameter."""
        kind = parameter.type.replace("const ", "").replace(" ", "").replace("[]", "*")
        if kind in {"int", "MPI_Aint"}:
            return self._number(parameter.name)
        if kind == "void*":
            return self._buffer()
        if kind == "MPI_Status*":
            ignore = "MPI_STATUSES_IGNORE" if self._completes_several else "MPI_STATUS_IGNORE"
            return _either([ignore, *self._addresses(lambda variable: variable.type == "MPI_Status")])
        if _HANDLE.match(kind):
            return self._handle(kind)
        if kind.endswith("*") and _HANDLE.match(kind[:-1]):
            found = self._addresses(lambda variable: variable.type == kind[:-1])
            return _either(found) if found else _ANYTHING
        if kind == "int*":
            found = self._addresses(lambda variable: variable.type in _INTEGERS)
            return _either_raw([_names(found), *self._elements()]) if found else _ANYTHING
        return _ANYTHING

    def _elements(self) -> list[str]:
        """Members and elements of structs and arrays that may be integers."""
        structs = [v.name for v in self._variables if v.type not in _PLAIN_TYPES and not v.type.startswith("MPI_")]
        return [rf"&?({_names(structs)})(\[[A-Za-z0-9_+*% -]+\])?(\.|->)[A-Za-z_][A-Za-z_0-9]*"] if structs else []

    def _number(self, parameter: str) -> str:
        plain = [v.name for v in self._variables if not v.type.startswith("MPI_")]
        integers = list(_SPECIAL.get(parameter, ()))
        if self._receives and parameter in {"tag", "recvtag"}:
            integers.append("MPI_ANY_TAG")
        operand = rf"(({_names([*plain, *self._names])}){_TAIL}|{_NUMBER})" if plain or self._names else _NUMBER
        some = rf"(\({operand}( [-+*/%] {operand})*\)|{operand})"
        return _either_raw([rf"{some}( ?[-+*/%] ?{some})*", *integers])

    def _buffer(self) -> str:
        data = [variable.name for variable in self._variables if not variable.type.startswith("MPI_")]
        if not data:
            return _ANYTHING
        return _either_raw([rf"&?({_names(data)}){_TAIL}( \+ [A-Za-z0-9_*() ]+)?", "MPI_IN_PLACE", "NULL"])

    def _handle(self, kind: str) -> str:
        ready = [v for v in self._variables if v.type == kind and v.name not in self._unmade]
        own = [v.name for v in ready if not v.pointer_depth and not v.dimensions]
        constants = [name for name, text in self._signatures.constants.items() if text == kind and not _is_odd(name)]
        found = [*own, *constants]
        return _either(found) if found else _ANYTHING

    def _addresses(self, fits: Callable[[Variable], bool]) -> list[str]:
        found = []
        for variable in self._variables:
            if fits(variable):
                found.append(variable.name if variable.dimensions or variable.pointer_depth else f"&{variable.name}")
        return found


def _is_odd(name: str) -> bool:
    """Constants that no ordinary call names: null handles, and Fortran's and C++'s types."""
    odd = ("_NULL", "COMPLEX", "CXX", "LOGICAL", "INTEGER", "REAL", "PACKED", "CHARACTER", "2", "MPI_UB", "MPI_LB")
    return any(part in name for part in odd)


def _names(names: Iterable[str]) -> str:
    """Identifiers and their addresses: nothing in them needs escaping, and the engine warns of escapes that are not needed."""
    return "|".join(name for name in dict.fromkeys(names) if _PLAIN.fullmatch(name))


def _either(texts: Iterable[str]) -> str:
    return f"({_names(texts)})"


def _either_raw(expressions: Iterable[str]) -> str:
    return f"({'|'.join(expressions)})"
