"""A ``Generator`` behind any OpenAI-compatible URL: our own engine process (also `unix:///path/to.sock`), vLLM, and others.

Our own process takes `suffix`, scores and time budgets. For another server the fill-in-the-middle prompt is rendered here, the
budget is kept here, and scores come from echoed log-probabilities where the server gives them. Limits: what a server that is not
ours can do is guessed (grammar and log-probabilities as in vLLM); text that spells its special tokens cannot be protected.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
from pydantic import TypeAdapter, ValidationError

from codepar.engine.infill import infill_of_name, infill_pieces
from codepar.engine.remote_shapes import StreamParts, completion_body, generation_of, raise_for
from codepar.errors import EngineUnavailable, InvalidInput, NotFound, Unsupported
from codepar.protocols import Capabilities, Chunk, Generation, Prompt, Sampling, SiteScores, SiteText
from codepar.settings import DEFAULT_MODEL, Settings

_CONNECT_S = 5.0
_DEFAULT_CONTEXT = 4096
# A prompt may wait for its turn and be long; the budget and cancelling bound a request, not this.
_READ_S = 600.0
_MAX_CONNECTIONS = 256
_UNIX = "unix://"
_SITES = TypeAdapter(list[SiteScores])


class OpenAiGenerator:
    """A client of one server. Build it with ``open_openai``; close it to close its connections."""

    def __init__(self, client: httpx.AsyncClient, where: str, capabilities: Capabilities, *, is_ours: bool) -> None:
        self._client = client
        self._where = where
        self._capabilities = capabilities
        self._is_ours = is_ours
        self._root = str(client.base_url).rstrip("/").removesuffix("/v1")

    async def capabilities(self) -> Capabilities:
        return self._capabilities

    async def complete(self, prompt: Prompt, sampling: Sampling) -> Generation:
        if sampling.budget_s is not None and not self._is_ours:
            return await self._complete_in_time(prompt, sampling)
        path, body = self._request(prompt, sampling, stream=False)
        answer = await self._post(path, body)
        try:
            return generation_of(answer, self._capabilities.model)
        except (KeyError, IndexError, TypeError, ValidationError) as error:
            raise self._unreadable(error) from error

    async def stream(self, prompt: Prompt, sampling: Sampling) -> AsyncIterator[Chunk]:
        path, body = self._request(prompt, sampling, stream=True)
        patience = None if self._is_ours else sampling.budget_s
        deadline = None if patience is None else time.monotonic() + patience
        parts = StreamParts(self._capabilities.model)
        try:
            async for line in self._lines(path, body, deadline):
                text = parts.take(line)
                if text:
                    yield Chunk(text=text)
        except TimeoutError:
            parts.finish_reason = "budget"
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise self._unreadable(error) from error
        yield Chunk(text="", generation=parts.generation(self._where))

    async def _lines(self, path: str, body: dict[str, Any], deadline: float | None) -> AsyncIterator[str]:
        """The lines of a streamed answer. Raises ``TimeoutError`` at the deadline, only while it waits for the server."""
        request = self._client.build_request("POST", path, json=body)
        response = await asyncio.wait_for(self._client.send(request, stream=True), _left(deadline))
        try:
            if response.status_code >= 400:
                await response.aread()
                raise_for(response, self._where)
            if response.headers.get("content-type", "").startswith("application/json"):
                # It cannot stream: the whole answer is the one event.
                whole = await asyncio.wait_for(response.aread(), _left(deadline))
                yield "data: " + whole.decode()
                return
            lines = response.aiter_lines()
            while True:
                waiting = anext(lines, None)
                line = await (waiting if deadline is None else asyncio.wait_for(waiting, _left(deadline)))
                if line is None:
                    return
                yield line
        finally:
            await response.aclose()

    async def batch(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Generation]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.complete(prompt, sampling)) for prompt in prompts]
        return [task.result() for task in tasks]

    async def score(self, prompt: Prompt, choices: Sequence[str]) -> list[float]:
        if self._is_ours:
            body = {"prompt": prompt.model_dump(mode="json"), "choices": list(choices)}
            scores = (await self._beside("score", body))["scores"]
            return [float(score) for score in scores]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._score_by_echo(prompt, choice)) for choice in choices]
        return [task.result() for task in tasks]

    async def score_sites(self, texts: Sequence[SiteText]) -> list[SiteScores]:
        """As `SiteScorer` has it; only our own engine process can."""
        if not self._capabilities.sites:
            raise Unsupported(f"{self._where} scores no sites", remedy="codepar models build mpi-sites, then use our own engine")
        body = {"texts": [text.model_dump(mode="json") for text in texts]}
        try:
            return _SITES.validate_python((await self._beside("sites", body))["texts"])
        except (ValidationError, KeyError, TypeError) as error:
            raise self._unreadable(error) from error

    async def count_tokens(self, text: str) -> int:
        return int((await self._beside("tokenize", {"model": self._capabilities.model, "prompt": text}))["count"])

    async def _beside(self, name: str, body: dict[str, Any]) -> Any:
        """An endpoint that our engine process and vLLM have beside `/v1`."""
        try:
            return await self._post(f"{self._root}/{name}", body)
        except NotFound as error:
            raise Unsupported(f"{self._where} has no /{name}", remedy="use our own engine process, or vLLM") from error

    async def close(self) -> None:
        await self._client.aclose()

    def _request(self, prompt: Prompt, sampling: Sampling, *, stream: bool) -> tuple[str, dict[str, Any]]:
        body = completion_body(self._capabilities.model, sampling, chat=prompt.messages is not None, stream=stream)
        if self._is_ours and sampling.budget_s is not None:
            body["budget_s"] = sampling.budget_s
        if prompt.messages is not None:
            body["messages"] = [message.model_dump() for message in prompt.messages]
            return "chat/completions", body
        body["prompt"] = prompt.text
        if prompt.suffix is not None:
            if self._is_ours:
                body["suffix"] = prompt.suffix
            else:
                body["prompt"] = self._infill_text(prompt)
        return "completions", body

    def _infill_text(self, prompt: Prompt) -> str:
        tokens = infill_of_name(self._capabilities.model)
        if tokens is None:
            raise Unsupported(
                f"how {self._capabilities.model} fills in between is not known", remedy="send no suffix, or use a code model"
            )
        return "".join(piece.text for piece in infill_pieces(prompt, tokens))

    async def _complete_in_time(self, prompt: Prompt, sampling: Sampling) -> Generation:
        last: Generation | None = None
        async for chunk in self.stream(prompt, sampling):
            last = chunk.generation or last
        if last is None:
            raise EngineUnavailable(f"{self._where} sent an empty stream", remedy="look at its log")
        return last

    async def _score_by_echo(self, prompt: Prompt, choice: str) -> float:
        if prompt.messages is not None or prompt.suffix is not None:
            raise Unsupported("another server scores plain prompts only", remedy="use our own engine")
        body = {"model": self._capabilities.model, "prompt": prompt.text + choice, "max_tokens": 1, "temperature": 0}
        answer = await self._post("completions", {**body, "echo": True, "logprobs": 1})
        try:
            lists = answer["choices"][0]["logprobs"]
            pairs = list(zip(lists["text_offset"], lists["token_logprobs"], strict=True))
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise Unsupported(f"{self._where} does not echo log-probabilities", remedy="use our own engine, or vLLM") from error
        end = len(prompt.text) + len(choice)
        return sum(float(value) for offset, value in pairs if len(prompt.text) <= offset < end)

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        try:
            response = await self._client.post(path, json=body)
            raise_for(response, self._where)
            return response.json()
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        except ValueError as error:
            raise self._unreadable(error) from error

    def _unreachable(self, error: Exception) -> EngineUnavailable:
        return _unreachable(self._where, error)

    def _unreadable(self, error: Exception) -> EngineUnavailable:
        return EngineUnavailable(
            f"{self._where} sent an answer that is not OpenAI's: {error!r}", remedy="check CODEPAR_ENGINE_URL"
        )


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def _unreachable(where: str, error: Exception) -> EngineUnavailable:
    cause = str(error) or type(error).__name__
    return EngineUnavailable(f"the engine at {where} cannot be reached: {cause}", remedy="start it, or check CODEPAR_ENGINE_URL")


async def open_openai(settings: Settings) -> OpenAiGenerator:
    """Connect to ``settings.engine_url`` and ask what it serves.

    Raises ``EngineUnavailable`` when nothing answers, ``NotFound`` when it serves no model of the name asked for.
    """
    assert settings.engine_url is not None
    client = _client(settings.engine_url, settings.engine_api_key)
    try:
        return await _introduced(client, settings)
    except BaseException:
        await client.aclose()
        raise


def _client(url: str, key: str | None) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=_MAX_CONNECTIONS, max_keepalive_connections=32)
    transport = None
    if url.startswith(_UNIX):
        transport = httpx.AsyncHTTPTransport(uds=url.removeprefix(_UNIX), limits=limits)
        url = "http://localhost/v1"
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    timeout = httpx.Timeout(_READ_S, connect=_CONNECT_S)
    try:
        # trust_env off: a proxy of the environment must not see prompts that are meant for this URL.
        return httpx.AsyncClient(
            base_url=url, transport=transport, timeout=timeout, limits=limits, headers=headers, trust_env=False
        )
    except (httpx.InvalidURL, ValueError) as error:
        raise InvalidInput(f"{url} is no URL: {error}", remedy="set CODEPAR_ENGINE_URL to http(s)://... or unix://...") from error


async def _introduced(client: httpx.AsyncClient, settings: Settings) -> OpenAiGenerator:
    where = settings.engine_url or ""
    try:
        response = await client.get("models", timeout=_CONNECT_S * 2)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _unreachable(where, error) from error
    raise_for(response, where)
    try:
        listed = {str(entry["id"]): entry for entry in response.json()["data"]}
    except (ValueError, KeyError, TypeError) as error:
        raise EngineUnavailable(f"{where}/models is not OpenAI's list", remedy="check CODEPAR_ENGINE_URL") from error
    entry = _choose(listed, settings.model, where)
    if isinstance(entry.get("codepar"), dict):
        return OpenAiGenerator(client, where, Capabilities.model_validate(entry["codepar"]), is_ours=True)
    return OpenAiGenerator(client, where, _guessed(entry), is_ours=False)


def _choose(listed: dict[str, Any], model: str, where: str) -> dict[str, Any]:
    if model in listed:
        return dict(listed[model])
    own = [entry for entry in listed.values() if isinstance(entry.get("codepar"), dict)]
    if own and model in {own[0]["codepar"].get("artefact"), DEFAULT_MODEL}:
        return dict(own[0])
    if model == DEFAULT_MODEL and listed:
        # Nobody named a model for this URL: the server's first one is meant.
        return dict(next(iter(listed.values())))
    raise NotFound(f"{where} serves no model {model}", remedy=f"set CODEPAR_MODEL to one of: {', '.join(listed) or 'none'}")


def _guessed(entry: dict[str, Any]) -> Capabilities:
    model = str(entry["id"])
    return Capabilities(
        model=model,
        backend="openai",
        context_tokens=int(entry.get("max_model_len") or _DEFAULT_CONTEXT),
        chat=True,
        infill=infill_of_name(model) is not None,
        grammar=frozenset({"regex", "ebnf", "json_schema"}),
        logprobs=True,
        scoring=True,
    )
