"""The setup goes where people put it; the scorer's word counts beside their habits."""

import pytest

from codepar.errors import InvalidInput
from codepar.mpi.outline import outlines
from codepar.mpi.setup_sites.places import settle
from codepar.mpi.setup_sites.weights import FUNCTIONS, own_weights, read_weights, write_weights
from codepar.mpi.sites import locate
from codepar.protocols import SiteScore
from codepar.syntax.language import Language
from codepar.syntax.tree import parse

SOURCE = """void helper(int n)
{
  use(n);
}
int main(int argc, char **argv)
{
  int rank;
  int size;
  double part = 0.0;
  if (rank == 0)
    start();
  part = work(rank, size);
  return 0;
}
"""


def scored(outline, wanted):
    """``wanted``: probability by function and text of the line behind the site."""
    return tuple(
        tuple(
            SiteScore(function=name, probabilities=(p,))
            for (name, text), p in wanted.items()
            if text == outline.lines[site.line].strip()
        )
        for site in outline.sites
    )


def placed(wanted, source=SOURCE):
    tree = parse(source, Language.C)
    found = outlines(tree)
    scores = [scored(outline, wanted) for outline in found]
    calls = settle(tree, found, scores, locate(tree, found, scores))
    lines = source.split("\n")
    return [(call.function, lines[call.after_line].strip()) for call in calls], calls


UNSURE = {
    ("MPI_Init", "double part = 0.0;"): 0.42,
    ("MPI_Init", "if (rank == 0)"): 0.40,
    ("MPI_Comm_rank", "if (rank == 0)"): 0.7,
    ("MPI_Comm_size", "if (rank == 0)"): 0.7,
    ("MPI_Comm_size", "part = work(rank, size);"): 0.2,
    ("MPI_Finalize", "return 0;"): 0.9,
    ("MPI_Barrier", "return 0;"): 0.6,
}


def test_where_the_scorer_is_unsure_the_habit_decides():
    found, calls = placed(UNSURE)
    behind = "if (rank == 0)"
    setup = [("MPI_Init", behind), ("MPI_Comm_rank", behind), ("MPI_Comm_size", behind)]
    assert found == [*setup, ("MPI_Barrier", "return 0;"), ("MPI_Finalize", "return 0;")]
    assert all(0 < call.probability <= 1 for call in calls)


def test_where_the_scorer_is_sure_it_stays():
    sure = {(name, "int size;"): 0.99 for name in ("MPI_Init", "MPI_Comm_rank")} | {("MPI_Finalize", "return 0;"): 0.99}
    assert [text for name, text in placed(sure)[0] if name == "MPI_Init"] == ["int size;"]


def test_nothing_is_added_dropped_or_moved_to_another_function():
    start = dict.fromkeys([("MPI_Init", "use(n);"), ("MPI_Comm_rank", "use(n);"), ("MPI_Finalize", "return 0;")], 0.9)
    found, _ = placed(start)
    assert sorted(name for name, _ in found) == ["MPI_Comm_rank", "MPI_Finalize", "MPI_Init"]
    assert dict(found)["MPI_Finalize"] == "return 0;"
    assert placed({("MPI_Comm_rank", "if (rank == 0)"): 0.9})[0] == [("MPI_Comm_rank", "if (rank == 0)")]


def test_weights_come_with_the_program_and_are_read_as_written(tmp_path):
    weights = own_weights()
    assert weights is not None
    assert set(weights) == set(FUNCTIONS)
    write_weights(tmp_path / "w.json", weights)
    assert read_weights(tmp_path / "w.json") == weights
    (tmp_path / "w.json").write_text("[]")
    with pytest.raises(InvalidInput, match="no weights"):
        read_weights(tmp_path / "w.json")
