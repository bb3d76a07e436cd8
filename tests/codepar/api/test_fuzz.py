"""The front door under random bodies: JSON of any kind, and requests that are nearly right. Never a traceback, never a 500."""

import json
import string

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codepar.api.app import create_app
from codepar.settings import Settings

ANSWERS = {200, 202, 400, 413, 415, 422}
NO_MODEL = {503}
# Shared by all examples on purpose: the service is one for all its clients.
QUIET = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

any_text = st.text(max_size=30) | st.sampled_from(
    ["../x", "/etc/shadow", "a\0b", "\ud800", "@x", "-wrapper", "$(id)", "é" * 200, ""]
)
any_number = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
anything = st.recursive(
    st.none() | st.booleans() | any_number | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=12,
)
names = st.text(string.ascii_letters + "./-_\\ \n", max_size=12)
sources = any_text | st.just("int main(void) { return 0; }\n")


def nearly(right):
    """Mostly a right value, now and then anything."""
    return st.one_of(right, right, right, anything)


limits = st.fixed_dictionaries(
    {},
    optional={
        "wall_s": nearly(st.floats(0.1, 60)),
        "compile_s": nearly(st.floats(0.1, 60)),
        "memory_bytes": nearly(st.integers(2**24, 2**34)),
        "output_bytes": nearly(st.integers(1024, 2**20)),
        "processes": nearly(st.integers(1, 200)),
        "file_bytes": nearly(st.integers(0, 2**26)),
        "colour": anything,
    },
)
options = st.fixed_dictionaries(
    {},
    optional={
        "ranks": nearly(st.integers(1, 64) | st.lists(st.integers(1, 64), max_size=20)),
        "arguments": nearly(st.lists(any_text, max_size=4)),
        "stdin": nearly(any_text),
        "flags": nearly(st.lists(any_text, max_size=4)),
        "limits": nearly(limits),
        "sanitize": nearly(st.lists(st.sampled_from(["address", "thread", "leak", "undefined"]), max_size=3)),
        "emulate": nearly(st.booleans()),
        "checks": nearly(st.lists(st.sampled_from(["memory", "race", "schedule"]), max_size=3)),
        "cache": nearly(st.booleans()),
    },
)
projects = st.fixed_dictionaries(
    {"files": nearly(st.dictionaries(names, sources, max_size=4))},
    optional={
        "build": nearly(any_text),
        "run": nearly(any_text),
        "compile_commands": nearly(
            st.lists(
                st.fixed_dictionaries({"file": nearly(names)}, optional={"command": anything, "directory": anything}), max_size=3
            )
        ),
    },
)
bodies = st.fixed_dictionaries({"project": nearly(projects)}, optional={"options": nearly(options), "source": sources})
prompts = any_text | st.lists(
    st.sampled_from(
        [
            "Explain ",
            "f, g and h",
            "\n- ",
            "\n1. ",
            "these 3 functions",
            "ten",
            "```c\nint f(int a) { return a; }\n",
            "```",
            "和",
            "\0",
        ]
    ),
    max_size=12,
).map("".join)
decompositions = st.fixed_dictionaries(
    {"prompt": nearly(prompts)},
    optional={
        "files": nearly(st.dictionaries(names, sources, max_size=3)),
        "options": nearly(
            st.fixed_dictionaries(
                {},
                optional={
                    "split": nearly(st.sampled_from(["auto", "never", "always"])),
                    "extractor": nearly(st.sampled_from(["rules", "model"])),
                    "run": nearly(st.booleans()),
                    "verify": nearly(st.booleans()),
                    "max_tokens": nearly(st.integers(1, 4096)),
                    "budget_s": nearly(st.floats(1, 60)),
                    "colour": anything,
                },
            )
        ),
    },
)
PATHS = ("/v1/executions", "/v1/mpi/completions", "/v1/decompositions")


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    with TestClient(create_app(Settings(data_dir=folder / "data", runtime_dir=folder / "run"))) as client:
        yield client


def check(answer, others=frozenset()):
    assert answer.status_code in ANSWERS | others, answer.text
    assert "Traceback" not in answer.text
    if answer.status_code >= 400:
        error = answer.json()["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert error["message"]


@QUIET
@given(path=st.sampled_from(PATHS), body=bodies)
def test_requests_that_are_nearly_right(client, path, body):
    check(client.post(path, content=_json(body), headers={"Content-Type": "application/json"}))


@QUIET
@given(body=decompositions)
def test_decompositions_that_are_nearly_right(client, body):
    check(client.post("/v1/decompositions", content=_json(body), headers={"Content-Type": "application/json"}), NO_MODEL)


@QUIET
@given(path=st.sampled_from(PATHS), body=anything)
def test_json_of_any_kind(client, path, body):
    check(client.post(path, content=_json(body), headers={"Content-Type": "application/json"}))


@QUIET
@given(path=st.sampled_from(PATHS), body=st.binary(max_size=200), media=st.sampled_from(["application/json", "text/plain"]))
def test_bytes_of_any_kind(client, path, body, media):
    check(client.post(path, content=body, headers={"Content-Type": media}))


@QUIET
@given(name=any_text.filter(lambda text: text.isprintable() and text.isascii()), verb=st.sampled_from(["GET", "POST", "DELETE"]))
def test_names_of_jobs(client, name, verb):
    answer = client.request(verb, "/v1/jobs/" + name.replace("#", "").replace("?", ""))
    assert answer.status_code in {200, 404, 405, 422}, answer.text


def _json(value):
    return json.dumps(value).encode()
