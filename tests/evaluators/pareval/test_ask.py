"""A body is found in what a model says: a code block with the function, with its body alone, or bare text that goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evaluators.benchmarks.pareval import Model, Problem
from evaluators.pareval.ask import body_of, read_body

BODY = '\n    if (x.size() > 1) { x[0] = 1; } // }\n    puts("}");\n}'


@pytest.mark.parametrize(
    "text",
    [
        f"Here it is:\n```cpp\n/* twice(x) {{ */\nvoid twice(std::vector<double> &x) {{{BODY}\n```\nIt doubles.",
        f"```c++\n{BODY}\n```",
        f"void twice(std::vector<double> &x) {{{BODY}\n\nint main() {{ return 0; }}",
        f"```cpp\n#include <vector>\n```\n```cpp\nvoid twice(std::vector<double> &x) {{{BODY}\n```",
    ],
)
def test_the_body_is_found(text: str, problem: Callable[[Model], Problem]) -> None:
    assert read_body(text, problem("serial")).strip() == BODY.strip()


def test_what_goes_on_is_cut_behind_the_function() -> None:
    assert body_of(f"{BODY}\nvoid next() {{ }}").strip() == BODY.strip()
    assert body_of("    return").strip().startswith("return")
