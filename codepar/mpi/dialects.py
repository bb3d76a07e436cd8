"""The dialect of each language.

Limits: none of its own.
"""

from __future__ import annotations

from codepar.mpi.dialect import Dialect
from codepar.mpi.fortran.dialect import FortranDialect
from codepar.mpi.python.dialect import PythonDialect
from codepar.syntax.language import Language


def dialect_of(language: Language) -> Dialect:
    """What insertion must know of ``language``."""
    if language is Language.FORTRAN:
        return FortranDialect(language)
    return PythonDialect(language) if language is Language.PYTHON else Dialect(language)
