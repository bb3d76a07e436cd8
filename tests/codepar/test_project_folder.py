"""Reading a project from disk: what is taken, what is passed over, what is an error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codepar.errors import InputTooLarge, InvalidInput, NotFound
from codepar.project import MAX_FILE_BYTES
from codepar.project_folder import load_project


def make(root, **files):
    for name, content in files.items():
        path = root / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def test_one_file_is_a_project_of_one(tmp_path):
    make(tmp_path, a_DOT_c="int main(void) { return 0; }\n")
    project = load_project(tmp_path / "a.c", run="./a 1")
    assert project.files == {"a.c": "int main(void) { return 0; }\n"}
    assert (project.build, project.run) == (None, "./a 1")


def test_a_folder_gives_its_text_files_and_make_builds_it(tmp_path):
    make(
        tmp_path,
        src__a_DOT_c="x",
        src__a_DOT_o=b"\x7fELF\xff",
        Makefile="all:",
        data__in_DOT_txt="1 2\n",
        _DOT_git__config="no",
        prog=b"\x7fELF\xff",
    )
    project = load_project(tmp_path)
    assert set(project.files) == {"src/a.c", "Makefile", "data/in.txt"}
    assert project.build == "make"
    assert load_project(tmp_path, build="make fast").build == "make fast"


def test_the_compilation_database_is_taken_relative_to_the_root(tmp_path):
    entry = {
        "directory": str(tmp_path / "build"),
        "file": str(tmp_path / "src/a.c"),
        "command": f"cc -I{tmp_path}/inc -I{tmp_path} -c {tmp_path}/src/a.c",
    }
    make(tmp_path, src__a_DOT_c="x", compile_commands_DOT_json=json.dumps([entry]))
    (command,) = load_project(tmp_path).compile_commands
    assert (command.directory, command.file) == ("build", "../src/a.c")
    assert command.command == "cc -I../inc -I.. -c ../src/a.c"


def test_a_broken_database_is_an_error(tmp_path):
    make(tmp_path, a_DOT_c="x", compile_commands_DOT_json="{")
    with pytest.raises(InvalidInput, match="compilation database"):
        load_project(tmp_path)


@pytest.mark.parametrize("target", ["outside.c", "outside"])
def test_links_that_climb_out_are_refused(tmp_path, target):
    make(tmp_path, outside_DOT_c="secret", outside__x_DOT_c="secret", p__a_DOT_c="x")
    (tmp_path / "p/link.c").symlink_to(tmp_path / target)
    with pytest.raises(InvalidInput, match="leads out"):
        load_project(tmp_path / "p")


def test_links_inside_are_followed(tmp_path):
    make(tmp_path, a_DOT_c="x")
    (tmp_path / "b.c").symlink_to("a.c")
    assert load_project(tmp_path).files == {"a.c": "x", "b.c": "x"}


def test_bad_input_is_named(tmp_path):
    with pytest.raises(NotFound):
        load_project(tmp_path / "nope.c")
    with pytest.raises(InvalidInput, match="no text file"):
        load_project(tmp_path)
    make(tmp_path, latin_DOT_c=b"/* \xe9 */")
    for place in (tmp_path, tmp_path / "latin.c"):
        with pytest.raises(InvalidInput, match="not UTF-8: byte 3 is 0xe9"):
            load_project(place)


def test_what_is_too_large_is_refused(tmp_path):
    make(tmp_path, big_DOT_c="x" * (MAX_FILE_BYTES + 1))
    with pytest.raises(InputTooLarge):
        load_project(tmp_path)


@pytest.mark.parametrize("file", ["/etc/passwd", "../other/x.c", "sub/../../x.c"])
def test_a_database_that_climbs_out_is_refused(tmp_path, file):
    entry = {"directory": ".", "file": file, "command": f"cc -c {file}"}
    make(tmp_path, a_DOT_c="x", compile_commands_DOT_json=json.dumps([entry]))
    with pytest.raises(InvalidInput, match="not in the project"):
        load_project(tmp_path)


def test_a_database_of_a_folder_that_was_moved_is_read(tmp_path):
    entry = {"directory": "/long/gone", "file": "/long/gone/src/a.c", "command": "cc -c src/a.c"}
    make(tmp_path, src__a_DOT_c="x", compile_commands_DOT_json=json.dumps([entry]))
    assert load_project(tmp_path).compile_commands is not None


@pytest.mark.parametrize("path", ["/proc/self/mem", "x" * 5000])
def test_what_cannot_be_read_is_bad_input(path):
    with pytest.raises(InvalidInput, match="cannot be read"):
        load_project(Path(path))
