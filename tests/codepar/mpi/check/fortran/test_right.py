"""Right Fortran programs, usual and unusual: none may be accused, and each is followed through all ranks."""

from __future__ import annotations

import pytest

RIGHT = {
    "a ring with a wait": """
left = mod(rank - 1 + size, size); right = mod(rank + 1, size)
call MPI_Irecv(y, 1, MPI_INTEGER, left, 1, MPI_COMM_WORLD, r, ierr)
call MPI_Send(x, 1, MPI_INTEGER, right, 1, MPI_COMM_WORLD, ierr)
call MPI_Wait(r, status, ierr)
print *, y""",
    "requests in an array": """
n = 0
if (rank > 0) then
  n = n + 1; call MPI_Irecv(a(1), 1, MPI_INTEGER, rank - 1, 0, MPI_COMM_WORLD, reqs(n), ierr)
  n = n + 1; call MPI_Isend(x, 1, MPI_INTEGER, rank - 1, 0, MPI_COMM_WORLD, reqs(n), ierr)
end if
if (rank < size - 1) then
  n = n + 1; call MPI_Irecv(a(2), 1, MPI_INTEGER, rank + 1, 0, MPI_COMM_WORLD, reqs(n), ierr)
  n = n + 1; call MPI_Isend(x, 1, MPI_INTEGER, rank + 1, 0, MPI_COMM_WORLD, reqs(n), ierr)
end if
call MPI_Waitall(n, reqs, MPI_STATUSES_IGNORE, ierr)""",
    "requests that begin null": """
reqs = MPI_REQUEST_NULL
if (rank == 0) call MPI_Isend(x, 1, MPI_INTEGER, 1, 0, MPI_COMM_WORLD, reqs(1), ierr)
if (rank == 1) call MPI_Irecv(x, 1, MPI_INTEGER, 0, 0, MPI_COMM_WORLD, reqs(2), ierr)
call MPI_Waitall(4, reqs, MPI_STATUSES_IGNORE, ierr)""",
    "a section of requests that begin null": """
reqs(:) = MPI_REQUEST_NULL
call MPI_Waitall(4, reqs(1:4), MPI_STATUSES_IGNORE, ierr)""",
    "unpacked by type": """
n = 0; d = 1
call MPI_Pack(d, 1, MPI_DOUBLE_PRECISION, a, 40, n, MPI_COMM_WORLD, ierr)
n = 0
call MPI_Unpack(a, 40, n, d, 1, MPI_DOUBLE_PRECISION, MPI_COMM_WORLD, ierr)""",
    "polling": """
call MPI_Irecv(y, 1, MPI_INTEGER, mod(rank-1+size, size), 0, MPI_COMM_WORLD, r, ierr)
call MPI_Send(x, 1, MPI_INTEGER, mod(rank+1, size), 0, MPI_COMM_WORLD, ierr)
flag = .false.
do while (.not. flag)
  call MPI_Test(r, flag, status, ierr)
end do""",
    "even ranks first": """
if (mod(rank, 2) == 0) then
  if (rank + 1 < size) call MPI_Send(x, 1, MPI_INTEGER, rank + 1, 0, MPI_COMM_WORLD, ierr)
else
  call MPI_Recv(y, 1, MPI_INTEGER, rank - 1, 0, MPI_COMM_WORLD, status, ierr)
end if""",
    "master and workers": """
if (rank == 0) then
  do i = 1, size - 1
    call MPI_Recv(x, 1, MPI_INTEGER, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, status, ierr)
    call MPI_Send(y, 1, MPI_INTEGER, status(MPI_SOURCE), 1, MPI_COMM_WORLD, ierr)
  end do
else
  call MPI_Send(x, 1, MPI_INTEGER, 0, 0, MPI_COMM_WORLD, ierr)
  call MPI_Recv(y, 1, MPI_INTEGER, 0, MPI_ANY_TAG, MPI_COMM_WORLD, status, ierr)
end if""",
    "a number read by the root": """
if (rank == 0) read *, n
call MPI_Bcast(n, 1, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)
do i = 1, n
  if (rank == 0) call MPI_Send(x, 1, MPI_INTEGER, 1, i, MPI_COMM_WORLD, ierr)
  if (rank == 1) call MPI_Recv(x, 1, MPI_INTEGER, 0, i, MPI_COMM_WORLD, status, ierr)
end do""",
    "until it converges": """
d = 1
do while (d > 1.0d-6)
  call random_number(f)
  call MPI_Allreduce(dble(f), d, 1, MPI_DOUBLE_PRECISION, MPI_MAX, MPI_COMM_WORLD, ierr)
end do""",
    "an endless loop with an exit": """
do
  call MPI_Allreduce(f, g, 1, MPI_REAL, MPI_MAX, MPI_COMM_WORLD, ierr)
  if (g(1) < 1e-3) exit
end do""",
    "neighbours with MPI_PROC_NULL": """
left = rank - 1; if (left < 0) left = MPI_PROC_NULL
right = rank + 1; if (right >= size) right = MPI_PROC_NULL
call MPI_Sendrecv(d, 1, MPI_DOUBLE_PRECISION, left, 0, e, 1, MPI_DOUBLE_PRECISION, right, 0, MPI_COMM_WORLD, status, ierr)
call MPI_Sendrecv(x, 1, MPI_INTEGER, right, 1, y, 1, MPI_INTEGER, left, 1, MPI_COMM_WORLD, status, ierr)""",
    "a grid of ranks": """
call grid()
---
subroutine grid()
  integer :: dims(2), up, down, cart
  logical :: periods(2)
  dims = 0; periods = .false.
  call MPI_Dims_create(size, 2, dims, ierr)
  call MPI_Cart_create(MPI_COMM_WORLD, 2, dims, periods, .false., cart, ierr)
  call MPI_Cart_shift(cart, 0, 1, up, down, ierr)
  call MPI_Sendrecv(x, 1, MPI_INTEGER, down, 0, y, 1, MPI_INTEGER, up, 0, cart, status, ierr)
  call MPI_Comm_free(cart, ierr)
end subroutine""",
    "in place": "call MPI_Allreduce(MPI_IN_PLACE, e, 10, MPI_DOUBLE_PRECISION, MPI_SUM, MPI_COMM_WORLD, ierr)",
    "in place at the root": """
if (rank == 0) then
  call MPI_Reduce(MPI_IN_PLACE, x, 1, MPI_INTEGER, MPI_SUM, 0, MPI_COMM_WORLD, ierr)
else
  call MPI_Reduce(x, x, 1, MPI_INTEGER, MPI_SUM, 0, MPI_COMM_WORLD, ierr)
end if""",
    "gather to the root": """
call gathered()
---
subroutine gathered()
  integer, allocatable :: all(:)
  if (rank == 0) allocate(all(size))
  call MPI_Gather(rank, 1, MPI_INTEGER, all, 1, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)
  if (rank == 0) print *, all
end subroutine""",
    "scatter parts of unlike length": """
counts = 1; displs = 0
do i = 2, size
  displs(i) = displs(i-1) + counts(i-1)
end do
call MPI_Scatterv(a, counts, displs, MPI_INTEGER, x, 1, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)""",
    "halves of the world": """
call MPI_Comm_split(MPI_COMM_WORLD, mod(rank, 2), rank, comm, ierr)
call MPI_Comm_rank(comm, x, ierr)
if (x == 0) y = rank
call MPI_Bcast(y, 1, MPI_INTEGER, 0, comm, ierr)
call MPI_Comm_free(comm, ierr)""",
    "a communicator of some": """
call MPI_Comm_split(MPI_COMM_WORLD, merge(0, MPI_UNDEFINED, rank < 2), rank, comm, ierr)
if (comm /= MPI_COMM_NULL) then
  call MPI_Barrier(comm, ierr)
  call MPI_Comm_free(comm, ierr)
end if""",
    "a derived type": """
call MPI_Type_vector(10, 1, 10, MPI_DOUBLE_PRECISION, ty, ierr)
call MPI_Type_commit(ty, ierr)
if (rank == 0) call MPI_Send(m(2, 1), 1, ty, 1, 0, MPI_COMM_WORLD, ierr)
if (rank == 1) call MPI_Recv(m(3, 1), 1, ty, 0, 0, MPI_COMM_WORLD, status, ierr)
call MPI_Type_free(ty, ierr)""",
    "a column": """
if (rank == 0) call MPI_Send(m(:, 2), 10, MPI_DOUBLE_PRECISION, 1, 0, MPI_COMM_WORLD, ierr)
if (rank == 1) call MPI_Recv(m(1, 10), 10, MPI_DOUBLE_PRECISION, 0, 0, MPI_COMM_WORLD, status, ierr)""",
    "a row, copied": """
if (rank == 0) call MPI_Send(m(2, :), 10, MPI_DOUBLE_PRECISION, 1, 0, MPI_COMM_WORLD, ierr)
if (rank == 1) call MPI_Recv(e, 10, MPI_DOUBLE_PRECISION, 0, 0, MPI_COMM_WORLD, status, ierr)""",
    "two reals as a complex number's": """
call both()
---
subroutine both()
  complex :: z(4)
  call MPI_Bcast(z, 8, MPI_REAL, 0, MPI_COMM_WORLD, ierr)
  call MPI_Bcast(z, 4, MPI_COMPLEX, 0, MPI_COMM_WORLD, ierr)
end subroutine""",
    "kinds by name": """
call wide()
---
subroutine wide()
  integer, parameter :: dp = selected_real_kind(15, 307), ik = selected_int_kind(18), sp = kind(1.0), wp = kind(1.0d0)
  real(dp) :: v(3)
  real(kind=wp) :: w(3)
  real(sp) :: u(3)
  integer(ik) :: k(3)
  real*8 :: t(3)
  call MPI_Bcast(v, 3, MPI_DOUBLE_PRECISION, 0, MPI_COMM_WORLD, ierr)
  call MPI_Bcast(w, 3, MPI_REAL8, 0, MPI_COMM_WORLD, ierr)
  call MPI_Bcast(u, 3, MPI_REAL, 0, MPI_COMM_WORLD, ierr)
  call MPI_Bcast(k, 3, MPI_INTEGER8, 0, MPI_COMM_WORLD, ierr)
  call MPI_Bcast(t, 3, MPI_DOUBLE_PRECISION, 0, MPI_COMM_WORLD, ierr)
end subroutine""",
    "characters": "call MPI_Bcast(s, 20, MPI_CHARACTER, 0, MPI_COMM_WORLD, ierr)",
    "bytes": "call MPI_Bcast(e, 80, MPI_BYTE, 0, MPI_COMM_WORLD, ierr)",
    "logicals": "call MPI_Allreduce(.true., flag, 1, MPI_LOGICAL, MPI_LAND, MPI_COMM_WORLD, ierr)",
    "a part of an array": "call MPI_Bcast(a(3:7), 5, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)",
    "bounds from zero": """
call halo()
---
subroutine halo()
  double precision :: u(0:11)
  left = merge(MPI_PROC_NULL, rank - 1, rank == 0); right = merge(MPI_PROC_NULL, rank + 1, rank == size - 1)
  call MPI_Irecv(u(0), 1, MPI_DOUBLE_PRECISION, left, 0, MPI_COMM_WORLD, reqs(1), ierr)
  call MPI_Irecv(u(11), 1, MPI_DOUBLE_PRECISION, right, 1, MPI_COMM_WORLD, reqs(2), ierr)
  call MPI_Isend(u(1), 1, MPI_DOUBLE_PRECISION, left, 1, MPI_COMM_WORLD, reqs(3), ierr)
  call MPI_Isend(u(10), 1, MPI_DOUBLE_PRECISION, right, 0, MPI_COMM_WORLD, reqs(4), ierr)
  u(2:9) = 0
  call MPI_Waitall(4, reqs, MPI_STATUSES_IGNORE, ierr)
end subroutine""",
    "usage, then stop": """
if (command_argument_count() < 1) then
  if (rank == 0) print *, 'usage'
  call MPI_Finalize(ierr)
  stop
end if
call MPI_Barrier(MPI_COMM_WORLD, ierr)""",
    "an abort": """
if (size < 2) then
  print *, 'needs two'
  call MPI_Abort(MPI_COMM_WORLD, 1, ierr)
end if
call MPI_Barrier(MPI_COMM_WORLD, ierr)""",
    "errors that are looked at": """
call MPI_Barrier(MPI_COMM_WORLD, ierr)
if (ierr /= MPI_SUCCESS) then
  print *, 'failed'
  call MPI_Abort(MPI_COMM_WORLD, ierr, ierr)
end if""",
    "cases of rank": """
select case (rank)
case (0)
  call MPI_Send(x, 1, MPI_INTEGER, 1, 0, MPI_COMM_WORLD, ierr)
case (1)
  call MPI_Recv(x, 1, MPI_INTEGER, 0, 0, MPI_COMM_WORLD, status, ierr)
case (2:)
  continue
end select""",
    "a procedure that all call": """
call step(e, 10)
call step(m, 100)
---
subroutine step(v, k)
  integer, intent(in) :: k
  double precision :: v(k)
  call MPI_Bcast(v, k, MPI_DOUBLE_PRECISION, 0, MPI_COMM_WORLD, ierr)
end subroutine""",
    "a function that communicates": """
d = total(e)
if (rank == 0) print *, total(e)
d = total(e)
---
double precision function total(v)
  double precision, intent(in) :: v(:)
  total = sum(v)
end function""",
    "persistent requests": """
call MPI_Send_init(x, 1, MPI_INTEGER, mod(rank+1, size), 0, MPI_COMM_WORLD, reqs(1), ierr)
call MPI_Recv_init(y, 1, MPI_INTEGER, mod(rank-1+size, size), 0, MPI_COMM_WORLD, reqs(2), ierr)
do i = 1, 3
  call MPI_Startall(2, reqs, ierr)
  call MPI_Waitall(2, reqs, MPI_STATUSES_IGNORE, ierr)
end do
call MPI_Request_free(reqs(1), ierr)
call MPI_Request_free(reqs(2), ierr)""",
    "messages of any length": """
if (rank == 0) call MPI_Send(a, 3, MPI_INTEGER, 1, 0, MPI_COMM_WORLD, ierr)
if (rank == 1) then
  call MPI_Probe(0, 0, MPI_COMM_WORLD, status, ierr)
  call MPI_Get_count(status, MPI_INTEGER, n, ierr)
  call MPI_Recv(a, n, MPI_INTEGER, 0, 0, MPI_COMM_WORLD, status, ierr)
end if""",
    "a window": """
call MPI_Win_create(a, 40_MPI_ADDRESS_KIND, 4, MPI_INFO_NULL, MPI_COMM_WORLD, win, ierr)
call MPI_Win_fence(0, win, ierr)
if (rank == 1) call MPI_Put(x, 1, MPI_INTEGER, 0, 0_MPI_ADDRESS_KIND, 1, MPI_INTEGER, win, ierr)
call MPI_Win_fence(0, win, ierr)
call MPI_Win_free(win, ierr)""",
    "keywords": "call MPI_Barrier(comm=MPI_COMM_WORLD, ierror=ierr)",
    "continuation lines and comments": """
call MPI_Bcast(a, & ! the array
  & 10, MPI_INTEGER, &

  0, MPI_COMM_WORLD, ierr) ; call MPI_Barrier(MPI_COMM_WORLD, ierr)""",
    "a named loop that is left": """
outer: do i = 1, 3
  call MPI_Barrier(MPI_COMM_WORLD, ierr)
  if (i == 2) exit outer
end do outer""",
    "times": """
d = MPI_Wtime()
call MPI_Barrier(MPI_COMM_WORLD, ierr)
if (rank == 0) print *, MPI_Wtime() - d""",
    "a loop with a label": """
do 10 i = 1, 2
  call MPI_Barrier(MPI_COMM_WORLD, ierr)
10 continue""",
}  # fmt: skip


NOT_FOLLOWED = {"master and workers"}
"""Whom a wildcard receive answers is not known."""


@pytest.mark.parametrize("name", sorted(RIGHT.keys() - NOT_FOLLOWED))
def test_a_right_program_is_not_accused(kinds, name):
    assert kinds(RIGHT[name]) == []


@pytest.mark.parametrize("name", sorted(NOT_FOLLOWED))
def test_a_right_program_that_cannot_be_followed(whole, name):
    found = whole(RIGHT[name])
    assert (found.findings, found.replayed, len(found.skipped)) == ((), 0, 1)


def test_the_corpus_has_its_size():
    assert len(RIGHT) >= 40


def test_what_the_bindings_ask_for(report):
    text = "program a\nuse mpi_f08\ncall MPI_Init()\ncall MPI_Barrier(MPI_COMM_WORLD)\ncall MPI_Finalize()\nend program\n"
    assert report(text, "a.f90").findings == ()
    found = report(text.replace("mpi_f08", "mpi"), "a.f90").findings
    assert [(one.kind, one.line) for one in found] == [("ierror-missing", line) for line in (3, 4, 5)]


def test_fixed_form(report):
    text = (
        "      PROGRAM A\n      INCLUDE 'mpif.h'\n      INTEGER IERR, RANK\nC a comment\n      CALL MPI_INIT(IERR)\n"
        "      CALL MPI_COMM_RANK(MPI_COMM_WORLD,\n     &  RANK, IERR)\n"
        "      IF (RANK .EQ. 0) CALL MPI_BARRIER(MPI_COMM_WORLD, IERR)\n"
        "      CALL MPI_FINALIZE(IERR)\n      END\n"
    )
    assert [(one.kind, one.line) for one in report(text, "a.f").findings] == [("collective-missing", 8)]


def test_a_module_in_another_file(report):
    files = {
        "main.f90": "program a\nuse part\ncall start()\ncall share()\ncall finish()\nend program\n",
        "part.f90": "module part\nuse mpi\ninteger :: rank, ierr, x(4)\ncontains\nsubroutine start()\ncall MPI_Init(ierr)\n"
        "call MPI_Comm_rank(MPI_COMM_WORLD, rank, ierr)\nend subroutine\nsubroutine share()\n"
        "call MPI_Bcast(x, 5, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)\nend subroutine\nsubroutine finish()\n"
        "call MPI_Finalize(ierr)\nend subroutine\nend module\n",
    }
    assert [(one.kind, one.file, one.line) for one in report(files).findings] == [("count-beyond-buffer", "part.f90", 10)]


def test_default_kinds_that_the_build_widens(report):
    text = "program a\nuse mpi\nreal :: x\ncall MPI_Init(ierr)\n"
    text += "call MPI_Bcast(x,1,MPI_REAL8,0,MPI_COMM_WORLD,ierr)\ncall MPI_Finalize(ierr)\nend\n"
    assert [one.kind for one in report({"a.f90": text}).findings] == ["count-beyond-buffer", "datatype-of-buffer"]
    assert report({"a.f90": text, "Makefile": "FFLAGS = -O2 -fdefault-real-8\n"}).findings == ()


@pytest.mark.parametrize("stray", ["else", "end do", "case (1)", "contains", "end if", "end"])
def test_a_stray_line_ends_the_reading_of_nothing(report, stray):
    text = f"program a\nuse mpi\ncall MPI_Init(ierr)\n{stray}\ncall MPI_Finalize(ierr)\n{stray}\nend program\n{stray}\n"
    assert report(text, "a.f90").files == 1


def test_a_text_that_is_cut_off_accuses_nobody(report):
    text = "program a\nuse mpi\ncall MPI_Init(ierr)\nif (rank == 0) then\ncall MPI_Barrier(MPI_COMM_WORLD, ierr)\n"
    found = report(text, "a.f90")
    assert (found.findings, found.replayed) == ((), 0)
