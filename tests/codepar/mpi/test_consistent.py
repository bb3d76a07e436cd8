"""The replay tells what is wrong with a set of calls, and small changes mend it."""

from dataclasses import replace

import pytest

from codepar.mpi.appraise import Appraiser
from codepar.mpi.check.program import load_unit
from codepar.mpi.complete import Completer
from codepar.mpi.consistent import Mender, Reserve
from codepar.mpi.headers import load_signatures
from codepar.mpi.proposal import Edit
from codepar.mpi.sites import Located
from codepar.syntax.language import Language
from codepar.syntax.tree import parse

MESSAGE = """#include <mpi.h>
#include <stdio.h>
int main(int argc, char **argv)
{
  int rank, size, n;
  if (rank == 0) {
    n = 42;
  } else if (rank == 1) {
    printf("%d\\n", n);
  }
  return 0;
}
"""
COLLECTIVE = """#include <mpi.h>
#include <stdio.h>
int main(int argc, char **argv)
{
  int rank, size, n;
  if (rank == 0) {
    n = 42;
  }
  printf("%d\\n", n);
  return 0;
}
"""
SETUP = [
    ("int rank", 1, "MPI_Init(&argc, &argv);"),
    ("int rank", 1, "MPI_Comm_rank(MPI_COMM_WORLD, &rank);"),
    ("return 0", 0, "MPI_Finalize();"),
]


def mender(source: str, declares: bool = False) -> Mender:
    completer = Completer(parse(source, Language.C), load_signatures(), declares=declares)
    return Mender(completer.rules, source, "main.c", {}, Appraiser(completer.rules.signatures))


def edit(source: str, before: str, text: str, confidence: float = 0.6, behind: int = 0) -> Edit:
    """A call before the line that holds ``before``, or ``behind`` lines later."""
    line = source.count("\n", 0, source.index(before)) + behind
    function, _, rest = text.partition("(")
    arguments = tuple(part.strip() for part in rest.rstrip(";").removesuffix(")").split(",")) if rest != ");" else ()
    return Edit(after_line=line, text=text, function=function, arguments=arguments, confidence=confidence, origin="model")


def setup(source: str) -> list[Edit]:
    return [edit(source, before, text, 0.95, behind) for before, behind, text in SETUP]


def texts(edits) -> list[str]:
    return [one.text for one in edits if one.function not in {"MPI_Init", "MPI_Comm_rank", "MPI_Finalize"}]


SEND = "MPI_Send(&n, 1, MPI_INT, 1, 7, MPI_COMM_WORLD);"
RECV = "MPI_Recv(&n, 1, MPI_INT, 0, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);"


def test_a_whole_message_has_nothing_against_it_and_a_half_has():
    bench = mender(MESSAGE)
    send, recv = edit(MESSAGE, "} else if", SEND), edit(MESSAGE, "printf(", RECV)
    assert bench.appraise([*setup(MESSAGE), send, recv]).weight == 0
    half = bench.appraise([*setup(MESSAGE), send])
    assert {fault.kind for fault in half.faults} == {"send-unmatched"}
    assert half.unmet
    assert {name for _, name, _ in half.unset} == {"n"}


def test_a_value_that_nobody_reads_and_one_that_nobody_gives_speak_against_a_completion():
    seen = mender(MESSAGE).appraise(setup(MESSAGE))
    assert {name for _, name, _ in seen.unset} == {"n"}
    assert not seen.faults
    lonely = COLLECTIVE.replace('printf("%d\\n", n);', 'printf("done");')
    assert {name for _, name, _ in mender(lonely).appraise(setup(lonely)).unread} == {"n"}


def test_the_other_half_of_a_message_comes_from_a_place_in_reserve():
    start = MESSAGE.index("printf(")
    spare = Located(MESSAGE.count("\n", 0, start), "MPI_Recv", 0.1, False, start)
    send = edit(MESSAGE, "} else if", SEND)
    mended = mender(MESSAGE).mend([*setup(MESSAGE), send], Reserve(spare=[spare]))
    assert texts(mended.edits) == [SEND, RECV]
    assert mended.appraisal.weight == 0 < mended.before.weight
    assert [one.origin for one in mended.edits if one.text == RECV] == ["rule"]


def test_an_unlikely_half_without_a_partner_goes_and_is_told():
    recv = edit(MESSAGE, "printf(", RECV, 0.3)
    reserve = Reserve(packs=[(edit(MESSAGE, "} else if", "MPI_Barrier(MPI_COMM_WORLD);"),)])
    mended = mender(MESSAGE.replace("n = 42;", "n = 42; use(n);")).mend([*setup(MESSAGE), recv], reserve)
    assert RECV not in texts(mended.edits)
    assert [drop.text for drop in mended.dropped] == [RECV]
    assert mended.dropped[0].rule.startswith("consistency: ")


def test_a_tag_or_a_rank_is_taken_from_the_partner():
    send = edit(MESSAGE, "} else if", SEND)
    for wrong in (RECV.replace(" 7,", " 3,"), RECV.replace("MPI_INT, 0", "MPI_INT, rank")):
        mended = mender(MESSAGE).mend([*setup(MESSAGE), send, edit(MESSAGE, "printf(", wrong)], Reserve())
        assert texts(mended.edits) == [SEND, RECV]


def test_a_collective_leaves_the_branch_of_one_rank():
    inside = edit(COLLECTIVE, "  }\n", "MPI_Bcast(&n, 1, MPI_INT, 0, MPI_COMM_WORLD);")
    mended = mender(COLLECTIVE).mend([*setup(COLLECTIVE), inside], Reserve())
    found = next(one for one in mended.edits if one.function == "MPI_Bcast")
    assert found.after_line == COLLECTIVE.count("\n", 0, COLLECTIVE.index("  printf("))
    assert mended.appraisal.weight == 0


def test_a_started_operation_is_waited_for():
    source = MESSAGE.replace("int rank, size, n;", "int rank, size, n;\n  MPI_Request request;")
    start = edit(source, "printf(", "MPI_Irecv(&n, 1, MPI_INT, 0, 7, MPI_COMM_WORLD, &request);")
    edits = [*setup(source), edit(source, "} else if", SEND), start]
    mended = mender(source).mend(edits, Reserve())
    assert texts(mended.edits)[-1] == "MPI_Wait(&request, MPI_STATUS_IGNORE);"
    assert mended.appraisal.weight == 0


def test_a_count_becomes_what_its_buffer_holds():
    source = COLLECTIVE.replace("n = 42;", "n[0] = 42;").replace("size, n;", "size, n[4];").replace(", n)", ", n[0])")
    call = edit(source, "  printf(", "MPI_Bcast(n, 5, MPI_INT, 0, MPI_COMM_WORLD);")
    mended = mender(source).mend([*setup(source), call], Reserve())
    assert texts(mended.edits) == ["MPI_Bcast(n, 4, MPI_INT, 0, MPI_COMM_WORLD);"]


def test_what_the_rules_infer_fills_what_nobody_gives():
    pack = (edit(COLLECTIVE, "  printf(", "MPI_Bcast(&n, 1, MPI_INT, 0, MPI_COMM_WORLD);", 0.65),)
    mended = mender(COLLECTIVE).mend(setup(COLLECTIVE), Reserve(packs=[pack]))
    assert texts(mended.edits) == ["MPI_Bcast(&n, 1, MPI_INT, 0, MPI_COMM_WORLD);"]


def test_a_sound_completion_stays_as_it_is():
    edits = [*setup(MESSAGE), edit(MESSAGE, "} else if", SEND), edit(MESSAGE, "printf(", RECV)]
    mended = mender(MESSAGE).mend(edits, Reserve())
    assert sorted(map(id, mended.edits)) == sorted(map(id, edits))
    assert not mended.dropped


@pytest.mark.parametrize("source", ["int f(void) { return 1; }\n", "int main(void) {\n", "MPI"])
def test_what_cannot_be_replayed_is_left_alone(source):
    assert not mender(source).appraise([]).faults
    assert mender(source).mend([], Reserve()).edits == []


def test_an_appraisal_is_made_once_for_one_text(monkeypatch):
    bench, made = mender(MESSAGE), []
    monkeypatch.setattr("codepar.mpi.appraise.load_unit", lambda *args: made.append(args) or load_unit(*args))
    again = replace(bench)
    assert bench.appraise(setup(MESSAGE)) == again.appraise(setup(MESSAGE))
    assert len(made) == 1


def test_arguments_that_were_thought_less_likely_are_tried():
    aside = MESSAGE.replace("rank, size, n;", "rank, size, n, m, other = 3;").replace("n = 42;", "m = 42; use(other);")
    right = edit(aside, "} else if", SEND.replace("&n", "&m"))
    wrong = edit(aside, "} else if", SEND.replace("&n", "&other"))
    reserve = Reserve(others={(wrong.after_line, "MPI_Send"): [wrong.arguments, right.arguments]})
    mended = mender(aside).mend([*setup(aside), wrong, edit(aside, "printf(", RECV)], reserve)
    assert texts(mended.edits) == [right.text, RECV]
