"""Which variables wait for a call."""

from codepar.mpi.words.usage import variables_of

LINES = [
    "int main(int argc, char **argv)",
    "{",
    "  int rank;",
    "  double *all = malloc(8);",
    "  int part[4];",
    "  double sum = 0;",
    "  part[0] = rank;",
    "  sum += all[1];",
    "  free(all);",
    "  return 0;",
    "}",
]


def found():
    return {variable.name: variable for variable in variables_of(LINES)}


def test_kinds_are_told_and_parameters_are_no_variables():
    assert {name: one.kind for name, one in found().items()} == {
        "rank": "int",
        "all": "double*",
        "part": "int[]",
        "sum": "double",
    }


def test_what_is_read_before_anything_set_it_is_unset():
    variables = found()
    assert variables["rank"].is_unset(3)
    assert variables["rank"].next_read(3) == 6
    assert not variables["rank"].is_unset(7)
    # Memory is there, but nobody put anything into it.
    assert variables["all"].is_unset(4)
    assert variables["all"].writes == []
    assert not variables["sum"].is_unset(6)


def test_what_nobody_reads_any_more_is_idle_and_freeing_is_no_use():
    variables = found()
    assert variables["part"].is_idle(7)
    assert variables["part"].last_write(9) == 6
    assert not variables["part"].is_idle(5)
    assert variables["sum"].is_idle(8)
    assert not variables["sum"].is_idle(7)
    assert variables["all"].reads == [7]


def test_an_address_taken_is_a_value_given_and_a_step_is_both():
    lines = ["void f()", "{", "  int n;", "  int i;", '  scanf("%d", &n);', "  i++;", "  use(n);", "}"]
    variables = {variable.name: variable for variable in variables_of(lines)}
    assert (variables["n"].writes, variables["n"].reads) == ([4], [6])
    assert (variables["i"].writes, variables["i"].reads) == ([5], [5])
