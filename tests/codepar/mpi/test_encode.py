"""What a model is asked, and that the right answer survives its own decoding and the rules."""

from pathlib import Path

import pytest

from codepar.mpi.complete import Completer
from codepar.mpi.encode import ask_for_calls, labels_of, number_lines
from codepar.mpi.headers import load_signatures
from codepar.mpi.labels import encode_labels
from codepar.mpi.program import read_program
from codepar.mpi.remove import strip
from codepar.protocols import Capabilities, Generation

EXAMPLES = sorted(path for path in (Path(__file__).parents[3] / "examples").rglob("*.c") if "MPI_Init" in path.read_text())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_truth_passes_decoding_and_rules_unchanged(path):
    stripped = strip(path.read_text(), path.name)
    text = encode_labels(labels_of(stripped))
    answer = Generation(text=text, finish_reason="stop", prompt_tokens=1, completion_tokens=1)
    proposal = Completer(read_program(stripped.source, path.name), load_signatures()).read_answer(answer)
    assert [(edit.after_line, edit.function, edit.arguments, edit.inline) for edit in proposal.edits] == [
        (call.after_line, call.function, call.arguments, call.inline) for call in stripped.calls
    ]
    assert not proposal.dropped


def test_there_are_examples():
    assert len(EXAMPLES) >= 5


def test_lines_are_numbered_from_one():
    assert number_lines("a\n\nb") == "1: a\n2: \n3: b"


@pytest.mark.parametrize("chat", [True, False])
def test_a_file_longer_than_the_context_is_cut_and_said(chat):
    capabilities = Capabilities(model="m", backend="b", context_tokens=2048, chat=chat)
    assert ask_for_calls("int a;\n" * 5, capabilities, 256).whole
    asked = ask_for_calls("int a;\n" * 5000, capabilities, 256)
    assert not asked.whole
    said = asked.prompt.text or "".join(message.content for message in asked.prompt.messages or ())
    assert len(said) < 2048 * 4
