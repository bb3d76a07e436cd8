import pytest

from codepar.mpi.python.kinds import kind_of
from codepar.syntax.language import Language
from codepar.syntax.tree import parse


def told(text):
    (node,) = parse(f"x = {text}\n", Language.PYTHON).capture("(assignment) @it")
    found = kind_of(node.child_by_field_name("right"))
    return (found.type, found.shape) if found else None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("3", ("int", "")),
        ("2.5 * n", ("double", "")),
        ("'a'", ("char", "")),
        ("np.zeros(4)", ("double", "buffer")),
        ("numpy.empty(4, dtype='i')", ("int", "buffer")),
        ("np.random.rand(3) + 1", ("double", "buffer")),
        ("np.sum(a)", None),
        ("[1, 2]", ("int", "list")),
        ("{}", ("double", "list")),
        ("len(a)", ("int", "")),
        ("time.time()", ("double", "")),
        ("f(a)", None),
        ("(0x4D5049 and int())", ("int", "")),
        ("(0x4D5049 and object())", None),
    ],
)
def test_values(text, kind):
    assert told(text) == kind
