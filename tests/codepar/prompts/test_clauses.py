"""Clauses of running text: where they are cut, how they begin, and which of them begin a wish."""

from __future__ import annotations

import pytest

from codepar.prompts.clause_features import Before, Setting, features_of, language_of
from codepar.prompts.clause_model import Weights, load_weights, wishes_in
from codepar.prompts.clauses import Clause, clauses_of
from codepar.prompts.discourse import Discourse
from codepar.prompts.extract import extract
from codepar.prompts.heads import Head
from codepar.prompts.items import Refusal
from codepar.prompts.request import Request

CODE = "double mean(const double *x, int n) { return x[0] / n; }\nint least(const int *x, int n) { return x[n - 1]; }\n"


def clauses(text: str) -> list[Clause]:
    return clauses_of(Discourse(Request(text, {})))


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("Write a limerick.", Head.VERB),
        ("Pulverise the cache lines.", Head.UNKNOWN_VERB),
        ("What is a halo?", Head.QUESTION),
        ("I need a Makefile.", Head.NEED),
        ("A recipe for soup.", Head.THING),
        ("The manual lacks an index.", Head.LACK),
        ("Keep it short.", Head.DETAIL),
        ("In dieser Liste fehlt ein Eintrag.", Head.LACK),
        ("解释一下死锁。", Head.HAN_VERB),
        ("次の語を英語でお願いします。", Head.HAN_POLITE),
    ],
)
def test_a_head(text: str, head: Head):
    assert clauses(text)[0].head is head


def test_leads_belong_to_no_wish():
    (clause,) = clauses("Oh, and could you also explain tiling?")
    assert (clause.text, clause.cut) == ("explain tiling?", "S")


def test_a_place_goes_with_its_question_and_not_before_a_colon():
    assert clauses("In Slurm, how do I cancel a job?")[0].text.startswith("how do I")
    assert clauses("In Slurm, how do I cancel a job?")[0].start == 0
    assert clauses("For Monday: write the agenda.")[0].start == len("For Monday: ")


def test_quotes_and_parentheses_are_not_cut():
    assert len(clauses('Translate "go, stop, and wait" (twice, please).')) == 1


def test_the_language():
    texts = ("Write a test.", "Schreib mir bitte ein Skript und die Doku.", "Escribe un script para la clase de los lunes.")
    assert [language_of(text) for text in (*texts, "Напиши тест", "写一个测试", "テストを書いて")] == [
        "en",
        "de",
        "es",
        "ru",
        "zh",
        "ja",
    ]


def test_what_points_back_is_a_feature():
    found = clauses("Write a parser, then test it.")
    discourse = Discourse(Request("Write a parser, then test it.", {}))
    features = features_of(found[-1], Before(found[0], True, 1, 0), Setting(discourse, found))
    assert {"back=True", "L=verb", "lead=then"} <= features


def test_without_weights_nothing_begins():
    text = "Write a limerick. Explain tiling."
    discourse, found = Discourse(Request(text, {})), clauses(text)
    assert wishes_in(found, Setting(discourse, found), Weights({}, 0.0, 0.0)) == []
    assert len(wishes_in(found, Setting(discourse, found), load_weights())) == len(found)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        (
            "the man page lacks --quiet, the bash completion doesn't know -n, and there's no test for an empty input.",
            ["the man page lacks --quiet", "the bash completion doesn't know -n", "there's no test for an empty input"],
        ),
        (
            "How does git bisect work? Also, what is a reflog?",
            ["How does git bisect work?", "what is a reflog?"],
        ),
        (
            "Напиши объявление о профилактике, придумай название для кластера.",
            ["Напиши объявление о профилактике", "придумай название для кластера"],
        ),
    ],
)
def test_wishes(text: str, items: list[str]):
    assert [item.text for item in extract(text, {}).items] == items


@pytest.mark.usefixtures("rules_alone")
def test_two_wishes_about_code():
    found = extract(f"Explain what mean does, port least to Rust.\n```c\n{CODE}```", {})
    assert [item.text for item in found.items] == ["Explain what mean does", "port least to Rust"]


@pytest.mark.parametrize(
    "text",
    [
        "First write a lexer. Then write a parser that uses it. Finally write an evaluator on top of it.",
        "My script is slow. It reads a csv, drops rows and plots. What would you change?",
        f"How do these functions relate to each other?\n```c\n{CODE}```",
        f"Is any of these functions thread-safe?\n```c\n{CODE}```",
        "Could you turn these points into a friendly mail?\n\n* no logins from 8 to 12\n* please save your work",
        "I want a tiny library, single header. Wishlist:\n\n* no RTTI\n* 32 bit handles\n* under 300 lines",
    ],
)
def test_stays_whole(text: str):
    assert not extract(text, {}).split


FILES = {"a.c": "int main(void) { return 0; }\n", "b.c": "int main(void) { return 1; }\n"}


@pytest.mark.parametrize(
    "text",
    [
        "Add the missing MPI calls to each of these files.",
        "Complete the MPI calls in each of these files",
        "Insert the missing MPI calls in a.c and b.c.",
        "parallelize all of them with mpi",
        "Bring the attached programs to MPI, one after the other is fine.",
    ],
)
def test_requests_of_the_product(text: str):
    assert [item.file for item in extract(text, FILES).items] == ["a.c", "b.c"]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("SSE versions by hand for these, tails included.", 2),
        ("These 2 functions eat half of the frame. AVX intrinsics pls", 2),
        ("mean should become a template. Same for least.", 2),
        ("least and mean are fine as they are. Explain what a template is.", 0),
        ("Everything in this file should use float.", 2),
    ],
)
def test_pieces_of_code(text: str, count: int):
    assert len(extract(f"{text}\n```c\n{CODE}```", {}).items) == count


def test_rows_by_the_heading_of_their_column():
    table = "| alert | level |\n|---|---|\n| DiskFull | high |\n| NodeDown | low |\n"
    assert [item.text for item in extract(f"A sentence of advice for each alert please:\n\n{table}", {}).items] == [
        "DiskFull | high",
        "NodeDown | low",
    ]


def test_a_constraint_among_the_requirements():
    text = "Please write three questions on OpenMP. Requirements:\n\n1. Their points must add up to 30.\n2. Each is short."
    assert extract(text, {}).refusal is Refusal.CONSTRAINT


def test_a_byte_order_mark_is_no_letter():
    text = "\ufeffExplain mutexes, semaphores and barriers."
    assert [item.text for item in extract(text, {}).items] == ["mutexes", "semaphores", "barriers"]


@pytest.mark.usefixtures("rules_alone")
def test_labels_of_any_word():
    text = "Answer in one sentence for each passage: who complains?\n\nPassage A: The queue is long.\n\nPassage B: It is loud."
    assert [item.text for item in extract(text, {}).items] == ["The queue is long", "It is loud"]


@pytest.mark.parametrize("first", range(10))
def test_a_score_is_the_same_in_whatever_order_the_features_come(first: int):
    discourse = Discourse(Request("Explain what a halo is.", {}))
    found = clauses_of(discourse)
    setting = Setting(discourse, found)
    features = sorted(features_of(found[0], Before(), setting))
    # Added up from left to right, one of them is lost between two large ones in four orders of six.
    large, one, opposite = features[first : first + 3]
    weights = Weights({large: 1e16, one: 1.0, opposite: -1e16}, 0.5, 0.5)
    assert [begun.score for begun in wishes_in(found, setting, weights)] == [1.0]
