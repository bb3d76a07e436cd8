"""Fortran programs behind real walls. gfortran, and an MPI that has Fortran, are optional: without them this is skipped."""

from __future__ import annotations

import asyncio
import os

import pytest

from codepar.errors import SandboxUnavailable, ToolMissing
from codepar.project import Project
from codepar.protocols import Execution, Limits, Status
from codepar.settings import Settings
from worker.executor import LocalExecutor
from worker.sandbox.runner import SandboxedRunner
from worker.toolchains import fortran, mpi

MODULE = "module grid\n  integer :: n = 3\nend module\n"
PROGRAM = "program p\n  use grid\n  print '(i0)', n\nend program\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"))

    def start(files, **fields):
        try:
            executor = LocalExecutor(settings, SandboxedRunner(settings), os.environ["PATH"])
            return asyncio.run(executor.execute(Execution(project=Project(files=files), limits=Limits(wall_s=20), **fields)))
        except (SandboxUnavailable, ToolMissing) as error:
            pytest.skip(str(error))

    return start


def test_modules_are_compiled_first(run):
    result = run({"a.f90": PROGRAM, "z.f90": MODULE})
    assert (result.status, result.stdout) == (Status.OK, "3\n"), result


def test_fixed_form_under_a_suffix_of_free_form(run):
    text = "C     comment\n      program p\n      print '(i0)',\n     &  7\n      end\nC     end\n"
    assert run({"a.f90": text}).stdout == "7\n"


def test_an_error_has_file_and_line(run):
    result = run({"a.f90": "program p\n  integer :: i\n  i = 1 +\nend program\n"})
    assert result.status is Status.COMPILE_ERROR
    assert [(found.kind, found.file, found.line) for found in result.diagnostics] == [("error", "a.f90", 3)]


def test_what_is_for_c_alone_is_said(run):
    assert run({"a.f90": MODULE + PROGRAM}, sanitize=("address",)).status is Status.UNSUPPORTED
    assert run({"a.f90": MODULE + PROGRAM}, flags=("-fplugin=x",)).status is Status.REFUSED


@pytest.mark.parametrize("interface", ["use mpi", "use mpi_f08", "include 'mpif.h'"])
def test_ranks_talk(run, interface):
    declared = "implicit none" if interface.startswith("use") else ""
    lines = [interface if interface.startswith("use") else "", declared, "" if interface.startswith("use") else interface]
    body = "integer :: e, r, s\ncall MPI_Init(e)\ncall MPI_Comm_rank(MPI_COMM_WORLD, r, e)\n"
    body += "call MPI_Allreduce(r + 1, s, 1, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD, e)\n"
    body += "print '(i0,1x,i0)', r, s\ncall MPI_Finalize(e)\n"
    result = run({"a.f90": "program p\n" + "\n".join(lines) + f"\n{body}end program\n"}, ranks=2)
    assert (result.status, result.rank_stdout) == (Status.OK, ("0 3\n", "1 3\n")), result


def test_an_mpi_without_fortran_is_said_to_be_missing(tmp_path):
    launchers = tuple(launcher for launcher in mpi.find_launchers("") if fortran.wrapper_of(launcher) is None)
    with pytest.raises(ToolMissing, match="Fortran") as caught:
        fortran.choose_launcher(launchers, "auto")
    assert caught.value.exit_code == 3


def test_the_order_of_modules():
    files = {"main.f90": "program p\nuse a\nend program\n", "a.f90": "module a\nuse, non_intrinsic :: b\nend module\n"}
    files |= {"b.F90": "MODULE B\nend module\n"}
    assert fortran.in_module_order(Project(files=files)) == ["b.F90", "a.f90", "main.f90"]
    circle = {"a.f90": "module a\nuse b\nend module\n", "b.f90": "module b\nuse a\nend module\n"}
    assert fortran.in_module_order(Project(files=circle)) == ["a.f90", "b.f90"]


def test_what_is_fortran_and_uses_mpi():
    assert fortran.is_fortran(Project(files={"a.f": "      end\n"}))
    assert not fortran.is_fortran(Project(files={"a.f": "      end\n", "b.c": "int x;"}))
    assert fortran.uses_mpi(Project(files={"a.f90": "use :: mpi_f08\n"}))
    assert not fortran.uses_mpi(Project(files={"a.f90": "! mpif is not used\nend\n"}))
