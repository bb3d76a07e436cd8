"""Tokens per second through HTTP against the same pipeline called directly, and the wait of a small request behind a batch of 8.

`python benchmarks/engine.py [--rounds N] [--api URL]` loads one pipeline, measures it directly, then serves the very same one
over a unix socket to a client process, and (with `--api`, the base URL of a running `codepar serve`) measures that beside. Direct
and HTTP rounds alternate, so that a machine that is busy with other things is unfair to both. Limits: loads the weights once;
greedy decoding of prompts that do not end by themselves; the ratio is of medians over the rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

import uvicorn

from codepar.engine.factory import open_generator
from codepar.engine.openvino import OpenVinoGenerator, open_openvino
from codepar.engine.openvino_pipeline import LoadedModel
from codepar.engine.server import make_app, unix_listener
from codepar.protocols import Generator, Prompt, Sampling
from codepar.settings import Settings

TOKENS = 96
LEVELS = (1, 4, 8)


def prompts(count: int, salt: int) -> list[Prompt]:
    """Distinct prompts, so that no answer comes from another's cache entry."""
    return [Prompt(text=f"List {salt}-{number} of the integers in order, one a line:\n1\n2\n3\n4\n") for number in range(count)]


def direct(model: LoadedModel, count: int, salt: int) -> float:
    """Tokens per second of the bare pipeline: add the requests, step until all are done, decode."""
    requests = []
    started = time.perf_counter()
    for number, prompt in enumerate(prompts(count, salt)):
        config = model.generation_config()
        config.max_new_tokens = TOKENS
        ids = model.tensor(model.vocabulary.encode(prompt.text))
        requests.append(model.pipeline.add_request(10**9 + salt * 100 + number, ids, config))
    tokens = 0
    while model.pipeline.has_non_finished_requests():
        model.pipeline.step()
    for handle in requests:
        ids = [token for output in handle.read_all() for token in output.generated_ids]
        model.tokenizer.decode(ids)
        tokens += len(ids)
    return tokens / (time.perf_counter() - started)


async def _streamed(generator: Generator, prompt: Prompt) -> int:
    async for chunk in generator.stream(prompt, Sampling(max_tokens=TOKENS)):
        if chunk.generation is not None:
            return chunk.generation.completion_tokens
    return 0


async def through(generator: Generator, count: int, salt: int) -> float:
    """Tokens per second of streamed completions side by side."""
    started = time.perf_counter()
    tokens = sum(await asyncio.gather(*(_streamed(generator, prompt) for prompt in prompts(count, salt))))
    return tokens / (time.perf_counter() - started)


async def first_token(generator: Generator, salt: int) -> float:
    """Seconds to the first text of a small request that arrives while 8 others generate."""
    batch = [asyncio.create_task(_streamed(generator, prompt)) for prompt in prompts(8, salt)]
    await asyncio.sleep(1.0)
    started = time.perf_counter()
    waited = 0.0
    async for chunk in generator.stream(Prompt(text=f"// {salt}\nint main("), Sampling(max_tokens=4)):
        if chunk.text:
            waited = time.perf_counter() - started
            break
    await asyncio.gather(*batch)
    return waited


async def _client(url: str, count: int, salt: int, what: str) -> None:
    generator = await open_generator(Settings(engine_url=url))
    try:
        print(await (first_token(generator, salt) if what == "first" else through(generator, count, salt)))
    finally:
        await generator.close()


async def _ask_client(url: str, count: int, salt: int, what: str = "rate") -> float:
    """The client runs in a process of its own, as real clients do."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--client", url, str(count), str(salt), what, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return float(out)


async def _measure(rounds: int, api: str | None) -> None:
    generator = await open_openvino(Settings())
    with tempfile.TemporaryDirectory() as folder, unix_listener(Path(folder) / "engine.sock") as listener:
        config = uvicorn.Config(make_app(generator), log_level="warning", access_log=False, lifespan="off")
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        urls = {"engine process": f"unix://{folder}/engine.sock"} | ({"public API": api} if api else {})
        await _table(generator, urls, rounds)
        server.should_exit = True
        await task
    await generator.close()


async def _table(generator: OpenVinoGenerator, urls: dict[str, str], rounds: int) -> None:
    model = generator._model  # the bare pipeline is what is compared with; no one else may touch it
    salt = 0
    for count in LEVELS:
        rates: dict[str, list[float]] = {name: [] for name in ("direct", *urls)}
        for _ in range(rounds):
            salt += 1
            rates["direct"].append(await asyncio.to_thread(direct, model, count, salt))
            for name, url in urls.items():
                salt += 1
                rates[name].append(await _ask_client(url, count, salt))
        base = statistics.median(rates["direct"])
        for name, values in rates.items():
            median = statistics.median(values)
            print(f"{count} concurrent  {name:15s} {median:7.1f} tokens/s  ratio {median / base:.2f}", flush=True)
    for name, url in urls.items():
        waits = [await _ask_client(url, 8, salt + 1 + turn, "first") for turn in range(rounds)]
        median, worst = statistics.median(waits), max(waits)
        print(f"first token of a small request during a batch of 8, {name}: median {median:.2f} s, worst {worst:.2f} s")


def main() -> None:
    """Measure, or be the client of a measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--api", help="base URL of a running service, ending in /v1")
    parser.add_argument("--client", nargs=4, metavar=("URL", "COUNT", "SALT", "WHAT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.client:
        url, count, salt, what = options.client
        asyncio.run(_client(url, int(count), int(salt), what))
        return
    asyncio.run(_measure(options.rounds, options.api))


if __name__ == "__main__":
    main()
