"""Wrong Fortran programs, each with the mistake that is to be found and its line."""

from __future__ import annotations

import pytest

W = "MPI_COMM_WORLD"

WRONG = {
    "a send without its wait": ("request-unwaited", 1, """
call MPI_Isend(x, 1, MPI_INTEGER, mod(rank+1, size), 0, MPI_COMM_WORLD, r, ierr)
call MPI_Recv(y, 1, MPI_INTEGER, mod(rank-1+size, size), 0, MPI_COMM_WORLD, status, ierr)"""),
    "a receive without its wait": ("request-unwaited", 2, """
if (rank == 0) call MPI_Send(x, 1, MPI_INTEGER, 1, 0, MPI_COMM_WORLD, ierr)
if (rank == 1) call MPI_Irecv(y, 1, MPI_INTEGER, 0, 0, MPI_COMM_WORLD, r, ierr)"""),
    "one of two waited for": ("request-unwaited", 2, """
call MPI_Irecv(y, 1, MPI_INTEGER, mod(rank-1+size, size), 0, MPI_COMM_WORLD, reqs(1), ierr)
call MPI_Isend(x, 1, MPI_INTEGER, mod(rank+1, size), 0, MPI_COMM_WORLD, reqs(2), ierr)
call MPI_Waitall(1, reqs, MPI_STATUSES_IGNORE, ierr)"""),
    "a wait for nothing": ("request-unset", 1, "call MPI_Wait(r, status, ierr)"),
    "a wait for elements that nothing set": ("request-unset", 4, """
call MPI_Irecv(y, 1, MPI_INTEGER, mod(rank-1+size, size), 0, MPI_COMM_WORLD, reqs(1), ierr)
call MPI_Isend(x, 1, MPI_INTEGER, mod(rank+1, size), 0, MPI_COMM_WORLD, reqs(2), ierr)

call MPI_Waitall(3, reqs, MPI_STATUSES_IGNORE, ierr)"""),
    "a request that is replaced": ("request-overwritten", 2, """
do i = 0, size - 1
  call MPI_Isend(x, 1, MPI_INTEGER, i, 0, MPI_COMM_WORLD, r, ierr)
end do
do i = 0, size - 1
  call MPI_Recv(y, 1, MPI_INTEGER, i, 0, MPI_COMM_WORLD, status, ierr)
end do
call MPI_Wait(r, status, ierr)"""),
    "a buffer written before the wait": ("buffer-in-use", 3, """
call MPI_Irecv(y, 1, MPI_INTEGER, mod(rank-1+size, size), 0, MPI_COMM_WORLD, r1, ierr)
call MPI_Isend(x, 1, MPI_INTEGER, mod(rank+1, size), 0, MPI_COMM_WORLD, r2, ierr)
x = 5
call MPI_Wait(r1, status, ierr)
call MPI_Wait(r2, status, ierr)"""),
    "a received value read before the wait": ("buffer-in-use", 3, """
call MPI_Irecv(y, 1, MPI_INTEGER, mod(rank-1+size, size), 0, MPI_COMM_WORLD, r1, ierr)
call MPI_Isend(x, 1, MPI_INTEGER, mod(rank+1, size), 0, MPI_COMM_WORLD, r2, ierr)
print *, y
call MPI_Wait(r1, status, ierr)
call MPI_Wait(r2, status, ierr)"""),
    "an element of an array read before the wait": ("buffer-in-use", 3, """
call MPI_Irecv(a(3), 4, MPI_INTEGER, mod(rank-1+size, size), 0, MPI_COMM_WORLD, r1, ierr)
call MPI_Isend(b, 4, MPI_INTEGER, mod(rank+1, size), 0, MPI_COMM_WORLD, r2, ierr)
x = a(4)
call MPI_Wait(r1, status, ierr)
call MPI_Wait(r2, status, ierr)"""),
    "a persistent request never started": ("request-not-started", 1, """
call MPI_Send_init(x, 1, MPI_INTEGER, mod(rank+1, size), 0, MPI_COMM_WORLD, r, ierr)
call MPI_Request_free(r, ierr)"""),
    "tags": ("tag-mismatch", 2, """
if (rank == 0) call MPI_Send(x, 1, MPI_INTEGER, 1, 7, MPI_COMM_WORLD, ierr)
if (rank == 1) call MPI_Recv(x, 1, MPI_INTEGER, 0, 8, MPI_COMM_WORLD, status, ierr)"""),
    "tags of a ring": ("tag-mismatch", 3, """
left = mod(rank - 1 + size, size); right = mod(rank + 1, size)
call MPI_Isend(x, 1, MPI_INTEGER, right, 1, MPI_COMM_WORLD, r, ierr)
call MPI_Recv(y, 1, MPI_INTEGER, left, 2, MPI_COMM_WORLD, status, ierr)
call MPI_Wait(r, status, ierr)"""),
    "communicators": ("communicator-mismatch", 3, """
call MPI_Comm_dup(MPI_COMM_WORLD, comm, ierr)
if (rank == 0) call MPI_Send(x, 1, MPI_INTEGER, 1, 7, MPI_COMM_WORLD, ierr)
if (rank == 1) call MPI_Recv(x, 1, MPI_INTEGER, 0, 7, comm, status, ierr)
call MPI_Comm_free(comm, ierr)"""),
    "a message that nobody takes": ("send-unmatched", 1, """
if (rank == 0) call MPI_Send(x, 1, MPI_INTEGER, 1, 0, MPI_COMM_WORLD, ierr)"""),
    "a message that nobody sends": ("receive-unmatched", 1, """
if (rank == 0) call MPI_Recv(x, 1, MPI_INTEGER, 1, 0, MPI_COMM_WORLD, status, ierr)"""),
    "a second receive": ("receive-unmatched", 4, """
if (rank == 0) call MPI_Send(x, 1, MPI_INTEGER, 1, 0, MPI_COMM_WORLD, ierr)
if (rank == 1) then
  call MPI_Recv(x, 1, MPI_INTEGER, 0, 0, MPI_COMM_WORLD, status, ierr)
  call MPI_Recv(y, 1, MPI_INTEGER, 0, 0, MPI_COMM_WORLD, status, ierr)
end if"""),
    "both receive first": ("deadlock", 2, """
if (rank == 0) then
  call MPI_Recv(y, 1, MPI_INTEGER, 1, 0, MPI_COMM_WORLD, status, ierr)
  call MPI_Send(x, 1, MPI_INTEGER, 1, 0, MPI_COMM_WORLD, ierr)
else if (rank == 1) then
  call MPI_Recv(y, 1, MPI_INTEGER, 0, 0, MPI_COMM_WORLD, status, ierr)
  call MPI_Send(x, 1, MPI_INTEGER, 0, 0, MPI_COMM_WORLD, ierr)
end if"""),
    "a ring that receives first": ("deadlock", 1, """
call MPI_Recv(y, 1, MPI_INTEGER, mod(rank-1+size, size), 0, MPI_COMM_WORLD, status, ierr)
call MPI_Send(x, 1, MPI_INTEGER, mod(rank+1, size), 0, MPI_COMM_WORLD, ierr)"""),
    "a ring of sends": ("needs-buffering", 1, """
call MPI_Send(x, 1, MPI_INTEGER, mod(rank+1, size), 0, MPI_COMM_WORLD, ierr)
call MPI_Recv(y, 1, MPI_INTEGER, mod(rank-1+size, size), 0, MPI_COMM_WORLD, status, ierr)"""),
    "synchronous sends": ("deadlock", 1, """
call MPI_Ssend(x, 1, MPI_INTEGER, mod(rank+1, size), 0, MPI_COMM_WORLD, ierr)
call MPI_Recv(y, 1, MPI_INTEGER, mod(rank-1+size, size), 0, MPI_COMM_WORLD, status, ierr)"""),
    "types of two sides": ("datatype-mismatch", 2, """
if (rank == 0) call MPI_Send(x, 1, MPI_INTEGER, 1, 0, MPI_COMM_WORLD, ierr)
if (rank == 1) call MPI_Recv(f, 1, MPI_REAL, 0, 0, MPI_COMM_WORLD, status, ierr)"""),
    "a longer message than its receive": ("message-truncated", 2, """
if (rank == 0) call MPI_Send(a, 5, MPI_INTEGER, 1, 0, MPI_COMM_WORLD, ierr)
if (rank == 1) call MPI_Recv(a, 4, MPI_INTEGER, 0, 0, MPI_COMM_WORLD, status, ierr)"""),
    "counts of a broadcast": ("count-mismatch", 2, """
n = 4; if (rank > 0) n = 5
call MPI_Bcast(a, n, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)"""),
    "a barrier of one rank": ("collective-missing", 1, """
if (rank == 0) call MPI_Barrier(MPI_COMM_WORLD, ierr)"""),
    "a collective in a branch": ("collective-missing", 2, """
if (rank /= 0) then
  call MPI_Bcast(x, 1, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)
end if"""),
    "collectives in another order": ("collective-mismatch", 5, """
if (rank == 0) then
  call MPI_Bcast(x, 1, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)
  call MPI_Barrier(MPI_COMM_WORLD, ierr)
else
  call MPI_Barrier(MPI_COMM_WORLD, ierr)
  call MPI_Bcast(x, 1, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)
end if"""),
    "gather and allgather": ("collective-mismatch", 4, """
select case (rank)
case (0)
  call MPI_Gather(x, 1, MPI_INTEGER, a, 1, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)
case default; call MPI_Allgather(x, 1, MPI_INTEGER, a, 1, MPI_INTEGER, MPI_COMM_WORLD, ierr)
end select"""),
    "a procedure with a barrier, called by one": ("collective-missing", 5, """
if (rank == 0) call meet()
---
subroutine meet()
  call MPI_Barrier(MPI_COMM_WORLD, ierr)
end subroutine"""),
    "a root for each rank": ("root-mismatch", 1, "call MPI_Bcast(x, 1, MPI_INTEGER, rank, MPI_COMM_WORLD, ierr)"),
    "operations": ("operator-mismatch", 3, """
op = MPI_SUM
if (rank == 1) op = MPI_MAX
call MPI_Allreduce(x, y, 1, MPI_INTEGER, op, MPI_COMM_WORLD, ierr)"""),
    "a count beyond an array": ("count-beyond-buffer", 1, "call MPI_Bcast(a, 11, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)"),
    "a count beyond the rest of an array": ("count-beyond-buffer", 1, """
call MPI_Bcast(a(6), 6, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)"""),
    "a count beyond a column's rest": ("count-beyond-buffer", 1, """
call MPI_Bcast(m(1, 10), 11, MPI_DOUBLE_PRECISION, 0, MPI_COMM_WORLD, ierr)"""),
    "a count beyond a dummy": ("count-beyond-buffer", 6, """
call share(e)
---
subroutine share(v)
  double precision, intent(inout) :: v(:)
  call MPI_Bcast(v, 20, MPI_DOUBLE_PRECISION, 0, MPI_COMM_WORLD, ierr)
end subroutine"""),
    "an integer as a real": ("datatype-of-buffer", 1, "call MPI_Bcast(x, 1, MPI_REAL, 0, MPI_COMM_WORLD, ierr)"),
    "a double as a real": ("datatype-of-buffer", 1, "call MPI_Allreduce(MPI_IN_PLACE, d, 1, MPI_REAL, MPI_SUM, comm, ierr)"),
    "a real as a double": ("datatype-of-buffer", 1, "call MPI_Bcast(g, 4, MPI_DOUBLE_PRECISION, 0, MPI_COMM_WORLD, ierr)"),
    "an element as another type": ("datatype-of-buffer", 1, "call MPI_Bcast(e(2), 2, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)"),
    "characters as integers": ("datatype-of-buffer", 1, "call MPI_Bcast(s, 2, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)"),
    "a negative count": ("negative-count", 1, "call MPI_Bcast(a, -1, MPI_INTEGER, 0, MPI_COMM_WORLD, ierr)"),
    "a negative tag": ("negative-tag", 1, "if (rank == 0) call MPI_Send(x, 1, MPI_INTEGER, 1, -5, MPI_COMM_WORLD, ierr)"),
    "a root out of range": ("root-out-of-range", 1, "call MPI_Bcast(x, 1, MPI_INTEGER, size, MPI_COMM_WORLD, ierr)"),
    "a rank out of range": ("rank-out-of-range", 1, """
call MPI_Send(x, 1, MPI_INTEGER, rank + 1, 0, MPI_COMM_WORLD, ierr)
if (rank > 0) call MPI_Recv(y, 1, MPI_INTEGER, rank - 1, 0, MPI_COMM_WORLD, status, ierr)"""),
    "a wildcard in a send": ("wildcard-in-send", 1, "call MPI_Send(x, 1, MPI_INTEGER, MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, ierr)"),
    "a null communicator": ("null-communicator", 1, "call MPI_Barrier(MPI_COMM_NULL, ierr)"),
    "a type that was not committed": ("type-not-committed", 2, """
call MPI_Type_contiguous(4, MPI_INTEGER, ty, ierr)
call MPI_Bcast(a, 1, ty, 0, MPI_COMM_WORLD, ierr)
call MPI_Type_free(ty, ierr)"""),
    "a type that is never freed": ("datatype-leaked", 1, """
call MPI_Type_vector(2, 1, 4, MPI_INTEGER, ty, ierr)
call MPI_Type_commit(ty, ierr)
call MPI_Bcast(a, 1, ty, 0, MPI_COMM_WORLD, ierr)"""),
    "a communicator that is never freed": ("communicator-leaked", 1, """
call MPI_Comm_split(MPI_COMM_WORLD, mod(rank, 2), rank, comm, ierr)
call MPI_Barrier(comm, ierr)"""),
    "a communicator used after its end": ("freed-handle", 3, """
call MPI_Comm_dup(MPI_COMM_WORLD, comm, ierr)
n = comm; call MPI_Comm_free(comm, ierr)
call MPI_Barrier(n, ierr)"""),
    "the same memory twice": ("buffers-overlap", 1, "call MPI_Allreduce(x, x, 1, MPI_INTEGER, MPI_SUM, MPI_COMM_WORLD, ierr)"),
    "a bitwise operation on reals": ("operation-type", 1, "call MPI_Allreduce(f, g, 1, MPI_REAL, MPI_BOR, MPI_COMM_WORLD, ierr)"),
    "an argument too few": ("argument-count", 1, "call MPI_Send(x, 1, MPI_INTEGER, 1, MPI_COMM_WORLD, ierr)"),
    "an argument too many": ("argument-count", 1, "call MPI_Barrier(MPI_COMM_WORLD, 0, ierr)"),
    "no error code": ("ierror-missing", 1, "call MPI_Barrier(MPI_COMM_WORLD)"),
    "a call after the end": ("after-finalize", 2, """
call MPI_Finalize(ierr)
call MPI_Comm_rank(MPI_COMM_WORLD, rank, ierr)
stop"""),
    "a second start": ("init-twice", 1, "call MPI_Init(ierr)"),
    "an access outside of an epoch": ("rma-epoch", 3, """
call MPI_Win_create(a, 40_MPI_ADDRESS_KIND, 4, MPI_INFO_NULL, MPI_COMM_WORLD, win, ierr)

call MPI_Put(x, 1, MPI_INTEGER, 0, 0_MPI_ADDRESS_KIND, 1, MPI_INTEGER, win, ierr)
call MPI_Win_free(win, ierr)"""),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_found_at_its_line(kinds, name):
    kind, line, body = WRONG[name]
    assert (kind, line) in kinds(body)


def test_the_corpus_has_its_size():
    assert len(WRONG) >= 40
    assert len({kind for kind, _, _ in WRONG.values()}) >= 30
