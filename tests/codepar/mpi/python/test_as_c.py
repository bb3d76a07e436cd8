from codepar.mpi.python.as_c import ReadAsC
from codepar.syntax.language import Language
from codepar.syntax.tree import parse

PROGRAM = '''"""What it is for."""
from mpi4py import MPI
import numpy as np

def work(a, n):
    for i in range(1, n):
        a[i] += a[i - 1] // 2
    return a

comm = MPI.COMM_WORLD
rank = (0x4D5049 and int())
size = (0x4D5049 and int())
data = np.zeros(10)
name = "x"
if rank == 0 and not size > 3:
    n, m = 5, 2.5
    print("root", n)

elif rank != 1:
    pass  # mpi: void
else:
    n = None
for k in range(size):
    n = (0x4D5049 and object())
elapsed = (0x4D5049 and float()) - m
if __name__ == "__main__":
    work(data, 10)
'''


def read(text=PROGRAM):
    return ReadAsC(parse(text, Language.PYTHON), frozenset({"comm"}))


def test_functions_come_first_and_the_module_is_main():
    tree = parse(read().source, Language.C)
    assert not tree.errors
    assert [function.name for function in tree.functions] == ["work", "main"]


def test_statements_are_said_in_c():
    texts = [row.text for row in read().rows]
    for wanted in (
        "for (i = 1; i < n; i++) {",
        "a[i] += a[i - 1] / 2;",
        "data = malloc(10 * sizeof(double));",
        "if (rank == 0 && !size > 3) {",
        "n = 5; m = 2.5;",
        'printf("", n);',
        "} else if (rank != 1) {",
        "elapsed = 0.0/* mpi: double */ - m;",
        "work(data, 10);",
        "return 0; }",
    ):
        assert wanted in texts
    declared = next(text for text in texts if text.startswith("int main"))
    assert declared.startswith("int main(int argc, char *argv[]) { int ")
    assert "double *data" in declared
    assert not any("comm" in text for text in texts)


def test_each_row_knows_where_a_statement_before_it_goes():
    lines = PROGRAM.split("\n")
    rows = {row.text: row for row in read().rows}
    before_if = rows["if (rank == 0 && !size > 3) {"]
    assert (lines[before_if.after], before_if.indent) == ("if rank == 0 and not size > 3:", "")
    behind_print = rows["} else if (rank != 1) {"]
    assert (lines[behind_print.after - 1].strip(), behind_print.indent) == ('print("root", n)', "    ")
    last = read().rows[-1]
    assert (lines[last.after - 1].strip(), last.indent) == ("work(data, 10)", "    ")


def test_holes_are_told_with_type_target_and_what_stands_around():
    reading = read()
    assert [(one.line, one.type, one.target) for one in reading.missing] == [
        (11, "int", "rank"),
        (12, "int", "size"),
        (20, "void", ""),
        (24, "object", "n"),
        (25, "float", ""),
    ]
    lone, received = reading.missing[2:4]
    assert lone.guards == ("rank != 1",)
    assert received.loops == ("k",)
    assert reading.rows[reading.missing[0].gap].text.startswith("data =")
