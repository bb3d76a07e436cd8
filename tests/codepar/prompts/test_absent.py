import pytest

from codepar.prompts.extract import extract
from codepar.prompts.items import Refusal

CODE = "\n```c\nint pack(int r, int g) { return r << 8 | g; }\n\ndouble area(double w, double h) { return w * h; }\n```"
FILES = {"grid.f90": "module grid\nend module grid\n", "flux.f90": "module flux\nend module flux\n"}


@pytest.mark.parametrize(
    ("prompt", "files"),
    [
        ("Translate `grid.f90`, `flux.f90` and `bc.f90` to C++ please, they are attached.", FILES),
        ("Please move `pack` and `area` to Rust, and `perimeter` as well." + CODE, {}),
        ("Document `pack`, `area` and `perimeter`." + CODE, {}),
        ("Two files are attached, please fix the include paths in all three.", FILES),
        ("Attached are three modules. Convert each to free form.", FILES),
    ],
)
def test_a_piece_that_is_not_there_is_a_contradiction(prompt: str, files: dict[str, str]):
    assert extract(prompt, files).refusal is Refusal.CONTRADICTION


@pytest.mark.parametrize(
    ("prompt", "files"),
    [
        ("Translate `grid.f90` and `flux.f90` to C++ please, they are attached.", FILES),
        ("`bc.f90` I have done. Please convert `grid.f90` and `flux.f90` to free form, each on its own.", FILES),
        ("Port `pack` and `area` to CUDA, `pack` as `__device__`, `area` as `__global__`." + CODE, {}),
        ("Rewrite pack.c, area.c and main.c for C99. You have them from yesterday.", {}),
    ],
)
def test_what_is_only_mentioned_need_not_be_there(prompt: str, files: dict[str, str]):
    found = extract(prompt, files)
    assert found.split, found.reason
