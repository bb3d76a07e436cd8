"""The language model of a role: the base, or the base with the adapter that the last round trained.

Embedded, an adapter is merged into the installed base and loaded (`codepar models build`); the transformers backend puts it on a
checkpoint; an engine by URL is told to load it (vLLM's ``/v1/load_lora_adapter``, which it allows with
``VLLM_ALLOW_RUNTIME_LORA_UPDATING=1``) and asked by its name. Limits: an engine by URL must see the run's folder, by
the same path.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from codepar.engine.build import build_model
from codepar.engine.factory import open_generator
from codepar.errors import EngineUnavailable
from codepar.protocols import Capabilities, Chunk, Generation, Generator, Prompt, Sampling
from codepar.settings import Settings
from finetune.musl.options import Role
from finetune.train.log import Tell

_LOAD_S = 300.0


class TextGenerator:
    """A ``Generator`` that is only asked to go on from texts: the form that is learned."""

    def __init__(self, inner: Generator) -> None:
        self._inner = inner

    async def capabilities(self) -> Capabilities:
        return (await self._inner.capabilities()).model_copy(update={"chat": False})

    async def complete(self, prompt: Prompt, sampling: Sampling) -> Generation:
        return await self._inner.complete(prompt, sampling)

    async def stream(self, prompt: Prompt, sampling: Sampling) -> AsyncIterator[Chunk]:
        async for chunk in self._inner.stream(prompt, sampling):
            yield chunk

    async def batch(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[Generation]:
        return await self._inner.batch(prompts, sampling)

    async def score(self, prompt: Prompt, choices: Sequence[str]) -> list[float]:
        return await self._inner.score(prompt, choices)

    async def count_tokens(self, text: str) -> int:
        return await self._inner.count_tokens(text)

    async def close(self) -> None:
        await self._inner.close()


@asynccontextmanager
async def serving(settings: Settings, role: Role, adapter: Path | None, tell: Tell) -> AsyncIterator[Generator]:
    """The model of a role while a stage asks it. Raises ``EngineUnavailable`` and what building an adapter raises."""
    chosen = settings if adapter is None else await _adapted(settings, role, adapter, tell)
    generator = TextGenerator(await open_generator(chosen))
    try:
        yield generator
    finally:
        await generator.close()


async def _adapted(settings: Settings, role: Role, adapter: Path, tell: Tell) -> Settings:
    """Settings that mean the base with this adapter."""
    if settings.engine_url is not None:
        return settings.model_copy(update={"model": await _loaded(settings, role, adapter)})
    if settings.engine_backend == "transformers":
        return settings.model_copy(update={"adapter": adapter})
    built = build_model(settings, str(adapter), adapter.parent, settings.model, tell)
    return settings.model_copy(update={"model": built.record.name})


async def _loaded(settings: Settings, role: Role, adapter: Path) -> str:
    """The name under which the engine serves the adapter, loaded where it was not. Raises ``EngineUnavailable``."""
    url = (settings.engine_url or "").rstrip("/")
    digest = hashlib.sha256((adapter / "adapter_model.safetensors").read_bytes()).hexdigest()[:12]
    name = f"musl-{role}-{digest}"
    headers = {"Authorization": f"Bearer {settings.engine_api_key}"} if settings.engine_api_key else {}
    try:
        async with httpx.AsyncClient(headers=headers, timeout=_LOAD_S, trust_env=False) as client:
            listed = (await client.get(f"{url}/models")).json()
            if any(entry.get("id") == name for entry in listed["data"]):
                return name
            body = {"lora_name": name, "lora_path": str(adapter)}
            answer = await client.post(f"{url}/load_lora_adapter", json=body)
    except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EngineUnavailable(f"{url} does not answer: {error}", remedy="check CODEPAR_ENGINE_URL") from error
    if answer.status_code >= 400:
        raise EngineUnavailable(
            f"{url} does not load the adapter {adapter}: {answer.status_code} {answer.text[:200]}",
            remedy="start vLLM with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=1, on a machine that sees the folder",
        )
    return name
