"""The OpenAI shapes with the official SDK and curl against a service with its own engine; and without one."""

import subprocess

import openai
import pytest

from codepar.engine.models import find_model
from codepar.settings import DEFAULT_MODEL, Settings

STRIPPED = """#include <mpi.h>
#include <stdio.h>

int main(int argc, char **argv) {
    int rank, size;
    printf("rank %d of %d\\n", rank, size);
    return 0;
}
"""


def test_without_an_engine_the_answer_says_so(served):
    for path, body in (
        ("/v1/completions", {"prompt": "int"}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}]}),
    ):
        answer = served.http.post(path, json=body)
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "engine_unavailable"
        assert "codepar models pull" in answer.json()["error"]["message"]


def test_bad_bodies_have_the_common_shape(served):
    for body in ({}, {"prompt": 3}, {"prompt": "a", "max_tokens": -1}, {"prompt": "a", "temperature": "hot"}):
        answer = served.http.post("/v1/completions", json=body)
        assert answer.status_code == 422
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


@pytest.fixture(scope="module")
def talking(tmp_path_factory, new_service):
    """A service with the default model, its weights taken from where `make test` pulled them."""
    installed = Settings()
    if find_model(installed.models_dir, DEFAULT_MODEL) is None:
        pytest.fail("the default model is not installed: codepar models pull")
    folder = tmp_path_factory.mktemp("talking")
    (folder / "data").mkdir()
    (folder / "data" / "models").symlink_to(installed.models_dir)
    return new_service(folder)


@pytest.fixture(scope="module")
def sdk(talking):
    with openai.OpenAI(base_url=f"{talking.url}/v1", api_key="none", max_retries=0) as client:
        yield client


@pytest.mark.model
def test_the_engine_is_ready_and_named(talking, sdk):
    parts = talking.http.get("/ready").json()["parts"]
    assert parts["engine"]["status"] == "ok"
    assert [model.id for model in sdk.models.list().data] == [parts["engine"]["detail"]]


@pytest.mark.model
def test_the_sdk_completes_with_a_suffix(sdk):
    answer = sdk.completions.create(
        model="codepar",
        prompt="int add(int a, int b) {\n    return ",
        suffix=";\n}\n",
        max_tokens=12,
        temperature=0,
    )
    assert "a + b" in answer.choices[0].text
    assert answer.usage.completion_tokens > 0
    assert "<|" not in answer.choices[0].text


@pytest.mark.model
def test_the_sdk_streams_what_it_also_gets_whole(sdk):
    question = {
        "model": "codepar",
        "messages": [{"role": "user", "content": "Count from one to five."}],
        "max_tokens": 24,
        "temperature": 0,
    }
    whole = sdk.chat.completions.create(**question)
    chunks = list(sdk.chat.completions.create(**question, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole.choices[0].message.content
    assert chunks[-1].choices[0].finish_reason == whole.choices[0].finish_reason


@pytest.mark.model
def test_curl_streams(talking):
    body = '{"prompt": "#include <std", "max_tokens": 4, "temperature": 0, "stream": true}'
    command = ["curl", "-sSN", f"{talking.url}/v1/completions", "-H", "Content-Type: application/json", "-d", body]
    lines = [line for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n\n") if line]
    assert all(line.startswith("data: ") for line in lines)
    assert lines[-1] == "data: [DONE]"


@pytest.mark.model
def test_a_model_that_is_not_served(sdk):
    with pytest.raises(openai.NotFoundError) as error:
        sdk.completions.create(model="gpt-none", prompt="a")
    assert error.value.param == "model"


@pytest.mark.model
def test_a_completion_names_the_model_in_its_provenance(talking):
    body = {"source": STRIPPED, "options": {"verify": False, "budget_s": 8}}
    answer = talking.http.post("/v1/mpi/completions", json=body)
    assert answer.status_code == 200, answer.text
    result = answer.json()["result"]
    assert "MPI_Init" in result["source"]
    assert not any("no language model" in note for note in result["notes"])


@pytest.mark.model
def test_kill_9_of_the_engine_is_mended(talking, sdk):
    talking.kill_part("engine")
    assert sdk.completions.create(model="codepar", prompt="int main(", max_tokens=4).choices
