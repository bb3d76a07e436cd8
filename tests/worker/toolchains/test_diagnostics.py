"""Messages of gcc, ld and make as diagnostics."""

from __future__ import annotations

from worker.toolchains.diagnostics import MAX_DIAGNOSTICS, parse, project_name


def test_errors_come_before_warnings_with_their_place():
    text = (
        "src/a.c: In function 'main':\n"
        "src/a.c:3:5: warning: unused variable 'x' [-Wunused-variable]\n"
        "src/a.c:7:12: error: expected ';' before '}' token\n"
        "./src/a.c:9:1: fatal error: nope.h: No such file or directory\n"
    )
    found = parse(text, {"src/a.c"})
    assert [(one.kind, one.line, one.file) for one in found] == [
        ("error", 7, "src/a.c"),
        ("error", 9, "src/a.c"),
        ("warning", 3, "src/a.c"),
    ]


def test_the_linker_says_what_is_missing_and_where():
    text = "/usr/bin/ld: /tmp/cc1.o: in function `main':\n/box/src/a.c:5: undefined reference to `foo'\n"
    assert [(one.message, one.file, one.line) for one in parse(text, {"src/a.c", "a.c"})] == [
        ("undefined reference to `foo'", "src/a.c", 5)
    ]
    assert (
        "multiple definition"
        in parse("/usr/bin/ld: b.o: in function `f': b.c:1: multiple definition of `f'; a.o\n", ())[0].message
    )


def test_what_the_linker_says_without_a_line_is_kept():
    assert parse("(.text+0x17): undefined reference to `main'\n", ())[0].message == "undefined reference to `main'"
    assert parse("/usr/bin/ld: cannot find -lnope: No such file\n", ())[0].message == "cannot find -lnope: No such file"


def test_make_names_the_rule_that_failed():
    assert parse("make: *** No rule to make target 'x.c', needed by 'x'.  Stop.\n", ())[0].kind == "error"


def test_the_longest_project_path_wins_and_unknown_names_stay():
    assert project_name("/box/src/a.c", {"a.c", "src/a.c"}) == "src/a.c"
    assert project_name("/usr/include/stdio.h", {"a.c"}) == "/usr/include/stdio.h"


def test_a_flood_of_errors_is_bounded():
    assert len(parse("".join(f"a.c:{n}:1: error: e{n}\n" for n in range(1, 500)), {"a.c"})) == MAX_DIAGNOSTICS
