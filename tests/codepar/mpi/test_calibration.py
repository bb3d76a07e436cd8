"""Scores become probabilities, and calls that are not probable enough are left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codepar.mpi.calibration import calibrated, kind_of, probability, unsure
from codepar.mpi.complete import Completer
from codepar.mpi.headers import load_signatures
from codepar.mpi.proposal import Edit
from codepar.syntax.language import Language
from codepar.syntax.tree import parse


def edit(confidence: float, origin: str = "model") -> Edit:
    text = "MPI_Barrier(MPI_COMM_WORLD);"
    arguments = ("MPI_COMM_WORLD",)
    return Edit(after_line=3, text=text, function="MPI_Barrier", arguments=arguments, confidence=confidence, origin=origin)


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from(["model", "rule"]))
def test_a_larger_score_is_never_less_probable(low, high, origin):
    low, high = sorted((low, high))
    assert 0 <= probability(edit(low, origin)) <= probability(edit(high, origin)) <= 1


def test_the_setup_of_the_model_has_a_map_of_its_own():
    assert kind_of("MPI_Init", "model") == "setup"
    assert kind_of("MPI_Init", "rule") == "rule"
    assert kind_of("MPI_Send", "model") == "model"
    init = edit(0.98).model_copy(update={"function": "MPI_Init", "text": "MPI_Init(&argc, &argv);"})
    assert probability(init) < probability(edit(0.98)) == 0.98


def test_only_the_confidence_changes():
    assert calibrated(edit(0.9)).model_copy(update={"confidence": 0.9}) == edit(0.9)
    assert calibrated(edit(0.9)).confidence == probability(edit(0.9))


def test_what_is_less_probable_than_asked_is_named():
    assert unsure(edit(0.9), 0.5) is None
    drop = unsure(edit(0.1), 0.5)
    assert drop is not None
    assert drop.rule.startswith("abstention: ")


PROGRAM = """#include <mpi.h>
#include <stdio.h>
int main(int argc, char **argv)
{
  int rank, size, n;
  if (rank == 0)
    n = 42;
  printf("%d %d\\n", n, size);
  return 0;
}
"""


@pytest.mark.parametrize(("least", "wanted"), [(0.0, True), (0.95, False)])
def test_the_rules_abstain_from_what_is_not_sure_but_not_from_the_setup(least, wanted):
    completer = Completer(parse(PROGRAM, Language.C), load_signatures(), least=least)
    functions = [one.function for one in completer.by_rules()]
    assert ("MPI_Bcast" in functions) is wanted
    assert {"MPI_Init", "MPI_Comm_rank", "MPI_Comm_size", "MPI_Finalize"} <= set(functions)
