import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from mpi_programs import Bench, Entry, Judged, make_pair
from mpi_runs import Answer, Measurement, Row, difference, failures, measure, quantile, rate, read_rows, report, row_of

from codepar.protocols import Status, Traffic
from codepar.settings import Settings
from worker.executor import open_executor

ENTRY = Entry("owner/name", "0" * 40, "a.c", "0" * 64, "c", lines=9, calls=4)
PAIR = make_pair(
    b"#include <mpi.h>\n#include <stdio.h>\nint main(int argc, char **argv) {\n    int rank;\n    MPI_Init(&argc, &argv);\n"
    b'    MPI_Comm_rank(MPI_COMM_WORLD, &rank);\n    printf("rank %d\\n", rank);\n    MPI_Finalize();\n    return 0;\n}\n',
    "a.c",
)


def trusted_bench(data_dir: Path) -> Bench:
    settings = Settings(data_dir=data_dir)
    return Bench(open_executor(settings, trusted=True), settings)


def row(number: int, *, right: bool, system: str = "rules", weak: bool = False) -> Row:
    known = row_of(ENTRY, system, Answer(PAIR.bare, 3, seconds=number), [])
    return replace(known, sha256=str(number), repository=f"owner/{number % 3}", weak=weak, agreed={"2": right, "4": right})


def test_a_row_says_what_happened_at_each_rank_count():
    seen = Traffic(messages=9, bytes=36, ranks=4)
    judged = [Judged(2, Status.OK, True, seen), Judged(4, Status.WRONG_OUTPUT, False, seen, "rank 0 prints '3'")]
    found = row_of(ENTRY, "four", Answer(PAIR.bare, 4, seconds=0.1), judged)
    assert (found.compiled, found.ran, found.agreed, found.is_right) == (True, True, {"2": True, "4": False}, False)
    assert found.reasons == {"4": "wrong_output: rank 0 prints '3'"}


@pytest.mark.parametrize(
    ("judged", "compiled", "ran", "reason"),
    [
        (Judged(2, Status.COMPILE_ERROR, None, Traffic(), "expected ;"), False, False, "compile_error: expected ;"),
        (
            Judged(2, Status.DEADLOCK, None, Traffic(messages=2, bytes=8, ranks=2), "rank 1 waits"),
            True,
            False,
            "deadlock: rank 1 waits",
        ),
        (Judged(2, Status.OK, True, Traffic(collectives=5, bytes=20, ranks=1)), True, True, "ok: no MPI traffic seen"),
    ],
)
def test_a_row_says_how_far_a_program_came(judged: Judged, compiled: bool, ran: bool, reason: str):
    found = row_of(ENTRY, "four", Answer(PAIR.bare, 4, seconds=0.1), [judged])
    assert (found.compiled, found.ran, found.is_right, found.reasons["2"]) == (compiled, ran, False, reason)


def test_programs_of_one_repository_count_as_one_witness():
    rows = [replace(row(number, right=number < 20), repository=str(number)) for number in range(40)]
    together = [replace(one, repository=str(int(one.sha256) // 10)) for one in rows]
    assert rate(rows).startswith(" 50.0 % [3")
    assert rate(together) == " 50.0 % [0-100]"
    assert rate([row(number, right=False) for number in range(60)]) == "  0.0 % [0-5]"
    assert rate([row(number, right=True) for number in range(60)]) == "100.0 % [95-100]"


def test_two_systems_are_compared_on_the_programs_that_both_were_given():
    first = [row(number, right=True) for number in range(30)]
    second = [row(number, right=number % 2 == 0, system="four") for number in range(24)]
    assert difference(first, second) == "+50.0 points [+50 to +50] on 24 programs"
    assert difference(first, []) == "no program in common"


def test_quantiles_are_values_that_occurred():
    assert quantile([3.0], 0.95) == 3.0
    assert [quantile(list(range(1, 101)), share) for share in (0.5, 0.95)] == [50, 95]


def test_the_table_counts_systems_apart_and_the_weak_programs_once_out():
    rows = [row(number, right=number < 2, weak=number == 0) for number in range(4)]
    rows += [row(number, right=False, system="empty", weak=number == 0) for number in range(4)]
    everything, strong = report(rows).split("\n\n")
    assert everything.startswith("all programs: 4 of 3 repositories")
    assert " 50.0 %" in everything
    assert "without the weak ones: 3 of 3 repositories" in strong
    assert " 33.3 %" in strong
    assert next(line for line in strong.splitlines() if line.startswith("empty")).split()[1] == "3"


def test_failures_are_counted_by_kind_and_false_claims_named():
    silent = replace(row(1, right=False), reasons={"2": "ok: no MPI traffic seen", "4": "deadlock: x"}, claimed=True)
    stuck = replace(row(2, right=False), reasons={"4": "deadlock: rank 1 waits: long"}, claimed=False)
    found = failures([silent, stuck, stuck, replace(row(3, right=True), claimed=True)])
    assert found == "deadlock 2, agrees without traffic 1, claimed verified and not right 1"


def test_a_program_whose_original_fails_here_is_named_and_not_counted():
    rows = [row(number, right=number > 0, system=system) for number in range(4) for system in ("original", "rules")]
    *tables, failed = report(rows).split("\n\n")
    assert tables[0].startswith("all programs: 3 of 3 repositories")
    assert failed.startswith("left out, the original fails on this host: 1\nowner/0:a.c")


def test_an_unfinished_line_is_done_again(tmp_path: Path):
    path = tmp_path / "rows.jsonl"
    known = row(1, right=True)
    path.write_text(json.dumps(asdict(known)) + "\n" + json.dumps(asdict(row(2, right=True)))[:50])
    found = read_rows(path)
    assert [(one.sha256, one.is_right) for one in found] == [("1", True)]
    assert read_rows(tmp_path / "none.jsonl") == []


def test_fixed_completions_and_the_flow_are_measured_once_each(tmp_path: Path, shared_cache: Callable[[Path], Path]):
    bench = trusted_bench(shared_cache(tmp_path / "data"))

    async def rows(done: set[tuple[str, str]]) -> list[Row]:
        return await measure(ENTRY, ["empty", "four", "rules"], Measurement(bench, None, PAIR), done)

    found = {one.system: one for one in asyncio.run(rows({(ENTRY.sha256, "empty")}))}
    assert list(found) == ["original", "four", "rules", "rules verified"]
    # The program only prints its rank: its calls come back, but nothing is communicated.
    assert found["four"].reasons == {"2": "ok: no MPI traffic seen", "4": "ok: no MPI traffic seen"}
    assert found["four"].edits == 3
    assert found["rules"].claimed is None
    assert found["rules verified"].claimed is True
    assert list(Measurement(bench, None, PAIR, "first").ways("default")) == ["default"]
    assert list(Measurement(bench, None, PAIR, "verified").ways("default")) == ["default verified"]
