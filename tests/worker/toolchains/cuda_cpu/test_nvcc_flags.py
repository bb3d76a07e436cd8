"""nvcc's options in the host compiler's terms, by the library and by the stand-in alike."""

from __future__ import annotations

import subprocess

import pytest

from worker.toolchains.cuda_cpu.nvcc_flags import Wrapping, host_flags, stand_in

LINES = [
    ("-O3 -std=c++17 -arch=sm_60 -DN=4 -Iinclude", ["-O3", "-std=c++17", "-DN=4", "-Iinclude"]),
    ("-arch sm_60 -gencode arch=compute_70,code=sm_70 -Xptxas -v -g", ["-g"]),
    ("-Xcompiler -Wall,-fopenmp -Xcompiler=-O2", ["-Wall", "-fopenmp", "-O2"]),
    ("--std=c++20 --expt-relaxed-constexpr -use_fast_math -lineinfo -lcudart", ["-std=c++20"]),
    ("-std=c++11 -rdc=true -maxrregcount=32 -t 4", []),
]


@pytest.mark.parametrize(("line", "expected"), LINES)
def test_flags_are_translated(line, expected):
    assert list(host_flags(line.split())) == expected


@pytest.fixture
def nvcc(tmp_path):
    script = tmp_path / "nvcc"
    script.write_text(stand_in("printf", Wrapping(("%s\\n", "BEFORE"), ("CUDA",), ("AFTER",), ("LINK",))))

    def run(*arguments: str) -> list[str]:
        done = subprocess.run(["sh", str(script), *arguments], capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    return run


@pytest.mark.parametrize(("line", "expected"), LINES)
def test_the_stand_in_translates_alike(nvcc, line, expected):
    assert nvcc(*line.split(), "-c", "x.cpp") == ["BEFORE", *expected, "-c", "x.cpp", "AFTER"]


def test_the_stand_in_tells_units_of_cuda(nvcc):
    assert nvcc("a b.cu", "-o", "out.cu") == [
        "BEFORE", "CUDA", "-x", "c++", "a b.cu", "-x", "none", "-o", "out.cu", "AFTER", "-x", "none", "LINK"
    ]  # fmt: skip
    assert nvcc("-x", "cu", "-dc", "k.cpp") == ["BEFORE", "CUDA", "-x", "c++", "-c", "k.cpp", "AFTER"]


def test_the_stand_in_refuses_device_code(nvcc):
    with pytest.raises(subprocess.CalledProcessError) as failed:
        nvcc("-ptx", "k.cu")
    assert "unsupported" in failed.value.stderr
