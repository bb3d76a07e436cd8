"""An mpi4py program as completion works on it: its reading as C, the calls found there put into its holes and lines.

A call that gives a value fills a hole, in the gap of which it was found; holes that nothing was found for are guessed where type,
name and branch tell enough. ``text`` of a statement holds its indentation, which says its block. Limits: ``Init`` and
``Finalize`` are not proposed, mpi4py calls them itself; declarations do not exist.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from codepar.errors import InvalidInput
from codepar.mpi.apply import with_lines_after
from codepar.mpi.headers import Signatures
from codepar.mpi.program import check_text
from codepar.mpi.proposal import Dropped, Edit
from codepar.mpi.python.as_c import Missing, ReadAsC
from codepar.mpi.python.calls import find_calls
from codepar.mpi.python.from_c import Said, Speaker
from codepar.mpi.python.guesses import SURE, Guess, better_data, guessed
from codepar.mpi.python.holes import HOLE
from codepar.mpi.python.receivers import Receivers
from codepar.mpi.python.scopes import Scope
from codepar.mpi.unsayable import Unsayable
from codepar.syntax.language import Language
from codepar.syntax.tree import parse

_STARTS = frozenset({"MPI_Init", "MPI_Init_thread", "MPI_Finalize"})
_GIVES = {
    "int": {"MPI_Comm_rank", "MPI_Comm_size"},
    "float": {"MPI_Wtime"},
    "str": {"MPI_Get_processor_name"},
    "list": {"MPI_Allgather", "MPI_Gather", "MPI_Alltoall"},
    "object": {"MPI_Recv", "MPI_Bcast", "MPI_Scatter", "MPI_Reduce", "MPI_Allreduce", "MPI_Scan", "MPI_Exscan"}
    | {"MPI_Isend", "MPI_Irecv"},
    "void": {"MPI_Send", "MPI_Ssend", "MPI_Recv", "MPI_Barrier", "MPI_Bcast", "MPI_Reduce", "MPI_Scatter", "MPI_Gather"},
}
_COLLECTS = frozenset({"MPI_Gather", "MPI_Reduce", "MPI_Allreduce", "MPI_Allgather"})
_COMMUNICATOR = re.compile(r"(?:\w+_)?comm|comm_world|world", re.IGNORECASE)
_IN_C = {"Get_rank": "MPI_Comm_rank", "Get_size": "MPI_Comm_size"}
_MOST_ERRORS = 0.3


class PythonProgram:
    """One file. Raises ``InvalidInput`` for what is no Python."""

    language = Language.PYTHON

    def __init__(self, text: str, path: str, signatures: Signatures) -> None:
        check_text(text, path, "Python")
        self.text = text
        self._tree = parse(text, Language.PYTHON)
        unread = sum(node.end_byte - node.start_byte for node in self._tree.error_nodes)
        if self._tree.root.type == "ERROR" or unread > _MOST_ERRORS * len(text.encode()):
            raise InvalidInput(f"{path}, line {self._tree.errors[0].line}: this is not Python", remedy="give a Python program")
        self._receivers = Receivers(self._tree)
        self._reading = ReadAsC(self._tree, frozenset(self._receivers.names_of("comm")))

    @property
    def as_c(self) -> str:
        """The program as C."""
        return self._reading.source

    @cached_property
    def is_complete(self) -> bool:
        """Whether it calls MPI already and has no hole."""
        return bool(find_calls(self._tree).calls) and not HOLE.search(self.text)

    def turned_back(self, edits: Sequence[Edit], *, guess: bool = True) -> tuple[list[Edit], list[Dropped]]:
        """Calls of the C text as this program's edits, and those that it cannot have; ``guess``: fill other holes, too."""
        kept, dropped, left = list[Edit](), list[Dropped](), [edit for edit in edits if edit.function not in _STARTS]
        for missing in self._reading.missing:
            found = max(
                (edit for edit in left if self._fits(edit, missing)), key=lambda edit: self._is_for(edit, missing), default=None
            )
            filled = self._filled(missing, found, [_IN_C.get(edit.function.rsplit(".", 1)[-1], "") for edit in kept], guess=guess)
            if filled is not None:
                kept.append(filled)
            if found is not None:
                left = [edit for edit in left if edit is not found]
        for edit in left:
            try:
                kept.append(self._statement(edit))
            except Unsayable as reason:
                dropped.append(Dropped(text=edit.text, rule=str(reason)))
        return sorted(kept, key=lambda edit: edit.after_line), dropped

    def _fits(self, edit: Edit, missing: Missing) -> bool:
        if edit.inline:
            return missing.type == "float" and missing.gap == edit.after_line - 1
        if edit.function in {"MPI_Comm_rank", "MPI_Comm_size"}:
            return missing.type == "int" and self._is_for(edit, missing)
        return missing.gap == edit.after_line and edit.function in _GIVES.get(missing.type, ())

    def _is_for(self, edit: Edit, missing: Missing) -> bool:
        """Whether a call gives its value to what the hole's is assigned to."""
        names = self._reading.names.written
        return bool(missing.target) and missing.target in {names.get(text.lstrip("&")) for text in edit.arguments}

    def _filled(self, missing: Missing, edit: Edit | None, before: Sequence[str], *, guess: bool) -> Edit | None:
        """The call for a hole: the one that was found, else what the hole itself tells."""
        scope = self._reading.scope_of_row[min(missing.gap, len(self._reading.rows) - 1)]
        target = None if missing.type == "void" else missing.target
        told = self._guess(missing, scope, before) if guess or missing.type == "int" else None
        if edit is not None and (told is None or told.confidence < SURE):
            try:
                said = self._speaker(scope, target).said(edit.function, self._with_data(edit, missing, scope), target=target)
                # That a call is missing there is certain; which one is the question.
                return self._hole_edit(missing, said, 0.5 + edit.confidence / 2, edit.origin)
            except Unsayable:
                pass
        return told if guess or edit is not None else None

    def _around(self, missing: Missing, scope: Scope) -> tuple[str, frozenset[str]]:
        """The program above a hole, and the variables that can be sent."""
        kinds = {**self._reading.scopes[0].kinds, **scope.kinds}
        known = frozenset(name for name, kind in kinds.items() if kind.type != "char")
        return "\n".join(self.text.split("\n")[: missing.line - 1]), known - set(self._receivers.names_of("comm"))

    def _with_data(self, edit: Edit, missing: Missing, scope: Scope) -> tuple[str, ...]:
        """The arguments of a found call, its data another where the names in Python say so."""
        names = self._reading.names
        if edit.function not in _COLLECTS or not missing.target or not edit.arguments:
            return edit.arguments
        data = names.written.get(edit.arguments[0].lstrip("&"), "")
        other = better_data(missing.target, data, *self._around(missing, scope)) if data else ""
        return (names.c_name(other), *edit.arguments[1:]) if other != data else edit.arguments

    def _guess(self, missing: Missing, scope: Scope, before: Sequence[str]) -> Edit | None:
        told = guessed(missing, *self._around(missing, scope), before, self._received)
        if told is None:
            return None
        try:
            target = None if missing.type == "void" else missing.target
            said = self._speaker(scope, missing.target).said(told.function, self._c_arguments(told), target=target)
        except Unsayable:
            return None
        return self._hole_edit(missing, said, told.confidence, "rule")

    @cached_property
    def _received(self) -> list[str]:
        return [missing.target for missing in self._reading.missing if missing.type == "object" and missing.target]

    def _c_arguments(self, told: Guess) -> tuple[str, ...]:
        """The arguments in C of a guess; counts and datatypes are not said in Python."""
        name = self._reading.names.c_name(told.data) if told.data else ""
        if told.function == "MPI_Recv":
            return ("0", "1", "MPI_INT", told.peer, "0", "MPI_COMM_WORLD", "MPI_STATUS_IGNORE")
        if told.function == "MPI_Send":
            return (name, "1", "MPI_INT", told.peer, "0", "MPI_COMM_WORLD")
        if told.function == "MPI_Bcast":
            return (name, "1", "MPI_INT", "0", "MPI_COMM_WORLD")
        if told.function == "MPI_Reduce":
            return (name, name, "1", "MPI_INT", told.operation, "0", "MPI_COMM_WORLD")
        return (name, "1", "MPI_INT", name, "1", "MPI_INT", "0", "MPI_COMM_WORLD") if name else ()

    def _hole_edit(self, missing: Missing, said: Said, confidence: float, origin: str) -> Edit:
        named = {"function": said.function, "arguments": said.arguments, "inline": True, "origin": origin}
        return Edit.model_validate({"after_line": missing.line, "text": said.text, "confidence": confidence, **named})

    def _statement(self, edit: Edit) -> Edit:
        """A call that stands alone, in the block that its gap belongs to. Raises ``Unsayable``."""
        rows = self._reading.rows
        row = rows[edit.after_line] if edit.after_line < len(rows) else rows[-1]
        if row.after is None or edit.inline:
            raise Unsayable(f"place: no statement can stand after line {edit.after_line}")
        scope = self._reading.scope_of_row[min(edit.after_line, len(rows) - 1)]
        if edit.function in {"MPI_Comm_rank", "MPI_Comm_size"}:
            return self._assigned(edit, row.after, row.indent, scope)
        said = self._speaker(scope, None).said(edit.function, edit.arguments, target=None)
        update = {
            "after_line": row.after,
            "text": f"{row.indent}{said.text}",
            "function": said.function,
            "arguments": said.arguments,
        }
        return edit.model_copy(update=update)

    def _assigned(self, edit: Edit, after: int, indent: str, scope: Scope) -> Edit:
        """``rank = comm.Get_rank()`` where the program reads a name that nothing gives a value."""
        name = self._reading.names.written.get(edit.arguments[1].lstrip("&"), edit.arguments[1].lstrip("&"))
        if name in scope.visible(self._reading.scopes[0]):
            raise Unsayable(f"value: `{name}` has one already")
        said = self._speaker(scope, name).said(edit.function, edit.arguments, target=name)
        named = {"after_line": after, "text": f"{indent}{name} = {said.text}"}
        return edit.model_copy(update={**named, "function": said.function, "arguments": said.arguments})

    def _speaker(self, scope: Scope, target: str | None) -> Speaker:
        module = next(iter(self._receivers.names_of("module")), "")
        known = scope.visible(self._reading.scopes[0])
        named = [name for name in sorted(known) if _COMMUNICATOR.fullmatch(name)]
        worlds = [name for name in self._receivers.names_of("comm") if name in known] or named[:1]
        world = worlds[0] if worlds else f"{module}.COMM_WORLD" if module else ""
        kinds = {**self._reading.scopes[0].kinds, **scope.kinds}
        buffers = frozenset(name for name in known if name not in kinds or kinds[name].is_buffer)
        return Speaker(module, world, self._reading.names, frozenset(known | ({target} if target else set())), buffers)

    def applied(self, edits: Sequence[Edit]) -> str:
        """The program with the edits in it."""
        newline = "\r\n" if "\r\n" in self.text else "\n"
        source = self._with_holes_filled([edit for edit in edits if edit.inline])
        lines = source.split("\n")
        after: dict[int, list[str]] = {}
        for edit in edits:
            if not edit.inline:
                after.setdefault(edit.after_line, []).append(edit.text + newline)
        return with_lines_after(lines, after, newline)

    def _with_holes_filled(self, edits: Sequence[Edit]) -> str:
        """The holes of a line are filled in their order; those without a call stay."""
        lines = self.text.split("\n")
        for number in {edit.after_line for edit in edits}:
            here = [edit for edit in edits if edit.after_line == number]
            matches = list(HOLE.finditer(lines[number - 1]))
            for edit, match in reversed(list(zip(here, matches, strict=False))):
                lines[number - 1] = lines[number - 1][: match.start()] + edit.text + lines[number - 1][match.end() :]
        return "\n".join(lines)

    def parses(self, text: str) -> bool:
        """Whether a completed text parses where the program did."""
        return self._tree.root.has_error or not parse(text, Language.PYTHON).root.has_error
