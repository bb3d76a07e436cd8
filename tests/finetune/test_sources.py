from collections.abc import Callable
from pathlib import Path

import pytest

import finetune
from codepar.errors import InvalidInput
from finetune.corpus import read_excluded
from finetune.sources import Source, open_repository, read_sources

Make = Callable[[str, dict[str, str | bytes]], str]


def test_the_committed_lists_can_be_read_and_do_not_overlap():
    data = Path(finetune.__file__).parent / "data"
    learned = {source.repository.lower() for source in read_sources(data / "mpi_repositories.tsv")}
    judged = {source.repository.lower() for source in read_sources(data / "held_out_repositories.tsv")}
    assert len(learned) >= 150
    assert judged
    assert not learned & judged


def test_bounds_and_programs_are_chosen_by_repositories_of_the_list_that_nothing_is_learned_from():
    data = Path(finetune.__file__).parent / "data"
    listed = {source.repository for source in read_sources(data / "mpi_repositories.tsv")}
    development = read_excluded(data / "mpi_development.txt")
    rows = (data.parents[1] / "benchmarks" / "mpi_programs_dev.tsv").read_text().splitlines()
    chosen_by = {row.split("\t")[0] for row in rows if not row.startswith(("#", "repository\t"))}
    assert chosen_by
    assert chosen_by <= development <= listed


@pytest.mark.parametrize("line", ["owner/name", "owner/name\tmain", "name\t" + "0" * 40, "a/b\t" + "0" * 40 + "\tMIT"])
def test_a_wrong_line_is_named(tmp_path: Path, line: str):
    path = tmp_path / "list.tsv"
    path.write_text(f"repository\tcommit\n# a comment\n{line}\n")
    with pytest.raises(InvalidInput, match="line 3"):
        read_sources(path)


def test_a_repository_named_twice_is_refused(tmp_path: Path):
    path = tmp_path / "list.tsv"
    path.write_text(f"a/b\t{'0' * 40}\nA/B\t{'1' * 40}\n")
    with pytest.raises(InvalidInput, match="twice"):
        read_sources(path)


def test_files_come_from_the_commit_with_any_name(tmp_path: Path, make_repository: Make):
    files: dict[str, str | bytes] = {"a b.c": "one", "ü/x.c": b"\x00\xff", "empty.c": ""}
    commit = make_repository("owner/name", files)
    repository = open_repository(Source("owner/name", commit), tmp_path / "mirrors")
    read = {file.path: file.content for file in repository.files(commit, [*repository.names(commit), "missing.c"])}
    assert read == {"a b.c": b"one", "ü/x.c": b"\x00\xff", "empty.c": b""}


def test_what_is_missing_says_what_to_do(tmp_path: Path, make_repository: Make):
    make_repository("owner/name", {"a.c": ""})
    with pytest.raises(InvalidInput, match="clone"):
        open_repository(Source("owner/other", "0" * 40), tmp_path / "mirrors")
    with pytest.raises(InvalidInput, match="holds no commit"):
        open_repository(Source("owner/name", "0" * 40), tmp_path / "mirrors")


def test_a_repository_is_cloned_where_a_template_is_given(tmp_path: Path, make_repository: Make):
    commit = make_repository("owner/name", {"a.c": "text"})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    template = f"file://{tmp_path}/mirrors/owner+name?{{repository}}".replace("?{repository}", "")
    repository = open_repository(Source("owner/name", commit), elsewhere, template)
    assert [file.content for file in repository.files(commit, ["a.c"])] == [b"text"]
