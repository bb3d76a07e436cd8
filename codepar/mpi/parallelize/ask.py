"""The conversation with a language model that turns a serial program into an MPI program, and what it is told of a failure.

Limits: written for instruct models, with one worked example; what does not fit the context is left out in the order example,
earlier answer, and a program that still does not fit is the caller's to refuse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codepar.protocols import Capabilities, Message, Prompt, Status, Verdict

SYSTEM = """You turn a serial C or C++ program into an MPI program that does the same work in parallel. Rules:
- It prints exactly what the serial program prints, at any number of ranks, also 1, 2, 3 and 4. Only rank 0 prints.
- Every rank computes its own share of the loops that take the time. The number of iterations need not be a multiple of the ranks.
- Results are combined with calls such as MPI_Reduce, MPI_Gatherv or MPI_Bcast.
- MPI_Init comes first in main, MPI_Finalize before it returns. Keep the other functions as they are where you can.
Answer with the whole program in a code block, nothing else."""

EXAMPLE_SERIAL = """#include <stdio.h>

#define N 1000

static double term(int i)
{
    return 1.0 / (i + 1.0);
}

int main(void)
{
    double sum = 0.0;
    for (int i = 0; i < N; i++)
        sum += term(i);
    printf("sum %.6f\\n", sum);
    return 0;
}
"""
EXAMPLE_PARALLEL = """#include <mpi.h>
#include <stdio.h>

#define N 1000

static double term(int i)
{
    return 1.0 / (i + 1.0);
}

int main(int argc, char **argv)
{
    int rank, size;
    double part = 0.0, sum = 0.0;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    for (int i = rank; i < N; i += size)
        part += term(i);
    MPI_Reduce(&part, &sum, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0)
        printf("sum %.6f\\n", sum);
    MPI_Finalize();
    return 0;
}
"""
_MAX_FINDINGS = 8
_MAX_LINE = 300
_ADVICE = {
    Status.COMPILE_ERROR: "It does not compile.",
    Status.DEADLOCK: "It deadlocks: ranks wait for each other for ever.",
    Status.TIMEOUT: "It does not end in time.",
    Status.WRONG_OUTPUT: "It prints something else than the serial program.",
    Status.NOT_PARALLEL: "It is not parallel: the ranks must share the work and exchange their results.",
    Status.RUNTIME_ERROR: "It ends with an error.",
}


@dataclass(frozen=True)
class Failure:
    """What became of an answer: its text and the verdict that failed, or the ``problem`` that kept it from being run."""

    answer: str
    files: Mapping[str, str]
    verdict: Verdict | None = None
    problem: str | None = None


def conversation(files: Mapping[str, str], failure: Failure | None, *, example: bool = True) -> tuple[Message, ...]:
    """The turns so far: the task, an example, the program and, in a repair round, the last answer and what is wrong with it."""
    turns = [Message(role="system", content=SYSTEM)]
    if example:
        turns += [
            Message(role="user", content=show({"main.c": EXAMPLE_SERIAL})),
            Message(role="assistant", content=_block(EXAMPLE_PARALLEL)),
        ]
    turns.append(Message(role="user", content=show(files)))
    if failure is not None:
        turns += [Message(role="assistant", content=failure.answer), Message(role="user", content=explain(failure))]
    return tuple(turns)


def prompt_of(turns: Sequence[Message], capabilities: Capabilities) -> Prompt:
    """The turns as a chat; as one text for a model without."""
    if capabilities.chat:
        return Prompt(messages=tuple(turns))
    return Prompt(text=text_of(turns))


def text_of(turns: Sequence[Message]) -> str:
    """The turns as one text that ends where the answer begins."""
    heads = {"system": "", "user": "### Program\n", "assistant": "### MPI program\n"}
    return "\n\n".join(heads[turn.role] + turn.content for turn in turns) + "\n\n### MPI program\n"


def show(files: Mapping[str, str]) -> str:
    """A project's sources as blocks, named when there are several."""
    if len(files) == 1:
        return _block(next(iter(files.values())))
    named = "\n".join(f"{path}\n{_block(text)}" for path, text in files.items())
    return f"{named}\nAnswer with every file that changes, each in a block of its own under its name."


def _block(code: str) -> str:
    return f"```c\n{code}{'' if code.endswith(chr(10)) else chr(10)}```"


def explain(failure: Failure) -> str:
    """What is wrong, with the compiler's lines, the deadlock's report or the line of output that differs."""
    lines = [failure.problem[0].upper() + failure.problem[1:] + "."] if failure.problem else []
    verdict = failure.verdict
    if verdict is not None:
        lines.append(_ADVICE.get(verdict.status, f"It ends as {verdict.status}."))
        where = f"At {verdict.ranks} rank{'' if verdict.ranks == 1 else 's'}"
        if verdict.status is not Status.COMPILE_ERROR and verdict.reason:
            lines.append(f"{where}: {verdict.reason[:_MAX_LINE]}")
        lines += _findings(verdict, failure.files)
    return "\n".join([*lines, "Answer with the whole corrected program in a code block."])


def _findings(verdict: Verdict, files: Mapping[str, str]) -> list[str]:
    said = []
    for found in verdict.diagnostics:
        place = f"{found.file}:{found.line}: " if found.file and found.line else ""
        line = f"- {place}{found.message[:_MAX_LINE]}"
        source = _source_line(files, found.file, found.line)
        text = f"{line}\n    {source}" if source else line
        if found.kind != "note" and text not in said:
            said.append(text)
    return said[:_MAX_FINDINGS]


def _source_line(files: Mapping[str, str], path: str | None, number: int | None) -> str:
    lines = files.get(path or "", "").split("\n")
    return lines[number - 1].strip()[:_MAX_LINE] if number and number <= len(lines) else ""
