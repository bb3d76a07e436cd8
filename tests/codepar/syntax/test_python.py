from hypothesis import given
from hypothesis import strategies as st

from codepar.syntax.python import PythonText, width

TEXT = '''import x  # why
@decorated
def f(a,
      b):
    """doc
def g(): pass
"""
    s = "#" + 'it\\'s' \\
        + r
    if a: return [
        1]
\telse:
'''


def lines(text):
    view = PythonText(text)
    return [" ".join(view.code[line.start : line.end].decode().replace("_", "").split()) for line in view.lines]


def test_logical_lines():
    assert lines(TEXT) == ["import x", "@decorated", "def f(a, b):", "", "s = + + r", "if a: return [ 1]", "else:"]


def test_what_a_line_opens_and_continues():
    told = [(line.opens, line.decorates, line.continues_block, width(line.indentation)) for line in PythonText(TEXT).lines]
    assert told[1] == (False, True, False, 0)
    assert told[2] == (True, False, False, 0)
    assert told[4] == (False, False, False, 4)
    assert told[6] == (True, False, True, 8)


@given(st.text(alphabet="a1#'\"()[]\\: \t\n", max_size=120))
def test_the_code_keeps_every_offset(text):
    view = PythonText(text)
    assert len(view.code) == len(view.data)
    assert all(view.code[line.start : line.end].strip() for line in view.lines)
