import ast
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codepar.mpi.insert import insert
from codepar.mpi.python.dialect import PythonDialect
from codepar.mpi.remove import strip
from codepar.syntax.language import Language

PROGRAM = '''from mpi4py import MPI

comm = MPI.COMM_WORLD
rank = comm.Get_rank()


def exchange(data, peer):
    """Doc."""
    comm.send(data, dest=peer)  # there
    for step in range(3):
        data += step
        comm.Barrier()
    return comm.recv(
        source=peer,
    )


if rank == 0:
    comm.Barrier()
    comm.send(1, dest=1)
else:
    x = 1; comm.Barrier(); y = 2
    comm.send({
        "x": x}, dest=0)
    print(x)
value = comm.bcast(1, root=0)
print(value)
comm.Barrier()
'''


def edited(change):
    stripped = strip(PROGRAM, "a.py")
    source = change(stripped.source)
    assert source != stripped.source
    result = insert(stripped.model_copy(update={"source": source}))
    ast.parse(result)
    return result


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def exchange(data, peer):\n", "LIMIT = 3\n\n\ndef exchange(data, peer):\n"),
        ('    """Doc."""\n', '    """Documented."""\n'),
        ("        data += step\n", "        data += 2 * step\n        data -= 1\n"),
        ("range(3)", "range(4)"),
        ("x = 1;", "x = 2;"),
        ("    print(x)\n", "    print(x, y)\n    print(y)\n"),
        ("print(value)\n", "print(value + 1)\n"),
    ],
)
def test_after_an_edit_elsewhere_every_call_is_in_its_place(old, new):
    assert edited(lambda text: text.replace(old, new)) == PROGRAM.replace(old, new)


def test_a_block_that_was_indented_takes_its_calls_along():
    def indent(text):
        head, tail = text.split("    for step")
        body, rest = tail.split("    return", 1)
        body = "".join(f"    {line}\n" for line in f"    for step{body}".splitlines())
        return f"{head}    if peer:\n{body}    return{rest}"

    assert "            data += step\n            comm.Barrier()\n" in edited(indent)


def test_a_call_whose_placeholder_was_deleted_comes_back_as_a_statement():
    result = edited(lambda text: text.replace("    pass  # mpi: void\n", "    done = True\n"))
    assert "    done = True\n" in result
    assert result.count("comm.Barrier()") == PROGRAM.count("comm.Barrier()")


def test_boundaries_keep_off_continuations_and_decorators():
    text = "@a\ndef f(x,\n      y):\n    s = '''\nz'''\n"
    allowed = [index for index, found in enumerate(PythonDialect(Language.PYTHON).boundaries(text)) if found.allowed]
    assert allowed == [0, 3, 5]


_LINES = len(strip(PROGRAM, "a.py").source.split("\n"))
_EDITS = st.lists(st.tuples(st.sampled_from(["insert", "change"]), st.integers(0, _LINES - 1)), max_size=5)


@settings(max_examples=100, deadline=None)
@given(_EDITS)
def test_whatever_is_edited_elsewhere_every_call_is_there_once(edits):
    stripped = strip(PROGRAM, "a.py")
    lines = stripped.source.split("\n")
    for kind, number in edits:
        index = number % len(lines)
        if kind == "insert":
            lines.insert(index, "# note")
        else:
            lines[index] += "  # changed"
    source = "\n".join(lines)
    result = insert(stripped.model_copy(update={"source": source}))
    ast.parse(result)
    again = strip(result, "a.py")
    assert Counter((c.function, c.arguments) for c in again.calls) == Counter((c.function, c.arguments) for c in stripped.calls)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_nothing_is_lost_even_when_the_source_is_torn_up(data):
    stripped = strip(PROGRAM, "a.py")
    lines = stripped.source.split("\n")
    source = "\n".join(data.draw(st.permutations(lines))[: data.draw(st.integers(0, len(lines)))])
    result = insert(stripped.model_copy(update={"source": source}))
    wanted = Counter(call.function for call in stripped.calls)
    assert all(result.count(f"{name}(") >= count for name, count in wanted.items())
