from codepar.mpi.parallelize.ask import EXAMPLE_PARALLEL, EXAMPLE_SERIAL, Failure, conversation, explain, prompt_of, show, text_of
from codepar.protocols import Capabilities, Diagnostic, Status, Verdict


def verdict(status, reason=None, *diagnostics, ranks=2):
    return Verdict(ranks=ranks, status=status, reason=reason, diagnostics=diagnostics)


def test_the_conversation_grows_by_the_failure():
    first = conversation({"a.c": "int main;\n"}, None)
    assert [turn.role for turn in first] == ["system", "user", "assistant", "user"]
    assert EXAMPLE_SERIAL in first[1].content
    assert EXAMPLE_PARALLEL in first[2].content
    again = conversation({"a.c": "int main;\n"}, Failure("my answer", {}, problem="the answer holds no code"), example=False)
    assert [turn.content for turn in again[2:]] == [
        "my answer",
        "The answer holds no code.\nAnswer with the whole corrected program in a code block.",
    ]


def test_compile_errors_come_with_their_lines():
    found = Diagnostic(kind="error", message="unknown type name 'doubel'", file="a.c", line=2)
    said = explain(Failure("", {"a.c": "int x;\n  doubel y;\n"}, verdict(Status.COMPILE_ERROR, "x", found, found)))
    assert said.count("- a.c:2: unknown type name 'doubel'\n    doubel y;") == 1
    assert "It does not compile." in said


def test_hangs_and_differences_are_told():
    waits = Diagnostic(kind="deadlock", message="rank 0 waits in MPI_Recv(source=1, tag=7)", rank=0)
    said = explain(Failure("", {}, verdict(Status.DEADLOCK, None, waits)))
    assert "deadlocks" in said
    assert "- rank 0 waits in MPI_Recv(source=1, tag=7)" in said
    said = explain(Failure("", {}, verdict(Status.WRONG_OUTPUT, "does not print '3'", ranks=1)))
    assert "At 1 rank: does not print '3'" in said


def test_several_files_have_names():
    shown = show({"a.c": "int a;\n", "b.h": "int b;"})
    assert "a.c\n```c\nint a;\n```\nb.h\n```c\nint b;\n```" in shown
    assert "every file that changes" in shown


def test_without_chat_it_is_one_text():
    turns = conversation({"a.c": "int a;\n"}, None)
    capabilities = Capabilities(model="m", backend="b", context_tokens=9)
    assert prompt_of(turns, capabilities).text == text_of(turns)
    assert prompt_of(turns, capabilities.model_copy(update={"chat": True})).messages == turns
