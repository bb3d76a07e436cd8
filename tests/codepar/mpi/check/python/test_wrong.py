"""Wrong mpi4py programs, each with the mistake that is to be found and its line."""

from __future__ import annotations

import pytest

WRONG = {
    "an isend that is dropped": ("request-unwaited", 1, """
comm.isend(rank, dest=right)
comm.recv(source=left)"""),
    "an Isend without its wait": ("request-unwaited", 1, """
req = comm.Isend(a, dest=right)
comm.Recv(b, source=left)"""),
    "an irecv without its wait": ("request-unwaited", 1, """
req = comm.irecv(source=left)
comm.send(rank, dest=right)"""),
    "a request replaced in a loop": ("request-unwaited", 2, """
for i in range(size):
    req = comm.isend(rank, dest=i)
for i in range(size):
    comm.recv(source=i)
req.wait()"""),
    "a list of which one is waited for": ("request-unwaited", 1, """
reqs = [comm.isend(i, dest=right, tag=i) for i in range(2)]
for i in range(2):
    comm.recv(source=left, tag=i)
reqs[0].wait()"""),
    "an array written before the wait": ("buffer-in-use", 2, """
req = comm.Isend(a, dest=right)
a[0] = 5
comm.Recv(b, source=left)
req.Wait()"""),
    "an array filled before the wait": ("buffer-in-use", 2, """
req = comm.Isend(a, dest=right)
a.fill(3)
comm.Recv(b, source=left)
req.Wait()"""),
    "an element read before the wait": ("buffer-in-use", 3, """
req = comm.Irecv(b, source=left)
comm.Send(a, dest=right)
print(b[0])
req.Wait()"""),
    "two receives into one array": ("buffer-in-use", 2, """
reqs = [comm.Irecv(b, source=left, tag=0)]
reqs.append(comm.Irecv(b, source=left, tag=1))
comm.Send(a, dest=right, tag=0)
comm.Send(a, dest=right, tag=1)
MPI.Request.Waitall(reqs)"""),
    "a persistent request never started": ("request-not-started", 1, """
req = comm.Send_init(a, dest=right)
req.Free()"""),
    "tags": ("tag-mismatch", 4, """
if rank == 0:
    comm.send(1, dest=1, tag=7)
elif rank == 1:
    comm.recv(source=0, tag=8)"""),
    "tags of arrays": ("tag-mismatch", 4, """
if rank == 0:
    comm.Send(a, dest=1, tag=7)
if rank == 1:
    comm.Recv(b, 0, 8)"""),
    "tags of a ring": ("tag-mismatch", 2, """
req = comm.isend(rank, right, 1)
comm.recv(source=left, tag=2)
req.wait()"""),
    "communicators": ("communicator-mismatch", 5, """
other = comm.Dup()
if rank == 0:
    comm.send(1, dest=1)
elif rank == 1:
    other.recv(source=0)
other.Free()"""),
    "a message that nobody takes": ("send-unmatched", 2, """
if rank == 0:
    comm.send(1, dest=1)"""),
    "a message that nobody sends": ("receive-unmatched", 2, """
if rank == 0:
    comm.recv(source=1)"""),
    "a receive for the wrong rank": ("receive-unmatched", 4, """
if rank == 0:
    req = comm.isend(1, dest=1)
elif rank == 1:
    comm.recv(source=1)"""),
    "both receive first": ("deadlock", 2, """
if rank == 0:
    comm.recv(source=1)
    comm.send(1, dest=1)
elif rank == 1:
    comm.recv(source=0)
    comm.send(1, dest=0)"""),
    "a ring that receives first": ("deadlock", 1, """
comm.Recv(b, source=left)
comm.Send(a, dest=right)"""),
    "a ring of sends": ("needs-buffering", 1, """
comm.Send(a, dest=right)
comm.Recv(b, source=left)"""),
    "synchronous sends": ("deadlock", 1, """
comm.ssend(rank, dest=right)
comm.recv(source=left)"""),
    "a pickled object for an array": ("datatype-mismatch", 4, """
if rank == 0:
    comm.send(a, dest=1)
elif rank == 1:
    comm.Recv(b, source=0)"""),
    "an array for a pickled object": ("datatype-mismatch", 4, """
if rank == 0:
    comm.Send(a, dest=1)
elif rank == 1:
    x = comm.recv(source=0)"""),
    "a pickled and an array's broadcast": ("datatype-mismatch", 4, """
if rank == 0:
    comm.bcast(a, root=0)
else:
    comm.Bcast(a, root=0)"""),
    "a pickled object for memory of unknown type": ("datatype-mismatch", 5, """
x = np.load('x.npy')
if rank == 0:
    comm.send(x, dest=1)
elif rank == 1:
    comm.Recv(x, source=0)"""),
    "arrays of two types": ("datatype-mismatch", 4, """
if rank == 0:
    comm.Send(a, dest=1)
elif rank == 1:
    comm.Recv(d, source=0)"""),
    "datatypes of two sides": ("datatype-mismatch", 4, """
if rank == 0:
    comm.Send([d, MPI.DOUBLE], dest=1)
elif rank == 1:
    comm.Recv([a, MPI.INT], source=0)"""),
    "a longer message than its receive": ("message-truncated", 5, """
small = np.zeros(4, dtype='i')
if rank == 0:
    comm.Send(a, dest=1)
elif rank == 1:
    comm.Recv(small, source=0)"""),
    "broadcasts of two lengths": ("count-mismatch", 2, """
x = np.zeros(4 if rank == 0 else 5)
comm.Bcast(x, root=0)"""),
    "a count beyond an array": ("count-beyond-buffer", 1, "comm.Bcast([a, 11, MPI.INT], root=0)"),
    "a gather into too little": ("count-mismatch", 2, """
all_of = np.zeros(10 * size - size, dtype='i')
comm.Gather(a, all_of, root=0)"""),
    "a barrier of one rank": ("collective-missing", 2, """
if rank == 0:
    comm.Barrier()"""),
    "a broadcast that the others miss": ("collective-missing", 2, """
if rank == 0:
    comm.bcast(5, root=0)"""),
    "a reduction in a loop of one turn more": ("collective-missing", 2, """
for i in range(rank + 1):
    comm.allreduce(i)"""),
    "collectives in another order": ("collective-mismatch", 5, """
if rank == 0:
    comm.bcast(1, root=0)
    comm.barrier()
else:
    comm.barrier()
    comm.bcast(None, root=0)"""),
    "gather and allgather": ("collective-mismatch", 4, """
if rank == 0:
    comm.gather(rank, root=0)
else:
    comm.allgather(rank)"""),
    "a function with a barrier, called by one": ("collective-missing", 2, """
def meet():
    comm.barrier()
if rank == 0:
    meet()"""),
    "a root for each rank": ("root-mismatch", 1, "comm.bcast(1, root=rank)"),
    "a receive instead of a broadcast": ("receive-unmatched", 4, """
if rank == 0:
    comm.bcast(1, root=0)
else:
    comm.recv(source=0)"""),
    "operations": ("operator-mismatch", 1, "comm.allreduce(1, op=MPI.SUM if rank == 0 else MPI.MAX)"),
    "a reduction as another type": ("datatype-of-buffer", 1, "comm.Allreduce([d, MPI.INT], [e, MPI.INT], op=MPI.SUM)"),
    "a count of elements of another type": ("datatype-of-buffer", 1, "comm.Bcast([d, 10, MPI.FLOAT], root=0)"),
    "a negative tag": ("negative-tag", 2, """
if rank == 0:
    comm.send(1, dest=1, tag=-4)"""),
    "a root out of range": ("root-out-of-range", 1, "comm.bcast(1, root=size)"),
    "a rank out of range": ("rank-out-of-range", 1, """
comm.send(1, dest=rank + 1)
if rank > 0:
    comm.recv(source=rank - 1)"""),
    "a wildcard in a send": ("wildcard-in-send", 1, "comm.send(1, dest=MPI.ANY_SOURCE)"),
    "the same array twice": ("buffers-overlap", 1, "comm.Allreduce(a, a, op=MPI.SUM)"),
    "a bitwise operation on reals": ("operation-type", 1, "comm.Allreduce(d, e, op=MPI.BOR)"),
    "a null communicator": ("null-communicator", 1, "MPI.COMM_NULL.Barrier()"),
    "a communicator that is never freed": ("communicator-leaked", 1, """
half = comm.Split(rank % 2, rank)
half.barrier()"""),
    "a communicator used after its end": ("freed-handle", 3, """
other = comm.Dup()
other.Free()
other.barrier()"""),
    "a type that was not committed": ("type-not-committed", 2, """
four = MPI.INT.Create_contiguous(4)
comm.Bcast([a, 1, four], root=0)
four.Free()"""),
    "a type that is never freed": ("datatype-leaked", 1, """
four = MPI.INT.Create_contiguous(4).Commit()
comm.Bcast([a, 1, four], root=0)"""),
    "a call after the end": ("after-finalize", 2, """
MPI.Finalize()
comm.barrier()"""),
    "a second start": ("init-twice", 1, "MPI.Init()"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_found_at_its_line(kinds, name):
    kind, line, body = WRONG[name]
    assert (kind, line) in kinds(body)


def test_a_start_that_is_missing(report):
    text = "import mpi4py\nmpi4py.rc.initialize = False\nfrom mpi4py import MPI\nMPI.COMM_WORLD.barrier()\n"
    assert [(one.kind, one.line) for one in report(text, "a.py").findings] == [("before-init", 4)]


def test_findings_speak_python(report):
    text = "from mpi4py import MPI\ncomm = MPI.COMM_WORLD\ncomm.isend(1, dest=MPI.ANY_SOURCE)\n"
    found = {one.kind: one for one in report(text, "a.py").findings}
    assert found["wildcard-in-send"].message.startswith("isend sends to MPI.ANY_SOURCE")
    assert not any("MPI_" in one.message + (one.fix or "") for one in found.values())


def test_the_corpus_has_its_size():
    assert len(WRONG) >= 40
    assert len({kind for kind, _, _ in WRONG.values()}) >= 25
