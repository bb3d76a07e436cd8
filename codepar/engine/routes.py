"""`/v1/models`, `/v1/completions`, `/v1/chat/completions` over any ``Generator``; the engine process and the API mount the same.

When the client hangs up its generation is cancelled. Limits: errors before the first line leave as exceptions, for the
application to shape; later ones are a line of the stream.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from codepar.engine import answers
from codepar.engine.answers import Answer
from codepar.engine.wire import MAX_CHOICES, ChatRequest, CodeparOptions, CompletionRequest
from codepar.errors import CodeparError, InvalidInput, NotFound, Unsupported
from codepar.protocols import Capabilities, Chunk, Generation, Generator, Prompt, Sampling

_GONE = 499

T = TypeVar("T")
GeneratorOf = Callable[[Request], Generator | Awaitable[Generator]]
Splitting = Callable[[Request, Generator, CodeparOptions], Generator]
ANY_MODEL = frozenset({"", "codepar", "default"})
_FIM_EXAMPLE = {"prompt": "int main(void) {\n  int rank;\n  ", "suffix": "\n  return 0;\n}\n", "max_tokens": 32, "temperature": 0}
_CHAT_EXAMPLE = {"messages": [{"role": "user", "content": "What does MPI_Bcast do?"}], "max_tokens": 64, "temperature": 0}


def openai_router(generator_of: GeneratorOf, splitting: Splitting | None = None) -> APIRouter:
    """The three endpoints. ``generator_of`` names the model that answers a request, directly or as an awaitable; ``splitting``
    makes of it one that answers a chat part by part, for those who ask for it."""
    router = APIRouter(tags=["OpenAI"])

    @router.get("/v1/models", summary="The model that answers")
    async def models(request: Request) -> Response:
        generator = await _resolve(generator_of, request)
        return JSONResponse(answers.models(await generator.capabilities()))

    @router.post(
        "/v1/completions", summary="Complete text, or fill in between prompt and suffix", openapi_extra=_example(_FIM_EXAMPLE)
    )
    async def completions(body: CompletionRequest, request: Request) -> Response:
        return await _answer(await _resolve(generator_of, request), body, request)

    @router.post("/v1/chat/completions", summary="Chat", openapi_extra=_example(_CHAT_EXAMPLE))
    async def chat(body: ChatRequest, request: Request) -> Response:
        generator = await _resolve(generator_of, request)
        if body.codepar is not None and body.codepar.split != "never":
            if splitting is None:
                raise Unsupported("an engine by itself splits no requests", remedy="ask `codepar serve`", param="codepar.split")
            generator = splitting(request, generator, body.codepar)
        return await _answer(generator, body, request)

    return router


async def until_hangup(request: Request, work: Awaitable[T]) -> T | None:
    """The result of ``work``, or None when the client went away first, which cancels it."""
    task = asyncio.ensure_future(work)
    watch = asyncio.ensure_future(_hangup(request))
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for pending in (task, watch):
            pending.cancel()
        await asyncio.gather(task, watch, return_exceptions=True)


async def _hangup(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _example(value: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"content": {"application/json": {"example": value}}}}


async def _resolve(generator_of: GeneratorOf, request: Request) -> Generator:
    found = generator_of(request)
    return await found if inspect.isawaitable(found) else found


async def _answer(generator: Generator, body: CompletionRequest | ChatRequest, request: Request) -> Response:
    capabilities = await generator.capabilities()
    _require_model(body.model, capabilities)
    prompts = [prompt for prompt in body.prompts() for _ in range(body.n or 1)]
    if len(prompts) > MAX_CHOICES:
        raise InvalidInput(f"{len(prompts)} choices are more than {MAX_CHOICES}", remedy="send several requests", param="prompt")
    sampling = body.sampling()
    answer = Answer(capabilities.model, chat=isinstance(body, ChatRequest))
    if body.stream:
        wants_usage = body.stream_options is not None and body.stream_options.include_usage
        streams = [generator.stream(prompt, _varied(sampling, index)) for index, prompt in enumerate(prompts)]
        started = await until_hangup(request, _started(streams))
        return Response(status_code=_GONE) if started is None else _streamed(started, answer, wants_usage=wants_usage)
    generations = await until_hangup(request, _complete_all(generator, prompts, sampling))
    # The client is gone when there are none; nobody reads what is sent then.
    return Response(status_code=_GONE) if generations is None else JSONResponse(answer.whole(generations))


def _require_model(name: str | None, capabilities: Capabilities) -> None:
    if name is not None and name not in ANY_MODEL | {capabilities.model, capabilities.artefact}:
        raise NotFound(f"the model {name} is not served here", remedy=f"use {capabilities.model}", param="model")


def _varied(sampling: Sampling, index: int) -> Sampling:
    """The sampling of choice ``index``: with one seed for all, several choices would be the same."""
    return sampling if sampling.seed is None or not index else sampling.model_copy(update={"seed": sampling.seed + index})


async def _complete_all(generator: Generator, prompts: list[Prompt], sampling: Sampling) -> list[Generation]:
    if len(prompts) == 1:
        return [await generator.complete(prompts[0], sampling)]
    if sampling.seed is None:
        return await generator.batch(prompts, sampling)
    each = [generator.complete(prompt, _varied(sampling, index)) for index, prompt in enumerate(prompts)]
    return list(await asyncio.gather(*each))


async def _started(streams: list[AsyncIterator[Chunk]]) -> list[AsyncIterator[Chunk]]:
    """The streams with their first pieces there, so that a refused request is an error and not a stream."""
    opening = [asyncio.ensure_future(_next(stream)) for stream in streams]
    try:
        await asyncio.gather(*opening)
    except BaseException:
        for task in opening:
            task.cancel()
        await asyncio.gather(*opening, return_exceptions=True)
        await _close_all(streams)
        raise
    firsts = [task.result() for task in opening]
    pairs = zip(firsts, streams, strict=True)
    return [stream if first is None else _resumed(first, stream) for first, stream in pairs]


def _streamed(started: list[AsyncIterator[Chunk]], answer: Answer, *, wants_usage: bool) -> Response:
    lines = _lines(started, answer, wants_usage=wants_usage)
    return StreamingResponse(lines, media_type="text/event-stream", headers={"Cache-Control": "no-cache"})


async def _resumed(first: Chunk, rest: AsyncIterator[Chunk]) -> AsyncIterator[Chunk]:
    try:
        yield first
        async for chunk in rest:
            yield chunk
    finally:
        await _close_all([rest])


async def _lines(streams: list[AsyncIterator[Chunk]], answer: Answer, *, wants_usage: bool) -> AsyncIterator[bytes]:
    generations: list[Generation] = []
    try:
        async for index, chunk in _opened(streams):
            if chunk is None:
                yield answer.opening(index)
                continue
            said = answer.piece(index, chunk.text) if chunk.text else b""
            if chunk.generation is not None:
                generations.append(chunk.generation)
                said += answer.closing(index, chunk.generation)
            if said:
                yield said
        yield (answer.usage(generations) if wants_usage else b"") + answers.DONE
    except CodeparError as error:
        yield answers.failure(str(error), error.type, error.code)
    finally:
        await _close_all(streams)


async def _opened(streams: list[AsyncIterator[Chunk]]) -> AsyncIterator[tuple[int, Chunk | None]]:
    """All streams' pieces as they come, each with its index; None opens a stream."""
    for index in range(len(streams)):
        yield index, None
    if len(streams) == 1:
        async for chunk in streams[0]:
            yield 0, chunk
        return
    waiting = {asyncio.ensure_future(_next(stream)): index for index, stream in enumerate(streams)}
    try:
        while waiting:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                index = waiting.pop(task)
                following = task.result()
                if following is not None:
                    yield index, following
                    waiting[asyncio.ensure_future(_next(streams[index]))] = index
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def _next(stream: AsyncIterator[Chunk]) -> Chunk | None:
    return await anext(stream, None)


async def _close_all(streams: list[AsyncIterator[Chunk]]) -> None:
    for stream in streams:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
