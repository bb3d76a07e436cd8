"""The same wishes in many wordings: what people write around their code and lists, and what only looks like several tasks."""

from __future__ import annotations

import pytest

from codepar.prompts.extract import extract
from codepar.prompts.items import EdgeKind
from codepar.prompts.validate import validate

C3 = """```c
float clampf(float v, float lo, float hi) {
    return v < lo ? lo : v > hi ? hi : v;
}

double mean(const double *x, int n) {
    double s = 0;
    for (int i = 0; i < n; i++) s += x[i];
    return s / n;
}

void axpy(int n, double a, const double *x, double *y) {
    for (int i = 0; i < n; i++) y[i] += a * x[i];
}
```"""
ALL = ["float clampf", "double mean", "void axpy"]
LAST = ALL[1:]
LOOPS = """```c
void step(int n, double *a, double *b, double *c)
{
    for (int i = 0; i < n; i++)
        a[i] = b[i] + c[i];
    for (int i = 1; i < n; i++)
        b[i] = a[i - 1];
    while (n > 0)
        c[--n] = 0;
}
```"""
EACH_LOOP = ["for (int i = 0", "for (int i = 1", "while (n > 0)"]
VOID = "```c\nvoid a(int *p) { *p = 1; }\nint b(int x) { return x; }\nvoid c(int *p) { *p = 2; }\n```"
KEYS = "```python\ndef load(path):\n    return open(path)\n\ndef save(path, text):\n    open(path, 'w').write(text)\n```"
FILES = {
    "io.c": "#include <stdio.h>\nint read_all(FILE *f) { return fgetc(f); }\n",
    "mesh.c": "int cells(int n) { return n * n; }\n",
    "solve.c": "double iterate(double x) { return 0.5 * (x + 2 / x); }\n",
}
EACH_FILE = ["#include", "int cells", "double iterate"]

CODE = [
    (f"{C3}\n\nAll of the above in Fortran 2008, please.", ALL),
    (f"clampf, mean and axpy should all take size_t instead of int.\n{C3}", ALL),
    (f"Explain the following code function by function.\n{C3}", ALL),
    (f"everything except clampf should be ported to Ada\n{C3}", LAST),
    (f"Translate the last two functions to Julia.\n{C3}", LAST),
    (f"Übersetze die letzten beiden Funktionen nach Rust.\n{C3}", LAST),
    (f"For each function give me:\n- a summary\n- the complexity\n\n{C3}", ALL),
    (f"I'd appreciate test coverage for `mean` and for `axpy`; clampf has tests already.\n{C3}", LAST),
    (f"mean and axpy are the hot spots here. Could somebody make SSE2 versions of them?\n{C3}", LAST),
    (f"Optimise mean and axpy independently of each other.\n{C3}", LAST),
    (f"test cases for mean and axpy, three per function\n{C3}", LAST),
    (f"the void functions should return an error code instead\n{VOID}", ["void a", "void c"]),
    (f"Convert every `for` and `while` of step to a range-for.\n{LOOPS}", EACH_LOOP),
    (f"the 1st and the last loop need a pragma\n{LOOPS}", ["for (int i = 0", "while (n > 0)"]),
    (f"Können alle Schleifen vektorisiert werden? Bitte einzeln für jede.\n{LOOPS}", EACH_LOOP),
]
# What the choice among readings has other opinions on.
BY_RULES = [
    ("generate 4 random C snippets that contain exactly one bug", ["4"] * 4),
    (f"I want mean in CUDA and axpy in OpenMP.\n{C3}", ["mean in CUDA", "axpy in OpenMP"]),
    (f"`mean`: Kahan. `axpy`: OpenMP.\n{C3}", ["`mean`: Kahan", "`axpy`: OpenMP"]),
    (f"- clampf: make it branchless\n- axpy: openmp\n{C3}", ["clampf: make it branchless", "axpy: openmp"]),
    (
        "Write functions to reverse a string, count vowels and check for gaps.",
        ["reverse a string", "count vowels", "check for gaps"],
    ),
]
CLAUSES = [
    (f"mean should be vectorised, axpy should use restrict.\n{C3}", ["mean should be vectorised", "axpy should use restrict"]),
    (
        "In main.c replace printf by a logger, in util.c remove the globals, and in io.c check fread.",
        ["In main.c replace printf by a logger", "in util.c remove the globals", "in io.c check fread"],
    ),
    (
        f"In the first function use a macro. The second one needs a test.\n{KEYS}",
        ["In the first function use a macro", "The second one needs a test"],
    ),
    ("Implement these:\n\nint init(int n);\nint push(int *v, int x);\n", ["int init(int n)", "int push(int *v, int x)"]),
]
PROSE = [
    ("Give me short bios of Turing, Hopper and Dijkstra.", ["Turing", "Hopper", "Dijkstra"]),
    ("Write one paragraph each about OpenMP, MPI and CUDA.", ["OpenMP", "MPI", "CUDA"]),
    ("What does each of these flags do: -O2, -march=native, -flto?", ["-O2", "-march=native", "-flto"]),
    (
        "I keep mixing up latency, throughput and bandwidth. One sentence for each, please.",
        ["latency", "throughput", "bandwidth"],
    ),
    ("Short bios, please: Turing, Hopper, Dijkstra", ["Turing", "Hopper", "Dijkstra"]),
    ("Write fizzbuzz in Haskell, OCaml, and Prolog.", ["Haskell", "OCaml", "Prolog"]),
    ("Translate 'The job has finished.' into German, French, and Dutch.", ["German", "French", "Dutch"]),
    ("Implement in C:\n* strlen\n* strcmp\n* memcpy", ["strlen", "strcmp", "memcpy"]),
    (
        "Exercise A. Prove that 2 is prime.\nExercise B. Find the gcd of 12 and 18.",
        ["Prove that 2 is prime", "Find the gcd of 12 and 18"],
    ),
    ("Part (i): define latency. Part (ii): define jitter.", ["define latency", "define jitter"]),
    (
        "Three requests. One: write a haiku. Two: name a tree. Three: explain DNS.",
        ["write a haiku", "name a tree", "explain DNS"],
    ),
    ("1.- corregir el README\n2.- subir la versión\n¿Me las haces?", ["corregir el README", "subir la versión"]),
    ("couple things\n* whats the flag for nodes\n* the regex for a date", ["whats the flag for nodes", "the regex for a date"]),
    ("Explain what a mutex is and write a poem about the sea.", ["Explain what a mutex is", "write a poem about the sea"]),
    ("Bitte schreibe ein Gedicht und nenne drei Städte.", ["schreibe ein Gedicht", "nenne drei Städte"]),
    (
        "Who invented C, who invented Fortran, and who invented Lisp?",
        ["Who invented C", "who invented Fortran", "who invented Lisp?"],
    ),
    ("Two questions. What is a rank? And what is a group?", ["What is a rank?", "what is a group?"]),
    ("请完成：1、写一首诗 2、解释MPI 3、推荐一本书", ["写一首诗", "解释MPI", "推荐一本书"]),
    ("ten one-liners about compilers, please", ["ten"] * 10),
    ("Two limericks and three haikus about deadlocks, please.", ["Two"] * 2 + ["three"] * 3),
    ("Give me 3 easy, 2 medium and 1 hard exercise on pointers.", ["3"] * 3 + ["2"] * 2 + ["1"]),
    ("以下のループの実装を5通り作ってください。\n\nfor (int i = 0; i < n; i++)\n    s += a[i];", ["5"] * 5),
    ("| flag | meaning |\n|---|---|\n| -g | |\n| -pg | |\n\nFill in each row.", ["-g |", "-pg |"]),
]
WHOLE = [
    f"Write the variance in the style of mean and axpy.\n{C3}",
    f"Add a function `variance` next to mean and axpy.\n{C3}",
    f"Only translate mean please, the other functions stay.\n{C3}",
    f"Put clampf, mean and axpy behind one header.\n{C3}",
    f"In what order should I call mean and axpy?\n{C3}",
    f"Wrap clampf, mean and axpy in a command line tool.\n{C3}",
    f"I have clampf and mean, what is missing?\n{C3}",
    f"Mach aus den drei Schleifen eine.\n{LOOPS}",
    f"Interleave the loops of step.\n{LOOPS}",
    "Design a 3-layer architecture with 2 services.",
    "Write a job script: 2 nodes, 48 tasks per node, 3 hours, queue long.",
    "Sort these words: fast, big, old",
    "Write a logger. It needs to do three things: open, write, close.",
    "Write a short story about a cat, a dog and a mouse.",
    "Describe a typical pipeline with build, test and deploy stages.",
    "Add the options --in, --out and --verbose to my script.",
    "Pick 2 of these 5 topics: A, B, C, D, E",
    "Give me 3 primes, each larger than the previous one.",
    "Write two versions: one with atomics, one with locks, one without either.",
    "First: read the file. Second: compute the mean. Third: print it. Write this in C.",
    "Convert this loop into recursion and explain each step.\n\nfor (int i = 0; i < n; i++) s += a[i];",
    'turn this config into a dataclass\n\n{\n  "a": [1, 2],\n  "b": [\n    {"c": 3, "d": 4}\n  ]\n}',
    "Was ist besser für mein Projekt: CMake, Meson oder Bazel?",
    "Сначала напиши лексер, потом парсер на его основе, а затем тесты на то, что вышло.",
    "Explica la relación entre hilos, bloques y mallas.",
]


@pytest.mark.parametrize(("prompt", "items"), [*CODE, *CLAUSES, *PROSE])
def test_splits(prompt: str, items: list[str]):
    found = extract(prompt, {})
    assert found.split, found.reason
    assert validate(found, prompt, {}) == ()
    begins = [item.text[: len(wanted)] for item, wanted in zip(found.items, items, strict=True)]
    assert begins == items


@pytest.mark.usefixtures("rules_alone")
@pytest.mark.parametrize(("prompt", "items"), BY_RULES)
def test_the_rules_alone_split(prompt: str, items: list[str]):
    test_splits(prompt, items)


@pytest.mark.parametrize("prompt", WHOLE)
def test_stays_whole(prompt: str):
    found = extract(prompt, {})
    assert not found.split, [item.text for item in found.items]


@pytest.mark.parametrize(
    ("prompt", "items"),
    [
        ("Port all of it to Rust, one file at a time.", EACH_FILE),
        ("Summarise each attachment in one sentence.", EACH_FILE),
        ("openmp for mesh.c and solve.c, leave io.c", EACH_FILE[1:]),
        ("the attached .c files -> .cpp, RAII, no raw pointers", EACH_FILE),
        ("Write a man page section for io.c, for mesh.c and for solve.c.", EACH_FILE),
    ],
)
def test_files(prompt: str, items: list[str]):
    found = extract(prompt, FILES)
    assert [item.text[: len(wanted)] for item, wanted in zip(found.items, items, strict=True)] == items


@pytest.mark.parametrize("prompt", ["How are these files related?", "Create a CMakeLists.txt for the attached sources."])
def test_one_answer_over_files(prompt: str):
    assert not extract(prompt, FILES).split


def test_an_order_that_is_demanded_of_things_apart():
    found = extract(
        "First correct the year in LICENSE, and only after that bump the version in pyproject.toml from 0.8 to 0.9.", {}
    )
    assert [(edge.from_, edge.to, edge.kind) for edge in found.edges] == [("1", "2", EdgeKind.ORDER)]


def test_a_name_that_reads_like_a_verb_tells_no_act():
    code = "int hits;\nint rate(void) { return hits; }\nvoid reset(void) { hits = 0; }\n"
    assert not extract(f"CUDA-fy reset and rate please\n```c\n{code}```", {}).split


def test_a_header_does_not_need_the_file_that_includes_it():
    files = {"r.h": "int put(int v);\n", "r.c": '#include "r.h"\nint put(int v) { return v; }\n'}
    found = extract("Review each of these files.", files)
    assert [(edge.from_, edge.to) for edge in found.edges] == [("1", "2")]
