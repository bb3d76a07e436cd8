import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codepar.mpi.argument_list import SEPARATOR, PlacedCall, answer_grammar, fill_arguments, questions
from codepar.mpi.remove import strip
from codepar.protocols import Capabilities, Generation, Sampling
from codepar.syntax.tree import parse

PROGRAM = """#include <mpi.h>
int helper(int n) { return n + 1; }
int main(int argc, char **argv)
{
    int rank, n = 4; /* how many */
    double t0;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD,   /* who */  &rank);
    t0 = MPI_Wtime();
    if (rank == 0) {
        n = helper(n);
        MPI_Bcast(&n, 1, MPI_INT, 0, MPI_COMM_WORLD);
    }
    while (MPI_Comm_size(MPI_COMM_WORLD, &n) != MPI_SUCCESS) MPI_Barrier(MPI_COMM_WORLD);
    MPI_Finalize();
}
void later(double *a, int n) {
    MPI_Send(a + f(n, 1), sizeof(int[2]), MPI_CHAR, g("a, b)"), 0, MPI_COMM_WORLD);
}
"""
QUESTION = """int main(int argc, char **argv)
{
  int rank;
  int n = 4;
  double t0;
  MPI_Init(#1);
  MPI_Comm_rank(#2);
  t0 = MPI_Wtime();
  if (rank == 0)
  {
    n = helper(n);
    MPI_Bcast(#3);
  }
  while (MPI_Comm_size(#4) != MPI_SUCCESS) MPI_Barrier(#5)
    ;
  MPI_Finalize();
}
---
"""
ANSWER = """#1 &argc, &argv
#2 MPI_COMM_WORLD, &rank
#3 &n, 1, MPI_INT, 0, MPI_COMM_WORLD
#4 MPI_COMM_WORLD, &n
#5 MPI_COMM_WORLD
"""


@pytest.fixture(scope="module")
def stripped():
    return strip(PROGRAM, "main.c")


@pytest.fixture(scope="module")
def asked(stripped):
    return questions(parse(stripped.source, path="main.c"), [PlacedCall.of(call) for call in stripped.calls])


def test_calls_stand_in_the_outline_by_number(asked, stripped):
    assert asked[0].text == QUESTION
    assert asked[0].answer([stripped.calls[number].arguments for number in asked[0].asked]) == ANSWER
    # `helper` holds no call and is not asked about.
    assert [question.name for question in asked] == ["main(int argc, char **argv)", "later(double *a, int n)"]


def test_an_answer_gives_the_arguments_back(asked, stripped):
    for question in asked:
        wanted = [stripped.calls[number].arguments for number in question.asked]
        assert question.read(question.answer(wanted)) == dict(enumerate(wanted, start=1))


def test_a_place_may_be_given_as_sites_give_it(stripped, asked):
    """Where the statement after the call begins, instead of where the removed call's line began."""
    tree = parse(stripped.source, path="main.c")
    data = stripped.source.encode()

    def moved(call):
        start = call.span[0]
        while not call.inline and data[start : start + 1].isspace():
            start += 1
        return PlacedCall(call.function, start, call.inline)

    assert questions(tree, [moved(call) for call in stripped.calls]) == asked


def test_calls_that_are_not_known_leave_their_holes(stripped):
    tree = parse(stripped.source, path="main.c")
    known = [PlacedCall.of(call) for call in stripped.calls if call.function in {"MPI_Bcast", "MPI_Barrier"}]
    [question] = questions(tree, known)
    assert "t0 = MPI_();" in question.text
    assert "MPI_Bcast(#1);" in question.text
    assert question.asked == (0, 1)
    assert questions(tree, []) == []


def test_a_call_outside_functions_is_not_asked_about():
    tree = parse("int a;\nint main(void) { return 0; }\n", path="main.c")
    assert questions(tree, [PlacedCall("MPI_Barrier", 0, inline=False)]) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("#2 b, c\n#1 a\n", {1: ("a",), 2: ("b", "c")}),
        ("#1 a\n#1 b\n", {1: ("a",)}),
        ("#1 a\n#9 b\nwhat\n\n#3 c", {1: ("a",), 3: ("c",)}),
        ("#1 f(a, b\n#2 a, b)\n#3 a); g(b\n", {}),
        ("#1\n#2 , a\n#3 (int[]){1, 2}, \"x, y\", ','\n", {3: ("(int[]){1, 2}", '"x, y"', "','")}),
        ("#1 a; b\n#2 } {\n#3 &s->t[i].u, *p\n", {3: ("&s->t[i].u", "*p")}),
        ("", {}),
    ],
)
def test_answers_of_any_kind_are_read(asked, text, wanted):
    assert asked[0].read(text) == wanted


def test_a_line_that_was_cut_off_does_not_count(asked):
    assert asked[0].read("#1 a\n#2 MPI_COMM", is_whole=False) == {1: ("a",)}
    assert asked[0].read("#1 a\n#2 MPI_COMM\n", is_whole=False) == {1: ("a",), 2: ("MPI_COMM",)}


@given(st.text())
def test_no_answer_breaks_the_reader(text):
    [question] = questions(parse("void f(void) { g(); }", path="f.c"), [PlacedCall("MPI_Barrier", 15, inline=False)])
    assert set(question.read(text)) <= {1}


class Answering:
    """Answers a question by its function's name, as a trained model would."""

    def __init__(self, answers: dict[str, str], finish_reason: str = "stop", context: int = 10_000) -> None:
        self.answers, self.reason, self.context = answers, finish_reason, context
        self.asked: list[Sampling] = []

    async def capabilities(self):
        return Capabilities(model="m", backend="test", context_tokens=self.context, grammar=frozenset({"ebnf"}))

    async def count_tokens(self, text):
        return len(text)

    async def complete(self, prompt, sampling):
        assert prompt.text.endswith(SEPARATOR)
        self.asked.append(sampling)
        text = next(answer for name, answer in self.answers.items() if f"{name}(" in prompt.text.splitlines()[0])
        return Generation(text=text, finish_reason=self.reason, prompt_tokens=1, completion_tokens=1)


def fill(stripped, generator, **options):
    tree = parse(stripped.source, path="main.c")
    calls = [PlacedCall.of(call) for call in stripped.calls]
    return asyncio.run(fill_arguments(tree, calls, generator, **{"budget_s": 60.0} | options))


def test_the_calls_of_all_functions_are_filled(stripped):
    later = '#1 a + f(n, 1), sizeof(int[2]), MPI_CHAR, g("a, b)"), 0, MPI_COMM_WORLD\n'
    generator = Answering({"main": ANSWER, "later": later})
    assert fill(stripped, generator) == [call.arguments for call in stripped.calls]
    assert all(sampling.grammar is None for sampling in generator.asked)
    fill(stripped, generator, arities={"MPI_Send": 6})
    assert all(sampling.grammar.kind == "ebnf" for sampling in generator.asked[2:])


def test_what_the_model_does_not_say_is_none(stripped):
    by_function = {call.function: index for index, call in enumerate(stripped.calls)}
    found = fill(stripped, Answering({"main": "#3 &n\n#4 MPI", "later": ""}, "length"))
    assert found[by_function["MPI_Bcast"]] == ("&n",)
    assert found[by_function["MPI_Wtime"]] == found[by_function["MPI_Finalize"]] == ()
    assert sum(arguments is None for arguments in found) == len(found) - 3
    # No time, or a function longer than the context: nothing is asked.
    for generator, budget_s in ((Answering({}), 0.0), (Answering({}, context=40), 60.0)):
        assert fill(stripped, generator, budget_s=budget_s)[by_function["MPI_Bcast"]] is None


def test_the_grammar_asks_for_each_call_in_order(asked):
    text = answer_grammar(asked[0], {"MPI_Init": 2}).text
    first, *rules = text.splitlines()
    assert first.startswith('root ::= "#1 " argument ", " argument "\\n" "#2 " argument (", " argument)* "\\n" "#3 "')
    assert len({rule.split(" ::= ")[0] for rule in rules}) == len(rules)
