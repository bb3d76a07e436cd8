"""The list of Fortran and mpi4py programs: who may be on it, and that its data are what the list says."""

import json
import sys

import pytest
from mpi_languages import LIST, fitting, grams_of, language_of_path, main, part_of, read_list

from codepar.mpi.remove import strip

FORTRAN = """program p
  use mpi
  integer :: me, ierr
  call MPI_Init(ierr)
  call MPI_Comm_rank(MPI_COMM_WORLD, me, ierr)
  print *, me
  call MPI_Finalize(ierr)
end program p
"""


@pytest.fixture
def mirrors(tmp_path, make_mirror):
    files = {"p.f90": FORTRAN, "again.f90": FORTRAN + "! a remark\n", "other.txt": FORTRAN}
    (tmp_path / "repositories.tsv").write_text(f"ada/waves\t{make_mirror('ada/waves', files)}\n")
    return tmp_path


def run(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["mpi_languages.py", *map(str, words)])
    main()


def test_the_list_is_split_by_repository_and_long_enough():
    entries = read_list(LIST)
    parts = {}
    for entry in entries:
        assert entry.part == part_of(entry.repository)
        parts.setdefault(entry.language, []).append(entry)
    assert {name: len(found) >= 60 for name, found in parts.items()} == {"fortran": True, "python": True}
    assert all(len({entry.repository for entry in found}) >= 15 for found in parts.values())


def test_a_list_is_chosen_and_made_into_data(mirrors, monkeypatch):
    chosen = ["--repositories", mirrors / "repositories.tsv", "--mirrors", mirrors / "mirrors", "--out", mirrors / "list.tsv"]
    run(monkeypatch, "choose", *chosen)
    (entry,) = read_list(mirrors / "list.tsv")
    assert (entry.repository, entry.language, entry.calls) == ("ada/waves", "fortran", 3)
    made = ["--list", mirrors / "list.tsv", "--mirrors", mirrors / "mirrors", "-o", mirrors / "p.jsonl"]
    run(monkeypatch, "data", *made)
    row = json.loads((mirrors / "p.jsonl").read_text())
    assert row["source"].startswith("program p\n")
    assert [call["function"] for call in row["calls"]] == ["MPI_Init", "MPI_Comm_rank", "MPI_Finalize"]


def test_excluded_repositories_stop_it(mirrors, monkeypatch):
    (mirrors / "never.txt").write_text("Ada_Waves\n")
    with pytest.raises(SystemExit, match="ada/waves is excluded"):
        run(
            monkeypatch, "choose", "--repositories", mirrors / "repositories.tsv", "--mirrors", mirrors / "mirrors", "--excluded",
            mirrors / "never.txt", "--out", mirrors / "list.tsv",
        )  # fmt: skip


def test_what_fits():
    assert fitting("fortran", strip(FORTRAN, "p.f90"))
    assert not fitting("fortran", strip(FORTRAN.replace("MPI_Finalize", "MPI_Barrier"), "p.f90"))
    assert [language_of_path(name) for name in ("a.F90", "b.py", "c.c")] == ["fortran", "python", None]
    assert grams_of(strip(FORTRAN, "p.f90")) == grams_of(strip(FORTRAN + "! remark\n", "p.f90"))
