import asyncio
import os
import shutil

import pytest

from codepar.errors import InvalidInput, ToolMissing, Unsupported
from codepar.flows.complete import complete
from codepar.flows.mpi_request import MpiCompletionRequest
from codepar.mpi.remove import strip
from codepar.protocols import SilentProgress
from worker.toolchains.fortran import wrapper_of
from worker.toolchains.mpi import find_launchers

FORTRAN = """program total
  use mpi
  implicit none
  integer :: rank, nprocs, ierr
  call MPI_Init(ierr)
  call MPI_Comm_rank(MPI_COMM_WORLD, rank, ierr)
  call MPI_Comm_size(MPI_COMM_WORLD, nprocs, ierr)
  print *, rank, nprocs
  call MPI_Finalize(ierr)
end program total
"""


def answered(files, **options):
    body = {"project": {"files": files}, "options": {"verify": False, **options}}
    return asyncio.run(complete(MpiCompletionRequest.model_validate(body), None, None, SilentProgress(), None))


def test_a_fortran_program_gets_back_what_was_taken_out():
    answer = answered({"total.f90": strip(FORTRAN, "total.f90").source})
    assert answer.source == FORTRAN
    assert answer.path == "total.f90"
    assert list(answer.files) == ["total.f90"]
    assert {edit.file for edit in answer.edits} == {"total.f90"}
    assert all(0 < edit.confidence <= 1 for edit in answer.edits)
    assert answer.diff.startswith("--- a/total.f90\n")


def test_behind_a_block_a_call_stands_as_deep_as_its_end():
    ending = "  if (rank == 0) then\n    print *, nprocs\n  end if\n"
    program = FORTRAN.replace("  print *, rank, nprocs\n", ending)
    assert answered({"total.f90": strip(program, "total.f90").source}).source == program


def test_a_complete_program_gets_nothing():
    answer = answered({"total.f90": FORTRAN})
    assert answer.edits == ()
    assert answer.source == FORTRAN


def test_where_fortran_cannot_run_the_calls_are_proposed_unless_a_proof_was_asked_for(executor):
    if shutil.which("gfortran") and any(wrapper_of(launcher) for launcher in find_launchers(os.environ["PATH"])):
        pytest.skip("an MPI here has Fortran")
    files = {"total.f90": strip(FORTRAN, "total.f90").source}
    body = {"project": {"files": files}, "options": {"model": False, "ranks": [2]}}
    answer = asyncio.run(complete(MpiCompletionRequest.model_validate(body), None, executor, SilentProgress(), None))
    assert answer.source == FORTRAN
    assert not answer.verified
    assert any("Fortran" in note and "apt-get" in note for note in answer.notes)
    body["options"]["reference"] = {"files": {"total.f90": FORTRAN}}
    with pytest.raises(ToolMissing, match="Fortran"):
        asyncio.run(complete(MpiCompletionRequest.model_validate(body), None, executor, SilentProgress(), None))


def test_each_file_of_a_project_keeps_its_own_calls():
    helper = "subroutine show(n)\n  integer :: n\n  print *, n\nend subroutine show\n"
    answer = answered({"show.f90": helper, "total.f90": strip(FORTRAN, "total.f90").source})
    assert list(answer.files) == ["total.f90"]
    assert answer.files["total.f90"] == FORTRAN


def test_a_file_of_constants_alone_gets_nothing():
    assert answered({"sizes.f90": "module sizes\n  integer, parameter :: n = 3\nend module sizes\n"}).edits == ()


def test_what_is_not_there_is_said():
    stripped = strip(FORTRAN, "total.f90").source
    with pytest.raises(Unsupported, match="cursor"):
        answered({"total.f90": stripped}, line=4)
    with pytest.raises(InvalidInput, match=r"total\.f90: a block ends"):
        answered({"total.f90": stripped.replace("print", "if (rank == 0) then\n  print")})
    with pytest.raises(InvalidInput, match="empty"):
        answered({"total.f90": " "})


def test_an_mpi4py_program_gets_its_calls_back():
    program = "from mpi4py import MPI\ncomm = MPI.COMM_WORLD\nrank = comm.Get_rank()\nprint(rank, comm.Get_size())\n"
    stripped = strip(program, "hello.py").source
    answer = answered({"hello.py": stripped})
    assert answer.source.startswith("from mpi4py import MPI\ncomm = MPI.COMM_WORLD\nrank = comm.Get_rank()\n")
    assert [edit.function for edit in answer.baseline.edits] == ["comm.Get_rank"]
    assert answered({"hello.py": program}).edits == ()
