"""Arguments for calls whose place and function are known."""

import asyncio

import pytest

from codepar.mpi.arguments import ArgumentFiller
from codepar.mpi.complete import Completer
from codepar.mpi.headers import load_signatures
from codepar.mpi.sites import Located
from codepar.protocols import Capabilities, Generation
from codepar.syntax.language import Language
from codepar.syntax.tree import parse

PROGRAM = """#include <mpi.h>
int main(int argc, char **argv)
{
  int rank, size, n = 0;
  double t = 0.0/* mpi: double */;
  if (rank == 0)
    n = size;
  use(n, rank);
  return 0;
}
"""


class Model:
    """Answers what it was told to, and remembers what it was asked."""

    def __init__(self, *answers: str, infill: bool = True) -> None:
        self.answers, self.asked, self.infill = list(answers), [], infill

    async def capabilities(self) -> Capabilities:
        return Capabilities(model="m", backend="test", context_tokens=4096, infill=self.infill)

    async def complete(self, prompt, sampling):
        self.asked.append(prompt)
        return Generation(text=self.answers.pop(0), finish_reason="stop", prompt_tokens=1, completion_tokens=1)


def call(function: str, before: str, inline: bool = False) -> Located:
    start = PROGRAM.index(before)
    line = PROGRAM.count("\n", 0, start) + 1
    return Located(line if inline else line - 1, function, 0.8, inline, start)


def fill(calls, model=None, budget_s=30.0, ranked=False):
    completer = Completer(parse(PROGRAM, Language.C), load_signatures())
    filler = ArgumentFiller(PROGRAM, completer.rules, completer.by_rules(), ranked=ranked)
    return asyncio.run(filler.fill(calls, model, budget_s))


def test_what_the_roles_of_variables_tell_needs_no_model():
    calls = [call("MPI_Init", "double"), call("MPI_Comm_rank", "double"), call("MPI_Wtime", "0.0/*", inline=True)]
    filled = fill([*calls, call("MPI_Barrier", "return"), call("MPI_Finalize", "return")])
    texts = [edit.text for edit in filled.edits]
    assert texts == [
        "MPI_Init(&argc, &argv);",
        "MPI_Comm_rank(MPI_COMM_WORLD, &rank);",
        "MPI_Wtime()",
        "MPI_Barrier(MPI_COMM_WORLD);",
        "MPI_Finalize();",
    ]
    assert [edit.after_line for edit in filled.edits] == [4, 4, 5, 8, 8]
    assert filled.dropped == []


def test_the_model_fills_in_the_middle_and_sees_the_calls_before():
    model = Model("&n, 1, MPI_INT, 1, 7, MPI_COMM_WORLD); // x", "&n, 1, MPI_DOUBLE, 0, 7, MPI_COMM_WORLD)")
    filled = fill([call("MPI_Send", "use("), call("MPI_Recv", "return")], model)
    assert [edit.text for edit in filled.edits] == [
        "MPI_Send(&n, 1, MPI_INT, 1, 7, MPI_COMM_WORLD);",
        # The status is added and the datatype put right by the rules.
        "MPI_Recv(&n, 1, MPI_INT, 0, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);",
    ]
    first, second = model.asked
    assert first.text.endswith("n = size;\n  MPI_Send(")
    assert first.suffix.startswith("\n  use(n, rank);")
    assert "MPI_Send(&n, 1, MPI_INT, 1, 7, MPI_COMM_WORLD);\n  use(n, rank);\n  MPI_Recv(" in second.text


@pytest.mark.parametrize("answer", ["", "&n, 1", "&unknown_name, 1, MPI_INT, 0, MPI_COMM_WORLD)", ")"])
def test_an_answer_that_is_no_right_call_is_dropped_with_its_reason(answer):
    filled = fill([call("MPI_Bcast", "use(")], Model(answer))
    assert filled.edits == []
    assert filled.dropped[0].rule


def test_without_a_model_that_fills_in_or_time_nothing_is_invented():
    send = call("MPI_Ssend", "use(")
    for filled in (fill([send]), fill([send], Model(infill=False)), fill([send], Model("&n)"), budget_s=0.0)):
        assert filled.edits == []
        assert filled.dropped[0].text == "MPI_Ssend(...)"


def test_the_ranker_fills_what_no_rule_knows_and_no_model_is_asked():
    model = Model()
    calls = [
        call("MPI_Comm_rank", "double"),
        call("MPI_Comm_size", "double"),
        call("MPI_Bcast", "use("),
        call("MPI_Abort", "return"),
    ]
    filled = fill(calls, model, ranked=True)
    assert [edit.text for edit in filled.edits][:3] == [
        "MPI_Comm_rank(MPI_COMM_WORLD, &rank);",
        "MPI_Comm_size(MPI_COMM_WORLD, &size);",
        "MPI_Bcast(&n, 1, MPI_INT, 0, MPI_COMM_WORLD);",
    ]
    assert filled.edits[3].function == "MPI_Abort"
    assert filled.dropped == []
    assert model.asked == []


def test_a_function_that_mpi_h_lacks_is_dropped():
    filled = fill([call("MPI_Nonsense", "use(")], ranked=True)
    assert filled.dropped[0].text == "MPI_Nonsense(...)"


def test_rivals_for_one_place_do_not_see_each_other():
    completer = Completer(parse(PROGRAM, Language.C), load_signatures())
    filler = ArgumentFiller(PROGRAM, completer.rules, completer.by_rules())
    alone = fill([call("MPI_Recv", "use(")], ranked=True).edits
    asyncio.run(filler.fill([call("MPI_Send", "use(")], None, 30.0))
    assert asyncio.run(filler.fill([call("MPI_Recv", "use(")], None, 30.0)).edits == alone
