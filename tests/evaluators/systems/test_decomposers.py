"""The floors: nothing is split, and every line of a list is."""

import pytest

from codepar.errors import InvalidInput
from evaluators.systems.decomposers import open_decomposer


def test_whole_never_splits():
    assert not open_decomposer("whole")("- a\n- b", {}).split


def test_lists_takes_lines_with_bullets_and_numbers_even_in_code():
    found = open_decomposer("lists")("Tu ça :\n1. première\n2) deux \n```\n- x\n```", {})
    raw = "Tu ça :\n1. première\n2) deux \n```\n- x\n```".encode()
    assert [item.text for item in found.items] == ["première", "deux", "x"]
    assert all(raw[slice(*item.span)].decode() == item.text for item in found.items)


def test_one_line_is_no_list():
    assert not open_decomposer("lists")("- a", {}).split


def test_an_unknown_name_is_told_the_known_ones():
    with pytest.raises(InvalidInput, match="there is no system 'x'"):
        open_decomposer("x")
