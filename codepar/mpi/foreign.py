"""Completion of programs in other languages than C and C++: each file read as C, its calls said in its own language.

What is proposed for the C reading (``complete``, ``consistent``) is turned back call by call; what the language cannot say, or
what would not parse, is dropped with the reason. Limits: calls alone, no declarations; confidence is that of C.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from codepar.errors import InputTooLarge, InvalidInput
from codepar.mpi.fortran.completion import FortranProgram
from codepar.mpi.headers import Signatures
from codepar.mpi.proposal import Dropped, Edit
from codepar.mpi.python.completion import PythonProgram
from codepar.project import MAX_FILE_BYTES
from codepar.syntax.braces import find_imbalance
from codepar.syntax.language import Language
from codepar.syntax.tree import parse


class ForeignProgram(Protocol):
    """One file of another language."""

    text: str

    @property
    def language(self) -> Language: ...

    @property
    def as_c(self) -> str:
        """The program as C."""
        ...

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing: nothing is proposed then."""
        ...

    def turned_back(self, edits: Sequence[Edit], *, guess: bool = True) -> tuple[list[Edit], list[Dropped]]:
        """Calls of the C text as this program's edits, and those that it cannot have.

        ``guess``: holes that no call was found for are filled where they tell enough by themselves.
        """
        ...

    def applied(self, edits: Sequence[Edit]) -> str:
        """The program with the edits in it."""
        ...

    def parses(self, text: str) -> bool:
        """Whether a completed text parses as well as the program does."""
        ...


_READERS: dict[Language, Callable[[str, str, Signatures], ForeignProgram]] = {
    Language.FORTRAN: FortranProgram,
    Language.PYTHON: PythonProgram,
}


def can_complete(language: Language) -> bool:
    """Whether programs of a language can be completed this way."""
    return language in _READERS


def read_foreign(text: str, path: str, language: Language, signatures: Signatures) -> ForeignProgram:
    """Read a program. Raises ``InvalidInput`` where it is none of its language, ``InputTooLarge``."""
    if len(text.encode(errors="surrogatepass")) > MAX_FILE_BYTES:
        raise InputTooLarge(f"{path} has more than {MAX_FILE_BYTES} bytes", remedy="split the file")
    program = _READERS[language](text, path, signatures)
    imbalance = find_imbalance(parse(program.as_c, Language.C).lexis)
    if imbalance is not None:
        reason = f"{path}: a block ends where none is open, or never does"
        raise InvalidInput(reason, remedy="close each block where it ends, then try again")
    return program


def turned_back(program: ForeignProgram, edits: Sequence[Edit], *, guess: bool = True) -> tuple[list[Edit], list[Dropped]]:
    """The edits of the C reading as edits of the program, and those that cannot be. ``guess`` as ``ForeignProgram`` says."""
    kept, dropped = program.turned_back(edits, guess=guess)
    if program.parses(program.applied(kept)):
        return kept, dropped
    sound = [edit for edit in kept if program.parses(program.applied([edit]))]
    broken = [Dropped(text=edit.text, rule="syntax: the program would not parse") for edit in kept if edit not in sound]
    return sound, [*dropped, *broken]
