import pytest

from codepar.prompts.extract import extract
from codepar.prompts.items import EdgeKind

CODE = "\n```c\nint pack(int r, int g) { return r << 8 | g; }\n\ndouble area(double w, double h) { return w * h; }\n```"


@pytest.mark.parametrize(
    ("prompt", "order"),
    [
        ("Document both functions. I read along, so do `area` first and `pack` second." + CODE, [("2", "1")]),
        ("Document both functions, `pack` before `area`." + CODE, [("1", "2")]),
        ("Document pack and area in exactly this sequence." + CODE, [("1", "2")]),
        ("Please answer in the order given.\n1. Explain warp divergence.\n2. Explain the read-only cache.", [("1", "2")]),
        ("Document `pack` and `area` for first-year students." + CODE, []),
        ("Document `pack` and `area`; print the fields in this order: r, g." + CODE, []),
        ("Document both functions." + CODE, []),
    ],
)
def test_only_what_is_demanded_is_an_order(prompt: str, order: list[tuple[str, str]]):
    found = extract(prompt, {})
    assert found.split, found.reason
    assert [(edge.from_, edge.to) for edge in found.edges if edge.kind is EdgeKind.ORDER] == order
