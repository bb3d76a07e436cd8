"""Which host function of a translation stands for the original: the named one, ``NAME_cuda``, or the one that takes the same.

Limits: types are compared as texts without qualifiers, names and spaces, typedefs unresolved; overloads are not told apart.
"""

from __future__ import annotations

import re

from codepar.cuda.function import Parameter, SequentialFunction
from codepar.cuda.read import read_functions
from codepar.cuda.translation import Target
from codepar.errors import InvalidInput
from codepar.syntax.cuda_scan import CudaScan, find_aliases
from codepar.syntax.language import Language

_QUALIFIERS = re.compile(r"\b(?:const|volatile|restrict|__restrict__|__restrict|register|struct|enum|class)\b")
_ONLY_DEVICE = frozenset({"__global__", "__device__"})


def host_functions(
    source: str, path: str, target: Target = Target.CUDA, language: Language | None = None
) -> tuple[SequentialFunction, ...]:
    """The functions with a body that the host can call, ``main`` left out. Raises ``InvalidInput`` for what is no such source."""
    chosen = Language.CUDA if target is Target.CUDA else language
    functions = [one for one in read_functions(source, path, chosen) if one.name != "main"]
    return tuple(one for one in functions if target is not Target.CUDA or not _is_of_device(one, source))


def find_entry(
    function: SequentialFunction, source: str, path: str, *, entry: str | None = None, target: Target = Target.CUDA
) -> str:
    """The name of the entry. Raises ``InvalidInput`` that lists the host functions where none, or none alone, fits.

    Also refused is a file that holds a function of the original's name beside the entry: it would be the original.
    """
    functions = host_functions(source, path, target, function.language)
    name = entry if entry is not None else _choose(function, functions, path)
    found = [one for one in functions if one.name == name]
    if len(found) != 1:
        how = "no host function" if not found else f"{len(found)} host functions"
        raise InvalidInput(f"{path} has {how} `{name}`; it has {_listed(functions)}", param="entry")
    _check_parameters(function, found[0], path)
    original = next((one for one in functions if one.name == function.name and one.name != name), None)
    if original is not None:
        raise InvalidInput(
            f"{path}, line {original.line}: it defines `{function.name}` beside the entry `{name}`; "
            "a translation must not hold the original",
            remedy=f"remove `{function.name}` from {path}",
            param="translation",
        )
    return name


def _choose(function: SequentialFunction, functions: tuple[SequentialFunction, ...], path: str) -> str:
    names = [one.name for one in functions]
    for name in (f"{function.name}_cuda", f"{function.name}_openmp", function.name):
        if names.count(name) == 1:
            return name
    alike = [one.name for one in functions if _shape(one) == _shape(function)]
    if not alike:
        alike = [one.name for one in functions if _kinds(one) == _kinds(function)]
    if len(alike) == 1:
        return alike[0]
    many = f"{', '.join(alike)} take" if alike else "no host function takes"
    raise InvalidInput(
        f"{path}: {many} the parameters of `{function.name}`; it has {_listed(functions)}",
        remedy="name the entry: --entry NAME",
        param="entry",
    )


def _check_parameters(function: SequentialFunction, entry: SequentialFunction, path: str) -> None:
    wanted, given = function.signature, entry.signature
    if len(wanted.parameters) != len(given.parameters):
        raise InvalidInput(
            f"{path}, line {entry.line}: `{entry.name}` takes {len(given.parameters)} parameters, "
            f"`{function.name}` {len(wanted.parameters)}",
            remedy="an entry has the parameters of the original, in their order",
            param="entry",
        )
    for own, other in zip(wanted.parameters, given.parameters, strict=True):
        if own.is_buffer != other.is_buffer and not own.is_reference:
            raise InvalidInput(
                f"{path}, line {entry.line}: parameter `{other.name}` of `{entry.name}` does not fit `{own.declaration}`",
                remedy="an entry has the parameters of the original, in their order",
                param="entry",
            )
    if (wanted.return_type == "void") != (given.return_type == "void"):
        raise InvalidInput(
            f"{path}, line {entry.line}: `{entry.name}` returns {given.return_type}, `{function.name}` {wanted.return_type}",
            param="entry",
        )


def _shape(function: SequentialFunction) -> tuple[object, ...]:
    return (_bare(function.signature.return_type), *((one.is_buffer, _type(one)) for one in function.signature.parameters))


def _kinds(function: SequentialFunction) -> tuple[bool, ...]:
    """Buffers and scalars in their order, whatever their types: the compiler has its say on these."""
    return tuple(one.is_buffer for one in function.signature.parameters)


def _type(parameter: Parameter) -> str:
    return _bare(parameter.type)


def _bare(text: str) -> str:
    return " ".join(_QUALIFIERS.sub(" ", text).split())


def _is_of_device(function: SequentialFunction, source: str) -> bool:
    data = source.encode(errors="surrogateescape")
    scan = CudaScan(data, find_aliases([CudaScan(data)]))
    qualifiers = scan.qualifiers_in(function.span.start, function.body.start)
    return bool(qualifiers & _ONLY_DEVICE) and "__host__" not in qualifiers


def _listed(functions: tuple[SequentialFunction, ...]) -> str:
    return ", ".join(one.name for one in functions) or "no host function at all"
