import asyncio

import pytest

from codepar.flows.mpi_request import MpiVerifyRequest
from codepar.flows.verify import verify
from codepar.protocols import SilentProgress, Status

HEAD = "#include <mpi.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <time.h>\n#include <unistd.h>\n"
MAIN = "int main(int argc, char **argv) {\n  int rank, size;\n  MPI_Init(&argc, &argv);\n"
RANKS = "  MPI_Comm_rank(MPI_COMM_WORLD, &rank);\n  MPI_Comm_size(MPI_COMM_WORLD, &size);\n"
END = "  MPI_Finalize();\n  return 0;\n}\n"


def program(body):
    return f"{HEAD}{MAIN}{RANKS}  {body}\n{END}"


def judged(source, executor, settings, **options):
    request = MpiVerifyRequest.model_validate({"source": source, "options": {"ranks": [1, 2], **options}})
    return asyncio.run(verify(request, None, executor, SilentProgress(), settings))


def test_a_program_agrees_with_itself(executor, flow_settings):
    source = program('printf("rank %d\\n", rank);')
    answer = judged(source, executor, flow_settings, reference=source)
    assert answer.verified, answer.reason


def test_lines_are_compared_rank_by_rank(executor, flow_settings):
    answer = judged(
        program('printf("rank %d\\n", size - 1 - rank);'),
        executor,
        flow_settings,
        reference=program('printf("rank %d\\n", rank);'),
    )
    assert [(v.ranks, v.agrees) for v in answer.verification] == [(1, True), (2, False)]
    assert not answer.verified


def test_what_varies_is_masked(executor, flow_settings):
    source = program('printf("%d of %d took %f\\n", rank, size, MPI_Wtime());')
    assert judged(source, executor, flow_settings, reference=source).verified


def test_randomness_seeded_with_the_clock_is_masked(executor, flow_settings):
    source = program('srand(time(NULL) + rank); printf("drawn %d on %d\\n", rand(), rank);')
    assert judged(source, executor, flow_settings, reference=source, ranks=[2]).verified


@pytest.mark.parametrize("body", ['printf("%f\\n", MPI_Wtime());', ";"])
def test_where_nothing_can_be_compared_it_is_unverified(executor, flow_settings, body):
    answer = judged(program(body), executor, flow_settings, reference=program(body), ranks=[2])
    assert not answer.verified
    assert answer.verification[0].agrees is None
    assert "the reference" in answer.reason


SAID = 'printf("rank %d\\n", rank);'
EXCHANGES = {
    "message": "if (size > 1 && rank == 0) MPI_Send(&size, 1, MPI_INT, 1, 0, MPI_COMM_WORLD);"
    " if (rank == 1) MPI_Recv(&size, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);",
    "collective": "int all; MPI_Allreduce(&rank, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);",
    "one-sided": "MPI_Win w; int x = 0; MPI_Win_create(&x, sizeof x, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &w); MPI_Win_fence(0, w);"
    " if (rank == 1) MPI_Put(&rank, 1, MPI_INT, 0, 0, 1, MPI_INT, w); MPI_Win_fence(0, w); MPI_Win_free(&w);",
}
NO_EXCHANGES = {
    "nothing": "",
    "barrier": "MPI_Barrier(MPI_COMM_WORLD);",
    "itself": "int x; MPI_Sendrecv(&rank, 1, MPI_INT, rank, 0, &x, 1, MPI_INT, rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);",
    "one rank's communicator": "MPI_Bcast(&rank, 1, MPI_INT, 0, MPI_COMM_SELF);",
    "nobody": "MPI_Send(&rank, 1, MPI_INT, MPI_PROC_NULL, 0, MPI_COMM_WORLD);",
}


@pytest.mark.parametrize("body", [*EXCHANGES.values(), *NO_EXCHANGES.values()], ids=[*EXCHANGES, *NO_EXCHANGES])
def test_whatever_the_original_exchanges_it_passes_and_so_does_what_exchanges_otherwise(executor, flow_settings, body):
    source = program(SAID + body)
    own = judged(source, executor, flow_settings, reference=source, ranks=[2])
    assert own.verified, own.reason
    other = judged(program(SAID + EXCHANGES["collective"]), executor, flow_settings, reference=source, ranks=[2])
    assert other.verified, other.reason


@pytest.mark.parametrize("body", NO_EXCHANGES.values(), ids=NO_EXCHANGES)
def test_nothing_sent_is_not_verified_where_the_reference_sends(executor, flow_settings, body):
    reference = program(SAID + EXCHANGES["message"])
    answer = judged(program(SAID + body), executor, flow_settings, reference=reference)
    assert not answer.verified
    assert [(v.status, v.agrees) for v in answer.verification] == [(Status.OK, True), (Status.NOT_PARALLEL, True)]
    assert answer.reason == "at 2 ranks not_parallel: nothing is sent between ranks although the reference does"


def test_exit_codes_must_be_equal(executor, flow_settings):
    source = program('printf("rank %d\\n", rank);')
    answer = judged(source.replace("return 0", "return 3"), executor, flow_settings, reference=source, ranks=[2])
    assert not answer.verified


def test_the_serial_program_is_an_oracle_for_all_ranks_together(executor, flow_settings):
    serial = '#include <stdio.h>\nint main(void) {\n  puts("6 in all");\n  return 0;\n}\n'
    right = program('if (rank == 0) puts("6 in all");')
    assert judged(right, executor, flow_settings, serial=serial).verified
    wrong = program('puts("6 in all");')
    answer = judged(wrong, executor, flow_settings, serial=serial)
    assert [(v.ranks, v.agrees) for v in answer.verification] == [(1, True), (2, False)]


def test_invariance_over_rank_counts(executor, flow_settings):
    assert judged(program('if (rank == 0) puts("same");'), executor, flow_settings, invariant=True).verified
    answer = judged(program('puts("same");'), executor, flow_settings, invariant=True)
    assert [(v.ranks, v.agrees) for v in answer.verification] == [(1, True), (2, False)]


def test_one_rank_count_shows_no_invariance(executor, flow_settings):
    answer = judged(program('puts("same");'), executor, flow_settings, invariant=True, ranks=[2])
    assert not answer.verified
    assert answer.verification[0].agrees is None


def test_all_oracles_must_agree(executor, flow_settings):
    source = program('printf("rank %d\\n", rank);')
    assert judged(source, executor, flow_settings, reference=source, invariant=True).verified is False


def test_a_program_that_does_not_compile_is_not_run(executor, flow_settings):
    answer = judged("int main(void) { return oops; }\n", executor, flow_settings, ranks=[1, 2, 4])
    assert [v.status for v in answer.verification] == [Status.COMPILE_ERROR] * 3
    assert answer.verification[0].diagnostics


def test_a_deadlock_is_not_verified(executor, flow_settings):
    body = "if (rank == 0) MPI_Recv(&size, 1, MPI_INT, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);"
    answer = judged(program(body), executor, flow_settings, ranks=[2], limits={"wall_s": 4})
    assert answer.verification[0].status in {Status.DEADLOCK, Status.TIMEOUT}
    assert not answer.verified


def test_an_mpi4py_program_is_judged_like_others(executor, flow_settings):
    head = "from mpi4py import MPI\ncomm = MPI.COMM_WORLD\n"
    right = head + "print(comm.Get_rank(), comm.allreduce(1))\n"
    wrong = head + "print(comm.Get_rank(), comm.allreduce(2))\n"
    options = {"ranks": [2], "reference": {"files": {"a.py": right}}}
    verdicts = {}
    for name, source in (("right", right), ("wrong", wrong)):
        request = MpiVerifyRequest.model_validate({"project": {"files": {"a.py": source}}, "options": options})
        verdicts[name] = asyncio.run(verify(request, None, executor, SilentProgress(), flow_settings))
    assert verdicts["right"].verified, verdicts["right"].reason
    assert [(v.status, v.agrees) for v in verdicts["wrong"].verification] == [(Status.WRONG_OUTPUT, False)]
