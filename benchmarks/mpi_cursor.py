"""One call at the cursor: how often the call that stood there is ranked first, among three, and how long it takes.

``python benchmarks/mpi_cursor.py --mirrors FOLDER [--list TSV] [--calls N] [--budget S] [--verify]``: of each program of the
development list (the default) single calls are removed, chosen by their hash, and asked for with the cursor on the emptied line;
others stay. Setup (Init, Comm_rank, Comm_size, Finalize) is left out: it is what rules know. The weights are loaded
beforehand. ``--verify`` adds a row in which the first call is also run against the original at two ranks, with the share that is
verified.
Limits: one machine's seconds; a call is compared by its function, and as a whole by its text without blanks.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mpi_programs import LIST, Pair, read_list, read_program

from codepar.engine.factory import open_generator
from codepar.errors import CodeparError
from codepar.flows.complete import complete
from codepar.flows.mpi_request import MpiCompletionRequest
from codepar.mpi.calls import Form, find_calls
from codepar.protocols import Executor, Generator, SilentProgress
from codepar.settings import Settings
from codepar.syntax.tree import parse
from worker.executor import open_executor

DEVELOPMENT = LIST.with_name("mpi_programs_dev.tsv")
_SETUP = frozenset({"MPI_Init", "MPI_Init_thread", "MPI_Comm_rank", "MPI_Comm_size", "MPI_Finalize"})


@dataclass(frozen=True)
class Question:
    """A program without one call, the whole program, and that call. ``line`` is the emptied one."""

    path: str
    source: str
    original: str
    line: int
    function: str
    text: str


@dataclass(frozen=True)
class Answer:
    """Where the function, and the whole call, stand in the ranking (0: the first; None: nowhere)."""

    function: int | None
    whole: int | None
    seconds: float
    verified: bool = False


def questions(pair: Pair, most: int) -> list[Question]:
    """The calls of a program that are asked for, at most ``most``."""
    path, source = next(iter(pair.original.files.items()))
    found = sorted(_questions(path, source), key=lambda one: hashlib.sha256(f"{one.line}{one.text}".encode()).digest())
    return found[:most]


def _questions(path: str, source: str) -> Iterator[Question]:
    tree = parse(source, path=path)
    lines = source.split("\n")
    for call in find_calls(tree).calls:
        first, last = tree.data.count(b"\n", 0, call.start), tree.data.count(b"\n", 0, call.end - 1)
        text = tree.data[call.start : call.end].decode().strip()
        alone = (
            call.form is Form.STATEMENT
            and first == last
            and lines[first].strip().removesuffix(";").rstrip() == text.removesuffix(";")
        )
        if alone and call.function not in _SETUP:
            left = [*lines[:first], "", *lines[first + 1 :]]
            yield Question(path, "\n".join(left), source, first + 1, call.function, _plain(text))


def _plain(text: str) -> str:
    return "".join(text.split()).rstrip(";")


async def ask(
    question: Question, generator: Generator | None, budget_s: float, settings: Settings, executor: Executor | None = None
) -> Answer:
    """Ask as an editor does; nothing is run without an executor."""
    options: dict[str, object] = {
        "line": question.line,
        "verify": executor is not None,
        "budget_s": budget_s,
        "model": generator is not None,
    }
    if executor is not None:
        options |= {"reference": {"files": {question.path: question.original}}, "ranks": [2]}
    body = {"project": {"files": {question.path: question.source}}, "options": options}
    started = time.monotonic()
    answer = await complete(MpiCompletionRequest.model_validate(body), generator, executor, SilentProgress(), settings)
    seconds = time.monotonic() - started
    functions = [edit.function for edit in answer.suggestions]
    texts = [_plain(edit.text) for edit in answer.suggestions]
    return Answer(_place(question.function, functions), _place(question.text, texts), seconds, answer.verified)


def _place(wanted: str, ranked: list[str]) -> int | None:
    return ranked.index(wanted) if wanted in ranked else None


def report(name: str, answers: list[Answer]) -> str:
    """One line: shares ranked first and among three, seconds."""
    times = sorted(one.seconds for one in answers)

    def share(places: list[int | None], within: int) -> float:
        return sum(place is not None and place < within for place in places) / len(answers)

    functions, wholes = [one.function for one in answers], [one.whole for one in answers]
    p50, p95 = times[(len(times) - 1) // 2], times[min(len(times) - 1, -(-len(times) * 95 // 100) - 1)]
    return (
        f"{name:8}{len(answers):5} calls   function first {share(functions, 1):.2f}, among three {share(functions, 3):.2f}   "
        f"whole call first {share(wholes, 1):.2f}, among three {share(wholes, 3):.2f}   p50 {p50:.2f} s, p95 {p95:.2f} s"
        + (f"   verified {sum(verified) / len(answers):.2f}" if any(verified := [one.verified for one in answers]) else "")
    )


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mirrors", type=Path, required=True, help="folder of the repositories' git folders")
    parser.add_argument("--list", type=Path, default=DEVELOPMENT)
    parser.add_argument("--calls", type=int, default=2, help="calls a program")
    parser.add_argument("--limit", type=int, help="programs, the first by their hashes")
    parser.add_argument("--verify", action="store_true", help="also with the first call run against the original")
    parser.add_argument("--budget", type=float, default=10.0, help="seconds for the language model")
    arguments = parser.parse_args()
    settings = Settings()
    asked: list[Question] = []
    for entry in sorted(read_list(arguments.list), key=lambda one: one.sha256)[: arguments.limit]:
        try:
            asked += questions(read_program(entry, arguments.mirrors), arguments.calls)
        except CodeparError as error:
            print(f"{entry.name}: left out: {error}")
    rules = [await ask(question, None, arguments.budget, settings) for question in asked]
    print(report("rules", rules), flush=True)
    generator = await open_generator(settings)
    try:
        await ask(asked[0], generator, 600.0, settings)
        print(report("default", [await ask(question, generator, arguments.budget, settings) for question in asked]), flush=True)
        if arguments.verify:
            executor = open_executor(settings, trusted=False)
            print(report("verified", [await ask(one, generator, arguments.budget, settings, executor) for one in asked]))
    finally:
        await generator.close()


if __name__ == "__main__":
    asyncio.run(_main())
