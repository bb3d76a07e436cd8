"""C types and MPI datatypes: which constant describes the elements of a variable, and which parameters go together.

Limits: structs and derived datatypes are left to the program; what the header does not tell is not guessed.
"""

from __future__ import annotations

import re
from functools import cache

from codepar.mpi.headers import Signature, Signatures
from codepar.syntax.variables import Variable

_QUALIFIERS = re.compile(r"\b(?:const|volatile|static|register|restrict)\b")
_VECTOR = re.compile(r"(?:std::)?(?:vector|array)<\s*([\w: ]+?)\s*(?:,.*)?>")
_SPELLINGS = {
    "unsigned int": "unsigned",
    "long int": "long",
    "long long": "long long int",
    "short int": "short",
    "unsigned long int": "unsigned long",
    "unsigned long long int": "unsigned long long",
    "size_t": "unsigned long",
}


def element_type(variable: Variable) -> str:
    """The C type of one element: ``double`` for ``double``, ``double *``, ``double[3]`` and ``std::vector<double>``."""
    plain = " ".join(_QUALIFIERS.sub(" ", variable.type).replace("*", " ").replace("&", " ").split())
    vector = _VECTOR.fullmatch(plain)
    return vector[1] if vector else plain


def datatype_of(variable: Variable, signatures: Signatures) -> str | None:
    """The predefined datatype of a variable's elements, None for structs and unknown types."""
    return _by_element(signatures).get(_spelling(element_type(variable)))


def _spelling(type_text: str) -> str:
    return _SPELLINGS.get(type_text, type_text)


def _by_element(signatures: Signatures) -> dict[str, str]:
    return _inverted(tuple(signatures.elements.items()))


@cache
def _inverted(elements: tuple[tuple[str, str], ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, element in elements:
        # MPI_INT comes before MPI_INT32_T, and a Fortran name is never the first choice in C.
        found.setdefault(_spelling(element), name)
    return found


def agrees(datatype: str, variable: Variable, signatures: Signatures) -> bool:
    """Whether a datatype argument may describe the variable; a name that is no predefined constant may."""
    element = signatures.elements.get(datatype)
    wanted = datatype_of(variable, signatures)
    return element is None or wanted is None or datatype == "MPI_BYTE" or _spelling(element) == _spelling(element_type(variable))


def buffers_with_datatypes(signature: Signature) -> list[tuple[int, int]]:
    """Positions of each buffer and of the datatype that describes it (``MPI_Send``: 0 and 2, ``MPI_Reduce``: 0, 3 and 1, 3).

    Packed data, given by their size in bytes, have none (``MPI_Unpack``: 3 and 5 alone).
    """
    types = [parameter.type.replace(" ", "") for parameter in signature.parameters]
    datatypes = [index for index, text in enumerate(types) if text == "MPI_Datatype"]
    pairs = []
    for index, text in enumerate(types):
        if text in {"void*", "constvoid*"}:
            later = [place for place in datatypes if place > index]
            is_packed = signature.parameters[index + 1 : index + 2] and signature.parameters[index + 1].name.endswith("size")
            if later and not is_packed:
                pairs.append((index, later[0]))
    return pairs
