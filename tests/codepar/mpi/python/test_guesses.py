import pytest

from codepar.mpi.python.as_c import Missing
from codepar.mpi.python.guesses import better_data, guessed

ABOVE = """if rank == 0:
    chunks = [1, 2]
else:
    chunks = None
local_min = 3
count = 4
"""
KNOWN = frozenset({"chunks", "local_min", "count"})


def guess(type_, target, guards=(), loops=(), above=ABOVE, before=()):
    return guessed(Missing(9, type_, target, 4, guards, loops), above, KNOWN, before)


@pytest.mark.parametrize(
    ("type_", "target", "function"),
    [
        ("int", "my_rank", "MPI_Comm_rank"),
        ("int", "nprocs", "MPI_Comm_size"),
        ("int", "x", "MPI_Comm_rank"),
        ("int", "", None),
        ("float", "t", "MPI_Wtime"),
        ("str", "t", "MPI_Get_processor_name"),
        ("object", "chunks", "MPI_Bcast"),
        ("object", "part", "MPI_Scatter"),
        ("object", "global_min", "MPI_Reduce"),
        ("list", "results", "MPI_Gather"),
        ("object", "request", None),
        ("bool", "flag", None),
        ("tuple", "pair", None),
    ],
)
def test_functions(type_, target, function):
    found = guess(type_, target)
    assert (found.function if found else None) == function


def test_data_and_operation_follow_the_names():
    assert (guess("object", "global_min").data, guess("object", "global_min").operation) == ("local_min", "MPI_MIN")
    assert guess("object", "part").data == "chunks"


def test_in_a_branch_of_the_rank_something_is_received():
    assert guess("object", "x", guards=("!(rank == 0)",)).peer == "0"
    assert guess("object", "x", guards=("rank == 0",), loops=("i",)).peer == "i"
    assert guess("object", "x", guards=("n > 3",)).function != "MPI_Recv"


def test_data_whose_name_fits_the_result_is_preferred():
    assert better_data("global_min", "count", ABOVE, KNOWN) == "local_min"
    assert better_data("total_count", "count", ABOVE, KNOWN) == "count"
    assert better_data("answer", "count", ABOVE, KNOWN) == "count"


def test_a_lone_statement_in_a_branch_of_the_rank_sends_what_is_received_elsewhere():
    missing = Missing(9, "void", "", 4, ("rank == 0",), ("i",))
    found = guessed(missing, ABOVE, KNOWN, (), ("x", "local_min"))
    assert (found.function, found.data, found.peer) == ("MPI_Send", "local_min", "i")
    assert guessed(Missing(9, "void", "", 4, ("n > 3",)), ABOVE, KNOWN, ()) is None


def test_the_second_unnamed_integer_is_the_size():
    assert guess("int", "x", before=("MPI_Comm_rank",)).function == "MPI_Comm_size"
