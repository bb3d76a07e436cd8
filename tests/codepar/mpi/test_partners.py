"""The other half of a message, and another buffer for a call."""

import pytest

from codepar.mpi.aims import aimed
from codepar.mpi.call_text import read_call
from codepar.mpi.complete import Completer
from codepar.mpi.headers import load_signatures
from codepar.mpi.partners import partner_of
from codepar.mpi.proposal import Edit
from codepar.syntax.language import Language
from codepar.syntax.tree import parse

PROGRAM = """int main(int argc, char **argv)
{
  int rank, size, n, m[4];
  double *d = malloc(8 * sizeof(double));
  MPI_Request request;
  if (rank == 0) {
    first();
    for (int q = 1; q < size; q++) {
      each();
    }
  } else {
    other();
  }
}
"""


@pytest.fixture(scope="module")
def completer() -> Completer:
    return Completer(parse(PROGRAM, Language.C), load_signatures())


def edit(before: str, text: str) -> Edit:
    call = read_call(text)
    line = PROGRAM.count("\n", 0, PROGRAM.index(before))
    return Edit(after_line=line, text=text, function=call.function, arguments=call.arguments, confidence=0.5, origin="model")


def partner(completer: Completer, before: str, text: str, function: str, place: str) -> str | None:
    call = partner_of(completer.facts, edit(before, text), function, PROGRAM.count("\n", 0, PROGRAM.index(place)))
    return call.expression if call is not None else None


SEND = "MPI_Send(&n, 1, MPI_INT, q, 5, MPI_COMM_WORLD)"
RECV = "MPI_Recv(m, 4, MPI_INT, 0, MPI_ANY_TAG, MPI_COMM_WORLD, &status)"


def test_a_receiver_names_the_one_rank_of_the_senders_branch(completer):
    found = partner(completer, "each", SEND, "MPI_Recv", "other")
    assert found == "MPI_Recv(&n, 1, MPI_INT, 0, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE)"


def test_who_cannot_tell_the_sender_takes_any_and_who_cannot_tell_the_receiver_does_not_send(completer):
    found = partner(completer, "other", SEND, "MPI_Recv", "first")
    assert found is not None
    assert "MPI_ANY_SOURCE" in found
    assert partner(completer, "other", RECV, "MPI_Send", "first") is None


def test_in_a_loop_over_ranks_its_counter_is_the_other_rank(completer):
    found = partner(completer, "other", RECV, "MPI_Send", "each")
    assert found == "MPI_Send(m, 4, MPI_INT, q, 0, MPI_COMM_WORLD)"


def test_a_nonblocking_half_needs_its_request(completer):
    found = partner(completer, "each", SEND, "MPI_Irecv", "other")
    assert found == "MPI_Irecv(&n, 1, MPI_INT, 0, 5, MPI_COMM_WORLD, &request)"


@pytest.mark.parametrize("function", ["MPI_Send", "MPI_Bcast", "MPI_Barrier"])
def test_what_is_no_other_half_has_no_arguments(completer, function):
    assert partner(completer, "each", SEND, function, "other") is None


def test_another_buffer_brings_its_type_and_offers_its_count(completer):
    call = edit("other", "MPI_Recv(&n, 1, MPI_INT, 0, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE)")
    found = [arguments[:3] for arguments in aimed(completer.facts, completer.rules.signatures, call, "d", sends=False)]
    assert found == [("d", "1", "MPI_DOUBLE"), ("d", "8", "MPI_DOUBLE")]
    assert not list(aimed(completer.facts, completer.rules.signatures, call, "n", sends=False))
    assert not list(aimed(completer.facts, completer.rules.signatures, call, "d", sends=True))
