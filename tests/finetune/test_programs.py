from collections.abc import Callable
from pathlib import Path

from codepar.mpi.insert import insert
from finetune.programs import Collected, collect
from finetune.sources import Source, open_repository

Make = Callable[[str, dict[str, str | bytes]], str]


def _collect(tmp_path: Path, make_repository: Make, files: dict[str, str | bytes]) -> Collected:
    source = Source("owner/name", make_repository("owner/name", files))
    return collect(source, open_repository(source, tmp_path / "mirrors"))


def test_whole_programs_and_parts_come_out_losslessly(tmp_path: Path, make_repository: Make, program: str, part: str):
    files: dict[str, str | bytes] = {"sum.c": program, "src/halo.cpp": part, "plain.c": "int main(void) { return 0; }"}
    found = _collect(tmp_path, make_repository, {**files, "LICENSE": "Permission is hereby granted, free of charge, to any"})
    by_path = {one.path: one for one in found.programs}
    assert set(by_path) == {"sum.c", "src/halo.cpp"}
    assert (by_path["sum.c"].whole, by_path["src/halo.cpp"].whole) == (True, False)
    assert (by_path["sum.c"].language, by_path["src/halo.cpp"].language) == ("c", "cpp")
    assert {one.licence for one in found.programs} == {"MIT"}
    assert insert(by_path["sum.c"].stripped) == program


def test_what_is_left_out_is_counted(tmp_path: Path, make_repository: Make, program: str):
    files: dict[str, str | bytes] = {
        "a.c": program,
        "copy.c": program,
        "long.c": program + "\n" * 700,
        "one.c": "#include <mpi.h>\nvoid f(void) { MPI_Barrier(MPI_COMM_WORLD); }\n",
        "broken.c": program.replace("return 0;\n}", "return 0;"),
    }
    found = _collect(tmp_path, make_repository, files)
    assert [one.path for one in found.programs] == ["a.c"]
    assert sum(found.left_out.values()) == 4
    assert found.left_out["the same bytes twice"] == 1
    assert found.left_out["fewer than 2 calls"] == 1


def test_text_in_another_encoding_is_kept(tmp_path: Path, make_repository: Make, program: str):
    found = _collect(tmp_path, make_repository, {"a.c": b"/* \xe9t\xe9 */\n" + program.encode()})
    assert len(found.programs) == 1
    assert (found.programs[0].licence, found.programs[0].licence_file) == ("none", None)
