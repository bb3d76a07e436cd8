import pytest

from codepar.prompts.used_files import uses_file

GEO = "function dist(a, b) {\n  return Math.hypot(a.x - b.x, a.y - b.y);\n}\nmodule.exports = { dist };\n"


@pytest.mark.parametrize(
    ("text", "other", "name", "uses"),
    [
        ('const geo = require("./geo");\n', GEO, "geo.js", True),
        ("import { dist } from './geo.js';\n", GEO, "lib/geo.js", True),
        ("let d = dist(a, b);\n", GEO, "other.js", True),
        (
            "func Show(m Metre) string { return Feet(m) }\n",
            "type Metre float64\n\nfunc Feet(m Metre) float64 {\n",
            "units.go",
            True,
        ),
        ("L = laplacian(n);\n", "function L = laplacian(n)\nend\n", "laplacian.m", True),
        ("export function hello(n) { return n; }\n", GEO, "geo.js", False),
        ("import { x } from './geography.js';\n", GEO, "geo.js", False),
        (GEO, 'const geo = require("./geo");\n', "route.js", False),
    ],
)
def test_imports_and_defined_names_are_uses(text: str, other: str, name: str, uses: bool):
    assert uses_file(text, other, name) is uses
