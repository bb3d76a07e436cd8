"""Numbers in requests: those that count answers, announce what follows, or are values."""

from __future__ import annotations

import pytest

from codepar.prompts.extract import extract
from codepar.prompts.items import Refusal

KERNEL = "\n__global__ void k(float *a, int n)\n{\n    int i = threadIdx.x;\n    if (i < n) a[i] *= 2;\n}\n"


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("Gib mir 3 Varianten mit Blockgröße 32, 64 oder 128" + KERNEL, ["3"] * 3),
        ("Give me 2 Japanese, 1 French and 2 Italian recipes.", ["2", "2", "1", "2", "2"]),
        ("Give me 2 example job scripts with arrays and 1 with a dependency.", ["2", "2", "1"]),
        ("Suggest three names for a cat.", ["three"] * 3),
    ],
)
def test_numerals_that_count_answers(text: str, items: list[str]):
    assert [item.text for item in extract(text, {}).items] == items


@pytest.mark.parametrize(
    "text",
    ["Three short ones. What is a mutex? What is a fence? What is a halo?", "Two things: explain mutexes, write a limerick."],
)
def test_what_only_announces_is_not_counted(text: str):
    assert not {"Three", "Two"} & {item.text for item in extract(text, {}).items}


def test_what_was_done_is_not_asked_for():
    text = "Suggest a commit message for this: replaced the search by a hash map, removed a branch, adapted two tests."
    assert not extract(text, {}).split


@pytest.mark.parametrize(
    "text",
    [
        "Write six riddles for a dungeon. Each riddle's answer must be the first word of the next riddle.",
        "Dame cinco nombres de variables que no compartan ninguna letra entre sí.",
        "想五个密码，任意两个不能有相同的字符。",
    ],
)
def test_answers_that_speak_of_each_other_stay_together(text: str):
    assert extract(text, {}).refusal is Refusal.CONSTRAINT


def test_steps_on_what_an_earlier_one_made_are_a_chain():
    text = "1. Implement a stack in C.\n2. Use your stack to evaluate postfix.\n3. Extend the program of 2 with variables."
    assert extract(text, {}).refusal is Refusal.CHAIN


def test_a_later_question_for_one_of_them_compares():
    text = "We got three offers: one with 64 cores, one with 96 cores, one with two GPUs. Which one would you take for CFD?"
    assert not extract(text, {}).split
