"""Which compilers are found, what they can do, and the command that mends what they cannot."""

from __future__ import annotations

import pytest

from codepar.errors import ToolMissing
from codepar.project import Project
from codepar.protocols import Status
from worker.toolchains.compilers import Compiler, can_build, find_compiler, has_sanitizer, require_openmp, require_sanitizers

PATH = "/usr/local/bin:/usr/bin:/bin"


def test_auto_prefers_gcc():
    compiler = find_compiler(PATH)
    assert (compiler.name, compiler.major > 0) == ("gcc", True)
    assert compiler.identity.startswith(compiler.cc)


@pytest.mark.parametrize(("wanted", "package"), [("auto", "gcc g++"), ("gcc", "gcc g++"), ("clang", "clang")])
def test_a_missing_compiler_names_its_package(tmp_path, wanted, package):
    with pytest.raises(ToolMissing) as missing:
        find_compiler(str(tmp_path), wanted)
    assert f"apt-get install {package}" in str(missing.value)


def test_a_compiler_without_its_runtimes_names_the_packages(tmp_path):
    # A clang that compiles C, and nothing that needs a runtime of its own.
    script = tmp_path / "clang"
    script.write_text('#!/bin/sh\nfor word; do case $word in -fopenmp|-fsanitize*) exit 1;; esac; done\nexec gcc "$@"\n')
    script.chmod(0o755)
    bare = Compiler(str(script), str(script), "bare", is_gcc=False, major=14)
    assert can_build(bare, ())
    with pytest.raises(ToolMissing, match="libomp-14-dev"):
        require_openmp(bare)
    with pytest.raises(ToolMissing, match="libclang-rt-14-dev"):
        require_sanitizers(bare, ("address",))


def test_gcc_has_openmp_and_all_sanitizers():
    compiler = find_compiler(PATH, "gcc")
    require_openmp(compiler)
    assert all(has_sanitizer(compiler, name) for name in ("address", "undefined", "thread", "leak"))


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_chosen_compiler_builds_c_and_cxx_with_openmp(boxed, compiler):
    source = (
        '#include <omp.h>\n#include <stdio.h>\nint main(void) {\n#ifdef __clang__\nputs("clang");\n#else\nputs("gcc");\n#endif\n'
    )
    source += "int n = 0;\n#pragma omp parallel num_threads(3) reduction(+:n)\nn += 1;\nreturn n != 3; }\n"
    for name in ("main.c", "main.cpp"):
        result = boxed.run(source, name, compiler=compiler, openmp=True)
        assert (result.status, result.stdout) == (Status.OK, f"{compiler}\n"), result


def test_mpi_by_clang(boxed):
    source = "#include <mpi.h>\nint main(int c, char **v) { MPI_Init(&c, &v); MPI_Barrier(MPI_COMM_WORLD); MPI_Finalize(); }\n"
    assert boxed.run(source, compiler="clang", ranks=2).status == Status.OK


def test_a_build_command_is_given_the_chosen_compiler(trusted):
    main = "int main(void) {\n#ifdef __clang__\nreturn 0;\n#endif\nreturn 7; }\n"
    files = {"main.c": main, "Makefile": "x: main.c\n\t$(CC) -o x main.c\n"}
    assert trusted.run(Project(files=files, build="make"), compiler="clang").exit_code == 0
    assert trusted.run(Project(files=files, build="make"), compiler="gcc").exit_code == 7
