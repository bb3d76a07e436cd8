from codepar.syntax.language import Language
from codepar.syntax.tree import parse

SOURCE = """#include <mpi.h>
#define N 100
#define SQUARE(x) ((x) * (x))
enum { A, B = 3 };
static double *field, grid[N][N + 2];
struct cell { int k; };
int old_style(a, b) int a; double *b; { return a; }
int main(int argc, char **argv) {
  struct cell c, *pc; int (*handler)(int) = 0;
  for (int i = 0; i < N; i++) {
    float inner;
    MPI_Send(grid, N, MPI_DOUBLE, 0, 0, MPI_COMM_WORLD);
  }
  double late = MPI_Wtime();
  return 0;
}
"""


def names_after(tree, line):
    return {variable.name for variable in tree.variables_after(line)}


def test_functions_with_their_lines_and_parameters():
    functions = parse(SOURCE, path="a.c").functions
    assert [(f.name, f.first_line, f.last_line) for f in functions] == [("old_style", 7, 7), ("main", 8, 16)]
    assert [(p.name, p.type, p.pointer_depth) for p in functions[0].parameters] == [("a", "int", 0), ("b", "double", 1)]
    assert [(p.name, p.pointer_depth) for p in functions[1].parameters] == [("argc", 0), ("argv", 2)]


def test_scopes_open_and_close():
    tree = parse(SOURCE, path="a.c")
    assert names_after(tree, 4) == set()
    assert names_after(tree, 7) == {"field", "grid"}
    assert names_after(tree, 9) == {"field", "grid", "argc", "argv", "c", "pc", "handler"}
    assert {"i", "inner"} <= names_after(tree, 11)
    assert not {"i", "inner", "late"} & names_after(tree, 13)
    assert "late" in names_after(tree, 14)


def test_types_pointers_and_dimensions():
    found = {v.name: v for v in parse(SOURCE, path="a.c").variables_after(14)}
    assert (found["field"].type, found["field"].pointer_depth) == ("double", 1)
    assert (found["grid"].type, found["grid"].dimensions) == ("double", ("N", "N + 2"))
    assert (found["pc"].type, found["pc"].pointer_depth, found["pc"].line) == ("struct cell", 1, 9)
    assert found["argc"].is_parameter
    assert not found["late"].is_parameter


def test_an_inner_variable_hides_an_outer_one():
    tree = parse("int x;\nint f() {\n double x;\n}\n", path="a.c")
    assert [v.type for v in tree.variables_after(3)] == ["double"]


def test_calls_and_whether_they_are_statements():
    calls = parse(SOURCE, path="a.c").calls
    assert [(c.function, len(c.arguments), c.is_statement) for c in calls] == [("MPI_Send", 6, True), ("MPI_Wtime", 0, False)]


def test_constants_are_macros_without_parameters_and_enumerators():
    constants = parse(SOURCE, path="a.c").constants_after(4)
    assert [(c.name, c.value) for c in constants] == [("N", "100"), ("A", ""), ("B", "3")]


def test_cxx_scopes_references_lambdas_and_range_loops():
    text = """void S::go(const std::string &s, int n = 3) {
  std::vector<double> v(n);
  auto square = [&](int q) { return q * q; };
  for (auto &e : v) {
    e++;
  }
}
"""
    tree = parse(text, Language.CXX)
    assert tree.functions[0].name == "S::go"
    assert names_after(tree, 4) == {"s", "n", "v", "square", "e"}
    assert {v.name: v.type for v in tree.variables_after(2)}["s"] == "const std::string"


def test_parse_errors_have_lines_and_do_not_stop_the_views():
    tree = parse("int f() { return 1; }\nint g() { int x = ; }\n", path="a.c")
    assert [error.line for error in tree.errors] == [2]
    assert [function.name for function in tree.functions] == ["f", "g"]


def test_offsets_after_lines_stop_at_the_end():
    tree = parse("a;\né;", path="a.c")
    assert [tree.offset_after(line) for line in (0, 1, 2, 9)] == [0, 3, 6, 6]
    assert tree.line_count == 2
