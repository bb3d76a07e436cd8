"""Labels and edits become the calls that are matched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from evaluators.calls import ProposedCall, compact, read_published, split_arguments, write_published


def places(text, kind):
    return [(call.line, call.function) for label in read_published(text) for call in [label.placed(kind)]]


def test_an_inline_call_shifts_what_follows():
    text = "(2 1, MPI_Init(&argc, &argv);) (4 0,  MPI_Wtime();) (6 1, MPI_Barrier(MPI_COMM_WORLD);) (7 0,  MPI_Wtime();)"
    assert places(text, "original") == [(2, "MPI_Init"), (4, "MPI_Wtime"), (6, "MPI_Barrier"), (7, "MPI_Wtime")]
    # With d inline calls before: a statement after L + d, an inline call on L + d + 1.
    assert places(text, "corrected") == [(2, "MPI_Init"), (5, "MPI_Wtime"), (7, "MPI_Barrier"), (9, "MPI_Wtime")]


def test_the_tenth_call_after_a_line_is_not_the_first():
    first, tenth = read_published("(12 1, MPI_Barrier(a);) (12 10, MPI_Barrier(b);)")
    assert (first.line, first.ordinal, tenth.line, tenth.ordinal) == (12, 1, 12, 10)


def test_a_label_whose_parenthesis_became_a_mark_still_counts():
    (call,) = read_published("<|endoftext|>____3 1,   MPI_Init(&argc, &argv);)")
    assert (call.line, call.function) == (3, "MPI_Init")


def test_an_answer_that_was_cut_off_loses_its_last_call_alone():
    assert places("(3 1, MPI_Init(&argc, &argv);) (5 1, MPI_Send(&a, 1, MPI_I", "original") == [(3, "MPI_Init")]


def test_a_call_that_was_never_closed_ends_at_its_semicolon():
    first, second = read_published("(3 1, MPI_Send(f(a, 1, MPI_INT;) (4 1, MPI_Finalize();)")
    assert compact(first.arguments) == "f(a,1,MPI_INT"
    assert second.function == "MPI_Finalize"


def test_an_inline_call_of_another_library_shifts_too():
    text = "(4 0, omp_get_wtime();) (6 1, MPI_Finalize();)"
    assert places(text, "corrected") == [(7, "MPI_Finalize")]


def test_brackets_and_strings_do_not_split_arguments():
    assert split_arguments("a[i, j], f(x, y), \"a,b\", ','") == ("a[i, j]", "f(x, y)", '"a,b"', "','")
    assert split_arguments("  ") == ()


def test_a_semicolon_in_a_string_ends_nothing():
    (call,) = read_published('(3 1, MPI_Info_set(info, "a;b)", v);)')
    assert split_arguments(call.arguments) == ("info", '"a;b)"', "v")


def test_an_edit_may_be_given_by_its_text():
    call = ProposedCall.model_validate({"after_line": 3, "text": "err = MPI_Comm_rank(MPI_COMM_WORLD, & rank);"})
    assert (call.function, call.arguments) == ("MPI_Comm_rank", ("MPI_COMM_WORLD", "& rank"))
    assert call.placed("original").arguments == "MPI_COMM_WORLD,&rank"


def test_an_edit_without_a_call_is_refused():
    with pytest.raises(ValidationError, match="one MPI call"):
        ProposedCall.model_validate({"after_line": 3, "text": "printf(1);"})


def test_a_removed_declaration_is_no_call():
    assert ProposedCall.model_validate({"after_line": 3, "text": "MPI_Status status;", "kind": "declaration"}).function == ""


def test_an_inline_edit_names_the_line_of_the_hole_and_its_label_the_line_before():
    edit = ProposedCall(after_line=8, function="MPI_Wtime", inline=True)
    assert (edit.placed("original").line, edit.placed("corrected").line) == (7, 8)


NAMES = st.sampled_from(["MPI_Send", "MPI_Bcast", "MPI_Wtime", "MPI_Finalize"])
ARGUMENTS = st.lists(st.sampled_from(["&a", "b[i]", "f(x, y)", "MPI_COMM_WORLD", '"t,;)"']), max_size=4)
CALLS = st.lists(st.builds(ProposedCall, after_line=st.integers(1, 99), function=NAMES, arguments=ARGUMENTS), max_size=12)


@given(CALLS)
def test_what_is_written_in_the_published_form_is_read_back(calls):
    read = [label.placed("original") for label in read_published(write_published(calls))]
    assert read == [call.placed("original") for call in calls]
