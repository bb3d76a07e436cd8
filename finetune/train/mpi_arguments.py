"""The task `mpi-arguments`: a function whose MPI calls are placed and named; answered are the arguments of them all.

The texts are those of `codepar.mpi.argument_list`, which asks with them. Limits: one sample a function with a call that has
parameters; the arguments are taken as the program's author wrote them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from codepar.errors import NotFound
from codepar.mpi.argument_list import PlacedCall, Question, questions
from codepar.mpi.stripped import Stripped
from codepar.syntax.language import Language
from codepar.syntax.tree import parse
from finetune.train.tasks import Part, Sample

_STARTS = frozenset({"MPI_Init", "MPI_Init_thread"})
_LANGUAGES = {"c": Language.C, "cpp": Language.CXX}


class MpiArguments:
    """Samples from a corpus of `codepar finetune corpus`. Functions that start MPI may fill more of a repository's share."""

    name = "mpi-arguments"
    summary = "the arguments of the MPI calls of a C or C++ function, the calls placed and named, as a numbered list"
    caps = {"main": 60_000, "other": 15_000}  # noqa: RUF012 - the protocol's attribute, never changed

    def samples(self, corpus: Path, part: Part) -> Iterator[Sample]:
        import datasets

        folder = corpus / "data" / part
        if not folder.is_dir():
            raise NotFound(f"{folder} does not exist", remedy="codepar finetune corpus -o FOLDER")
        for row in datasets.load_from_disk(str(folder)).select_columns(["repository", "language", "stripped"]):
            stripped = Stripped.model_validate_json(row["stripped"])
            for sample in samples_of(stripped, _LANGUAGES[row["language"]]):
                yield sample.model_copy(update={"repository": row["repository"]})


def samples_of(stripped: Stripped, language: Language) -> Iterator[Sample]:
    """The samples of one program."""
    calls = [PlacedCall.of(call) for call in stripped.calls]
    for question in questions(parse(stripped.source, language), calls):
        answer = question.answer([stripped.calls[number].arguments for number in question.asked])
        yield Sample(prompt=question.text, answer=answer, repository="", share=_share(question))


def _share(question: Question) -> str:
    is_main = bool(_STARTS & set(question.functions)) or question.name.split("(")[0].strip() == "main"
    return "main" if is_main else "other"
