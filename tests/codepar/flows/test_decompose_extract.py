"""The extractor is the caller's choice: rules by default; a model as second reader, whose absence and errors cost nothing."""

import asyncio
import json

import pytest

from codepar.errors import EngineUnavailable
from codepar.flows.decompose import decompose
from codepar.flows.decompose_extract import read
from codepar.flows.decompose_request import DecompositionRequest
from codepar.protocols import SilentProgress

UNSURE = "The poster is due, the flyer is late and the door sign is missing, could somebody look after that?"
QUOTES = ["The poster is due", "the flyer is late", "the door sign is missing"]


def asked(prompt=UNSURE, **options):
    return DecompositionRequest.model_validate({"prompt": prompt, "options": {"split": "always", **options}})


def answering(tasks):
    return json.dumps({"tasks": tasks})


def test_the_rules_alone_by_default(scripted, flow_settings):
    model = scripted(answering(QUOTES))
    result = asyncio.run(decompose(asked(), model, None, SilentProgress(), flow_settings))
    assert (result.split, model.asked, result.notes) == (False, [], ())


def test_the_model_finds_what_the_rules_do_not_and_its_tokens_count(scripted, flow_settings):
    model = scripted(answering(QUOTES), "Done.")
    asking = asked(extractor="model", run=True, repair=0)
    result = asyncio.run(decompose(asking, model, None, SilentProgress(), flow_settings))
    assert [item.text for item in result.items] == QUOTES
    assert [one.answer for one in result.answers] == ["Done."] * 3
    assert (result.cost.requests, result.cost.answer_tokens) == (4, 4)


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        (answering(["The poster is due", "a cake"]), "not taken: not every quote"),
        ("No.", "not taken: the answer is no list"),
    ],
)
def test_what_does_not_hold_is_dropped_with_the_reason(scripted, answer, note):
    found = asyncio.run(read(asked(extractor="model"), scripted(answer)))
    assert found.found.split is False
    assert note in found.notes[0]
    assert found.extraction is not None


def test_without_a_model_the_rules_stand(scripted):
    class Dead(scripted):
        async def complete(self, prompt, sampling):
            raise EngineUnavailable("the engine is on fire")

    for model, why in ((None, "no language model"), (Dead("x"), "on fire")):
        found = asyncio.run(read(asked(extractor="model"), model))
        assert found.found.split is False
        assert why in found.notes[0]
        assert "rules" in found.notes[0]
