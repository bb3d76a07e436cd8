from codepar.mpi.python.scopes import scopes_of
from codepar.syntax.language import Language
from codepar.syntax.tree import parse

PROGRAM = """a = 1
def f(x, y=2, *rest):
    b = a
    self.c = 2.5
    for i, j in x:
        b += g(i)
    with open(b) as file:
        pass
(d, e) = 3, [4]
"""


def test_each_scope_has_its_own_names():
    module, function = scopes_of(parse(PROGRAM, Language.PYTHON).root)
    assert list(module.kinds) == ["a", "d", "e"]
    assert function.parameters == ("x", "y", "rest")
    assert set(function.kinds) == {"b", "self.c", "i", "j", "file"}
    assert function.called == {"g", "open"}
    assert "a" in function.reads
    assert module.kinds["e"].shape == "list"
    assert function.visible(module) >= {"a", "b", "x"}
