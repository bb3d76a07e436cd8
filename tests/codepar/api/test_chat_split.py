"""Chat with ``"codepar": {"split": ...}``: the real API before our engine process, whose model says what it is told."""

import asyncio
import json
import socket
import threading
import time
from contextlib import contextmanager

import pytest
import uvicorn
from fastapi.testclient import TestClient

from codepar.api.app import create_app
from codepar.engine.server import make_app
from codepar.errors import EngineUnavailable, InvalidInput
from codepar.protocols import Capabilities, Chunk, Generation
from codepar.settings import Settings

PATH = "/v1/chat/completions"
THREE = "Do these:\n- Explain mutexes\n- Explain semaphores\n- Explain barriers"
WORDS = ("mutexes", "semaphores", "barriers")


class Model:
    """Names what stands last in what it is asked; ``fails`` makes it fail, ``hangs`` wait until it is left."""

    def __init__(self):
        self.asked = []
        self.fails = None
        self.hangs = False
        self.left = threading.Event()

    async def capabilities(self):
        return Capabilities(model="told", backend="test", context_tokens=8192, chat=True, grammar=frozenset({"json_schema"}))

    async def complete(self, prompt, sampling):
        self.asked.append(prompt.messages)
        if self.fails is not None:
            raise self.fails
        text = prompt.messages[-1].content
        last = max(WORDS, key=text.rfind)
        said = f"About {last}, at some length."
        return Generation(text=said, finish_reason="stop", prompt_tokens=7, completion_tokens=5, model="told")

    async def stream(self, prompt, sampling):
        if self.hangs:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                self.left.set()
                raise
        generation = await self.complete(prompt, sampling)
        yield Chunk(text=generation.text, generation=generation)

    async def batch(self, prompts, sampling):
        return [await self.complete(prompt, sampling) for prompt in prompts]

    async def score(self, prompt, choices):
        return [0.0 for _ in choices]

    async def count_tokens(self, text):
        return len(text)

    async def close(self):
        return None


@pytest.fixture(scope="module")
def model():
    return Model()


@pytest.fixture(scope="module")
def client(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("chat")
    with serving(make_app(model), lifespan="off") as port:
        settings = Settings(data_dir=folder / "data", runtime_dir=folder / "run", engine_url=f"http://127.0.0.1:{port}/v1")
        with TestClient(create_app(settings)) as client:
            client.settings = settings
            yield client


@contextmanager
def serving(app, lifespan):
    """The application on a port of its own."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan=lifespan)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(autouse=True)
def fresh(model):
    model.asked.clear()
    model.fails = None
    model.hangs = False


def chat(client, content=THREE, before=(), **more):
    return client.post(PATH, json={"messages": [*before, {"role": "user", "content": content}], "temperature": 0, **more})


def streamed(client, **more):
    """Text, finish reasons and usage of a stream."""
    lines = [line.removeprefix("data: ") for line in chat(client, stream=True, **more).text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    events = [json.loads(line) for line in lines[:-1]]
    choices = [choice for event in events for choice in event["choices"]]
    assert choices[0]["delta"] == {"role": "assistant", "content": ""}
    text = "".join(choice["delta"].get("content") or "" for choice in choices)
    reasons = [choice["finish_reason"] for choice in choices if choice["finish_reason"]]
    return text, reasons, [event["usage"] for event in events if event.get("usage")]


def test_the_parts_come_in_order_in_one_answer_of_the_usual_shape(client, model):
    plain = chat(client).json()
    assert len(model.asked) == 1
    answer = chat(client, codepar={"split": "always"}).json()
    assert len(model.asked) == 4
    assert answer.keys() == plain.keys()
    assert answer["choices"][0].keys() == plain["choices"][0].keys()
    text = answer["choices"][0]["message"]["content"]
    assert [text.index(f"About {word}") for word in WORDS] == sorted(text.index(f"About {word}") for word in WORDS)
    assert answer["usage"] == {"prompt_tokens": 21, "completion_tokens": 15, "total_tokens": 36}
    assert answer["choices"][0]["finish_reason"] == "stop"


def test_a_stream_says_the_same_in_chunks(client):
    whole = chat(client, codepar={"split": "always"}).json()["choices"][0]["message"]["content"]
    text, reasons, usage = streamed(client, codepar={"split": "always"}, stream_options={"include_usage": True})
    assert text == whole
    assert reasons == ["stop"]
    assert usage[0]["completion_tokens"] == 15


def test_turns_before_the_last_go_with_every_part(client, model):
    before = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Yes?"},
    ]
    chat(client, before=before, codepar={"split": "always"})
    assert len(model.asked) == 3
    assert all([turn.content for turn in turns[:-1]] == ["Be brief.", "Hi", "Yes?"] for turns in model.asked)


@pytest.mark.parametrize(
    "more",
    [
        {"content": "Explain barriers."},
        {"stop": ["###"]},
        {"response_format": {"type": "json_object"}},
        {"codepar": {"split": "never"}},
    ],
)
def test_what_is_not_to_be_split_goes_through_untouched(client, model, more):
    answer = chat(client, **{"codepar": {"split": "always"}, **more})
    assert answer.status_code == 200, answer.text
    assert len(model.asked) == 1
    assert answer.json()["choices"][0]["message"]["content"] == "About barriers, at some length."


def test_the_answer_keeps_within_max_tokens(client):
    answer = chat(client, codepar={"split": "always"}, max_tokens=8).json()["choices"][0]
    assert answer["finish_reason"] == "length"
    assert "About mutexes, at some length." in answer["message"]["content"]
    assert "About barriers" not in answer["message"]["content"]


def test_an_engine_that_fails_is_an_error_and_no_answer(client, model):
    model.fails = EngineUnavailable("the engine is on fire")
    for stream in (False, True):
        answer = chat(client, codepar={"split": "always"}, stream=stream)
        assert answer.status_code == 503
        assert "on fire" in answer.json()["error"]["message"]


def test_what_the_engine_refuses_is_the_same_error_as_without_the_option(client, model):
    model.fails = InvalidInput("the prompt is longer than the context")
    for more in ({}, {"codepar": {"split": "always"}}):
        answer = chat(client, **more)
        assert answer.status_code == 422
        assert "longer than the context" in answer.json()["error"]["message"]


@pytest.mark.parametrize("more", [{}, {"codepar": {"split": "always"}}])
def test_a_client_that_leaves_before_the_first_piece_ends_the_work(client, model, more):
    model.hangs = True
    model.left.clear()
    body = json.dumps({"messages": [{"role": "user", "content": THREE}], "stream": True, **more}).encode()
    head = f"POST {PATH} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with serving(create_app(client.settings), lifespan="on") as port:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(head.encode() + body)
            time.sleep(1)
        assert model.left.wait(10)


@pytest.mark.parametrize("value", [{"split": "sometimes"}, {"splits": "auto"}, "auto", 3])
def test_an_option_that_is_not_known_is_refused(client, value):
    answer = chat(client, codepar=value)
    assert answer.status_code == 422
    assert answer.json()["error"]["param"].startswith("codepar")


def test_an_engine_by_itself_does_not_split(model):
    with TestClient(make_app(model)) as engine:
        answer = chat(engine, codepar={"split": "auto"})
    assert answer.status_code == 422
    assert answer.json()["error"]["param"] == "codepar.split"


def test_the_model_may_be_asked_for_the_parts(client, model):
    unsure = "The barriers are unclear, the semaphores are new and the mutexes are slow, could somebody look after that?"
    chat(client, unsure, codepar={"split": "always"})
    assert len(model.asked) == 1
    chat(client, unsure, codepar={"split": "always", "extractor": "model"})
    # The model's answer is no list of quotes: the request is asked as it is.
    assert len(model.asked) == 3
    assert "You divide a request" in model.asked[1][0].content
    assert chat(client, unsure, codepar={"split": "always", "extractor": "guess"}).status_code == 422
