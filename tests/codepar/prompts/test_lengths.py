from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codepar.prompts.extract import extract
from codepar.prompts.lengths import answer_lengths, stated_length, tokens_of
from codepar.prompts.plan import plan_of

SMALL = "int one(void)\n{\n    return 1;\n}\n"
LARGE = (
    "int sum(const int *v, int n)\n{\n    int s = 0;\n"
    + "    for (int i = 0; i < n; i++) s += v[i];\n" * 12
    + "    return s;\n}\n"
)


def lengths_of(prompt: str, files: dict[str, str] | None = None) -> list[int]:
    found = extract(prompt, files or {})
    return list(answer_lengths(found, plan_of(found, prompt, files or {})).values())


@pytest.mark.parametrize(
    ("words", "least", "most"),
    [
        ("Explain it in 50 words", 60, 80),
        ("Explain each in one sentence.", 20, 40),
        ("Three sentences for each, please", 70, 100),
        ("Give two paragraphs on each", 180, 260),
        ("Say briefly what each does", 60, 120),
        ("それぞれ一文で説明してください", 20, 40),
        ("Объясни кратко", 60, 120),
        ("just answer yes or no", 4, 12),
    ],
)
def test_a_length_that_is_stated_is_taken(words, least, most):
    assert least <= stated_length(words) <= most


@pytest.mark.parametrize("words", ["Translate these functions", "Sort 50 words alphabetically", "the file has 20 lines 3 to 5"])
def test_numbers_that_say_nothing_of_the_answer(words):
    assert stated_length(words) is None


def test_changed_code_is_about_as_long_as_it_was():
    small, large = lengths_of(f"Translate these functions to Fortran.\n```c\n{SMALL}{LARGE}```")
    assert large - small == pytest.approx(1.2 * (tokens_of(LARGE) - tokens_of(SMALL)), rel=0.1)


def test_kinds_differ():
    code = f"```c\n{SMALL}{LARGE}```"
    tests, change = (
        lengths_of(f"Write unit tests for these functions.\n{code}"),
        lengths_of(f"Translate these functions.\n{code}"),
    )
    assert sum(tests) > sum(change)
    assert max(lengths_of("Fix the grammar in each sentence:\n- He go home\n- She have a cat")) < 30
    assert min(lengths_of("What is a mutex? What is a semaphore? What is a barrier?")) > 100


def test_the_items_verbs_decide_where_the_template_has_none():
    write, read = lengths_of("- Write a Makefile for heat.c\n- Explain briefly what a halo is")
    assert read < write


@given(st.text(max_size=300), st.text(max_size=300))
def test_tokens_grow_with_the_text(one, other):
    assert 0 <= tokens_of(one) <= len(one)
    assert abs(tokens_of(one + other) - tokens_of(one) - tokens_of(other)) <= 1
