import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from codepar.errors import InvalidInput
from codepar.mpi.insert import insert
from codepar.mpi.remove import strip
from codepar.syntax.tree import parse

PROGRAM = """#include <mpi.h>
#include <stdlib.h>
static MPI_Comm half;
struct box { MPI_Comm comm; int n; };
void helper(MPI_Comm inside, int n);

int main(int argc, char **argv)
{
  int rank; MPI_Status st, *sp; MPI_Request rq[2], *many = malloc(3 * sizeof(MPI_Request));  // requests
  MPI_Status used;
  const MPI_Datatype types[2] = {MPI_INT,
                                 MPI_DOUBLE};
  MPI_Init(&argc, &argv); MPI_Comm dup; MPI_Comm_dup(MPI_COMM_WORLD, &dup);
  many = realloc(many, 4 * sizeof(MPI_Request));
#ifdef WINDOWS
  MPI_Win win;
#endif
  MPI_Recv(&rank, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, &used);
  if (used.MPI_SOURCE == 1) rank++;
  MPI_Waitall(2, rq, MPI_STATUSES_IGNORE);
  free(many);
  MPI_Finalize();
  return 0;
}
"""


def stripped(text, path="a.c"):
    return strip(text, path, level="declarations")


def reasons(text, path="a.c"):
    return [(place.line, place.reason) for place in stripped(text, path).refused]


def test_what_only_calls_need_goes_and_comes_back():
    found = stripped(PROGRAM)
    assert insert(found) == PROGRAM
    assert {name for one in found.declarations for name in one.names} == {
        *("half", "st", "sp", "rq", "many", "types", "dup", "win")
    }
    code = parse(found.source, path="a.c").lexis.code.decode()
    assert "MPI_Request" not in code
    assert "MPI_Datatype" not in code
    assert "many" not in code
    assert not parse(found.source, path="a.c").root.has_error


def test_what_stays_says_why_with_the_line_of_the_original():
    assert reasons(PROGRAM) == [
        (4, "MPI_Comm comm stands in a struct or class"),
        (5, "MPI_Comm inside is a parameter"),
        (10, "MPI_Status used is still used: `used` in line 19"),
    ]


def test_spans_of_calls_are_those_of_the_shorter_source():
    found = stripped(PROGRAM)
    lines = found.source.split("\n")
    receive = next(call for call in found.calls if call.function == "MPI_Recv")
    assert lines[receive.after_line - 1] == "#endif"
    assert found.source.encode()[receive.span[0] :].startswith(b"  if (used")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("extern MPI_Comm c;", "MPI_Comm c is defined in another file"),
        ("typedef MPI_Comm comm_t;", "MPI_Comm comm_t names a type"),
        ("MPI_Comm make(int n);", "MPI_Comm make declares a function"),
        ("MPI_Comm make(int n) { return n; }", "MPI_Comm make is the type of a function"),
        ("#define DECLARE MPI_Request hidden", "MPI_Request hidden stands in a macro"),
        ("union u { MPI_Request r; };", "MPI_Request r stands in a struct or class"),
        ("int f(int a) { MPI_Comm c = pick(a); return 0; }", "MPI_Comm c is initialised by more than a constant"),
        ("int f(int a) { MPI_Comm c = MPI_Comm_f2c(a); return 0; }", "MPI_Comm c holds a call"),
        ("int f(int a) { switch (a) { case 1: MPI_Info i; a++; } return a; }", "MPI_Info i stands where the syntax wants one"),
        ("int f(int n) { for (MPI_Aint i = 0; i < n; i++) n--; return n; }", "MPI_Aint i stands in the head of a loop"),
        ("#define ASK(x) use(&request, x)\nMPI_Request request;", "MPI_Request request is still used: `request` in line 1"),
        ("int f(void) { MPI_Status a, b; return b.MPI_TAG; }", "MPI_Status a is still used: `b` in line 1"),
    ],
)
def test_refused_places(line, reason):
    ((_, said),) = reasons(line + "\n")
    assert said.startswith(reason)
    assert insert(stripped(line + "\n")) == line + "\n"


def test_sizes_and_casts_declare_nothing():
    assert reasons("int f(void *p) { return sizeof(MPI_Request) + *(MPI_Comm *)p; }\n") == []


def test_a_name_used_by_what_stays_stays_too():
    text = "int f(void) { MPI_Request r[2]; MPI_Request *p = r; MPI_Wait(p, s); return p == 0; }\n"
    assert [said.split(":")[0] for _, said in reasons(text)] == ["MPI_Request r is still used", "MPI_Request *p is still used"]


def test_cxx_declarations():
    text = """#include <mpi.h>
#include <vector>
int main() {
  MPI::Status status;
  std::vector<MPI_Request> requests(4);
  std::vector<int> data(4);
  MPI_Waitall(4, requests.data(), MPI_STATUSES_IGNORE);
}
"""
    found = stripped(text, "a.cpp")
    assert insert(found) == text
    assert [one.names for one in found.declarations] == [("status",), ("requests",)]
    assert "std::vector<int> data(4);" in found.source


def test_places_survive_an_edit_elsewhere():
    found = stripped(PROGRAM)
    edited = found.source.replace("int rank;", "int rank; int more;").replace("  return 0;", "  puts(argv[0]);\n  return 0;")
    assert insert(found.model_copy(update={"source": edited})) == PROGRAM.replace(
        "sizeof(MPI_Request));  // requests", "sizeof(MPI_Request));  int more; // requests"
    ).replace("  return 0;", "  puts(argv[0]);\n  return 0;")


PIECES = [
    "MPI_Status s; ",
    "MPI_Request r[2], q;\n",
    "  int x = 1;\n",
    "MPI_Barrier(c); ",
    "  MPI_Send(&x, 1, t, 0, 0, c);\n",
    " // a comment\n",
    "/* two\n lines */ ",
    "if (x) MPI_Wait(r, &s);\n",
    "#ifdef A\n",
    "\n#endif\n",
    "\r\n",
    "\t",
    "q = MPI_REQUEST_NULL; ",
    "free(q);\n",
    "use(s);\n",
    "{ MPI_Comm c = MPI_COMM_NULL; ",
    " }\n",
]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@settings(max_examples=150, deadline=None)
def test_whatever_is_taken_out_can_be_put_back(body):
    assume(body.count("{") == body.count("}"))
    text = f"int f(int x)\n{{\n{body}\n return x;\n}}\n"
    try:
        found = stripped(text)
    except InvalidInput:
        reject()  # braces in a wrong order, a conditional that cuts through a call
    assert insert(found) == text
