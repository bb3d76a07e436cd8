import pytest

from codepar.syntax.language import Language, language_of


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.c", "using namespace std;", Language.C),
        ("a.cpp", "int main(void) { return 0; }", Language.CXX),
        ("a.C", "", Language.CXX),
        ("a.h", "struct cell { int k; };", Language.C),
        ("a.h", "namespace grid { class Cell { int k; }; }", Language.CXX),
        (None, "#include <iostream>\nint main() {}", Language.CXX),
        (None, "int main() { std::vector<int> v; }", Language.CXX),
        (None, "#include <stdio.h>\nint main() {}", Language.C),
        ("-", "int class_of(int template_number);", Language.C),
    ],
)
def test_the_suffix_decides_else_the_text(path, text, expected):
    assert language_of(path, text) is expected
