"""Scores become located calls."""

from codepar.mpi.outline import outlines
from codepar.mpi.sites import locate, site_texts
from codepar.protocols import SiteScore
from codepar.syntax.language import Language
from codepar.syntax.tree import parse

PROGRAM = """int main(int argc, char **argv)
{
  int rank;
  double t = 0.0/* mpi: double */;

  // the middle
  work(rank);
  work(t);
  return 0;
}
"""


def located(scores, bound=0.35):
    """``scores``: probabilities by (statement or hole, function)."""
    tree = parse(PROGRAM, Language.C)
    found = outlines(tree)
    table = []
    for site in found[0].sites:
        name = "hole" if site.hole is not None else found[0].lines[site.line].strip()
        here = [SiteScore(function=function, probabilities=p) for (where, function), p in scores.items() if where == name]
        table.append(tuple(sorted(here, key=lambda score: -score.probabilities[0])))
    return [(call.after_line, call.function, call.inline) for call in locate(tree, found, [tuple(table)], bound)]


def test_a_statement_goes_right_before_the_next_one_and_a_hole_keeps_its_line():
    found = located({("work(rank);", "MPI_Bcast"): (0.9,), ("hole", "MPI_Wtime"): (0.8,), ("return 0;", "MPI_Finalize"): (0.7,)})
    assert found == [(4, "MPI_Wtime", True), (6, "MPI_Bcast", False), (8, "MPI_Finalize", False)]


def test_what_is_there_once_goes_to_its_likeliest_place():
    scores = {("int rank;", "MPI_Init"): (0.3,), ("double t = MPI_();", "MPI_Init"): (0.4,), ("work(t);", "MPI_Init"): (0.1,)}
    assert located(scores) == [(3, "MPI_Init", False)]
    assert located({("int rank;", "MPI_Init"): (0.2,)}) == []


def test_places_that_share_one_probability_give_one_call_and_certain_ones_give_both():
    shared = {("work(rank);", "MPI_Barrier"): (0.5,), ("work(t);", "MPI_Barrier"): (0.45,)}
    assert located(shared) == [(6, "MPI_Barrier", False)]
    certain = {("work(rank);", "MPI_Barrier"): (0.9,), ("work(t);", "MPI_Barrier"): (0.85,)}
    assert located(certain) == [(6, "MPI_Barrier", False), (7, "MPI_Barrier", False)]


def test_places_that_speak_for_a_call_together_give_one_at_the_likeliest():
    together = {(name, "MPI_Reduce"): (p,) for name, p in (("int rank;", 0.17), ("work(rank);", 0.2), ("work(t);", 0.16))}
    assert located(together) == [(6, "MPI_Reduce", False)]
    assert located({("work(rank);", "MPI_Reduce"): (0.2,), ("work(t);", "MPI_Reduce"): (0.16,)}) == []


def test_a_function_can_be_missing_twice_at_one_place_and_a_hole_holds_one_call():
    assert located({("work(t);", "MPI_Send"): (0.9, 0.8, 0.1)}) == [(7, "MPI_Send", False)] * 2
    assert located({("hole", "MPI_Wtime"): (0.9,), ("hole", "MPI_Wtick"): (0.6,)}) == [(4, "MPI_Wtime", True)]


def test_init_comes_first_and_finalize_last_after_one_line():
    names = ["MPI_Finalize", "MPI_Comm_size", "MPI_Bcast", "MPI_Comm_rank", "MPI_Init"]
    found = located({("work(rank);", name): (0.9,) for name in names})
    assert [name for _, name, _ in found] == ["MPI_Init", "MPI_Comm_rank", "MPI_Comm_size", "MPI_Bcast", "MPI_Finalize"]


def test_the_pieces_of_a_text_are_its_lines_with_holes_apart():
    [text] = site_texts(outlines(parse(PROGRAM, Language.C)))
    assert "".join(text.pieces).splitlines()[3] == "  double t = MPI_();"
    hole = next(site for site in text.sites if site[0] == site[1])
    assert text.pieces[hole[0]] == "MPI_()"
    assert all(second == first + 1 or first == second for first, second in text.sites)
