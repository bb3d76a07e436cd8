"""The OpenAI shapes that we take: `/v1/completions` and `/v1/chat/completions`, and how they become prompts and sampling.

Grammars come as vLLM spells them (`structured_outputs`, `guided_*`) or as `response_format`. Unknown fields are accepted and
ignored; a known field that would change the answer and cannot be honoured is refused. Limits: text prompts only, no tools.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict

from codepar.errors import InvalidInput, Unsupported
from codepar.protocols import Grammar, Message, Prompt, Sampling

MAX_CHOICES = 64
_Text = Annotated[str, Strict()]
_Whole = Annotated[int, Strict()]
_Number = Annotated[float, Strict()]
_Flag = Annotated[bool, Strict()]


class StreamOptions(BaseModel):
    """What a stream says beyond its text."""

    model_config = ConfigDict(extra="ignore")

    include_usage: _Flag = False


class StructuredOutputs(BaseModel):
    """vLLM's `structured_outputs`: one of these."""

    model_config = ConfigDict(extra="ignore")

    json_: str | dict[str, Any] | None = Field(default=None, alias="json")
    regex: _Text | None = None
    choice: list[_Text] | None = Field(default=None, min_length=1)
    grammar: _Text | None = None
    json_object: _Flag | None = None


class _Request(BaseModel):
    """What both endpoints take."""

    model_config = ConfigDict(extra="ignore")

    model: _Text | None = None
    temperature: _Number | None = Field(default=None, ge=0, le=5)
    top_p: _Number | None = Field(default=None, gt=0, le=1)
    n: _Whole | None = Field(default=None, ge=1, le=MAX_CHOICES)
    stop: _Text | list[_Text] | None = None
    seed: _Whole | None = None
    stream: _Flag | None = None
    stream_options: StreamOptions | None = None
    presence_penalty: _Number | None = None
    frequency_penalty: _Number | None = None
    logit_bias: dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None
    structured_outputs: StructuredOutputs | None = None
    guided_json: str | dict[str, Any] | None = None
    guided_regex: _Text | None = None
    guided_choice: list[_Text] | None = Field(default=None, min_length=1)
    guided_grammar: _Text | None = None
    budget_s: _Number | None = Field(default=None, gt=0, description="seconds after which what is there is the answer")

    def _refuse_unhonoured(self) -> None:
        for name in ("presence_penalty", "frequency_penalty", "logit_bias"):
            if getattr(self, name):
                raise Unsupported(f"{name} is not supported", remedy=f"leave {name} out", param=name)

    def _sampling(self, *, max_tokens: int, logprobs: int | None) -> Sampling:
        self._refuse_unhonoured()
        stop = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())
        return Sampling(
            max_tokens=max_tokens,
            temperature=1.0 if self.temperature is None else self.temperature,
            top_p=1.0 if self.top_p is None else self.top_p,
            stop=stop,
            seed=self.seed,
            logprobs=logprobs,
            grammar=self._grammar(),
            budget_s=self.budget_s,
        )

    def _grammar(self) -> Grammar | None:
        found = [*self._vllm_grammars(), *_response_format(self.response_format)]
        if len(found) > 1:
            raise InvalidInput("more than one grammar is asked for", remedy="keep one of them", param="structured_outputs")
        return found[0] if found else None

    def _vllm_grammars(self) -> list[Grammar]:
        new = self.structured_outputs or StructuredOutputs()
        schemas = [schema for schema in (self.guided_json, new.json_, {} if new.json_object else None) if schema is not None]
        found = [_json_schema(schema) for schema in schemas]
        found += [Grammar(kind="regex", text=text) for text in (self.guided_regex, new.regex) if text is not None]
        found += [Grammar(kind="ebnf", text=text) for text in (self.guided_grammar, new.grammar) if text is not None]
        return found + [choice_grammar(choice) for choice in (self.guided_choice, new.choice) if choice is not None]


class CompletionRequest(_Request):
    """`POST /v1/completions`. With `suffix` the model fills in between."""

    prompt: _Text | list[_Text] = Field(min_length=1)
    suffix: _Text | None = None
    max_tokens: _Whole | None = Field(default=None, ge=1, le=32_768)
    logprobs: _Whole | None = Field(default=None, ge=0, le=20)
    echo: _Flag | None = None
    best_of: _Whole | None = None

    def prompts(self) -> list[Prompt]:
        """One prompt a text."""
        if self.echo:
            raise Unsupported("echo is not supported", remedy="put the prompt before the answer yourself", param="echo")
        if (self.best_of or 1) > (self.n or 1):
            raise Unsupported("best_of is not supported", remedy="use n and choose yourself", param="best_of")
        texts = [self.prompt] if isinstance(self.prompt, str) else self.prompt
        return [Prompt(text=text, suffix=self.suffix or None) for text in texts]

    def sampling(self) -> Sampling:
        """OpenAI's defaults: 16 tokens, temperature 1."""
        return self._sampling(max_tokens=16 if self.max_tokens is None else self.max_tokens, logprobs=self.logprobs)


class ChatPart(BaseModel):
    """One part of a message's content."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["text"]
    text: _Text


class ChatTurn(BaseModel):
    """One message. `developer` is today's name of `system`."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant"]
    content: _Text | list[ChatPart]

    def message(self) -> Message:
        """The same as our own type."""
        text = self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)
        role: Literal["system", "user", "assistant"] = "system" if self.role == "developer" else self.role
        return Message(role=role, content=text)


SplitChoice = Literal["auto", "never", "always"]


class CodeparOptions(BaseModel):
    """What only codepar has. `split`: a last message that holds several tasks is answered part by part, side by side, where that
    is expected to pay (`auto`) or wherever there are parts (`always`); the answer has the parts in their order. `extractor`:
    `model` also asks the language model for the parts, where the rules are unsure."""

    model_config = ConfigDict(extra="forbid")

    split: SplitChoice = "never"
    extractor: Literal["rules", "model"] = "rules"


class ChatRequest(_Request):
    """`POST /v1/chat/completions`."""

    codepar: CodeparOptions | None = None
    messages: list[ChatTurn] = Field(min_length=1)
    max_tokens: _Whole | None = Field(default=None, ge=1, le=32_768)
    max_completion_tokens: _Whole | None = Field(default=None, ge=1, le=32_768)
    logprobs: _Flag | None = None
    top_logprobs: _Whole | None = Field(default=None, ge=0, le=20)
    tools: list[dict[str, Any]] | None = None

    def prompts(self) -> list[Prompt]:
        """The one chat."""
        if self.tools:
            raise Unsupported("tools are not supported", remedy="leave tools out", param="tools")
        return [Prompt(messages=tuple(turn.message() for turn in self.messages))]

    def sampling(self) -> Sampling:
        """Up to 1,024 tokens unless the request says otherwise."""
        asked = self.max_completion_tokens or self.max_tokens
        wanted = (self.top_logprobs or 0) if self.logprobs else None
        return self._sampling(max_tokens=1024 if asked is None else asked, logprobs=wanted)


def choice_grammar(choices: list[str]) -> Grammar:
    """A grammar of exactly these texts."""
    # JSON escapes exactly what the EBNF dialect's string literals need.
    return Grammar(kind="ebnf", text="root ::= " + " | ".join(json.dumps(choice) for choice in choices))


def _json_schema(schema: str | dict[str, Any]) -> Grammar:
    return Grammar(kind="json_schema", text=schema if isinstance(schema, str) else json.dumps(schema))


def _response_format(value: dict[str, Any] | None) -> list[Grammar]:
    if value is None or value.get("type") == "text":
        return []
    if value.get("type") == "json_object":
        return [_json_schema({"type": "object"})]
    if value.get("type") == "json_schema":
        body = value.get("json_schema")
        schema = body.get("schema") if isinstance(body, dict) else None
        if isinstance(schema, dict):
            return [_json_schema(schema)]
    raise InvalidInput(
        "response_format is none of text, json_object and json_schema with a schema",
        remedy="send {'type': 'json_schema', 'json_schema': {'name': ..., 'schema': {...}}}",
        param="response_format",
    )
