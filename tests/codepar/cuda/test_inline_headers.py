"""Headers of a project stand where they were included, each once, and every line knows where it comes from."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from codepar.cuda.inline_headers import Place, included_paths, inline_headers, missing_headers
from codepar.cuda.read import read_function

CELLS = """/* Cells. */
#ifndef CELLS_H
#define CELLS_H
#include <math.h>
#include "size.h"
#ifdef __cplusplus
extern "C" {
#endif
struct cell { float v[SIZE]; };
float total(const struct cell *c, int n);
#ifdef __cplusplus
}
#endif
#endif /* CELLS_H */
"""
SOURCE = """#include "cells.h"
#include "size.h"
float total(const struct cell *c, int n) {
    float t = 0;
    for (int i = 0; i < n; i++)
        t += c[i].v[SIZE - 1];
    return t;
}
"""
FILES = {"src/total.c": SOURCE, "include/cells.h": CELLS, "include/size.h": "#pragma once\n#define SIZE 4\n"}


def test_structs_and_macros_of_headers_are_seen() -> None:
    inlined = inline_headers("src/total.c", FILES)
    assert inlined.headers == ("include/cells.h", "include/size.h")
    assert inlined.text.count("#define SIZE 4") == 1
    assert "extern" not in inlined.text
    assert "CELLS_H" not in inlined.text
    assert "#include <math.h>" in inlined.text
    function = read_function(inlined.text, "src/total.c")
    assert function.signature.buffers[0].type == "struct cell"
    assert inlined.place(function.line) == Place("src/total.c", 3)
    struct = inlined.text.split("\n").index("struct cell { float v[SIZE]; };") + 1
    assert inlined.place(struct) == Place("include/cells.h", 9)


def test_a_file_without_such_includes_stays_and_circles_end() -> None:
    text = '#include <math.h>\n#include "nowhere.h"\nint x;\n'
    assert inline_headers("a.c", {"a.c": text}).text == text
    round_trip = {"a.c": '#include "b.h"\nint a;\n', "b.h": '#include "c.h"\nint b;\n', "c.h": '#include "b.h"\nint c;\n'}
    assert inline_headers("a.c", round_trip).text.split() == ["int", "c;", "int", "b;", "int", "a;"]
    assert included_paths("x/a.c", '#include "../y/b.h"\n#include <c.h>\n') == ["y/b.h"]


@settings(deadline=None)
@given(st.text(alphabet='#includefx "\n.h<>/*', max_size=200))
def test_each_line_has_a_place(text: str) -> None:
    inlined = inline_headers("a.c", {"a.c": text, "x.h": text})
    assert len(inlined.places) == len(inlined.text.split("\n"))


def test_headers_that_were_not_given_are_told_with_their_line() -> None:
    files = {"a.c": '#include <math.h>\n#include "math.h"\n#include "b.h"\n', "b.h": 'int n;\n#include "mesh.h"\n'}
    assert missing_headers(inline_headers("a.c", files)) == ["b.h:2: `mesh.h` was not given: what it declares is not known"]
