import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codepar.errors import InvalidInput
from codepar.mpi.remove import strip
from finetune.similar import HeldOut, groups, read_signatures, signature

_SHORT = "void swap(int *a, int *b) { int t = *a; *a = *b; *b = t; }"
_OTHER = "\n".join(f"int g{n}(int k) {{ while (k > {n}) k -= g{n + 1}(k); return k; }}" for n in range(9))
_LONG = "\n".join(f"double f{n}(double x) {{ return x * {n} + f{n - 1}(x - {n % 7}); }}" for n in range(1, 60))


def test_comments_includes_and_calls_do_not_count(program: str):
    bare = signature(strip(program, "a.c").source, "c")
    assert signature("/* a licence */\n" + program.replace("int rank", "// which one\n    int rank"), "c") == bare
    assert signature(re.sub(r"#include.*\n", "", program), "c") == bare


def test_a_held_out_program_is_found_when_little_changed():
    held_out = HeldOut([signature(_LONG, "c")])
    assert held_out.is_like(signature(_LONG.replace("f30(", "renamed("), "c"))
    assert not held_out.is_like(signature(_SHORT, "c"))


def test_alike_programs_form_one_group():
    texts = [_SHORT, _LONG, _OTHER, _LONG.replace("* 20 +", "* 21 +"), _SHORT]
    assert groups([signature(text, "c") for text in texts]) == [[0, 4], [1, 3], [2]]


@given(st.lists(st.sampled_from([_SHORT, _LONG, _OTHER]), max_size=6))
def test_groups_hold_each_program_once(texts: list[str]):
    found = groups([signature(text, "c") for text in texts])
    assert sorted(number for group in found for number in group) == list(range(len(texts)))
    assert len(found) == len(set(texts))


def test_signatures_of_the_first_release_stay_the_same():
    """The held-out signatures were made elsewhere: another hash family or token rule would find nothing, silently."""
    assert signature("int main ( ) { return 0 ; }", "c")[:3] == (1592028506, 1493949178, 860501532)


@pytest.mark.parametrize("text", ["", "[]", '{"signatures": {"a": [1, 2]}}', '{"signatures": {"a": 5}}'])
def test_a_wrong_file_is_named(tmp_path: Path, text: str):
    path = tmp_path / "signatures.json"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=r"signatures\.json"):
        read_signatures(path)


def test_signatures_are_read_as_written(tmp_path: Path):
    path = tmp_path / "signatures.json"
    path.write_text(json.dumps({"signatures": {"a": list(signature(_LONG, "c"))}}))
    assert read_signatures(path) == [signature(_LONG, "c")]
