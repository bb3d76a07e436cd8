"""What the other places of a program say about a place: a recurrent layer that reads them in both directions.

A receive is likelier where a send is missing elsewhere; a reduction ends what a scatter began. Each direction is a gated
recurrent unit over the hidden values of the places, in the order of the file. Limits: from one function to another only as much
reaches as its units hold; needs numpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from codepar.layers import Layer, read_layer, written

if TYPE_CHECKING:
    from codepar.layers import Values


@dataclass(frozen=True)
class Direction:
    """A gated recurrent layer of n units: of each layer's rows n reset, n keep, n renew (the order of PyTorch's GRU)."""

    inputs: Layer
    inputs_bias: tuple[float, ...]
    state: Layer
    state_bias: tuple[float, ...]

    def read(self, places: Values) -> Values:
        """The state after each place (places x width), in the order given (places x units)."""
        import numpy

        units = len(self.state_bias) // 3
        matrix, bias = self.state.matrix, numpy.array(self.state_bias, numpy.float32)
        # The last row stays zero: before the first place stands index -1.
        states = numpy.zeros((len(places) + 1, units), numpy.float32)
        for number, given in enumerate(places @ self.inputs.matrix.T + numpy.array(self.inputs_bias, numpy.float32)):
            known = matrix @ states[number - 1] + bias
            # The logistic function by a tangent, which cannot overflow.
            reset, keep = (0.5 + 0.5 * numpy.tanh((given[: 2 * units] + known[: 2 * units]) / 2)).reshape(2, units)
            new = numpy.tanh(given[2 * units :] + reset * known[2 * units :])
            states[number] = (1 - keep) * new + keep * states[number - 1]
        return states[:-1]


@dataclass(frozen=True)
class Context:
    """``forward`` reads the places from the first to the last, ``backward`` from the last; ``output`` has a row a function."""

    forward: Direction
    backward: Direction
    output: Layer

    def of(self, places: Values) -> Values:
        """What is added to the value of each function before the sigmoid: places x functions, from places x width."""
        import numpy

        around = numpy.concatenate([self.forward.read(places), self.backward.read(places[::-1])[::-1]], axis=1)
        found: Values = around @ self.output.matrix.T
        return found


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
