import asyncio
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from mpi_list import Candidate, Log, candidates_of, distinct, fitting, freeze, known_signatures, unfit
from mpi_programs import Bench, Entry, make_pair

from codepar.errors import InvalidInput
from codepar.mpi.remove import strip
from codepar.settings import Settings
from finetune.programs import Program
from finetune.similar import HeldOut, signature
from finetune.sources import Source
from worker.executor import open_executor

PROGRAM = """#include <mpi.h>
#include <stdio.h>
int main(int argc, char **argv) {
    int rank, size, total = 0;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    for (int i = rank; i < NUMBER; i += size) total += i * i;
    MPI_Allreduce(MPI_IN_PLACE, &total, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    printf("rank %d knows %d\\n", rank, total);
    MPI_Finalize();
    return 0;
}
""".replace("NUMBER", "100")
HEAD = "#include <mpi.h>\nint main(int argc, char **argv) {\n    MPI_Init(&argc, &argv);\n"
TAIL = "    MPI_Finalize();\n    return 0;\n}\n"


def program(text: str) -> Program:
    stripped = strip(text, "a.c")
    functions = {call.function for call in stripped.calls}
    known = {"repository": "owner/name", "commit": "0" * 40, "path": "a.c", "licence_file": None, "licence": "none"}
    more = {"sha256": "0" * 64, "language": "c", "lines": 9, "whole": {"MPI_Init", "MPI_Finalize"} <= functions}
    return Program(**known, **more, stripped=stripped)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (PROGRAM, None),
        (PROGRAM.replace("    MPI_Finalize();\n", ""), "not a whole program"),
        (HEAD + "    MPI_Barrier(MPI_COMM_WORLD);\n" + TAIL, "moves no data"),
        (PROGRAM.replace("int rank", 'int n; scanf("%d", &n); int rank'), "reads input"),
    ],
)
def test_the_text_alone_says_what_cannot_be_on_the_list(text: str, reason: str | None):
    assert fitting(program(text), text) == reason


def candidate(number: int, repository: str, text: str = PROGRAM) -> Candidate:
    entry = Entry(repository, "0" * 40, f"{number}.c", f"{number:064x}", "c", lines=9, calls=6)
    pair = make_pair(text.encode(), entry.path)
    return Candidate(entry, pair, signature(pair.bare.files[entry.path], "c"))


def test_near_duplicates_are_one_wherever_they_come_from():
    other = HEAD + "    double x[3] = {1, 2, 3};\n    MPI_Bcast(x, 3, MPI_DOUBLE, 0, MPI_COMM_WORLD);\n" + TAIL
    found = distinct([candidate(1, "a/a"), candidate(2, "b/b"), candidate(3, "b/b", other)])
    assert [one.entry.path for one in found] == ["1.c", "3.c"]


@pytest.fixture
def bench(tmp_path: Path, shared_cache: Callable[[Path], Path]) -> Bench:
    settings = Settings(data_dir=shared_cache(tmp_path / "data"))
    return Bench(open_executor(settings, trusted=True), settings)


def test_a_repository_gives_no_more_than_its_share_and_known_answers_are_not_run_again(bench: Bench, tmp_path: Path):
    log = tmp_path / "log.jsonl"
    known = [(1, None, ["weak_four"]), (2, "no traffic seen", []), (3, None, []), (5, None, [])]
    log.write_text("".join(json.dumps({"sha256": f"{n:064x}", "unfit": why, "flags": flags}) + "\n" for n, why, flags in known))
    offered = [candidate(number, "a/a") for number in (1, 2, 3, 4)] + [candidate(5, "b/b")]
    kept = asyncio.run(freeze(offered, bench, 2, Log(log)))
    # Number 4 is not known: the share of a/a was full before its turn, or it would be in the log now.
    assert [(one.path, one.flags) for one in kept] == [("1.c", ("weak_four",)), ("3.c", ()), ("5.c", ())]
    assert len(log.read_text().splitlines()) == 4


def test_a_program_is_run_and_its_answer_kept(bench: Bench, tmp_path: Path):
    broken = candidate(2, "a/a", PROGRAM.replace("return 0", "return rank / 2"))
    kept = asyncio.run(freeze([candidate(1, "a/a"), broken], bench, 4, Log(tmp_path / "log.jsonl")))
    assert [(one.path, one.flags) for one in kept] == [("1.c", ())]
    answers = Log(tmp_path / "log.jsonl").answers
    assert answers[f"{2:064x}"]["unfit"].startswith("runtime_error")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (PROGRAM.replace("MPI_Finalize();", "MPI_Finalize(); total = missing;"), "compile_error"),
        (PROGRAM.replace('printf("rank %d knows %d\\n", rank, total);', ""), "ok: the reference prints nothing"),
        (PROGRAM.replace("MPI_Allreduce(MPI_IN", "if (size > 64) MPI_Allreduce(MPI_IN"), "no traffic seen"),
    ],
)
def test_an_original_that_is_no_reference_is_refused(bench: Bench, changed: str, why: str):
    assert (asyncio.run(unfit(bench, make_pair(changed.encode(), "a.c"))) or "").startswith(why)


def test_known_programs_and_forks_are_left_out(tmp_path: Path, make_mirror: Callable[[str, dict[str, str]], str]):
    bodies = {number: "".join(f"    total += v{number}_{place}({place});\n" for place in range(40)) for number in (1, 2, 3, 4)}
    texts = {f"{number}.c": PROGRAM.replace("    printf", body + "    printf") for number, body in bodies.items()}
    commit = make_mirror("owner/name", texts)
    source = Source("owner/name", commit)

    def taken(*known: str) -> list[str]:
        signatures = [signature(strip(texts[name], name).source, "c") for name in known]
        found = candidates_of(source, tmp_path / "mirrors", HeldOut(signatures), Counter())
        return sorted(one.entry.path for one in found)

    assert taken() == sorted(texts)
    assert taken("1.c") == ["2.c", "3.c", "4.c"]
    assert taken("1.c", "2.c", "3.c") == []


def test_signatures_come_from_the_corpus_and_the_held_out_programs(tmp_path: Path):
    (tmp_path / "corpus" / "repositories").mkdir(parents=True)
    (tmp_path / "corpus" / "repositories" / "a+b@0.json").write_text(json.dumps({"signatures": [[1] * 64]}))
    held_out = tmp_path / "held.json"
    held_out.write_text(json.dumps({"signatures": {"x": [2] * 64}}))
    assert list(known_signatures(tmp_path / "corpus", held_out)) == [(1,) * 64, (2,) * 64]
    with pytest.raises(InvalidInput, match="no corpus"):
        list(known_signatures(tmp_path, held_out))
