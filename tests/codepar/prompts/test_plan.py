from __future__ import annotations

import pytest

from codepar.errors import InvalidInput, Unsupported
from codepar.prompts.ask import fill
from codepar.prompts.extract import extract
from codepar.prompts.items import Decomposition, Edge, EdgeKind, Item
from codepar.prompts.part_wording import fenced
from codepar.prompts.plan import plan_of
from codepar.prompts.published import PublishedRow, published
from codepar.prompts.validate import Fault, validate
from codepar.prompts.wording import shared_beginning

CODE = """```c
#include <math.h>
double norm(double x)
{
    return sqrt(x * x);
}
double unit(double x)
{
    return x / norm(x);
}
```"""
PROMPT = f"Translate these two functions to Fortran {{quickly}}.\n{CODE}"


def of_words(prompt: str, *texts: str, edges: tuple[Edge, ...] = (), template: str = "{data}") -> Decomposition:
    """A decomposition as a model might name it."""
    data = prompt.encode()
    spans = [(data.find(text.encode()), data.find(text.encode()) + len(text.encode())) for text in texts]
    items = tuple(Item(id=str(n), text=t, span=s) for n, (t, s) in enumerate(zip(texts, spans, strict=True), 1))
    return Decomposition(split=True, reason="", items=items, edges=edges, template=template)


def test_caller_and_callee_run_in_one_wave_by_contract():
    plan = plan_of(extract(PROMPT, {}), PROMPT, {})
    assert plan.waves == (("1", "2"),)
    assert "double norm(double x);" in plan.contract
    assert "unit" not in plan.contract
    assert all(step.prompt.startswith(plan.contract) for step in plan.steps)


def test_a_step_holds_the_wish_the_context_and_one_item():
    first, second = plan_of(extract(PROMPT, {}), PROMPT, {}).steps
    for step, own, other in (
        (first, "return sqrt(x * x)", "return x / norm(x)"),
        (second, "return x / norm(x)", "return sqrt(x * x)"),
    ):
        assert "Fortran {quickly}." in step.prompt
        assert "#include <math.h>" in step.prompt
        assert own in step.prompt
        assert other not in step.prompt


def test_steps_share_their_beginning_up_to_the_item():
    first, second = (step.prompt for step in plan_of(extract(PROMPT, {}), PROMPT, {}).steps)
    before = first.index("double norm(double x)\n")
    assert first[:before] == second[:before]


@pytest.mark.usefixtures("rules_alone")
def test_answers_that_are_input_make_later_waves():
    prompt = "- Write a CSV reader\n- Write a JSON writer\n- Benchmark both of the above"
    plan = plan_of(extract(prompt, {}), prompt, {})
    assert plan.waves == (("1", "2"), ("3",))
    assert plan.steps[2].needs == ("1", "2")


def test_counted_answers_are_told_apart():
    prompt = "Give me 3 names for a cat"
    prompts = [step.prompt for step in plan_of(extract(prompt, {}), prompt, {}).steps]
    assert len(set(prompts)) == 3


def test_the_closing_wish_is_kept_in_the_words_of_the_request():
    prompt = f"Review each function and at the end give a summary table of all findings.\n{CODE}"
    reduce = plan_of(extract(prompt, {}), prompt, {}).reduce
    assert reduce is not None
    assert "summary table of all findings" in reduce


def test_a_whole_request_has_no_plan_and_no_row():
    found = extract("Explain MPI.", {})
    with pytest.raises(InvalidInput, match="stays whole"):
        plan_of(found, "Explain MPI.", {})
    with pytest.raises(Unsupported, match="stays whole"):
        published(found, "Explain MPI.")


def test_rows_of_the_published_schema():
    prompt = "Give me 5 ideas for a talk"
    row = published(extract(prompt, {}), prompt)
    assert (row.n, row.data, row.category, row.serial) == (5, None, "Repeated Generation", prompt)
    prompt = 'Translate "good evening" and "good night" to Russian'
    row = published(extract(prompt, {}), prompt)
    assert row.data == ("good evening", "good night")
    assert fill(row.template, "x") == 'Translate "x" to Russian'
    assert row.validation_tier in {"high", "medium", "low"}


def test_the_published_integrity_rule_is_kept():
    with pytest.raises(ValueError, match="either"):
        PublishedRow(template="{data}", data=("a", "b"), n=2, category="x", serial="s", validation_tier="low")
    with pytest.raises(ValueError, match="data"):
        PublishedRow(template="nothing", data=("a", "b"), category="x", serial="s", validation_tier="low")


@pytest.mark.usefixtures("rules_alone")
def test_parts_that_wait_have_no_row():
    prompt = "- Write a CSV reader\n- Write a JSON writer\n- Benchmark both of the above"
    with pytest.raises(Unsupported, match="wait"):
        published(extract(prompt, {}), prompt)


def test_items_that_are_not_in_the_request_are_found():
    found = of_words("Explain foo and bar", "foo", "bar", template="Explain {data}")
    assert validate(found, "Explain foo and bar", {}) == ()
    assert [f.fault for f in validate(found, "Explain cat and dog", {}) if f.fault is Fault.UNGROUNDED] == [Fault.UNGROUNDED] * 2


def test_lost_words_are_found():
    prompt = "Explain alpha and beta, in no two with the same example"
    lost = validate(of_words(prompt, "alpha", "beta", template="Explain {data}"), prompt, {})
    assert [finding.fault for finding in lost] == [Fault.LOST]
    assert "example" in lost[0].message


def test_items_that_wait_for_each_other_are_found():
    edges = (Edge(from_="1", to="2", kind=EdgeKind.BODY), Edge(from_="2", to="1", kind=EdgeKind.BODY))
    found = of_words("a; b", "a", "b", edges=edges)
    assert Fault.CYCLE in {finding.fault for finding in validate(found, "a; b", {})}
    with pytest.raises(InvalidInput, match="wait"):
        plan_of(found, "a; b", {})


def test_overlapping_items_are_found():
    found = of_words("explain abcd", "abc", "bcd", template="explain {data}")
    assert Fault.OVERLAP in {finding.fault for finding in validate(found, "explain abcd", {})}


def test_a_piece_of_code_is_asked_for_by_name_behind_what_all_share():
    code = "int f(int a)\n{\n    return a;\n}\n\nint g(int a)\n{\n    return -a;\n}\n\nint h(int a)\n{\n    return 0;\n}\n"
    prompt = "Optimize f and h in k.c."
    plan = plan_of(extract(prompt, {"k.c": code}), prompt, {"k.c": code})
    first, last = (step.prompt for step in plan.steps)
    shared = shared_beginning(plan)
    assert "int g(int a)" in shared
    assert "answered one by one" in shared
    assert "int h" not in first
    assert "int f" not in last
    assert first.endswith("repeat no other code.")
    assert "`f` alone" in first.splitlines()[-1]
    assert "`h` alone" in last.splitlines()[-1]


def test_code_with_fences_stands_in_a_longer_one():
    assert fenced("a\n```\nb\n", "c") == "````c\na\n```\nb\n````"
    assert fenced("a\n", "") == "```\na\n```"
