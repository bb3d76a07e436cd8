"""What a request decomposes into: items with their places in the text, edges between them, or the reason for keeping it whole.

These types are the wire shape of ``codepar split --plan`` and of ``POST /v1/decompositions``. The words below are the definitions
that the benchmark ``codepp`` is labelled by (docs/codepp.md has examples).

A request is a *prompt*, the text a person typed, and *attachments*, files by name. It is **split** when at least two items can be
answered without each other's answers, so that they may be asked side by side. Whether that pays in seconds is for the cost model,
not for ``split``. Limits: types alone; nothing here reads a prompt.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from codepar.protocols import Record

MAX_ITEMS = 10_000
Span = tuple[int, int]
"""Half-open interval ``start, end`` of BYTES of the UTF-8 text of the prompt, or of the attachment that ``Item.file`` names."""


class EdgeKind(StrEnum):
    """What the later item needs of the earlier one. ``SIGNATURE`` and ``FILE`` are discharged by a contract written before any
    call, so they do not delay an item; ``BODY`` and ``ORDER`` put it into a later wave.

    ``SIGNATURE``: the code (or the wished code) of ``to`` calls the function, or uses the type, that ``from`` is; its declaration
    suffices. Only where both items are functions, types or instructions that write them; a call of itself is no edge.
    ``FILE``: both items are files; ``to`` includes, imports or uses the module of ``from``, or calls a function it defines.
    ``BODY``: the answer to ``from`` is input of ``to``: "then optimise that", "test what you wrote in 2", "compare the results".
    ``ORDER``: the request demands that ``from`` comes before ``to`` ("first f, then g") although ``to`` needs nothing of it.
    The order of a plain list is no edge: answers are always given in the order of the items.
    """

    SIGNATURE = "signature"
    BODY = "body"
    FILE = "file"
    ORDER = "order"


class Refusal(StrEnum):
    """Why a request stays whole. Where several hold, the first of this list is given."""

    EMPTY = "empty"
    """Nothing is asked."""
    ONE_TASK = "one_task"
    """Fewer than two items: one task, however many details, requirements, steps of explanation or options it lists; lists and
    numbers that are data of the task ("4 ranks", a quoted log, a bulleted expression in code) are no items."""
    CONTRADICTION = "contradiction"
    """The request says a number of items and shows another ("these 3 functions", four follow), or names what is not there."""
    PARSE_ERROR = "parse_error"
    """The code of an item is broken, so that its end cannot be told."""
    COMPARISON = "comparison"
    """One answer over all: compare, rank, choose, combine, merge, fuse, find what they have in common or how they interact."""
    CONSTRAINT = "constraint"
    """A wish binds all items together and no item can keep it alone: "no two may share a name", "at most 100 lines in total",
    "exactly one may use atomics", "each different from the ones before". (A wish that each item can keep alone, such as "each
    below 20 lines" or "all in C99", is no obstacle; nor is one that fully says beforehand what each gets.)"""
    CHAIN = "chain"
    """Each needs the answer of the one before: "then", "after that", "the result", on the same thing or on what was made."""
    SHARED_STATE = "shared_state"
    """Functions that the request changes, translates, or runs in tests share a mutable variable of the file (global, ``static``,
    COMMON, module variable; between files ``extern``) that at least one of them writes; or one test fixture is to be shared.
    Requests that only read code (explain, document, review, state the complexity) are split nonetheless; a constant is no
    state."""
    CYCLE = "cycle"
    """Functions that the request changes or translates call each other, directly or around; one that calls itself is no cycle.
    Requests that only read or test code are split nonetheless."""
    OVERLAP = "overlap"
    """What one item is lies inside another one (a loop and the function around it, both to be changed)."""
    UNSUPPORTED = "unsupported"
    """More than ``MAX_ITEMS`` items, or a form that is not read."""


class Item(Record):
    """One thing that is answered by itself.

    What the span covers, the first rule that fits:

    1. *The request does the same to several pieces of code that are there* (in the prompt or attached): the code itself, not its
       mention. A function: its definition, from the first word of its type (``template<...>``, ``static`` and ``__global__``
       included, decorators in Python, the line of ``subroutine``/``function`` with its prefixes in Fortran) to its closing brace,
       last statement or ``end`` statement; no comment before it. ``main`` is context unless named or counted. A loop: the whole
       statement, outermost loops only unless said otherwise, without labels or pragmas before it. A class or struct: likewise,
       with its closing ``;``.
    2. *It does the same to several files*: an attachment is an item as a whole (``file`` set, span 0 to its length), a block of
       the prompt with a file's name at it by its contents without fences and headings, a file that is only named by its name.
    3. *It asks for a number of alike answers* ("10 variants", "five ideas") that it does not describe one by one: as many items
       as the number says, and each has the span of that numeral as written (``10``, ``five``, ``a dozen`` -> ``dozen``). "Three
       ideas, 2 with MPI and 1 without" has the numerals that tell the parts, not the sum. No number, no items.
    4. *It lists things by words* (functions that are not there, variants described one by one, questions, instructions that
       differ from each other, sentences to translate): each element of the list. With different instructions for each, the
       element is the instruction's words even where code is there.

    Elements of lists are without bullets, numbers, labels ("Task 1:"), separators (``,`` ``;`` ``、``), conjunctions and
    adverbs before them (``and``, ``and then``, ``also``, ``и``, ``und``), quotes or backticks around the whole, words that
    are written once for all ("write X, Y and Z", "A, B or C loops"), and a final ``.`` ``。`` ``;``; a final ``?`` or ``!``
    belongs to an element that is a question or call itself. What stands between quotes is taken whole. The row of a table
    goes from its first cell to its last, without the outer bars. What a list element contains, nested lists and code blocks
    beneath it included, belongs to it. A polite lead-in before the first element ("please", "could you") does not. No span
    begins or ends with white space; spans of different items do not overlap except by rule 3. A file or function that is
    mentioned as mere context is no item.

    ``id`` counts from "1" in the order of the text (attachments in the order of their mention, else as given). ``text`` is what
    the span covers. ``file`` names the attachment the span lies in; None is the prompt.
    """

    id: str
    text: str
    span: Span
    file: str | None = None

    @model_validator(mode="after")
    def _check_span(self) -> Self:
        start, end = self.span
        if not 0 <= start < end:
            raise ValueError(f"span {list(self.span)} must rise from 0 or more")
        if end - start != len(self.text.encode()):
            raise ValueError(f"span {list(self.span)} does not have the {len(self.text.encode())} bytes of its text")
        return self


class Edge(Record):
    """``to`` needs something of ``from_``, both ids of items. On the wire the first is named ``from``."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)

    from_: str = Field(alias="from")
    to: str
    kind: EdgeKind


class Predicted(Record):
    """Seconds that the cost model expects for the whole request asked at once, and for the plan with all its overheads."""

    serial_s: float
    parallel_s: float


Tier = Literal["high", "medium", "low"]
"""How sure the published rules would be (ParallelPrompt's validation tiers): counts, numbers, bullets or several questions; comma
lists and "for each"; else low."""


class Decomposition(Record):
    """The answer to "what are the parts of this request?". Without ``split`` there are no items and no edges.

    ``reason`` is a sentence for the person who asked, ``refusal`` its stable word where the request stays whole. ``template`` is
    the instruction for one item with ``{data}`` (and ``{context}``) in it, ``context`` what all items are given; ``category`` is
    ParallelPrompt's name for the kind of request. A closing wish over all answers that is no element of the list ("and a table of
    all results at the end") is ``reduce``, the span of its words in the prompt: no item, and no obstacle.
    """

    split: bool
    reason: str
    refusal: Refusal | None = None
    items: tuple[Item, ...] = Field(default=(), max_length=MAX_ITEMS)
    edges: tuple[Edge, ...] = ()
    reduce: Span | None = None
    template: str | None = None
    context: str = ""
    category: str = "Unknown"
    tier: Tier | None = None
    predicted: Predicted | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.split != (len(self.items) >= 2) or (not self.split and (self.items or self.edges)):
            raise ValueError("a split has two items or more, a whole request has none")
        if self.split == (self.refusal is not None):
            raise ValueError("a whole request needs a refusal, a split has none")
        known = {item.id for item in self.items}
        if len(known) != len(self.items):
            raise ValueError("two items have the same id")
        for edge in self.edges:
            if edge.from_ not in known or edge.to not in known or edge.from_ == edge.to:
                raise ValueError(f"edge {edge.from_} -> {edge.to} does not join two items")
        return self
