import pytest

from codepar.errors import InputTooLarge, InvalidInput
from codepar.mpi.program import read_program

PROSE = "The quick brown fox, having jumped over the lazy dog; it's tired. Then it slept (for a while).\n" * 5
PYTHON = "import os\n\ndef main(path):\n    for name in os.listdir(path):\n        print(f'{name}: {len(name)}')\n\n\nmain('.')\n"
FORTRAN = "program main\n  use mpi\n  integer :: ierr, rank\n  call MPI_Init(ierr)\n  print *, 'rank', rank\nend program main\n"
JSON = '{"a": [1, 2, 3], "b": {"c": "d"}, "e": null}\n' * 5
MAKEFILE = "CC = mpicc\nall: a.o b.o\n\t$(CC) -o $@ $^\n%.o: %.c\n\t$(CC) -c $<\n"
MARKDOWN = "# Title\n\nSome text with `code` and a [link](http://x.org).\n\n- one\n- two\n"


@pytest.mark.parametrize("text", [PROSE, PYTHON, FORTRAN, JSON, MAKEFILE, MARKDOWN, "hello", "!!!"])
def test_what_is_not_c_is_refused(text):
    with pytest.raises(InvalidInput, match="does not look like C"):
        read_program(text)


@pytest.mark.parametrize("text", ["", " \n\t\n"])
def test_nothing_is_refused(text):
    with pytest.raises(InvalidInput, match="is empty"):
        read_program(text, "a.c")


def test_a_binary_is_refused():
    with pytest.raises(InvalidInput, match="line 2: a NUL byte"):
        read_program("int x;\n\0\1\2", "a.c")


def test_half_a_surrogate_pair_is_refused():
    with pytest.raises(InvalidInput, match="not UTF-8"):
        read_program("int x; // \udcff")


def test_unbalanced_braces_are_refused_with_their_line():
    with pytest.raises(InvalidInput, match=r"a\.c, line 3: `\{` is never closed"):
        read_program("int g() { }\n\nint f() {\n if (x) { }\n", "a.c")


def test_five_megabytes_are_refused_at_once():
    with pytest.raises(InputTooLarge):
        read_program("int x;\n" * 750_000)


@pytest.mark.parametrize("unit", ["{", "(", "a<", '1,2,"abc"\n', "*a ", "if(a)", "}", "#if\n", "'", "/*"])
def test_two_megabytes_of_nonsense_end_in_an_answer(unit):
    with pytest.raises(InvalidInput):
        read_program(unit * (2_000_000 // len(unit)), "a.cpp")


@pytest.mark.parametrize(
    "text",
    [
        "MPI_Init(&argc, &argv);\nMPI_Finalize();\n",
        "main(argc, argv) int argc; char **argv; { }",
        "#include <mpi.h>\n#define N 3\n",
        "int f() { int x = ; return 0; }\nint g() { return 1; }\n",
        "EXPORT(int) f(void) { return 0; }\nBEGIN_DECLS\nint g(void) { return 0; }\nEND_DECLS\n",
    ],
)
def test_slips_and_macros_are_no_reason_to_refuse(text):
    assert read_program(text, "a.c").text == text
