import ast
from pathlib import Path

import mpi4py
import pytest

from codepar.mpi.python.signatures import PARAMETERS, accepts

STUB = Path(mpi4py.__file__).with_name("MPI.pyi")


def declared():
    """By name the parameters that the type stub gives, in one of its classes or as a function."""
    found = {}
    for node in ast.walk(ast.parse(STUB.read_text())):
        if isinstance(node, ast.FunctionDef):
            names = [argument.arg for argument in node.args.args if argument.arg not in {"self", "cls"}]
            optional = len(node.args.defaults)
            marked = [*names[: len(names) - optional], *(f"{name}?" for name in names[len(names) - optional :])]
            found.setdefault(node.name, set()).add(tuple(marked))
    return found


def test_the_parameters_are_those_of_mpi4py():
    stub = declared()
    assert {name: parameters for name, parameters in PARAMETERS.items() if parameters not in stub.get(name, ())} == {}


@pytest.mark.parametrize(
    ("method", "arguments", "fits"),
    [
        ("send", ("x", "dest=1", "tag=3"), True),
        ("send", ("x", "1", "3"), True),
        ("send", ("x", "1", "dest=3"), False),
        ("send", ("x",), False),
        ("Barrier", (), True),
        ("Barrier", ("1",), False),
        ("Recv", ("[x, MPI.INT]", "source=a == b"), True),
        ("recv", ("*args",), True),
        ("Some_rare_call", ("1", "2"), True),
    ],
)
def test_arguments_fit_or_not(method, arguments, fits):
    assert accepts(method, arguments) is fits
