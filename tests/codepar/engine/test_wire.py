import json

import pytest
from pydantic import ValidationError

from codepar.engine.wire import ChatRequest, CompletionRequest
from codepar.errors import InvalidInput, Unsupported


@pytest.mark.parametrize(
    ("extra", "kind"),
    [
        ({"guided_regex": "a+"}, "regex"),
        ({"structured_outputs": {"regex": "a+"}}, "regex"),
        ({"structured_outputs": {"grammar": 'root ::= "a"'}}, "ebnf"),
        ({"guided_choice": ["a", 'b"']}, "ebnf"),
        ({"guided_json": {"type": "object"}}, "json_schema"),
        ({"response_format": {"type": "json_object"}}, "json_schema"),
        ({"response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "array"}}}}, "json_schema"),
    ],
)
def test_every_way_to_ask_for_a_grammar(extra, kind):
    assert CompletionRequest(prompt="x", **extra).sampling().grammar.kind == kind


def test_two_grammars_or_a_half_one_are_refused():
    with pytest.raises(InvalidInput, match="more than one"):
        CompletionRequest(prompt="x", guided_regex="a", guided_grammar="b").sampling()
    with pytest.raises(InvalidInput, match="response_format"):
        CompletionRequest(prompt="x", response_format={"type": "json_schema"}).sampling()


@pytest.mark.parametrize("extra", [{"echo": True}, {"best_of": 3}])
def test_what_cannot_be_honoured_is_refused(extra):
    with pytest.raises(Unsupported):
        CompletionRequest(prompt="x", **extra).prompts()


@pytest.mark.parametrize("extra", [{"presence_penalty": 0.5}, {"frequency_penalty": -1}, {"logit_bias": {"5": 1}}])
def test_penalties_that_would_change_the_answer_are_refused(extra):
    with pytest.raises(Unsupported):
        CompletionRequest(prompt="x", **extra).sampling()


@pytest.mark.parametrize(
    "extra",
    [{"max_tokens": "5"}, {"max_tokens": 0}, {"stop": 3}, {"temperature": "hot"}, {"stream": 1}, {"n": 10_000}, {"prompt": 5}],
)
def test_wrong_types_and_bounds_are_refused(extra):
    with pytest.raises(ValidationError):
        CompletionRequest(**{"prompt": "x", **extra})


def test_harmless_fields_are_accepted_and_defaults_are_openais():
    body = CompletionRequest.model_validate_json(
        json.dumps({"prompt": ["a", "b"], "user": "me", "presence_penalty": 0, "store": None})
    )
    assert [prompt.text for prompt in body.prompts()] == ["a", "b"]
    assert (body.sampling().max_tokens, body.sampling().temperature) == (16, 1.0)


def test_chat_content_in_parts_and_the_developer_role():
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    chat = ChatRequest(messages=[{"role": "developer", "content": "s"}, {"role": "user", "content": parts}])
    (prompt,) = chat.prompts()
    assert [(turn.role, turn.content) for turn in prompt.messages] == [("system", "s"), ("user", "ab")]
    with pytest.raises(ValidationError):
        ChatRequest(messages=[])
