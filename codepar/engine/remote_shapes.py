"""What we send to an OpenAI-compatible server and how its answers and errors are read. Limits: no transport; one choice."""

from __future__ import annotations

import json
from typing import Any

import httpx

from codepar.errors import CodeparError, EngineUnavailable, InputTooLarge, InvalidInput, NotFound, Unsupported
from codepar.protocols import FinishReason, Generation, Grammar, Sampling, TokenLogprob


def completion_body(model: str, sampling: Sampling, *, chat: bool, stream: bool) -> dict[str, Any]:
    """The fields of a request that do not depend on its prompt."""
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "stream": stream,
    }
    if stream:
        body["stream_options"] = {"include_usage": True}
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if sampling.seed is not None:
        body["seed"] = sampling.seed
    if sampling.logprobs is not None:
        body.update({"logprobs": True, "top_logprobs": sampling.logprobs} if chat else {"logprobs": sampling.logprobs})
    if sampling.grammar is not None:
        body["structured_outputs"] = _structured(sampling.grammar)
    return body


def _structured(grammar: Grammar) -> dict[str, Any]:
    if grammar.kind == "regex":
        return {"regex": grammar.text}
    if grammar.kind == "ebnf":
        return {"grammar": grammar.text}
    try:
        return {"json": json.loads(grammar.text)}
    except ValueError as error:
        raise InvalidInput(f"the JSON schema is not JSON: {error}", remedy="correct the schema", param="grammar") from error


def finish_reason_of(choice: dict[str, Any]) -> FinishReason:
    """Why a choice ended; `stop_reason` tells a budget that ran out from a length."""
    if choice.get("stop_reason") == "budget":
        return "budget"
    return "length" if choice["finish_reason"] == "length" else "stop"


def generation_of(answer: dict[str, Any], model: str) -> Generation:
    """The one choice of a whole answer. Raises what indexing raises when it has another shape."""
    choice = answer["choices"][0]
    usage = answer.get("usage") or {}
    logprobs = choice.get("logprobs")
    text = choice["message"]["content"] if "message" in choice else choice["text"]
    return Generation(
        text=text or "",
        finish_reason=finish_reason_of(choice),
        prompt_tokens=usage.get("prompt_tokens", 0),
        completion_tokens=usage.get("completion_tokens", 0),
        cached_tokens=cached_tokens_of(usage),
        logprobs=tuple(read_logprobs(logprobs)) if logprobs else None,
        model=model,
    )


def cached_tokens_of(usage: dict[str, Any]) -> int | None:
    """`prompt_tokens_details.cached_tokens`, as OpenAI has it and vLLM with `--enable-prompt-tokens-details`."""
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    return cached if isinstance(cached, int) else None


def read_logprobs(value: dict[str, Any]) -> list[TokenLogprob]:
    """Log-probabilities in the shape of chats (`content`) or of completions (parallel lists)."""
    if "content" in value:
        return [
            TokenLogprob(
                token=entry["token"],
                logprob=entry["logprob"],
                alternatives=tuple((other["token"], other["logprob"]) for other in entry.get("top_logprobs") or ()),
            )
            for entry in value["content"] or ()
        ]
    listed = value.get("top_logprobs") or [None] * len(value["tokens"])
    return [
        TokenLogprob(token=token, logprob=logprob, alternatives=tuple((others or {}).items()))
        for token, logprob, others in zip(value["tokens"], value["token_logprobs"], listed, strict=True)
    ]


class StreamParts:
    """Collects the lines of a stream."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._text: list[str] = []
        self._usage: dict[str, Any] = {}
        self._logprobs: list[TokenLogprob] | None = None
        self.finish_reason: FinishReason | None = None

    def take(self, line: str) -> str:
        """The text of one line of the stream, empty when it has none. Raises ``EngineUnavailable`` for an error line."""
        if not line.startswith("data:") or line.endswith("[DONE]"):
            return ""
        event = json.loads(line[5:])
        if "error" in event:
            raise EngineUnavailable(f"the engine broke off: {event['error'].get('message')}", remedy="send the request again")
        self._usage = event.get("usage") or self._usage
        return "".join(self._choice(choice) for choice in event["choices"])

    def _choice(self, choice: dict[str, Any]) -> str:
        if choice.get("finish_reason"):
            self.finish_reason = finish_reason_of(choice)
        if choice.get("logprobs"):
            self._logprobs = [*(self._logprobs or []), *read_logprobs(choice["logprobs"])]
        message = choice.get("delta") or choice.get("message") or {}
        text = choice.get("text") or message.get("content") or ""
        self._text.append(text)
        return str(text)

    def generation(self, where: str) -> Generation:
        """All lines together. Raises ``EngineUnavailable`` when the stream ended before it said why."""
        if self.finish_reason is None:
            raise EngineUnavailable(f"{where} broke off in the middle of its answer", remedy="send the request again")
        return Generation(
            text="".join(self._text),
            finish_reason=self.finish_reason,
            prompt_tokens=self._usage.get("prompt_tokens", 0),
            completion_tokens=self._usage.get("completion_tokens", 0),
            cached_tokens=cached_tokens_of(self._usage),
            logprobs=None if self._logprobs is None else tuple(self._logprobs),
            model=self._model,
        )


def raise_for(response: httpx.Response, where: str) -> None:
    """Nothing for a success; else our error for the server's, with its message."""
    status = response.status_code
    if status < 400:
        return
    message, code, param = _server_error(response)
    if status in {401, 403}:
        raise EngineUnavailable(f"{where} refuses the key: {message}", remedy="set CODEPAR_ENGINE_API_KEY")
    if status in {408, 429} or status >= 500:
        raise EngineUnavailable(f"{where} answered {status}: {message}", remedy="try again in a moment, or look at its log")
    raise _refusal(status, code)(message, param=param)


def _refusal(status: int, code: str | None) -> type[CodeparError]:
    if code == Unsupported.code:
        return Unsupported
    return {404: NotFound, 413: InputTooLarge}.get(status, InvalidInput)


def _server_error(response: httpx.Response) -> tuple[str, str | None, str | None]:
    try:
        body = response.json()
    except ValueError:
        return response.text[:300] or response.reason_phrase, None, None
    error = body.get("error", body) if isinstance(body, dict) else {}
    if not isinstance(error, dict):
        return str(error)[:300], None, None
    message = str(error.get("message") or error.get("detail") or response.reason_phrase)
    code, param = error.get("code"), error.get("param")
    return message, code if isinstance(code, str) else None, param if isinstance(param, str) else None
