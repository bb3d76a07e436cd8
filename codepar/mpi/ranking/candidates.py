"""What one argument of a call may be: variables in scope and their addresses, expressions of the program, known constants.

Limits: what neither stands in the program nor follows a shape that was learned is not offered; no argument is made up of more
than two free variables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice, product

from codepar.mpi.datatypes import datatype_of
from codepar.mpi.headers import Parameter
from codepar.mpi.ranking.scene import TOKEN, Expression, Spot, compact, is_integral, letter_of, names_of
from codepar.syntax.variables import Variable

_HANDLE = re.compile(r"MPI_[A-Z]\w*")
_NUMBERS = frozenset({"int", "MPI_Aint", "MPI_Offset", "MPI_Count"})
_POINTERS = frozenset(f"{name}*" for name in _NUMBERS)
_MOST = 220
_MOST_OF_A_SHAPE = 40
_NEAREST = 10
_OPERATORS = frozenset("+*/%")
_SLOTS = re.compile(r"[RSL]|i|a+|p+")
_LITERAL = re.compile(r"\d{1,6}")


@dataclass(frozen=True)
class Vocabulary:
    """What was learned of arguments that name no variable, and of the shapes of those that do.

    ``constants``: by function and position, as ``MPI_Recv#6``; ``shapes``: by ``role_of`` the parameter.
    """

    constants: Mapping[str, Sequence[str]] = field(default_factory=dict)
    shapes: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One possible argument. ``base``: the variable that it is about, empty for a constant."""

    text: str
    key: str
    base: str
    shape: str


def kind_of(parameter: Parameter) -> str:
    """The parameter's C type in one spelling: no ``const``, arrays as pointers."""
    return _kind(parameter.type)


@lru_cache(maxsize=512)
def _kind(type_text: str) -> str:
    return type_text.replace("const ", "").replace(" ", "").replace("[]", "*")


def role_of(parameter: Parameter) -> str:
    """What a parameter is for: its name, with all counts alike, and all buffers."""
    kind = kind_of(parameter)
    return "buffer" if kind == "void*" else "count" if parameter.name.endswith("count") and kind == "int" else parameter.name


def candidates_of(spot: Spot, index: int, chosen: Sequence[str], vocabulary: Vocabulary) -> list[Candidate]:
    """The candidates for the parameter at ``index``, distinct, at most 220; ``chosen`` are the arguments before it."""
    parameter = spot.signature.parameters[index]
    found: dict[str, Candidate] = {}
    for text in _texts(spot, parameter, index, chosen, vocabulary):
        key = compact(text)
        if key and key not in found:
            names = names_of(text)
            own = [name for name in names if name in spot.visible]
            base = next((name for name in own if name not in spot.ranks and name not in spot.sizes), own[0] if own else "")
            found[key] = Candidate(text, key, base, spot.shape(text))
            if len(found) >= _MOST:
                break
    return list(found.values())


def _texts(spot: Spot, parameter: Parameter, index: int, chosen: Sequence[str], vocabulary: Vocabulary) -> Iterator[str]:
    kind = kind_of(parameter)
    if spot.scene.is_expanded and "*" in kind:
        yield "0"
    yield from vocabulary.constants.get(f"{spot.function}#{index}", ())
    yield from _said_before(spot, kind)
    yield from _of_kind(spot, kind, chosen)
    yield from (text for text in _instances(spot, vocabulary.shapes.get(role_of(parameter), ())) if _may_be(spot, kind, text))


def _may_be(spot: Spot, kind: str, text: str) -> bool:
    """False for a handle that would be taken out of a variable of another type."""
    if _HANDLE.fullmatch(kind) is None:
        return True
    variables = [spot.visible.get(name) for name in names_of(text)]
    return all(one is not None and one.type == kind for one in variables[:1])


def _of_kind(spot: Spot, kind: str, chosen: Sequence[str]) -> Iterator[str]:
    """What the place has of a parameter's type."""
    if kind in _NUMBERS:
        yield from _numbers(spot, chosen)
    elif kind == "void*":
        yield from _buffers(spot)
    elif _HANDLE.fullmatch(kind):
        if kind == "MPI_Datatype":
            yield from _datatypes(spot, chosen)
        yield from _handles(spot, kind)
    elif kind.endswith("*") and _HANDLE.fullmatch(kind[:-1]):
        yield from _addresses(spot, lambda one: one.type == kind[:-1])
    elif kind in _POINTERS:
        yield from _addresses(spot, _may_hold_integers)
    elif kind in {"char*", "char**"}:
        yield from _addresses(spot, lambda one: "char" in one.type or "string" in one.type)
        yield from (one.text for one in spot.scene.expressions.values() if one.kind == "string_literal")
    else:
        for name, variable in spot.visible.items():
            if not variable.type.startswith("MPI_"):
                yield from (f"&{name}", name)
        yield from spot.scene.functions


def _said_before(spot: Spot, kind: str) -> Iterator[str]:
    """The arguments of earlier calls where the parameter is of the same type, the last call first."""
    for call in islice(reversed(spot.past), 40):
        for parameter, text in zip(spot.scene.signatures[call.function].parameters, call.arguments, strict=False):
            if kind_of(parameter) == kind and spot.sees(names_of(text)):
                yield text


def _numbers(spot: Spot, chosen: Sequence[str]) -> Iterator[str]:
    yield from "01"
    for name in chosen[:1]:
        yield from _sizes_of(spot, name)
    for name, variable in spot.visible.items():
        if is_integral(variable):
            yield name
        elif letter_of(variable) == "p" and variable.is_parameter and "int" in variable.type:
            yield f"*{name}"
    yield from spot.scene.macros
    yield from (one.text for one in _near(spot, _is_number))


def _sizes_of(spot: Spot, buffer: str) -> Iterator[str]:
    """How many elements a chosen buffer has."""
    for name in names_of(buffer):
        variable = spot.visible.get(name)
        if variable is None:
            continue
        texts = [*spot.scene.extents(variable), *spot.scene.bounds(variable)]
        yield from (text for text in texts if spot.sees(names_of(text)))
        letter = letter_of(variable)
        if letter == "v":
            yield from (f"{name}.size()", f"{name}.length()") if "string" in variable.type else (f"{name}.size()",)
        elif "char" in variable.type and letter in {"a", "p", "aa", "pp"}:
            yield from (f"strlen({buffer})", f"strlen({buffer}) + 1", f"strlen({buffer})+1", f"sizeof({name})")
        elif letter == "s":
            yield f"sizeof({name})"


def _is_number(expression: Expression, spot: Spot) -> bool:
    if expression.kind == "number_literal":
        return _LITERAL.fullmatch(expression.text) is not None
    if expression.kind == "string_literal":
        return False
    if expression.kind == "call_expression":
        return re.match(r"strlen|sizeof|\w+(?:\.|->)(?:size|length)\(", expression.text) is not None
    first = spot.visible.get(expression.names[0]) if expression.names else None
    if expression.kind == "subscript_expression" and first is not None:
        depth = len(first.dimensions) + first.pointer_depth
        return expression.text.count("[") >= depth and letter_of(first) != "v" and "double" not in first.type
    return first is None or not letter_of(first).startswith(("f", "h"))


def _near(spot: Spot, fits: Callable[[Expression, Spot], bool]) -> list[Expression]:
    """The fitting expressions whose names the place sees, those of its function first, then the nearest."""
    first, last = spot.within

    def distance(one: Expression) -> tuple[bool, int]:
        inside = [abs(place - spot.start) for place in one.places if first <= place < last]
        return (not inside, min(inside or [abs(place - spot.start) for place in one.places]))

    found = [one for one in spot.scene.expressions.values() if fits(one, spot) and spot.sees(one.names)]
    return sorted(found, key=distance)[:100]


def _buffers(spot: Spot) -> Iterator[str]:
    for name, variable in reversed([*spot.visible.items()]):
        yield from _as_buffer(spot, name, letter_of(variable))
    for one in _near(spot, lambda one, _: one.kind in {"subscript_expression", "field_expression", "binary_expression"}):
        first = spot.visible.get(one.names[0]) if one.names else None
        if one.kind == "binary_expression":
            if first is not None and letter_of(first)[0] in "ap" and not one.text.startswith("*") and "+" in one.text:
                yield one.text
            continue
        yield f"&{one.text}"
        depth = len(first.dimensions) + first.pointer_depth if first is not None else 9
        if one.kind == "field_expression" or one.text.count("[") < depth or "." in one.text or "->" in one.text:
            yield one.text


def _as_buffer(spot: Spot, name: str, letter: str) -> Iterator[str]:
    """The ways to hand over a variable, whole or from an element on."""
    if letter[0] == "h":
        return
    if letter == "v":
        yield from (f"{name}.data()", f"&{name}[0]", f"&{name}")
    elif letter[0] not in "ap":
        yield f"&{name}"
    else:
        yield from (name, f"&{name}")
        if letter in {"p", "aa", "pp", "a"}:
            yield f"&{name}[0]" + "[0]" * (letter == "aa")
        if letter in {"aa", "pp", "a*"}:
            yield from (f"{name}[0]", f"&{name}[0][0]", *(f"{name}[{counter}]" for counter in spot.counters))
        if letter in {"a", "p"}:
            yield from (f"&{name}[{counter}]" for counter in spot.counters)


def _datatypes(spot: Spot, chosen: Sequence[str]) -> Iterator[str]:
    for text in chosen:
        for name in names_of(text)[:1]:
            variable = spot.visible.get(name)
            known = datatype_of(variable, spot.scene.signatures) if variable is not None else None
            if known is not None:
                yield known
    yield from ("MPI_INT", "MPI_DOUBLE", "MPI_FLOAT", "MPI_CHAR", "MPI_BYTE", "MPI_LONG", "MPI_UNSIGNED")


def _handles(spot: Spot, kind: str) -> Iterator[str]:
    for name, variable in spot.visible.items():
        if variable.type != kind:
            continue
        if variable.dimensions or variable.pointer_depth:
            yield from (f"{name}[0]", f"*{name}", *(f"{name}[{counter}]" for counter in spot.counters))
            yield from (
                one.text for one in spot.scene.expressions.values() if one.names[:1] == (name,) and one.text.startswith(name)
            )
        else:
            yield name


def _may_hold_integers(variable: Variable) -> bool:
    return not variable.type.startswith("MPI_") and re.search(r"double|float|char", variable.type) is None


def _addresses(spot: Spot, fits: Callable[[Variable], bool]) -> Iterator[str]:
    """The addresses of fitting variables, and of elements and members of them."""
    fitting = {name for name, variable in spot.visible.items() if fits(variable)}
    for name in reversed([*spot.visible]):
        if name not in fitting:
            continue
        variable = spot.visible[name]
        if letter_of(variable) == "v":
            yield from (f"{name}.data()", f"&{name}[0]", f"{name}.c_str()")
        elif variable.dimensions or variable.pointer_depth:
            yield name
            yield from (f"&{name}[0]", f"&{name}[1]", *(f"&{name}[{counter}]" for counter in spot.counters))
        else:
            yield f"&{name}"
    for one in _near(spot, lambda one, _: one.kind in {"subscript_expression", "field_expression"} and one.names[0] in fitting):
        yield f"&{one.text}"
        yield one.text


def _instances(spot: Spot, shapes: Iterable[str]) -> Iterator[str]:
    """The learned shapes with the names of this place in them."""
    nearest = _nearest_integers(spot)
    arrays: dict[str, list[str]] = {}
    for name, variable in spot.visible.items():
        arrays.setdefault(letter_of(variable), []).append(name)
    for shape in shapes:
        yield from _of_shape(spot, TOKEN.findall(shape), nearest, arrays)


def _of_shape(spot: Spot, tokens: list[str], nearest: list[str], arrays: Mapping[str, list[str]]) -> Iterator[str]:
    slots = [token for token in tokens if _SLOTS.fullmatch(token)]
    choices: list[Sequence[str]] = []
    for slot in dict.fromkeys(slots):
        given: dict[str, Sequence[str]] = {
            "R": sorted(spot.ranks),
            "S": sorted(spot.sizes),
            "L": [loop.counter for loop in spot.inside],
            "i": nearest,
        }
        found = given.get(slot, arrays.get(slot, []))
        if not found:
            return
        choices.append(found)
    kinds = list(dict.fromkeys(slots))
    for names in islice(product(*choices), _MOST_OF_A_SHAPE):
        table = dict(zip(kinds, names, strict=True))
        yield "".join(f" {word} " if word in _OPERATORS else table.get(word, word) for word in tokens)


def _nearest_integers(spot: Spot) -> list[str]:
    """Integers that are neither rank nor size, and constants: those used nearest to the place first."""

    def distance(name: str) -> int:
        uses, number = spot.uses_of(name)
        return min((abs(use.start - spot.start) for use in uses[max(number - 1, 0) : number + 1]), default=1_000_000)

    special = spot.ranks | spot.sizes | spot.counters
    found = [name for name, one in spot.visible.items() if is_integral(one) and name not in special]
    return [*sorted(found, key=distance)[:_NEAREST], *spot.scene.macros[:4]]
