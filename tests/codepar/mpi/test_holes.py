import pytest

from codepar.mpi.holes import HOLE, find_holes, hole_text, value_type


@pytest.mark.parametrize("type_text", ["int", "double", "void", "MPI_Comm", "MPI_Aint"])
@pytest.mark.parametrize("in_macro", [True, False])
def test_a_hole_is_recognised_with_its_type(type_text, in_macro):
    (hole,) = find_holes(f"a;\nx = y/{hole_text(type_text, in_macro=in_macro)}/2;")
    assert (hole.type, hole.line, hole.is_statement) == (type_text, 2, type_text == "void")


@pytest.mark.parametrize("text", ["0", "/* mpi */", "/* mpi: the int */", "(int)0x4D50490", "(int x)0x4D5049"])
def test_what_is_no_hole(text):
    assert HOLE.search(text) is None


@pytest.mark.parametrize(
    ("function", "type_text"),
    [
        ("MPI_Send", "int"),
        ("PMPI_Wtime", "double"),
        ("MPI_Wtick", "double"),
        ("MPI::Wtime", "double"),
        ("MPI_Aint_diff", "MPI_Aint"),
        ("MPI_Type_f2c", "MPI_Datatype"),
        ("MPI_Comm_f2c", "MPI_Comm"),
        ("MPI_Comm_c2f", "MPI_Fint"),
    ],
)
def test_the_type_follows_from_the_name(function, type_text):
    assert value_type(function) == type_text
