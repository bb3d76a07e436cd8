"""What nothing reads was made for the calls that are missing."""

import pytest

from codepar.mpi.facts import Facts
from codepar.mpi.headers import load_signatures
from codepar.mpi.ranking.idle import has_role, is_idle, is_meant
from codepar.mpi.ranking.ranker import ArgumentRanker
from codepar.mpi.ranking.weights import own_weights
from codepar.syntax.language import Language
from codepar.syntax.tree import parse

SOURCE = """#include <mpi.h>
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv)
{
  int rank, size, source, dest = 1, tag = 5;
  char message[100];
  MPI_Status status;
  if (rank == 0) {
    strcpy(message, "hello");
    HERE;
  } else if (rank == 1) {
    printf("%s", message);
  }
  return 0;
}
"""


@pytest.mark.parametrize(
    ("words", "parameter", "meant"),
    [
        (("dest",), "dest", True),
        (("my", "tag"), "tag", True),
        (("tag",), "recvtag", True),
        (("dest",), "source", False),
        (("right", "neighbor"), "source", True),
        (("n", "rows"), "count", True),
        (("status",), "status", False),
    ],
)
def test_names_say_what_they_are_meant_for(words, parameter, meant):
    assert is_meant(words, parameter) is meant


def test_other_parameters_have_no_such_names():
    assert has_role("root")
    assert not has_role("datatype")


def test_what_is_given_a_value_and_never_read_is_idle():
    facts = Facts(parse(SOURCE, Language.C))
    idle = {name: is_idle(facts.of(name)) for name in ("dest", "tag", "source", "rank", "message")}
    assert idle == {"dest": True, "tag": True, "source": True, "rank": False, "message": False}


def test_idle_variables_that_are_meant_for_a_parameter_are_taken():
    facts = Facts(parse(SOURCE.replace("HERE", "puts(message)"), Language.C))
    weights = own_weights()
    assert weights is not None
    ranked = ArgumentRanker(facts, load_signatures(), weights).rank("MPI_Send", SOURCE.index("HERE"), [])
    assert ranked[0].arguments[0] == "message"
    assert ranked[0].arguments[2:5] == ("MPI_CHAR", "dest", "tag")
