"""The OpenAI shapes that we give: models, completions, chats, and the lines of their streams.

A budget that ran out is `length` to clients of OpenAI's API; `stop_reason` then says `budget`. Limits: in a stream the
log-probabilities come with the last piece, because a generator gives them at its end.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from codepar.protocols import Capabilities, Generation, TokenLogprob

DONE = b"data: [DONE]\n\n"


def models(capabilities: Capabilities) -> dict[str, Any]:
    """`GET /v1/models`; `codepar` holds our own capabilities."""
    own = capabilities.model_dump(mode="json")
    own["grammar"] = sorted(own["grammar"])
    entry = {
        "id": capabilities.model,
        "object": "model",
        "created": 0,
        "owned_by": "codepar",
        "max_model_len": capabilities.context_tokens,
        "codepar": own,
    }
    return {"object": "list", "data": [entry]}


class Answer:
    """The shapes of one request's answer: ``chat`` or text, streamed or whole."""

    def __init__(self, model: str, *, chat: bool) -> None:
        self._chat = chat
        kind = "chat.completion" if chat else "text_completion"
        self._base = {"id": f"{'chatcmpl' if chat else 'cmpl'}-{uuid.uuid4().hex}", "created": int(time.time()), "model": model}
        self._kind = kind
        head = {**self._base, "object": f"{kind}.chunk" if chat else kind}
        self._head = "data: " + json.dumps(head, ensure_ascii=False)[:-1] + ', "choices": [{"index": '

    def whole(self, generations: list[Generation]) -> dict[str, Any]:
        """The answer in one piece."""
        choices = [self._choice(index, generation) for index, generation in enumerate(generations)]
        return {**self._base, "object": self._kind, "choices": choices, "usage": _usage(generations)}

    def opening(self, index: int) -> bytes:
        """The first line of a choice: a chat names its role, a completion has none."""
        if not self._chat:
            return b""
        return self._line(index, '"delta": {"role": "assistant", "content": ""}, "finish_reason": null')

    def piece(self, index: int, text: str) -> bytes:
        """One line with text."""
        body = json.dumps(text, ensure_ascii=False)
        if self._chat:
            return self._line(index, f'"delta": {{"content": {body}}}, "finish_reason": null')
        return self._line(index, f'"text": {body}, "logprobs": null, "finish_reason": null')

    def closing(self, index: int, generation: Generation) -> bytes:
        """The last line of a choice: why it ended."""
        said: dict[str, Any] = {"delta": {}} if self._chat else {"text": ""}
        said.update(self._ending(generation))
        return self._line(index, json.dumps(said, ensure_ascii=False)[1:-1])

    def usage(self, generations: list[Generation]) -> bytes:
        """The line that `stream_options.include_usage` asks for."""
        kind = f"{self._kind}.chunk" if self._chat else self._kind
        return _event({**self._base, "object": kind, "choices": [], "usage": _usage(generations)})

    def _line(self, index: int, rest: str) -> bytes:
        return f"{self._head}{index}, {rest}}}]}}\n\n".encode()

    def _choice(self, index: int, generation: Generation) -> dict[str, Any]:
        if self._chat:
            said: dict[str, Any] = {"message": {"role": "assistant", "content": generation.text, "refusal": None}}
        else:
            said = {"text": generation.text}
        return {"index": index, **said, **self._ending(generation)}

    def _ending(self, generation: Generation) -> dict[str, Any]:
        reason = generation.finish_reason
        shown = {"stop": "stop", "length": "length"}.get(reason, "length")
        stop_reason = None if reason in {"stop", "length"} else reason
        logprobs = None if generation.logprobs is None else self._logprobs(generation.logprobs)
        return {"logprobs": logprobs, "finish_reason": shown, "stop_reason": stop_reason}

    def _logprobs(self, tokens: tuple[TokenLogprob, ...]) -> dict[str, Any]:
        if self._chat:
            return {"content": [_chat_logprob(token) for token in tokens], "refusal": None}
        offsets, at = [], 0
        for token in tokens:
            offsets.append(at)
            at += len(token.token)
        listed = [dict(token.alternatives) for token in tokens] if any(token.alternatives for token in tokens) else None
        return {
            "tokens": [token.token for token in tokens],
            "token_logprobs": [token.logprob for token in tokens],
            "top_logprobs": listed,
            "text_offset": offsets,
        }


def failure(message: str, kind: str, code: str) -> bytes:
    """A stream that breaks after its beginning says so in a line of its own."""
    return _event({"error": {"message": message, "type": kind, "param": None, "code": code}})


def _chat_logprob(token: TokenLogprob) -> dict[str, Any]:
    def entry(text: str, logprob: float) -> dict[str, Any]:
        return {"token": text, "logprob": logprob, "bytes": list(text.encode())}

    listed = [entry(text, logprob) for text, logprob in token.alternatives]
    return {**entry(token.token, token.logprob), "top_logprobs": listed}


def _usage(generations: list[Generation]) -> dict[str, Any]:
    prompt = sum(generation.prompt_tokens for generation in generations)
    completion = sum(generation.completion_tokens for generation in generations)
    usage: dict[str, Any] = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    cached = [generation.cached_tokens for generation in generations if generation.cached_tokens is not None]
    if generations and len(cached) == len(generations):
        usage["prompt_tokens_details"] = {"cached_tokens": sum(cached)}
    return usage


def _event(body: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n".encode()
