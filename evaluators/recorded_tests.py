"""MuSL's recorded tests: inputs as C++ statements, outputs as the text that its printing ``wrapper`` made of the original.

They are weak on purpose of comparison: 6 digits as text, a handful of tiny inputs; what they pass is reported beside the verdict
and never instead of it. Limits: one program for all tests of a pair, so that a crash loses those after it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from codepar.cuda.read import read_function
from codepar.errors import InvalidInput
from codepar.project import Project
from codepar.protocols import Execution, Executor, Limits
from evaluators.benchmarks.babeltower import Pair, RecordedTest

_HEADERS = "".join(
    f"#include <{name}>\n" for name in ("cfloat", "climits", "cmath", "cstdint", "cstdio", "cstdlib", "cstring", "iostream")
)
_PRINTER = """
namespace recorded {
template <class T> void show(const T &value) { std::cout << value; }
template <class T, std::size_t N> void show(T (&values)[N]) {
    std::cout << "[ ";
    for (std::size_t at = 0; at < N; at++) {
        if (at) std::cout << ", ";
        show(values[at]);
    }
    std::cout << " ]";
}
inline void show_all() {}
template <class T, class... Rest> void show_all(T &first, Rest &...rest) {
    show(first);
    if (sizeof...(rest)) std::cout << ", ";
    show_all(rest...);
}
template <class... Given> void show_given(Given &...given) {
    std::cout << "Arguments after function call: (";
    show_all(given...);
    std::cout << ")" << std::endl;
}
template <class... Wanted, class... Given> void wrapper(void (*function)(Wanted...), Given &&...given) {
    function(given...);
    std::cout << "Return value: void\\n";
    show_given(given...);
}
template <class Result, class... Wanted, class... Given> void wrapper(Result (*function)(Wanted...), Given &&...given) {
    const Result result = function(given...);
    std::cout << "Return value: " << result << "\\n";
    show_given(given...);
}
}
using recorded::wrapper;
using namespace std;
"""
_LIMITS = Limits(wall_s=30, compile_s=120)


@dataclass(frozen=True)
class Baseline:
    """What the original and a function that does nothing make of the recorded tests of a pair."""

    original_passes: bool
    empty_passes: bool


async def passes(pair: Pair, source: str, entry: str, executor: Executor) -> bool:
    """Whether a CUDA translation prints what was recorded in every test of the pair. Nobody passes a pair without tests."""
    text = source + _HEADERS + _PRINTER
    return await _prints(text, "translation.cu", pair.tests, entry, executor)


async def baseline(pair: Pair, executor: Executor) -> Baseline:
    """Run the original, and the same function with an empty body."""
    try:
        function = read_function(pair.source, "original.c", pair.function)
    except InvalidInput:
        return Baseline(original_passes=False, empty_passes=False)
    data = pair.source.encode()
    returned = function.signature.return_type
    body = b"{ }" if returned == "void" else f"{{ return {returned}(); }}".encode()
    empty = (data[: function.body.start] + body + data[function.body.end :]).decode()
    texts = [_HEADERS + _PRINTER + text for text in (pair.source, empty)]
    found = [await _prints(text, "original.cpp", pair.tests, function.name, executor) for text in texts]
    return Baseline(*found)


async def _prints(text: str, path: str, tests: Sequence[RecordedTest], function: str, executor: Executor) -> bool:
    mark = f"@{secrets.token_hex(8)}@"
    calls = "\n".join(f'    std::cout << "{mark}";\n    {{\n{test.calling(function)}\n    }}' for test in tests)
    project = Project(files={path: f"{text}\nint main() {{\n{calls}\n    return 0;\n}}\n"})
    result = await executor.execute(Execution(project=project, emulate=path.endswith(".cu"), limits=_LIMITS))
    shown = result.stdout.split(mark)[1:]
    return (
        bool(tests)
        and len(shown) == len(tests)
        and all(one.rstrip() == test.output.rstrip() for one, test in zip(shown, tests, strict=True))
    )
