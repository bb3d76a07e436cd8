"""Small changes of a completion that may take a fault away: drop a call, add its partner, swap two, move or alter one.

Each names what it costs: a likely call is dropped only for a grave reason, an unlikely one added only for one. Limits: changes
are guesses; whether one helps is for the appraisal to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from codepar.mpi.aims import aimed
from codepar.mpi.appraise import Appraisal
from codepar.mpi.call_text import names_in
from codepar.mpi.check.finding import Finding
from codepar.mpi.check.operations import COLLECTIVES
from codepar.mpi.dataflow import lives_of
from codepar.mpi.datatypes import buffers_with_datatypes
from codepar.mpi.draft import Draft, Others, Pack
from codepar.mpi.partners import RECEIVES, SENDS, partner_of
from codepar.mpi.places import statement_at
from codepar.mpi.proposal import Edit
from codepar.mpi.roles import Roles
from codepar.mpi.rules_check import RuleBroken, Rules
from codepar.mpi.sites import Located

_KEPT = frozenset({"MPI_Init", "MPI_Init_thread", "MPI_Finalize", "MPI_Comm_rank"})
_STARTED = frozenset({"MPI_Isend", "MPI_Irecv", "MPI_Issend", "MPI_Ibsend", "MPI_Irsend"})
_ALIKE = {"tag-mismatch": "tag", "communicator-mismatch": "comm", "root-mismatch": "root", "operator-mismatch": "op"}
_MESSAGES = frozenset({"send-unmatched", "receive-unmatched", "deadlock", "tag-mismatch", "communicator-mismatch"})
_MOST_PARTNERS = 4
_MOST_PACKS = 8
_MOST_NAMES = 3


@dataclass(frozen=True)
class Move:
    """A changed draft. ``dropped`` are the calls that went, ``why`` the finding that asked for it."""

    draft: Draft
    cost: float
    why: str
    dropped: tuple[Edit, ...] = ()


@dataclass(frozen=True)
class Moves:
    """The moves of one file. ``spare``: places that were not likely enough, ``packs``: whole calls in reserve, ``others``: other
    arguments for calls that are in."""

    rules: Rules
    spare: Sequence[Located]
    packs: Sequence[Pack]
    others: Others = field(default_factory=dict)

    def of(self, draft: Draft, appraisal: Appraisal, at: Mapping[int, Edit], text: str) -> Iterator[Move]:
        """The moves that the findings of ``appraisal`` suggest; ``at`` are the calls by their line in the completed ``text``."""
        unset = [name for one in sorted(appraisal.unset) if (name := _name_of(one, text))]
        unread = [name for one in sorted(appraisal.unread) if (name := _name_of(one, text))]
        seen: set[tuple[int, str]] = set()
        for finding in appraisal.faults:
            edit = at.get(finding.line)
            others = [found for related in finding.related if (found := at.get(related.line)) is not None]
            for one in [edit, *others]:
                if one is not None and (id(one), finding.kind) not in seen:
                    seen.add((id(one), finding.kind))
                    yield from self._against(draft, finding, one, [other for other in (edit, *others) if other is not one])
        yield from self._aimed(draft, unset, sends=False)
        yield from self._aimed(draft, unread, sends=True)
        yield from self._from_reserve(draft, {*unset, *unread})

    def _against(self, draft: Draft, finding: Finding, edit: Edit, others: Sequence[Edit | None]) -> Iterator[Move]:
        why = f"{finding.kind}: {finding.message}"
        yield from self._otherwise(draft, edit, why)
        if finding.kind in _MESSAGES:
            yield from self._mirrored(draft, edit, why)
            yield from self._partners(draft, edit, why)
            yield from self._swaps(draft, edit, why)
        if finding.kind == "count-beyond-buffer":
            yield from self._recounted(draft, edit, why)
        if edit.function in COLLECTIVES:
            yield from self._hoisted(draft, edit, why)
        if finding.kind == "before-init":
            yield from self._earlier(draft, edit, why)
        if finding.kind == "request-unwaited":
            yield from self._waits(draft, edit, why)
        yield from self._alike(draft, finding, edit, others, why)
        if edit.function not in _KEPT:
            yield Move(draft.without(edit), 0.05 + 0.7 * edit.confidence, why, (edit,))
            both = [other for other in others if other is not None and other.function not in _KEPT]
            if both:
                cost = 0.1 + 0.7 * sum(one.confidence for one in (edit, both[0]))
                yield Move(draft.without(edit, both[0]), cost, why, (edit, both[0]))

    def _otherwise(self, draft: Draft, edit: Edit, why: str, about: str = "") -> Iterator[Move]:
        """The call with the arguments that were thought less likely; with ``about`` those alone that name it, unlike now."""
        if edit.inline or (about and about in names_in(edit.text)):
            return
        for place, arguments in enumerate(self.others.get((edit.after_line, edit.function), ())):
            if arguments == edit.arguments or (about and about not in names_in(", ".join(arguments))):
                continue
            altered = self._altered(edit, arguments)
            if altered is not None:
                yield Move(draft.replacing(edit, altered), 0.1 + 0.05 * place, why)

    def _partners(self, draft: Draft, edit: Edit, why: str) -> Iterator[Move]:
        wanted = RECEIVES if edit.function in SENDS else SENDS if edit.function in RECEIVES else frozenset[str]()
        places = sorted((one for one in self.spare if one.function in wanted), key=lambda one: -one.probability)
        for place in places[:_MOST_PARTNERS]:
            call = partner_of(self.rules.facts, edit, place.function, place.after_line)
            added = self._edit(place.after_line, call.statement, place.probability) if call is not None else None
            if added is not None and not draft.has(added):
                yield Move(draft.adding((added,)), 0.3 * (1 - place.probability), why)

    def _mirrored(self, draft: Draft, edit: Edit, why: str) -> Iterator[Move]:
        """The arguments of a call as its partner in the draft wants them: all of them, or the ranks and tags alone."""
        wanted = RECEIVES if edit.function in SENDS else SENDS if edit.function in RECEIVES else frozenset[str]()
        others = [one for one in draft.edits if one.function in wanted and len(one.arguments) >= 6]
        others.sort(key=lambda one: (one.arguments[0] != edit.arguments[0], abs(one.after_line - edit.after_line)))
        said = {edit.arguments}
        for other in others[:_MOST_PARTNERS] if not edit.inline else ():
            call = partner_of(self.rules.facts, other, edit.function, edit.after_line)
            if call is None:
                continue
            peers = (*edit.arguments[:3], *call.arguments[3:6], *edit.arguments[6:])
            for arguments, cost in ((peers, 0.1), ((*call.arguments[:6], *edit.arguments[6:]), 0.2)):
                altered = self._altered(edit, arguments) if arguments not in said else None
                said.add(arguments)
                if altered is not None:
                    yield Move(draft.replacing(edit, altered), cost, why)

    def _recounted(self, draft: Draft, edit: Edit, why: str) -> Iterator[Move]:
        """A count that is larger than its buffer becomes what the buffer holds."""
        signature = self.rules.signatures.get(edit.function)
        function = self.rules.facts.tree.function_at(edit.after_line + 1)
        if signature is None or function is None or edit.inline or len(edit.arguments) != len(signature.parameters):
            return
        extents = {life.name: life.extent for life in lives_of(self.rules.facts, function)}
        for buffer, _ in buffers_with_datatypes(signature):
            name = re.match(r"&?\s*([A-Za-z_]\w*)", edit.arguments[buffer])
            extent = extents.get(name[1], "") if name else ""
            if not extent or signature.parameters[buffer + 1].type != "int":
                continue
            arguments = list(edit.arguments)
            arguments[buffer + 1] = extent
            altered = self._altered(edit, tuple(arguments))
            if altered is not None:
                yield Move(draft.replacing(edit, altered), 0.1, why)

    def _altered(self, edit: Edit, arguments: tuple[str, ...]) -> Edit | None:
        """The call with other arguments, where the rules let it pass."""
        found = self._edit(edit.after_line, f"{edit.function}({', '.join(arguments)});", edit.confidence)
        return found.model_copy(update={"origin": edit.origin}) if found is not None else None

    def _swaps(self, draft: Draft, edit: Edit, why: str) -> Iterator[Move]:
        """The call with its neighbour, where both go to one place."""
        for first, second in zip(draft.edits, draft.edits[1:], strict=False):
            beside = first.after_line == second.after_line and not first.inline and not second.inline
            if beside and (first is edit or second is edit) and not {first.function, second.function} & _KEPT:
                yield Move(draft.swapping(first, second), 0.05, why)

    def _hoisted(self, draft: Draft, edit: Edit, why: str) -> Iterator[Move]:
        """A collective in a rank's branch, behind that branch and before it."""
        if edit.inline:
            return
        tree = self.rules.facts.tree
        function = tree.function_at(edit.after_line + 1)
        branch = _rank_branch(self.rules, edit) if function is not None else None
        if branch is None:
            return
        for line in (branch[1], branch[0] - 1):
            moved = self._edit(line, edit.text, edit.confidence)
            if moved is not None:
                yield Move(draft.replacing(edit, moved.model_copy(update={"origin": edit.origin})), 0.15, why)

    def _earlier(self, draft: Draft, edit: Edit, why: str) -> Iterator[Move]:
        """MPI_Init before the call, or the call behind MPI_Init."""
        first = next((one for one in draft.edits if one.function in {"MPI_Init", "MPI_Init_thread"}), None)
        for old, line in ((first, edit.after_line), (edit, first.after_line if first else 0)):
            moved = self._edit(line, old.text, old.confidence) if old is not None and not old.inline else None
            if old is not None and moved is not None:
                yield Move(draft.replacing(old, moved.model_copy(update={"origin": old.origin})), 0.1, why)

    def _waits(self, draft: Draft, edit: Edit, why: str) -> Iterator[Move]:
        last = max((one.after_line for one in draft.edits if one.function in _STARTED), default=edit.after_line)
        spare = [one for one in self.spare if one.function == "MPI_Wait" and one.after_line >= edit.after_line]
        likely = sorted(spare, key=lambda one: -one.probability)[:2]
        lines = dict.fromkeys([*(one.after_line for one in likely), last, edit.after_line])
        for line in lines:
            added = self._edit(line, f"MPI_Wait({edit.arguments[-1]}, MPI_STATUS_IGNORE);", 0.3)
            if added is not None:
                yield Move(draft.adding((added,)), 0.2, why)

    def _alike(self, draft: Draft, finding: Finding, edit: Edit, others: Sequence[Edit | None], why: str) -> Iterator[Move]:
        """The parameter in which two calls differ, taken from the other."""
        name = _ALIKE.get(finding.kind)
        for other in others:
            if name is None or other is None:
                continue
            mine, theirs = self._position(edit, name), self._position(other, name)
            if mine is not None and theirs is not None:
                arguments = list(edit.arguments)
                arguments[mine] = other.arguments[theirs]
                altered = self._altered(edit, tuple(arguments))
                if altered is not None and not edit.inline:
                    yield Move(draft.replacing(edit, altered), 0.1, why)

    def _position(self, edit: Edit, parameter: str) -> int | None:
        signature = self.rules.signatures.get(edit.function)
        names = [one.name for one in signature.parameters] if signature is not None else []
        return names.index(parameter) if parameter in names and len(edit.arguments) == len(names) else None

    def _aimed(self, draft: Draft, names: Sequence[str], *, sends: bool) -> Iterator[Move]:
        """Calls that receive what nobody gave a value, or send what nobody reads, instead of what they do now."""
        facts, signatures = self.rules.facts, self.rules.signatures
        for name in names[:_MOST_NAMES]:
            for edit in draft.edits:
                yield from self._otherwise(draft, edit, f"unread: {name}" if sends else f"unset: {name}", name)
                for arguments in aimed(facts, signatures, edit, name, sends=sends) if not edit.inline else ():
                    altered = self._altered(edit, arguments)
                    if altered is not None:
                        yield Move(draft.replacing(edit, altered), 0.15, f"unread: {name}" if sends else f"unset: {name}")

    def _from_reserve(self, draft: Draft, unset: set[str]) -> Iterator[Move]:
        """Calls in reserve, those first that name what nobody has given a value, or reads."""
        fresh = [pack for pack in self.packs if not any(draft.has(edit) for edit in pack)]
        fresh.sort(key=lambda pack: (not any(unset & names_in(edit.text) for edit in pack), -min(e.confidence for e in pack)))
        for pack in fresh[:_MOST_PACKS]:
            yield Move(draft.adding(pack), 0.3 * (1 - min(edit.confidence for edit in pack)), "reserve")
            # The model may have the same call elsewhere.
            same = [edit for edit in draft.edits if edit.function == pack[0].function and not edit.inline]
            if len(pack) == 1 and len(same) == 1 and same[0].function not in _KEPT:
                yield Move(draft.replacing(same[0], pack[0]), 0.15, "reserve", ())

    def _edit(self, line: int, text: str, confidence: float) -> Edit | None:
        """A call that passes the rules where it was meant to stand."""
        try:
            placed = self.rules.check(line, text, inline=False)
        except RuleBroken:
            return None
        if placed.after_line != line:
            return None
        call = placed.call
        return Edit(
            after_line=line,
            text=call.statement,
            function=call.function,
            arguments=call.arguments,
            confidence=round(confidence, 4),
            origin="rule",
        )


def _name_of(variable: tuple[str, str, int], text: str) -> str:
    """The name of a variable; memory goes by the pointer that it is assigned to where it is allocated."""
    _, name, line = variable
    if re.fullmatch(r"\w+", name):
        return name
    lines = text.split("\n")
    match = re.search(r"(\w+)\s*=[^=]", lines[line - 1]) if 0 < line <= len(lines) else None
    return match[1] if match else ""


def _rank_branch(rules: Rules, edit: Edit) -> tuple[int, int] | None:
    """First and last line of the outermost statement around a call whose condition is about the rank."""
    facts = rules.facts
    tree = facts.tree
    function = tree.function_at(edit.after_line + 1)
    if function is None:
        return None
    roles = Roles(facts, function)
    byte = tree.offset_after(edit.after_line)
    node, found = tree.root.descendant_for_byte_range(byte, byte), None
    while node is not None:
        if node.type == "if_statement":
            condition = node.child_by_field_name("condition")
            text = condition.text.decode(errors="replace") if condition is not None and condition.text else ""
            if names_in(text) & roles.rank_names:
                found = node
        node = node.parent
    if found is None:
        return None
    statement = statement_at(tree, found.start_byte)
    return (statement.first_line, statement.last_line) if statement is not None else None
