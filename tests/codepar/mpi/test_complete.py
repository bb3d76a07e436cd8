"""The rules on small programs written for them, and what becomes of a model's answer."""

import pytest

from codepar.mpi.complete import Completer
from codepar.mpi.headers import load_signatures
from codepar.mpi.labels import Label, encode_labels
from codepar.mpi.program import read_program
from codepar.protocols import Generation

SIGNATURES = load_signatures()
HEAD = "#include <mpi.h>\n#include <stdio.h>\n#include <stdlib.h>\nint main(int argc, char **argv) {\n"


def completer(body, head=HEAD):
    return Completer(read_program(f"{head}{body}  return 0;\n}}\n"), SIGNATURES)


def proposed(body, head=HEAD):
    return [edit.text for edit in completer(body, head).by_rules()]


def answer(text):
    return Generation(text=text, finish_reason="stop", prompt_tokens=1, completion_tokens=1)


def test_every_program_gets_its_four_calls():
    assert proposed('  int me, procs;\n  if (me == 0) printf("%d\\n", procs);\n') == [
        "MPI_Init(&argc, &argv);",
        "MPI_Comm_rank(MPI_COMM_WORLD, &me);",
        "MPI_Comm_size(MPI_COMM_WORLD, &procs);",
        "MPI_Finalize();",
    ]


def test_calls_that_are_there_are_not_proposed_again():
    body = '  int rank;\n  MPI_Init(&argc, &argv);\n  MPI_Comm_rank(MPI_COMM_WORLD, &rank);\n  if (rank) puts("");\n'
    assert proposed(body) == ["MPI_Finalize();"]


def test_what_the_root_alone_reads_in_is_broadcast():
    body = '  int rank, n;\n  if (rank == 0) {\n    scanf("%d", &n);\n  }\n  printf("%d\\n", n * rank);\n'
    assert "MPI_Bcast(&n, 1, MPI_INT, 0, MPI_COMM_WORLD);" in proposed(body)


def test_a_partial_result_that_only_the_root_prints_is_reduced():
    body = (
        "  int rank, size;\n  double local_sum = 0, global_sum;\n"
        "  for (int i = rank; i < 100; i += size) local_sum += i;\n"
        '  if (rank == 0) {\n    printf("%f\\n", global_sum);\n  }\n'
    )
    assert "MPI_Reduce(&local_sum, &global_sum, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);" in proposed(body)


def test_a_partial_result_that_all_use_is_reduced_for_all():
    body = (
        "  int rank, size;\n  long my_max = 0, max;\n"
        "  for (int i = rank; i < 100; i += size) my_max = i;\n"
        '  printf("%d %ld\\n", rank, max);\n'
    )
    assert "MPI_Allreduce(&my_max, &max, 1, MPI_LONG, MPI_MAX, MPI_COMM_WORLD);" in proposed(body)


def test_the_address_of_a_vector_is_no_buffer():
    body = (
        "  int rank, size;\n  const int chunk = 100 / size;\n  std::vector<double> la(chunk), lb(chunk);\n  double local = 0;\n"
        "  for (int i = 0; i < chunk; ++i) local += la[i] * lb[i];\n"
        '  double global = 0;\n  if (rank == 0) printf("%f\\n", global);\n'
    )
    source = f"#include <vector>\nint main(int argc, char **argv)\n{{\n{body}}}\n"
    edits = Completer(read_program(source, "main.cpp"), load_signatures()).by_rules()
    sums = [edit.text for edit in edits if "local" in edit.text]
    assert sums == ["MPI_Reduce(&local, &global, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);"]


def test_rows_of_the_root_are_scattered():
    body = (
        "  int rank, size, n = 4;\n  float *all, *part = malloc(n * sizeof(float)), *back;\n"
        "  if (rank == 0) {\n    all = malloc(n * size * sizeof(float));\n"
        "    for (int i = 0; i < n * size; i++) all[i] = i;\n  }\n"
        '  for (int i = 0; i < n; i++) printf("%f\\n", part[i]);\n'
    )
    assert "MPI_Scatter(all, n, MPI_FLOAT, part, n, MPI_FLOAT, 0, MPI_COMM_WORLD);" in proposed(body)


def test_a_message_between_two_branches():
    body = '  int rank, token;\n  if (rank == 0) {\n    token = 7;\n  } else if (rank == 1) {\n    printf("%d\\n", token);\n  }\n'
    texts = proposed(body)
    assert "MPI_Send(&token, 1, MPI_INT, 1, 0, MPI_COMM_WORLD);" in texts
    assert "MPI_Recv(&token, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);" in texts


def test_a_hole_of_type_double_is_the_time():
    edits = completer('  double t = 0.0/* mpi: double */;\n  printf("%f\\n", t);\n').by_rules()
    assert [(edit.text, edit.inline, edit.after_line) for edit in edits if edit.inline] == [("MPI_Wtime()", True, 5)]


BODY = '  int rank, size;\n  double mine = 1, all;\n  if (rank == 0)\n    printf("%f %d\\n", all, size);\n'


@pytest.mark.parametrize(
    ("call", "repaired"),
    [
        ("MPI_Comm_Rank(MPI_COMM_WORLD, &rank);", "MPI_Comm_rank(MPI_COMM_WORLD, &rank);"),
        ("MPI_Comm_size(MPI_COMM_WORLD, &nprocs);", "MPI_Comm_size(MPI_COMM_WORLD, &size);"),
        ("MPI_Comm_rank(MPI_COMM_WORLD, rank);", "MPI_Comm_rank(MPI_COMM_WORLD, &rank);"),
        ("MPI_Bcast(&mine, 1, MPI_INT, 0, MPI_COMM_WORLD);", "MPI_Bcast(&mine, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);"),
        ("MPI_Bcast(&mine, 1, MPI_DOUBLE, 0);", "MPI_Bcast(&mine, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);"),
    ],
)
def test_near_misses_are_repaired(call, repaired):
    proposal = completer(BODY).read_answer(answer(encode_labels([Label(6, 1, call)])))
    assert [edit.text for edit in proposal.edits] == [repaired]


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        ("MPI_Teleport(&mine, 1);", "name"),
        ("MPI_Send(&mine, 1);", "arity"),
        ("MPI_Bcast(&yours, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);", "scope"),
        ("MPI_Bcast(&mine, 1, MPI_DOUBLE, MPI_COMM_WORLD, 0);", "type"),
        ('printf("no call");', "syntax"),
        ("MPI_Init(&argc, &argv); MPI_Finalize();", "syntax"),
        ("MPI_Barrier(MPI_COMM_WORLD", "cut off"),
    ],
)
def test_what_cannot_be_repaired_is_dropped_with_its_rule(call, rule):
    proposal = completer(BODY).read_answer(answer(f"parallel (6 1, {call})"))
    assert not proposal.edits
    assert [drop.rule.split(":")[0] for drop in proposal.dropped] == [rule]


@pytest.mark.parametrize("text", ["", "I cannot help.", "parallel", "parallel (x y, z)", "(((((", "}" * 50])
def test_an_answer_without_sense_is_a_note(text):
    proposal = completer(BODY).read_answer(answer(text))
    assert not proposal.edits
    assert proposal.notes


def test_a_second_init_and_a_call_before_init_are_dropped():
    subject = completer(BODY)
    labels = [Label(6, 1, "MPI_Init(NULL, NULL);"), Label(4, 1, "MPI_Bcast(&size, 1, MPI_INT, 0, MPI_COMM_WORLD);")]
    model = subject.read_answer(answer(encode_labels(labels)))
    joined = subject.join(subject.by_rules(), model.edits)
    assert sorted(drop.rule.split(":")[0] for drop in joined.dropped) == ["once", "order"]
    assert sum(edit.function == "MPI_Init" for edit in joined.edits) == 1


@pytest.mark.parametrize(("declared", "kept"), [("  int root = 0;\n  {\n", True), ("  {\n  int root = 0;\n", False)])
def test_a_send_and_its_receive_stay_or_go_together(declared, kept):
    body = (
        f"  int rank, x;\n{declared}  if (rank == root) {{\n    x = 5;\n  }}\n  }}\n"
        '  if (rank == 1) {\n    printf("%d\\n", x);\n  }\n'
    )
    calls = " ".join(proposed(body))
    assert ("MPI_Send(&x, 1, MPI_INT, 1" in calls, "MPI_Recv(&x, 1, MPI_INT, root" in calls) == (kept, kept)


def test_an_answer_without_end_is_read_in_part():
    proposal = completer(BODY).read_answer(answer("(6 1, MPI_Barrier(MPI_COMM_WORLD);) " * 300_000))
    assert len(proposal.edits) + len(proposal.dropped) < 1000
    assert "was read up to character" in proposal.notes[0]
