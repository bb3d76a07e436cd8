"""Renaming changes names, alike in the program and in what is wanted of it, and nothing else."""

import re

import pytest

from codepar.mpi.holes import find_holes
from evaluators.benchmarks.babeltower import Pair, RecordedTest
from evaluators.benchmarks.renamed import renamed, renamed_pair
from evaluators.benchmarks.task import Task
from evaluators.calls import read_published
from evaluators.metrics.mpi_wellformed import words_of


def test_program_and_labels_get_the_same_names(tasks):
    after = renamed(tasks[0])
    assert "int main(int v1, char **v2)" in after.source
    assert not {"rank", "size", "t0", "local", "argc"} & words_of(after.source)
    rank = re.search(r"int (v\d+);", after.source)[1]
    assert f"MPI_Comm_rank(MPI_COMM_WORLD, &{rank});" in after.labels
    # What a string or a library says stays.
    assert 'printf("%d of %d: %f %f\\n"' in after.source
    assert "MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD" in after.labels


def test_lines_holes_and_functions_stay(tasks):
    for task in tasks:
        after = renamed(task)
        assert after.source.count("\n") == task.source.count("\n")
        assert [hole.line for hole in find_holes(after.source)] == [hole.line for hole in find_holes(task.source)]
        before = [(label.line, label.ordinal, label.function) for label in read_published(task.labels)]
        assert [(label.line, label.ordinal, label.function) for label in read_published(after.labels)] == before


def task_of(source, labels):
    return Task("a_b_1", "a_b", source, labels)


def test_members_macros_types_and_foreign_names_stay():
    source = (
        "#define ROWS (n + pad)\nstruct cell { int n; int left; };\nint twice(int left) { return 2 * left; }\n"
        "int main() { struct cell c; int pad; int v1; c.left = twice(extent); return c.n; }\n"
    )
    after = renamed(task_of(source, "(4 1, MPI_Bcast(&c.left, twice(pad), MPI_INT, extent, c->left);)"))
    assert "struct cell { int n; int left; };" in after.source
    assert "int f1(int v2) { return 2 * v2; }" in after.source
    # `v1` is taken, so no other name becomes it; `pad` is used by a macro; nothing declares `extent`.
    assert after.source.endswith("int main() { struct cell v3; int pad; int v4; v3.left = f1(extent); return v3.n; }\n")
    assert after.labels == "(4 1, MPI_Bcast(&v3.left, f1(pad), MPI_INT, extent, v3->left);)"


def test_it_is_the_same_each_time(tasks):
    assert renamed(tasks[0]) == renamed(tasks[0])


@pytest.mark.parametrize("text", ["", "{{{ not a program", "int main() { int é = 1; return é; }"])
def test_any_text_is_taken(text):
    assert renamed(task_of(text, "")).source.count("\n") == text.count("\n")


def test_a_pair_is_called_by_its_new_name():
    pair = Pair(
        "7",
        "void scale(float *data, int n) { for (int i = 0; i < n; i++) data[i] *= n; }\n",
        "__global__ void scale_kernel(float *data, int n) { }",
        (RecordedTest("float v1[2] = {1, 2};\nint f1 = 2;\nwrapper(scale, v1, f1);", "out"),),
    )
    after = renamed_pair(pair)
    # `v1` and `f1` are names of the test: the call must not meet them.
    assert after.source == "void f2(float *v2, int v3) { for (int v4 = 0; v4 < v3; v4++) v2[v4] *= v3; }\n"
    assert after.function == "f2"
    assert after.tests[0].statements.endswith("wrapper(f2, v1, f1);")
    assert (after.task_id, after.kernel, after.tests[0].output) == (pair.task_id, pair.kernel, "out")
