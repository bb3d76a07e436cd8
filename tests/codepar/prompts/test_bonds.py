"""What binds the parts of a request beyond its code: pieces in pieces, numbers that do not fit, bounds on all, shared state."""

from __future__ import annotations

import pytest

from codepar.prompts.extract import extract
from codepar.prompts.items import Refusal

STENCIL = """
```cpp
class Grid {
public:
    void step(double dt) { for (int i = 0; i < n; i++) u[i] += dt; }
    double sum() const { return total; }
private:
    int n;
};

void sweep(double *u, int n)
{
    for (int i = 1; i < n; i++) u[i] += u[i - 1];
}
```"""
SWEEP = """
```cpp
void sweep(double *u, int n) { for (int i = 1; i < n; i++) u[i] += u[i - 1]; }
```"""
LOG = """
```c
static char buffer[64];
static int used;
void log_line(const char *s) { while (*s) buffer[used++] = *s++; }
void log_flush(void) { used = 0; }
int half(int x) { return x / 2; }
```"""
TWO = "\n```c\nint f(int x) { return x + 1; }\n\nint g(int x) { return x * 2; }\n```"


@pytest.mark.parametrize(
    "prompt",
    [
        "Two changes: turn `Grid` into a template, and rewrite its method `step` with OpenMP." + STENCIL,
        "Turn `sweep` into a template, and unroll the loop in `sweep` by four." + STENCIL,
        "1. rename the variables of sweep\n2. rewrite the loop in it with std::partial_sum\n" + SWEEP,
    ],
)
def test_what_lies_inside_is_not_changed_beside_what_is_around(prompt: str):
    assert extract(prompt, {}).refusal is Refusal.OVERLAP


def test_pieces_side_by_side_are_no_overlap():
    assert extract("Turn `Grid` into a template, and unroll the loop in `sweep` by four." + STENCIL, {}).split


@pytest.mark.parametrize(
    "prompt",
    [
        "Rewrite both functions with OpenMP. Both together must not be longer than 20 lines." + TWO,
        "Short docs for f and g, all in all no more than 80 words." + TWO,
        "Rewrite f and g with fewer variables; the sum of their lines must stay below 10." + TWO,
        "Document f and g. Spend at most five comment lines over the two of them." + TWO,
        "Ich brauche fünf Farbpaletten. Keine Farbe darf in mehr als einer Palette vorkommen.",
        "ソートのカーネルを4種類書いてください。ただし4つ合わせて60行以内に収めてください。",
        "Fifteen product codes, please, and the same code must not appear twice.",
        "Suggest 6 captions for our booth. The word kernel may occur only once in the whole list.",
        "Make up ten user names. They all have to be unique after lower-casing.",
        "Make both functions faster, but please use a different trick in each." + TWO,
        "Schreib f und g neu. Zusammen dürfen die beiden höchstens 25 Zeilen haben." + TWO,
        "Invent five host names. Their first letters spell a river.",
        "Suggest 6 captions for our booth. Overall they may contain only one joke.",
    ],
)
def test_a_bound_on_all_together(prompt: str):
    assert extract(prompt, {}).refusal is Refusal.CONSTRAINT


def test_a_bound_on_each_is_no_obstacle():
    assert extract("Rewrite both functions with OpenMP. Each must stay below 20 lines." + TWO, {}).split


def test_another_number_than_is_said():
    lines = "\n- duck with plums\n- baked cauliflower\n- mussels\n- lemon tart"
    found = extract("Name a wine for each of the three dishes below:" + lines, {})
    assert found.refusal is Refusal.CONTRADICTION
    assert extract("Name a wine for each of the four dishes below:" + lines, {}).split


@pytest.mark.parametrize(
    "prompt",
    [
        "There are three functions in here; port each of them to Rust." + TWO,
        "Port all three to Rust." + TWO,
        "I have two questions: what is a rank? when does MPI_Send block? and is MPI_Bcast collective?",
        "I need three slogans for our centre: one for students, one for companies, one for ministries and one for the town.",
        "Give me four versions of a parallel maximum: one with atomics, one with a tree, and one with warp shuffles.",
    ],
)
def test_other_numbers_than_are_said(prompt: str):
    assert extract(prompt, {}).refusal is Refusal.CONTRADICTION


def test_what_holds_the_pieces_may_be_counted():
    loops = "\n```c\nvoid f(int *a, int n) { for (int i = 0; i < n; i++) a[i] = i; for (int i = 0; i < n; i++) a[i] *= 2; }\n"
    more = "void g(int *a, int n) { for (int i = 0; i < n; i++) a[i] = 0; }\n```"
    assert extract("Put an OpenMP pragma on every loop in these two." + loops + more, {}).refusal is not Refusal.CONTRADICTION


def test_two_of_many_may_be_meant():
    found = extract("Please explain the two logging functions, log_line and log_flush." + LOG, {})
    assert [item.text.split("(")[0] for item in found.items] == ["void log_line", "void log_flush"]


def test_files_that_share_a_variable_by_extern():
    files = {
        "pool.c": "int used = 0;\nint take(void) { return used++; }\n",
        "report.c": '#include <stdio.h>\nextern int used;\nvoid report(void) { printf("%d", used); }\n',
    }
    assert extract("Port both attached files to C++ classes.", files).refusal is Refusal.SHARED_STATE
    assert extract("Review both attached files.", files).split
    files["report.c"] = files["report.c"].replace("extern int used;", "static int used;")
    assert extract("Port both attached files to C++ classes.", files).split


def test_a_file_that_is_not_there_beside_one_that_is():
    found = extract("Port a.c and b.c to C++.", {"a.c": "int f(void) { return 1; }\n"})
    assert found.refusal is Refusal.CONTRADICTION


def test_different_changes_to_functions_that_share_state():
    assert extract("Make `log_line` thread safe; let `log_flush` return the count." + LOG, {}).refusal is Refusal.SHARED_STATE
    assert extract("Make `log_line` thread safe; let `half` take a long." + LOG, {}).refusal is not Refusal.SHARED_STATE


def test_what_is_only_read_may_share_state():
    assert extract("Add a critique of log_line and log_flush, nothing is to be changed." + LOG, {}).refusal is not (
        Refusal.SHARED_STATE
    )


@pytest.mark.parametrize(
    "wish",
    [
        "I don't get these two. Could you explain each one to me?",
        "What does each of log_line and log_flush do? I need the answer for each separately.",
        "Was tun log_line und log_flush jeweils? Zwei Sätze reichen.",
    ],
)
def test_nobody_changes_what_is_only_explained(wish: str):
    code = LOG.replace("int half(int x) { return x / 2; }\n", "")
    assert extract(wish + code, {}).refusal is not Refusal.SHARED_STATE
    assert extract("Turn both functions into C++ methods." + code, {}).refusal is Refusal.SHARED_STATE


@pytest.mark.parametrize(
    "wish", ["Make one function of them.", "make these a single function please", "Which one should I keep?"]
)
def test_one_answer_over_both(wish: str):
    assert extract(wish + TWO, {}).refusal is Refusal.COMPARISON


@pytest.mark.parametrize(
    "wish",
    ["Sie sollen dieselbe Fixture benutzen.", "两个测试共用同一个 fixture。", "Пусть они работают с одной общей фикстурой."],
)
def test_a_fixture_in_any_language(wish: str):
    assert extract(f"Write tests for f and g. {wish}" + TWO, {}).refusal is Refusal.SHARED_STATE


@pytest.mark.parametrize(
    "wish", ["I need a description of log_line and log_flush for the wiki", "a README paragraph about each of these functions"]
)
def test_words_about_code_change_nothing(wish: str):
    assert extract(f"{wish}\n{LOG}", {}).refusal is not Refusal.SHARED_STATE


def test_parts_that_do_not_sum_up():
    wish = "I need {} versions of this loop: 3 with OpenMP and 2 with std::execution."
    assert extract(wish.format(6), {}).refusal is Refusal.CONTRADICTION
    assert extract(wish.format(5), {}).split


def test_what_is_left_out_is_no_name():
    assert extract("CUDA kernels for `f` and `g`, not for `half`." + TWO, {}).refusal is not Refusal.CONTRADICTION


def test_programs_that_become_one():
    files = {"a.py": "print(1)\n", "b.py": "print(2)\n"}
    assert extract("These two should become one program with a switch.", files).refusal is Refusal.COMPARISON


def test_a_function_called_merge():
    code = "int merge(int a) { return a; }\nint split(int a) { return -a; }\n"
    assert extract(f"Erkläre `merge` und `split`.\n```c\n{code}```", {}).split


@pytest.mark.parametrize(
    "wish",
    [
        "Work from top to bottom, every step starts from what the step above produced:",
        "Please do this, each step on the outcome of the previous one:",
    ],
)
def test_steps_that_each_need_the_one_before(wish: str):
    steps = "\n- a JSON schema for a recipe\n- a TypeScript type\n- a validator that takes the type"
    assert extract(wish + steps, {}).refusal is Refusal.CHAIN


def test_one_database_for_all_tests():
    wish = "Write integration tests for f and g. All of them should run on a single shared sqlite database."
    assert extract(wish + TWO, {}).refusal is Refusal.SHARED_STATE
