"""One-to-one matching: what is right counts once, what is too much costs."""

from hypothesis import given
from hypothesis import strategies as st

from evaluators.calls import PlacedCall
from evaluators.metrics.mpi_strict import LEVELS, f1, match_calls, precision, recall

INIT = PlacedCall(3, "MPI_Init", "&argc,&argv")
SEND = PlacedCall(7, "MPI_Send", "&a,1,MPI_INT,1,0,MPI_COMM_WORLD")


def by_level(matches):
    return dict(zip(LEVELS, matches.matched, strict=True))


def test_a_right_call_at_the_wrong_line_is_right_without_the_line():
    moved = PlacedCall(8, SEND.function, SEND.arguments)
    found = by_level(match_calls([moved], [SEND]))
    assert found == {"function": 1, "line_function": 0, "function_arguments": 1, "whole_call": 0}


def test_a_wrong_argument_leaves_line_and_function():
    other = PlacedCall(7, "MPI_Send", "&b,1,MPI_INT,1,0,MPI_COMM_WORLD")
    assert by_level(match_calls([other], [SEND])) == {
        "function": 1,
        "line_function": 1,
        "function_arguments": 0,
        "whole_call": 0,
    }


def test_one_prediction_serves_one_target_and_repeats_cost_precision():
    once = match_calls([SEND], [SEND, SEND])
    assert (once.matched[0], once.proposed, once.wanted) == (1, 1, 2)
    repeated = match_calls([SEND] * 5, [SEND])
    assert precision(repeated.matched[3], repeated.proposed, repeated.wanted) == 0.2
    assert recall(repeated.matched[3], repeated.proposed, repeated.wanted) == 1.0


def test_without_boilerplate_the_four_are_left_out_on_both_sides():
    found = match_calls([INIT, SEND], [INIT], boilerplate=False)
    assert (found.matched, found.proposed, found.wanted) == ((0, 0, 0, 0), 1, 0)


def test_rates_of_nothing():
    assert precision(0, 0, 4) is None
    assert recall(0, 4, 0) is None
    assert f1(0, 0, 4) == 0.0
    assert f1(0, 0, 0) is None


CALLS = st.lists(
    st.builds(PlacedCall, st.integers(1, 4), st.sampled_from(["MPI_Init", "MPI_Send", "MPI_Recv"]), st.sampled_from(["a", "b"])),
    max_size=10,
)


@given(CALLS, CALLS, st.randoms(use_true_random=False))
def test_matching_ignores_order_and_never_exceeds_either_side(proposed, wanted, generator):
    found = match_calls(proposed, wanted)
    shuffled = proposed[:]
    generator.shuffle(shuffled)
    assert match_calls(shuffled, wanted) == found
    assert all(count <= min(len(proposed), len(wanted)) for count in found.matched)
    function, line_function, function_arguments, whole = found.matched
    assert whole <= min(line_function, function_arguments) <= max(line_function, function_arguments) <= function
    assert match_calls(wanted, wanted).matched == (len(wanted),) * 4
