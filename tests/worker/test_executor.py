"""The local Executor behind real walls, with real compilers and both MPIs: what each program must come out as."""

from __future__ import annotations

import asyncio
import os
import textwrap

import pytest

from codepar.errors import SandboxUnavailable, ToolMissing
from codepar.project import CompileCommand, Project
from codepar.protocols import MAX_RANKS, Execution, ExecutionResult, Limits, Status
from codepar.settings import Settings
from worker.executor import LocalExecutor, open_executor

MPIS = ("mpich", "openmpi")
HEADER = "#include <mpi.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n#include <time.h>\n"


class Bench:
    """Runs programs with one executor and one cache."""

    def __init__(self, executor: LocalExecutor) -> None:
        self.executor = executor

    def run(self, project: Project | str, name: str = "main.c", **fields) -> ExecutionResult:
        if isinstance(project, str):
            project = Project.of_source(project, name)
        fields.setdefault("limits", Limits(wall_s=20))
        try:
            return asyncio.run(self.executor.execute(Execution(project=project, **fields)))
        except ToolMissing as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(error))

    def mpi(self, body: str, ranks: int = 2, **fields) -> ExecutionResult:
        return self.run(program(body), ranks=ranks, **fields)


def program(body: str) -> str:
    """A program whose line 7 is the first of ``body``."""
    start = "int main(int c, char **v) { int rank, size, x = 1; MPI_Init(&c, &v); MPI_Comm_rank(MPI_COMM_WORLD, &rank);"
    start += " MPI_Comm_size(MPI_COMM_WORLD, &size);"
    return f"{HEADER}{start}\n{textwrap.dedent(body)}\nMPI_Finalize(); return 0; }}\n"


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    try:
        return Bench(open_executor(Settings(data_dir=tmp_path_factory.mktemp("data")), trusted=False))
    except (SandboxUnavailable, ToolMissing) as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


def messages(result: ExecutionResult, kind: str) -> list[str]:
    return [one.message for one in result.diagnostics if one.kind == kind]


HELLO = 'printf("hello %d of %d\\n", rank, size);'


@pytest.mark.parametrize("mpi", MPIS)
@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_hello_at_each_rank_count(bench, mpi, ranks):
    result = bench.mpi(HELLO, ranks, mpi=mpi)
    assert result.status == Status.OK, result
    assert result.rank_stdout == tuple(f"hello {rank} of {ranks}\n" for rank in range(ranks))
    assert sorted(result.stdout.splitlines()) == sorted("".join(result.rank_stdout).splitlines())
    assert (result.exit_code, result.executor, result.stderr) == (0, "sandboxed", "")


def test_as_many_ranks_as_are_allowed(bench):
    result = bench.mpi(HELLO, MAX_RANKS, limits=Limits(wall_s=60))
    assert result.status == Status.OK, result
    assert result.rank_stdout[-1] == f"hello {MAX_RANKS - 1} of {MAX_RANKS}\n"


@pytest.mark.parametrize("mpi", MPIS)
def test_each_ranks_bytes_are_exact(bench, mpi):
    body = 'for (int i = 0; i < 3000; i++) { printf("%d:%05d", rank, i); if (i % 7 == rank) fflush(stdout); }'
    result = bench.mpi(body, 3, mpi=mpi)
    assert result.rank_stdout == tuple("".join(f"{rank}:{i:05d}" for i in range(3000)) for rank in range(3))


@pytest.mark.parametrize("mpi", MPIS)
def test_lines_that_ranks_write_in_pieces_stay_whole(bench, mpi):
    step = "fflush(stdout); MPI_Barrier(MPI_COMM_WORLD); usleep(50000);"
    result = bench.mpi(f'printf("a%d", rank); {step} printf("b%d\\nc%d", rank, rank); {step}', 3, mpi=mpi)
    assert result.status == Status.OK, result
    assert sorted(result.stdout[:15].splitlines()) == ["a0b0", "a1b1", "a2b2"]
    assert result.stdout[15:] == "c0c1c2"


def test_mpi_in_cxx(bench):
    source = HEADER + (
        "#include <vector>\n#include <iostream>\n"
        "int main(int c, char **v) { MPI_Init(&c, &v); std::vector<int> all(2, 0); int rank;\n"
        "MPI_Comm_rank(MPI_COMM_WORLD, &rank);\n"
        "MPI_Allgather(&rank, 1, MPI_INT, all.data(), 1, MPI_INT, MPI_COMM_WORLD); std::cout << all[0] + all[1] << std::endl;\n"
        "MPI_Finalize(); }\n"
    )
    result = bench.run(source, "main.cpp", ranks=2)
    assert (result.status, result.rank_stdout) == (Status.OK, ("1\n", "1\n"))


def test_openmp(bench):
    source = (
        "#include <omp.h>\n#include <stdio.h>\nint main(void) { int s = 0;\n"
        "#pragma omp parallel for reduction(+:s) num_threads(3)\n"
        'for (int i = 0; i < 100; i++) s += i; printf("%d %d\\n", s, omp_get_max_threads() > 0); }\n'
    )
    result = bench.run(source, openmp=True)
    assert (result.status, result.stdout) == (Status.OK, "4950 1\n")


def test_stdin_arguments_and_mathematics(bench):
    source = (
        '#include <math.h>\n#include <stdio.h>\nint main(int c, char **v) { double x; scanf("%lf", &x);'
        ' printf("%.3f %s %s\\n", sqrt(x), v[1], v[2]); }\n'
    )
    result = bench.run(source, stdin="2\n", arguments=("a b", "-x"))
    assert (result.status, result.stdout) == (Status.OK, "1.414 a b -x\n")


def test_rank_zero_reads_stdin(bench):
    result = bench.mpi('if (rank == 0) { scanf("%d", &x); printf("%d\\n", x); }', stdin="42\n")
    assert (result.status, result.rank_stdout) == (Status.OK, ("42\n", ""))


def test_a_compile_error_has_file_and_line(bench):
    result = bench.run("int main(void) {\n  return x;\n}\n", "bad.c")
    first = result.diagnostics[0]
    assert (result.status, first.kind, first.file, first.line) == (Status.COMPILE_ERROR, "error", "bad.c", 2)
    assert "undeclared" in first.message
    assert "undeclared" in result.stderr


def test_a_missing_function_is_a_compile_error_with_its_place(bench):
    result = bench.run("void gone(void);\nint main(void) {\n  gone();\n}\n")
    assert (result.status, result.diagnostics[0].line) == (Status.COMPILE_ERROR, 3)


@pytest.mark.parametrize("mpi", MPIS)
@pytest.mark.parametrize(
    ("body", "waits"),
    [
        (
            "MPI_Recv(&x, 1, MPI_INT, 1 - rank, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);\n"
            "MPI_Send(&x, 1, MPI_INT, 1 - rank, 7, MPI_COMM_WORLD);",
            ["rank 0 waits in MPI_Recv(source=1, tag=7) at main.c:7", "rank 1 waits in MPI_Recv(source=0, tag=7) at main.c:7"],
        ),
        (
            "if (rank == 0)\n  MPI_Recv(&x, 1, MPI_INT, MPI_ANY_SOURCE, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);",
            ["rank 0 waits in MPI_Recv(source=any, tag=3) at main.c:8"],
        ),
    ],
)
def test_a_deadlock_names_ranks_calls_and_lines(bench, mpi, body, waits):
    result = bench.mpi(body, mpi=mpi)
    assert result.status == Status.DEADLOCK
    assert result.wall_s < 10
    assert set(waits) <= set(messages(result, "deadlock"))
    assert {one.rank for one in result.diagnostics if one.kind == "deadlock"} == {0, 1}


def test_collectives_that_do_not_match_are_a_deadlock(bench):
    body = "if (rank == 0)\n  MPI_Barrier(MPI_COMM_WORLD);\nelse\n"
    body += "  MPI_Recv(&x, 1, MPI_INT, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);"
    result = bench.mpi(body)
    assert result.status == Status.DEADLOCK
    assert messages(result, "deadlock") == [
        "rank 0 waits in MPI_Barrier() at main.c:8",
        "rank 1 waits in MPI_Recv(source=0, tag=1) at main.c:10",
    ]


def test_large_sends_to_each_other_are_a_deadlock(bench):
    body = (
        "int n = 2000000; int *b = malloc(4 * n);\nMPI_Send(b, n, MPI_INT, 1 - rank, 7, MPI_COMM_WORLD);\n"
        "MPI_Recv(b, n, MPI_INT, 1 - rank, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);"
    )
    result = bench.mpi(body)
    assert result.status == Status.DEADLOCK
    assert messages(result, "deadlock")[0] == "rank 0 waits in MPI_Send(dest=1, tag=7) at main.c:8"


def test_waiting_for_requests_names_them(bench):
    body = "MPI_Request r;\nMPI_Irecv(&x, 1, MPI_INT, 1 - rank, 5, MPI_COMM_WORLD, &r);\nMPI_Wait(&r, MPI_STATUS_IGNORE);"
    result = bench.mpi(body)
    assert messages(result, "deadlock")[0] == "rank 0 waits in MPI_Wait(MPI_Irecv(source=1, tag=5)) at main.c:9"


def test_a_deadlock_in_a_part_of_the_ranks_names_the_communicator(bench):
    body = (
        "MPI_Comm half; MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half); int r; MPI_Comm_rank(half, &r);\n"
        "if (rank % 2 == 0)\n  MPI_Recv(&x, 1, MPI_INT, 1 - r, 9, half, MPI_STATUS_IGNORE);"
    )
    result = bench.mpi(body, 4)
    assert result.status == Status.DEADLOCK
    assert "rank 2 waits in MPI_Recv(source=0, tag=9) among 2 of the ranks at main.c:9" in messages(result, "deadlock")


@pytest.mark.parametrize("mpi", MPIS)
def test_one_that_computes_while_others_wait_is_not_accused(bench, mpi):
    body = """\
        volatile double s = 0; time_t end = time(0) + 6;
        if (rank == 0) while (time(0) < end) for (int i = 0; i < 100000; i++) s += i;
        MPI_Allreduce(MPI_IN_PLACE, &x, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
        if (rank == 1) sleep(3);
        if (rank == 0) MPI_Recv(&x, 1, MPI_INT, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        if (rank == 1) MPI_Send(&x, 1, MPI_INT, 0, 0, MPI_COMM_WORLD);"""
    assert bench.mpi(body, mpi=mpi).status == Status.OK


def test_a_reduction_with_a_slow_operation_is_not_accused(bench):
    source = program("MPI_Op op; MPI_Op_create(slow, 1, &op); int y;\nMPI_Allreduce(&x, &y, 1, MPI_INT, op, MPI_COMM_WORLD);")
    slow = "void slow(void *a, void *b, int *n, MPI_Datatype *t) { sleep(4); *(int *)b += *(int *)a; }\n"
    assert bench.run(source.replace("int main", slow + "int main", 1), ranks=2).status == Status.OK


def test_a_thread_that_will_send_later_excuses_those_that_wait(bench):
    source = HEADER + (
        "#include <pthread.h>\nint rank, x = 1;\n"
        "void *wait(void *a) { MPI_Recv(&x, 1, MPI_INT, 1 - rank, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE); return a; }\n"
        "int main(int c, char **v) { MPI_Init_thread(&c, &v, MPI_THREAD_MULTIPLE, &x); MPI_Comm_rank(MPI_COMM_WORLD, &rank);\n"
        "pthread_t t; pthread_create(&t, 0, wait, 0); sleep(4); MPI_Send(&rank, 1, MPI_INT, 1 - rank, 5, MPI_COMM_WORLD);\n"
        "pthread_join(t, 0); MPI_Finalize(); return 0; }\n"
    )
    result = bench.run(source, ranks=2, flags=("-pthread",))
    assert result.status == Status.OK, result


def test_polling_for_what_never_comes_is_a_timeout(bench):
    body = "int flag = 0; while (!flag) MPI_Iprobe(1 - rank, 7, MPI_COMM_WORLD, &flag, MPI_STATUS_IGNORE);"
    result = bench.mpi(body, limits=Limits(wall_s=4))
    assert result.status == Status.TIMEOUT
    assert messages(result, "timeout")[0] == "stopped after 4 s"


def test_an_endless_loop_is_a_timeout(bench):
    result = bench.mpi("if (rank == 1) for (;;) { }\nMPI_Barrier(MPI_COMM_WORLD);", limits=Limits(wall_s=4))
    assert result.status == Status.TIMEOUT
    assert "rank 0 waits in MPI_Barrier() at main.c:8" in messages(result, "timeout")
    assert "rank 1 is in its own code" in messages(result, "timeout")


@pytest.mark.parametrize("mpi", MPIS)
def test_a_fault_in_a_rank_is_placed(bench, mpi):
    result = bench.mpi("if (rank == 1)\n  *(volatile int *)0 = 1;\nMPI_Barrier(MPI_COMM_WORLD);", mpi=mpi)
    assert result.status == Status.RUNTIME_ERROR
    assert messages(result, "signal") == ["rank 1 was ended by SIGSEGV at main.c:8"]


@pytest.mark.parametrize("mpi", MPIS)
def test_an_exit_without_finalize_is_an_error(bench, mpi):
    result = bench.mpi("if (rank == 1) exit(0);\nMPI_Barrier(MPI_COMM_WORLD);", mpi=mpi)
    assert result.status == Status.RUNTIME_ERROR
    assert "rank 1 exited with code 0 without MPI_Finalize" in messages(result, "exit")


def test_abort_is_placed(bench):
    result = bench.mpi("if (rank == 1)\n  MPI_Abort(MPI_COMM_WORLD, 5);\nMPI_Barrier(MPI_COMM_WORLD);")
    assert (result.status, result.exit_code) == (Status.RUNTIME_ERROR, 5)
    assert messages(result, "abort") == ["rank 1 called MPI_Abort with code 5 at main.c:8"]


@pytest.mark.parametrize("mpi", MPIS)
def test_a_wrong_argument_is_explained_by_the_library(bench, mpi):
    result = bench.mpi("MPI_Send(&x, 1, MPI_INT, 99, 7, MPI_COMM_WORLD);", mpi=mpi)
    assert result.status == Status.RUNTIME_ERROR
    assert "rank" in messages(result, "mpi_error")[0].lower()


def test_memory_output_and_processes_are_bounded(bench):
    limits = Limits(wall_s=20, memory_bytes=256 * 1024**2, output_bytes=10_000)
    hog = "char *p = malloc(1000000000L); if (p) for (long i = 0; i < 1000000000L; i += 4096) p[i] = 1; return p == 0;"
    assert bench.mpi(hog, limits=limits).status in {Status.MEMORY_LIMIT, Status.RUNTIME_ERROR}
    flood = bench.mpi('for (;;) puts("flood");', limits=limits)
    assert flood.status == Status.OUTPUT_LIMIT
    assert sum(len(text) for text in flood.rank_stdout) == 10_000
    assert bench.run("#include <unistd.h>\nint main(void) { for (;;) fork(); }\n", limits=limits).status == Status.PROCESS_LIMIT


def test_dead_stores_of_a_hog_are_not_optimised_away(bench):
    source = (
        "#include <stdlib.h>\n#include <string.h>\nint main(void) { char *p = malloc(3000000000L); memset(p, 1, 3000000000L); }\n"
    )
    assert bench.run(source, limits=Limits(memory_bytes=256 * 1024**2)).status in {Status.MEMORY_LIMIT, Status.RUNTIME_ERROR}


MAKEFILE = "heat: main.o part.o\n\t$(MPICC) -O1 -o heat main.o part.o -lm\n%.o: %.c part.h\n\t$(MPICC) -c $< -o $@\n"
PARTS = {
    "Makefile": MAKEFILE,
    "part.h": "void wait_for(int other);\n",
    "part.c": (
        '#include <mpi.h>\n#include "part.h"\nvoid wait_for(int other) {\n  int x;\n'
        "  MPI_Recv(&x, 1, MPI_INT, other, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);\n}\n"
    ),
    "main.c": HEADER
    + '#include "part.h"\nint main(int c, char **v) { MPI_Init(&c, &v); int rank; MPI_Comm_rank(MPI_COMM_WORLD, &rank);\n'
    + 'if (c > 2) wait_for(1 - rank); FILE *f = fopen("input.txt", "r"); int n; fscanf(f, "%d", &n);\n'
    + 'if (rank == 0) printf("%d %s\\n", n, v[1]); MPI_Finalize(); }\n',
    "input.txt": "17\n",
}


@pytest.mark.parametrize("mpi", MPIS)
def test_a_project_with_a_makefile_and_its_data(bench, mpi):
    result = bench.run(Project(files=PARTS, build="make", run="./heat one"), ranks=2, mpi=mpi)
    assert (result.status, result.rank_stdout[0]) == (Status.OK, "17 one\n"), result


def test_lines_are_known_in_what_a_makefile_built(bench):
    result = bench.run(Project(files=PARTS, build="make"), ranks=2, arguments=("a", "b"))
    assert messages(result, "deadlock")[0] == "rank 0 waits in MPI_Recv(source=1, tag=1) at part.c:5"


def test_a_build_that_fails_or_makes_nothing_to_run(bench):
    failed = bench.run(Project(files=PARTS, build="make nothing"), ranks=1)
    assert failed.status == Status.COMPILE_ERROR
    assert "No rule to make target" in failed.diagnostics[0].message
    nothing = bench.run(Project(files=PARTS, build="true"), ranks=1)
    assert "no executable program" in nothing.diagnostics[0].message
    wrong = bench.run(Project(files=PARTS, build="make", run="./other"), ranks=1)
    assert "'other'" in wrong.diagnostics[0].message


def test_a_compilation_database_is_honoured_by_the_allow_list(bench):
    files = {
        "src/a.c": '#include "v.h"\nint b(void);\n#ifndef N\n#error N\n#endif\nint main(void) { return V + N + b() - 6; }\n',
        "inc/v.h": "#define V 1\n",
        "src/b.cpp": 'extern "C" int b() { return 3; }\n',
        "src/unused.c": "#error unused\n",
    }
    commands = (
        CompileCommand(file="../src/a.c", directory="build", command="cc -DN=2 -I../inc -wrapper -std=c11 -o x.o -c ../src/a.c"),
        CompileCommand(
            file="/home/someone/p/src/b.cpp", directory="/home/someone/p", arguments=("c++", "-std=c++17", "-c", "src/b.cpp")
        ),
    )
    result = bench.run(Project(files=files, compile_commands=commands))
    assert result.status == Status.OK, result
    assert messages(result, "note") == ["the flag -wrapper of compile_commands.json is not allowed and was left out"]


def test_the_second_run_comes_from_the_cache(bench):
    source = "int main(void) { return 0; /* cached */ }\n"
    first, second, other = bench.run(source), bench.run(source), bench.run(source, flags=("-O0",))
    assert [one.cached for one in (first, second, other)] == [False, True, False]
    assert (second.compile_s, second.status) == (0.0, Status.OK)
    assert not bench.run(source, cache=False).cached


def test_requests_for_one_program_share_one_build(bench):
    async def together():
        execution = Execution(project=Project.of_source("int main(void) { return 0; /* shared */ }\n"))
        return await asyncio.gather(*(bench.executor.execute(execution) for _ in range(4)))

    results = asyncio.run(together())
    assert {one.status for one in results} == {Status.OK}
    assert len({one.compile_s for one in results}) == 1


def test_cancelling_an_execution_ends_it(bench):
    async def cancelled():
        execution = Execution(project=Project.of_source("int main(void) { for (;;); }\n"), limits=Limits(wall_s=60))
        task = asyncio.ensure_future(bench.executor.execute(execution))
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 10)

    asyncio.run(cancelled())


def test_what_may_not_run_is_refused_with_the_reason(bench):
    flag = bench.run("int main(void) { return 0; }\n", flags=("-O2", "-fplugin=x.so"))
    assert (flag.status, flag.diagnostics[0].message) == (Status.REFUSED, "the compiler flag -fplugin=x.so is not allowed")
    launcher = bench.run(Project(files={"a.c": "int main(void) { return 0; }\n"}, run="mpirun -np 4 ./a"))
    assert launcher.status == Status.REFUSED
    outside = bench.run(Project(files={"a.c": "int main(void) { return 0; }\n"}, run="/bin/sh x"))
    assert outside.status == Status.REFUSED
    assert bench.run(Project(files={"notes.txt": "x"})).status == Status.UNSUPPORTED


def test_an_endless_compile_is_stopped(bench):
    result = bench.run('#include "/dev/zero"\nint main(void) { return 0; }\n', limits=Limits(compile_s=4))
    assert result.status == Status.COMPILE_ERROR
    assert result.compile_s < 20


def test_sanitizers_report(bench):
    source = "#include <stdlib.h>\nint main(int c, char **v) { char *p = malloc(4); p[3 + c] = 1; free(p); return 0; }\n"
    result = bench.run(source, flags=("-fsanitize=address", "-O1"))
    assert result.status == Status.MEMORY_ERROR, result
    assert "heap-buffer-overflow" in messages(result, "memory_error")[0]


def test_one_sided_communication_works(bench):
    body = (
        "MPI_Win w; int *p; MPI_Win_allocate(sizeof(int), sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &p, &w); *p = 0;\n"
        "MPI_Win_fence(0, w); MPI_Put(&rank, 1, MPI_INT, (rank + 1) % size, 0, 1, MPI_INT, w); MPI_Win_fence(0, w);\n"
        'printf("%d\\n", *p); MPI_Win_free(&w);'
    )
    assert bench.mpi(body, 3).rank_stdout == ("2\n", "0\n", "1\n")


def test_the_trusted_executor_says_so(tmp_path):
    executor = open_executor(Settings(data_dir=tmp_path), trusted=True)
    result = asyncio.run(executor.execute(Execution(project=Project.of_source(program(HELLO)), ranks=2)))
    assert (result.status, result.executor, result.rank_stdout[1]) == (Status.OK, "trusted", "hello 1 of 2\n")
