"""What a site of the setup is told by."""

import pytest

from codepar.mpi.outline import outlines
from codepar.mpi.setup_sites.attributes import SetupLines, kind_of, relations
from codepar.syntax.language import Language
from codepar.syntax.tree import parse


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("  int rank;", "name"),
        ("  double *values[10];", "name"),
        ("  const unsigned long n = 100;", "value"),
        ("  double start = MPI_();", "value with a hole"),
        ("  int *a = (int *)malloc(n * sizeof(int));", "value of a call"),
        ("  std::vector<int> v(10);", "value"),
        ("  return 0;", "return"),
        ("  if (rank == 0)", "if"),
        ('  printf("int x = %d;", x);', "print"),
        ('  std::cout << "a = b" << x;', "print"),
        ("  srand(time(NULL));", "seed"),
        ("  start = MPI_();", "hole"),
        ("  n = atoi(argv[1]);", "computed"),
        ("  n += 2;", "assignment"),
        ("  work(n);", "call"),
        ("}", "}"),
        ("#ifdef DEBUG", "directive"),
    ],
)
def test_what_a_line_is(line, kind):
    assert kind_of(line) == kind


def test_what_was_declared_and_used_before_a_site_counts():
    source = (
        "int main(int argc, char **argv)\n{\n  int rank;\n  int n = atoi(argv[1]);\n  int part = n / size;\n  work(rank);\n}\n"
    )
    (outline,) = outlines(parse(source, Language.C))
    lines = SetupLines(outline)
    by_line = {outline.lines[site.line].strip(): set(lines.attributes(site, number)) for number, site in enumerate(outline.sites)}
    first, second, third = (by_line[text] for text in ("int rank;", "int n = atoi(argv[1]);", "int part = n / size;"))
    assert {"rs:0000", "wfirst", "a:0"} & first == {"rs:0000", "a:0"}
    assert "w:first" in first
    assert {"rs:1000", "w:in", "a:0", "an:1|value of a call"} <= second
    assert {"rs:1000", "a:1", "h:value of a call"} <= third
    assert {"rs:1001", "w:at"} <= by_line["work(rank);"]
    assert "rs:1011" in by_line["}"]


def test_sites_are_told_by_their_distance_to_calls_that_have_a_place():
    assert relations(["p:{", "n:name"], 3, {"MPI_Init": 3}) == ["MPI_Init0", "MPI_Init0|p:{", "MPI_Init0|n:name"]
    assert relations(["p:{", "n:name"], 12, {"MPI_Init": 3})[0] == "MPI_Init3"
