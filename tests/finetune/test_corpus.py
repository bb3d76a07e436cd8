import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Make = Callable[[str, dict[str, str | bytes]], str]


def _long(program: str, number: int) -> str:
    """A program that is like no other one."""
    helpers = "\n".join(f"double h{number}_{n}(double v) {{ return v * {n * number} + {n}; }}" for n in range(40))
    return program + helpers


def _corpus(tmp_path: Path, *arguments: str, launcher: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [*launcher, str(Path(sys.executable).parent / "codepar"), "finetune", "corpus"]
    paths = ["--list", str(tmp_path / "list.tsv"), "--mirrors", str(tmp_path / "mirrors"), "-o", str(tmp_path / "corpus")]
    return subprocess.run([*command, *paths, *arguments], capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def three(tmp_path: Path, make_repository: Make, program: str, part: str) -> Path:
    """A list of three repositories: the second repeats a program of the first, the third is held out."""
    commits = {
        "a/first": make_repository("a/first", {f"{n}.c": _long(program, n) for n in range(1, 5)} | {"halo.c": part}),
        "b/second": make_repository("b/second", {"1.c": _long(program, 1), "9.c": _long(program, 9)}),
        "c/third": make_repository("c/third", {"7.c": _long(program, 7)}),
    }
    (tmp_path / "list.tsv").write_text("".join(f"{name}\t{commit}\n" for name, commit in commits.items()))
    (tmp_path / "never.txt").write_text("C_third\n")
    return tmp_path


def test_from_repositories_to_a_data_set(three: Path):
    done = _corpus(three, "--exclude", str(three / "never.txt"), "--workers", "2", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert sum(found["programs"].values()) == 6
    assert found["left_out"]["a near-duplicate of another program"] == 1
    assert found["left_out"]["in an excluded repository"] == 1
    manifest = [json.loads(line) for line in (three / "corpus/manifest.jsonl").read_text().splitlines()]
    assert {(row["repository"], row["path"]) for row in manifest} >= {("a/first", "1.c"), ("b/second", "9.c")}
    assert all("MPI_" not in json.dumps(row) for row in manifest)
    assert (three / "corpus/functions.svg").read_text().count("MPI_Reduce")
    import datasets

    rows = datasets.load_from_disk(str(three / "corpus/data"))
    assert sum(part.num_rows for part in rows.values()) == 6
    # What was collected is kept: without the repositories the same corpus comes out.
    (three / "mirrors").rename(three / "gone")
    (three / "mirrors").mkdir()
    again = _corpus(three, "--exclude", str(three / "never.txt"), "--json")
    assert json.loads(again.stdout) == found


def test_the_named_repositories_are_the_development_part_and_no_other(three: Path):
    (three / "development.txt").write_text("# what is judged by\nB/Second\n")
    done = _corpus(three, "--development", str(three / "development.txt"), "--json")
    assert done.returncode == 0, done.stderr
    manifest = [json.loads(line) for line in (three / "corpus/manifest.jsonl").read_text().splitlines()]
    assert {row["repository"] for row in manifest if row["split"] == "development"} == {"b/second"}
    assert {row["repository"] for row in manifest if row["split"] == "train"} == {"a/first", "c/third"}
    # What a development repository shares with another one stays with it: one of the two is judged by, none learned from.
    assert {row["path"] for row in manifest if row["repository"] == "b/second"} == {"1.c", "9.c"}
    assert "1.c" not in {row["path"] for row in manifest if row["repository"] == "a/first"}


def test_programs_like_those_of_a_held_out_repository_are_left_out(three: Path):
    lines = (three / "list.tsv").read_text().splitlines(keepends=True)
    (three / "list.tsv").write_text("".join(lines[1:]))
    (three / "held.tsv").write_text(lines[0])
    done = _corpus(three, "--held-out-list", str(three / "held.tsv"), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["left_out"]["like a held-out program"] == 1
    assert sum(found["programs"].values()) == 2


def test_the_same_over_mpi_ranks(three: Path):
    mpiexec = Path(sys.executable).parent / "mpiexec"
    if not mpiexec.exists():
        if os.environ.get("CI"):
            pytest.fail("the mpich wheel is not installed")
        pytest.skip("needs the mpich wheel")
    done = _corpus(three, "--json", launcher=(str(mpiexec), "-n", "3"))
    assert done.returncode == 0, done.stderr
    assert sum(json.loads(done.stdout)["programs"].values()) == 7


def test_a_missing_repository_is_named_and_the_rest_goes_on(three: Path):
    with (three / "list.tsv").open("a") as file:
        file.write(f"d/fourth\t{'0' * 40}\n")
    done = _corpus(three, "--json")
    assert done.returncode == 0, done.stderr
    assert "d/fourth is not in" in json.loads(done.stdout)["faults"]["d/fourth"]
