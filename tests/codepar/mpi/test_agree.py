import pytest
from hypothesis import given
from hypothesis import strategies as st

from codepar.mpi.agree import difference, expect
from codepar.mpi.tokens import Tolerance

TOLERANCE = Tolerance()
NUMBERS = st.one_of(st.integers(-999, 999).map(str), st.floats(-1e6, 1e6).map(lambda value: f"{value:.6f}"))
LINES = st.lists(st.tuples(st.sampled_from(["x", "rank a", "sum ="]), NUMBERS).map(" ".join), min_size=1, max_size=12)


def disagreement(runs, output):
    return difference(expect(runs, TOLERANCE), output, TOLERANCE)


@given(LINES, st.randoms())
def test_any_order_of_the_lines_agrees(lines, random):
    shuffled = list(lines)
    random.shuffle(shuffled)
    assert disagreement(["\n".join(lines)] * 3, "\n".join(shuffled)) is None


@given(LINES, st.data())
def test_a_changed_number_disagrees(lines, data):
    index = data.draw(st.integers(0, len(lines) - 1))
    label, _, number = lines[index].rpartition(" ")
    changed = [*lines[:index], f"{label} {float(number) + 1000.5:.6f}", *lines[index + 1 :]]
    assert disagreement(["\n".join(lines)] * 3, "\n".join(changed)) is not None


@given(LINES, st.data())
def test_a_line_less_or_twice_disagrees(lines, data):
    index = data.draw(st.integers(0, len(lines) - 1))
    assert disagreement(["\n".join(lines)] * 3, "\n".join(lines[:index] + lines[index + 1 :])) is not None
    assert disagreement(["\n".join(lines)] * 3, "\n".join([*lines, lines[index]])) is not None


def test_what_varies_is_masked_and_the_rest_still_counts():
    runs = [f"pi = 3.14159\ntook {time} s at 4 ranks" for time in ("0.01", "0.02", "0.03")]
    assert disagreement(runs, "took 7.5 s at 4 ranks\npi = 3.14159") is None
    assert disagreement(runs, "took 7.5 s at 3 ranks\npi = 3.14159") is not None
    assert disagreement(runs, "took 7.5 s at 4 ranks\npi = 3.2") is not None


def test_random_digits_that_coincide_are_masked_with_their_kind():
    runs = ["draw 1\ndraw 2\ndraw 3\ndraw 4", "draw 1\ndraw 8\ndraw 9\ndraw 6", "draw 1\ndraw 5\ndraw 7\ndraw 0"]
    assert disagreement(runs, "draw 6\ndraw 6\ndraw 6\ndraw 6") is None
    assert disagreement(runs, "draw 6\ndraw 6\ndraw 6") is not None


def test_a_varying_word_is_matched_by_any_line():
    assert disagreement(["a 1\nfrom amber", "a 1\nfrom beryl"], "a 1\nfrom coral") is None


@pytest.mark.parametrize(
    ("runs", "evident"),
    [
        (["n = 3", "n = 3"], True),
        (["elapsed 0.1", "elapsed 0.2"], False),
        (["elapsed 0.1 at 4", "elapsed 0.2 at 4"], True),
        (["", ""], False),
        (["hello", "hello"], True),
    ],
)
def test_a_label_whose_every_number_varies_is_no_evidence(runs, evident):
    assert expect(runs, TOLERANCE).is_evidence is evident


def test_tolerance_needs_a_matching_not_an_order():
    wanted = "x 1.0 5\nx 1.0000001 4"
    assert disagreement([wanted] * 3, "x 1.0000001 5\nx 1.0 4") is None


def test_very_many_lines_are_compared_too():
    lines = [f"v {i} {i * 0.1:.3f}" for i in range(3000)]
    assert disagreement(["\n".join(lines)] * 3, "\n".join(reversed(lines))) is None
    assert disagreement(["\n".join(lines)] * 3, "\n".join([*lines[:-1], "v 2999 1.0"])) is not None
