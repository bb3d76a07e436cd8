"""What becomes of the answers: the text a person reads, the files they changed or made, and what did not fit together.

Limits: types alone; ``codepar.prompts.merge`` fills them.
"""

from __future__ import annotations

from enum import StrEnum

from codepar.protocols import Record


class Form(StrEnum):
    """Where an answer went."""

    SPLICED = "spliced"
    """Its code took the place of the item in the file."""
    NEW_CODE = "new_code"
    """Its code went into a new file, beside that of other items."""
    TEXT = "text"
    """It is read as it is."""


class FindingKind(StrEnum):
    """What did not fit."""

    NO_CODE = "no_code"
    """An answer that should bring the item anew does not define it."""
    BROKEN = "broken"
    """The code of an answer lacks a bracket or an end."""
    DUPLICATE_SYMBOL = "duplicate_symbol"
    """Two answers define one name differently; the first stays."""
    UNASKED = "unasked"
    """An answer that should only comment the code changes it."""
    FOREIGN = "foreign"
    """An answer also rewrites what it was not asked for; that part is left out."""
    EXAMPLE = "example"
    """An answer brings a main program or calls to try it; that part is left out."""
    SAME_ANSWER = "same_answer"
    """Two of several variants are the same after formatting."""
    CONFLICT = "conflict"
    """It compiles by itself, but not beside the others."""


class MergeFinding(Record):
    """One remark. ``items`` are ids, the one it is about first."""

    kind: FindingKind
    items: tuple[str, ...]
    message: str

    @property
    def keeps_out(self) -> bool:
        """Whether the code of the first item is not in the files."""
        return self.kind not in {FindingKind.FOREIGN, FindingKind.EXAMPLE, FindingKind.SAME_ANSWER}


class Placement(Record):
    """How one answer was used. ``file`` is the file that holds its code."""

    item: str
    form: Form
    file: str | None = None


class Merged(Record):
    """``text`` has every answer under its item, in the order of the items; ``files`` the changed and the new files, whole."""

    text: str
    files: dict[str, str]
    placements: tuple[Placement, ...]
    findings: tuple[MergeFinding, ...] = ()

    def finding_of(self, item: str) -> MergeFinding | None:
        """Why the code of an item is not in the files; None where it is."""
        return next((one for one in self.findings if one.keeps_out and one.items[0] == item), None)
