import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from mpi_programs import (
    LIST,
    Bench,
    Entry,
    Judged,
    make_pair,
    parse_row,
    read_list,
    read_program,
    write_list,
)

import finetune
from codepar.errors import InvalidInput
from codepar.protocols import Status
from codepar.settings import Settings
from finetune.sources import read_sources
from worker.executor import open_executor

PROGRAM = """#include <mpi.h>
#include <stdio.h>
int main(int argc, char **argv) {
    int rank, size, total = 0;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    int mine = rank + 1;
    MPI_Reduce(&mine, &total, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0) printf("total %d\\n", total);
    MPI_Finalize();
    return 0;
}
"""
ALONE = PROGRAM.replace(
    "MPI_Reduce(&mine, &total, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);",
    "total = mine + size * (size + 1) / 2 - 1; MPI_Barrier(MPI_COMM_WORLD);",
)


def entry(**changes: object) -> Entry:
    digest = hashlib.sha256(PROGRAM.encode()).hexdigest()
    known = Entry("owner/name", "0" * 40, "lab 1/sum.c", digest, "c", lines=13, calls=5)
    return replace(known, **changes)


def test_a_list_comes_back_as_it_was_written(tmp_path: Path):
    entries = [entry(), entry(path="other.cpp", language="cpp", flags=("weak_empty", "weak_four"), ranks=(2,))]
    write_list(entries, tmp_path / "list.tsv", ["a remark"])
    assert read_list(tmp_path / "list.tsv") == entries
    assert [one.is_weak for one in entries] == [False, True]


@pytest.mark.parametrize("line", ["a/b\tc", entry(sha256="f" * 63).row(), entry().row() + "\tmore"])
def test_a_malformed_line_is_named(line: str):
    with pytest.raises(InvalidInput, match="expected 9 cells"):
        parse_row(line)


def test_the_committed_list_is_of_many_repositories_that_nothing_learned_from():
    entries = read_list(LIST)
    learned = {
        source.repository.lower() for source in read_sources(Path(finetune.__file__).parent / "data" / "mpi_repositories.tsv")
    }
    repositories = {one.repository.lower() for one in entries}
    assert len(entries) >= 60
    assert len({one.sha256 for one in entries}) == len(entries)
    assert len(repositories) >= 25
    assert not repositories & learned


def test_a_program_is_read_at_its_commit_and_no_other_is_taken_for_it(tmp_path: Path, make_mirror: Callable[..., str]):
    folder, commit = tmp_path / "mirrors", make_mirror("owner/name", {"lab 1/sum.c": PROGRAM})
    pair = read_program(entry(commit=commit), folder)
    assert pair.original.files == {"sum.c": PROGRAM}
    assert "MPI_Reduce" not in pair.bare.files["sum.c"]
    with pytest.raises(InvalidInput, match="other bytes"):
        read_program(entry(commit=commit, sha256="0" * 64), folder)
    with pytest.raises(InvalidInput, match="missing"):
        read_program(entry(commit=commit, path="gone.c"), folder)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, shared_cache: Callable[[Path], Path]) -> Bench:
    settings = Settings(data_dir=shared_cache(tmp_path_factory.mktemp("bench")))
    return Bench(open_executor(settings, trusted=True), settings)


def run(bench: Bench, text: str) -> list[Judged]:
    """How a program fares whose reference is PROGRAM."""
    pair = make_pair(PROGRAM.encode(), "sum.c")
    court = bench.court(bench.request(pair))
    project = pair.original.with_files({"sum.c": text})

    async def judge() -> list[Judged]:
        return [await bench.outcome(court, project, ranks) for ranks in (2, 4)]

    return asyncio.run(judge())


def test_the_original_is_right_with_its_traffic(bench: Bench):
    judged = run(bench, PROGRAM)
    assert [one.is_right for one in judged] == [True, True]
    assert [one.traffic and (one.traffic.ranks, one.traffic.collectives) for one in judged] == [(2, 2), (4, 4)]


def test_the_right_output_without_traffic_is_not_right(bench: Bench):
    judged = run(bench, ALONE)
    assert [(one.status, one.agrees) for one in judged] == [(Status.NOT_PARALLEL, True)] * 2
    assert not any(one.is_right for one in judged)


def test_a_program_without_its_calls_is_not_right(bench: Bench):
    judged = run(bench, make_pair(PROGRAM.encode(), "sum.c").bare.files["sum.c"])
    assert not any(one.is_right for one in judged)
