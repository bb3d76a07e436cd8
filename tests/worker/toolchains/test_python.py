"""mpi4py programs behind real walls: what each must come out as."""

from __future__ import annotations

import asyncio
import os

import pytest

from codepar.errors import SandboxUnavailable, ToolMissing
from codepar.project import Project
from codepar.protocols import Execution, Limits, Status
from codepar.settings import Settings
from worker.executor import open_executor
from worker.toolchains import custom, python

HEAD = "from mpi4py import MPI\ncomm = MPI.COMM_WORLD\nrank, size = comm.Get_rank(), comm.Get_size()\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"))

    def start(files, **fields):
        files = {"prog.py": files} if isinstance(files, str) else files
        command, trusted = fields.pop("command", None), fields.pop("trusted", False)
        execution = Execution(project=Project(files=files, run=command), limits=Limits(wall_s=40), **fields)
        try:
            return asyncio.run(open_executor(settings, trusted).execute(execution))
        except (SandboxUnavailable, ToolMissing) as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(error))

    return start


@pytest.mark.parametrize("mpi", ["mpich", "openmpi"])
def test_ranks_talk(run, mpi):
    result = run(HEAD + "print(rank, comm.allreduce(rank + 1), size)\n", ranks=2, mpi=mpi)
    assert (result.status, result.rank_stdout) == (Status.OK, ("0 3 2\n", "1 3 2\n")), result
    assert result.traffic is not None
    assert result.traffic.ranks == 2


def test_my_own_code_without_walls(run):
    result = run(HEAD + "print(rank, comm.allreduce(rank + 1), size)\n", ranks=2, trusted=True)
    assert (result.status, result.rank_stdout, result.executor) == (Status.OK, ("0 3 2\n", "1 3 2\n"), "trusted"), result


def test_a_deadlock_is_told(run):
    result = run(HEAD + "comm.recv(source=1 - rank)\n", ranks=2)
    assert result.status is Status.DEADLOCK
    assert {found.rank for found in result.diagnostics if found.kind == "deadlock"} == {0, 1}


def test_an_exception_of_one_rank_ends_all(run):
    result = run(HEAD + "if rank == 1:\n    raise ValueError('no')\ncomm.Barrier()\n", ranks=2)
    assert result.status is Status.RUNTIME_ERROR
    assert "ValueError: no" in result.stderr


def test_a_syntax_error_has_file_and_line(run):
    result = run({"prog.py": HEAD + "import other\n", "other.py": "x = 1\ny = (\n"}, ranks=2, command="prog.py")
    assert result.status is Status.COMPILE_ERROR
    assert [(found.file, found.line) for found in result.diagnostics] == [("other.py", 2)]


def test_modules_data_arguments_and_input(run):
    files = {"main.py": "import sys, helper\nprint(helper.double(sys.argv[1]), input(), open('data.txt').read())\n"}
    files |= {"helper.py": "def double(x):\n    return 2 * x\n", "data.txt": "given"}
    result = run(files, command="python3 main.py ab", stdin="typed\n")
    assert (result.status, result.stdout) == (Status.OK, "abab typed given\n"), result


def test_what_only_compilers_can_do_is_said(run):
    result = run("print(1)\n", sanitize=("address",))
    assert result.status is Status.UNSUPPORTED
    assert "Python" in result.diagnostics[0].message


def test_the_program_sees_no_file_of_the_host(tmp_path_factory):
    secret = tmp_path_factory.mktemp("host") / "secret"
    secret.write_text("secret")
    source = f"import os\nprint(os.path.exists({str(secret)!r}), os.environ.get('HOME'))\ntry:\n    open(os.__file__, 'a')\n"
    source += "except OSError:\n    print('read-only')\n"
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"))
    execution = Execution(project=Project.of_source(source, "prog.py"), limits=Limits(wall_s=20))
    try:
        result = asyncio.run(open_executor(settings, trusted=False).execute(execution))
    except (SandboxUnavailable, ToolMissing) as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    assert result.status is Status.OK, result
    assert result.stdout.startswith("False ")
    assert result.stdout.endswith("read-only\n")


@pytest.mark.parametrize(
    ("files", "run_line", "entry"),
    [
        (["a.py"], None, "a.py"),
        (["a.py", "main.py"], None, "main.py"),
        (["a.py", "b.py"], "b.py 3", "b.py"),
        (["a.py", "sub/b.py"], "python3 ./sub/b.py", "sub/b.py"),
    ],
)
def test_the_file_to_start(files, run_line, entry):
    assert python.entry_of(Project(files=dict.fromkeys(files, "x = 1\n"), run=run_line)) == entry


def test_the_file_to_start_by_what_it_holds():
    assert python.entry_of(Project(files={"a.py": "x = 1\n", "b.py": "import a\nif __name__ == '__main__':\n    a\n"})) == "b.py"
    with pytest.raises(custom.Unbuilt, match="name the one to start"):
        python.entry_of(Project(files={"a.py": "x = 1\n", "b.py": "y = 1\n"}))
    with pytest.raises(custom.Unbuilt, match="not in the project"):
        python.entry_of(Project(files={"a.py": "x = 1\n"}, run="c.py"))


def test_c_with_python_helpers_stays_c():
    assert not python.is_python(Project(files={"main.c": "int main(void) { return 0; }", "plot.py": "x = 1\n"}))
    assert python.is_python(Project(files={"main.c": "int main(void) { return 0; }", "plot.py": "x = 1\n"}, run="plot.py"))
