"""What models make of requests in which no rule finds parts: named pieces, numbers, lists in lines."""

from __future__ import annotations

import pytest

from codepar.prompts.extract import extract
from codepar.prompts.items import Refusal
from codepar.prompts.validate import validate

CODE = """
```c
double lerp(double a, double b, double t) { return a + (b - a) * t; }

int find(const double *x, int n, double v)
{
    for (int i = 0; i < n; i++)
        if (x[i] > v) return i;
    return -1;
}

double clamp(double v, double lo, double hi) { return v < lo ? lo : v > hi ? hi : v; }
```"""


@pytest.mark.parametrize(
    ("prompt", "items"),
    [
        ("lerp + clamp -> HIP" + CODE, ["double lerp", "double clamp"]),
        ("lerp and find could do with some comments tbh" + CODE, ["double lerp", "int find"]),
        ("Invent five characters for a role playing game, one paragraph each.", ["five"] * 5),
        ("Recommend 3 novels, 1 biography and 2 cookbooks.", ["3", "3", "3", "1", "2", "2"]),
        ("I'd like book tips for the office shelf: 3 on C++, 1 on compilers and 2 on numerics", ["3", "3", "3", "1", "2", "2"]),
        ("six versions of the loop pls, unroll 1, 2, 4 and with or without ivdep", ["six"] * 6),
        ("Estimate the run time of each step:\n- reading 2 TB\n- sorting 1e9 keys", ["reading 2 TB", "sorting 1e9 keys"]),
    ],
)
def test_splits(prompt: str, items: list[str]):
    found = extract(prompt, {})
    assert found.split, found.reason
    assert validate(found, prompt, {}) == ()
    assert [item.text[: len(begin)] for item, begin in zip(found.items, items, strict=True)] == items


@pytest.mark.parametrize(
    "prompt",
    [
        "Which of lerp, find and clamp is numerically worst?" + CODE,
        "clamp looks wrong, lerp was tested. Why do I get -1?" + CODE,
        "Write a haiku about the number five.",
        "Unroll this loop 3 times.\n```c\nfor (int i = 0; i < n; i++) y[i] = x[i];\n```",
        "Dockerfile please:\n* based on ubuntu\n* installs gcc\n* non-root user",
        "I see the following warnings:\n- deprecated conversion\n- unused result\nHow can I get rid of them?",
    ],
)
def test_stays_whole(prompt: str):
    assert not extract(prompt, {}).split


def test_code_with_errors_is_not_cut_by_names():
    found = extract(
        "lerp + clamp -> HIP\n```c\ndouble lerp(double a) { return a;\n\ndouble clamp(double v) { return v; }\n```", {}
    )
    assert found.refusal is Refusal.PARSE_ERROR or not found.split
