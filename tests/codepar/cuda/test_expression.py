from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codepar.cuda.expression import divide, evaluate
from codepar.errors import InvalidInput

NAMES = ("a", "b", "c")


def _expressions() -> st.SearchStrategy[str]:
    leaves = st.sampled_from(NAMES) | st.integers(0, 9).map(str)
    return st.recursive(
        leaves,
        lambda inner: (
            st.tuples(inner, st.sampled_from(["+", "-", "*", "<", "<=", "==", "!=", "&&", "||", "&", "^"]), inner).map(
                lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
            )
            | st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} ? {parts[1]} : {parts[2]})")
            | inner.map(lambda one: f"-({one})")
            | inner.map(lambda one: f"!{one}")
            | st.tuples(inner, st.integers(1, 7)).map(lambda parts: f"(({parts[0]}) / {parts[1]})")
            | st.tuples(inner, st.integers(1, 7)).map(lambda parts: f"(({parts[0]}) % {parts[1]})")
        ),
        max_leaves=8,
    )


@settings(max_examples=3, deadline=None)
@given(st.lists(_expressions(), min_size=60, max_size=60), st.tuples(*[st.integers(-5, 5)] * 3))
def test_values_are_those_of_a_c_compiler(tmp_path_factory, expressions, numbers):
    folder = tmp_path_factory.mktemp("c")
    prints = "".join(f'printf("%lld\\n", (long long)({text}));' for text in expressions)
    declared = ", ".join(f"{name} = {number}" for name, number in zip(NAMES, numbers, strict=True))
    (folder / "a.c").write_text(f"#include <stdio.h>\nint main(void) {{ long long {declared}; {prints} }}\n")
    subprocess.run(["gcc", "-w", "-o", folder / "a.out", folder / "a.c"], check=True)
    expected = subprocess.run([folder / "a.out"], capture_output=True, text=True, check=True).stdout.split()
    values = dict(zip(NAMES, numbers, strict=True))
    assert [str(evaluate(text, values)) for text in expressions] == expected


def test_quotients_round_towards_zero():
    assert [divide(*pair) for pair in ((7, 2), (-7, 2), (7, -2), (-7, -2))] == [3, -3, -3, 3]
    assert evaluate("-7 % 3") == -1


def test_the_side_that_is_not_taken_may_have_no_value():
    assert evaluate("n > 0 ? 10 / n : 0", {"n": 0}) == 0
    assert evaluate("n != 0 && 10 / n > 1", {"n": 0}) == 0


def test_numbers_of_c():
    assert evaluate("0x1F + 010 + 3UL + 'A'") == 31 + 8 + 3 + 65
    assert evaluate("sizeof(double) * n / sizeof(unsigned char)", {"n": 3}) == 24
    assert evaluate("(int)(2.9f * n)", {"n": 1}) == 2
    assert evaluate("max(n, 4) - min(n, 4)", {"n": 9}) == 5


@pytest.mark.parametrize(
    "text", ["", "n +", "a[1]", "f(2)", "x = 1", "1 2", "(1", "1 / 0", "unknown", "sizeof(struct cell)", "#"]
)
def test_what_has_no_value_says_so(text):
    with pytest.raises(InvalidInput):
        evaluate(text, {"n": 1})
