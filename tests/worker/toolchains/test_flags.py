"""The allow list: what passes, what is refused, and that nothing which loads code or reads foreign files passes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.toolchains.flags import joined, sort_flags

ORDINARY = [
    "-O3",
    "-Ofast",
    "-g",
    "-g1",
    "-std=c++20",
    "-std=gnu11",
    "-Wall",
    "-Wno-unused",
    "-Werror=format",
    "-DN=4",
    "-UNDEBUG",
    "-Iinclude",
    "-I.",
    "-I/usr/include/x",
    "-lm",
    "-lpthread",
    "-lstdc++",
    "-fopenmp",
    "-fsanitize=address,undefined",
    "-fno-omit-frame-pointer",
    "-march=native",
    "-mavx2",
    "-pthread",
    "-ffast-math",
    "-pedantic",
]
ORDINARY += ['-DNAME="a b"']
DANGEROUS = [
    "-wrapper",
    "-fplugin=x.so",
    "-fplugin-arg-x-y=1",
    "-specs=x",
    "--specs=x",
    "@args",
    "-B/tmp",
    "-B",
    "-include",
    "-include/etc/passwd",
    "-imacros",
    "-Wl,-rpath,/tmp",
    "-Wa,--x",
    "-Wp,-MD,/tmp/x",
    "-o",
    "-c",
    "-E",
    "-S",
    "-x",
    "-I../up",
    "-I/etc",
    "-I/usr/../etc",
    "-isystem/root",
    "-l:/tmp/x.a",
    "-l../x",
    "-L/tmp",
    "-T",
    "-save-temps",
    "-fdump-tree-all",
    "-fprofile-use=/etc/passwd",
    "-fuse-ld=gold",
    "-Xlinker",
    "-xc++",
    "main.c",
    "/etc/passwd",
    "-",
    "-D",
    "-I",
    "-O9",
    "--sysroot=/",
    "-iprefix",
    "-dumpspecs",
    "-print-prog-name=x",
]
DANGEROUS += ["-fopenmp\n-wrapper"]


@pytest.mark.parametrize(
    "flag",
    ORDINARY,
)
def test_ordinary_flags_pass(flag):
    assert sort_flags([flag]).allowed == (flag,)


@pytest.mark.parametrize(
    "flag",
    DANGEROUS,
)
def test_flags_that_load_code_or_read_elsewhere_are_refused(flag):
    assert sort_flags([flag]).refused == (flag,)


def test_a_value_is_judged_with_its_flag():
    assert sort_flags(["-I", "../up", "-D", "X=1"]).refused == ("-I../up",)
    assert sort_flags(["-I", "../up", "-D", "X=1"]).allowed == ("-DX=1",)


def test_folders_of_the_operator_may_be_searched():
    assert sort_flags(["-I/opt/site/include"], [Path("/opt/site")]).allowed == ("-I/opt/site/include",)
    assert sort_flags(["-I/opt/sitex"], [Path("/opt/site")]).refused == ("-I/opt/sitex",)


@given(st.lists(st.text(min_size=1, max_size=20), max_size=6))
def test_every_flag_is_either_allowed_or_refused_and_none_is_invented(flags):
    found = sort_flags(flags)
    assert sorted(found.allowed + found.refused) == sorted(joined(flags))


@given(st.sampled_from(["-wrapper", "-fplugin=", "-specs=", "@", "-B", "-include", "-Wl,", "-Xlinker"]), st.text(max_size=20))
def test_no_ending_makes_a_dangerous_flag_pass(start, end):
    assert sort_flags([start + end]).allowed == ()
