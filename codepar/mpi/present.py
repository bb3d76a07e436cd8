"""Which MPI calls a program has already: none of them is missing once more.

What starts and ends MPI is looked for in all files of a project. Where both are there, the program is whole as far as anybody
knows: then a function gets no second call of what it calls, and others only where they are more likely than not.
Limits: by the names of calls; what a library calls for the program is not seen. In a program that lacks its calls, all this is
silent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from codepar.mpi.proposal import Edit
from codepar.mpi.sites import Located
from codepar.syntax.tree import SyntaxTree

_STARTS = frozenset({"MPI_Init", "MPI_Init_thread"})
_ENDS = "MPI_Finalize"
_OWN_NUMBERS = frozenset({"MPI_Comm_rank", "MPI_Comm_size"})
_LIKELY = 0.5


@dataclass(frozen=True)
class Present:
    """The calls of one file, ``tree``, and the names of those ``anywhere`` in its project."""

    tree: SyntaxTree
    anywhere: frozenset[str]

    @classmethod
    def of(cls, tree: SyntaxTree, project: Iterable[SyntaxTree] = ()) -> Present:
        """What ``tree`` and the other files of its project call; two files with a ``main`` are two programs."""
        others = [one for one in project if one is not tree and not (_has_main(one) and _has_main(tree))]
        return cls(tree, frozenset(call.function for one in (tree, *others) for call in one.calls))

    @property
    def is_begun(self) -> bool:
        """Whether the project starts and ends MPI."""
        return not _STARTS.isdisjoint(self.anywhere) and _ENDS in self.anywhere

    def edits(self, edits: Iterable[Edit]) -> list[Edit]:
        """Those that are not there yet."""
        return [edit for edit in edits if edit.inline or not self._has(edit.function, edit.after_line)]

    def located(self, calls: Iterable[Located]) -> list[Located]:
        """Those that are not there yet; in a program that is begun, those that are likely."""
        least = _LIKELY if self.is_begun else 0.0
        return [
            call for call in calls if call.inline or (call.probability >= least and not self._has(call.function, call.after_line))
        ]

    def _has(self, function: str, after_line: int) -> bool:
        if function in _STARTS:
            return not _STARTS.isdisjoint(self.anywhere)
        if function == _ENDS:
            return _ENDS in self.anywhere
        if function in _OWN_NUMBERS:
            return function in (self.anywhere if self.is_begun else self._around(after_line))
        return self.is_begun and function in self._around(after_line)

    def _around(self, after_line: int) -> frozenset[str]:
        """What the function calls in which a line after that one stands."""
        around = self.tree.function_at(after_line + 1) or self.tree.function_at(after_line)
        return self._by_function.get(around.name, frozenset()) if around is not None else frozenset()

    @cached_property
    def _by_function(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for call in self.tree.calls:
            around = self.tree.function_at(self.tree.lexis.line_at(call.span.start))
            if around is not None:
                found.setdefault(around.name, set()).add(call.function)
        return {name: frozenset(calls) for name, calls in found.items()}


def _has_main(tree: SyntaxTree) -> bool:
    return any(function.name == "main" for function in tree.functions)
