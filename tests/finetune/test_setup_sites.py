"""A habit of a corpus is learned: here everybody starts MPI behind the declarations."""

from codepar.mpi.remove import strip
from codepar.syntax.language import Language
from finetune.setup_sites import Recipe, choices_of, learn, right_of, started_in

PROGRAM = """#include <mpi.h>
int main(int argc, char **argv)
{{
  int {rank}, {size};
  double x = {number}.0;
{early}  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &{rank});
  MPI_Comm_size(MPI_COMM_WORLD, &{size});
  if ({rank} == 0)
    x = use({rank}, {size});
  MPI_Finalize();
  return 0;
}}
"""


def started(number):
    early = "  srand(time(NULL));\n" * (number % 3 == 0)
    text = PROGRAM.format(rank=("rank", "myid")[number % 2], size=("size", "nprocs")[number % 2], number=number, early=early)
    (found,) = started_in(strip(text, "a.c"), f"people/r{number}", Language.C)
    return found


def test_the_place_of_each_call_is_learned():
    learned, beside = [started(number) for number in range(6)], [started(number) for number in range(6, 10)]
    for function in ("MPI_Init", "MPI_Comm_rank", "MPI_Comm_size", "MPI_Finalize"):
        choices = [choice for one in learned for choice in choices_of(one, function)]
        weights = learn(choices, Recipe(epochs=20))
        assert right_of((choice for one in beside for choice in choices_of(one, function)), weights) == (4, 4)


def test_calls_are_placed_in_view_of_those_before_them():
    (rank,) = choices_of(started(1), "MPI_Comm_rank")
    assert f"MPI_Init{0}" in rank.sites[rank.right]
    (init,) = choices_of(started(1), "MPI_Init")
    assert not any(name.startswith("MPI_Init") for name in init.sites[init.right])
