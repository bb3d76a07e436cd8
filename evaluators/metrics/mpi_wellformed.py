"""Proposed calls that cannot be right whatever was wanted: they name what is not in the program, or have too many arguments.

A name counts as known when it stands anywhere in the program's code, is a constant or function of ``mpi.h``, or a word of C.
Limits: scope and types are not looked at; functions that the installed ``mpi.h`` lacks pass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from codepar.mpi.call_text import names_in
from codepar.mpi.headers import Signatures
from codepar.syntax.fortran import FortranText
from codepar.syntax.language import Language
from codepar.syntax.python import PythonText
from codepar.syntax.tree import parse
from evaluators.calls import ProposedCall

_WORD = re.compile(r"[A-Za-z_]\w*")
_WORDS_OF_C = frozenset(
    {"sizeof", "signed", "unsigned", "short", "long", "char", "int", "float", "double", "void", "struct", "union", "enum"}
    | {"const", "volatile", "size_t", "NULL", "stdin", "stdout", "stderr", "true", "false", "bool", "_Bool"}
    | {"int8_t", "int16_t", "int32_t", "int64_t", "uint8_t", "uint16_t", "uint32_t", "uint64_t", "main"}
)


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with one call. ``unknown`` are the names that mean nothing in the program."""

    unknown: tuple[str, ...]
    wrong_arity: bool


def words_of(source: str, language: Language = Language.C) -> frozenset[str]:
    """The words of a program's code, without those in comments and strings; Fortran's in lower case."""
    if language is Language.FORTRAN:
        return frozenset(_WORD.findall(FortranText(source).code.decode(errors="replace").lower()))
    if language is Language.PYTHON:
        return frozenset(_WORD.findall(PythonText(source).code.decode(errors="replace")))
    return frozenset(_WORD.findall(parse(source, Language.C).lexis.code.decode(errors="replace")))


def find_faults(call: ProposedCall, words: frozenset[str], signatures: Signatures) -> Faults:
    """Look at one proposed call for a program that holds ``words``."""
    used = set[str]().union(*map(names_in, call.arguments))
    unknown = {name for name in used - words - _WORDS_OF_C if name not in signatures.constants and name not in signatures}
    return Faults(tuple(sorted(unknown)), _has_wrong_arity(call, signatures))


def _has_wrong_arity(call: ProposedCall, signatures: Signatures) -> bool:
    if call.function not in signatures:
        return False
    signature = signatures[call.function]
    return not signature.variadic and len(signature.parameters) != len(call.arguments)
