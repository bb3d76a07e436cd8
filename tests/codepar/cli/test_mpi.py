"""`codepar mpi strip|insert` as a shell sees it. The commands that need a model or a sandbox have files of their own."""

import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from codepar.cli.main import run

COMMAND = Path(sys.executable).with_name("codepar")
EXAMPLES = Path(__file__).parents[3] / "examples"
PROGRAMS = sorted(path for path in EXAMPLES.rglob("*.c") if b"MPI_" in path.read_bytes())


@dataclass(frozen=True)
class Answer:
    returncode: int
    stdout: bytes
    stderr: bytes


@pytest.fixture
def codepar(monkeypatch, capfdbinary):
    """The command in this process, which spares a second a call; bytes in, bytes out."""

    def call(*arguments, stdin=b""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        returncode = run(["mpi", *arguments])
        sys.stdout.flush()
        return Answer(returncode, *capfdbinary.readouterr())

    return call


def test_the_real_command_reads_a_pipe_and_writes_bytes():
    text = 'int f() {\r\n  MPI_Barrier(c);\r\n  puts("é");\r\n}'.encode()
    strip = subprocess.run([COMMAND, "mpi", "strip", "-", "--json"], input=text, capture_output=True, check=False, timeout=60)
    insert = subprocess.run([COMMAND, "mpi", "insert", "-"], input=strip.stdout, capture_output=True, check=False, timeout=60)
    assert (strip.returncode, insert.returncode, insert.stdout) == (0, 0, text)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.name)
def test_every_example_goes_through_both_commands(codepar, path):
    stripped = codepar("strip", str(path), "--json")
    assert (stripped.returncode, stripped.stderr) == (0, b"")
    restored = codepar("insert", "-", stdin=stripped.stdout)
    assert restored.stdout == path.read_bytes()


def test_the_object_has_the_shape_of_the_design(codepar, tmp_path):
    (tmp_path / "a.c").write_bytes(b"int f(int n) {\r\n\tMPI_Barrier(c);\r\n\treturn n;\r\n}")
    value = json.loads(codepar("strip", str(tmp_path / "a.c"), "--json").stdout)
    assert value["source"] == "int f(int n) {\r\n\treturn n;\r\n}"
    assert value["refused"] == []
    assert value["calls"] == [
        {
            "span": [16, 16],
            "removed": "\tMPI_Barrier(c);\r\n",
            "after_line": 1,
            "function": "MPI_Barrier",
            "arguments": ["c"],
            "inline": False,
        }
    ]


def test_without_json_the_bare_program_is_printed_byte_for_byte(codepar, tmp_path):
    text = 'int f() {\r\n  MPI_Barrier(c);\r\n  puts("é");\r\n}'.encode()
    plain = codepar("strip", "-", stdin=text)
    assert plain.stdout == 'int f() {\r\n  puts("é");\r\n}'.encode()
    assert codepar("strip", "-", "-o", str(tmp_path / "out.c"), stdin=text).stdout == b""
    assert (tmp_path / "out.c").read_bytes() == plain.stdout


def test_an_object_edited_elsewhere_is_completed(codepar):
    text = b"int f() {\n  int a;\n  MPI_Barrier(c);\n  return a;\n}\n"
    value = json.loads(codepar("strip", "-", "--json", stdin=text).stdout)
    value["source"] = value["source"].replace("int a;", "int a = 1;\n  a++;")
    restored = codepar("insert", "-", stdin=json.dumps(value).encode())
    assert restored.stdout == b"int f() {\n  int a = 1;\n  a++;\n  MPI_Barrier(c);\n  return a;\n}\n"


@pytest.mark.parametrize(
    ("command", "stdin", "message"),
    [
        ("strip", b"", "is empty"),
        ("strip", b"Dear reader, this is a letter. It has words.\n", "does not look like C"),
        ("strip", b"int f() { // caf\xe9\n}\n", "not UTF-8"),
        ("strip", b"#include <mpi.h>\nint main() {\n", "never closed"),
        ("strip", b"int x;\n" * 750_000, "larger than"),
        ("strip", b"int x;\0\n", "NUL byte"),
        (
            "strip",
            b"int f() {\n MPI_Send(a,\n#if A\n b);\n#else\n c);\n#endif\n}\n",
            "line 2: MPI_Send: a preprocessor conditional",
        ),
        ("insert", b"not json", "Invalid JSON"),
        ("insert", b"{}", "source: Field required"),
        ("insert", b'{"source": "x;", "calls": [], "more": 1}', "more: Extra inputs"),
        ("insert", b'{"source": "x;", "calls": 3}', "calls: Input should be"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_2(codepar, command, stdin, message):
    answer = codepar(command, "-", stdin=stdin)
    assert answer.returncode == 2
    assert answer.stdout == b""
    assert message in answer.stderr.decode()
    assert answer.stderr.startswith(b"codepar: ")
    assert answer.stderr.count(b"\n") == 1


def test_a_missing_file_is_named(codepar):
    answer = codepar("strip", "no/such/file.c")
    assert (answer.returncode, answer.stdout) == (2, b"")
    assert b"no/such/file.c does not exist" in answer.stderr


def test_a_named_pipe_is_refused_and_one_of_the_shell_is_read(codepar, tmp_path):
    os.mkfifo(tmp_path / "a.c")
    refused = codepar("strip", str(tmp_path / "a.c"))
    assert (refused.returncode, b"named pipe" in refused.stderr) == (2, True)
    reading, writing = os.pipe()
    os.write(writing, b"int f() { MPI_Barrier(c); }")
    os.close(writing)
    assert codepar("strip", f"/dev/fd/{reading}").stdout == b"int f() { }"
    os.close(reading)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["strip", "/proc/self/mem"], 2, b"cannot be read: Input/output error"),
        (["strip", "x" * 5000], 2, b"File name too long"),
        (["strip", "a.c", "-o", "none/b.c"], 2, b"none is no folder"),
        (["strip", "a.c", "-o", "."], 2, b". is a folder"),
        (["strip", "a.c", "-o", "-"], 2, b"names no file"),
        (["strip", "a.c", "-o", "/dev/full"], 3, b"No space left on device"),
    ],
)
def test_places_that_cannot_be_read_or_written_are_named(codepar, tmp_path, monkeypatch, words, code, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.c").write_text("int f(void) { return 1; }")
    answer = codepar(*words)
    assert (answer.returncode, said in answer.stderr) == (code, True), answer.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_closed_streams_are_no_fault(tmp_path, closed):
    (tmp_path / "a.c").write_text("int f() { MPI_Barrier(c); }")
    shell = f"'{COMMAND}' mpi strip a.c {closed}"
    done = subprocess.run(["sh", "-c", shell], cwd=tmp_path, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == (b"" if closed == ">&-" else b"int f() { }")


def test_heavy_rooms_are_left_alone_by_light_commands(tmp_path):
    (tmp_path / "a.c").write_text("int f(void) { return 1; }")
    script = (
        "import sys; from codepar.cli.main import run; run(['mpi', 'strip', sys.argv[1]]);"
        "print([room for room in ('worker', 'celery', 'sqlalchemy', 'httpx', 'fastapi') if room in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "a.c")], capture_output=True, check=True, timeout=60)
    assert done.stderr == b"[]\n"


FORTRAN = b"program a\n  use mpi\n  call MPI_Init(ierr)\n  t = MPI_Wtime()\n  print *, t\nend program\n"
PYTHON = b"from mpi4py import MPI\ncomm = MPI.COMM_WORLD\nif comm.Get_rank() == 0:\n    comm.Barrier()\nprint(comm)\n"


@pytest.mark.parametrize(("text", "name"), [(FORTRAN, "a.f90"), (PYTHON, "a.py")])
def test_other_languages_by_suffix_and_by_what_they_hold(codepar, tmp_path, text, name):
    (tmp_path / name).write_bytes(text)
    named = codepar("strip", str(tmp_path / name), "--json")
    piped = codepar("strip", "-", "--json", stdin=text)
    assert (named.returncode, json.loads(named.stdout)) == (0, json.loads(piped.stdout))
    assert len(json.loads(named.stdout)["calls"]) == 2
    assert codepar("insert", "-", stdin=named.stdout).stdout == text


def test_an_object_of_another_language_without_its_name_is_inserted_too(codepar):
    value = json.loads(codepar("strip", "-", "--json", stdin=PYTHON).stdout)
    bare = {name: value[name] for name in ("source", "calls", "refused")}
    assert codepar("insert", "-", stdin=json.dumps(bare).encode()).stdout == PYTHON


@pytest.mark.parametrize(
    ("text", "completed"),
    [(FORTRAN, FORTRAN.replace(b"end program", b"  call MPI_Finalize(ierr)\nend program")), (PYTHON, PYTHON)],
    ids=["Fortran", "Python"],
)
def test_completion_tells_the_language_from_the_text(codepar, text, completed):
    answer = codepar("complete", "-", "--no-verify", "--no-model", stdin=text)
    assert answer.stdout == completed
