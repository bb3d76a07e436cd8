"""Requests of several tasks from end to end: the real compilers and the real capabilities, a model that says what it is told.

What no engine does on demand (fail for one part, for all, hang) a prepared one does here.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence

import pytest
from pydantic import ValidationError

from codepar.errors import EngineUnavailable, InvalidInput
from codepar.flows.decompose import decompose
from codepar.flows.decompose_request import DecompositionRequest
from codepar.flows.decompose_result import Capability
from codepar.flows.registry import FLOWS
from codepar.jobs import JobKind
from codepar.prompts.items import Refusal
from codepar.prompts.merged import FindingKind, Form
from codepar.protocols import Capabilities, Chunk, Generation, Prompt, Sampling, SilentProgress

C = """#include <math.h>

double norm(double x)
{
    return sqrt(x * x);
}

double unit(double x)
{
    return x / norm(x);
}

double twice(double x)
{
    return x + x;
}
"""
FILES = {"k.c": C}
OPTIMIZE = "Optimize each of the functions in k.c."


class Knowing:
    """A ``Generator`` whose answers depend on what it is asked; an exception as answer is raised. It remembers all requests."""

    def __init__(self, answer: Callable[[str, int], str | Exception]) -> None:
        self._answer = answer
        self.asked: list[str] = []

    async def capabilities(self) -> Capabilities:
        return Capabilities(model="knowing", backend="test", context_tokens=32_768, chat=True)

    async def complete(self, prompt: Prompt, sampling: Sampling) -> Generation:
        assert prompt.messages is not None
        text = "\n\n".join(message.content for message in prompt.messages)
        self.asked.append(text)
        answer = self._answer(text, len(self.asked))
        await asyncio.sleep(0)
        if isinstance(answer, Exception):
            raise answer
        return Generation(text=answer, finish_reason="stop", prompt_tokens=10, completion_tokens=5, model="knowing")

    async def stream(self, prompt: Prompt, sampling: Sampling) -> AsyncIterator[Chunk]:
        generation = await self.complete(prompt, sampling)
        yield Chunk(text=generation.text)
        yield Chunk(text="", generation=generation)

    async def batch(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Generation]:
        return [await self.complete(prompt, sampling) for prompt in prompts]

    async def score(self, prompt: Prompt, choices: Sequence[str]) -> list[float]:
        return [0.0 for _ in choices]

    async def count_tokens(self, text: str) -> int:
        return len(text) // 4

    async def close(self) -> None:
        return None


def code(text):
    return f"```c\n{text}\n```"


def by_item(answers, default="Nothing."):
    """The answer whose key stands last in what is asked: behind the shared beginning comes the item."""

    def answer(text, _turn):
        places = {text.rfind(key): said for key, said in answers.items() if key in text}
        return places[max(places)] if places else default

    return answer


GOOD = {
    "double norm(double x)\n{": code("double norm(double x)\n{\n    return fabs(x);\n}"),
    "double unit(double x)\n{": code("double unit(double x)\n{\n    return copysign(1.0, x);\n}"),
    "double twice(double x)\n{": code("double twice(double x)\n{\n    return 2 * x;\n}"),
}


def request(prompt, files=None, **options):
    return DecompositionRequest.model_validate({"prompt": prompt, "files": files or {}, "options": {"run": True, **options}})


def answered(asked, generator, executor, settings, **more):
    return asyncio.run(decompose(asked, generator, executor, SilentProgress(), settings, **more))


def test_without_run_the_plan_is_the_answer(flow_settings):
    asked = DecompositionRequest(prompt=OPTIMIZE, files=FILES)
    result = answered(asked, None, None, flow_settings)
    dumped = result.model_dump(mode="json", by_alias=True)
    wanted = {"split", "reason", "items", "edges", "template", "context", "category", "tier", "predicted"}
    assert wanted <= dumped.keys()
    assert result.mode == "plan"
    assert [step.item for step in result.steps] == ["1", "2", "3"]
    assert result.predicted is not None
    assert dumped["edges"][0]["from"] == "1"


def test_the_parts_are_answered_compiled_and_spliced_in_order(flow_settings, boxed, tmp_path):
    heard = []

    async def hear(item):
        heard.append(item.id)

    result = answered(request(OPTIMIZE, FILES, split="always"), Knowing(by_item(GOOD)), boxed, flow_settings, on_item=hear)
    assert heard == ["1", "2", "3"]
    assert [(one.ok, one.compiled, one.form) for one in result.answers] == [(True, True, Form.SPLICED)] * 3
    assert result.compiled is True
    assert result.is_complete
    text = result.files["k.c"]
    assert [text.count(one) for one in ("fabs", "copysign", "2 * x", "sqrt", "#include")] == [1, 1, 1, 0, 1]
    (tmp_path / "k.c").write_text(C)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=result.patch, text=True, check=True)
    assert (tmp_path / "k.c").read_text() == text
    assert result.text.index("`norm`") < result.text.index("`unit`") < result.text.index("`twice`")


def test_code_that_does_not_compile_is_asked_again_with_the_error(flow_settings, boxed):
    seen = []

    def answer(text, turn):
        if "double unit(double x)\n{" in text.rsplit("\n\n```", 1)[-1] or "unit" in text[-400:]:
            seen.append(text)
            if "undeclared" not in text:
                return code("double unit(double x)\n{\n    return missing_thing / x;\n}")
        return by_item(GOOD)(text, turn)

    result = answered(request(OPTIMIZE, FILES, split="always"), Knowing(answer), boxed, flow_settings)
    unit = result.answers[1]
    assert (unit.ok, unit.rung, unit.attempts) == (True, "retry", 2)
    assert "missing_thing" in seen[-1]
    assert "copysign" in result.files["k.c"]


def test_one_part_that_never_succeeds_loses_no_other_and_is_named(flow_settings, boxed):
    bad = {**GOOD, "double unit(double x)\n{": "I cannot do that."}
    model = Knowing(by_item(bad, "Still not."))
    result = answered(request(OPTIMIZE, FILES, split="always"), model, boxed, flow_settings)
    assert result.missing == ("2",)
    assert [one.ok for one in result.answers] == [True, False, True]
    assert "does not define" in result.answers[1].why or "no code" in result.answers[1].why
    assert "x / norm(x)" in result.files["k.c"]
    assert "fabs" in result.files["k.c"]
    assert not result.is_complete
    assert "No accepted answer" in result.text


def test_the_last_rung_takes_a_part_from_the_answer_to_the_whole_request(flow_settings, boxed):
    good = by_item(GOOD)

    def answer(text, turn):
        if text.startswith(OPTIMIZE) and all(name in text for name in ("norm(double x)\n{", "unit(double x)\n{", "twice(double")):
            return "\n".join(GOOD.values())
        return "No." if "double unit(double x)\n{" in text[-300:] or "No." in text else good(text, turn)

    result = answered(request(OPTIMIZE, FILES, split="always", repair=1), Knowing(answer), boxed, flow_settings)
    assert [one.rung for one in result.answers] == ["first", "serial", "first"]
    assert not result.missing
    assert "copysign" in result.files["k.c"]


def test_an_engine_that_fails_for_all_says_so_once(flow_settings, boxed):
    model = Knowing(lambda _text, _turn: EngineUnavailable("the engine is on fire"))
    with pytest.raises(EngineUnavailable, match="on fire") as caught:
        answered(request(OPTIMIZE, FILES, split="always", repair=0), model, boxed, flow_settings)
    assert str(caught.value).count("on fire") == 1


def test_an_engine_that_fails_for_one_keeps_the_rest(flow_settings, boxed):
    def answer(text, turn):
        failing = EngineUnavailable("the engine tripped")
        return failing if "double twice(double x)\n{" in text[-200:] else by_item(GOOD)(text, turn)

    result = answered(request(OPTIMIZE, FILES, split="always", repair=0), Knowing(answer), boxed, flow_settings)
    assert result.missing == ("3",)
    assert "tripped" in result.answers[2].why
    assert "fabs" in result.files["k.c"]


def test_requests_that_fail_are_counted(flow_settings):
    model = Knowing(lambda text, turn: EngineUnavailable("the engine tripped") if "barriers" in text else "Yes.")
    asked = request("Explain mutexes, semaphores and barriers.", split="always", repair=1)
    result = answered(asked, model, None, flow_settings)
    assert result.cost.requests == len(model.asked) == 5  # two answers, one asked twice, and the whole request


def test_an_engine_that_calls_all_requests_wrong_is_no_engine_that_is_away(flow_settings):
    model = Knowing(lambda _text, _turn: InvalidInput("the prompt is longer than the context"))
    with pytest.raises(InvalidInput, match="longer than the context"):
        answered(request("Explain mutexes, semaphores and barriers.", split="always"), model, None, flow_settings)


def test_an_empty_answer_to_the_whole_request_is_not_shown(flow_settings):
    model = Knowing(lambda text, _turn: "" if "barriers" in text else "Yes.")
    result = answered(request("Explain mutexes, semaphores and barriers.", split="always"), model, None, flow_settings)
    assert result.missing == ("3",)
    assert "as a whole" not in result.text


OLD_PYTHON = "def a(x):\n    print 'hi', x\n\n\ndef b(x):\n    print x\n"


@pytest.mark.parametrize("source", [OLD_PYTHON, "\ufeff" + OLD_PYTHON.replace("'hi', x", "(x)").replace("print x", "print(x)")])
def test_python_that_could_not_be_parsed_before_is_not_held_against_an_answer(flow_settings, boxed, source):
    def answer(text, _turn):
        name = text.rsplit("def ", 1)[-1][0]
        return f"```python\ndef {name}(x):\n    print({{'{name}': x}})\n```"

    asked = request("Optimize each of the functions in k.py.", {"k.py": source}, split="always")
    result = answered(asked, Knowing(answer), boxed, flow_settings)
    assert not result.missing, [one.why for one in result.answers]
    assert [one.attempts for one in result.answers] == [1, 1]
    assert "print({'b': x})" in result.files["k.py"]


def test_what_stays_as_it_was_is_not_said_to_fail(flow_settings, boxed):
    broken = code("double twice(double x)\n{\n    return undeclared;\n}")

    def answer(text, turn):
        whole = "Parts of this request" not in text
        return code(C) if whole else broken if "double twice(double x)\n{" in text[-300:] else by_item(GOOD)(text, turn)

    result = answered(request(OPTIMIZE, FILES, split="always", repair=1), Knowing(answer), boxed, flow_settings)
    assert (result.answers[2].rung, result.answers[2].compiled) == ("serial", None)


def test_a_byte_order_mark_does_not_keep_a_translation_from_its_verdict(flow_settings, boxed):
    loops = "void scale(int n, float *x) {\n    for (int i = 0; i < n; i++)\n        x[i] = 2 * x[i];\n}\n"
    files = {"v.c": "\ufeff" + loops + loops.replace("scale", "shift").replace("2 *", "2 +")}
    result = answered(request("Translate both functions to OpenMP", files), None, boxed, flow_settings)
    assert [one.verified for one in result.answers] == [True, True], [one.why for one in result.answers]


def test_a_file_with_fences_of_its_own_is_shown_whole(flow_settings):
    model = Knowing(lambda _text, _turn: "It runs.")
    answered(request("What does this do?", {"a.md": "Run:\n```\nmake\n```\nThen go.\n"}), model, None, flow_settings)
    assert "````\nRun:" in model.asked[0]


def test_the_time_of_a_plan_holds_that_of_reading(flow_settings):
    result = answered(DecompositionRequest(prompt="Explain mutexes, semaphores and barriers."), None, None, flow_settings)
    assert result.cost.wall_s >= result.cost.extract_s > 0


def test_a_part_whose_time_is_up_says_what_to_give_and_costs_no_more(flow_settings):
    class Slow(Knowing):
        async def stream(self, prompt, sampling):
            async for chunk in super().stream(prompt, sampling):
                late = "barriers" in prompt.messages[-1].content and chunk.generation is not None
                if not late:
                    yield chunk
                    continue
                await asyncio.sleep(sampling.budget_s)
                yield Chunk(text="", generation=chunk.generation.model_copy(update={"finish_reason": "budget"}))

    model = Slow(lambda _text, _turn: "Yes.")
    asked = request("Explain mutexes, semaphores and barriers.", split="always", item_budget_s=0.2)
    result = answered(asked, model, None, flow_settings)
    assert result.missing == ("3",)
    assert "item_budget_s" in result.answers[2].why
    assert len(model.asked) == 3


def test_a_part_that_is_cut_off_says_what_to_give_but_not_to_the_model(flow_settings):
    class Short(Knowing):
        async def complete(self, prompt, sampling):
            generation = await super().complete(prompt, sampling)
            cut = "barriers" in prompt.messages[-1].content
            return generation.model_copy(update={"finish_reason": "length"}) if cut else generation

    model = Short(lambda _text, _turn: "Yes.")
    result = answered(request("Explain mutexes, semaphores and barriers.", split="always"), model, None, flow_settings)
    assert "cut off" in result.answers[2].why
    assert "max_tokens" in result.answers[2].why
    assert not any("max_tokens" in text for text in model.asked)


def test_helpers_that_clash_are_told_and_the_file_still_compiles(flow_settings, boxed):
    clash = {
        **GOOD,
        "double norm(double x)\n{": code("static double h(double x) { return x; }\ndouble norm(double x) { return h(x); }"),
        "double unit(double x)\n{": code("static int h(int x) { return x; }\ndouble unit(double x) { return h(1); }"),
    }
    result = answered(request(OPTIMIZE, FILES, split="always"), Knowing(by_item(clash)), boxed, flow_settings)
    assert [one.kind for one in result.findings] == [FindingKind.DUPLICATE_SYMBOL]
    assert result.compiled is True
    assert result.answers[1].form is Form.TEXT


def test_words_are_joined_under_their_items_and_the_closing_wish_comes_last(flow_settings):
    prompt = "Review each function in k.c and at the end give a summary table of all findings."
    said = {"double norm(double x)\n{": "N.", "double unit(double x)\n{": "U.", "double twice(double x)\n{": "T."}

    def answer(text, turn):
        return "| a table |" if "still asked" in text else by_item(said)(text, turn)

    result = answered(request(prompt, FILES, split="always"), Knowing(answer), None, flow_settings)
    assert result.text == "### 1. `norm`\n\nN.\n\n### 2. `unit`\n\nU.\n\n### 3. `twice`\n\nT.\n\n| a table |"
    assert result.closing == "| a table |"
    assert result.files == {}
    assert result.compiled is None


def test_never_asks_the_request_as_it_is(flow_settings):
    model = Knowing(lambda _text, _turn: "All of it.")
    result = answered(request(OPTIMIZE, FILES, split="never"), model, None, flow_settings)
    assert (result.mode, result.text, len(model.asked)) == ("whole", "All of it.", 1)
    assert "double twice" in model.asked[0]


def test_auto_stays_whole_where_side_by_side_does_not_pay(flow_settings):
    prompt = "Answer yes or no: is 7 prime? Is 9 prime?"
    model = Knowing(lambda _text, _turn: "Yes. No.")
    result = answered(request(prompt), model, None, flow_settings)
    if result.split:
        assert result.mode == ("parts" if result.predicted.serial_s >= 1.2 * result.predicted.parallel_s else "whole")
    else:
        assert result.mode == "whole"


@pytest.mark.timeout(300)
def test_functions_for_cuda_become_verified_translations_without_a_model(flow_settings, boxed):
    source = (
        "void scale(int n, float a, float *x)\n{\n    for (int i = 0; i < n; i++)\n        x[i] = a * x[i];\n}\n\n"
        "void add(int n, const float *x, float *y)\n{\n    for (int i = 0; i < n; i++)\n        y[i] = x[i] + y[i];\n}\n"
    )
    asked = request("Translate these two functions to CUDA", {"src/v.c": source}, seed=3)
    result = answered(asked, None, boxed, flow_settings)
    assert [(one.capability, one.verified, one.why) for one in result.answers] == [(Capability.CUDA, True, None)] * 2
    assert set(result.files) == {"src/v_cuda.cu", "src/v_cuda.h"}
    assert result.cost.requests == 0
    assert result.answers[0].translation.verdict.reproduce.split()[3:5] == ["src/v.c", "src/v_cuda.cu"]
    assert result.is_complete


@pytest.mark.timeout(300)
def test_mpi_for_each_file_becomes_judged_completions(flow_settings, boxed):
    def program(name):
        return (
            "#include <mpi.h>\n#include <stdio.h>\nint main(int argc, char **argv)\n{\n    int rank, size;\n"
            f'    printf("{name} %d of %d\\n", rank, size);\n    return 0;\n}}\n'
        )

    files = {"a.c": program("a"), "b.c": program("b")}
    result = answered(request("Add MPI to each of these files.", files), None, boxed, flow_settings)
    assert [one.capability for one in result.answers] == [Capability.MPI_COMPLETION] * 2
    assert all("MPI_Init" in result.files[path] for path in files)
    assert all(one.completion.verification for one in result.answers)
    assert all(one.verified is False and "oracle" in one.why for one in result.answers)
    assert not result.is_complete


def test_nothing_asked_is_refused_and_a_single_task_is_answered_whole(flow_settings):
    with pytest.raises(InvalidInput, match="nothing is asked"):
        answered(request("  \n "), Knowing(lambda _t, _n: ""), None, flow_settings)
    result = answered(request("Explain MPI_Bcast."), Knowing(lambda _t, _n: "It sends."), None, flow_settings)
    assert (result.mode, result.text, result.refusal) == ("whole", "It sends.", Refusal.ONE_TASK)
    with pytest.raises(EngineUnavailable, match="no language model"):
        answered(request("Explain MPI_Bcast."), None, None, flow_settings)


def test_an_empty_answer_to_a_single_task_is_a_fault(flow_settings):
    result = answered(request("What is MPI?"), Knowing(lambda _text, _turn: " "), None, flow_settings)
    assert not result.is_complete
    assert "empty" in result.fault


def test_contradictory_counts_stay_whole(flow_settings):
    asked = DecompositionRequest(prompt="Optimize these 2 functions in k.c.", files=FILES)
    result = answered(asked, None, None, flow_settings)
    assert (result.split, result.refusal) == (False, Refusal.CONTRADICTION)


def test_what_is_broken_off_keeps_what_is_there(flow_settings):
    async def begun_and_broken_off():
        never = asyncio.Event()
        kept = []

        class Slow(Knowing):
            async def stream(self, prompt, sampling):
                if "barriers" in prompt.messages[-1].content.rsplit("Explain", 1)[-1]:
                    await never.wait()
                async for chunk in super().stream(prompt, sampling):
                    yield chunk

        heard = asyncio.Event()

        async def hear(item):
            if item.number == 2:
                heard.set()

        asked = request("Explain mutexes, semaphores and barriers.", split="always")
        model = Slow(lambda _text, _turn: "Yes.")
        work = asyncio.create_task(
            decompose(asked, model, None, SilentProgress(), flow_settings, on_item=hear, on_broken_off=kept.append)
        )
        await heard.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        return kept

    (kept,) = asyncio.run(begun_and_broken_off())
    assert [one.id for one in kept.answers] == ["1", "2"]
    assert kept.missing == ("3",)
    assert any("broken off" in note for note in kept.notes)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"prompt": "x" * (2 * 1024 * 1024 + 1)}, "more than"),
        ({"prompt": "a\ud800"}, "surrogate"),
        ({"prompt": "a", "files": {"../x.c": ""}}, "plain relative path"),
        ({"prompt": "a", "files": {}, "project": {"files": {}}}, "either"),
        ({"prompt": "a", "project": {"files": {}, "build": "make"}}, "no build"),
        ({"prompt": "a", "options": {"split": "perhaps"}}, "auto"),
        ({"files": {}}, "prompt"),
    ],
)
def test_bad_bodies_are_refused(body, said):
    with pytest.raises(ValidationError, match=said):
        DecompositionRequest.model_validate(body)


def test_a_bad_file_is_told_as_one_of_files():
    with pytest.raises(ValidationError) as caught:
        DecompositionRequest.model_validate({"prompt": "a", "files": {"../x.c": ""}})
    assert caught.value.errors()[0]["loc"] == ("files",)


def test_a_project_may_hold_the_files():
    asked = DecompositionRequest.model_validate({"prompt": "a", "project": {"files": {"a.c": "int a;\n"}}})
    assert asked.files == {"a.c": "int a;\n"}


def test_ten_thousand_parts_are_planned():
    lines = "\n".join(f"- Describe the number {number}" for number in range(10_000))
    result = asyncio.run(decompose(DecompositionRequest(prompt=f"Do these:\n{lines}"), None, None, SilentProgress()))
    assert len(result.items) in {0, 10_000}
    assert result.split or result.refusal is not None


def test_the_registry_knows_the_flow():
    flow = FLOWS[JobKind.DECOMPOSITION]
    assert flow.request_model is DecompositionRequest
    assert flow.needs_engine
