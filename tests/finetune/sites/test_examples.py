"""What is learned from a program."""

from collections import Counter

from codepar.mpi.remove import strip
from finetune.sites.batches import Shares, batches
from finetune.sites.examples import encode_example, examples_of, frequent_functions, select

SOURCE = """#include <mpi.h>
void helper(int *x) { use(x); }
int main(int argc, char **argv)
{
  int rank;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  double t = MPI_Wtime();
  // told to all
  if (rank == 0)
    MPI_Barrier(MPI_COMM_WORLD);
  MPI_Send(&rank, 1, MPI_INT, 0, 0, MPI_COMM_WORLD);
  MPI_Send(&rank, 1, MPI_INT, 0, 1, MPI_COMM_WORLD);
  MPI_Finalize();
}
"""


def codes(text):
    return list(text.encode())


def test_every_call_is_at_its_site_and_functions_without_calls_are_left_out():
    [example] = examples_of(strip(SOURCE, "a.c"), "people/repo", "a.c")
    missing = {}
    for (first, second), counted in zip(example.text.sites, example.missing, strict=True):
        if counted and first != second:
            missing[example.text.pieces[second].strip()] = dict(counted)
    assert missing == {"double t =": {"MPI_Init": 1, "MPI_Comm_rank": 1}, "}": {"MPI_Send": 2, "MPI_Finalize": 1}}
    holes = [counted for (first, second), counted in zip(example.text.sites, example.missing, strict=True) if first == second]
    assert holes == [{"MPI_Wtime": 1}, {"MPI_Barrier": 1}]
    assert sum(sum(counted.values()) for counted in example.missing) == 7
    assert example.is_main


def test_positions_are_of_the_last_token_before_and_the_first_after():
    [example] = examples_of(strip(SOURCE, "a.c"), "people/repo", "a.c")
    encoded = encode_example(example, codes)
    text = "".join(example.text.pieces).encode()
    assert bytes(encoded.ids) == text
    for (first, second), before, after in zip(example.text.sites, encoded.before, encoded.after, strict=True):
        if first == second:
            assert text[after : before + 1] == b"MPI_()"
        else:
            assert before + 1 == after
            assert text[before : before + 1] == b"\n"


def test_copies_and_greedy_repositories_do_not_fill_the_training_set():
    programs = [
        strip(SOURCE.replace("told", f"told{number}").replace("rank", f"rank{number % 40}"), "a.c") for number in range(80)
    ]
    examples = [
        encode_example(example, codes)
        for number, program in enumerate(programs)
        for example in examples_of(program, "people/one" if number % 2 else "people/two", f"{number}.c")
    ]
    chosen = select(examples, seed=1)
    # Comments are not seen, so number and number + 40 are the same function.
    assert len(chosen.mains) == len({example.ids for example in examples}) == 40
    assert chosen.others == ()
    assert select(examples, seed=1) == chosen


def test_what_an_earlier_run_saw_is_put_apart_and_shown_less():
    programs = [strip(SOURCE.replace("rank", f"rank{number}"), "a.c") for number in range(12)]
    examples = [
        encode_example(example, codes)
        for number, program in enumerate(programs)
        for example in examples_of(program, "people/new" if number < 4 else "people/old", f"{number}.c")
    ]
    parted = select(examples, seed=1).parted(frozenset({"people/old"}))
    assert (len(parted.mains), len(parted.learned)) == (4, 8)
    shown, tokens = set(), sum(len(one.ids) for one in parted.mains) + 2 * len(parted.learned[0].ids)
    for batch in batches(parted, Shares(others=1.0, learned=0.25), seed=0):
        shown |= {example.ids for example in batch.examples}
        if batch.tokens >= tokens - 20:
            break
    assert {one.ids for one in parted.mains} <= shown
    assert len(shown) == 6


def test_the_commonest_functions_come_first():
    examples = examples_of(strip(SOURCE, "a.c"), "r", "a.c") + examples_of(
        strip("#include <mpi.h>\nvoid f(void) { g(); MPI_Barrier(MPI_COMM_WORLD); MPI_Barrier(MPI_COMM_SELF); }\n", "b.c"),
        "r",
        "b.c",
    )
    assert frequent_functions(examples, 1) == ("MPI_Barrier",)
    assert Counter(frequent_functions(examples, 9))["MPI_Send"] == 1
