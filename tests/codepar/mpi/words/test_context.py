"""The recurrent layer of the word model: its equations, its two directions, its part of the file."""

import math
from array import array

import numpy
import pytest

from codepar.layers import Layer
from codepar.mpi.words.context import Context, Direction, context_written, read_context

PLACES = numpy.array([[1.0, 0.5], [0.0, 2.0], [3.0, 1.0]], numpy.float32)


def _layer(*rows: list[int]) -> Layer:
    return Layer(0.25, tuple(array("b", row) for row in rows))


@pytest.fixture
def direction():
    inputs = _layer([4, 0], [0, 4], [4, 4])
    return Direction(inputs, (0.1, -0.2, 0.3), _layer([2], [-3], [5]), (0.0, 0.4, -0.1))


@pytest.fixture
def context(direction):
    backward = Direction(_layer([1, 2], [3, 4], [5, 6]), (0.0, 0.0, 0.0), direction.state, direction.state_bias)
    return Context(direction, backward, _layer([4, -4], [1, 2]))


def _gate(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def test_a_state_is_renewed_as_the_equations_of_the_unit_say(direction):
    first, second, _ = direction.read(PLACES)
    reset, keep = _gate(1.0 + 0.1), _gate(0.5 - 0.2 + 0.4)
    expected = (1 - keep) * math.tanh(1.5 + 0.3 + reset * -0.1)
    assert first.tolist() == pytest.approx([expected])
    reset, keep = _gate(0.1 + 0.5 * expected), _gate(2.0 - 0.2 - 0.75 * expected + 0.4)
    new = math.tanh(2.0 + 0.3 + reset * (1.25 * expected - 0.1))
    assert second.tolist() == pytest.approx([(1 - keep) * new + keep * expected])


def test_a_place_hears_of_those_before_and_behind_it(context):
    told = context.of(PLACES)
    changed = PLACES.copy()
    changed[0] = 9.0
    assert context.of(changed)[2].tolist() != told[2].tolist()
    changed = PLACES.copy()
    changed[2] = 9.0
    assert context.of(changed)[0].tolist() != told[0].tolist()
    assert told.shape == (3, 2)


def test_one_place_hears_of_no_other(context):
    [[send, receive]] = context.of(PLACES[:1])
    [[before]], [[behind]] = context.forward.read(PLACES[:1]), context.backward.read(PLACES[:1])
    assert (send, receive) == pytest.approx((before - behind, 0.25 * before + 0.5 * behind))


def test_the_file_holds_it_and_refuses_layers_that_do_not_fit(context):
    data = context_written(context)
    assert read_context(data) == context
    data["forward"]["state_bias"] = (0.0,)
    with pytest.raises(ValueError, match="do not fit"):
        read_context(data)
