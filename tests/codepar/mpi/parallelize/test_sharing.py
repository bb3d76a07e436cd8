import pytest
from hypothesis import given
from hypothesis import strategies as st

from codepar.mpi.parallelize.sharing import Shares, copied_results, silence, unshared
from codepar.protocols import Traffic


def shares(serial, alone, *by_rank):
    return Shares(serial=serial, alone=alone, by_rank=by_rank)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (shares(10_000, 10_010, 2510, 2505, 2505, 2505), None),
        (shares(10_000, 10_010, 4000, 2005, 2005, 2005), None),  # a serial part on rank 0
        (shares(10_000, 10_010, 20, 5000, 5000), None),  # a master that only hands out
        (shares(10_000, 10_010, 9990, 8, 8, 8), "rank 0 executes 9990 of 10014 lines"),
        (shares(10_000, 10_010, 8, 8, 9990, 8), "rank 2 executes"),
        (shares(10_000, 10_010, 10_010, 10_005, 10_005), "the work is repeated"),
        (shares(10_000, 20, 20, 9, 9), "the result is not computed"),
        (shares(10_000, 40_000, 17_000, 8000, 8000, 8000), "the busiest of 4 ranks"),  # work made up to be shared
        (shares(80, 90, 85, 9, 9), None),  # too little to tell
        (Shares(unknown="gcov is missing"), None),
    ],
)
def test_how_work_falls(found, why):
    said = unshared(found)
    assert (said is None) if why is None else (said is not None and why in said)


@given(st.integers(2, 16), st.integers(1000, 10**9))
def test_even_shares_pass_and_one_busy_rank_does_not(ranks, work):
    assert unshared(shares(work, work, *[work // ranks + 10] * ranks)) is None
    assert unshared(shares(work, work, work, *[5] * (ranks - 1))) is not None


def test_silent_ranks():
    assert silence(Traffic(messages=1, bytes=4, ranks=2), 2) is None
    assert silence(Traffic(collectives=2), 2) is not None
    assert silence(None, 4) is not None
    assert silence(None, 1) is None


@pytest.mark.parametrize(
    ("output", "serial", "parallel", "found"),
    [
        ("pi is 3.141592654\n", "4.0 / (1 + x * x)", 'puts("pi is 3.141592654");', True),
        ("pi is 3.141592654\n", "4.0", "pi = 3.14159265358979;", True),
        ("pi is 3.141592654\n", "#define PI 3.14159265358979", "#define PI 3.14159265358979", False),
        ("sum 12.5\n", "", "x = 12.5;", False),  # too few digits to tell
        ("sum 123456\n", "n = 1000;", "n = 1000; part += 2;", False),
        ("sum 1234560\n", "", "s = 1.23456e6;", True),
    ],
)
def test_results_that_were_copied(output, serial, parallel, found):
    assert (copied_results(output, [serial], [parallel]) is not None) == found
