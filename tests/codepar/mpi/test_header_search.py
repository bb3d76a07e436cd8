import sys

import pytest

from codepar.errors import ToolMissing
from codepar.mpi import header_search
from codepar.mpi.header_search import find_header


def wrapper(folder, text):
    folder.mkdir(parents=True)
    path = folder / "mpicc"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_the_wrapper_is_asked_where_its_header_is(tmp_path, monkeypatch):
    (tmp_path / "odd place").mkdir()
    (tmp_path / "odd place" / "mpi.h").write_text("")
    wrapper(tmp_path / "bin", f"echo \"cc '-I{tmp_path}/odd place' -L/x -lmpi\"")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    assert find_header() == tmp_path / "odd place" / "mpi.h"


@pytest.mark.parametrize("text", ["exit 1", 'echo "cc \'"', "echo cc -lmpi"])
def test_a_wrapper_that_does_not_say_has_it_beside_itself(tmp_path, text):
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "mpi.h").write_text("")
    path = wrapper(tmp_path / "bin", text)
    assert find_header(compiler=str(path)) == tmp_path / "include" / "mpi.h"


def test_the_environment_of_the_interpreter_is_looked_at(tmp_path, monkeypatch):
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "mpi.h").write_text("")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert find_header() == tmp_path / "include" / "mpi.h"


def test_no_mpi_at_all_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(header_search, "_SYSTEM_GLOBS", ())
    with pytest.raises(ToolMissing, match="pip install mpich"):
        find_header()
