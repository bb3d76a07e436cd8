import ast
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codepar.errors import InvalidInput, Unsupported
from codepar.mpi.insert import insert
from codepar.mpi.python.holes import HOLE
from codepar.mpi.remove import splice, strip
from codepar.mpi.stripped import Stripped

PROGRAM = '''"""comm.send(in a docstring)"""
from mpi4py import MPI
import numpy as np
import socket

comm = MPI.COMM_WORLD
rank, size = comm.Get_rank(), MPI.COMM_WORLD.Get_size()
name = MPI.Get_processor_name()


def exchange(c: MPI.Comm, data, peer):
    """Doc."""
    c.send(data, dest=peer)  # there
    return c.recv(source=peer)


class Grid:
    def __init__(self, comm=MPI.COMM_WORLD):
        self.cart = comm.Create_cart([2, 2])
        self.requests = []

    def wait(self):
        self.requests.append(self.cart.isend({"a": 1}, dest=0))
        for request in self.requests:
            request.wait()

    def close(self):
        # only this
        self.cart.Free()


if rank == 0:
    comm.send(1, dest=1); comm.send(2, dest=1)
    x = 1; comm.Barrier(); y = 2
elif rank == 1: comm.recv(source=0)
else:
    req = comm.irecv(source=0); req.wait()
value = comm.bcast(
    {"k": [1]},  # why
    root=0,
)["k"]
print(f"{MPI.Wtime():.3f} {comm.Get_rank() + 1}", comm.rank)
window = MPI.Win.Create(np.zeros(3), comm=comm)
window.Fence()
MPI.Request.Waitall([req])
with MPI.File.Open(comm, "a") as handle:
    handle.Write_at(0, np.zeros(3))
peer = socket.create_connection(("localhost", 1))
peer.send(b"comm.send()")
total = comm.allreduce(rank, op=MPI.SUM) if size > 1 else sum(comm.recv() for _ in range(3))
vector = MPI.DOUBLE.Create_vector(2, 1, 3).Commit()
while not comm.Iprobe(): pass
assert lambda: comm.Barrier()
MPI.Finalize()
'''
LEFT = re.compile(r"\b(?:comm|c|req|request|cart|window|handle)\.(?!rank)\w+\(|\bMPI\.(?!COMM)\w+\(|MPI\.\w+\.\w+\(")
OPAQUE = re.compile(r'"""[^"]*"""|b"[^"]*"')


@pytest.fixture(params=["plain", "crlf", "no final newline", "not ascii", "tabs"])
def program(request):
    texts = {
        "plain": PROGRAM,
        "crlf": PROGRAM.replace("\n", "\r\n"),
        "no final newline": PROGRAM.rstrip("\n"),
        "not ascii": PROGRAM.replace("there", "où 日本"),
        "tabs": PROGRAM.replace("    ", "\t"),
    }
    return texts[request.param], "a.py"


def test_insertion_gives_back_the_same_bytes_and_no_call_is_left(program):
    text, path = program
    stripped = strip(text, path)
    assert splice(stripped.source.encode(), stripped.calls) == text.encode()
    assert insert(stripped) == text
    assert insert(Stripped.model_validate_json(stripped.model_dump_json())) == text
    assert insert(stripped.model_copy(update={"base": None, "language": None})) == text
    assert len(LEFT.findall(OPAQUE.sub("", text))) > 25
    assert LEFT.findall(OPAQUE.sub("", stripped.source)) == []


def test_what_remains_is_python(program):
    text, path = program
    ast.parse(text)
    ast.parse(strip(text, path).source)


def test_spans_hold_holes_or_nothing(program):
    stripped = strip(*program)
    for call in stripped.calls:
        held = stripped.source.encode()[slice(*call.span)].decode()
        assert bool(HOLE.fullmatch(held)) == call.inline == bool(held)


def test_other_objects_are_left_alone():
    source = strip(PROGRAM, "a.py").source
    assert 'peer.send(b"comm.send()")' in source
    assert "comm.rank)" in source
    assert strip("import serial\ncomm = serial.Serial()\ncomm.send(1)\n", "a.py").calls == ()


HEAD = "from mpi4py import MPI\ncomm = MPI.COMM_WORLD\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = comm.bcast(x)\n", "x = (0x4D5049 and object())\n"),
        ("r = comm.Get_rank()\n", "r = (0x4D5049 and int())\n"),
        ("t = MPI.Wtime() - t\n", "t = (0x4D5049 and float()) - t\n"),
        ("if a:\n    comm.Barrier()\n", "if a:\n    pass  # mpi: void\n"),
        ("if a: comm.Barrier()  # c\n", "if a: pass  # mpi: void  # c\n"),
        ("if a:\n    comm.Barrier()\n    comm.Barrier()\n", "if a:\n    pass  # mpi: void\n"),
        ("if a:\n    comm.Barrier()\n    b = 1\n", "if a:\n    b = 1\n"),
        ("comm.isend(1, dest=0).wait()\n", ""),
        ("a = 1; comm.Barrier()\n", "a = 1; \n"),
        ("world = MPI.COMM_WORLD\nworld.Barrier()\n", "world = MPI.COMM_WORLD\n"),
        ("half = comm.Split(1)\nhalf.Barrier()\n", "half = (0x4D5049 and object())\n"),
        ("q = [comm.isend(1, dest=0)]\nq[0].wait()\n", "q = [(0x4D5049 and object())]\n"),
        ("print 'rank', comm.Get_rank()\n", "print 'rank', (0x4D5049 and int())\n"),
        ("s = MPI.Status()\n", "s = MPI.Status()\n"),
        ("s = MPI.Status()\nn = s.Get_count()\n", "s = MPI.Status()\nn = (0x4D5049 and int())\n"),
    ],
)
def test_small_places(text, expected):
    assert strip(HEAD + text, "a.py").source == HEAD + expected


@pytest.mark.parametrize(
    ("head", "call"),
    [
        ("from mpi4py import MPI as M\n", "M.COMM_WORLD.Barrier()"),
        ("import mpi4py.MPI as M\nw = M.COMM_WORLD\n", "w.Barrier()"),
        ("import mpi4py.MPI\n", "mpi4py.MPI.COMM_WORLD.Barrier()"),
        ("from mpi4py.MPI import COMM_WORLD as w, Finalize\n", "w.Barrier()"),
        ("from mpi4py.MPI import COMM_WORLD, Finalize\n", "Finalize()"),
        ("from mpi4py.MPI import *\n", "COMM_WORLD.Barrier()"),
        ("from helpers import mpi_comm\n", "mpi_comm.barrier()"),
    ],
)
def test_every_way_to_import(head, call):
    stripped = strip(f"{head}{call}\nx = 1\n", "a.py")
    assert stripped.source == f"{head}x = 1\n"
    assert [found.function for found in stripped.calls] == [call.removesuffix("()")]


def test_what_mpi_does_not_have_is_said():
    stripped = strip(HEAD + "MPI.Get_adress(x)\n", "a.py")
    assert [(place.line, place.reason) for place in stripped.refused] == [(3, "MPI.Get_adress is no call of mpi4py")]


def test_arguments_and_lines():
    call = strip(HEAD + "y = 1\ncomm.Send([a,\n  MPI.INT],  # c\n  dest=1)\n", "a.py").calls[0]
    assert (call.function, call.arguments, call.after_line) == ("comm.Send", ("[a, MPI.INT]", "dest=1"), 3)


@pytest.mark.parametrize("text", ["", "int main(void) { MPI_Init(0, 0); return 0; }\n" * 4])
def test_what_is_not_python_is_refused(text):
    with pytest.raises(InvalidInput):
        strip(text, "a.py")


def test_the_level_declarations_is_refused():
    with pytest.raises(Unsupported, match="Python"):
        strip(PROGRAM, "a.py", level="declarations")


_PIECES = st.sampled_from(
    [
        "comm.Barrier()",
        "x = 1",
        "x = comm.bcast(x)",
        "comm.send(1); y = 2",
        "comm.send([\n1])",
        "s = 'comm.send()'",
        "comm.Free(); comm.Free()",
    ]
)
_BLOCKS = st.lists(
    st.tuples(st.sampled_from(["", "if a:", "for b in c:", "def f(comm):"]), st.lists(_PIECES, min_size=1, max_size=3))
)


@settings(max_examples=150, deadline=None)
@given(_BLOCKS)
def test_whatever_is_accepted_comes_back_and_parses(blocks):
    text = HEAD
    for header, statements in blocks:
        indentation = "    " if header else ""
        text += "".join([f"{header}\n" if header else "", *(f"{indentation}{statement}\n" for statement in statements)])
    stripped = strip(text, "a.py")
    assert insert(stripped) == text
    ast.parse(stripped.source)
    assert "comm.send(1)" not in stripped.source


@pytest.mark.parametrize(
    "text",
    [
        "\\\n" * 200_000,
        "f(" * 2_000 + "MPI.Wtime()" + ")" * 2_000 + "\n",
        "x = comm" + ".Split()" * 2_000 + "\n",
        "x = comm" + ".a" * 5_000 + "\n",
    ],
)
def test_nonsense_ends_in_an_answer(text):
    try:
        stripped = strip(HEAD + text, "a.py")
    except InvalidInput:
        return
    assert insert(stripped) == HEAD + text
