import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codepar.errors import InvalidInput
from worker.runner import Command
from worker.sandbox import wire


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/", "a\0b", "x" * 5000])
def test_a_name_that_is_not_plainly_inside_is_refused(name):
    with pytest.raises(InvalidInput):
        wire.check_name(name)
    with pytest.raises(InvalidInput):
        b"".join(wire.encode(Command(argv=("x",), files={name: b""}), {}, 0))
    with pytest.raises(InvalidInput):
        b"".join(wire.encode(Command(argv=("x",), artifacts=(name,)), {}, 0))


@pytest.mark.parametrize("name", ["a", "a/b.c", ".hidden", "..a", "a b", "ü.c", "-rf"])
def test_odd_but_plain_names_pass(name):
    wire.check_name(name)


@pytest.mark.parametrize(
    "command", [Command(argv=()), Command(argv=("a\0b",)), Command(argv=("x",), inherit=tuple(range(wire.MAX_INHERITED + 1)))]
)
def test_a_command_that_cannot_be_sent_is_refused(command):
    with pytest.raises(InvalidInput):
        b"".join(wire.encode(command, {}, 0))


def _record(kind, body):
    return struct.pack("<2Q", kind, len(body)) + body


@given(
    bodies=st.lists(st.binary(max_size=300), max_size=5),
    cuts=st.lists(st.integers(1, 50), min_size=1, max_size=20),
)
def test_records_are_the_same_however_they_are_cut(bodies, cuts):
    names = tuple(f"f{index}" for index in range(len(bodies)))
    ending = struct.pack("<5Q", 0, 256, 1, 2_500_000, 7)
    stream = _record(ord("S"), b"") + _record(ord("E"), ending) + b"".join(_record(1, body) for body in bodies)
    decoder, position, turn = wire.Decoder(names), 0, 0
    while position < len(stream):
        size = cuts[turn % len(cuts)]
        decoder.feed(stream[position : position + size])
        position, turn = position + size, turn + 1
    assert decoder.answer.started
    assert decoder.answer.ending == wire.Ending(0, 256, wire.Hit.MEMORY, 2.5, 7)
    assert decoder.answer.artifacts == dict(zip(names, bodies, strict=True))


def test_missing_refused_and_too_large_artifacts_are_told_apart():
    decoder = wire.Decoder(("missing", "sent", "large", "link"))
    for kind, body in ((0, b""), (1, b"data"), (2, b""), (3, b"")):
        decoder.feed(_record(kind, body))
    assert decoder.answer.artifacts == {"sent": b"data"}
    assert decoder.answer.too_large == ["large"]
