"""Requests in the plainest words, made by a program: "Write f, g and h in C.", "Explain A and B.", and their look-alikes.

People who write prompts for a benchmark avoid the plain ones; a network that saw only theirs doubts the plain. Limits: a few
dozen patterns in English over lists of nouns, those of ``plain_short``, ``plain_languages`` and ``plain_code``; they teach form
and measure nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from codepar.prompts.request import Place
from finetune.requests import plain_code, plain_languages, plain_short
from finetune.requests.labelled import Labelled
from finetune.requests.plain_languages import Parts

SOURCE = "plain"
_SOURCES = 5
"""As many sources as there are folds: the network that a prompt is judged by knows the pattern, not its words."""
COUNT = 3000


def _listed(text: str) -> list[str]:
    return text.replace("\n", "|").split("|")


_NAMES = _listed("""strnlen|strtok|qsort|bsearch|heap_push|heap_pop|list_append|list_remove|stack_peek|queue_front|ring_get
mat_mul|mat_transpose|vec_norm|dot_product|prefix_sum|count_bits|rotate_left|memmove|is_power_of_two|gcd|lcm|fibonacci
crc16|adler32|parse_int|to_hex|trim_left|split_words|join_words|read_line|write_all|open_log|flush_log|lerp|clamp01
mix_colors|rgb_to_gray|blur_row|sort_keys|hash_string|set_bit|clear_bit|swap_bytes|parse_date|leap_year
is_palindrome|merge_sorted|remove_duplicates|binary_search""")
_TOPICS = _listed("""deadlocks|false sharing|cache lines|memory barriers|spin locks|thread pools|futures|work stealing
race conditions|warp divergence|shared memory|coalescing|streams|tensor cores|one-sided communication|collective operations
derived datatypes|virtual memory|page faults|system calls|inodes|pipes|signals|hash tables|B-trees|bloom filters
binary heaps|linked lists|quicksort|Dijkstra's algorithm|dynamic programming|regular expressions|closures
generators|decorators|lambda functions|templates|inheritance|recursion|pointers|references|floating point
two's complement|big-endian order|TCP|UDP|DNS|TLS|git rebase|git bisect|photosynthesis|inflation|the water cycle
black holes|vaccines|supply and demand|the French Revolution|plate tectonics""")
_LANGUAGES = ("C", "C++", "Python", "Rust", "Go", "Fortran", "Java", "CUDA")
_THINGS = _listed("""names for a cat|slogans for a bakery|titles for a talk about MPI|questions for a job interview
test cases for a parser|ideas for a weekend project|jokes about compilers|exercises on pointers
variants of a reduction kernel|headlines for our newsletter|recipes with lentils|examples of recursion
haikus about rain|C snippets with one bug|tips for faster builds|puzzles for children|commit messages for a bug fix
error messages for a login form|regular expressions for dates|captions for a photo of a bridge""")
_NUMERALS = {"2": 2, "3": 3, "4": 4, "5": 5, "6": 6, "8": 8, "10": 10, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_ASKED = ("What is {}?", "What is meant by {}?", "How would you explain {}?", "Why do people care about {}?", "How does {} work?")
_EXERCISES = (
    *("Prove that {} is a prime", "Find the divisors of {}", "Write {} in binary"),
    *("Implement {} in C", "Explain {}", "Define {}"),
)
_SENTENCES = _listed("""The job has finished|Please restart your computer|Where is the station|The file could not be found
I would like to change my booking|The meeting starts at noon|Your password has expired|We are closed on Sundays
Nobody answered the phone|The server is out of memory""")

_Maker = Callable[[random.Random], Parts]


def plain_prompts(count: int = COUNT, seed: int = 0) -> list[Labelled]:
    """``count`` requests, half of them with several items, the same for the same seed."""
    chance = random.Random(seed)
    made = (_several(chance) if number % 2 else _whole(chance) for number in range(count))
    return [replace(one, source=f"{SOURCE}-{number // 2 % _SOURCES}") for number, one in enumerate(made)]


def _whole(chance: random.Random) -> Labelled:
    return _of_code(plain_code.whole(chance)) if chance.random() < _WITH_CODE else _labelled(chance.choice(_WHOLE)(chance))


def _of_code(found: plain_code.OfCode) -> Labelled:
    return Labelled(SOURCE, found.prompt, found.files, len(found.items) > 1, found.items, is_known=True)


def _several(chance: random.Random) -> Labelled:
    if chance.random() < _WITH_CODE:
        return _of_code(plain_code.several(chance))
    if chance.random() < _COUNTED:
        return _labelled(*chance.choice((_number, plain_languages.number))(chance))
    return _labelled(chance.choice(_SEVERAL)(chance))


def _labelled(parts: Parts, times: int = 1) -> Labelled:
    """``times``: how many items a numeral stands for."""
    text, items = "", list[Place]()
    for piece, is_item in parts:
        start = len(text.encode())
        text += piece
        if is_item:
            items += [Place(None, start, len(text.encode()))] * times
    return Labelled(SOURCE, text, {}, len(items) > 1, tuple(items), is_known=True)


def _series(chance: random.Random, items: Sequence[str]) -> Parts:
    """Items as a list of lines or within the sentence."""
    style = chance.choice(("comma", "comma", "number", "dash", "star", "bracket", "lines"))
    if style == "comma":
        gaps = [", "] * (len(items) - 2) + [chance.choice((" and ", ", and "))]
        return [(" ", False), *(p for one, gap in zip(items, [*gaps, "."], strict=True) for p in ((one, True), (gap, False)))]
    marks = {"number": "{}. ", "dash": "- ", "star": "* ", "bracket": "{}) ", "lines": ""}[style]
    lines = [part for number, one in enumerate(items, 1) for part in (("\n" + marks.format(number), False), (one, True))]
    return [(":\n" if chance.random() < 0.3 else ":", False), *lines]


def _functions(chance: random.Random) -> Parts:
    lead = chance.choice(
        (
            "Implement the following functions in {}",
            "Write these functions in {}",
            "Please implement in {}",
            "Write in {}",
            "I need {} implementations of",
            "Implement",
            "Could you write",
            "Schreib mir in {}",
        )
    ).format(chance.choice(_LANGUAGES))
    return [(lead, False), *_series(chance, chance.sample(_NAMES, chance.randint(2, 5)))]


def _topics(chance: random.Random) -> Parts:
    lead = chance.choice(
        (
            "Explain",
            "Please explain",
            "Explain in one sentence each",
            "Define",
            "Describe briefly",
            "Give me a short explanation of",
            "Write a paragraph each about",
            "Erkläre mir",
            "Tell me about",
        )
    )
    return [(lead, False), *_series(chance, chance.sample(_TOPICS, chance.randint(2, 5)))]


def _number(chance: random.Random) -> tuple[Parts, int]:
    lead = chance.choice(("Give me ", "generate ", "Write ", "I need ", "Suggest ", "Come up with ", "write me ", ""))
    numeral, count = chance.choice(list(_NUMERALS.items()))
    return [(lead, False), (numeral, True), (f" {chance.choice(_THINGS)}{chance.choice(('', '.', ' please'))}", False)], count


def _questions(chance: random.Random) -> Parts:
    topics = chance.sample(_TOPICS, chance.choice((2, 2, 3, 4)))
    asked = [chance.choice(_ASKED).format(topic) for topic in topics]
    lead = chance.choice(("", "", "", "Two questions. ", "Some questions: ", "Hi! ", "Quick ones: ")) if len(topics) == 2 else ""
    found: Parts = [(lead, False), (asked[0], True)]
    for one in asked[1:]:
        gap = chance.choice((" ", " ", " And ", "\n"))
        found += [(gap, False), (one[0].lower() + one[1:] if gap == " And " else one, True)]
    return found


def _labels(chance: random.Random) -> Parts:
    """ "Exercise A. Prove ...": each behind a label of its own."""
    label = chance.choice(("Exercise {}. ", "Task {}: ", "Question {}: ", "Problem {}) ", "Part {}: ", "Q{}: ", "Aufgabe {}: "))
    signs = chance.choice(("12345", "ABCDE", "abcde"))
    found = Parts()
    for sign in signs[: chance.randint(2, 4)]:
        wish = chance.choice(_EXERCISES)
        found += [(label.format(sign), False), (wish.format(_filling(wish, chance)), True), (".\n", False)]
    return found


def _filling(wish: str, chance: random.Random) -> str:
    if "Implement" in wish:
        return chance.choice(_NAMES)
    return chance.choice(_TOPICS) if wish.startswith(("Explain", "Define")) else str(chance.randint(2, 300))


def _terms(chance: random.Random) -> Parts:
    """Lines in great number, or with names that say nothing."""
    lead = chance.choice(
        ("Explain each of these terms", "Define", "Explain the following", "Write a line about each", "Translate to French")
    )
    count = chance.randint(5, 16) if chance.random() < _MANY else chance.randint(2, 5)
    word = chance.choice(("term", "item", "topic", "word", "question"))
    named = chance.random() < _NAMELESS
    lines = [f"{word} {number}" for number in range(count)] if named else chance.sample(_TOPICS, count)
    mark = chance.choice(("- ", "* ", "{}. ", "{}) "))
    return [(f"{lead}:", False), *(p for n, one in enumerate(lines, 1) for p in ((f"\n{mark.format(n)}", False), (one, True)))]


def _clauses(chance: random.Random) -> Parts:
    """ "Explain why ... and how ...": one verb over two clauses."""
    topic, other = chance.sample(_TOPICS, 2)
    first = chance.choice(("why {} matters", "what {} means", "when one needs {}", "where {} comes from")).format(topic)
    second = chance.choice(("how to debug {}", "how {} works", "what to read about {}", "who invented {}")).format(other)
    before = chance.choice(("", "", "I am writing our FAQ. ", "Hello! ", "For my notes: "))
    lead = chance.choice(("Explain ", "Please explain ", "Tell me ", "Describe "))
    return [(before + lead, False), (first, True), (chance.choice((" and ", ", and ")), False), (second, True), (".", False)]


def _sentences(chance: random.Random) -> Parts:
    lead = chance.choice(
        ("Translate to German", "Translate these sentences into Spanish", "Put into French", "Correct these sentences")
    )
    lines = chance.sample(_SENTENCES, chance.randint(2, 5))
    mark = chance.choice(("- ", "{}. ", "* "))
    return [(f"{lead}:", False), *(p for n, one in enumerate(lines, 1) for p in ((f"\n{mark.format(n)}", False), (one, True)))]


def _wishes(chance: random.Random) -> Parts:
    first, second = chance.sample(_TOPICS, 2)
    one = chance.choice(("explain {}", "write a short text about {}", "give me an example of {}", "write a poem")).format(first)
    numbered = (
        "list three books about {}",
        "name three cities",
        "suggest five names for a course on {}",
        "tell me two jokes about {}",
    )
    other = chance.choice(("write a haiku about {}", "draft a slide on {}", *numbered)).format(second)
    if chance.random() < _TURNED:
        one, other = other, one
    gap = chance.choice((", and ", ". Also ", "; ", " and "))
    lead = chance.choice(("", "Please ", "Could you "))
    return [(lead, False), (one, True), (gap, False), (other, True), (".", False)]


def _prototypes(chance: random.Random) -> Parts:
    names = chance.sample(_NAMES, chance.randint(2, 4))
    protos = [
        chance.choice(("int {}(int n)", "double {}(const double *x, int n)", "void {}(char *s)")).format(name) for name in names
    ]
    lead = chance.choice(("Implement these:", "Please write:", "Write these C functions:"))
    return [(f"{lead}\n\n", False), *(part for one in protos for part in ((one, True), (";\n", False)))]


def _one_function(chance: random.Random) -> Parts:
    name, language = chance.choice(_NAMES), chance.choice(_LANGUAGES)
    wishes = (
        "it must not allocate",
        "no recursion",
        "handle empty input",
        "return -1 on error",
        "add a docstring",
        "use const",
        "O(n) time",
    )
    chosen = chance.sample(wishes, chance.randint(2, 4))
    joined = chance.choice((", ".join(chosen), "\n- " + "\n- ".join(chosen), "\n1. " + "\n2. ".join(chosen[:2])))
    return [
        (f"{chance.choice(('Write', 'Implement', 'I need'))} {name} in {language}{chance.choice((': ', '. '))}{joined}", False)
    ]


def _one_topic(chance: random.Random) -> Parts:
    topic = chance.choice(_TOPICS)
    asked = (
        "Explain {}.",
        "What is {}?",
        "Write an essay about {} with an introduction, three arguments and a conclusion.",
        "How does one debug {}?",
    )
    return [
        (chance.choice((*asked, "Why is my program slow because of {}?", "Summarise {} for beginners.")).format(topic), False)
    ]


def _compared(chance: random.Random) -> Parts:
    asked = (
        "Compare {}, {} and {}.",
        "What is the difference between {} and {}?",
        "Which is harder: {}, {} or {}?",
        "How do {} and {} relate?",
    )
    return [(chance.choice(asked).format(*chance.sample(_TOPICS, 3)), False)]


def _in_turn(chance: random.Random) -> Parts:
    asked = (
        "Write {} in C, then test it, and then make it faster.",
        "Implement {}. Then write a benchmark for it.",
        "Explain {1}, then turn that into a quiz.",
    )
    return [(chance.choice(asked).format(chance.choice(_NAMES), chance.choice(_TOPICS)), False)]


def _data(chance: random.Random) -> Parts:
    words = chance.sample(_NAMES, chance.randint(3, 6))
    asked = (
        "Sort this list",
        "Which of these names is misleading",
        "Turn this into a JSON array",
        "Make one story out of these words",
        "Find the duplicates",
    )
    return [(f"{chance.choice(asked)}:\n- " + "\n- ".join(words), False)]


def _with_numbers(chance: random.Random) -> Parts:
    asked = (
        "Explain what happens with {} ranks on {} nodes.",
        "Write a program that uses {} threads and prints {} lines.",
        "Write a poem of {} verses with {} lines each.",
        "My job with {} tasks hangs after {} iterations, why?",
        "Write a story about {} dogs and {} cats.",
    )
    return [(chance.choice(asked).format(*chance.sample(list(_NUMERALS), 2)), False)]


def _one_story(chance: random.Random) -> Parts:
    first, second, third = chance.sample(("a cat", "a dog", "a mouse", "a baker", "a robot", "an old sailor", "a dragon"), 3)
    return [(f"{chance.choice(('Write a story about', 'Tell me a tale of', 'Draw'))} {first}, {second} and {third}.", False)]


_COUNTED = 0.12
_WITH_CODE = 0.3
_TURNED = 0.3
_MANY = 0.4
_NAMELESS = 0.3
_IN_OTHERS = (
    *(plain_languages.series, plain_languages.lines, plain_languages.questions, plain_languages.wishes),
    *(plain_languages.works, plain_languages.numbered),
)
_ENGLISH = (
    _functions,
    _functions,
    _topics,
    _topics,
    _questions,
    _questions,
    _labels,
    _sentences,
    _wishes,
    _prototypes,
    _terms,
    _clauses,
)
_SHORT = (
    plain_short.numbered,
    plain_short.works,
    plain_short.algorithms,
    plain_short.targets,
    plain_short.acts,
    plain_short.acts,
    plain_short.questions,
)
_SEVERAL: tuple[_Maker, ...] = (*_ENGLISH, *_IN_OTHERS, *_SHORT)
_WHOLE: tuple[_Maker, ...] = (
    *(_one_function, _one_function, _one_topic, _compared, _in_turn, _data, _with_numbers, _one_story),
    *(plain_languages.whole, plain_languages.whole, plain_short.whole, plain_short.whole),
)
