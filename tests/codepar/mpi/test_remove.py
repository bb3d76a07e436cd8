import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codepar.mpi.holes import HOLE
from codepar.mpi.remove import Refused, splice, strip
from codepar.syntax.tree import parse


def test_insertion_gives_back_the_same_bytes_and_no_call_is_left(program, calls_left):
    text, path = program
    stripped = strip(text, path)
    assert splice(stripped.source.encode(), stripped.calls) == text.encode()
    assert calls_left(text)
    assert calls_left(stripped.source) == []
    assert stripped.refused == ()


def test_what_could_be_parsed_can_be_parsed_afterwards(readable_program):
    text, path = readable_program
    assert not parse(text, path=path).root.has_error
    assert not parse(strip(text, path).source, path=path).root.has_error


def test_spans_hold_holes_or_nothing(program):
    text, path = program
    stripped = strip(text, path)
    data = stripped.source.encode()
    for call in stripped.calls:
        held = data[slice(*call.span)].decode()
        assert bool(HOLE.fullmatch(held)) == call.inline == bool(held)
        assert call.function in call.removed


def test_a_statement_goes_with_its_line_and_its_comment():
    text = "int f(void) {\n  int x = 1;\n\tMPI_Barrier(c); // wait\n\n  return x;\n}\n"
    stripped = strip(text, "a.c")
    assert stripped.source == "int f(void) {\n  int x = 1;\n\n  return x;\n}\n"
    (call,) = stripped.calls
    assert (call.removed, call.after_line, call.inline) == ("\tMPI_Barrier(c); // wait\n", 2, False)
    assert (call.function, call.arguments, call.span) == ("MPI_Barrier", ("c",), (27, 27))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("int f() { if (a) MPI_Foo(b); else MPI_Foo(c); }", "int f() { if (a) /* mpi: void */; else /* mpi: void */; }"),
        ("int f() { x = 1; MPI_Foo(b); y = 2; }", "int f() { x = 1; y = 2; }"),
        ("int f() { return MPI_Finalize(); }", "int f() { return 0/* mpi: int */; }"),
        ("int f() { t = a/MPI_Wtime(); }", "int f() { t = a/0.0/* mpi: double */; }"),
        ("#define A(x) MPI_Foo(x)\n", "#define A(x) (int)0x4D5049\n"),
        ("#define A MPI_Foo(x); MPI_Bar(x)\n", "#define A (int)0x4D5049; (int)0x4D5049\n"),
        ("#define A(b, c) \\\n  MPI_Foo(b, c)\n", "#define A(b, c) \\\n  (int)0x4D5049\n"),
        ("int f() {\n#pragma omp single\nMPI_Foo(b);\n}", "int f() {\n#pragma omp single\n/* mpi: void */;\n}"),
        ("int f() { (MPI_Foo)(b); g(MPI_Foo); }", "int f() { 0/* mpi: int */; g(MPI_Foo); }"),
        ("int f() { MPI_Foo /* why */ (b); }", "int f() { }"),
        ("int f() { a.MPI_Foo(b); }", "int f() { a.MPI_Foo(b); }"),
        ("int f() { MPI_CHECK(b); MPI_Comm (*g)(int); }", "int f() { MPI_CHECK(b); MPI_Comm (*g)(int); }"),
    ],
)
def test_what_stands_there_afterwards(text, expected):
    assert strip(text, "a.c").source == expected


def test_arguments_are_texts_without_comments():
    text = 'int f() { MPI_Send(&a[i, 2], /* n */ n,\n "a, b", g(1, 2), x,\n MPI_COMM_WORLD); }'
    (call,) = strip(text, "a.c").calls
    assert call.arguments == ("&a[i, 2]", "n", '"a, b"', "g(1, 2)", "x", "MPI_COMM_WORLD")


def test_declarations_and_definitions_stay_and_are_named():
    text = "int MPI_Foo(int x);\nint MPI_Foo(int x)\n{\n  return PMPI_Foo(x);\n}\n"
    stripped = strip(text, "a.c")
    assert [call.function for call in stripped.calls] == ["PMPI_Foo"]
    assert [(place.line, place.reason) for place in stripped.refused] == [
        (1, "MPI_Foo is declared here"),
        (2, "MPI_Foo is defined here"),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("int f() {\n  MPI_Send(a,\n#ifdef A\n  b);\n#else\n  c);\n#endif\n}\n", "line 2: MPI_Send: a preprocessor conditional"),
        ("int f() {\n  MPI_Send(a, (b;\n}\n", "line 2: MPI_Send: its parentheses are not balanced"),
    ],
)
def test_what_cannot_be_taken_apart_is_refused_with_the_reason(text, reason):
    with pytest.raises(Refused, match=reason) as caught:
        strip(text, "a.c")
    assert caught.value.exit_code == 2
    assert caught.value.places[0].line == 2


def test_a_program_without_calls_stays_as_it_is():
    text = 'int main(void) { puts("MPI_Init()"); return 0; }\n'
    stripped = strip(text, "a.c")
    assert (stripped.source, stripped.calls, stripped.refused) == (text, (), ())


def test_a_stripped_program_compiles(tmp_path):
    mpicc = Path(sys.executable).with_name("mpicc")
    if not mpicc.is_file():
        pytest.skip("no MPI in this environment")
    text = (
        "#include <mpi.h>\n#define CHECK(x) if ((x) != MPI_SUCCESS) return 1\n#define WAIT MPI_Barrier(MPI_COMM_WORLD)\n"
        "int main(int argc, char **argv) {\n  int rank;\n  CHECK(MPI_Init(&argc, &argv));\n  WAIT;\n  double t = -MPI_Wtime();\n"
        "  if (t > 0) MPI_Barrier(MPI_COMM_WORLD);\n  else\n    MPI_Comm_rank(MPI_COMM_WORLD, &rank);\n"
        "  MPI_Comm c = MPI_Comm_f2c(MPI_Comm_c2f(MPI_COMM_WORLD));\n  return MPI_Barrier(c) + MPI_Finalize();\n}\n"
    )
    (tmp_path / "a.c").write_text(strip(text, "a.c").source)
    built = subprocess.run([mpicc, "-c", "a.c"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr


_CALLS = st.sampled_from(["MPI_Foo(a, b)", "MPI_Wtime()", "MPI_Bar(x,\n\t  (y))", "MPI_Baz(\"MPI_No(1)\", ')')", "PMPI_Foo( )"])
_FRAMES = st.sampled_from(
    [
        *(
            "{c};",
            "{c};",
            "  {c}; // gone\n",
            "x = {c};",
            "if ({c}) {{ y; }}",
            "if (z) {c};",
            "if (z) {c}; else {c};",
            "for (;;) {c};",
        ),
        *("while ({c} + {c}) {{ {c}; }}", "do {c}; while (0);", "f({c}, {c});", "switch (z) {{ case 1: {c}; }}", "{{ {c}; }}"),
        *("/* {c} */", "(void) {c};", "y; {c}; {c};", "\n#if A\n{c};\n#else\n{c};\n#endif\n", "\n#define M(x) {c}\n", "int w;"),
    ]
)
_GAPS = st.sampled_from(["\n", " ", "\n\n", "\r\n", "\n\t", "", "/* ; */", "// {\n"])


@st.composite
def programs(draw):
    statements = draw(st.lists(st.tuples(_FRAMES, _GAPS), min_size=1, max_size=12))
    calls = [draw(_CALLS) for _ in statements]
    # A macro ends with its line.
    calls = [call.replace("\n", "") if "#define" in frame else call for call, (frame, _) in zip(calls, statements, strict=True)]
    body = "".join(frame.format(c=call) + gap for call, (frame, gap) in zip(calls, statements, strict=True))
    return f"int f(void)\n{{{draw(_GAPS)}{body}\n}}" + draw(st.sampled_from(["", "\n", "\r\n"]))


@settings(max_examples=300, deadline=None)
@given(programs())
def test_any_mixture_of_statements_is_restored(text):
    stripped = strip(text, "a.c")
    assert splice(stripped.source.encode(), stripped.calls) == text.encode()
    if not parse(text, path="a.c").root.has_error:
        assert not parse(stripped.source, path="a.c").root.has_error
    again = strip(stripped.source, "a.c")
    assert again.calls == ()
