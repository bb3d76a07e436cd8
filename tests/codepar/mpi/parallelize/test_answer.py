import pytest
from hypothesis import given
from hypothesis import strategies as st

from codepar.mpi.parallelize.answer import read_answer

CODE = "#include <mpi.h>\nint main(void)\n{\n    return 0;\n}\n"
PART = "void f(void)\n{\n}\n"


@pytest.mark.parametrize(
    "text",
    [
        f"```c\n{CODE}```",
        f"Sure!\n\n```cpp\n{CODE}```\nCompile it:\n```sh\nmpicc a.c\n```\n",
        f"```\n{CODE}```",
        f"~~~~C\n{CODE}~~~~\n",
        f"First the helper:\n```c\n{PART}```\nThen all:\n```c\n{CODE}```",
        f"```c\r\n{CODE}```".replace("\n", "\r\n"),
        CODE,
        f"Here it is.\n{CODE}\nThat is all.",
        f"  ```c\n{CODE}  ```\n",
    ],
)
def test_the_program_is_found(text):
    answer = read_answer(text, ["a.c"])
    assert (answer.files, answer.problem) == ({"a.c": CODE}, None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the answer is empty"),
        ("Use MPI_Reduce in main().", "holds no code"),
        ("```c\nint main(void) { for (\n", "cut off"),
        ("```c\nint main(void) {{ return 0; }\n```", "no program"),
        ("```text\nThe rain in Spain stays mainly in the plain, said she; but why?\n```", "no program"),
        ("```c\n \n```", "holds no code"),
    ],
)
def test_what_is_no_program_says_so(text, problem):
    answer = read_answer(text, ["a.c"])
    assert answer.files == {}
    assert problem in (answer.problem or "")


def test_files_of_a_project_are_told_by_their_names():
    text = (
        f"**src/main.c**\n```c\n{CODE}```\n```c grid.c\n{PART}```\n```c\n// grid.h\nvoid f(void);\n```\n"
        f"### ../../etc/passwd.c\n```c\n{PART}```\n"
    )
    answer = read_answer(text, ["src/main.c", "src/grid.c", "grid.h"])
    assert set(answer.files) == {"src/main.c", "src/grid.c", "grid.h"}
    assert answer.files["src/main.c"] == CODE


def test_a_nameless_block_with_main_is_main():
    assert read_answer(f"```c\n{CODE}```", ["grid.c", "main.c"]).files == {"main.c": CODE}
    assert "which file" in (read_answer(f"```c\n{PART}```", ["grid.c", "main.c"]).problem or "")


@given(st.text(max_size=300) | st.lists(st.sampled_from(["```", "c", "\n", CODE, "{", "a.c", "~~~", "#"])).map("".join))
def test_nothing_a_model_says_is_an_error(text):
    answer = read_answer(text, ["a.c", "b.c"])
    assert bool(answer.files) != (answer.problem is not None)
    assert set(answer.files) <= {"a.c", "b.c"}
