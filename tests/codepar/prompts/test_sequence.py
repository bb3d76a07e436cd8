"""A request as words with marks and pieces at their places."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from codepar.prompts.discourse import Discourse
from codepar.prompts.lexicon import Tag
from codepar.prompts.request import Request
from codepar.prompts.sequence import MARKS, Word, sequence_of

CODE = """Port `half` and twice() to CUDA, please.

```c
static double half(double x) { return x / 2; }
double twice(double x) { return x * 2; }
int main(void) { for (int i = 0; i < 3; i++) half(i); }
```
Both of them."""


def sequence(prompt: str, files: dict[str, str] | None = None) -> list[Word]:
    return sequence_of(Discourse(Request(prompt, files or {})))


def one(words: list[Word], text: str) -> Word:
    return next(word for word in words if word.text == text)


def test_words_stand_at_their_place_with_their_tags():
    words = sequence(CODE)
    port = one(words, "port")
    assert CODE[port.start : port.end] == "Port"
    assert Tag.CHANGE in port.tags
    assert {mark for mark in MARKS if port.is_marked(mark)} >= {"capital", "sentence", "clause", "first sentence", "head verb"}


def test_pieces_stand_where_their_block_does():
    words = sequence(CODE)
    texts = [word.text for word in words]
    assert texts.index("please") < texts.index("<block>") < texts.index("both")
    pieces = {word.text: word for word in words if word.is_marked("piece")}
    assert pieces.keys() >= {"half", "twice", "main", "<loop>"}
    assert pieces["half"].is_marked("named")
    assert pieces["half"].is_marked("static")
    assert pieces["main"].is_marked("main")
    assert not pieces["main"].is_marked("named")


def test_names_of_the_code_are_marked_in_the_prose():
    words = [word for word in sequence(CODE) if word.start >= 0]
    assert [word.text for word in words if word.is_marked("symbol")] == ["half", "twice()"]


def test_attachments_come_last():
    words = sequence("Annotate both files.", {"a.py": "def f():\n    return 1\n", "notes.txt": "no code"})
    assert [word.text for word in words if word.element is not None] == ["a.py", "f", "notes.txt"]
    assert one(words, "notes.txt").is_marked("no code")
    assert one(words, "a.py").is_marked("an attachment")


def test_elements_of_lists_are_marked():
    words = sequence("Explain:\n- mutexes\n- semaphores\n\nThanks!")
    assert [word.text for word in words if word.is_marked("item")] == ["mutexes", "semaphores"]
    assert one(words, "mutexes").is_marked("listed")
    assert not one(words, "thanks").is_marked("listed")


def test_a_number_that_fits_is_marked():
    words = sequence("Test these two functions.\n```c\nint f(void) { return 1; }\nint g(void) { return 2; }\n```")
    assert one(words, "two").is_marked("as many functions")
    assert not one(words, "two").is_marked("as many files")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=120))
def test_any_text_has_a_sequence(prompt: str):
    words = sequence(prompt)
    assert words[0].text == "<request>"
    starts = [word.start for word in words if word.start >= 0]
    assert starts == sorted(starts)
    assert all(0 <= mark < len(MARKS) for word in words for mark in word.marks)
