"""The readings that a request may have."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from codepar.prompts.discourse import Discourse
from codepar.prompts.possible import Possibilities
from codepar.prompts.reading import Kind
from codepar.prompts.request import Request
from codepar.prompts.roles import Roles
from codepar.prompts.sequence import sequence_of
from codepar.prompts.tag_network import Role, Told

TWO = "\n```c\nint f(int x) { return x + 1; }\n\nint g(int x) { return f(x) * 2; }\n\nint main(void) { return g(2); }\n```"


def possible(prompt: str, files: dict[str, str] | None = None, first: str = "") -> list[tuple[Kind, tuple[str, ...], set[str]]]:
    """Kind, texts and makers of all readings, by a network that knows nothing but that an item may begin with ``first``."""
    discourse = Discourse(Request(prompt, files or {}))
    words = sequence_of(discourse)
    table = np.full((len(words), len(Role)), np.log(0.2), np.float32)
    table[[word.text == first for word in words], Role.FIRST] = np.log(0.5)
    roles = Roles(words, Told(table, 0.0, (0.0,) * 4))
    found = Possibilities(discourse, roles, None).of.values()
    return [(one.kind, tuple(discourse.request.text_at(p) for p in one.places), one.makers) for one in found]


def texts(prompt: str, files: dict[str, str] | None = None, first: str = "") -> set[tuple[str, ...]]:
    return {found for _, found, _ in possible(prompt, files, first)}


def test_series_with_any_beginning():
    found = texts("Show me the pandas way of merge(a, b), cut(x) and reshape to long.", first="merge")
    assert ("merge(a, b)", "cut(x)", "reshape to long") in found


def test_a_tail_may_be_shared():
    assert ("hay fever", "sunburn", "ticks") in texts("Three lines on hay fever, sunburn and ticks for the shop window.")


def test_some_marks_may_not_cut():
    found = texts("Please calculate the index for Anna, small and Bert, tall.", first="anna")
    assert ("Anna, small", "Bert, tall") in found


def test_a_preposition_may_be_repeated():
    assert ("Mongolia", "Kenia", "Uruguay") in texts("¿Cuál es la capital de Mongolia, de Kenia y de Uruguay?", first="mongolia")


def test_an_item_may_begin_within_its_sentence():
    found = texts("The issue is due. So print the cover. Gudrun watches. By noon, print a riddle for it.", first="print")
    assert ("print the cover", "print a riddle for it") in found


def test_functions_of_a_language_without_a_grammar():
    code = "\n```go\nfunc A(x int) int { return x }\n\nfunc B(x int) int { return -x }\n\nfunc C() {}\n```"
    found = {items: makers for _, items, makers in possible("Test A and B." + code)}
    a, b = "func A(x int) int { return x }", "func B(x int) int { return -x }"
    assert "foreign named" in found[a, b]
    assert "foreign" in found[a, b, "func C() {}"]


def test_runs_of_sentences():
    found = texts("The search box forgets its text. Dark mode hides prices. Would be lovely to have these gone.")
    assert ("The search box forgets its text", "Dark mode hides prices") in found


def test_lines_without_marks():
    found = texts("Turn into friendly language:\n\nYou did not pay.\nYour device broke.\nWe will not refund this.")
    assert ("You did not pay", "Your device broke", "We will not refund this") in found


def test_pieces_of_code_by_kind_and_by_name():
    found = {found: makers for kind, found, makers in possible("Document f and g." + TWO) if kind is Kind.CODE}
    f, g = "int f(int x) { return x + 1; }", "int g(int x) { return f(x) * 2; }"
    assert {"pieces", "named"} <= found[f, g]
    assert found[f, g, "int main(void) { return g(2); }"] >= {"functions"}


def test_files():
    found = texts("Annotate both.", {"a.py": "x = 1\n", "b.py": "y = 2\n"})
    assert ("x = 1\n", "y = 2\n") in found


def test_numbers_as_often_as_they_say():
    found = texts("Gift ideas: 3 for my dad and 2 for a colleague.")
    assert {("3", "3", "3"), ("2", "2"), ("3", "3", "3", "2", "2")} <= found


def test_lists():
    found = {
        found: makers for _, found, makers in possible("Please:\n- write a test\n- fix the bug\n\nand\n\n1. run it\n2. ship it")
    }
    assert "list" in found["write a test", "fix the bug"]
    assert "lists" in found["write a test", "fix the bug", "run it", "ship it"]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab,.;\n -1two和、。`?", max_size=80))
def test_places_hold_text_and_do_not_overlap(prompt: str):
    discourse = Discourse(Request(prompt, {}))
    words = sequence_of(discourse)
    roles = Roles(words, Told(np.full((len(words), 5), np.log(0.2), np.float32), 0.0, (0.0,) * 4))
    for one in Possibilities(discourse, roles, None).of.values():
        assert len(one.places) > 1
        assert all(discourse.request.text_at(place).strip() for place in one.places)
