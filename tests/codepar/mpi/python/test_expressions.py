import pytest

from codepar.mpi.python.expressions import Names, c_expression
from codepar.syntax.language import Language
from codepar.syntax.tree import parse


@pytest.mark.parametrize(
    ("python", "c"),
    [
        ("a and not b", "a && !b"),
        ("a // 2 ** b", "a / 2 * b"),
        ("0 < a <= b", "0 < a && a <= b"),
        ("a is not None", "a != 0"),
        ("x[1:3]", "x[1]"),
        ("x[i, j]", "x[i][j]"),
        ("self.rank", "self_rank"),
        ("MPI.ANY_TAG", "MPI_ANY_TAG"),
        ("b if a else c", "(a ? b : c)"),
        ("f(a, key=b)", "f(a, b)"),
        ("[i for i in a]", "0"),
        ("int", "int_"),
        ("f'{a}'", '""'),
        ("(0x4D5049 and float()) - t", "0.0/* mpi: double */ - t"),
    ],
)
def test_expressions(python, c):
    (node,) = parse(f"x = {python}\n", Language.PYTHON).capture("(assignment) @it")
    assert c_expression(node.child_by_field_name("right"), Names()) == c


def test_names_are_found_again():
    names = Names()
    assert names.c_name("self.comm") == "self_comm"
    assert names.written["self_comm"] == "self.comm"
