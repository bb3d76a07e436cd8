"""``codepar run --emulate`` as a person starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from worker.toolchains.gpu.device import has_device

KERNEL = """#include <cstdio>
#include "twice.cuh"
int main(int c, char **v) {
    int *p; cudaMallocManaged(&p, 64 * sizeof(int));
    for (int i = 0; i < 64; i++) p[i] = i;
    twice<<<1, 64>>>(p);
    cudaDeviceSynchronize();
    printf("%d %s\\n", p[63], c > 1 ? v[1] : "none");
}
"""
HEADER = "__global__ void twice(int *p) { p[threadIdx.x] *= 2; }\n"


@pytest.fixture(scope="module")
def codepar(tmp_path_factory, shared_cache):
    folder = tmp_path_factory.mktemp("cuda")
    work = folder / "work"
    work.mkdir()
    shared_cache(folder / "data/codepar")
    (work / "twice.cu").write_text(KERNEL)
    (work / "twice.cuh").write_text(HEADER)

    def run(*arguments, stdin=""):
        environment = {**os.environ, "XDG_DATA_HOME": str(folder / "data")}
        command = [sys.executable, "-c", "from codepar.cli.main import main; main()", "run", *arguments]
        return subprocess.run(
            command, cwd=work, input=stdin, env=environment, capture_output=True, text=True, timeout=280, check=False
        )

    return run


def test_several_files_checks_and_arguments(codepar):
    done = codepar("twice.cu", "twice.cuh", "--emulate", "--trust", "--check", "race,memory", "--json", "--", "twice.cu")
    report = json.loads(done.stdout)
    assert (done.returncode, report["status"], report["stdout"]) == (0, "ok", "126 twice.cu\n"), report
    assert report["emulated"]
    assert [(check["check"], check["clean"]) for check in report["checks"]] == [("memory", True), ("race", True)]


def test_the_status_line_says_that_it_was_emulated(codepar):
    done = codepar(".", "--emulate", "--trust", "--check", "schedule")
    assert (done.returncode, done.stdout) == (0, "126 none\n"), done.stderr
    assert ", trusted, emulated\n" in done.stderr
    assert "codepar:   schedule: clean: same output in 6 schedules" in done.stderr


def test_a_program_on_standard_input(codepar):
    done = codepar("-", "--emulate", "--trust", stdin='#include <cstdio>\nint main() { puts("x"); }\n')
    assert (done.returncode, done.stdout) == (0, "x\n"), done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("twice.cu", "--emulate", "--check", "spelling"), "--check spelling"),
        (("twice.cu", "--check", "race"), "ask for `emulate` or `gpu` too"),
        (("twice.cu", "--gpu", "--emulate"), "ask for one of them"),
        (("twice.cu", "--emulate", "--np", "2"), "leave `ranks` out"),
    ],
)
def test_wrong_use(codepar, arguments, said):
    done = codepar(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_what_is_not_offered_ends_with_2_and_the_line(codepar):
    done = codepar("-", "--emulate", "--trust", stdin="\n#include <thrust/sort.h>\nint main() {}\n")
    assert done.returncode == 2
    assert "unsupported: the CPU runtime does not offer thrust/sort.h (main.cu:2)" in done.stderr


@pytest.mark.skipif(has_device(), reason="this machine has a GPU")
def test_without_a_gpu_the_reason_and_the_way_out_are_said(codepar):
    done = codepar("twice.cu", "twice.cuh", "--gpu", "--check", "memory", "--json")
    assert (done.returncode, done.stdout) == (3, "")
    assert "no /dev/nvidia0: this machine shows no NVIDIA GPU" in done.stderr
    assert "--emulate runs CUDA on the CPU" in done.stderr
