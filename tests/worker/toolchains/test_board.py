"""The shared memory read from outside: its layout is that of the C side, and what stands in it may be anything."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.toolchains import board as layout
from worker.toolchains.board import RankBoard
from worker.toolchains.waitfor import stuck_ranks

HEADER = Path(layout.__file__).with_name("pmpi") / "board.h"


def test_the_numbers_of_both_sides_agree():
    text = HEADER.read_text()
    constants = {name: int(value) for name, value in re.findall(r"(\w+) = (-?\d+)", text)}
    for kind in layout.Kind:
        assert constants[kind.name] == kind
    for flag in layout.Flag:
        assert constants[flag.name] == flag
    for phase in layout.Phase:
        assert constants[phase.name] == phase
    for name in ("NONE", "ANY", "NOWHERE", "FINALIZE_TEAM", "WORLD_TEAM"):
        assert constants[name] == getattr(layout, name)
    assert f"#define VERSION {layout._VERSION}u" in text
    sizes = {name: int(value) for name, value in re.findall(r"sizeof\((\w+)\) == (\d+)", text)}
    assert sizes["Op"] == layout._OP.size
    assert sizes["Lane"] == layout._LANE.size + layout._LISTED * layout._OP.size
    assert (sizes["Mismatch"], sizes["Callsite"], sizes["Peer"]) == (104, layout._CALLSITE.size, layout._PEER.size)


def test_an_untouched_board_has_nobody():
    with RankBoard(3) as board:
        assert [state.attached for state in board.read()] == [False] * 3
        assert board.read_attached() == ()
        assert [one.callsites for one in board.counters()] == [()] * 3


def test_the_memory_cannot_be_shrunk():
    with RankBoard(2) as board, pytest.raises(PermissionError):
        os.ftruncate(board.descriptor, 0)


@given(st.binary(min_size=1, max_size=4000), st.integers(0, 20_000))
def test_whatever_a_program_writes_is_read(content, offset):
    with RankBoard(2) as board:
        repeated = (content * (40_000 // len(content) + 1))[:40_000]
        os.pwrite(board.descriptor, repeated, 4096 + 65536 + offset)
        states = board.read()
        board.counters()
        assert stuck_ranks(states) <= {0, 1}
        assert all(call.call.isprintable() for state in states for call in state.calls)
