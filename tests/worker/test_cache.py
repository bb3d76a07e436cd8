"""The program cache: content in, content out, bounded, and unharmed by damage."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from worker.cache import Program, ProgramCache, key_of

PROGRAM = Program("a.out", {"a.out": b"\x7fELF", "data/x": b""}, frozenset({"a.out"}), "a.c:1:1: warning: w\n")


def test_what_was_put_is_found_by_another_instance(tmp_path):
    ProgramCache(tmp_path, 10_000).put("k", PROGRAM)
    assert ProgramCache(tmp_path, 10_000).get("k") == PROGRAM
    assert ProgramCache(tmp_path, 10_000).get("other") is None


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.binary(max_size=50), max_size=4), st.text(max_size=20))
def test_any_program_survives(tmp_path_factory, files, messages):
    cache = ProgramCache(tmp_path_factory.mktemp("cache"), 100_000)
    program = Program("p", files, frozenset(files), messages)
    cache.put("k", program)
    assert cache.get("k") == program


def test_a_damaged_entry_counts_as_absent(tmp_path):
    cache = ProgramCache(tmp_path, 10_000)
    cache.put("k", PROGRAM)
    content = (tmp_path / "k").read_bytes()
    for damaged in (content[:-1], b"", b"junk", content[:-4] + b"ZZZZ"):
        (tmp_path / "k").write_bytes(damaged)
        assert cache.get("k") is None


def test_the_entries_used_longest_ago_go_first(tmp_path):
    cache = ProgramCache(tmp_path, 3_000)
    for number in range(3):
        cache.put(f"k{number}", Program("p", {"p": bytes(1_100)}, frozenset()))
        os.utime(tmp_path / f"k{number}", (number, number))
    assert cache.get("k0") is not None
    cache.sweep()
    assert cache.get("k1") is None
    assert cache.get("k0") is not None
    assert cache.get("k2") is not None


def test_no_capacity_keeps_nothing(tmp_path):
    cache = ProgramCache(tmp_path / "sub", 0)
    cache.put("k", PROGRAM)
    assert cache.get("k") is None


def test_a_folder_that_cannot_be_written_loses_the_entry_only(tmp_path):
    (tmp_path / "file").write_text("")
    cache = ProgramCache(tmp_path / "file", 10_000)
    cache.put("k", PROGRAM)
    assert cache.get("k") is None


def test_the_key_tells_everything_apart():
    assert key_of({"a": 1, "b": [1, 2]}) == key_of({"b": [1, 2], "a": 1})
    assert key_of({"a": 1}) != key_of({"a": 2})
