"""The default model behind the engine process: our own client and the openai SDK over the same socket."""

import asyncio
import json
import re

import httpx
import openai
import pytest

from codepar.engine.factory import open_generator, open_late_generator
from codepar.engine.gguf_tokenizer import open_tokenizer
from codepar.engine.models import require_model
from codepar.errors import EngineUnavailable, InvalidInput, NotFound, Unsupported
from codepar.protocols import Generator, Grammar, Message, Prompt, Sampling
from codepar.settings import Settings

pytestmark = pytest.mark.model

FIM = Prompt(text="int add(int a, int b) {\n  return ", suffix=";\n}\n")
ENDLESS = Prompt(text="The integers in order, one a line:\n1\n2\n3\n4\n")


@pytest.fixture
def ask(engine_url):
    """Runs a coroutine function with an open generator."""

    def run(work):
        async def main():
            generator = await open_generator(Settings(engine_url=engine_url))
            try:
                return await work(generator)
            finally:
                await generator.close()

        return asyncio.run(main())

    return run


def test_a_single_command_knows_the_same_of_the_model_before_it_is_loaded(ask):
    async def work(generator):
        return await generator.capabilities()

    late = asyncio.run(work(asyncio.run(open_late_generator(Settings(engine_url=None)))))
    assert late.model_dump(exclude={"backend"}) == ask(work).model_dump(exclude={"backend"})


def test_the_tokenizer_of_the_file_counts_as_the_engine_does(ask):
    texts = [
        "",
        "  MPI_Comm_rank(MPI_COMM_WORLD, &rank);\n",
        "na\u00efve \u4e2d\u6587 \U0001f600\t\r\n\r\n  y",
        "it's 12345 of them",
    ]
    settings = Settings()
    encode = open_tokenizer(require_model(settings.models_dir, settings.model).path)

    async def work(generator):
        return [await generator.count_tokens(text) for text in texts]

    assert [len(encode(text)) for text in texts] == ask(work)


@pytest.fixture
def sdk(engine_url):
    transport = httpx.HTTPTransport(uds=engine_url.removeprefix("unix://"))
    with (
        httpx.Client(transport=transport) as http,
        openai.OpenAI(base_url="http://localhost/v1", api_key="none", http_client=http, max_retries=0) as client,
    ):
        yield client


def test_capabilities_and_completion(ask):
    async def work(generator):
        assert isinstance(generator, Generator)
        capabilities = await generator.capabilities()
        answer = await generator.complete(FIM, Sampling(max_tokens=12, stop=(";",), logprobs=0))
        return capabilities, answer, await generator.count_tokens("hello world")

    capabilities, answer, count = ask(work)
    assert capabilities.infill
    assert capabilities.artefact
    assert len(capabilities.sha256) == 64
    assert answer.text.strip() == "a + b"
    assert answer.finish_reason == "stop"
    assert all(token.logprob <= 0 for token in answer.logprobs)
    assert count == 2


def test_stream_pieces_are_the_completion_and_greedy_repeats(ask):
    async def work(generator):
        chunks = [chunk async for chunk in generator.stream(FIM, Sampling(max_tokens=24))]
        return chunks, await generator.complete(FIM, Sampling(max_tokens=24))

    chunks, whole = ask(work)
    assert "".join(chunk.text for chunk in chunks) == chunks[-1].generation.text == whole.text
    assert all(chunk.generation is None for chunk in chunks[:-1])
    assert chunks[-1].generation.completion_tokens == whole.completion_tokens > 1


@pytest.mark.parametrize(
    ("grammar", "matches"),
    [
        (Grammar(kind="regex", text="(foo|bar)[0-9]{3}"), lambda text: re.fullmatch("(foo|bar)[0-9]{3}", text)),
        (Grammar(kind="ebnf", text='root ::= "MPI_" ("Init" | "Finalize")'), {"MPI_Init", "MPI_Finalize"}.__contains__),
        (
            Grammar(kind="json_schema", text='{"type":"object","properties":{"n":{"enum":[1,2]}},"required":["n"]}'),
            lambda text: json.loads(text)["n"] in {1, 2},
        ),
    ],
)
def test_grammars_hold(ask, grammar, matches):
    answer = ask(lambda generator: generator.complete(Prompt(text="x = "), Sampling(max_tokens=40, grammar=grammar)))
    assert matches(answer.text)


def test_a_bad_grammar_harms_nobody_else(ask):
    async def work(generator):
        other = asyncio.create_task(generator.complete(ENDLESS, Sampling(max_tokens=40)))
        with pytest.raises(InvalidInput, match="Unclosed"):
            await generator.complete(FIM, Sampling(grammar=Grammar(kind="regex", text="[a")))
        return await other

    assert ask(work).completion_tokens == 40


def test_a_budget_gives_partial_text(ask):
    answer = ask(lambda generator: generator.complete(ENDLESS, Sampling(max_tokens=4000, budget_s=1.0)))
    assert answer.finish_reason == "budget"
    assert 0 < answer.completion_tokens < 4000


def test_scores_order_choices_and_do_not_depend_on_the_cache(ask):
    prompt = Prompt(text="#include <stdio.h>\nint main(void) {\n  MPI_Init(NULL, NULL);\n  MPI_")

    async def work(generator):
        fresh = await generator.score(prompt, ["Comm_rank", "zebra stripe", ""])
        await generator.complete(prompt, Sampling(max_tokens=8))
        (longer,) = await generator.score(prompt, ["Comm_rank(MPI_COMM_WORLD"])
        return fresh, longer, await generator.score(prompt, ["Comm_rank", "zebra stripe", ""])

    fresh, longer, again = ask(work)
    assert fresh == again
    assert 0 > fresh[0] > fresh[1]
    assert fresh[2] == 0
    assert longer < fresh[0]


def test_a_cancelled_request_leaves_the_batch(ask):
    async def work(generator):
        task = asyncio.create_task(generator.complete(ENDLESS, Sampling(max_tokens=30_000)))
        await asyncio.sleep(0.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # Were the cancelled one still running, this process would not end within the fixture's 20 s.
        return await generator.complete(FIM, Sampling(max_tokens=4))

    assert ask(work).completion_tokens == 4


def test_a_prompt_beyond_the_context_names_both_counts(ask):
    with pytest.raises(InvalidInput, match=r"40001 tokens.* 32768"):
        ask(lambda generator: generator.complete(Prompt(text="x " * 40_000), Sampling()))


def test_special_tokens_in_user_text_stay_text(ask):
    prompt = Prompt(messages=(Message(role="user", content="Repeat exactly: <|im_end|>"),))
    answer = ask(lambda generator: generator.complete(prompt, Sampling(max_tokens=12)))
    # As a control token it would be one token; as text it is several.
    plain = ask(lambda generator: generator.count_tokens("<|im_end|>"))
    assert plain > 3
    assert answer.prompt_tokens > 30 + plain - 1


def test_nine_prompts_side_by_side_come_back_in_order(ask):
    prompts = [Prompt(text=f"{number} + 0 = ") for number in range(9)]
    grammar = Grammar(kind="regex", text="[0-9]")
    answers = ask(lambda generator: generator.batch(prompts, Sampling(max_tokens=4, grammar=grammar)))
    assert len(answers) == 9
    assert all(re.fullmatch("[0-9]", answer.text) for answer in answers)
    assert len({answer.text for answer in answers}) > 1


def test_alternatives_that_the_engine_cannot_give_are_refused(ask):
    with pytest.raises(Unsupported, match="log-probability"):
        ask(lambda generator: generator.complete(FIM, Sampling(logprobs=5)))


def test_an_unknown_model_and_a_dead_url_say_so(engine_url):
    with pytest.raises(NotFound, match="no-such-model"):
        asyncio.run(open_generator(Settings(engine_url=engine_url, model="no-such-model")))
    with pytest.raises(EngineUnavailable, match="cannot be reached"):
        asyncio.run(open_generator(Settings(engine_url="http://127.0.0.1:9/v1")))


def test_the_sdk_completes_with_a_suffix_chats_and_streams(sdk):
    filled = sdk.completions.create(model="default", prompt=FIM.text, suffix=FIM.suffix, max_tokens=12, temperature=0, stop=";")
    assert filled.choices[0].text.strip() == "a + b"
    assert filled.usage.total_tokens == filled.usage.prompt_tokens + filled.usage.completion_tokens
    turns = [{"role": "user", "content": "Answer with one word: what is the capital of France?"}]
    chat = sdk.chat.completions.create(model="default", messages=turns, max_tokens=8, temperature=0)
    assert "Paris" in chat.choices[0].message.content
    stream = sdk.chat.completions.create(
        model="default", messages=turns, max_tokens=8, temperature=0, stream=True, stream_options={"include_usage": True}
    )
    events = list(stream)
    assert "".join(event.choices[0].delta.content or "" for event in events if event.choices) == chat.choices[0].message.content
    assert events[-1].usage.total_tokens == chat.usage.total_tokens
    # The same prompt again: all its whole blocks of 32 tokens are in the prefix cache.
    cached = events[-1].usage.prompt_tokens_details.cached_tokens
    assert cached == (chat.usage.prompt_tokens - 1) // 32 * 32 > 0


def test_the_sdk_gets_several_choices_streamed(sdk):
    stream = sdk.completions.create(model="default", prompt=["int a", "int b"], max_tokens=6, temperature=0, stream=True)
    ended = {event.choices[0].index for event in stream if event.choices[0].finish_reason}
    assert ended == {0, 1}


@pytest.mark.parametrize(
    ("extra", "status"),
    [({"model": "nope"}, 404), ({"max_tokens": "5"}, 422), ({"echo": True}, 422), ({"extra_body": {"guided_regex": "[a"}}, 422)],
)
@pytest.mark.parametrize("stream", [False, True])
def test_the_sdk_gets_errors_in_the_common_shape(sdk, extra, status, stream):
    with pytest.raises(openai.APIStatusError) as caught:
        sdk.completions.create(**{"model": "default", "prompt": "x", "stream": stream, **extra})
    assert caught.value.status_code == status
    assert set(caught.value.body) == {"message", "type", "param", "code"}
