"""What the network is to say of labelled requests."""

from __future__ import annotations

from codepar.prompts.reading import Kind
from codepar.prompts.request import Place
from codepar.prompts.tag_network import LONGEST, Role
from finetune.requests.examples import Example, example_of
from finetune.requests.labelled import Labelled


def example(prompt: str, *items: str, files: dict[str, str] | None = None, several: bool = True) -> Example:
    data = prompt.encode()
    places = tuple(Place(None, data.index(item.encode()), data.index(item.encode()) + len(item.encode())) for item in items)
    found = example_of(Labelled("s", prompt, files or {}, several, places))
    assert found is not None
    return found


def told(found: Example) -> dict[str, Role]:
    assert found.roles is not None
    return {word.text: role for word, role in zip(found.words, found.roles, strict=True) if role}


def test_words():
    found = example("Erklär bitte Mutexe und kurze Schlösser.", "Mutexe", "kurze Schlösser")
    assert told(found) == {"mutexe": Role.FIRST, "kurze": Role.FIRST, "schlösser": Role.INSIDE}
    assert found.kind is Kind.WORDS


def test_numerals():
    found = example("Give me two names.", "two", "two")
    assert told(found) == {"two": Role.NUMERAL}
    assert found.kind is Kind.COUNT


def test_one_beside_numerals_is_a_numeral():
    found = example("Tests: two valid, one not.", "two", "two", "one")
    assert told(found) == {"two": Role.NUMERAL, "one": Role.NUMERAL}
    assert found.kind is Kind.COUNT


def test_pieces():
    prompt = "Port f and g.\n```c\nint f(void) { return 1; }\nint g(void) { return 2; }\n```"
    found = example(prompt, "int f(void) { return 1; }", "int g(void) { return 2; }")
    assert told(found) == {"f": Role.PIECE, "g": Role.PIECE}
    assert found.kind is Kind.CODE
    assert len([role for role in found.roles or () if role]) == 2


def test_whole_and_unknown():
    assert told(example("Why?", several=False)) == {}
    unknown = example_of(Labelled("s", "a and b", {}, True, None))
    assert unknown is not None
    assert (unknown.roles, unknown.kind) == (None, None)


def test_what_is_cut_in_a_word_is_not_told():
    assert example("mutexes and locks", "utexes", "locks").roles is None


def test_long_requests_are_left_out():
    assert example_of(Labelled("s", "word " * (LONGEST + 1), {}, False, ())) is None
