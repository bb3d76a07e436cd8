import pytest

from codepar.syntax.braces import find_imbalance
from codepar.syntax.language import Language
from codepar.syntax.lexis import Lexis


def imbalance(text):
    return find_imbalance(Lexis(text.encode(), Language.C))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("int f() {\n", 1),
        ("int f() {\n if (a) {\n }\n", 1),
        ("int f() { }\n}\n", 2),
        ("\n}\n", 2),
        ("#if 0\n{\n#endif\nint f() {\n", 4),
        ("#ifdef A\nint f() { }\n#endif\n}\n", 4),
    ],
)
def test_a_brace_without_partner_is_found(text, line):
    assert imbalance(text).line == line


@pytest.mark.parametrize(
    "text",
    [
        "int f() { return '{'; } // }\n/* } */ char *s = \"{\";\n",
        "#ifdef A\nint f() {\n#else\nint g() {\n#endif\n}\n",
        '#ifdef __cplusplus\nextern "C" {\n#endif\nint f();\n#ifdef __cplusplus\n}\n#endif\n',
        "#if 0\nit's { dead\n#endif\nint f() { }\n",
        "#define BEGIN {\nint f() BEGIN }\n",
        "",
    ],
)
def test_what_may_be_balanced_is_not_accused(text):
    assert imbalance(text) is None
