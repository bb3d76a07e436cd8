import pytest

from codepar.mpi.fortran.units import Entity, ends_unit, entities_of, unit_started


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("integer a, b", [("a", "int", ()), ("b", "int", ())]),
        ("real(8), dimension(3) :: x, y(0:n)", [("x", "double", (("1", "3"),)), ("y", "double", (("0", "n"),))]),
        ("real*4 t", [("t", "float", ())]),
        ("real(kind=sp) :: t", [("t", "float", ())]),
        ("integer(int64), allocatable :: k(:)", [("k", "long", (("1", ""),))]),
        ("type(mpi_request) :: r(2)", [("r", "MPI_Request", (("1", "2"),))]),
        ("type(cell) :: c", [("c", "struct cell", ())]),
        ("integer :: status(mpi_status_size), reqs(4), newcomm", [
            ("status", "MPI_Status", ()), ("reqs", "MPI_Request", (("1", "4"),)), ("newcomm", "MPI_Comm", ())
        ]),
        ("integer :: comm_size, request_count", [("comm_size", "int", ()), ("request_count", "int", ())]),
    ],
)  # fmt: skip
def test_declarations(text, found):
    assert [(entity.name, entity.type, entity.extents) for entity in entities_of(text)] == found


def test_values_constants_and_lengths():
    (constant,) = entities_of("integer, parameter :: n = 3*2")
    assert (constant.is_constant, constant.value) == (True, "3*2")
    assert [entity.length for entity in entities_of("character(len=8) :: a, b*3")] == ["8", "3"]


@pytest.mark.parametrize("text", ["a = 3", "call f(x)", "real function f(x)", "integer = 4", "type point"])
def test_what_is_no_declaration(text):
    assert entities_of(text) is None


def test_units_begin_and_end():
    unit = unit_started("recursive function f(a, b) result(c)", 4, None)
    assert (unit.kind, unit.name, unit.parameters) == ("function", "f", ("a", "b"))
    assert unit_started("double precision function g(x)", 0, None).entities["g"] == Entity("g", "double")
    for text in ("end function f", "module procedure f", "program_name = 3", "call f(x)"):
        assert unit_started(text, 0, None) is None
    assert ends_unit("end")
    assert ends_unit("endprogram p")
    assert not ends_unit("end do")
