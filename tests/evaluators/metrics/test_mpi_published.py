"""The published metric with its flaws; its released answers are too large and not ours to keep here (docs/evaluation.md)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.metrics.mpi_published import _range, _within, score_published

numpy = pytest.importorskip("numpy")

LABEL = " (3 1,   MPI_Init(&argc, &argv);) (7 1,   MPI_Send(&a, 1, MPI_INT, 1, 0, MPI_COMM_WORLD);)  <|endoftext|>"


def test_its_own_labels_score_one():
    found = score_published(LABEL, LABEL, 0)
    assert (found.location, found.function, found.arguments) == (1.0, 1.0, 1.0)


def test_superfluous_predictions_cost_nothing():
    noise = "".join(f"({line} 1, MPI_Barrier(MPI_COMM_WORLD);) " for line in range(20, 60))
    assert score_published(LABEL, LABEL + noise, 0) == score_published(LABEL, LABEL, 0)


def test_arguments_are_shares_of_equal_positions():
    answer = LABEL.replace("&a, 1,", "&b, 1,")
    assert score_published(LABEL, answer, 0).arguments == pytest.approx((1 + 5 / 6) / 2)


def test_a_line_off_counts_from_variance_one():
    answer = LABEL.replace("(7 1", "(8 1")
    assert score_published(LABEL, answer, 0).location == 0.5
    assert score_published(LABEL, answer, 1).location == 1.0


def test_a_wrong_function_at_the_place_has_no_arguments():
    found = score_published("(3 1, MPI_Init(&argc, &argv);)", "(3 1, MPI_Finalize();)", 0)
    assert (found.location, found.function, found.arguments) == (1.0, 0.0, None)


def test_nothing_located_has_no_function_score():
    found = score_published(LABEL, "", 2)
    assert (found.location, found.function, found.arguments) == (0.0, None, None)
    assert score_published("", LABEL, 0) is None


def test_the_tenth_call_hides_the_first_as_it_does_there():
    label = "(12 1, MPI_Init(&argc, &argv);) (12 10, MPI_Finalize();)"
    assert score_published(label, "(12 1, MPI_Finalize();)", 0).function == 1.0


def test_the_end_of_text_mark_stands_for_a_parenthesis_in_answers():
    assert score_published("(3 1, MPI_Finalize();)", "<|endoftext|>___3 1, MPI_Finalize();)", 0).location == 1.0


@given(st.integers(0, 3000), st.integers(0, 12), st.integers(1, 3))
def test_places_are_those_that_numpy_counts(line, ordinal, variance):
    place = round(float(f"{line}.{ordinal}"), 2)
    tenths = (place - variance / 10, place + 0.1 + variance / 10, 0.1)
    assert _range(*tenths) == list(numpy.arange(*tenths))
    lines = numpy.arange(place - variance, place + variance + 1)
    assert _within(place, variance) == {round(number, 2) for number in numpy.concatenate((lines, numpy.arange(*tenths)))}
