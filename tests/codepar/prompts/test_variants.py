"""What sets alike answers apart: values or ways that the request names, else ways of our own; never the same twice."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codepar.prompts.items import Decomposition, Item
from codepar.prompts.plan import plan_of
from codepar.prompts.request import Request
from codepar.prompts.variants import Axis, axes_of, variants_of
from codepar.prompts.ways import way_of, ways_for
from codepar.prompts.wording import shared_beginning

KERNEL = "\n\n```cuda\n__global__ void scale(float *x, int n)\n{\n    x[threadIdx.x] *= 2;\n}\n```"


def counted(prompt, *numerals):
    """The decomposition that counts: (numeral, how often) in the order of the prompt."""
    items, position = [], 0
    for numeral, count in numerals:
        position = prompt.index(numeral, position)
        start = len(prompt[:position].encode())
        for _ in range(count):
            span = (start, start + len(numeral.encode()))
            items.append(Item(id=str(len(items) + 1), text=numeral, span=span))
        position += len(numeral)
    place = prompt.index(numerals[0][0])
    template = prompt[:place] + "{data}" + prompt[place + len(numerals[0][0]) :]
    return Decomposition(split=True, reason="", items=tuple(items), template=template, category="Repeated Generation")


def variants(prompt, *numerals):
    return list(variants_of(counted(prompt, *numerals), Request(prompt, {})).values())


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("10 variants with block sizes 64, 128, 256", [("block sizes", "64 128 256")]),
        ("variants: tile sizes 8, 16 and 32, unroll 1 or 4", [("tile sizes", "8 16 32"), ("unroll", "1 4")]),
        ("生成4个变体，块大小为32、64、128", [("块大小", "32 64 128")]),
        ("вариантов с размерами блока 64, 128 и 256", [("размерами блока", "64 128 256")]),
        ("Varianten mit Kachelgröße 8x8 oder 16x16", [("Kachelgröße", "8x8 16x16")]),
        ("shared memory: 16 KB, 32 KB", [("shared memory", "16_KB 32_KB")]),
        ("10 variants of this kernel", []),
        ("3 variants in 2, 3 or 4 lines", []),
        ("3 of version 1.2.3, 4", [("version", "1.2.3 4")]),
        ("```c\nint block[] = {64, 128};\n```", []),
    ],
)
def test_axes_are_lists_of_numbers_behind_a_name(words, wanted):
    assert axes_of(Request(words, {})) == tuple(Axis(name, tuple(_values(values))) for name, values in wanted)


def _values(text):
    return [value.replace("_", " ") for value in text.split()]


def test_a_grid_in_its_order_each_point_once():
    found = variants("9 variants, tile sizes 8, 16, 32 and unroll 1, 2, 4" + KERNEL, ("9", 9))
    assert [one.point for one in found[:2]] == [(("tile sizes", "8"), ("unroll", "1")), (("tile sizes", "8"), ("unroll", "2"))]
    assert len({one.point for one in found}) == 9
    assert not any(one.way for one in found)


def test_of_a_large_grid_every_value_is_seen():
    found = variants("3 variants, tile sizes 8, 16, 32 and unroll 1, 2, 4" + KERNEL, ("3", 3))
    assert {value for one in found for _, value in one.point} == {"8", "16", "32", "1", "2", "4"}


def test_a_second_round_of_a_small_grid_has_ways():
    found = variants("7 variants with block sizes 64, 128" + KERNEL, ("7", 7))
    assert Counter(one.point[0][1] for one in found) == {"64": 4, "128": 3}
    assert [bool(one.way) for one in found] == [False] * 2 + [True] * 5
    assert len({(one.point, one.way) for one in found}) == 7


def test_named_ways_come_first():
    found = variants("4 variants (unrolled, blocked, with pointers...)" + KERNEL, ("4", 4))
    assert [one.way for one in found[:3]] == ["unrolled", "blocked", "with pointers"]
    assert found[3].way == ways_for(Request(KERNEL, {}))[0]


def test_several_sorts_are_told_which_they_are():
    found = variants("Suggest 2 Japanese, 1 French and 3 Italian recipes.", ("2", 2), ("1", 1), ("3", 3))
    assert [one.kind for one in found] == ["2 Japanese"] * 2 + ["1 French"] + ["3 Italian recipes"] * 3
    assert 'of "1 French": the only one of these' in found[2].told
    assert len({one.told for one in found}) == 6


def test_all_share_everything_but_the_end():
    prompt = "Give me 10 variants of this kernel, block sizes 64, 128" + KERNEL
    found = counted(prompt, ("10", 10))
    plan = plan_of(found, prompt, {})
    shared = shared_beginning(plan)
    assert shared.startswith("Give me 1 variants of this kernel")
    assert KERNEL.strip() in shared
    assert len({step.prompt for step in plan.steps}) == 10
    assert all(step.prompt.endswith(step.own) and f"number {step.item} of 10" in step.own for step in plan.steps)


@given(st.integers(1, 400), st.sampled_from(["", KERNEL, "\n```python\ndef f(x):\n    return x\n```"]))
def test_no_two_are_told_the_same(count, code):
    prompt = f"{count} versions please{code}"
    found = variants(prompt, (str(count), count)) if count > 1 else []
    assert len({one.told for one in found}) == len(found)
    assert len({one.way for one in found}) == len(found)


@given(st.integers(2, 20), st.integers(0, 2_000))
def test_ways_never_repeat(size, number):
    ways = [f"way {letter}" for letter in range(size)]
    assert len({way_of(ways, other) for other in range(number, number + 50)}) == 50
