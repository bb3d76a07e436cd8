"""What the other places of a program say about a place: a recurrent layer that reads them in both directions.

A receive is likelier where a send is missing elsewhere; a reduction ends what a scatter began. Each direction is a gated
recurrent unit over the hidden values of the places, in the order of the file. Pure Python, 2 ms a place with 64 units. Limits:
from one function to another only as much reaches as its units hold.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from codepar.mpi.words.layers import Layer, read_layer, written

Vector = Sequence[float]


@dataclass(frozen=True)
class Direction:
    """A gated recurrent layer of n units: of each layer's rows n reset, n keep, n renew (the order of PyTorch's GRU)."""

    inputs: Layer
    inputs_bias: tuple[float, ...]
    state: Layer
    state_bias: tuple[float, ...]

    def read(self, places: Iterable[Vector]) -> Iterator[list[float]]:
        """The state after each place, in the order given."""
        units = len(self.state_bias) // 3
        state = [0.0] * units
        for place in places:
            given = _sum(self.inputs.times(place), self.inputs_bias)
            known = _sum(self.state.times(state), self.state_bias)
            state = [_renewed(given[unit::units], known[unit::units], state[unit]) for unit in range(units)]
            yield state


@dataclass(frozen=True)
class Context:
    """``forward`` reads the places from the first to the last, ``backward`` from the last; ``output`` has a row a function."""

    forward: Direction
    backward: Direction
    output: Layer

    def of(self, places: Sequence[Vector]) -> list[list[float]]:
        """For each place what is added to the value of each function before the sigmoid."""
        before = list(self.forward.read(places))
        behind = list(self.backward.read(reversed(places)))[::-1]
        return [self.output.times([*one, *other]) for one, other in zip(before, behind, strict=True)]


def _renewed(given: Vector, known: Vector, state: float) -> float:
    reset, keep = (_sigmoid(given[gate] + known[gate]) for gate in (0, 1))
    new = math.tanh(given[2] + reset * known[2])
    return (1 - keep) * new + keep * state


def _sum(first: Vector, second: Vector) -> list[float]:
    return [one + other for one, other in zip(first, second, strict=True)]


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value > -700 else 0.0


def read_context(data: dict[str, Any]) -> Context:
    """The part of a weights file. Raises what ``layers.read_layer`` raises."""
    return Context(_direction(data["forward"]), _direction(data["backward"]), read_layer(data["output"]))


def context_written(context: Context) -> dict[str, object]:
    """The part as it goes into the file."""
    return {
        "forward": _direction_written(context.forward),
        "backward": _direction_written(context.backward),
        "output": written(context.output),
    }


def _direction(data: dict[str, Any]) -> Direction:
    inputs, state = read_layer(data["inputs"]), read_layer(data["state"])
    inputs_bias, state_bias = (tuple(map(float, data[name])) for name in ("inputs_bias", "state_bias"))
    if not len(inputs.rows) == len(state.rows) == len(inputs_bias) == len(state_bias) == 3 * len(state.rows[0]):
        raise ValueError("its recurrent layers do not fit")
    return Direction(inputs, inputs_bias, state, state_bias)


def _direction_written(direction: Direction) -> dict[str, object]:
    return {
        "inputs": written(direction.inputs),
        "inputs_bias": direction.inputs_bias,
        "state": written(direction.state),
        "state_bias": direction.state_bias,
    }
