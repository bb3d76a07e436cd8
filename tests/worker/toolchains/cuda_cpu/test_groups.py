"""Cooperative groups inside a block, and shared memory declared at namespace scope."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def program(cuda):
    return cuda((Path(__file__).parent / "programs" / "groups.cu").read_text())


@pytest.mark.parametrize("order", ["forward", "reverse", "random:7"])
def test_groups_compute_the_same_in_every_order(program, order):
    run = program(schedule=order)
    assert (run.stdout, run.exit_code, run.findings) == ("right\n", 0, ()), run.stderr
