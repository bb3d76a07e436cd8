import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codepar.errors import InvalidInput
from codepar.mpi.apply import apply_edits, lines_of, unified_diff
from codepar.mpi.proposal import Edit


def edit(after_line, text, inline=False):
    return Edit(after_line=after_line, text=text, function="MPI_X", arguments=(), inline=inline, confidence=1, origin="rule")


def test_statements_take_the_indentation_of_their_block():
    source = "int main(void)\n{\n    int a;\n    if (a) {\n    }\n}\n"
    done = apply_edits(source, [edit(3, "MPI_A();"), edit(4, "MPI_B();"), edit(5, "MPI_C();")])
    assert done == "int main(void)\n{\n    int a;\n    MPI_A();\n    if (a) {\n      MPI_B();\n    }\n    MPI_C();\n}\n"


def test_holes_of_one_line_are_filled_in_order():
    source = "t = 0.0/* mpi: double */ - 0.0/* mpi: double */;\nif (x) /* mpi: void */;\n"
    done = apply_edits(source, [edit(1, "A()", True), edit(1, "B()", True), edit(2, "MPI_C();", True)])
    assert done == "t = A() - B();\nif (x) MPI_C();\n"


def test_a_place_that_does_not_exist_is_an_error():
    with pytest.raises(InvalidInput, match="line 9"):
        apply_edits("int a;\n", [edit(9, "MPI_A();")])
    with pytest.raises(InvalidInput, match="no hole"):
        apply_edits("int a;\n", [edit(1, "MPI_A()", True)])


LINES = st.lists(st.sampled_from(["int a;", "", "  b();", "\tc = 1;", "}", "{", "d\x0c", "é"]), max_size=12)


@given(LINES, st.data(), st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_inserted_lines_are_all_that_changes(lines, data, ends, newline):
    source = newline.join(lines) + (newline if ends and lines else "")
    count = len(lines_of(source))
    places = data.draw(st.lists(st.integers(0, count), max_size=4))
    done = apply_edits(source, [edit(place, f"MPI_New({index});") for index, place in enumerate(places)])
    kept = [line.removesuffix("\n").removesuffix("\r") for line in lines_of(done) if "MPI_New" not in line]
    assert kept == [line.removesuffix("\n").removesuffix("\r") for line in lines_of(source)]
    assert done.count("MPI_New") == len(places)


@given(LINES, st.data(), st.booleans())
def test_git_takes_the_diff(tmp_path_factory, lines, data, ends):
    source = "\n".join(lines) + ("\n" if ends else "")
    place = data.draw(st.integers(0, len(lines_of(source))))
    done = apply_edits(source, [edit(place, "MPI_New();")])
    folder = tmp_path_factory.mktemp("patched")
    (folder / "a.c").write_text(source, newline="")
    subprocess.run(["git", "apply", "-"], input=unified_diff("a.c", source, done).encode(), cwd=folder, check=True)
    assert (folder / "a.c").read_bytes().decode() == done
