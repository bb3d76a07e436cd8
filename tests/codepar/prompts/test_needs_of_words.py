import pytest

from codepar.prompts.items import EdgeKind
from codepar.prompts.lexicon import Tag
from codepar.prompts.needs_of_words import needs_of_words
from codepar.prompts.reading import Element, Kind, Reading
from codepar.prompts.request import Place

BODY, SIGNATURE = EdgeKind.BODY, EdgeKind.SIGNATURE


def needs(*texts: str) -> set[tuple[int, int, EdgeKind]]:
    elements = tuple(Element(Place(None, 0, len(text.encode())), text) for text in texts)
    return set(needs_of_words(Reading(Kind.WORDS, elements, Tag.WRITE, 0, 1, instructions=True)))


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (("write a Makefile", "explain inodes", "convert the Makefile from a) to CMake"), {(0, 2, BODY)}),
        (("explain inodes", "write a kernel", "optimise the kernel from (ii) with warp votes"), {(1, 2, BODY)}),
        (("pseudocode for a ring", "the regex for n001", "a complexity estimate of the pseudocode from 1"), {(0, 2, BODY)}),
        (("write a scene", "name a novel", "write a blurb for that scene"), {(0, 2, BODY)}),
        (("design a file format", "write the reader for the format you came up with"), {(0, 1, BODY)}),
        (("Diseña un formato", "Audita el formato que hayas diseñado"), {(0, 1, BODY)}),
        (("写一个哈希表", "写一个脚本", "给任务一写出来的代码补测试"), {(0, 2, BODY)}),
        (("CSVを読む関数を書く", "標語を考える", "1で書いた関数のテストを書く"), {(0, 2, BODY)}),
        (("write f", "write g", "write a test program around the two functions you made above"), {(0, 2, BODY), (1, 2, BODY)}),
        (("a struct `Vec3` with three doubles", "`double dot(Vec3, Vec3)`"), {(0, 1, SIGNATURE)}),
        (("a Pose2 struct", "a compose function that chains two Pose2"), {(0, 1, SIGNATURE)}),
        (("`lower(char *s)`, in place", "`canon(char *s)`, which calls lower on its argument"), {(0, 1, SIGNATURE)}),
        (("`size_t slab_offset(int rank)`", "`int write_slab(FILE *f)`, offset via slab_offset"), {(0, 1, SIGNATURE)}),
        (("write a limerick", "translate it into Dutch", "name a lake"), {(0, 1, BODY)}),
        (("Schreib ein Märchen", "übersetz es ins Spanische", "nenn ein Museum"), {(0, 1, BODY)}),
        (("Сочини частушку", "переведи её на английский", "объясни, как растёт мох"), {(0, 1, BODY)}),
        (("a C function is_prime", "a function next_prime that calls it"), {(0, 1, SIGNATURE)}),
        (("port integrate to CUDA", "a host test for the ported integrate"), {(0, 1, BODY)}),
        (("write a tokenizer for Lua", "document the tokenizer"), {(0, 1, BODY)}),
        (("функция julday(y, m, d)", "функция gmst, которая вызывает julday"), {(0, 1, SIGNATURE)}),
    ],
)
def test_what_an_element_speaks_of_is_needed(texts: tuple[str, ...], found: set[tuple[int, int, EdgeKind]]):
    assert needs(*texts) == found


def test_a_piece_that_another_element_changes_is_needed_where_it_is_used():
    elements = tuple(
        Element(Place(None, 0, len(text.encode())), text)
        for text in ("make read_u16 work unaligned", "read_str should use read_u16", "say what magic_ok does")
    )
    reading = Reading(Kind.WORDS, elements, Tag.WRITE, 0, 1, instructions=True)
    assert set(needs_of_words(reading, frozenset({"read_u16", "read_str", "magic_ok"}))) == {(0, 1, SIGNATURE)}


@pytest.mark.parametrize(
    "texts",
    [
        ("what is `container_of`?", "how can I see the output of pr_debug in dmesg?"),
        ("print the average of 3 numbers", "print the sum of 2 vectors"),
        ("tell me the LaTeX for a wide figure", 'rewrite "the results was robust" properly'),
        ("name a lake", "explain a loop", "make it faster"),
        ("add an option", "find HDF5 with the parallel component"),
        ("write a Makefile", "explain halos", "a loop that runs it for 1, 2 and 4 threads"),
        ("fix the typo", "bump the version to 1.4.2"),
        ("a function that counts words", "a function that counts lines"),
        ("move the points from 1 to 10", "move the lines from 1 to 2"),
        ("`int area(int w, int h)`", "`int total(int w)`, the area that is left"),
    ],
)
def test_what_only_sounds_alike_is_not(texts: tuple[str, ...]):
    assert needs(*texts) == set()
