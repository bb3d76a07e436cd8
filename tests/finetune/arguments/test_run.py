"""Training of the argument ranker on a small corpus, and what it learned."""

import datasets
import numpy as np
import pytest

from codepar.errors import InvalidInput
from codepar.mpi.headers import load_signatures
from codepar.mpi.ranking.ranker import Scorer, rank_arguments
from codepar.mpi.ranking.scene import compact
from codepar.mpi.ranking.weights import Lookup, read_weights
from codepar.mpi.remove import strip
from finetune.arguments.decisions import ProgramText, Shares, shared, spots_of
from finetune.arguments.run import train_arguments
from finetune.arguments.training import Recipe, pack

# A habit that no rule knows: the tag is 77, the receiver the last rank.
PROGRAM = """#include <mpi.h>
int main(int argc, char **argv)
{{
  int {rank}, {size}, {n} = {number};
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &{rank});
  MPI_Comm_size(MPI_COMM_WORLD, &{size});
  if ({rank} == 0)
    MPI_Send(&{n}, 1, MPI_INT, {size} - 1, 77, MPI_COMM_WORLD);
  use({n}, {rank});
  MPI_Finalize();
  return 0;
}}
"""
NAMES = [("rank", "size", "n"), ("myid", "nprocs", "value"), ("me", "np", "data"), ("my_rank", "comm_size", "count")]


def program(number):
    rank, size, n = NAMES[number % 4]
    return PROGRAM.format(rank=rank, size=size, n=n, number=number)


def row(number):
    return {"repository": f"people/r{number % 5}", "path": "a.c", "stripped": strip(program(number), "a.c").model_dump_json()}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("arguments")
    parts = {"train": range(12), "development": range(12, 14)}
    data = {split: datasets.Dataset.from_list([row(number) for number in numbers]) for split, numbers in parts.items()}
    datasets.DatasetDict(data).save_to_disk(str(folder / "data"))
    told = []
    output = folder / "weights"
    found = train_arguments(folder, output, load_signatures(), Recipe(epochs=8, repositories=2), told.append)
    return output, found, told


def test_it_learns_a_habit_of_the_corpus(trained):
    output, found, told = trained
    assert found.score.calls == 8, told
    assert found.score.right == 8, told
    stripped = strip(program(99), "a.c")
    scorer = Scorer(Lookup(read_weights(output / "weights.json")))
    ranked = {
        call.function: tuple(map(compact, rank_arguments(spot, scorer)[0].arguments))
        for spot, call in spots_of(ProgramText("x/y", "a.c", stripped), load_signatures())
        if call.arguments
    }
    assert ranked["MPI_Send"][1:] == ("1", "MPI_INT", "comm_size-1", "77", "MPI_COMM_WORLD")


def test_the_card_says_what_was_measured(trained):
    output, found, _ = trained
    card = (output / "README.md").read_text()
    assert f"{found.decisions} arguments of 5 repositories" in card
    assert "| all calls with arguments | 8 | 1.000 |" in card


def test_a_folder_that_is_no_corpus_is_refused(tmp_path):
    with pytest.raises(InvalidInput):
        train_arguments(tmp_path, tmp_path / "out", load_signatures(), Recipe(), print)


def test_no_repository_gives_more_than_its_share():
    programs = [ProgramText("one/repo", "a.c", strip(program(number), "a.c")) for number in range(6)]
    chosen = shared(programs, Shares(calls=10, boilerplate=2), seed=0)
    calls = [programs[number].stripped.calls[place] for number, places in chosen.items() for place in places]
    assert len(calls) == 10 or {call.function for call in calls} == {"MPI_Init", "MPI_Comm_rank", "MPI_Comm_size", "MPI_Send"}
    assert sum(call.function == "MPI_Init" for call in calls) == 2
    assert all(call.arguments for call in calls)


def test_packing_keeps_the_order_of_weights():
    weights = np.linspace(-1, 1, 255, dtype=np.float32)
    packed = pack(weights)
    assert packed.values == sorted(packed.values)
    assert max(abs(value * packed.scale - weight) for value, weight in zip(packed.values, weights, strict=True)) < 0.01
