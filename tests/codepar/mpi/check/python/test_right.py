"""Right mpi4py programs, usual and unusual: none may be accused."""

from __future__ import annotations

import pytest

RIGHT = {
    "a ring with a wait": "req = comm.isend(rank, dest=right)\nx = comm.recv(source=left)\nreq.wait()",
    "a ring of arrays": "req = comm.Irecv(b, source=left)\ncomm.Send(a, dest=right)\nreq.Wait()\nprint(b[0])",
    "a wait on the spot": "comm.isend(1, dest=rank).wait() if False else None\ncomm.barrier()",
    "requests in a list": """
reqs = []
if rank > 0:
    reqs.append(comm.Irecv(a, source=rank - 1))
    reqs.append(comm.Isend(b, dest=rank - 1))
if rank < size - 1:
    reqs.append(comm.Irecv(np.empty(10, dtype="i"), source=rank + 1))
    reqs.append(comm.Isend(b, dest=rank + 1))
MPI.Request.Waitall(reqs)""",
    "requests of a comprehension": """
reqs = [comm.isend(rank, dest=i) for i in range(size)]
got = [comm.recv(source=i) for i in range(size)]
MPI.Request.waitall(reqs)""",
    "requests waited for one by one": """
reqs = [comm.irecv(source=i, tag=1) for i in range(size)]
for i in range(size):
    comm.send(rank, dest=i, tag=1)
for r in reqs:
    print(r.wait())""",
    "a request that may be null": """
req = MPI.REQUEST_NULL
if rank == 0:
    req = comm.isend(1, dest=1)
elif rank == 1:
    req = comm.irecv(source=0)
req.wait()""",
    "polling": """
req = comm.irecv(source=left)
comm.send(rank, dest=right)
done, value = req.test()
while not done:
    done, value = req.test()""",
    "master and workers": """
status = MPI.Status()
if rank == 0:
    for i in range(1, size):
        x = comm.recv(source=MPI.ANY_SOURCE, tag=MPI.ANY_TAG, status=status)
        comm.send(x, dest=status.Get_source(), tag=1)
else:
    comm.send(rank, dest=0)
    comm.recv(source=0, tag=MPI.ANY_TAG)""",
    "even ranks first": """
if rank % 2 == 0:
    if rank + 1 < size:
        comm.send(1, dest=rank + 1)
else:
    comm.recv(source=rank - 1)""",
    "neighbours with PROC_NULL": """
up = rank - 1 if rank > 0 else MPI.PROC_NULL
down = rank + 1 if rank < size - 1 else MPI.PROC_NULL
comm.Sendrecv(a, dest=up, sendtag=1, recvbuf=b, source=down, recvtag=1)
comm.Sendrecv([d, MPI.DOUBLE], down, 2, [e, MPI.DOUBLE], up, 2)""",
    "sendrecv of objects": "got = comm.sendrecv(rank, dest=right, source=left)\nassert got == left",
    "a broadcast of a dictionary": """
data = {'a': 1} if rank == 0 else None
data = comm.bcast(data, root=0)
for key in data:
    comm.barrier()""",
    "a number from the root": """
n = int(input()) if rank == 0 else None
n = comm.bcast(n, root=0)
for i in range(n):
    if rank == 0:
        comm.send(i, dest=1, tag=i)
    if rank == 1:
        comm.recv(source=0, tag=i)""",
    "a list from the root": """
work = [3, 1, 2] if rank == 0 else None
work = comm.bcast(work, root=0)
for item in work:
    total = comm.reduce(item, op=MPI.SUM, root=0)""",
    "scatter and gather": """
parts = [i * i for i in range(size)] if rank == 0 else None
mine = comm.scatter(parts, root=0)
everything = comm.gather(mine, root=0)
if rank == 0:
    print(sum(everything))""",
    "scatter and gather of arrays": """
whole = np.arange(10 * size, dtype='i') if rank == 0 else None
comm.Scatter(whole, a, root=0)
back = np.empty(10 * size, dtype='i') if rank == 0 else None
comm.Gather(a, back, root=0)""",
    "all to all": "comm.alltoall([rank] * size)\ncomm.Alltoall(np.zeros(size, 'i'), np.zeros(size, 'i'))",
    "vectors of unlike length": """
counts = comm.gather(rank + 1, root=0)
mine = np.full(rank + 1, rank, dtype='i')
total = np.zeros(sum(range(size + 1)), dtype='i') if rank == 0 else None
comm.Gatherv(mine, [total, counts], root=0)""",
    "in place": "comm.Allreduce(MPI.IN_PLACE, a, op=MPI.SUM)",
    "in place at the root": """
if rank == 0:
    comm.Reduce(MPI.IN_PLACE, a, op=MPI.SUM, root=0)
else:
    comm.Reduce(a, None, op=MPI.SUM, root=0)""",
    "a pair's minimum": "value, where = comm.allreduce((rank * 2, rank), op=MPI.MINLOC)",
    "until it converges": """
change = 1.0
while change > 1e-6:
    change = comm.allreduce(np.random.rand() * 1e-7, op=MPI.MAX)""",
    "an endless loop with a break": """
while True:
    x = comm.allreduce(1.0, op=MPI.SUM)
    if x > 0:
        break""",
    "halves of the world": """
half = comm.Split(color=rank % 2, key=rank)
value = half.bcast(rank if half.rank == 0 else None, root=0)
half.Free()""",
    "a communicator of some": """
some = comm.Split(0 if rank < 2 else MPI.UNDEFINED, rank)
if some != MPI.COMM_NULL:
    some.barrier()
    some.Free()""",
    "a grid of ranks": """
dims = MPI.Compute_dims(size, 2)
grid = comm.Create_cart(dims, periods=[True, False])
source, dest = grid.Shift(0, 1)
grid.Sendrecv(a, dest=dest, recvbuf=b, source=source)
print(grid.Get_coords(grid.rank))
grid.Free()""",
    "a derived type": """
every = MPI.INT.Create_vector(5, 1, 2).Commit()
if rank == 0:
    comm.Send([a, 1, every], dest=1)
elif rank == 1:
    comm.Recv([b, 1, every], source=0)
every.Free()""",
    "functions": """
def exchange(buffer, partner, tag=0):
    comm.send(buffer, dest=partner, tag=tag)
    return comm.recv(source=partner, tag=tag)
def main():
    if rank == 0:
        comm.send(5, dest=1)
    elif rank == 1:
        x = comm.recv(source=0)
        return x
if __name__ == '__main__':
    main()""",
    "an early end of all": """
import sys
if size > 1000:
    sys.exit()
comm.barrier()""",
    "an abort": """
if size > 1000:
    print('too many')
    comm.Abort()
comm.barrier()""",
    "usage": """
import sys
if len(sys.argv) < 1:
    if rank == 0:
        print('usage')
    sys.exit(1)
comm.barrier()""",
    "persistent requests": """
reqs = [comm.Send_init(a, dest=right), comm.Recv_init(b, source=left)]
for i in range(3):
    MPI.Prequest.Startall(reqs)
    MPI.Request.Waitall(reqs)
for r in reqs:
    r.Free()""",
    "messages of any length": """
status = MPI.Status()
if rank == 0:
    comm.Send(a[:3], dest=1)
elif rank == 1:
    comm.Probe(source=0, status=status)
    n = status.Get_count(MPI.INT)
    comm.Recv([b, n, MPI.INT], source=0)""",
    "bytes counted by mpi4py": """
n = np.array(0, dtype=int)
comm.Bcast([n, MPI.INT], root=0)
x = np.zeros(3)
comm.Bcast([x, MPI.BYTE], root=0)""",
    "other names": """
from mpi4py import MPI as mpi
world = mpi.COMM_WORLD
if world.rank == 0:
    world.send('x', 1)
elif world.rank == 1:
    world.recv()""",
    "attributes of the world": """
if MPI.COMM_WORLD.rank == 0:
    MPI.COMM_WORLD.send(1, dest=MPI.COMM_WORLD.size - 1)
if MPI.COMM_WORLD.Get_rank() == MPI.COMM_WORLD.Get_size() - 1:
    MPI.COMM_WORLD.recv(source=0)""",
    "attributes of the communicator": """
if comm.rank == comm.size - 1:
    comm.send(None, dest=0)
if comm.rank == 0:
    comm.recv(source=comm.size - 1)""",
    "a nonblocking collective": "req = comm.Ibcast(a, root=0)\nreq.Wait()\nreq = comm.Ibarrier()\nreq.Wait()",
    "enumerated targets": """
for i, target in enumerate(range(1, size)):
    if rank == 0:
        comm.send(i, dest=target, tag=i)
    elif rank == target:
        comm.recv(source=0, tag=i)""",
    "a tree of sums": """
step, value = 1, rank
while step < size:
    if rank % (2 * step) == 0:
        if rank + step < size:
            value += comm.recv(source=rank + step)
    elif rank % (2 * step) == step:
        comm.send(value, dest=rank - step)
        break
    step *= 2""",
    "a request kept by an object": """
class Keeper:
    pass
keeper = Keeper()
keeper.req = comm.isend(rank, dest=right)
comm.recv(source=left)
keeper.req.wait()""",
    "times": "t = MPI.Wtime()\ncomm.barrier()\nprint(MPI.Wtime() - t)",
    "a try around all": """
try:
    comm.barrier()
except Exception as error:
    print(error)
    comm.Abort(1)""",
    "a window": """
win = MPI.Win.Create(a, comm=comm)
win.Fence()
win.Fence()
win.Free()""",
}  # fmt: skip


NOT_FOLLOWED = {"master and workers", "a request kept by an object", "a window"}
"""Whose ranks are not compared."""


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_program_is_not_accused(whole, name):
    found = whole(RIGHT[name])
    assert found.findings == ()
    assert bool(found.skipped) == (name in NOT_FOLLOWED)


def test_what_python_warns_of_is_read(report):
    text = "from mpi4py import MPI\nx = '\\d'\nif MPI.COMM_WORLD.rank == 0:\n    MPI.COMM_WORLD.barrier()\n"
    assert [(one.kind, one.line) for one in report(text, "a.py").findings] == [("collective-missing", 4)]


def test_the_corpus_has_its_size():
    assert len(RIGHT) >= 40
