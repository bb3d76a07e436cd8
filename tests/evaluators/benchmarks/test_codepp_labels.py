"""Quoted places become spans, and what is quoted wrongly is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codepar.errors import InvalidInput
from evaluators.benchmarks.codepp_labels import Label, Place

PROMPT = "Erkläre f und g:\nint f(void) { return 1; }\nint g(void) { return f(); }"


def spans(items, edges=(), files=None, **more):
    label = Label(id="t", split=True, items=items, edges=edges, **more)
    return label.resolved(PROMPT, files or {})


def test_a_beginning_and_an_end_make_a_span_of_bytes():
    found = spans(["int f(…}", "int g(…}"], ["1>2 signature"])
    assert [item.text for item in found.items] == ["int f(void) { return 1; }", "int g(void) { return f(); }"]
    raw = PROMPT.encode()
    assert all(raw[slice(*item.span)].decode() == item.text for item in found.items)
    assert [(edge.from_, edge.to, edge.kind.value) for edge in found.edges] == [("1", "2", "signature")]


def test_the_nth_place_an_attachment_and_repetition():
    found = spans([{"at": "int", "nth": 2}, {"file": "a.c"}], files={"a.c": "é\n"})
    assert (found.items[0].span[0], found.items[1].span) == (PROMPT.encode().index(b"int g"), (0, 3))
    assert [item.id for item in spans([{"at": "f", "repeat": 3}]).items] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("items", "edges", "fault"),
    [
        (["int h(…}", "f"], [], "not there"),
        (["int f(…]", "f"], [], "does not follow"),
        (["int f(…}", "return 1"], [], "overlap"),
        ([" und", "f"], [], "white space"),
        (["int f(…}", "int g(…}"], ["1>3 body"], "does not join"),
        (["int f(…}", "int g(…}"], ["1-2 body"], "no edge"),
        (["int f(…}", {"file": "b.c"}], [], "b.c"),
    ],
)
def test_a_wrong_label_is_refused_with_its_id(items, edges, fault):
    with pytest.raises(InvalidInput, match=f"label t.*{fault}|{fault}"):
        spans(items, edges)


@given(before=st.text(max_size=20), inside=st.text(min_size=1, max_size=20), after=st.text(max_size=20))
def test_what_is_quoted_is_what_stands_there(before, inside, after):
    text = f"{before}<{inside}>{after}"
    start, end = Place.model_validate({"at": "<…>", "nth": before.count("<") + 1}).characters(text)
    assert text[start] == "<"
    assert text[end - 1] == ">"
    assert ">" not in text[start + 1 : end - 1]
