"""Several wishes in running text as people type them, and texts of one task that look like it."""

from __future__ import annotations

import pytest

from codepar.prompts.extract import extract
from codepar.prompts.validate import validate

SEVERAL = [
    (
        "I need a Makefile, a README and a unit test for the parser.",
        ["a Makefile", "a README", "a unit test for the parser"],
    ),
    (
        "First thing: a python snippet that prints the column means. Second thing, unrelated: an email to my supervisor.",
        ["a python snippet that prints the column means", "an email to my supervisor"],
    ),
    (
        "how do I undo the last git commit, what's the difference between a thread and a process and why is quicksort n log n",
        ["how do I undo the last git commit", "what's the difference between a thread and a process", "why is quicksort n log n"],
    ),
    (
        "For Monday: draft a one-paragraph abstract. Put together a gnuplot script for scaling.dat. Also a logo idea.",
        ["draft a one-paragraph abstract", "Put together a gnuplot script for scaling.dat", "a logo idea"],
    ),
    (
        "Hola, necesito un script que borre los ficheros viejos y también un correo para avisar a los usuarios.",
        ["un script que borre los ficheros viejos", "un correo para avisar a los usuarios"],
    ),
    (
        "While I am away, write the welcome mail for the interns and look up what SLURM's --exclusive does.",
        ["write the welcome mail for the interns", "look up what SLURM's --exclusive does"],
    ),
    (
        "My wish list: an icon idea for the app, a tagline under eight words, a privacy policy in plain English.",
        ["an icon idea for the app", "a tagline under eight words", "a privacy policy in plain English"],
    ),
    ("我需要一个 Makefile、一份 README 和一个单元测试。", ["一个 Makefile", "一份 README", "一个单元测试"]),
]
ONE = [
    "Write a function that parses a date, and a test for it.",
    "We have 4 nodes. I need a slurm script which uses all GPUs. Make the time limit 2 hours.",
    "Should I use malloc or calloc? I heard calloc is slower. What would you do?",
    "Is it possible to call MPI from threads? If so, how? And what should I watch out for?",
    "Read the csv, drop the empty rows, compute the mean of column 2 and write the result to out.txt.",
    "Generate a Makefile. It should have targets all, clean and test, use -O2, and put objects into build/.",
    "Write me a cover letter. I studied physics and worked at a bank. Mention my thesis. One page at most.",
    "Who doesn't love a fast sort? Who wants to wait? Write me the fastest radix sort you can.",
    "You write a poem about the sea. The first verse mentions a ship, the second a storm and the third a harbour.",
    "I want to write a game. It needs a player, some enemies and a score. Can you write that?",
    "Design a schema for a clinic: patients, doctors. Add indexes where needed, justify each choice, and give the SQL.",
    "Mein Programm stürzt ab. Liegt es am Zeiger? Oder am Array?",
    "Почему программа падает? Может, дело в указателе? Или в массиве?",
    "请解释快速排序的原理，给出代码，并分析它的复杂度。",
    "Suggest a title, then write an abstract that fits the title, then a talk outline based on the abstract.",
    "Explain the difference between TCP and UDP, give an example for each, and say which one DNS uses.",
    "Create a presentation on MPI. Start with a motivation and end with performance tips. Ten slides at most.",
    "I need a C++ program with a menu. Option 1 adds a student, option 2 removes one, and option 3 lists all.",
    "Explain like I'm five: what is a compiler, what does it do all day, and why is it so picky?",
    "为什么我的程序很慢？是因为内存吗？还是因为锁？",
    "Let's play a game: you are a dragon, I am a knight. Describe the cave, then wait for my move.",
    "Haz un resumen del Quijote, di quiénes son los personajes principales y explica el final.",
    "Is tabs or spaces better? Which one does the kernel use? And why do people care?",
    "Explain how MPI_Allreduce works, what algorithms are used, and when it is slow.",
]


@pytest.mark.parametrize(("prompt", "items"), SEVERAL)
def test_wishes_are_found(prompt: str, items: list[str]) -> None:
    found = extract(prompt, {})
    assert [item.text for item in found.items] == items
    assert not validate(found, prompt, {})


@pytest.mark.parametrize("prompt", ONE)
def test_details_steps_and_threads_stay_whole(prompt: str) -> None:
    assert not extract(prompt, {}).split
