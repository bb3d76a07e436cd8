"""The tasks `musl-translator` and `musl-tester`: what a round of `codepar finetune musl` kept, as prompts and answers.

Limits: a corpus is the folder that a round wrote for the role (`rows.jsonl`); its texts are made by ``finetune.musl.forms``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from codepar.errors import NotFound
from finetune.musl.files import read_rows
from finetune.musl.forms import samples_of_pair, samples_of_tests
from finetune.musl.rows import PairRow, TestsRow
from finetune.train.tasks import Part, Sample

ROWS_FILE = "rows.jsonl"


class MuslTranslator:
    """C to CUDA and back, from verified pairs."""

    name = "musl-translator"
    summary = "sequential C to a CUDA kernel and a CUDA kernel back to sequential C, from pairs that the strict verdict passed"

    def samples(self, corpus: Path, part: Part) -> Iterator[Sample]:
        for row in read_rows(_file(corpus), PairRow):
            if row.split == part:
                yield from samples_of_pair(row)


class MuslTester:
    """Test inputs for a C function, from sets that notice planted faults."""

    name = "musl-tester"
    summary = "inputs for a sequential C function, as JSON, from sets that notice the empty kernel and other planted faults"

    def samples(self, corpus: Path, part: Part) -> Iterator[Sample]:
        for row in read_rows(_file(corpus), TestsRow):
            if row.split == part:
                yield from samples_of_tests(row)


def _file(corpus: Path) -> Path:
    path = corpus / ROWS_FILE
    if not path.is_file():
        raise NotFound(f"{path} does not exist", remedy="codepar finetune musl writes it in each round")
    return path
