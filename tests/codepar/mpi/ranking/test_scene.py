"""A program as the ranker sees it."""

import pytest

from codepar.mpi.facts import Facts
from codepar.mpi.ranking.scene import PastCall, Scene, Spot, compact, names_of
from codepar.syntax.language import Language
from codepar.syntax.tree import parse


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("&a[i].b->c", ("a", "i")),
        ("n * sizeof(double) + 0x1F", ("n",)),
        ("strlen(s) + 1", ("strlen", "s")),
        ("MPI_COMM_WORLD", ("MPI_COMM_WORLD",)),
        ('"rank"', ()),
    ],
)
def test_names_leave_members_and_words_of_the_language_out(text, names):
    assert names_of(text) == names


def test_extents_come_from_brackets_and_allocations(scene):
    known = {variable.name: scene.extents(variable) for variable in scene.tree.variables}
    assert known["table"] == ["ROWS*20", "ROWS", "20"]
    assert known["name"] == ["64"]
    assert known["all"] == ["n"]
    assert known["part"] == ["n / size"]
    assert known["sum"] == []


def test_bounds_are_those_of_the_loops_over_a_buffer(scene):
    part = next(variable for variable in scene.tree.variables if variable.name == "part")
    assert [compact(bound) for bound in scene.bounds(part)] == ["n/size"]


def test_a_place_knows_its_branch_and_what_names_are(scene, program):
    spot = Spot(scene, "MPI_Send", program.index("helper(part);"), ())
    assert spot.shape("(rank + 1) % size") == "(R+1)%S"
    assert spot.shape("&table[0][1]") == "&aa[0][1]"
    assert [spot.shape(text) for text in ("n", "all", "sum", "ROWS", "&status")] == ["i", "p", "f", "K", "&hMPI_Status"]
    assert spot.situation == "(R==0)!|-"
    assert spot.compared == {"0"}
    assert Spot(scene, "MPI_Send", program.index("all[0]"), ()).situation == "(R==0)|-"


def test_the_rank_is_what_was_asked_for_however_it_is_called(scene, program):
    past = [PastCall("MPI_Comm_rank", ("MPI_COMM_WORLD", "&n"), program.index("for (i"))]
    spot = Spot(scene, "MPI_Send", program.index("all[0]"), past)
    assert spot.ranks == {"n"}
    assert spot.shape("rank") != "R"


def test_text_without_directives_is_taken_as_preprocessed(signatures, scene):
    assert not scene.is_expanded
    assert Scene(Facts(parse("int main(void) { return 0; }", Language.C)), signatures).is_expanded
    assert not Scene(Facts(parse("void *p = NULL;", Language.C)), signatures).is_expanded
