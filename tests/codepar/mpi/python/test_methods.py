import ast
import importlib.util
from pathlib import Path

import pytest

from codepar.mpi.python.methods import CLASSES, distinctive, methods


def test_the_table_is_that_of_the_installed_stub():
    found = importlib.util.find_spec("mpi4py")
    if found is None or found.origin is None:
        pytest.skip("no mpi4py in this environment")
    stub = ast.parse(Path(found.origin).with_name("MPI.pyi").read_text())
    classes = {node.name: node for node in stub.body if isinstance(node, ast.ClassDef) and node.name in CLASSES}
    assert set(classes) == set(CLASSES)
    for name, node in classes.items():
        capital = {part.name for part in node.body if isinstance(part, ast.FunctionDef) and part.name[0].isupper()}
        assert capital <= set(methods()[CLASSES[name]])
    functions = {node.name for node in stub.body if isinstance(node, ast.FunctionDef) and node.name[0].isupper()}
    assert functions <= set(methods()["module"])


def test_what_a_call_gives():
    assert methods()["comm"]["Split"] == "comm"
    assert methods()["comm"]["isend"] == "request"
    assert methods()["comm"]["Get_rank"] == "int"
    assert methods()["module"]["Wtime"] == "float"


def test_names_that_other_libraries_have_prove_nothing():
    assert "Get_rank" in distinctive()
    assert distinctive().keys().isdisjoint({"Open", "Close", "Wait", "Get", "send", "recv"})
