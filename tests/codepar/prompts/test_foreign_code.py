import pytest

from codepar.prompts.discourse import Discourse
from codepar.prompts.extract import extract
from codepar.prompts.foreign_code import foreign_functions, foreign_types
from codepar.prompts.items import EdgeKind, Refusal
from codepar.prompts.request import Request

_GO = """func Put(s string) {
\tmu.Lock()
\tqueue = append(queue, s)
}

// Len is the length.
func (q *Queue) Len() int { return len(q.items) }"""
_JS = """function pad({ width, fill }) {
  return width + fill;
}

const half = (x) => x / 2;

export const twice = async (x) => {
  return { value: 2 * x };
};"""
_JULIA = """function hasdup(v)
    for i in eachindex(v)
        v[i] == 1 && return true
    end
    return false
end

function sumsq(v)
    s = 0
    return s
end"""
_JAVA = """final class Money {
    static long cents(String s) {
        return s.equals("{") ? 1 : 2;
    }

    public boolean atLeast(long min) {
        if (min > 0) {
            return true;
        }
        return false;
    }
}"""
_R = """se <- function(x, na.rm = FALSE) {
  sd(x)
}

winsor <- function(x) pmin(x, 1)"""
_HASKELL = """safeDiv :: Int -> Int -> Maybe Int
safeDiv _ 0 = Nothing
safeDiv a b = Just (a `div` b)

pairs :: [a] -> [(a, a)]
pairs xs = zip xs (drop 1 xs)"""


def discourse(language: str, code: str) -> Discourse:
    return Discourse(Request(f"Document these:\n```{language}\n{code}\n```\n", {}))


@pytest.mark.parametrize(
    ("language", "code", "names", "last"),
    [
        ("go", _GO, ["Put", "Len"], "func (q *Queue) Len() int { return len(q.items) }"),
        ("js", _JS, ["pad", "half", "twice"], "export const twice = async (x) => {\n  return { value: 2 * x };\n}"),
        ("julia", _JULIA, ["hasdup", "sumsq"], "function sumsq(v)\n    s = 0\n    return s\nend"),
        (
            "java",
            _JAVA,
            ["cents", "atLeast"],
            _JAVA[_JAVA.index("public boolean") : -2],
        ),
        ("r", _R, ["se", "winsor"], "winsor <- function(x) pmin(x, 1)"),
        ("haskell", _HASKELL, ["safeDiv", "pairs"], "pairs :: [a] -> [(a, a)]\npairs xs = zip xs (drop 1 xs)"),
    ],
)
def test_functions_end_where_their_language_ends_them(language: str, code: str, names: list[str], last: str):
    read = discourse(language, code)
    found = foreign_functions(read)
    assert [one.name for one in found] == names
    assert read.request.text_at(found[-1].place) == last


def test_types_are_told_apart_from_functions():
    assert [one.name for one in foreign_types(discourse("java", _JAVA))] == ["Money"]
    assert not foreign_types(discourse("go", _GO))


@pytest.mark.parametrize("code", ["function broken( {", "fn f() {\n  if x {\n", "}}}", "", "if (a) {\n}\nwhile (b) {\n}"])
def test_what_does_not_close_is_no_function(code: str):
    assert foreign_functions(discourse("js", code)) == []


def test_code_with_a_grammar_is_left_to_it():
    assert not foreign_functions(discourse("c", "int f(void) { return 1; }\nint g(void) { return 2; }"))


def test_a_request_about_them_splits():
    found = extract(f"Please translate both functions to C++:\n```julia\n{_JULIA}\n```\n", {})
    assert [item.text.split("(")[0] for item in found.items] == ["function hasdup", "function sumsq"]
    assert found.template == "Please translate both functions to C++:\n```julia\n{data}\n```\n"


def test_a_function_that_is_called_needs_only_be_declared():
    code = "function hex2(n) {\n  return n;\n}\n\nfunction toHex(r) {\n  return hex2(r) + 1;\n}"
    found = extract(f"Explain both functions, please.\n```js\n{code}\n```\n", {})
    assert [(edge.from_, edge.to, edge.kind) for edge in found.edges] == [("1", "2", EdgeKind.SIGNATURE)]


def test_functions_that_call_each_other_are_changed_together():
    code = "fn even(n: u32) -> bool {\n    n == 0 || odd(n - 1)\n}\n\nfn odd(n: u32) -> bool {\n    n > 0 && even(n - 1)\n}"
    found = extract(f"Translate both functions to C.\n```rust\n{code}\n```\n", {})
    assert found.refusal is Refusal.CYCLE


@pytest.mark.parametrize(
    ("wish", "names"),
    [
        ("can you port pad and twice to C? leave half alone", ["function pad", "export const twice"]),
        ("Document `pad`, `half` and `twice`, please.", ["function pad", "const half", "export const twice"]),
    ],
)
def test_named_functions_are_chosen(wish: str, names: list[str]):
    found = extract(f"{wish}\n```js\n{_JS}\n```\n", {})
    assert [item.text[: len(name)] for item, name in zip(found.items, names, strict=True)] == names


def test_a_function_that_is_not_there_is_a_contradiction():
    found = extract(f"Document `pad`, `half` and `thrice`.\n```js\n{_JS}\n```\n", {})
    assert found.refusal is Refusal.CONTRADICTION
