"""Proposed calls of Fortran and mpi4py that cannot be right: names that the program lacks, a wrong number of arguments.

A name counts as known when it stands in the program's code, is one of MPI's, or an intrinsic function; without ``implicit none``
Fortran declares the rest by itself. Arity in Fortran is that of ``mpi.h`` (without what Init takes in C) and the error code,
which may be left out under ``mpi_f08``; in Python that of mpi4py's own type stub. Limits: scope is not looked at.
"""

from __future__ import annotations

import re

from codepar.mpi.headers import Signatures
from codepar.mpi.python.signatures import accepts
from codepar.syntax.language import Language
from evaluators.calls import ProposedCall
from evaluators.metrics.mpi_wellformed import Faults

_NAME = re.compile(r"(?<![\w.%])[A-Za-z_]\w*")
_STRING = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
_INTRINSIC = frozenset({"mod", "min", "max", "abs", "size", "int", "len", "len_trim", "sum", "true", "false"})
_BUILTIN = frozenset(
    {"MPI", "None", "True", "False", "len", "range", "int", "float", "list", "dict", "max", "min", "sum", "lambda", "for", "in"}
)


def find_foreign_faults(call: ProposedCall, words: frozenset[str], signatures: Signatures, language: Language) -> Faults:
    """Look at one proposed call for a program that holds ``words`` (in lower case for Fortran)."""
    if language is Language.PYTHON:
        return _in_python(call, words)
    used = {name.lower() for text in call.arguments for name in _NAME.findall(_STRING.sub("", text))}
    known = {name.lower() for name in signatures.constants} | _INTRINSIC | words
    implicit = "none" not in words
    unknown = {name for name in used - known if not name.startswith("mpi_") and not implicit}
    return Faults(tuple(sorted(unknown)), _has_wrong_arity(call, signatures, "mpi_f08" in words))


def _has_wrong_arity(call: ProposedCall, signatures: Signatures, is_f08: bool) -> bool:
    names = {name.lower(): name for name in signatures}
    name = names.get(call.function.lower())
    if name is None or call.inline:
        return False
    taken = len(signatures[name].parameters) - (2 if name in {"MPI_Init", "MPI_Init_thread"} else 0)
    return len(call.arguments) not in ({taken, taken + 1} if is_f08 else {taken + 1})


def _in_python(call: ProposedCall, words: frozenset[str]) -> Faults:
    keywords = re.compile(r"^\s*\w+\s*=(?!=)\s*")
    holder, _, method = call.function.rpartition(".")
    texts = [holder, *(keywords.sub("", text) for text in call.arguments)]
    used = {name for text in texts for name in _NAME.findall(_STRING.sub("", text))}
    return Faults(tuple(sorted(used - words - _BUILTIN)), not accepts(method, call.arguments))
