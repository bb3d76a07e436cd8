"""The prompt that asks for all missing calls of a file, and the one that asks for the call at the cursor.

Limits: made for an untrained instruct model with one worked example; a trained model needs the numbered code alone
(``raw_prompt``). A file that does not fit the context is cut around its ``main``, which the caller is told.
"""

from __future__ import annotations

from dataclasses import dataclass

from codepar.mpi.apply import lines_of
from codepar.mpi.labels import Label, encode_labels
from codepar.mpi.stripped import Stripped
from codepar.protocols import Capabilities, Message, Prompt

CHARACTERS_A_TOKEN = 2.4
"""C code with line numbers has at least this many characters a token in the tokenizers in use."""

_TASK = (
    "You complete C and C++ programs whose MPI calls were removed. The lines are numbered. "
    "Answer with one line: the word parallel, then each missing call as (L k, call), "
    "meaning the k-th call inserted after line L. Use only variables of the program."
)
_EXAMPLE_CODE = """#include <stdio.h>
#include <mpi.h>
int main(int argc, char **argv)
{
  int id, procs, n = 0;
  double part, total;
  if (id == 0)
    scanf("%d", &n);
  part = (double) n / procs * id;
  if (id == 0)
    printf("%f\\n", total);
  return 0;
}
"""
_EXAMPLE_LABELS = (
    Label(6, 1, "MPI_Init(&argc, &argv);"),
    Label(6, 2, "MPI_Comm_rank(MPI_COMM_WORLD, &id);"),
    Label(6, 3, "MPI_Comm_size(MPI_COMM_WORLD, &procs);"),
    Label(8, 1, "MPI_Bcast(&n, 1, MPI_INT, 0, MPI_COMM_WORLD);"),
    Label(9, 1, "MPI_Reduce(&part, &total, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);"),
    Label(11, 1, "MPI_Finalize();"),
)


@dataclass(frozen=True)
class Asked:
    """A prompt and whether the whole file is in it."""

    prompt: Prompt
    whole: bool


def number_lines(source: str) -> str:
    """``12: code`` for each line, 1-based."""
    return "\n".join(f"{number}: {line.rstrip()}" for number, line in enumerate(lines_of(source), start=1))


def raw_prompt(source: str) -> Prompt:
    """The numbered program alone, as a trained model sees it; the answer is appended to it."""
    return Prompt(text=f"{number_lines(source)}\n")


def ask_for_calls(source: str, capabilities: Capabilities, answer_tokens: int) -> Asked:
    """The prompt for one file, as a chat where the model has one, within its context."""
    room = int((capabilities.context_tokens - answer_tokens) * CHARACTERS_A_TOKEN) - 1200
    numbered = number_lines(source)
    whole = len(numbered) <= room
    if not whole:
        numbered = numbered[: max(room, 0)].rsplit("\n", 1)[0]
    if not capabilities.chat:
        return Asked(
            Prompt(text=f"{_TASK}\n\n{number_lines(_EXAMPLE_CODE)}\n{encode_labels(_EXAMPLE_LABELS)}\n\n{numbered}\n"), whole
        )
    messages = (
        Message(role="system", content=_TASK),
        Message(role="user", content=number_lines(_EXAMPLE_CODE)),
        Message(role="assistant", content=encode_labels(_EXAMPLE_LABELS).strip()),
        Message(role="user", content=numbered),
    )
    return Asked(Prompt(messages=messages), whole)


def labels_of(stripped: Stripped) -> list[Label]:
    """What a model should answer on a stripped program: the training target. A hole is named by the line before it."""
    labels: list[Label] = []
    for call in stripped.calls:
        before = call.after_line - 1 if call.inline else call.after_line
        ordinal = 0 if call.inline else 1 + sum(label.line == before and label.ordinal > 0 for label in labels)
        labels.append(Label(before, ordinal, f"{call.function}({', '.join(call.arguments)});"))
    return labels
