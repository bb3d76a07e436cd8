"""The arguments of all calls of a function in one answer: what a model is asked, what it answers, how the answer is read.

Asked is the function's outline with the placed calls as numbered lines (`MPI_Bcast(#3);`), then `---`; answered is one line a
call: `#3 &n, 1, MPI_INT, 0, MPI_COMM_WORLD`. A model is trained on exactly these texts (`finetune/train/mpi_arguments.py`): keep
them as they are. Limits: C and C++; globals and macros of the file are not shown; a function that is longer than the model's
context is not asked about, and its calls stay without arguments. Whether an argument makes sense is another's work (the rules).
"""

from __future__ import annotations

import asyncio
import re
import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

from codepar.mpi.outline import HOLE_TEXT, Outline, Site, outlines
from codepar.mpi.stripped import RemovedCall
from codepar.protocols import Generation, Generator, Grammar, Prompt, Sampling
from codepar.syntax.language import Language
from codepar.syntax.tree import SyntaxTree, parse

SEPARATOR = "---\n"
WITHOUT_PARAMETERS = frozenset({"MPI_Finalize", "MPI_Wtime", "MPI_Wtick", "MPI::Finalize", "MPI::Wtime", "MPI::Wtick"})
"""Calls that are shown as they are and asked nothing about."""

_INDENT = "  "
_CALLED = "asked_call"
_TOKENS_A_CALL = 72
"""Room for one line of an answer: twice what the longest calls (`MPI_Sendrecv`, twelve arguments) take as a rule."""

_LINE = re.compile(r"\s*#(?P<number>\d+)[ \t]?(?P<arguments>.*)")


class Placed(Protocol):
    """A call whose place is known. ``start``: the byte of the stripped program that it stands before, or where its hole begins.

    ``sites.Located`` is one as it is.
    """

    @property
    def function(self) -> str: ...

    @property
    def start(self) -> int: ...

    @property
    def inline(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class PlacedCall:
    """The plainest ``Placed``."""

    function: str
    start: int
    inline: bool

    @classmethod
    def of(cls, call: RemovedCall) -> Self:
        """Where a removed call stood."""
        return cls(call.function, call.span[0], call.inline)


@dataclass(frozen=True, slots=True)
class Question:
    """One function with its calls. Call number n of the text is ``calls[asked[n - 1]]`` of what ``questions`` was given."""

    name: str
    text: str
    asked: tuple[int, ...]
    functions: tuple[str, ...]

    def answer(self, arguments: Sequence[Sequence[str]]) -> str:
        """The text that answers with ``arguments[n - 1]`` for call number n."""
        return "".join(f"#{number} {_joined(some)}\n" for number, some in enumerate(arguments, start=1))

    def read(self, text: str, *, is_whole: bool = True) -> dict[int, tuple[str, ...]]:
        """The arguments by call number.

        What an answer lacks, or spells so that it is no list of arguments, is absent; of a number given twice the first counts;
        numbers that were not asked for are passed over. ``is_whole`` False: the last line was cut off and does not count unless
        it ends.
        """
        found: dict[int, tuple[str, ...]] = {}
        lines = text.split("\n")
        for line in lines if is_whole else lines[:-1]:
            match = _LINE.fullmatch(line)
            number = int(match["number"]) if match else 0
            if match is None or not 1 <= number <= len(self.asked) or number in found:
                continue
            arguments = _split(self.functions[number - 1], match["arguments"].strip())
            if arguments is not None:
                found[number] = arguments
        return found


def _joined(arguments: Sequence[str]) -> str:
    return ", ".join(" ".join(argument.split()) for argument in arguments)


def _split(function: str, arguments: str) -> tuple[str, ...] | None:
    """The arguments of a list, or None where it is no such list."""
    statement = f"void f() {{ {_CALLED}({arguments}); }}"
    tree = parse(statement, Language.CXX)
    outermost = next((call for call in tree.calls if call.function == _CALLED), None)
    if tree.errors or len(tree.statements) != 1 or outermost is None:
        return None
    if outermost.span.end != len(statement.encode()) - len("; }"):
        return None
    found = tuple(_joined([argument]) for argument in outermost.arguments)
    return found if found or _may_be_empty(function) else None


def _may_be_empty(function: str) -> bool:
    """Methods of the C++ bindings may have no parameter left; every C function that is asked about has one."""
    return "." in function or "::" in function or "->" in function


@dataclass(slots=True)
class _Slots:
    """The calls of one line of an outline, by their place among all calls."""

    before: list[int] = field(default_factory=list)
    holes: dict[int, int] = field(default_factory=dict)


def questions(tree: SyntaxTree, calls: Sequence[Placed]) -> list[Question]:
    """One question for each function that holds a call with parameters, in the order of the file.

    Calls outside functions, and holes that the outline does not show, are in none.
    """
    found = outlines(tree)
    placed = _places(tree, found, calls)
    asked = [_question(outline, slots, calls) for outline, slots in zip(found, placed, strict=True) if slots]
    return [question for question in asked if question.asked]


def _places(tree: SyntaxTree, found: Sequence[Outline], calls: Sequence[Placed]) -> list[dict[int, _Slots]]:
    """For each outline the calls by line."""
    bodies = [(node.start_byte, node.end_byte) for node in tree.capture("(function_definition) @it")]
    statements = [(site.start, index, site) for index, one in enumerate(found) for site in one.sites if site.hole is None]
    holes = {site.start: (index, site) for index, one in enumerate(found) for site in one.sites if site.hole is not None}
    starts = [start for start, _, _ in statements]
    slots: list[dict[int, _Slots]] = [{} for _ in found]
    for number, call in enumerate(calls):
        place = holes.get(call.start) if call.inline else _before(call.start, starts, statements, bodies)
        if place is None:
            continue
        index, site = place
        here = slots[index].setdefault(site.line, _Slots())
        if site.hole is None:
            here.before.append(number)
        else:
            here.holes[site.hole] = number
    return slots


def _before(
    start: int, starts: list[int], statements: list[tuple[int, int, Site]], bodies: list[tuple[int, int]]
) -> tuple[int, Site] | None:
    """The first site at or after ``start``, if one function holds both."""
    at = bisect_left(starts, start)
    if at == len(starts):
        return None
    site_start, index, site = statements[at]
    return (index, site) if any(first <= start and site_start < last for first, last in bodies) else None


def _question(outline: Outline, slots: Mapping[int, _Slots], calls: Sequence[Placed]) -> Question:
    lines: list[str] = []
    asked: list[int] = []

    def shown(number: int) -> str:
        function = calls[number].function
        if function in WITHOUT_PARAMETERS:
            return f"{function}()"
        asked.append(number)
        return f"{function}(#{len(asked)})"

    for number, line in enumerate(outline.lines):
        here = slots.get(number, _Slots())
        indentation = line[: len(line) - len(line.lstrip(" "))] + (_INDENT if line.lstrip() == "}" else "")
        lines += [f"{indentation}{shown(call)};" for call in here.before]
        parts = line.split(HOLE_TEXT)
        filled = [shown(here.holes[index]) if index in here.holes else HOLE_TEXT for index in range(len(parts) - 1)]
        lines.append("".join(part + hole for part, hole in zip(parts, [*filled, ""], strict=True)))
    text = "".join(f"{line}\n" for line in lines) + SEPARATOR
    return Question(outline.name, text, tuple(asked), tuple(calls[number].function for number in asked))


def answer_grammar(question: Question, arities: Mapping[str, int]) -> Grammar:
    """What an answer may look like (EBNF): every number once and in order, each with as many arguments as ``arities`` says.

    A function that ``arities`` lacks may have any number of them.
    """
    rules = [
        'blank ::= " "?',
        "mark ::= [^,()\\[\\]{}\"'\\n ]",
        'string ::= "\\"" ([^"\\\\\\n] | "\\\\" [^\\n])* "\\""',
        'character ::= "\'" ([^\'\\\\\\n] | "\\\\" [^\\n]) "\'"',
        'inner ::= (mark | string | character | group | "," | " ")*',
        'group ::= "(" inner ")" | "[" inner "]" | "{" inner "}"',
        "atom ::= mark | string | character | group",
        "argument ::= atom (blank atom)*",
    ]
    lines = [_line_rule(number, arities.get(name)) for number, name in enumerate(question.functions, start=1)]
    return Grammar(kind="ebnf", text="\n".join([f"root ::= {' '.join(lines)}", *rules]) + "\n")


def _line_rule(number: int, arity: int | None) -> str:
    arguments = 'argument (", " argument)*' if arity is None else ' ", " '.join(["argument"] * arity)
    return f'"#{number} " {arguments} "\\n"'


async def fill_arguments(
    tree: SyntaxTree,
    calls: Sequence[Placed],
    generator: Generator,
    *,
    budget_s: float,
    arities: Mapping[str, int] | None = None,
) -> list[tuple[str, ...] | None]:
    """The arguments of each call, in order; None where the model gave none in ``budget_s``.

    ``tree`` is the stripped program, ``generator`` a model trained for this task. All functions are asked side by side. With
    ``arities`` (parameters by function) an answer is held to them where the backend takes grammars. Raises what the engine
    raises, except that it refuses a function as too long.
    """
    deadline = time.monotonic() + budget_s
    found: list[tuple[str, ...] | None] = [() if call.function in WITHOUT_PARAMETERS else None for call in calls]
    asked = questions(tree, calls)
    capabilities = await generator.capabilities()
    is_bound = arities is not None and "ebnf" in capabilities.grammar
    grammars = [answer_grammar(question, arities or {}) if is_bound else None for question in asked]
    rooms = [capabilities.context_tokens - await generator.count_tokens(question.text) - 1 for question in asked]
    answers = await asyncio.gather(
        *(
            _ask(generator, question, grammar, room, deadline)
            for question, grammar, room in zip(asked, grammars, rooms, strict=True)
        )
    )
    for question, answer in zip(asked, answers, strict=True):
        if answer is not None:
            read = question.read(answer.text, is_whole=answer.finish_reason == "stop")
            for number, arguments in read.items():
                found[question.asked[number - 1]] = arguments
    return found


async def _ask(
    generator: Generator, question: Question, grammar: Grammar | None, room: int, deadline: float
) -> Generation | None:
    """One answer; None where the context has no ``room`` (tokens) for it, or no time is left."""
    budget_s = deadline - time.monotonic()
    if room <= len(question.asked) or budget_s <= 0:
        return None
    tokens = min(_TOKENS_A_CALL * len(question.asked), room)
    return await generator.complete(Prompt(text=question.text), Sampling(max_tokens=tokens, grammar=grammar, budget_s=budget_s))
