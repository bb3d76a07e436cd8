"""Arguments have the types that a function takes."""

import pytest

from codepar.mpi.call_text import read_call
from codepar.mpi.handles import unmade_handles, without_unmade
from codepar.mpi.headers import load_signatures
from codepar.mpi.proposal import Edit
from codepar.mpi.rules_types import as_buffer, misfit
from codepar.syntax.language import Language
from codepar.syntax.tree import parse

SCOPE = """void f(MPI_Comm given, const char **argv)
{
  int rank, counts[4], *p;
  double x;
  char name[10];
  MPI_Status status;
  MPI_Comm comm, other;
  MPI_Datatype type;
  const int fixed = 4;
  static double const table[2][2];
  const double *seen;
  use();
}
"""


def fault(text: str) -> str | None:
    call = read_call(text)
    tree = parse(SCOPE, Language.C)
    visible = {variable.name: variable for variable in tree.variables_after(11)}
    return misfit(call, load_signatures()[call.function], visible)


@pytest.mark.parametrize(
    "text",
    [
        "MPI_Comm_rank(comm, &rank)",
        "MPI_Comm_rank(comm, p)",
        "MPI_Comm_rank(comm, &counts[1])",
        "MPI_Comm_rank(comm, counts + 1)",
        "MPI_Send(&x, counts[0], MPI_DOUBLE, rank, 0, comm)",
        "MPI_Recv(counts, 4, MPI_INT, 0, 0, comm, &status)",
        "MPI_Recv(counts, 4, MPI_INT, 0, 0, comm, MPI_STATUS_IGNORE)",
        "MPI_Comm_split(comm, rank, rank, &other)",
        "MPI_Get_processor_name(name, &rank)",
        "MPI_Gatherv(p, 1, MPI_INT, p, counts, counts, MPI_INT, 0, comm)",
        "MPI_Type_commit(&type)",
        "MPI_Send(&fixed, 1, MPI_INT, 0, 0, comm)",
        "MPI_Send(seen, fixed, MPI_DOUBLE, 0, 0, comm)",
        "MPI_Bcast(&seen, 8, MPI_BYTE, 0, comm)",
        "MPI_Init(&rank, &argv)",
    ],
)
def test_what_a_compiler_takes_has_no_fault(text):
    assert fault(text) is None


@pytest.mark.parametrize(
    ("text", "argument"),
    [
        ("MPI_Comm_rank(comm, &status)", "&status"),
        ("MPI_Comm_rank(comm, &x)", "&x"),
        ("MPI_Send(&x, counts, MPI_DOUBLE, rank, 0, comm)", "counts"),
        ("MPI_Send(&x, 1, MPI_DOUBLE, p, 0, comm)", "p"),
        ("MPI_Recv(counts, 4, MPI_INT, 0, 0, comm, &rank)", "&rank"),
        ("MPI_Comm_split(comm, rank, rank, &rank)", "&rank"),
        ("MPI_Bcast(&fixed, 1, MPI_INT, 0, comm)", "&fixed"),
        ("MPI_Recv(table, 4, MPI_DOUBLE, 0, 0, comm, &status)", "table"),
        ("MPI_Recv(&table[1][0], 2, MPI_DOUBLE, 0, 0, comm, &status)", "&table[1][0]"),
        ("MPI_Reduce(&x, seen, 1, MPI_DOUBLE, MPI_SUM, 0, comm)", "seen"),
        ("MPI_Comm_rank(comm, &fixed)", "&fixed"),
    ],
)
def test_another_type_is_named_with_the_one_that_is_wanted(text, argument):
    assert f"`{argument}`" in str(fault(text))


@pytest.mark.parametrize(
    ("declared", "argument", "wanted", "right"),
    [
        ("std::vector<int> v;", "v", "const void *", "v.data()"),
        ("vector<double> v(4);", "&v", "void *", "v.data()"),
        ("std::string v;", "v.c_str", "const void *", "v.c_str()"),
        ("std::string v;", "&v", "void *", "&v[0]"),
        ("std::vector<int> v;", "v[0]", "const void *", "v[0]"),
        ("int v[4];", "v", "void *", "v"),
        ("std::vector<int> v;", "v", "int", "v"),
    ],
)
def test_objects_of_cxx_are_sent_as_their_elements(declared, argument, wanted, right):
    tree = parse(f"void f()\n{{\n  {declared}\n  use();\n}}\n", Language.CXX)
    visible = {variable.name: variable for variable in tree.variables_after(3)}
    assert as_buffer(argument, wanted, visible) == right


def edit(text: str) -> Edit:
    call = read_call(text)
    return Edit(after_line=8, text=text, function=call.function, arguments=call.arguments, confidence=0.5, origin="model")


def test_a_handle_is_made_by_a_call_or_an_assignment_and_a_parameter_has_its_value():
    variables = parse(SCOPE, Language.C).variables
    split = edit("MPI_Comm_split(given, 0, 0, &comm);")
    assert unmade_handles(SCOPE, variables, []) == {"comm", "other", "type"}
    assert unmade_handles(SCOPE, variables, [split]) == {"other", "type"}
    assert unmade_handles(SCOPE.replace("use();", "other = given;"), variables, [split]) == {"type"}


def test_calls_on_handles_that_nobody_makes_go_and_those_that_stand_on_them():
    variables = parse(SCOPE, Language.C).variables
    commit, split = edit("MPI_Type_commit(&type);"), edit("MPI_Comm_split(comm, 0, 0, &other);")
    barrier, fine = edit("MPI_Barrier(other);"), edit("MPI_Barrier(given);")
    kept, dropped = without_unmade(SCOPE, variables, [commit, split, barrier, fine])
    assert kept == [fine]
    assert [drop.text for drop in dropped] == [commit.text, split.text, barrier.text]
    assert "`type`" in dropped[0].rule
